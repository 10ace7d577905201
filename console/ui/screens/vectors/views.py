"""The state as lines: the verdict, what is searched and how, what to do where there is nothing, how measurements and
builds stand; and the SQL of it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

from msgspec.structs import replace

from console.errors import ConsoleError, UsageError
from console.server.info import ServerInfo
from console.sql.elide import elided
from console.sql.quoting import literal
from console.ui import text
from console.ui.host import Host
from console.ui.jobs import Job
from console.ui.keymap import key
from console.ui.screens.vectors.hybrid_state import HybridSetup, HybridState
from console.ui.screens.vectors.indexes_state import IndexesState, IndexReading
from console.ui.screens.vectors.load_state import LoadState
from console.ui.screens.vectors.recall_state import RecallState
from console.ui.screens.vectors.search_params import SearchParams, filter_words
from console.ui.screens.vectors.state import SearchState, VectorsState
from console.vectors import read
from console.vectors.measure import Measurement
from console.vectors.representations import Representation
from console.vectors.search import SearchableColumn, compose, default_metric, fitting, misfit, way
from console.view.plans.tree import trial_words
from console.view.table import Line, Table, Tone
from console.view.vectors import findings, fused, indexes, load, recall
from console.view.vectors import search as view


def verdict(state: SearchState, now: dt.datetime) -> list[Line]:
    """What is said in its place, else what the search brought, through which index, and how good that is."""
    if state.said:
        return list(state.said)
    about, setup = state.subject, state.setup
    if about is None:
        return []
    if state.result is None:
        words = misfit_words(about, setup)
        return [(("nothing searched yet", "strong"), (f" · {words}" if words else "", "warning"))]
    raised = state.result.settings.get("hnsw.ef_search")
    line = view.verdict(state.result, about.indexes,
                        raised or _effective(state, "hnsw.ef_search", setup.options.ef_search),
                        _effective(state, "ivfflat.probes", setup.options.probes))
    words = state.recalls.words(about, setup, state.server, now)
    recall: Line = ((f" · {words}", "dim"),) if words else ()
    return [(*line, *recall), *(((words, tone),) for words, tone in view.notes(state.result)), *_fixes(state)]


def _fixes(state: SearchState) -> list[Line]:
    """The best fix with what came of trying it, and the keys for it and the others."""
    if not state.wants_fixes or state.result is None:
        return []
    if state.fixes is None:
        return [((f"trying what mends it… {key('vectors.cancel')} leaves it", "dim"),)]
    if not state.fixes:
        untried = [reason.fix for reason in state.result.reasons if reason.fix][:1]
        return [((f"perhaps, not tried: {elided(words)}", "accent"),) for words in untried]
    best, *others = state.fixes
    does = {"settings": "searches with it", "index": "writes it as a migration"}.get(best.kind, "takes it to Query")
    if others:
        does = f"chooses among {len(state.fixes)}"
    return [((f"fix: {elided(best.sql)}", "accent"),),
            ((f"{trial_words(best.trial)} · ", "dim"), (key("vectors.fix"), "accent"), (f" {does}, ", "dim"),
             (key("vectors.copy_fix"), "accent"), (" copies", "dim"))]


def _effective(state: SearchState, name: str, chosen: int | None) -> str | None:
    server = state.server.get(name)
    return str(chosen) if chosen is not None else server.setting if server else None


def searching() -> Line:
    return (("searching… ", "strong"), (f"{key('vectors.cancel')} cancels", "dim"))


def cancelled() -> Line:
    return (("cancelled", "warning"),
            (f": {key('vectors.again')} searches again, {key('vectors.ask')} asks for something else", "dim"))


def nothing_found() -> Line:
    return (("nothing found yet", "strong"), (f": {key('vectors.again')} searches again", "dim"))


def nothing_there(state: SearchState, info: ServerInfo | None) -> tuple[str, str]:
    """Why there is nothing to search, and what would change that."""
    database = info.database if info else "this database"
    other, again = f"{key('app.databases')} chooses another database", f"{key('vectors.again')} looks again"
    if info is None or "vector" not in info.extensions:
        return (f"pgvector is not installed in {database}: there is nothing to search",
                "CREATE EXTENSION vector, by a role that may; where the server doesn't know it, the package "
                f"postgresql-NN-pgvector has to be installed first. {other}. {again}.")
    if columns := state.all_columns:
        return (f"the role {info.user} may read none of the {len(columns)} vector columns",
                f"{read.grants(columns[0], info.quoted_user)}. {again}.")
    return (f"no table of {database} has a column of type vector, halfvec, sparsevec or bit(n)",
            f"ALTER TABLE ... ADD COLUMN embedding vector(384). {other}. {again}.")


def how_to_begin() -> str:
    """What there is to press before the first search."""
    ways = ((key("hits.begin"), "searches for what is like a row drawn at random"),
            (key("vectors.ask"), "asks for something: a text, a row of any table, a vector"),
            (key("vectors.column"), "chooses another column"))
    wide = max(len(name) for name, _ in ways)
    return "\n".join(f"{name:{wide}}  {what}" for name, what in ways)


def misfit_words(about: SearchableColumn, setup: SearchParams) -> str:
    """That the chosen metric doesn't fit the index at hand; empty when it does, or there is no index."""
    metric = setup.metric or default_metric(about)
    if setup.options.exact or fitting(about, metric, setup.options) is not None:
        return ""
    told = misfit(metric, read.serving(about.indexes, about.column))
    return told.replace("so the search was exact", "so the search will be exact")


