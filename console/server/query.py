"""A query: a `.sql` file, the record that each of its rows becomes, and what it needs of the server.

The file begins with header comments and holds one statement, which also runs in psql:

    -- record: Backend
    -- needs: server 16-; view pg_stat_lock; extension pg_stat_statements 1.10; role pg_monitor; primary
    -- interval: tick

`needs` is optional; its parts are joined by semicolons. `server 16-` means from 16 on, `server -15` up to 15;
`extension pg_stat_statements 1.9-1.10` is for those versions alone.
A query may have several files: `backends.sql` for every server, `backends.pg16.sql` from 16 on until the next one;
of a file that needs a view which the server hasn't, as a beta release may not, the next older one takes the place.
`interval` says how often it may be asked: `tick`, `30 s`, `5 min` or `on demand`.
In a file with parameters (`%(name)s`) a literal percent sign is written twice.
Nothing may depend on the search_path, which holds PostgreSQL's own schema alone. What belongs to an extension stands
behind its schema, which is found at run time: psql's `:"vector"` for an extension that the file needs. A function of
one is given every argument in its very type, or others of that name in that schema would fit better. Other names
that are only known at run time have the same form, and `Query.on` fills them in.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any, Generic, TypeVar

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from console.server.info import ServerInfo
from console.sql.mark import marked
from console.sql.names import with_identifiers
from console.sql.quoting import quoted
from console.text.parse import version_numbers

R = TypeVar("R")

INTERVALS = ("tick", "30 s", "5 min", "on demand")
_HEADER = ("record", "needs", "interval")
_TYPED = re.compile(r"%\((\w+)\)s::(\w+)")
_VERSION = re.compile(r"\.pg(\d+)\.sql$")


class Variant(Struct, frozen=True):
    """One file of a query: from which major version of the server it is meant, its needs and its text.

    `extensions` are those whose schemas the text names, `views` those of the server's own that it needs.
    """

    file: str
    since: int
    record: str
    needs: tuple[str, ...]
    interval: str
    text: str
    extensions: tuple[str, ...] = ()
    views: frozenset[str] = frozenset()


class Query(Struct, Generic[R], frozen=True):
    """What to ask (`variants`, newest first) and what comes back (a list of `record`).

    `name` is that of the package and of the file: "metrics.settings".
    """

    name: str
    record: type[R]
    variants: tuple[Variant, ...]

    @property
    def title(self) -> str:
        """The name for people: "settings"."""
        return title(self.name)

    def variant(self, info: ServerInfo) -> Variant | None:
        """The file for this server, whether or not its other needs are met than version and views; None: there is none.
        """
        return next((variant for variant in self.variants
                     if variant.since <= info.major and variant.views <= info.views), None)

    def text(self, info: ServerInfo) -> str:
        """The statement for this server. Raises LookupError when the server is too old, or has not the extension."""
        variant = self.variant(info)
        if variant is None:
            raise LookupError(f"{self.name}: no statement for PostgreSQL {info.major}")
        if not variant.extensions:
            return variant.text
        return _filled(variant, {name: info.extensions[name].schema for name in variant.extensions})

    def obstacle(self, info: ServerInfo) -> str | None:
        """Why this server or role can't answer, with what would change that; None when it can."""
        variant = self.variant(info)
        if variant is None:
            oldest = self.variants[-1]
            return f"needs PostgreSQL {oldest.since} or later" if info.major < oldest.since \
                else f"this server has no {' and no '.join(sorted(oldest.views - info.views))}"
        return next(filter(None, (_unmet(need, info) for need in variant.needs)), None)

    def on(self, **identifiers: str) -> Query[R]:
        """The same query with every `:"key"` replaced by that identifier, quoted. Raises LookupError for one left."""
        variants = tuple(replace(variant, text=_filled(variant, identifiers, but=variant.extensions))
                         for variant in self.variants)
        place = ".".join(map(quoted, identifiers.values()))
        return replace(self, name=f"{self.name} on {place}", variants=variants)

    def of_many(self, *parameters: str) -> Query[Any]:
        """The same query for many at once, planned once: each of its `parameters` is an array then.

        Its rows are of a record that also has `place`: which of the arrays' elements a row answers, from 1 on; they
        come by that, and for each in their own order, which `row_in_order` counts.
        """
        record: Any = self.record
        variants = tuple(replace(variant, text=_of_many(variant.text, parameters)) for variant in self.variants)
        return Query(f"{self.name} of many", _record_of_many(record), variants)


class Read(Struct, Generic[R], frozen=True):
    """One query with its parameters, as a part of a refresh."""

    query: Query[R]
    params: Mapping[str, Any] | None = None


def title(name: str) -> str:
    """A query's name for people: without its package, in words."""
    return name.partition(" on ")[0].rpartition(".")[2].replace("_", " ")


@cache
def _record_of_many(record: type[Any]) -> type[Any]:
    """Made once for each record: a type that is made anew each time is never freed before the collector's last round.
    """
    return msgspec.defstruct(f"{record.__name__}OfMany", [("place", int), ("row_in_order", int)], bases=(record,),
                             frozen=True, kw_only=True)


