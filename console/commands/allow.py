"""Statements that act although they are read-only: refused, or allowed by a person or by --yes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from console.activity import audit
from console.commands.output import answer, can_ask, say
from console.errors import UsageError

if TYPE_CHECKING:
    from console.server.effects import Acts
    from console.server.target import Target


HELP = "run what acts although it is read-only, or writes, without asking"


def check_writable(target: Target, hint: str | None = None) -> None:
    """Raises UsageError where the configuration says that the target is read-only: --yes changes nothing about that."""
    if target.read_only:
        raise UsageError(f"{target.label} is read-only by its configuration: nothing was run", hint=hint)


def agree_to_write(target: Target, what: str, *, yes: bool) -> None:
    """Has a person agree to what is written to a target that is production's or of no known environment.

    Raises UsageError for a no, and where nobody can be asked.
    """
    if yes or target.environment in ("staging", "development"):
        return
    place = "no environment is configured" if target.environment == "unknown" else target.environment
    say(what)
    if not can_ask():
        raise UsageError(f"this would write to {target.label} ({place})", hint="--yes, if that is meant")
    wanted = target.label if target.environment == "production" else "yes"
    if answer(f"This writes to {target.label} ({place}). Type {wanted!r} to go on:") != wanted:
        raise UsageError("nothing was done")


def agree(target: Target, refusal: Acts, statement: str, *, yes: bool) -> frozenset[str]:
    """What a person, or --yes, lets act: the names of all that was found; the audit log keeps it. Raises ConsoleError.

    Nothing is allowed where the configuration says that the target is read-only.
    """
    if target.read_only:
        refusal.hint = "it is read-only by its configuration"
        raise refusal
    if not yes:
        if not can_ask():
            refusal.hint = "--yes runs it all the same; no rollback takes that back"
            raise refusal
        for effect in refusal.effects:
            say(f"{effect.sentence}.")
        wanted = target.label if target.environment == "production" else "yes"
        if answer(f"No rollback takes that back. Type {wanted!r} to run it on {target.label}:") != wanted:
            raise UsageError("nothing was run")
    audit.write_allowed(target.label, [effect.sentence for effect in refusal.effects], statement)
    return refusal.names
