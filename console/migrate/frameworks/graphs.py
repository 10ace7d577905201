"""Migrations whose files say themselves what comes before them: Alembic's revisions and Django's, read with `ast`.

Nothing of theirs is imported or run: an env.py may connect, and a settings module may need a whole application.
"""

from __future__ import annotations

import ast
import configparser
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from msgspec import Struct

from console.errors import ConsoleError
from console.migrate.frameworks.files import FileMigration, content


class Revision(Struct, frozen=True):
    """An Alembic revision: what it follows (`down`), what it needs besides (`depends`), its branch's labels."""

    revision: str
    down: tuple[str, ...]
    depends: tuple[str, ...]
    labels: tuple[str, ...]
    message: str | None
    file: str


def alembic_revisions(folder: Path) -> dict[str, Revision]:
    """The revisions below `folder`: a project with alembic.ini, its script directory, or `versions` itself.

    Raises ConsoleError for two files of one revision, and for one that can't be parsed.
    """
    revisions: dict[str, Revision] = {}
    for path in _version_files(folder):
        values = _assignments(path)
        name = values.get("revision")
        if not isinstance(name, str):
            continue
        message = (ast.get_docstring(_parse(path)) or "").strip().splitlines()
        revision = Revision(name, _texts(values.get("down_revision")), _texts(values.get("depends_on")),
                            _texts(values.get("branch_labels")), message[0] if message else None, str(path))
        if name in revisions:
            raise ConsoleError(f"{path}: revision {name} is there twice, also in {revisions[name].file}")
        revisions[name] = revision
    return revisions


def heads(revisions: Mapping[str, Revision]) -> tuple[str, ...]:
    """The revisions that no other one follows, sorted."""
    followed = {down for revision in revisions.values() for down in revision.down}
    return tuple(sorted(revisions.keys() - followed))


def ancestors(revisions: Mapping[str, Revision], starts: Iterable[str]) -> set[str]:
    """`starts` and all that comes before them, dependencies too, as far as there are files."""
    seen: set[str] = set()
    todo = list(starts)
    while todo:
        name = todo.pop()
        if name in revisions and name not in seen:
            seen.add(name)
            todo += _resolved(revisions, (*revisions[name].down, *revisions[name].depends))
    return seen


def in_order(revisions: Mapping[str, Revision], wanted: Iterable[str]) -> list[Revision]:
    """`wanted` so that each comes after those that it follows or needs; ties by file name."""
    ordered: list[Revision] = []
    state: set[str] = set()
    keep = set(wanted)
    for start in sorted(keep, key=lambda name: revisions[name].file):
        stack = [(start, False)]
        while stack:
            name, is_done = stack.pop()
            if is_done:
                ordered.append(revisions[name])
            elif name in keep and name not in state:
                state.add(name)
                stack.append((name, True))
                before = (*revisions[name].down, *revisions[name].depends)
                stack += [(text, False) for text in _resolved(revisions, before)]
    return ordered


def _resolved(revisions: Mapping[str, Revision], names: Iterable[str]) -> list[str]:
    """Names of revisions; depends_on may also name a branch's label."""
    return [found for name in names
            for found in ([name] if name in revisions else
                          [revision.revision for revision in revisions.values() if name in revision.labels])]


def _version_files(folder: Path) -> Iterator[Path]:
    places = [folder]
    if (folder / "alembic.ini").is_file():
        settings = configparser.RawConfigParser()
        settings.read(folder / "alembic.ini", "utf-8")
        location = settings.get("alembic", "script_location", fallback="alembic")
        places = [folder / location.replace("%(here)s", str(folder.resolve()))]
    for place in places:
        root = place / "versions" if (place / "versions").is_dir() else place
        yield from sorted(path for path in root.rglob("*.py") if "__pycache__" not in path.parts)


def django_migrations(folder: Path) -> Iterator[FileMigration]:
    """`<app>/migrations/NNNN_name.py` below `folder`, which may be one such folder itself."""
    for path in sorted(folder.rglob("*.py")):
        if path.parent.name != "migrations" or not re.match(r"[A-Za-z0-9]", path.name) or "__pycache__" in path.parts:
            continue
        app = path.parent.resolve().parent.name
        yield FileMigration(path.stem, None, path.relative_to(folder).as_posix(), line=app,
                            replaces=tuple(name for label, name in _replaces(path) if label == app))


def _replaces(path: Path) -> list[tuple[str, str]]:
    for node in ast.walk(_parse(path)):
        if isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None:
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            if any(isinstance(target, ast.Name) and target.id == "replaces" for target in targets):
                value = _literal(node.value)
                return [pair for pair in value or () if len(pair) == 2]
    return []


def _assignments(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for node in _parse(path).body:
        if isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None:
            for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
                if isinstance(target, ast.Name):
                    found[target.id] = _literal(node.value)
    return found


def _parse(path: Path) -> ast.Module:
    try:
        return ast.parse(content(path))
    except (SyntaxError, ValueError) as error:
        raise ConsoleError(f"{path}: is no Python: {error}") from None


def _literal(node: ast.expr) -> Any:
    try:
        return ast.literal_eval(node)
    except ValueError:
        return None


def _texts(value: Any) -> tuple[str, ...]:
    if isinstance(value, str):
        return (value,)
    return tuple(text for text in value if isinstance(text, str)) if isinstance(value, tuple | list | set) else ()
