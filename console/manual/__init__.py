"""The manual: pages of Markdown in this package, with tables that are made from the registries they speak of."""
