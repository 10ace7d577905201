"""advisories: known faults of the server's versions that lose data, give wrong answers, let somebody in or end it.

value = how many faults of this PostgreSQL, of pgvector's files on the server and of PgBouncer, where one is
configured, a later version mends, of those that this dbconsole knows and of what this database has installed.
`dbconsole advisories` says which, and what to rebuild. A demo server is nobody's to upgrade.
"""

from __future__ import annotations

from console.advisories.known import mended_by, open_advisories
from console.advisories.records import Product
from console.check.records import Check, CheckContext, CheckVerdict, Thresholds
from console.server.session import Readings
from console.text import format as fmt


def _demo(context: CheckContext) -> str | None:
    return "the demo server is replaced with dbconsole" if context.target.name == "demo" else None


def versions(context: CheckContext) -> dict[Product, str]:
    """What runs, as far as it is known; of pgvector the files, which are what a new session loads."""
    found: dict[Product, str] = {"PostgreSQL": context.info.version}
    vector = context.info.extensions.get("vector")
    if vector is not None:
        found["pgvector"] = vector.available_version or vector.version
    if context.pooler is not None and context.pooler.version is not None:
        found["PgBouncer"] = context.pooler.version.removeprefix("PgBouncer ")
    return found


def evaluate(readings: Readings, thresholds: Thresholds, context: CheckContext) -> CheckVerdict:
    told, number = [], 0
    for product, version in versions(context).items():
        if found := open_advisories(product, version, context.info.extensions):
            number += len(found)
            told.append(f"{product} {version} has {fmt.plural(len(found), 'known fault')}, "
                        f"mended in {mended_by(found[0], version)}")
    if context.pooler is not None and context.pooler.error is not None:
        told.append("PgBouncer's version is unknown: see pooler_pools")
    if not number:
        return CheckVerdict(thresholds.status(0), "; ".join(["no known fault of these versions", *told]), 0)
    return CheckVerdict(thresholds.status(number), "; ".join(told), number,
                        "dbconsole advisories says which, and which indexes to rebuild after the upgrade")


CHECK = Check(name="advisories", title="Known faults", evaluate=evaluate, excuse=_demo, warning=0, reads_pooler=True)
