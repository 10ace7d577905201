"""Which of the known faults a version has, or had, and which indexes one of them may have spoilt."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from functools import cache
from pathlib import Path

import msgspec

from console.advisories.records import Advisory, Product, SuspectIndex
from console.text.parse import version_numbers

FILE = Path(__file__).with_name("known.toml")


@cache
def advisories() -> tuple[Advisory, ...]:
    """All that are known, of a product together, the newest version that mends one first."""
    import tomllib  # not before a server has a fault to look for

    return tuple(msgspec.convert(tomllib.loads(FILE.read_text("utf-8"))["advisory"], list[Advisory]))


def mended_by(advisory: Advisory, version: str) -> str | None:
    """The version that mends this fault for who has `version`, or None where that hasn't the fault.

    Raises ValueError where `version` is none.
    """
    here = version_numbers(version)
    if not here:
        raise ValueError(f"no version: {version!r}")
    fixed, since = (_of_same_line(advisory.product, versions, here) for versions in (advisory.fixed, advisory.since))
    if fixed is None or here >= version_numbers(fixed) or (since is not None and here < version_numbers(since)):
        return None
    return fixed


def open_advisories(product: Product, version: str, extensions: Collection[str] = ()) -> list[Advisory]:
    """The faults that this version of a product has, of what is installed."""
    return [advisory for advisory in advisories()
            if advisory.product == product and mended_by(advisory, version) is not None
            and (advisory.extension is None or advisory.extension in extensions)]


def mended_between(product: Product, old: str, new: str, extensions: Collection[str] = ()) -> list[Advisory]:
    """The faults that `old` had and `new` hasn't: what they spoilt stays so until somebody mends it."""
    remaining = open_advisories(product, new, extensions)
    return [advisory for advisory in open_advisories(product, old, extensions) if advisory not in remaining]


def spoilt(advisory: Advisory, indexes: Iterable[SuspectIndex]) -> list[SuspectIndex]:
    """The indexes that it may have spoilt: whether one is, its age doesn't say."""
    return [index for index in indexes if any(
        which.method in (None, index.method) and (which.type is None or which.type in index.types)
        and (which.opclass is None or any(which.opclass in name for name in index.opclasses))
        for which in advisory.rebuild)]


def _of_same_line(product: Product, versions: Iterable[str], here: tuple[int, ...]) -> str | None:
    """Of PostgreSQL's versions that of the same major; the others have one line."""
    return next((version for version in versions
                 if product != "PostgreSQL" or version_numbers(version)[0] == here[0]), None)
