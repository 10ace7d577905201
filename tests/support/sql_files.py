"""The .sql files of the console: all of them, wherever they are."""

from __future__ import annotations

from pathlib import Path

import console

PACKAGE = Path(console.__file__).parent

QUERIES = sorted(file for file in PACKAGE.rglob("*.sql") if file.parent.name == "sql")
"""Those that read, each with a record; a query may have several, one from a version of the server on."""

LEDGER = sorted((PACKAGE / "migrate" / "sql" / "ledger").glob("*.sql"))
"""Those that make and write the ledger of migrations."""


MIRROR = sorted((PACKAGE / "migrate" / "sql" / "mirror").glob("*.sql"))
"""Those that write other tools' ledgers."""


def package(file: Path) -> str:
    """The package that a query belongs to, as `console.server.query.load` wants it."""
    return ".".join(["console", *file.parent.parent.relative_to(PACKAGE).parts])


def name(file: Path) -> str:
    """The query's full name: "metrics.settings"."""
    return f"{package(file).removeprefix('console.')}.{file.name.split('.')[0]}"
