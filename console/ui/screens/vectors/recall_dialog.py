"""What to measure: which queries, how many, at which settings, and what recall is wanted."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from console.errors import UsageError
from console.ui.bindings import bindings
from console.ui.screens.vectors.lines_dialog import Item, LinesDialog
from console.ui.screens.vectors.recall_state import SAMPLES, RecallSetup
from console.vectors.measure import MOST_QUERIES
from console.vectors.records import VectorColumn
from console.vectors.representations import MOST_OVERSAMPLING, Representation
from console.view.table import Tone

MODES = {"hnsw": ("off", "relaxed_order", "strict_order"), "ivfflat": ("off", "relaxed_order")}
MOST_POINTS = 40


class RecallDialog(LinesDialog[RecallSetup]):
    """Answers with the setup that is to be measured."""

    HINT = (("table.choose", "change"), "recall_options.measure", "dialog.leave")
    BINDINGS = bindings("recall_options")

    def __init__(self, setup: RecallSetup, by: Representation | None, columns: Sequence[VectorColumn],
                 column: VectorColumn) -> None:
        super().__init__(f"Recall of {column.label}" + (f" by {by.name}" if by is not None and by.kind != "vector"
                                                        else ""))
        self._setup = setup
        self._by = by
        self._index = by.index if by is not None else None
        self._columns = tuple(vector_column.label for vector_column in columns if vector_column != column
                              and vector_column.type_name == column.type_name)

    def items(self) -> Sequence[Item]:
        setup, method = self._setup, self._index.method if self._index else ""
        parameter = {"hnsw": "hnsw.ef_search", "ivfflat": "ivfflat.probes"}.get(method, "none: no index serves it")
        found = [Item("sample", "queries from", setup.sample, "what is asked for decides the number", SAMPLES)]
        if setup.sample == "held-out column":
            found.append(Item("given", "column", setup.given or "-", "its rows ask", self._columns or ("-",)))
        elif setup.sample != SAMPLES[0]:
            what = "a vector" if "vectors" in setup.sample else "a text, through the embedder,"
            found.append(Item("given", "file", setup.given or "-", f"{what} a line"))
        found.append(Item("queries", "queries", str(setup.queries), "p99 says little below 100"))
        if setup.sample == SAMPLES[0]:
            found.append(Item("seed", "seed", str(setup.seed), "the same seed draws the same rows"))
        found += [
            Item("sweep", "settings", "auto" if setup.sweep is None else ", ".join(map(str, setup.sweep)),
                 f"{parameter}: numbers with commas; empty for the usual ones"),
            *([Item("oversampling", "oversampling", ", ".join(map(str, setup.candidates(self._by))) or "1",
                    "candidates a row that are ranked again by the vector: numbers with commas; empty for the usual")]
              if self._by is not None and self._by.can_rerank else []),
            Item("modes", "iterative scan", ", ".join(setup.modes) or "the server's",
                 f"{', '.join(MODES.get(method, MODES['hnsw']))}: one or several; empty for the server's"),
            Item("target", "target recall", f"{setup.target:g}", "what the recommendation has to reach"),
            Item("connections", "connections", str(setup.connections), "that share the exact searches"),
            Item("force", "keep to the index", "yes" if setup.force_index else "no",
                 "no: as the planner would have it", ("yes", "no"))]
        return found

    def change(self, key: str, value: str) -> None:
        match key:
            case "sample":
                self._setup = replace(self._setup, sample=value, given="")
            case "given":
                self._setup = replace(self._setup, given="" if value == "-" else value)
            case "queries":
                self._setup = replace(self._setup, queries=whole(value, 1, MOST_QUERIES))
            case "seed":
                self._setup = replace(self._setup, seed=whole(value, -2**63, 2**63 - 1))
            case "sweep":
                numbers = [whole(part, 1, 32_768) for part in value.replace(",", " ").split()]
                self._setup = replace(self._setup, sweep=tuple(dict.fromkeys(numbers)) or None)
            case "oversampling":
                numbers = [whole(part, 1, MOST_OVERSAMPLING) for part in value.replace(",", " ").split()]
                self._setup = replace(self._setup, oversampling=tuple(dict.fromkeys(numbers)))
            case "modes":
                self._setup = replace(self._setup, modes=self._modes(value))
            case "target":
                self._setup = replace(self._setup, target=_share(value))
            case "connections":
                self._setup = replace(self._setup, connections=whole(value, 1, 8))
            case "force":
                self._setup = replace(self._setup, force_index=value == "yes")

    def _modes(self, value: str) -> tuple[str, ...]:
        found = tuple(dict.fromkeys(value.replace(",", " ").split()))
        known = MODES.get(self._index.method if self._index else "", MODES["hnsw"])
        if wrong := next((text for text in found if text not in known), None):
            raise UsageError(f"{wrong} is none of {', '.join(known)}")
        return found

    def words(self) -> Sequence[tuple[str, Tone]]:
        setup = self._setup
        points = self._points()
        words: list[tuple[str, Tone]] = [(
            f"{setup.queries} exact searches, then as many to warm up, and at each of {points} points, in turn", "dim")]
        if setup.sample == SAMPLES[0]:
            words.append(("Stored rows find themselves easily: real queries usually find a little less.", "dim"))
        if self._index is None:
            words.append(("No index serves this metric: only the exact search can be measured.", "warning"))
        return words

    def answer(self) -> RecallSetup:
        setup = self._setup
        if setup.sample != SAMPLES[0] and not setup.given:
            raise UsageError("say which column, or which file, the queries are from")
        if self._points() > MOST_POINTS:
            raise UsageError(f"at most {MOST_POINTS} points are measured at once")
        return setup

    def _points(self) -> int:
        setup = self._setup
        return len(setup.settings(self._by) or (None,)) * len(setup.candidates(self._by) or (None,)) \
            * len(setup.modes or (None,))


def whole(text: str, low: int, high: int) -> int:
    """A whole number in its range. Raises UsageError."""
    try:
        found = int(text)
    except ValueError:
        raise UsageError(f"{text!r} is no whole number") from None
    if not low <= found <= high:
        raise UsageError(f"{found}: from {low} to {high}")
    return found


def _share(text: str) -> float:
    try:
        found = float(text)
    except ValueError:
        raise UsageError(f"{text!r} is no number") from None
    if not 0 < found <= 1:
        raise UsageError(f"{text}: more than 0 and at most 1")
    return found
