"""What a check says where the role doesn't see all sessions.

Not being allowed to look is no fault of the server: such a check judges what it sees and stays OK without, so that
nobody is paged for a missing GRANT, but it says how much is hidden and which GRANT would show it.
"""

from __future__ import annotations

from msgspec.structs import replace

from console.activity.summary.records import SessionCounts
from console.check.records import CheckContext, CheckVerdict
from console.text import format as fmt


def with_hidden(verdict: CheckVerdict, counts: SessionCounts | None, context: CheckContext) -> CheckVerdict:
    """`verdict` with the number of sessions that the role doesn't see, if there are any.

    A value of 0 becomes None then: nothing was found among what could be seen, which is no measurement.
    """
    if counts is None or not counts.hidden:
        return verdict
    return replace(
        verdict,
        summary=f"{verdict.summary}; {fmt.plural(counts.hidden, 'session')} hidden from this role",
        value=verdict.value or None,
        hint=verdict.hint or f"GRANT pg_monitor TO {context.info.quoted_user}")
