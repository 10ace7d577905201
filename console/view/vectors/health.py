"""A vector column's health as lines for people and as a document for programs. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import asdict

from console.text import format as fmt
from console.vectors.health.records import ColumnHealth, HealthFinding, IndexSight, Norms, Share
from console.view.bars import bar, sparkline
from console.view.table import LETTERS, Line, Tone

BAR_CELLS = 20
_TONES: dict[str, Tone] = {"critical": "critical", "warning": "warning", "info": ""}


def verdict(health: ColumnHealth, found: Sequence[HealthFinding]) -> Line:
    """The worst first, and how much was looked at."""
    looked: tuple[str, Tone] = (f"   {scope(health)}", "dim")
    if not health.rows:
        return ((" the table is empty", "warning"), looked)
    worst = next((finding for finding in found if finding.severity != "info"), None)
    if worst is None:
        more = f"; {fmt.plural(len(found), 'thing')} to know" if found else ""
        return ((f" nothing wrong was found{more}", "ok"), looked)
    others = sum(finding.severity != "info" for finding in found) - 1
    more = f"; {others} more" if others else ""
    return ((f" {worst.sentence}{more}", _TONES[worst.severity]), looked)


def scope(health: ColumnHealth) -> str:
    """How much was looked at: `all 12 480 rows`, or `10 012 rows on 800 random pages of about 2.1 M rows`."""
    if not health.is_sampled:
        return f"all {fmt.count(health.rows)} rows looked at"
    estimate = "" if health.row_estimate is None else f" of about {fmt.count(health.row_estimate)} rows"
    return f"{fmt.count(health.rows)} rows on {fmt.count(health.pages)} random pages{estimate}; 95 % intervals"


def lines(health: ColumnHealth, found: Sequence[HealthFinding]) -> list[tuple[int, Line]]:
    """The findings and then the facts, each with the indentation of its continuations."""
    result: list[tuple[int, Line]] = []
    for finding in found:
        letter = LETTERS.get(finding.severity, "i")
        result.append((3, ((f" {letter} ", _TONES[finding.severity]), (finding.sentence, _TONES[finding.severity]))))
        if finding.fix:
            result.append((3, (("   ", ""), (finding.fix, "dim"))))
    if found:
        result.append((0, (("", ""),)))
    for title, line in facts(health):
        result.append((18, ((f" {title:<17}", "dim"), *line)))
    for note in health.notes:
        result.append((18, ((f" {'not known':<17}", "dim"), (note, "unknown"))))
    return result


def facts(health: ColumnHealth) -> list[tuple[str, Line]]:
    """What was seen, a title and a line each."""
    found: list[tuple[str, Line]] = [
        ("NULL", _share(health.nulls)), ("zero vectors", _share(health.zeros)),
        ("NaN, infinity", _share(health.not_finite))]
    if health.column.type_name != "bit":
        found.append(("no cosine", (*_share(health.not_comparable), ("  besides zero vectors", "dim"))))
    found += _norm_facts(health.norms)
    found += _alike(health)
    found.append(("dimensions", (_dimensions(health),)))
    found += [("seen by an index", _sight(sight)) for sight in health.indexes]
    if not health.indexes:
        found.append(("indexes", (("none that is valid: every search is exact", ""),)))
    dead = health.dead_share
    words: tuple[str, Tone] = ("unknown", "unknown") if dead is None else \
        (f"{fmt.count(health.dead_rows)} ({fmt.share(dead)})", "")
    found.append(("dead rows", (words, ("  by the statistics, until VACUUM", "dim"))))
    found += [("gone from graph", ((f"{graph.dead.words} of {graph.index}", ""),
                              (f"  {fmt.count(graph.pages)} of {fmt.count(graph.all_pages)} pages read", "dim")))
              for graph in health.graphs]
    found.append(("storage", (_storage(health),)))
    return found


def _share(share: Share) -> Line:
    return ((share.words, "warning" if share.count else ""),)


def _norm_facts(norms: Norms | None) -> list[tuple[str, Line]]:
    if norms is None:
        return []
    share = norms.not_unit
    if not share.count:
        words = "yes" if share.is_exact else f"yes, as far as was looked (at most {fmt.share(share.high)} are not)"
    elif share.count == share.rows:
        words = "no"
    else:
        words = f"{share.words} are not"
    if norms.most - norms.least <= norms.tolerance:
        return [("normalised", ((words, ""),)), ("length", ((f"all are {fmt.number(norms.median)} long", ""),))]
    most = max(norms.heights)
    drawn = sparkline([float(height) for height in norms.heights], float(most))
    return [("normalised", ((words, ""),)),
            ("length", ((f"{fmt.number(norms.lowest)} ", ""), (drawn, "accent"), (f" {fmt.number(norms.highest)}", ""),
                        (f"  median {fmt.number(norms.median)}, from {fmt.number(norms.least)} to "
                         f"{fmt.number(norms.most)}", "dim")))]


def _alike(health: ColumnHealth) -> list[tuple[str, Line]]:
    found = health.neighbours
    if found is None:
        return []
    through = f"through {found.index_used}, which may miss some" if found.index_used else "by exact search"
    within = "different bits" if found.metric.name == "hamming" else f"{found.metric.title} distance"
    return [("duplicates", ((f"{found.identical.words}", "warning" if found.identical.count else ""),
                            (f"  {fmt.count(found.identical.rows)} rows drawn, {through}", "dim"))),
            ("near-duplicates", ((f"{found.near.words}", "warning" if found.near.count else ""),
                                 (f"  within {fmt.number(found.threshold)} {within}", "dim")))]


def _dimensions(health: ColumnHealth) -> tuple[str, Tone]:
    if health.column.dimensions is not None:
        return f"{health.column.dimensions}, by the column's type", ""
    if not health.dimensions:
        return "unknown: there is no vector", "unknown"
    listed = ", ".join(f"{size} ({fmt.count(number)})" for size, number in health.dimensions[:6])
    return f"{listed}: the column's type says nothing", "warning" if len(health.dimensions) > 1 else ""


def _sight(sight: IndexSight) -> Line:
    name: tuple[str, Tone] = (f"  {sight.index.name}", "dim")
    if sight.unseen is None:
        return ((f"unknown: {sight.why_not}", "unknown"), name)
    if not sight.unseen.rows:
        return (("no rows", ""), name)
    if not sight.unseen.count:
        return (("all rows" if sight.unseen.is_exact else sight.unseen.words + " is missing", ""), name)
    words = f"not there: {sight.unseen.words}"
    condition = f"  WHERE {sight.index.predicate}" if sight.index.predicate else ""
    return ((f"{bar(1 - sight.unseen.value, BAR_CELLS)} ", "accent"), (words, "" if condition else "warning"),
            name, (condition, "dim"))


def _storage(health: ColumnHealth) -> tuple[str, Tone]:
    each = "unknown" if health.stored_bytes is None else f"{fmt.size(health.stored_bytes)} a vector"
    pages = health.heap_pages + health.toast_pages
    outside = f", {fmt.share(health.toast_pages / pages)} of the table's pages are TOAST" if pages else ""
    return f"{health.column.storage}, {each}{outside}", ""


def document(health: ColumnHealth, found: Sequence[HealthFinding]) -> dict[str, object]:
    """As `dbconsole vectors health --json` writes it; shares are from 0 to 1, null is unknown."""
    norms, near = health.norms, health.neighbours
    return {
        "column": health.column.label, "type": health.column.type_name, "rows": health.rows, "pages": health.pages,
        "sampled": health.is_sampled, "row_estimate": health.row_estimate,
        "findings": [asdict(finding) for finding in found],
        "nulls": _document(health.nulls), "zeros": _document(health.zeros),
        "not_finite": _document(health.not_finite), "not_comparable": _document(health.not_comparable),
        "norms": None if norms is None else {
            "not_unit": _document(norms.not_unit), "tolerance": norms.tolerance, "median": norms.median,
            "least": norms.least, "most": norms.most, "histogram": {
                "from": norms.lowest, "to": norms.highest, "counts": list(norms.heights)}},
        "duplicates": None if near is None else {
            "identical": _document(near.identical), "near": _document(near.near), "metric": near.metric.name,
            "within": near.threshold, "index_used": near.index_used},
        "dimensions": {str(size): number for size, number in health.dimensions},
        "indexes": [{"name": sight.index.name, "unseen": None if sight.unseen is None else _document(sight.unseen),
                     "nulls": sight.nulls, "zeros": sight.zeros, "excluded": sight.excluded,
                     "condition": sight.index.predicate, "why_not": sight.why_not} for sight in health.indexes],
        "dead_rows": health.dead_rows, "dead_share": health.dead_share,
        "graphs": [{"index": graph.index, "dead": _document(graph.dead), "pages": graph.pages,
                    "all_pages": graph.all_pages} for graph in health.graphs],
        "storage": {"kind": health.column.storage, "bytes": health.stored_bytes, "heap_pages": health.heap_pages,
                    "toast_pages": health.toast_pages},
        "notes": list(health.notes), "took_s": round(health.took_s, 3)}


def _document(share: Share) -> dict[str, object]:
    return {"count": share.count, "rows": share.rows, "share": share.value, "low": share.low, "high": share.high}
