"""A run as it stands: events folded into files and statements with their waits, progress, retries and notices."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from msgspec import Struct, field

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
from console.migrate.records import Direction
from console.text import format as fmt
from console.view.migrate.plan import Paragraph
from console.view.table import Line, Tone

if TYPE_CHECKING:
    from console.migrate.plan import PlanStep

MARKS: dict[str, tuple[str, Tone]] = {
    "running": ("▸", "accent"), "done": ("✓", "ok"), "failed": ("!", "critical"), "held": ("·", "dim"),
    "next": ("·", "faint")}
MOST_PARAGRAPHS = 2000
MOST_AHEAD = 20
BAR_CELLS = 24


class StatementStanding(Struct):
    """One statement of a file and what it does now; times in seconds (monotonic) and milliseconds."""

    line: int
    summary: str
    since_s: float
    state: str = "running"
    elapsed_ms: float = 0.0
    tag: str = ""
    waiting: Waiting | None = None
    progress: StatementProgress | None = None

    def take(self, event: Event) -> None:
        """Folds in what happens while it runs, and its end."""
        self.waiting = event if isinstance(event, Waiting) else None
        self.progress = event if isinstance(event, StatementProgress) else None
        if isinstance(event, StatementFinished):
            self.state, self.elapsed_ms, self.tag = "done", event.elapsed_ms, event.tag
            if event.was_done:
                self.tag = f"{event.tag} (was done already)".strip()


class FileStanding(Struct):
    """One file of the run. `told` are its statements and the words between them, in order."""

    service: str
    version: str
    label: str
    direction: Direction
    number: int
    total: int
    statements: int
    since_s: float
    state: str = "running"
    duration_ms: float | None = None
    told: list[StatementStanding | tuple[str, Tone]] = field(default_factory=list)

    @property
    def current(self) -> StatementStanding | None:
        last = next((standing for standing in reversed(self.told) if isinstance(standing, StatementStanding)), None)
        return last if last is not None and last.state == "running" else None

    @property
    def started(self) -> int:
        return sum(isinstance(item, StatementStanding) for item in self.told)

    def take(self, event: Event, now_s: float) -> None:
        """Folds in what happens to the file; `now_s` is the monotonic clock."""
        match event:
            case StatementStarted():
                self.told.append(StatementStanding(event.statement.line, event.statement.summary, now_s))
            case FileFinished():
                self.state, self.duration_ms = "done", event.duration_ms
            case Retrying():
                self._roll_back(event)
            case _ if (standing := self.current) is not None:
                standing.take(event)

    def _roll_back(self, event: Retrying) -> None:
        """None of its statements has happened; what is known of the reason stays."""
        behind = self.current.waiting.blockers if self.current and self.current.waiting else ()
        self.told = [item for item in self.told if not isinstance(item, StatementStanding)]
        self.told.append((f"{event.reason}{''.join(f', behind {peer_words(peer)}' for peer in behind[:2])}: "
                          f"rolled back, attempt {event.attempt} of {event.attempts} in "
                          f"{fmt.duration(event.delay_s)}", "warning"))


class RunLog:
    """What has happened so far. `take` every event, `finish` when it is over; `paragraphs` tell it.

    `plan` is what was confirmed: it names the locks that are waited for and the statements to come.
    """

    def __init__(self, plan: Sequence[PlanStep] = ()) -> None:
        self.told: list[FileStanding | tuple[str, Tone]] = []
        self.total = 0
        self.outcome: list[tuple[str, Tone]] = []
        self.waiting: LockWaiting | None = None
        self._plan = {(step.service, step.version, step.direction): step for step in plan}

    # folding

    def take(self, event: Event, now_s: float) -> None:
        """Folds one event in; `now_s` is the monotonic clock."""
        self.waiting = event if isinstance(event, LockWaiting) else None
        match event:
            case RunStarted():
                self.total = len(event.steps)
                self.told += [(f"note: {note}", "dim") for note in event.notes]
            case FileStarted():
                self._begin_file(event, now_s)
            case Notice():
                self._say(event)
            case Held():
                self.told.append((f"held {event.step.migration.label}: {event.reason}", "dim"))
            case Failed():
                self._end_file("failed", now_s)
            case _ if (file := self.file) is not None:
                file.take(event, now_s)

    def _begin_file(self, event: FileStarted, now_s: float) -> None:
        step, file = event.step, event.step.migration
        begun = FileStanding(file.service, file.version, file.label, step.direction, event.number, event.total,
                             event.statements, now_s)
        if step.done:
            begun.told.append((f"{fmt.plural(step.done, 'statement')} done by an earlier run", "dim"))
        self.told.append(begun)

    def say(self, words: str, tone: Tone = "") -> None:
        """A line that is no event of the engine's."""
        self.waiting = None
        self.told.append((words, tone))

    def _say(self, event: Notice) -> None:
        tone: Tone = {"WARNING": "warning", "OUTPUT": ""}.get(event.severity, "dim")  # type: ignore[assignment]
        words = event.message if event.severity == "OUTPUT" else f"{event.severity.lower()}: {event.message}"
        file = self.file
        (self.told if file is None or event.step is None else file.told).append((words, tone))

    def _end_file(self, state: str, now_s: float) -> None:
        file = self.file
        if file is None or file.state != "running":
            return
        file.state, file.duration_ms = state, (now_s - file.since_s) * 1000
        if (standing := file.current) is not None:
            standing.state, standing.elapsed_ms = "failed", (now_s - standing.since_s) * 1000

    def finish(self, now_s: float, *outcome: tuple[str, Tone]) -> None:
        """The run is over: `outcome` says how, the answer first."""
        self.waiting = None
        self._end_file("failed", now_s)
        self.outcome = list(outcome)

    # telling

    @property
    def file(self) -> FileStanding | None:
        """The file that runs, or ran last."""
        last = next((standing for standing in reversed(self.told) if isinstance(standing, FileStanding)), None)
        return last

    def headline(self, title: str, elapsed_s: float) -> Line:
        """The run in one line while it goes on."""
        pieces: list[tuple[str, Tone]] = [(" ▸ ", "accent"), (title, "strong")]
        file = self.file
        if self.waiting is not None:
            pieces.append((" · waiting for another run", "warning"))
        elif file is not None:
            if file.total > 1:
                pieces.append((f" · file {file.number} of {file.total}", ""))
            if file.current is not None and file.statements > 1:
                pieces.append((f" · statement {min(file.started, file.statements)} of {file.statements}", ""))
            if file.current is not None and file.current.waiting is not None:
                pieces.append((" · waiting for a lock", "warning"))
        pieces.append((f" · {fmt.stopwatch(elapsed_s)}", "dim"))
        return tuple(pieces)

    def paragraphs(self, now_s: float) -> list[Paragraph]:
        """Everything, oldest first; of very long runs the end."""
        found = list(self._all(now_s))
        if len(found) > MOST_PARAGRAPHS:
            left_out = len(found) - MOST_PARAGRAPHS
            found = [(0, ((f" … {fmt.count(left_out)} earlier lines", "faint"),)), *found[left_out:]]
        return found

    def _all(self, now_s: float) -> Iterator[Paragraph]:
        if self.waiting is not None:
            yield from _lock_waiting(self.waiting)
        for standing in self.told:
            if isinstance(standing, FileStanding):
                yield from self._file(standing, now_s)
            else:
                yield 3, ((f" {standing[0]}", standing[1]),)
        if self.outcome:
            if self.told:
                yield 0, ()
            yield from ((1, ((f" {words}", tone),)) for words, tone in self.outcome)

    def _file(self, file: FileStanding, now_s: float) -> Iterator[Paragraph]:
        mark, tone = MARKS[file.state]
        elapsed_ms = (now_s - file.since_s) * 1000 if file.duration_ms is None else file.duration_ms
        yield 3, ((f" {mark} ", tone), (f"{file.direction} {file.label}", "strong"),
                  (f"  {fmt.milliseconds(elapsed_ms)}", "dim"))
        for standing in file.told:
            if isinstance(standing, StatementStanding):
                yield from self._statement(file, standing, now_s)
            else:
                yield 16, ((f"{'':14}{standing[0]}", standing[1]),)
        if file.state == "running":
            yield from self._ahead(file)

    def _statement(self, file: FileStanding, standing: StatementStanding, now_s: float) -> Iterator[Paragraph]:
        mark, tone = MARKS[standing.state]
        elapsed_ms = (now_s - standing.since_s) * 1000 if standing.state == "running" else standing.elapsed_ms
        yield 20, ((f"   {mark} ", tone), (f"{fmt.milliseconds(elapsed_ms):>7}", "dim"),
                   (f" {standing.line:>5}  ", "faint"),
                   (standing.summary, "strong" if standing.state == "running" else ""))
        if standing.waiting is not None:
            yield from _waiting(standing.waiting, self._lock(file, standing.line))
        if standing.progress is not None:
            yield 19, _progress(standing.progress)

    def _ahead(self, file: FileStanding) -> Iterator[Paragraph]:
        """The statements that have not begun."""
        step = self._plan.get((file.service, file.version, file.direction))
        begun = {standing.line for standing in file.told if isinstance(standing, StatementStanding)}
        ahead = [statement for statement in step.statements if statement.line not in begun] if step is not None else []
        mark, tone = MARKS["next"]
        for plan_statement in ahead[:MOST_AHEAD]:
            yield 20, ((f"   {mark} {'':7} {plan_statement.line:>5}  ", tone),
                       (" ".join(plan_statement.sql.split())[:100], "dim"))
        if len(ahead) > MOST_AHEAD:
            yield 19, ((f"{'':19}… {len(ahead) - MOST_AHEAD} more", "faint"),)

    def _lock(self, file: FileStanding, line: int) -> str:
        step = self._plan.get((file.service, file.version, file.direction))
        mode = next((statement.mode for statement in step.statements if statement.line == line),
                    None) if step is not None else None
        return mode.label if mode is not None else "a lock"


