"""View models: records in, rows, lines and series out. Pure: no Textual, no Rich, no server."""
