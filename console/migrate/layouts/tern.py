"""tern: `N_name.sql`; above the line `---- create above / drop below ----` the way up, below it the way down.

Without that line there is no way back, as tern has it. `---- tern: disable-tx ----` runs the file without a
transaction. What is a template would be another text to tern, so it is refused.
"""

from __future__ import annotations

import re
from pathlib import Path

from console.migrate.faults import FileError
from console.migrate.layouts.scripts import content, section
from console.migrate.records import MigrationFile, Script

_NAME = re.compile(r"(\d+)_(.*)\.sql")
_BELOW = re.compile(r"^---- create above / drop below ----[ \t]*\r?$", re.MULTILINE)
_NO_TRANSACTION = re.compile(r"^---- tern: disable-tx ----[ \t]*\r?$", re.MULTILINE)
_TEMPLATE = re.compile(r"\{\{.*?\}\}")


def read(service: str, folder: Path) -> tuple[list[MigrationFile], dict[Path, str]]:
    """The migrations. Raises FileError for a template."""
    return [MigrationFile(service, match[1], match[2], *_ways(path)) for path in sorted(folder.glob("*.sql"))
            if (match := _NAME.fullmatch(path.name))], {}


def _ways(path: Path) -> tuple[Script, Script | None]:
    text = content(path)
    if template := _TEMPLATE.search(text):
        raise FileError(path, f"{template[0]} is a template of tern's, which dbconsole doesn't fill in",
                        line=text.count("\n", 0, template.start()) + 1, hint="write the text that tern makes of it")
    no_transaction = _NO_TRANSACTION.search(text) is not None
    mark = _BELOW.search(text)
    up = section(path, text[:mark.start()] if mark else text, 1, no_transaction=no_transaction)
    if mark is None:
        return up, None
    return up, section(path, text[mark.end():], text.count("\n", 0, mark.end()) + 1, no_transaction=no_transaction)
