"""Bloat in words: what of a relation is nothing, and what would bring it back."""

from __future__ import annotations

from console.metrics.records.tables import BloatEstimate, IndexLeaves, TableTuples
from console.text import format as fmt
from console.view.table import KeyName, Tone

Paragraphs = list[tuple[str, Tone]]

LOOSE_PERCENT = 50
"""Leaves filled less than this are worth building anew; a fresh B-tree has 90."""


def estimated(found: BloatEstimate, again: str, key: KeyName) -> Paragraphs:
    """An estimate; `again` is the statement that writes the relation anew."""
    rows = "for nobody knows how many rows" if found.estimated_rows is None \
        else f"for about {fmt.plural(found.estimated_rows, 'row')}"
    lines: Paragraphs = [(f"{fmt.size(found.total_bytes)} {rows}", "")]
    if found.packed_bytes is None or found.wasted_bytes is None:
        return [*lines, ("", ""), ("nothing can be estimated: the statistics of a column are missing or hidden from "
                                   "this role, or they don't tell (expressions)", "dim"),
                (f"ANALYZE the table, or count it exactly: {key('bloat.count')}", "dim")]
    share = 100 * found.wasted_bytes / found.total_bytes if found.total_bytes else 0.0
    tone: Tone = "warning" if share >= LOOSE_PERCENT else "strong"
    packed = fmt.size(found.packed_bytes)
    lines += [(f"about {packed} if it were written anew (fillfactor {found.fill_percent})", "dim"), ("", ""),
              (f"estimated bloat {fmt.size(found.wasted_bytes)} ({fmt.percent(round(share, 1))})", tone)]
    age = "never since the statistics began" if found.analyzed_age_s is None else \
        f"{fmt.duration(found.analyzed_age_s)} ago"
    lines += [("", ""), (f"by the widths that ANALYZE found ({age}); {key('bloat.count')} counts exactly, reading "
                         "every page", "dim")]
    if share >= LOOSE_PERCENT:
        lines += [("", ""), (again, "accent")]
    return lines


def counted_table(found: TableTuples, again: str) -> Paragraphs:
    """What pgstattuple counted."""
    total, lost = max(1, found.total_bytes), found.dead_bytes + found.free_bytes

    def part(size: int) -> str:
        return f"{fmt.size(size)} ({fmt.percent(round(100 * size / total, 1))})"

    lines: Paragraphs = [
        (f"{fmt.size(found.total_bytes)} in all", ""),
        (f"{part(found.live_bytes)} in {fmt.plural(found.live_rows, 'live row')}", ""),
        (f"{part(found.dead_bytes)} in {fmt.plural(found.dead_rows, 'dead row')}: the next vacuum frees it", ""),
        (f"{part(found.free_bytes)} free for new rows", "")]
    if 100 * lost >= LOOSE_PERCENT * total:
        lines += [("", ""), (f"{fmt.size(lost)} would come back to the disk only by writing it anew:", "warning"),
                  (again, "accent")]
    return lines


def counted_index(found: IndexLeaves, again: str) -> Paragraphs:
    """What pgstatindex counted."""
    lines: Paragraphs = [
        (f"{fmt.size(found.total_bytes)}, {fmt.plural(found.leaf_pages, 'leaf page')}", ""),
        (f"{fmt.plural(found.empty_pages, 'page')} empty, {fmt.count(found.deleted_pages)} deleted", "dim")]
    if found.leaf_density_percent is not None:
        is_loose = found.leaf_density_percent < LOOSE_PERCENT
        lines.append((f"leaves are {fmt.percent(found.leaf_density_percent)} full (90 % when built anew)",
                      "warning" if is_loose else "strong"))
        if is_loose:
            lines += [("", ""), (again, "accent")]
    if found.fragmentation_percent is not None:
        lines.append((f"{fmt.percent(found.fragmentation_percent)} of them don't follow each other on disk", "dim"))
    return lines
