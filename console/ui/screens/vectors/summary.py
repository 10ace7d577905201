"""The lines above the tabs: what is searched, for what, and how."""

from __future__ import annotations

from collections.abc import Mapping

from textual.geometry import Size

from console.sql.elide import elided
from console.ui import text
from console.ui.screens.vectors.pages import VectorsState
from console.ui.screens.vectors.search_params import filter_words
from console.ui.widgets.painting import Lines
from console.ui.widgets.paper import wrapped
from console.vectors import read
from console.vectors.records import SearchSetting
from console.vectors.search import compose, default_metric, fitting
from console.view.table import Line, Tone
from console.view.vectors import findings
from console.view.vectors import search as view

MOST_TOLD = 6


class Told(Lines):
    """The verdict and what there is to know, wrapped, as high as they need."""

    def show(self, *content: Line) -> None:
        self._content = content
        self._strips = ()
        self.refresh(layout=True)

    def lines(self, width: int, height: int) -> list[Line]:
        return [line for pair in self._content for line in wrapped(pair, max(20, width), 2)][:MOST_TOLD]

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        return max(1, len(self.lines(width, 0)))


def about_lines(state: VectorsState, asked: str, render_ms: float | None,
                server: Mapping[str, SearchSetting]) -> list[Line]:
    """Column, question, settings, SQL in short, and what it took."""
    about, setup = state.subject, state.setup
    if about is None:
        return []
    column = about.column
    metric = setup.metric or default_metric(about)
    index = fitting(about, metric)
    has_others = any(vector_index.is_usable for vector_index in read.serving(about.indexes, column))
    through = f"{index.name} ({index.method})" if index else "none for this metric" if has_others else \
        "none: every search is exact"
    first: Line = (("column ", "dim"), (column.label, "strong"), (f"  {findings.column_words(column)}", ""),
                   (f"  {column.comment}" if column.comment else "", "dim"))
    question: Line = (("search ", "dim"), (asked or "nothing yet", "strong" if asked else "dim"))
    pieces: list[tuple[str, Tone]] = [
        ("metric ", "dim"), (metric.title, ""), ("  k ", "dim"), (str(setup.k), "")]
    if setup.offset:
        pieces += [("  offset ", "dim"), (str(setup.offset), "accent")]
    options = setup.options
    for name, value, guc in (
            ("ef_search", options.ef_search, "hnsw.ef_search" if index and index.method == "hnsw" else None),
            ("probes", options.probes, "ivfflat.probes" if index and index.method == "ivfflat" else None),
            ("iterative", options.iterative_scan, f"{index.method}.iterative_scan" if index else None),
            ("max_scan_tuples", options.max_scan_tuples, None)):
        if value is not None:
            pieces += [(f"  {name} ", "dim"), (str(value), "accent")]
        elif guc is not None and guc in server:
            pieces += [(f"  {name} ", "dim"), (server[guc].setting, "")]
    if options.exact:
        pieces += [("  exact", "accent")]
    conditions = [*([setup.where] if setup.where else []), *map(filter_words, setup.filters)]
    pieces += [("  filter ", "dim"), (" and ".join(conditions), "accent")] if conditions else [("  no filter", "dim")]
    pieces += [("  index ", "dim"), (through, "" if index else "warning")]
    return [first, question, tuple(pieces), *_what_ran(state, render_ms)]


def _what_ran(state: VectorsState, render_ms: float | None) -> list[Line]:
    """Where the time went, what the index gave, and the statement in short."""
    if state.result is None or state.request is None:
        return []
    counted = view.candidates(state.result)
    composed = compose(state.request)
    sql = composed.readable.replace(", ".join(composed.nearest.columns), text.ELLIPSIS, 1)
    sql = elided(sql, shown=0)
    return [(("took ", "dim"), (view.timing(state.result, render_ms) + (f" · {counted}" if counted else ""), "")),
            (("SQL ", "dim"), (text.clean(" ".join(sql.split())), "dim"))]
