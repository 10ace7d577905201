"""vector_extension: that pgvector is as new as the files on the server, and as new as dbconsole needs.

A database without it is OK. WARNING where the server has a newer version ready, where its files are gone, and before
0.5, the oldest supported.
"""

from __future__ import annotations

from console.check.records import Check, CheckContext, CheckVerdict, Status, Thresholds
from console.server.session import Readings
from console.text.parse import version_numbers

OLDEST = "0.5.0"


def evaluate(readings: Readings, thresholds: Thresholds, context: CheckContext) -> CheckVerdict:
    vector = context.info.extensions.get("vector")
    if vector is None:
        return CheckVerdict(Status.OK, "pgvector is not installed in this database")
    if vector.available_version is None:
        return CheckVerdict(Status.WARNING,
                            f"pgvector {vector.version} is installed, its files are missing on the server",
                       hint="install the package of pgvector for this PostgreSQL")
    if version_numbers(vector.version) < version_numbers(vector.available_version):
        return CheckVerdict(Status.WARNING, f"pgvector {vector.version}, the server has {vector.available_version}",
                       hint="ALTER EXTENSION vector UPDATE")
    if version_numbers(vector.version) < version_numbers(OLDEST):
        return CheckVerdict(Status.WARNING, f"pgvector {vector.version} is older than {OLDEST}",
                       hint="install a newer pgvector, then ALTER EXTENSION vector UPDATE")
    return CheckVerdict(Status.OK, f"pgvector {vector.version} in schema {vector.schema}")


CHECK = Check(name="vector_extension", title="Vector extension", evaluate=evaluate, screen="vectors")
