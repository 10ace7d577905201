"""A run of migrations as lines of text, and on a terminal one line that moves."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from console.commands.output import narrator, say
from console.migrate.events import (
    Event,
    Failed,
    FileFinished,
    FileStarted,
    Held,
    LockWaiting,
    Notice,
    Peer,
    Retrying,
    RunStarted,
    StatementFinished,
    StatementProgress,
    StatementStarted,
    Waiting,
)
from console.text import format as fmt

LONG_MS = 1000.0
"""From then on a statement is worth a line of its own."""


class Narration:
    """Writes events to stderr; on a terminal the line of what is going on now is rewritten in place."""

    def __enter__(self) -> Narration:
        return self

    def __exit__(self, *_: object) -> None:
        narrator().clear()

    def __call__(self, event: Event) -> None:
        if (words := going_on(event)) is not None:
            self._passing(words, keep=isinstance(event, LockWaiting | Waiting))
        for line in lines(event):
            self._line(line)

    def note(self, words: str) -> None:
        """A line that is no event of the engine's."""
        self._line(words)

    def _passing(self, words: str, *, keep: bool = False) -> None:
        """A line that the next one replaces; without a terminal only those to `keep`, each once."""
        narrator().show(words, once=words.partition(",")[0] if keep else "", every=True)

    def _line(self, words: str) -> None:
        say(words)


def going_on(event: Event) -> str | None:
    """What goes on from now on, in one line; None for an event that is over."""
    match event:
        case LockWaiting():
            who = sessions(event.holders) or "a file that the server still executes"
            return f"waiting for the lock, {fmt.duration(event.waited_s)} of {fmt.duration(event.limit_s)}: {who}"
        case FileStarted():
            return f"{event.step.direction} {event.step.migration.label} ..."
        case StatementStarted() if event.total > 1:
            return (f"{event.step.direction} {event.step.migration.label}: statement {event.index + 1} of "
                    f"{event.total}, line {event.statement.line}")
        case Waiting():
            queue = f"; {len(event.queue)} queue behind it" if event.queue else ""
            return (f"  line {event.statement.line} has waited {fmt.duration(event.elapsed_s)} for "
                    f"{sessions(event.blockers)}{queue}")
        case StatementProgress():
            share = fmt.share(round(event.done / event.total, 2)) if event.total else ""
            return f"  {event.phase}: {event.done} of {event.total} {event.unit} {share}"
    return None


def lines(event: Event) -> Iterator[str]:
    """What has happened, in lines that stay."""
    match event:
        case RunStarted():
            yield from (f"note: {note}" for note in event.notes)
            if not event.steps:
                yield "nothing to do"
        case StatementFinished() if event.elapsed_ms >= LONG_MS:
            yield f"  line {event.statement.line}: {event.tag} in {fmt.milliseconds(event.elapsed_ms)}"
        case Retrying():
            yield (f"  {event.reason}: rolled back, attempt {event.attempt} of {event.attempts} in "
                   f"{fmt.duration(event.delay_s)}")
        case Notice():
            yield f"  {event.severity.lower()}: {event.message}"
        case FileFinished():
            yield f"{event.step.direction} {event.step.migration.label} in {fmt.milliseconds(event.duration_ms)}"
        case Held():
            yield f"held {event.step.migration.label}: {event.reason}"
        case Failed():
            yield f"failed {event.step.migration.label}"


def sessions(peers: Sequence[Peer]) -> str:
    """Sessions in a few words: pid, application, state, age."""
    return "; ".join(
        f"pid {peer.pid} ({peer.application or 'unnamed'}, {peer.state or 'state unknown'}"
        + (f", {fmt.duration(peer.age_s)}" if peer.age_s is not None else "") + ")" for peer in peers)


__all__ = ["Narration", "sessions"]