def _of_many(text: str, parameters: Sequence[str]) -> str:
    kinds = dict(_TYPED.findall(text))
    arrays = ", ".join(f"pg_catalog.unnest(%({name})s::pg_catalog.{kinds[name]}[])" for name in parameters)
    own = _TYPED.sub(lambda match: f"many.{match[1]}" if match[1] in parameters else match[0], text)
    return (f"SELECT many.place, answer.* FROM ROWS FROM ({arrays}) "
            f"WITH ORDINALITY AS many ({', '.join(parameters)}, place)\nCROSS JOIN LATERAL (\n"
            f"SELECT pg_catalog.row_number() OVER () AS row_in_order, own.* FROM (\n{own}\n) AS own\n) AS answer\n"
            "ORDER BY many.place, answer.row_in_order")


@cache
def load(package: str, name: str, record: type[R]) -> Query[R]:
    """The query `name` of a feature package ("console.activity"), read from its `sql/` folder once.

    Raises FileNotFoundError when there is no such file, ValueError when a header is wrong.
    """
    folder, files = _folder(package)
    names = [f"{name}.sql", *(f"{name}.pg{major}.sql" for major in range(15, 30))]
    found = [_variant(file, (folder / file).read_text("utf-8")) for file in names if file in files]
    if not found:
        raise FileNotFoundError(f"{package}/sql/{name}.sql")
    for variant in found:
        if variant.record != record.__name__:
            raise ValueError(f"{package}/sql/{variant.file}: record {variant.record}, read as {record.__name__}")
    return Query(f"{package.removeprefix('console.')}.{name}", record, tuple(reversed(found)))


@cache
def _folder(package: str) -> tuple[Path, frozenset[str]]:
    """A feature package's `sql/` and the names in it: listed once, as asking for every version's file takes longer."""
    folder = Path(*import_module(package).__path__) / "sql"
    return folder, frozenset(file.name for file in folder.iterdir())


def _variant(file: str, text: str) -> Variant:
    header: dict[str, str] = {}
    start = 0
    for line in text.splitlines(keepends=True):
        if line.strip() and not line.startswith("--"):
            break
        start += len(line)
        key, colon, value = line.removeprefix("--").strip().partition(":")
        if colon and key in _HEADER and value.strip():
            header[key] = value.strip()
    if "record" not in header:
        raise ValueError(f"{file}: the header names no record")
    interval = header.get("interval", "on demand")
    if interval not in INTERVALS:
        raise ValueError(f"{file}: interval {interval!r} is none of {', '.join(INTERVALS)}")
    needs = tuple(part.strip() for part in header.get("needs", "").split(";") if part.strip())
    version = _VERSION.search(file)
    statement = marked(text[start:].rstrip().removesuffix(";"))
    extensions = tuple(name for name in map(_named("extension"), needs) if name and f':"{name}"' in statement)
    views = frozenset(filter(None, map(_named("view"), needs)))
    return Variant(file, int(version[1]) if version else 14, header["record"], needs, interval, statement, extensions,
                   views)


def _filled(variant: Variant, identifiers: Mapping[str, str], but: Collection[str] = ()) -> str:
    """The text with its `:"key"`s as quoted identifiers, `but` those. Raises LookupError for one that is left."""
    percent = "%%" if "%(" in variant.text else "%"
    return with_identifiers(variant.text, {key: name.replace("%", percent) for key, name in identifiers.items()}, but)


def _named(kind: str) -> Callable[[str], str]:
    """What a need names of that kind, "" where it is about something else."""
    def name(need: str) -> str:
        word, _, rest = need.partition(" ")
        return rest.partition(" ")[0] if word == kind else ""
    return name


def _unmet(need: str, info: ServerInfo) -> str | None:
    """Why `need` isn't met, or None. Raises ValueError on a need that nobody knows."""
    word, _, rest = need.partition(" ")
    match word:
        case "server":
            low, _, high = rest.partition("-")
            if low and info.major < int(low):
                return f"needs PostgreSQL {low} or later, this is {info.major}"
            if high and info.major > int(high):
                return f"exists up to PostgreSQL {high}, this is {info.major}"
        case "view":
            return None if rest in info.views else f"this server has no {rest}"
        case "extension":
            return _unmet_extension(rest, info)
        case "role":
            if not info.is_superuser and rest not in info.memberships:
                return f"needs the role {rest}: GRANT {rest} TO {info.quoted_user}"
        case "superuser":
            return None if info.is_superuser else "needs a superuser"
        case "primary":
            return "not on a standby" if info.is_standby else None
        case "standby":
            return None if info.is_standby else "only on a standby"
        case _:
            raise ValueError(f"unknown need {need!r}")
    return None


def _unmet_extension(need: str, info: ServerInfo) -> str | None:
    """Why the extension isn't as it is needed: `vector`, `vector 0.7`, `vector 0.7-0.8`."""
    name, _, version = need.partition(" ")
    extension = info.extensions.get(name)
    if extension is None:
        return f"needs the extension {name}: CREATE EXTENSION {quoted(name)}"
    version, _, last = version.partition("-")
    if version and version_numbers(extension.version) < version_numbers(version):
        return f"needs {name} {version}, here is {extension.version}: ALTER EXTENSION {quoted(name)} UPDATE"
    if last and version_numbers(extension.version) > version_numbers(last):
        return f"is for {name} up to {last}, here is {extension.version}"
    return None