def _waiting(event: Waiting, lock: str) -> Iterator[Paragraph]:
    first = event.blockers[0]
    yield 19, ((f"{'':19}waiting {fmt.duration(event.elapsed_s)} for {lock}", "warning"),
               (f" behind {peer_words(first)}", ""))
    for blocker in event.blockers[1:]:
        yield 21, ((f"{'':19}and {peer_words(blocker)}", ""),)
    if event.queue:
        yield 21, ((f"{'':19}{fmt.plural(len(event.queue), 'session queues', 'sessions queue')} behind: ", "warning"),
                   ("; ".join(peer_words(peer) for peer in event.queue[:3]), "dim"))


def _lock_waiting(event: LockWaiting) -> Iterator[Paragraph]:
    who = "; ".join(map(peer_words, event.holders)) or "a file that the server still executes"
    waited = f"{fmt.duration(event.waited_s)} of {fmt.duration(event.limit_s)}"
    yield 1, ((f" waiting for dbconsole's lock, {waited}", "warning"), (f": {who}", ""))


def peer_words(peer: Peer) -> str:
    """A session in a few words: pid 4711 (report, idle in transaction 14 min)."""
    state = f"{peer.state or 'state unknown'}" + (f" {fmt.duration(peer.age_s)}" if peer.age_s is not None else "")
    return f"pid {peer.pid} ({', '.join(filter(None, (peer.application or 'unnamed', peer.user, state)))})"


def _progress(event: StatementProgress) -> Line:
    pieces: list[tuple[str, Tone]] = [(f"{'':19}{event.phase}  ", "dim")]
    if event.total > 0:
        share = min(1.0, event.done / event.total)
        full = round(share * BAR_CELLS)
        pieces += [("█" * full, "accent"), ("·" * (BAR_CELLS - full), "faint"),
                   (f" {fmt.share(round(share, 2)):>5}", ""),
                   (f"  {fmt.count(event.done)} of {fmt.count(event.total)} {event.unit}", "dim")]
    return tuple(pieces)
