"""How both legs of a hybrid search are fused: the words, their column, weights, the constant and the depth."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from console.errors import UsageError
from console.ui.bindings import bindings
from console.ui.screens.vectors.hybrid_state import HybridSetup, HybridState
from console.ui.screens.vectors.lines_dialog import Item, LinesDialog
from console.ui.screens.vectors.recall_dialog import whole
from console.view.table import Tone


class HybridDialog(LinesDialog[HybridSetup]):
    """Answers with the setup that is to be searched."""

    HINT = (("table.choose", "change"), "hybrid_options.search", "dialog.leave")
    BINDINGS = bindings("hybrid_options")

    def __init__(self, state: HybridState) -> None:
        about = state.shown.subject
        super().__init__(f"Hybrid search of {about.column.table}" if about is not None else "Hybrid search")
        self._setup = state.setup
        self._columns = {column.name: column for column in state.columns or ()}
        self._usual = state.column

    def items(self) -> Sequence[Item]:
        setup, fusion = self._setup, self._setup.fusion
        column = self._columns.get(setup.column or "") or self._usual
        through = "no text column" if column is None else f"index {column.index}" if column.index else \
            "no index: every row is looked through"
        return [
            Item("words", "words", setup.words or "-", 'as for a web search: "in this order", OR, -without'),
            Item("column", "in", column.name if column is not None else "-", through, tuple(self._columns)),
            Item("config", "text search", setup.config or "auto", "configuration: english, simple...; empty: the "
                 "index's"),
            Item("vector_weight", "vector weight", f"{fusion.vector_weight:g}", "how much a rank by the vector counts"),
            Item("text_weight", "words weight", f"{fusion.text_weight:g}", "how much a rank by the words counts"),
            Item("rrf_k", "rrf k", str(fusion.rrf_k), "a rank counts weight / (k + rank): larger evens ranks out"),
            Item("depth", "depth", str(fusion.depth), "rows of each leg that are fused")]

    def change(self, key: str, value: str) -> None:
        fusion = self._setup.fusion
        match key:
            case "words":
                self._setup = replace(self._setup, words="" if value == "-" else value)
            case "column":
                self._setup = replace(self._setup, column=value)
            case "config":
                self._setup = replace(self._setup, config=value or None)
            case "rrf_k" | "depth":
                self._setup = replace(self._setup, fusion=replace(fusion, **{key: whole(value, 0, 100_000)}))
            case _:
                try:
                    number = float(value)
                except ValueError:
                    raise UsageError(f"{value!r} is no number") from None
                self._setup = replace(self._setup, fusion=replace(fusion, **{key: number}))

    def words(self) -> Sequence[tuple[str, Tone]]:
        if self._setup.words.strip():
            return ()
        return (("Without words there is nothing to fuse.", "warning"),)

    def answer(self) -> HybridSetup:
        if not self._setup.words.strip():
            raise UsageError("say the words to search for")
        return self._setup
