"""Rights by which one role can have another run something."""

from __future__ import annotations

from collections.abc import Iterator

from console.diagnosis import words
from console.diagnosis.case import Case
from console.diagnosis.records import Evidence, Finding, Hurt, Subject
from console.metrics.reads.upkeep import OPEN_SCHEMAS
from console.sql.quoting import identifier


def open_schemas(case: Case) -> Iterator[Finding]:
    """Schemas of a search_path in which others than the owner may plant operators and functions (CVE-2018-1058)."""
    for found in case.rows(OPEN_SCHEMAS):
        roles = words.listed(words.named(role) for role in found.roles)
        who = "every role" if found.is_open_to_all else roles
        whom = "PUBLIC" if found.is_open_to_all else ", ".join(identifier(role) for role in found.roles)
        yield Finding(
            kind="open_schema", severity="warning" if found.is_open_to_all else "info",
            summary=f"{who} may create objects in the schema {words.named(found.schema)}, where names are looked up: "
                    "an operator or function planted there runs with the rights of whoever's statement finds it",
            subject=Subject(screen="schemas", database=case.info.database, schema=identifier(found.schema)),
            hurts=Hurt(None, "who names things without their schema, superusers too"),
            evidence=(Evidence("owner", words.named(found.owner)),
                      *((Evidence("granted to", roles),) if roles else ())),
            next=f"REVOKE CREATE ON SCHEMA {identifier(found.schema)} FROM {whom}, and look for what is there already "
                 "(CVE-2018-1058)")


KINDS = (open_schemas,)