def about(state: SearchState) -> list[Line]:
    """Column, question, settings, SQL in short, and what it took."""
    subject, setup, server = state.subject, state.setup, state.server
    if subject is None:
        return []
    asked = state.asked.words if state.asked is not None else ""
    column = subject.column
    metric = setup.metric or default_metric(subject)
    by = _way(subject, setup)
    index = by.index if by is not None else None
    has_others = any(vector_index.is_usable for vector_index in read.serving(subject.indexes, column))
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
    for name, value in options.more:
        pieces += [(f"  {name} ", "dim"), (value, "accent")]
    if options.exact:
        pieces += [("  exact", "accent")]
    elif by is not None and (by.kind != "vector" or options.by is not None):
        candidates = by.oversampling if options.oversampling is None else options.oversampling
        pieces += [("  by ", "dim"), (by.name, "accent")]
        if by.can_rerank and (by.is_coarse or candidates > 1):
            pieces += [("  oversampling ", "dim"), (f"{candidates}x", "accent" if options.oversampling else "")]
    pieces += _filter_pieces(setup)
    pieces += [("  index ", "dim"), (through, "" if index else "warning")]
    return [first, question, tuple(pieces), *_what_ran(state)]


def _filter_pieces(setup: SearchParams) -> list[tuple[str, Tone]]:
    conditions = [*([setup.where] if setup.where else []), *map(filter_words, setup.filters)]
    return [("  filter ", "dim"), (" and ".join(conditions), "accent")] if conditions else [("  no filter", "dim")]


def _way(about: SearchableColumn, setup: SearchParams) -> Representation | None:
    """The search of the column that the next one goes by; None where it is exact."""
    try:
        return way(about, setup.metric or default_metric(about), setup.options)
    except UsageError:
        return None


def _what_ran(state: SearchState) -> list[Line]:
    """Where the time went, what the index gave, and the statement in short."""
    if state.result is None or state.request is None:
        return []
    counted = view.candidates(state.result)
    composed = compose(state.request)
    sql = composed.core_readable(state.request.vector)
    sql = sql.replace(", ".join(composed.nearest.columns), text.ELLIPSIS, 1)
    sql = elided(sql, shown=0)
    return [(("took ", "dim"), (view.timing(state.result, state.render_ms) + (f" · {counted}" if counted else ""), "")),
            (("SQL ", "dim"), (text.clean(" ".join(sql.split())), "dim"))]


# the Hybrid tab


def with_words(setup: HybridSetup, words: str) -> HybridSetup:
    return replace(setup, words=words.strip())


