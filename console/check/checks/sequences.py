"""sequences: how near a sequence is to its last value, or to the last that its column can hold.

value = the largest share of its values that a sequence has given out, percent. An int4 column with a bigint sequence
ends at 2,147,483,647, whatever the sequence could still give; which columns take its values is known by their defaults
as by OWNED BY, and a domain is what it is made of. Sequences that cycle are left out; of more than 500
those are read whose tables have taken most rows (reading one locks it), and the summary says so. UNKNOWN where
the role may not read some, and those that it may are well: the hint has the GRANT.
"""

from __future__ import annotations

from console.check.records import Check, CheckContext, CheckVerdict, Status, Thresholds
from console.metrics.reads.tables import SEQUENCE_USE
from console.metrics.records.tables import SequenceUse
from console.server.session import Readings
from console.sql.quoting import quoted
from console.text import format as fmt


def evaluate(readings: Readings, thresholds: Thresholds, context: CheckContext) -> CheckVerdict:
    sequences = readings.rows(SEQUENCE_USE) or []
    if not sequences:
        return CheckVerdict(Status.OK, "no sequence that could end", 0.0)
    worst = sequences[0]
    status = thresholds.status(worst.used_percent)
    seen = fmt.plural(worst.sequences, "sequence") if worst.examined == worst.sequences else \
        f"{worst.examined} of {worst.sequences} sequences read"
    if worst.unreadable and status is Status.OK:
        return _unknown(worst, seen, context)
    if all(sequence.last_value is None for sequence in sequences):
        return CheckVerdict(Status.OK, f"{seen}, none used yet")
    column = f" of {worst.table}.{worst.column}" if worst.table else ""
    summary = f"{seen}; {worst.schema}.{worst.sequence}{column} is {fmt.percent(worst.used_percent)} used"
    hint = None
    if status is not Status.OK:
        hint = "make its column bigint (it rewrites the table: plan it), and ALTER SEQUENCE ... AS bigint" \
            if worst.table else "ALTER SEQUENCE ... AS bigint, and the columns that it fills"
        if worst.is_column_smaller:
            summary += ", the column is smaller than its sequence"
            hint = "make its column bigint (it rewrites the table: plan it)"
    return CheckVerdict(status, summary, worst.used_percent, hint)


def _unknown(worst: SequenceUse, seen: str, context: CheckContext) -> CheckVerdict:
    """What isn't known, and what would let it be."""
    every = worst.unreadable == worst.examined
    known = "" if every or worst.last_value is None else \
        f"; of the others the worst is {fmt.percent(worst.used_percent)} used"
    which = "none of them may be read" if every else f"{worst.unreadable} of them may not be read"
    schema = quoted(worst.unreadable_schema or "public")
    return CheckVerdict(
        Status.UNKNOWN, f"{seen}, {which} by this role{known}", None if every else worst.used_percent,
        f"GRANT SELECT ON ALL SEQUENCES IN SCHEMA {schema} TO {context.info.quoted_user}, and so for each schema; "
        f"pg_read_all_data holds it for all")


CHECK = Check(name="sequences", title="Sequences", evaluate=evaluate, reads=(SEQUENCE_USE,), unit="%", warning=85,
              critical=95, screen="schemas")
