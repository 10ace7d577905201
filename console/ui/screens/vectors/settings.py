"""All that can be set for a search as a list: enter changes a line, x takes it back, escape searches with it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from msgspec.structs import replace
from textual.app import ComposeResult

from console.errors import UsageError
from console.ui.bindings import bindings
from console.ui.dialogs.choose import Choice, ChooseDialog
from console.ui.dialogs.dialog import Dialog, Words
from console.ui.screens.vectors import views
from console.ui.screens.vectors.dialogs import PromptDialog, where_dialog
from console.ui.screens.vectors.search_params import SearchParams, filter_words
from console.ui.widgets.record_table import RecordTable
from console.vectors.filters import OPERATORS, UNARY, Filter
from console.vectors.metrics import BY_NAME, metrics_of_type
from console.vectors.records import SearchSetting, VectorIndex
from console.vectors.representations import MOST_OVERSAMPLING, Representation
from console.vectors.search import ITERATIVE, MAX_K, SearchableColumn, default_metric, fitting, way
from console.view.table import Cell, Column, Row, Table, Tone

_COLUMNS = (Column("name", "", fixed=True, minimum=16), Column("value", "", minimum=14, maximum=38, flexible=True),
            Column("note", "", maximum=60, priority=1))
_GUCS = {"ef_search": "hnsw.ef_search", "probes": "ivfflat.probes", "max_scan_tuples": "hnsw.max_scan_tuples"}
_RANGES = {"k": (1, MAX_K), "oversampling": (1, MOST_OVERSAMPLING),
           "offset": (0, 10_000_000), "ef_search": (1, 1000), "probes": (1, 32768),
           "max_scan_tuples": (1, 2**31 - 1)}


class SettingsDialog(Dialog[SearchParams]):
    """Answers with the setup as it is when the dialog is left."""

    HINT = (("table.choose", "change"), "search_options.take_back", ("dialog.leave", "search with these"))
    BINDINGS = bindings("search_options")
    width = 100

    def __init__(self, about: SearchableColumn, setup: SearchParams, server: Mapping[str, SearchSetting],
                 embedders: Sequence[str],
                 select: str = "metric") -> None:
        super().__init__(f"Search of {about.column.label}")
        self._about = about
        self.setup = setup
        self._server = server
        self._embedders = embedders
        self._select = select

    def body(self) -> ComposeResult:
        table = RecordTable(self._rows(), show_header=False)
        table.select(self._select)
        table.styles.height = min(len(table.table.rows), max(4, self.app.size.height - 8))
        yield table
        yield Words(id="warning")

    def on_mount(self) -> None:
        self._show()

    def action_leave(self) -> None:
        self.dismiss(self.setup)

    @property
    def table(self) -> RecordTable:
        return self.query_one(RecordTable)

    # what it shows

    def _show(self) -> None:
        table = self.table
        table.show(self._rows())
        table.styles.height = min(len(table.table.rows), max(4, self.app.size.height - 8))
        words = views.misfit_words(self._about, self.setup)
        self.query_one(Words).say(*(((words, "warning"),) if words else ()))

    def _rows(self) -> Table:
        setup, options = self.setup, self.setup.options
        metric = setup.metric or default_metric(self._about)
        by = self._way()
        index = by.index if by is not None else None
        through = f"index {index.name}" if index else "no index serves it: exact"
        rows = [("metric", "metric", f"{metric.title} ({metric.operator})", through, setup.metric is not None)]
        if len(self._about.searches) > 1 or (by is not None and by.can_rerank):
            name, words = (by.name, by.words) if by is not None else ("no index", "")
            rows.append(("by", "search by", name, words, options.by is not None))
        if by is not None and by.can_rerank:
            usual = by.oversampling
            rows.append(("oversampling", "oversampling", str(options.oversampling or usual),
                         "candidates a row wanted that are ranked again", options.oversampling is not None))
        rows += [
            ("k", "k", str(setup.k), "how many rows", setup.k != 10),
            ("offset", "offset", str(setup.offset), "leaves out the first", setup.offset != 0),
            ("where", "where", setup.where or "-", "a condition in SQL", setup.where is not None)]
        rows += [(f"filter {place}", "filter", filter_words(filter_), "a typed parameter", True)
                 for place, filter_ in enumerate(setup.filters)]
        rows += [
            ("filter", "add a filter", "…", "column, operator, value", False),
            ("columns", "columns", ", ".join(setup.columns) if setup.columns is not None else "all but vectors",
             "to show", setup.columns is not None),
            self._guc("ef_search", options.ef_search, "hnsw: candidates looked at"),
            self._guc("probes", options.probes, "ivfflat: lists looked at"),
            ("iterative_scan", "iterative scan", options.iterative_scan or self._iterative(index),
             "goes on until k rows passed the filter", options.iterative_scan is not None),
            self._guc("max_scan_tuples", options.max_scan_tuples, "where an iterative scan gives up"),
            ("exact", "exact", "yes" if options.exact else "no", "without the index", options.exact)]
        if options.more:
            rows.append(("more", "of a fix", ", ".join(f"{name} = {value}" for name, value in options.more),
                         "other settings for this search", True))
        if self._embedders:
            question = setup.question
            chosen = question.embedder if question and question.embedder else "the column's own"
            rows.append(("embedder", "embedder", chosen, "text to vector", bool(question and question.embedder)))
        return Table(_COLUMNS, tuple(
            Row(key, (Cell(name), Cell(value, _tone(is_set)), Cell(note, "dim"))) for key, name, value, note, is_set
            in rows))

    def _way(self) -> Representation | None:
        """The search of the column that is meant; None where it is exact."""
        metric = self.setup.metric or default_metric(self._about)
        try:
            return way(self._about, metric, self.setup.options)
        except UsageError:
            return None

    def _guc(self, name: str, value: int | None, note: str) -> tuple[str, str, str, str, bool]:
        server = self._server.get(_GUCS[name])
        usual = f"{server.setting} (server)" if server else "not known to this pgvector"
        return name, name, usual if value is None else str(value), note, value is not None

    def _iterative(self, index: VectorIndex | None) -> str:
        server = self._server.get(f"{index.method if index else 'hnsw'}.iterative_scan")
        return f"{server.setting} (server)" if server else "not known: pgvector 0.8 has it"

    # changing

    def on_record_table_row_chosen(self, event: RecordTable.RowChosen) -> None:
        self._change(event.row.key)

    def _change(self, key: str) -> None:
        setup, options, table = self.setup, self.setup.options, self._about.column
        match key:
            case "metric":
                choices = [Choice(metric.name, f"{metric.title} ({metric.operator})",
                                  getattr(fitting(self._about, metric), "name", "no index: exact"))
                           for metric in metrics_of_type(table.type_name)]
                self._choose("Metric", choices, (setup.metric or default_metric(self._about)).name,
                             lambda name: self._set(metric=BY_NAME[name]))
            case "k" | "offset":
                self._number(key, str(getattr(setup, key)), lambda number: self._set(**{key: number}))
            case "by":
                self._choose("Search by", [Choice(each.name, each.name, f"{each.words}: {each.index.name}")
                                           for each in self._about.searches],
                             getattr(self._way(), "name", None), self._by)
            case "oversampling":
                by = self._way()
                self._number(key, str(options.oversampling or (by.oversampling if by else 1)),
                             lambda number: self._option(oversampling=number))
            case "ef_search" | "probes" | "max_scan_tuples":
                value = getattr(options, key)
                self._number(key, "" if value is None else str(value), lambda number: self._option(**{key: number}))
            case "iterative_scan":
                self._choose("Iterative scan", [Choice(text, text) for text in ITERATIVE],
                             options.iterative_scan or "off", lambda mode: self._option(iterative_scan=mode))
            case "exact" | "more":
                self._option(**({"more": ()} if key == "more" else {"exact": not options.exact}))
            case "where":
                self.app.push_screen(where_dialog(table, setup.where), self._taken(
                    lambda words: self._set(where=words.strip() or None)))
            case "columns":
                self._columns()
            case "embedder":
                self._choose("Embedder", [Choice(embedder, embedder) for embedder in self._embedders], None,
                             self._embedder)
            case "filter":
                self._filter()
            case _:
                self._filter(int(key.split()[1]))

    def action_take_back(self) -> None:
        row = self.table.row
        if row is None:
            return
        match row.key:
            case "k":
                self._set(k=10)
            case "offset":
                self._set(offset=0)
            case "metric" | "where" | "columns":
                self._set(**{row.key: None})
            case "exact":
                self._option(exact=False)
            case "more":
                self._option(more=())
            case "ef_search" | "probes" | "iterative_scan" | "max_scan_tuples" | "by" | "oversampling":
                self._option(**{row.key: None})
            case "embedder":
                self._embedder(None)
            case key if key.startswith("filter "):
                place = int(key.split()[1])
                self._set(filters=(*self.setup.filters[:place], *self.setup.filters[place + 1:]))

    def _set(self, **changes: Any) -> None:
        self.setup = replace(self.setup, **changes)
        self._show()

    def _option(self, **changes: Any) -> None:
        self._set(options=replace(self.setup.options, **changes))

    def _by(self, name: str) -> None:
        """The search of that name; by its own metric, where the chosen one isn't served by it."""
        found = next(each for each in self._about.searches if each.name == name)
        if not found.serves(self.setup.metric or default_metric(self._about)):
            self._set(metric=found.metric)
        self._option(by=name, oversampling=None)

    def _embedder(self, name: str | None) -> None:
        if self.setup.question is not None:
            self._set(question=replace(self.setup.question, embedder=name))

    def _taken(self, take: Any) -> Any:
        def answered(answer: Any) -> None:
            if answer is not None:
                take(answer)
        return answered

    def _choose(self, title: str, choices: Sequence[Choice], current: str | None, take: Any) -> None:
        self.app.push_screen(ChooseDialog(title, choices, current=current), self._taken(take))

    def _number(self, name: str, value: str, take: Any) -> None:
        lowest, highest = _RANGES[name]

        def check(text: str) -> str | None:
            if not text.strip() and name in _GUCS:
                return None
            good = text.strip().isdecimal() and lowest <= int(text) <= highest
            return None if good else f"a whole number from {lowest} to {highest}"

        hint = "empty: as the server has it" if name in _GUCS else f"from {lowest} to {highest}"
        self.app.push_screen(PromptDialog(name, value, hint=hint, check=check), self._taken(
            lambda text: take(int(text) if text.strip() else None)))

    def _columns(self) -> None:
        names = [column.name for column in self._about.shown]

        def check(text: str) -> str | None:
            unknown = [item for item in _listed(text) if item not in names]
            return f"there is no column {unknown[0]}: {', '.join(names)}" if unknown else None

        shown = self.setup.columns
        self.app.push_screen(
            PromptDialog("Columns to show", ", ".join(shown) if shown is not None else "", check=check,
                      hint=f"separated by commas; empty for all but vectors. There are: {', '.join(names)}"),
            self._taken(lambda text: self._set(columns=tuple(_listed(text)) or None)))

    def _filter(self, place: int | None = None) -> None:
        """Column, operator, value, one after the other."""
        before = self.setup.filters[place] if place is not None else None

        def with_column(column: str) -> None:
            self._choose(f"{column} …", [Choice(operator, operator) for operator in OPERATORS], before.operator
                         if before else "=",
                         lambda operator: with_operator(column, operator))

        def with_operator(column: str, operator: str) -> None:
            if operator in UNARY:
                put(Filter(column, operator))
                return
            several = operator == "in"
            value = ", ".join(before.values) if before else ""
            self.app.push_screen(
                PromptDialog(f"{column} {operator}", value, hint="values separated by commas" if several else
                          "% stands for anything" if "like" in operator else f"a {kinds[column]}"),
                self._taken(lambda text: put(Filter(column, operator, tuple(
                    part.strip() for part in text.split(",")) if several else (text,)))))

        def put(filter_: Filter) -> None:
            filters = list(self.setup.filters)
            if place is None:
                filters.append(filter_)
            else:
                filters[place] = filter_
            self._set(filters=tuple(filters))

        kinds = {shown_column.name: shown_column.type for shown_column in self._about.shown}
        self._choose("Filter by", [Choice(name, name, kind) for name, kind in kinds.items()],
                     before.column if before else None, with_column)


def _tone(is_set: bool) -> Tone:
    return "accent" if is_set else ""


def _listed(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]
