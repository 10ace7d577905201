"""The tree as it stands, without a screen: what is open, read, being read or failed."""

from __future__ import annotations

from console.catalog.records import NameMatch
from console.catalog.tree import TreeNode, found_nodes, object_nodes, roots
from console.errors import Denied
from console.services import Service
from console.ui.screens.schemas.outline import Outline
from console.ui.screens.schemas.views import rows
from tests.support.builders import HOSTILE
from tests.support.catalog import found, relation, schema

SERVICES = (Service(name="event_data", schemas=("event_data",)),)


def outline() -> Outline:
    return Outline(roots([schema(100, "event_data"), schema(102, "scratch", 0)], SERVICES))


def texts(outline: Outline) -> list[str]:
    return [row.cells[0].text for row in rows(outline)]


def node(outline: Outline, key: str) -> TreeNode:
    return next(row.record.record for row in rows(outline) if row.key == key)


TABLES = "service:event_data/schema:100/table"


def opened() -> Outline:
    found = outline()
    found.open(node(found, "service:event_data/schema:100"))
    found.open(node(found, TABLES))
    return found


def test_it_opens_showing_every_schema() -> None:
    assert texts(outline())[:5] == [
        "▾ event_data", "  ▸ event_data", "▾ unassigned", "    scratch", "▸ extensions"]


def test_what_is_below_a_kind_is_read_once() -> None:
    outline = opened()
    tables = node(outline, TABLES)
    assert outline.wants_reading(tables) and "      reading…" not in "\n".join(texts(outline))
    outline.reading(tables)
    assert any("reading…" in text for text in texts(outline))
    outline.read(tables, object_nodes(tables, [relation(1, "events")], 200))
    assert not outline.wants_reading(tables)
    assert "        events" in texts(outline)
    outline.close(tables)
    assert "        events" not in texts(outline)


def test_more_takes_the_place_of_more() -> None:
    outline = opened()
    tables = node(outline, TABLES)
    outline.read(tables, object_nodes(tables, [relation(1, "a"), relation(2, "b")], 2))
    more = node(outline, f"{TABLES}/more")
    outline.read(more, object_nodes(tables, [relation(3, "c")], 2))
    assert [text.strip() for text in texts(outline) if text.strip() in ("a", "b", "c", "more…")] == ["a", "b", "c"]


def test_nothing_after_the_last_full_page_is_no_object_of_its_own() -> None:
    outline = opened()
    tables = node(outline, TABLES)
    outline.read(tables, object_nodes(tables, [relation(1, "a")], 1))
    outline.read(node(outline, f"{TABLES}/more"), object_nodes(tables, [], 1))
    assert [text.strip() for text in texts(outline)][3:5] == ["a", "▾ unassigned"]


def test_an_error_stands_in_its_place_with_its_hint_and_goes_when_tried_again() -> None:
    outline = opened()
    tables = node(outline, TABLES)
    outline.failed(tables, Denied("staging: permission denied for pg_class", hint="GRANT SELECT"))
    shown = " ".join(text.strip() for text in texts(outline))
    assert "permission denied" in shown and "GRANT SELECT" in shown and "enter tries again" in shown
    outline.open(tables)
    assert "permission" not in " ".join(texts(outline))


def test_reading_anew_keeps_open_what_was_open_and_closed_what_was_closed() -> None:
    before = opened()
    before.close(node(before, "unassigned"))
    after = outline()
    after.open_as(before)
    assert [tree_node.key for tree_node in after.unread()] == [TABLES]
    assert "    scratch" not in texts(after)


def test_a_search_says_how_much_it_found_and_knows_the_best() -> None:
    objects: list[NameMatch] = [found("index", 52, "events_idx"), found("table", 1, "events", rank=0)]
    outline = Outline(found_nodes(objects, SERVICES))
    assert outline.found_note() == "2 found"
    assert outline.first_object() == outline.key_of(objects[1])
    assert {row.cells[1].text for row in rows(outline)} >= {"table", "index"}
    assert outline.key_of(found("table", 99, "gone")) is None


def test_any_name_is_one_row() -> None:
    outline = Outline(roots([schema(number, name) for number, name in enumerate(HOSTILE, 1)], ()))
    assert len(rows(outline)) == len(HOSTILE) + 6
