"""The tree's shape: pure."""

from __future__ import annotations

from msgspec.structs import replace

from console.catalog.records import Kind, NameMatch, Relation, Routine, Schema
from console.catalog.tree import DATABASE_KINDS, Rest, found_nodes, object_nodes, roots
from console.services import Service

EMPTY = Schema(1, "app", "me", None, None, False, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)


def schema(oid: int, name: str, **counts: int) -> Schema:
    return replace(EMPTY, oid=oid, name=name, **counts)


def relation(oid: int, name: str, **words: bool) -> Relation:
    return Relation(oid, "app", name, "r", None, False, words.get("has_partitions", False), None, False)


def test_without_services_schemas_stand_at_the_top() -> None:
    nodes = roots([schema(1, "app", tables=2), schema(2, "void")], [])
    assert [node.name for node in nodes[:2]] == ["app", "void"]
    assert [node.kind for node in nodes[2:]] == list(DATABASE_KINDS)
    assert [(kind.name, kind.count, kind.is_lazy) for kind in nodes[0].children or ()] == [("tables", 2, True)]


def test_every_schema_shows_below_its_service_or_unassigned() -> None:
    services = [Service(name="a", schemas=("app", "app_log")), Service(name="b", schemas=("nowhere",))]
    nodes = roots([schema(1, "app"), schema(2, "app_log"), schema(3, "stray")], services)
    assert [(node.name, node.count, node.is_open) for node in nodes[:3]] == [
        ("a", 2, True), ("b", 0, True), ("unassigned", 1, True)]
    assert [node.name for node in nodes[1].children or ()] == ["not in this database: nowhere"]
    keys = [node.key for top in nodes for node in (top, *(top.children or ()))]
    assert len(keys) == len(set(keys))


def test_a_full_page_ends_with_more() -> None:
    parent = (roots([schema(1, "app", tables=9)], [])[0].children or ())[0]
    page = [relation(10, "a"), relation(11, "b", has_partitions=True)]
    nodes = object_nodes(parent, page, page_size=2)
    assert [(node.name, node.is_lazy) for node in nodes] == [("a", False), ("b", True), ("more", True)]
    assert nodes[-1].record == Rest(parent, page[-1])
    assert [node.name for node in object_nodes(parent, page, page_size=3)] == ["a", "b"]
    assert object_nodes(parent, [], page_size=2)[0].name == "no tables"


def test_routines_show_their_arguments() -> None:
    parent = (roots([schema(1, "app", functions=2)], [])[0].children or ())[0]
    routines = [Routine(1, "app", "f", "f", "a integer", "integer", "sql"),
                Routine(2, "app", "f", "f", "", None, "sql")]
    assert [node.name for node in object_nodes(parent, routines)] == ["f(a integer)", "f()"]


def test_found_objects_stand_where_the_tree_has_them() -> None:
    found = [NameMatch("table", 10, 1, "app", "orders", None, None, 0),
             NameMatch("schema", 2, 2, "orders2", "orders2", None, None, 1),
             NameMatch("function", 11, 1, "app", "orders_of", "int", None, 1)]
    service, unassigned = found_nodes(found, [Service(name="svc", schemas=("app",))])
    assert (service.type, service.name, unassigned.type) == ("service", "svc", "unassigned")
    (app,) = service.children or ()
    assert [(node.name, node.kind) for node in app.children or ()] == [
        ("orders", Kind.TABLE), ("orders_of(int)", Kind.FUNCTION)]
    (other,) = unassigned.children or ()
    assert other.oid == 2 and other.children == ()
    (bare, _) = found_nodes(found, [])
    assert bare.type == "schema"
