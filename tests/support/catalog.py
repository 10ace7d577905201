"""Records of the catalog for tests: a small schema as a server would describe it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from console.catalog.records import (
    Constraint,
    Index,
    NameMatch,
    Privilege,
    Relation,
    RelationColumn,
    RelationHeader,
    RelationSize,
    Schema,
    TableStatistics,
)
from tests.support.fake_session import Answer

_NO_COUNTS = dict.fromkeys(("partitions", "views", "materialized_views", "foreign_tables", "sequences", "functions",
                            "procedures", "aggregates", "types", "extension_members"), 0)


def schema(oid: int, name: str, tables: int = 2, **changes: Any) -> Schema:
    return Schema(**{"oid": oid, "name": name, "owner": "postgres", "comment": None, "extension": None,
                     "is_system": False, "tables": tables, **_NO_COUNTS, **changes})


def relation(oid: int, name: str, schema: str = "event_data", **changes: Any) -> Relation:
    return Relation(**{"oid": oid, "schema": schema, "name": name, "relkind": "r", "row_estimate": 12480.0,
                       "is_partitioned": False, "has_partitions": False, "bound": None, "is_detaching": False,
                       **changes})


def header(oid: int, name: str, schema: str = "event_data", **changes: Any) -> RelationHeader:
    return RelationHeader(**{
        "oid": oid, "schema_oid": 100, "schema": schema, "name": name, "relkind": "r", "is_partition": False,
        "owner": "event_data_admin", "comment": "Conferences and talks", "extension": None, "needed_extensions": [],
        "row_estimate": 12480.0,
        "persistence": "p", "access_method": "heap", "tablespace": None, "options": [], "toast_options": [],
        "row_security": False, "force_row_security": False, "replica_identity": "d", "is_populated": True,
        "has_children": False, "of_type": None, "partition_key": None, "bound": None, "parents": [],
        "has_own_order": False,
        "view_definition": None, "foreign_server": None, "foreign_options": [], "is_readable": True, **changes})


def column(position: int, name: str, type_: str = "text", **changes: Any) -> RelationColumn:
    return RelationColumn(**{
        "position": position, "name": name, "type": type_, "type_name": type_, "type_schema": "pg_catalog",
        "is_variable": type_ == "text", "dimensions": None, "is_not_null": False, "default": None, "identity": None,
        "generated": None, "comment": None, "storage": "plain", "is_default_storage": True, "compression": None,
        "has_other_storage": False, "has_other_compression": False,
        "collation": None, "statistics_target": None, "options": [], "foreign_options": [], "is_local": True,
        "inherited_default": None, "inherits_not_null": False,
        "is_inherited": False, "is_readable": True, "distinct_values": None, "null_fraction": None,
        "average_bytes": None, **changes})


def found(kind: str, oid: int, name: str, schema: str = "event_data", **changes: Any) -> NameMatch:
    return NameMatch(**{"kind": kind, "oid": oid, "schema_oid": 100, "schema": schema, "name": name, "arguments": None,
                    "parent_oid": None, "rank": 2, **changes})


def index(oid: int, name: str, **changes: Any) -> Index:
    return Index(**{
        "oid": oid, "schema": "event_data", "name": name, "definition": f"CREATE INDEX {name} ON event_data.events",
        "method": "btree", "is_primary": False, "is_unique": False, "is_valid": True, "is_ready": True,
        "is_clustered": False, "is_replica_identity": False, "predicate": None, "constraint": None, "options": [],
        "tablespace": None, "needed_extensions": [], "parent": None,
        "comment": None, "statistics_targets": [], "size_bytes": 2**20, "scans": 40,
        "entries_read": 40, **changes})


def answers(tables: Mapping[int, str] | None = None) -> dict[str, Answer]:
    """Two services' schemas and one that nobody owns; `tables` are those of event_data, by OID."""
    names = tables or {1: "events", 2: "speakers"}

    def of_one(params: Mapping[str, Any] | None) -> list[RelationHeader]:
        oid = params["oid"] if params else 0
        return [header(oid, names[oid])] if oid in names else []

    def page(params: Mapping[str, Any] | None) -> list[Relation]:
        assert params is not None
        ordered = [relation(oid, name) for oid, name in sorted(names.items(), key=lambda item: item[1])]
        rest = [relation for relation in ordered if not params["after_oid"] or relation.name > params["after_name"]]
        return rest[:params["page_size"]]

    nothing = ("rules", "triggers", "policies", "sequences", "extended_statistics", "partitions", "extensions", "roles",
               "event_triggers", "search", "publications", "subscriptions", "routines", "types", "dependencies")
    return {name: [] for name in nothing} | {
        "schemas": [schema(100, "event_data", len(names), types=1), schema(101, "document_store", 0),
                    schema(102, "reporting_scratch", 3)],
        "relations": page,
        "relation_sizes": lambda params: [
            RelationSize(oid, 9 * 2**20, 22 * 2**20, 17 * 2**20, 48 * 2**20) for oid in (params or {})["oids"]],
        "relation": of_one,
        "columns": [column(1, "id", "uuid", is_not_null=True, default="uuidv7()"),
                    column(2, "name", comment="shown in search"),
                    column(3, "embedding", "vector(384)", dimensions=384)],
        "indexes": [index(51, "events_pkey", is_primary=True, is_unique=True, constraint="events_pkey"),
                    index(52, "events_embedding_idx", method="hnsw", scans=0)],
        "constraints": [Constraint(
            oid=61, name="events_pkey", contype="p", definition="PRIMARY KEY (id)", is_incoming=False,
            schema="event_data", relation="events", referenced_schema=None, referenced_relation=None, columns=["id"],
            is_validated=True, is_enforced=True, is_deferrable=False, is_local=True, is_inherited=False,
            is_no_inherit=True, comment=None)],
        "privileges": [Privilege("event_data_app", "event_data_admin", True, "SELECT", False, None, True, False, 1)],
        "table_statistics": [TableStatistics(
            oid=1, live_rows=12480, dead_rows=20, rows_since_analyze=0, inserts_since_vacuum=0, inserted=12500,
            updated=10, hot_updated=5, deleted=20, seq_scans=3, seq_rows_read=37440, index_scans=40,
            index_rows_fetched=400, last_vacuum=None, last_autovacuum=None, last_analyze=None, last_autoanalyze=None,
            vacuum_count=0, autovacuum_count=0, analyze_count=0, autoanalyze_count=0, transaction_age=100,
            pages=1100, all_visible_pages=1000)],
    }
