"""Which load to put on the server: how many clients, for how long, and what that takes of its connections."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from console.errors import UsageError
from console.text import format as fmt
from console.ui.bindings import bindings
from console.ui.screens.vectors.lines_dialog import Item, LinesDialog
from console.ui.screens.vectors.load_state import LoadSetup, LoadState
from console.ui.screens.vectors.recall_dialog import whole
from console.vectors.concurrency import MOST_CLIENTS, MOST_SECONDS
from console.vectors.measure import MOST_QUERIES
from console.view.table import Tone

MOST_STEPS = 8


class LoadDialog(LinesDialog[LoadSetup]):
    """Answers with the load that is meant. `most_connections` is the server's max_connections."""

    HINT = (("table.choose", "change"), "load_options.begin", "dialog.leave")
    BINDINGS = bindings("load_options")

    def __init__(self, state: LoadState, label: str, most_connections: int | None) -> None:
        super().__init__(f"Put a load of searches on {label}?")
        self._setup = state.setup
        self._search = state.words
        self._most = most_connections

    def items(self) -> Sequence[Item]:
        setup = self._setup
        return [
            Item("clients", "clients", ", ".join(map(str, setup.clients)), "at once, one number after the other"),
            Item("seconds", "seconds", f"{setup.seconds:g}", f"for each, at most {MOST_SECONDS:g}"),
            Item("queries", "queries", str(setup.queries), "stored vectors that are searched for in turn"),
            Item("seed", "seed", str(setup.seed), "the same seed draws the same rows")]

    def change(self, key: str, value: str) -> None:
        match key:
            case "clients":
                numbers = tuple(dict.fromkeys(whole(part, 1, MOST_CLIENTS) for part in value.replace(",", " ").split()))
                if not 1 <= len(numbers) <= MOST_STEPS:
                    raise UsageError(f"from 1 to {MOST_STEPS} numbers of clients")
                self._setup = replace(self._setup, clients=tuple(sorted(numbers)))
            case "seconds":
                try:
                    seconds = float(value)
                except ValueError:
                    raise UsageError(f"{value!r} is no number") from None
                if not 0 < seconds <= MOST_SECONDS:
                    raise UsageError(f"{value}: more than 0 and at most {MOST_SECONDS:g} seconds")
                self._setup = replace(self._setup, seconds=seconds)
            case "queries":
                self._setup = replace(self._setup, queries=whole(value, 1, MOST_QUERIES))
            case "seed":
                self._setup = replace(self._setup, seed=whole(value, -2**63, 2**63 - 1))

    def words(self) -> Sequence[tuple[str, Tone]]:
        setup = self._setup
        most = max(setup.clients)
        of = f" of the server's {self._most}" if self._most is not None else ""
        tone: Tone = "warning" if self._most is not None and most > 0.8 * self._most else "dim"
        return [(f"Each client searches again as soon as it has its answer: {self._search}.", ""),
                (f"About {fmt.duration(len(setup.clients) * setup.seconds)} in all, up to {most + 1} connections{of}; "
                 "others on the server will feel it.", tone)]

    def answer(self) -> LoadSetup:
        if self._most is not None and max(self._setup.clients) >= self._most:
            raise UsageError(f"{max(self._setup.clients)} clients: the server has {self._most} connections for all")
        return self._setup