def how_to_begin_hybrid(state: HybridState) -> str:
    """What a hybrid search is, and what there is to press."""
    if state.shown.subject is None:
        return " "
    if state.error is not None:
        return "\n".join([*state.error.lines()[1:], f"{key('hybrid.ask')} asks for other words, "
                          f"{key('hybrid.options')} changes the options"])
    if state.columns is not None and not state.columns:
        return "this table has no column of type text or tsvector: there are no words to search for"
    return ("A text is searched for twice: by its words and by its vector. Both ranks are fused.\n"
            f"{key('hybrid.begin')}  asks for the words\n"
            f"{key('hybrid.options'):<5}  says in which column, and how much each leg counts")


def hybrid_lines(state: HybridState, *, is_searching: bool) -> list[Line]:
    """The verdict, then what was asked and how it is fused."""
    setup, fusion, column, about = state.setup, state.setup.fusion, state.column, state.shown.subject
    if about is None:
        return []
    if is_searching:
        first: Line = (("searching… ", "strong"), (f"{key('hybrid.stop')} stops", "dim"))
    elif state.error is not None:
        first = ((state.error.summary, "critical"),)
    elif state.is_stopped:
        first = (("stopped", "warning"), (f": {key('hybrid.again')} searches again", "dim"))
    elif state.result is not None:
        first = fused.verdict(state.result)
    else:
        first = (("nothing searched yet", "strong"),)
    where = "no column of words" if column is None and state.columns is not None else \
        f"{column.name}" if column is not None else "…"
    vector = ", the vector is the last search's" if state.has_last_vector else ""
    second: Line = (
        ("words ", "dim"), (f'"{setup.words}"' if setup.words else "none yet", "strong" if setup.words else "dim"),
        (" in ", "dim"), (where, ""), (vector, "warning"),
        ("  weights ", "dim"), (f"vector {fusion.vector_weight:g}, words {fusion.text_weight:g}", "accent"),
        ("  rrf k ", "dim"), (str(fusion.rrf_k), ""), ("  depth ", "dim"), (str(fusion.depth), ""))
    third: Line = (
        ("vector ", "dim"), (about.column.label, ""), *_filter_pieces(state.shown.setup))
    found = state.result if not is_searching else None
    warnings = [words for words in found.warnings if not words.startswith("the vector's leg")] if found else []
    return [first, second, third, *(((elided(words), "warning"),) for words in warnings[:2])]


# the Load tab


def how_to_load(state: LoadState) -> str:
    """What is measured, and what there is to press."""
    if state.shown.subject is None:
        return " "
    if state.error is not None:
        return "\n".join(state.error.lines()[1:]) or f"{key('load.measure')} measures again"
    return ("How many searches a second the server answers when several clients search at once, and how fast.\n"
            f"{key('load.measure')}  asks which load, and puts it on the server")


def load_lines(state: LoadState, now_s: float) -> list[Line]:
    """How far it is, how it ended, or what was measured; below it the search that it is about."""
    about = state.shown.subject
    if about is None:
        return []
    if state.clients is not None:
        first = load.running(state.clients, state.setup.clients, state.setup.seconds, now_s - state.began_s,
                             key("load.stop"))
    elif state.error is not None:
        first = ((state.error.summary, "critical"),)
    elif state.is_stopped:
        first = (("stopped", "warning"), (f": {key('load.measure')} measures again", "dim"))
    elif state.done is not None:
        first = load.verdict(state.done)
    else:
        first = (("no load was measured yet", "strong"),)
    told = state.told if state.done is not None else state.words
    lines: list[Line] = [first, (("search ", "dim"), (about.column.label, "strong"), (f"  {told}", ""))]
    return lines + [((words, "dim"),) for words in (state.done.warnings if state.done is not None else ())]


# the Recall tab


def nothing_measured() -> Table:
    return Table((), (), "nothing measured yet for this column, metric, k and condition: "
                         f"{key('recall.measure')} measures, {key('recall.options')} says what")


def recall_line(state: RecallState, now_s: float, now: dt.datetime) -> Line:
    """How far the measurement is, how it ended, what is known, or what would be measured."""
    if (progress := state.progress) is not None:
        return recall.progress_line(progress.phase, progress.done, progress.total, now_s - state.began_s, key)
    if state.error is not None:
        return error_line(state.error)
    if state.is_stopped:
        return ((" stopped", "warning"), (f": {key('recall.measure')} measures again", "dim"))
    if (found := state.recalled) is not None:
        return recall.headline(found.done.recommendation, found.at, now)
    setup = state.setup
    return ((f" recall@{state.shown.setup.k}", "strong"),
            (f" of {setup.queries} queries, {setup.sample}, target {setup.target:g}", "dim"))


def recall_notes(done: Measurement, sample: str) -> list[Line]:
    """Under what conditions it was measured, the SQL that sets what is recommended, and warnings."""
    index = done.index.name if done.index else "no index"
    cached = ", truth from the cache" if done.is_truth_cached else ""
    lines: list[Line] = [((f" {done.queries} queries ({sample}), seed {done.plan.seed}, {index}; one client, "
                           f"warm cache, timed here{cached}", "dim"),)]
    lines += [((f" {sql};", "accent"),) for sql in done.recommendation.sql[:3]]
    lines += [((f" {words}", "warning" if "left the index" in words or "fewer than" in words else "dim"),)
              for words in done.warnings[:2]]
    return lines


def error_line(error: ConsoleError, tone: Tone = "critical") -> Line:
    return ((f" {error.summary}", tone), (f": {error.hint}" if error.hint else "", ""))


# the Indexes tab


def index_line(state: IndexesState, run: Job | None, host: Host) -> Line:
    """How the build stands, what was said last, or how the column's indexes are."""
    if run is not None and not run.is_over:
        elsewhere = "" if run.target == host.connection.label else f" on {run.target}"
        return indexes.step_line(run.title + elsewhere, run.standing.step, host.runs.elapsed_s(run))
    found = state.found
    if state.told or found is None:
        return state.told
    return indexes.verdict(found.column, found.indexes, found.building,
                           [version.sentence for version in found.versions], key)


def index_notes(found: IndexReading | None, run: Job | None) -> list[tuple[str, Tone]]:
    """What the build said and how it ended, then advice about the column."""
    words: list[tuple[str, Tone]] = []
    if run is not None:
        words += run.standing.told[-6:]
        if not run.is_over and run.standing.step is not None:
            words += [(f"waits for {indexes.blocker_words(blocker)}", "warning")
                      for blocker in run.standing.step.blockers]
        if run.is_over:
            words += [(f"{run.title}: {run.log.outcome[0][0]}", run.log.outcome[0][1]), *run.log.outcome[1:3]]
        words.append(("", ""))
    if found is not None:
        for version in (*found.versions, *found.advice):
            words.append((f"{version.sentence}.", ""))
            if version.sql:
                words.append((f"  {version.sql}", "accent"))
        reasons = list(dict.fromkeys(index.why_not for index in found.indexes if index.why_not))
        words += [(f"Unknown: {reason}", "dim") for reason in reasons[:2]]
    return words


# the SQL


def statement(state: VectorsState) -> str | None:
    """The search alone, with the vector in it."""
    if state.result is not None:
        return state.result.sql
    return compose(state.request).readable if state.request is not None else None


def settings(state: VectorsState) -> list[str]:
    """The SET LOCAL of each setting that this search has and the server hasn't."""
    if state.request is None:
        return []
    return _set_local(state.result.settings if state.result is not None else compose(state.request).settings)


def _set_local(settings: Mapping[str, str]) -> list[str]:
    return [f"SET LOCAL {name} = {literal(value)}" for name, value in settings.items()]


def transaction(search: str, settings: Mapping[str, str]) -> str:
    """The statement; with settings of its own in the transaction that they hold in."""
    return ";\n".join(["BEGIN READ ONLY", *_set_local(settings), search, "COMMIT"]) + ";" if settings else search


def script(state: VectorsState) -> str | None:
    """The transaction as psql would run it."""
    search = statement(state)
    if search is None:
        return None
    lines = ["BEGIN READ ONLY", *settings(state), search, "COMMIT"]
    return ";\n".join(lines) + ";"
