"""The Overview's pages of tables, indexes and settings, on a fake server."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace
from textual.pilot import Pilot

from console.config import MachineConfig
from console.metrics.records.settings import Machine, ServerSetting
from console.metrics.records.tables import BloatEstimate, IndexActivity, IndexLeaves, TableActivity, TableTuples
from console.metrics.settings_advice import advise
from console.server.info import Extension
from console.ui.app import ConsoleApp
from console.ui.dialogs.confirm import ConfirmDialog
from console.ui.dialogs.failure import DetailDialog, FailureDialog
from console.ui.screens.overview.pages.served import ServedTable
from console.ui.widgets.record_table import RecordTable
from console.view.metrics.settings import detail, table
from tests.support.builders import HOSTILE
from tests.support.screen_text import screen_text, until_golden
from tests.support.waiting import until
from tests.ui.conftest import World, live

GB = 2**30
SIZES = pytest.mark.parametrize("size", [(120, 36), (80, 24)], ids=["120x36", "80x24"])
EVENTS = TableActivity(
    oid=1, schema="event_data", table="events", sequential_scans=12, sequential_rows=149_000, index_scans=88_000,
    inserted_rows=12_480, updated_rows=4_000, hot_updated_rows=3_000, deleted_rows=20, live_rows=12_460, dead_rows=310,
    is_due=False, transaction_age=1_200_000, freeze_max_age=200_000_000, last_vacuum_age_s=3_600.0,
    last_analyze_age_s=600.0, table_bytes=26 * 2**20, index_bytes=22 * 2**20, tables=3)
TABLES = [
    replace(EVENTS, oid=2, schema="document_store", table="chunks", sequential_scans=900, index_scans=3,
            live_rows=2_400_000, dead_rows=900_000, is_due=True, last_vacuum_age_s=None, table_bytes=3 * GB,
            index_bytes=GB, transaction_age=240_000_000),
    EVENTS,
    replace(EVENTS, oid=3, table="speakers", updated_rows=0, dead_rows=0, table_bytes=8192, index_bytes=0),
]
PRIMARY = IndexActivity(
    oid=1, schema="event_data", table="events", index="events_pkey", method="btree", scans=88_000, rows_read=91_000,
    estimated_bytes=2 * 2**20, is_unique=True, is_primary=True, is_constraint=True, is_replica_identity=False,
    is_partition=False, is_valid=True, made_superfluous_by=None, is_duplicate=False, indexes=4, all_bytes=300 * 2**20)
PLAIN = replace(PRIMARY, index="events_starts_at_idx", is_unique=False, is_primary=False, is_constraint=False)
DOUBTFUL = [
    replace(PLAIN, index="events_embedding_idx", method="hnsw", scans=0, rows_read=0, estimated_bytes=120 * 2**20),
    replace(PLAIN, index="events_starts_at_idx1", made_superfluous_by="events_starts_at_idx", is_duplicate=True),
    replace(PLAIN, index="events_city_idx", made_superfluous_by="events_city_name_idx"),
    replace(PLAIN, index="Events ccnew", is_valid=False, scans=0, rows_read=0),
]


def setting(name: str, value: str, unit: str | None = None, default: str | None = None,
            **changed: Any) -> ServerSetting:
    plain = ServerSetting(
        name=name, setting=value, unit=unit, category="Resource Usage / Memory", description=f"Sets {name}.", more=None,
        context="postmaster", kind="integer", source="default" if default is None else "configuration file",
        minimum="16", maximum="1073741823", choices=None, default_setting=default or value, reset_setting=value,
        file=None if default is None else "/etc/postgresql/18/main/postgresql.conf",
        file_line=None if default is None else 130, is_pending=False)
    return replace(plain, **changed)


SETTINGS = [
    setting("fsync", "off", default="on", context="sighup"),
    setting("full_page_writes", "on"), setting("autovacuum", "on"), setting("track_counts", "on"),
    setting("shared_buffers", "16384", "8kB"), setting("effective_cache_size", "524288", "8kB"),
    setting("max_connections", "200", default="100", is_pending=True),
    setting("random_page_cost", "4", context="user"), setting("effective_io_concurrency", "16"),
    setting("log_min_duration_statement", "250", "ms", default="-1", context="superuser"),
    setting("deadlock_timeout", "1000", "ms"),
]


def test_a_column_of_settings_has_one_style_of_units_and_permissions_are_octal() -> None:
    machine = Machine(64 * 2**30, 16, "as configured")
    settings = [*SETTINGS, setting("unix_socket_permissions", "0700", default="511", reset_setting="448"),
                setting("idle_in_transaction_session_timeout", "0", "ms"),
                setting("synchronous_commit", "on"), setting("password_encryption", "scram-sha-256")]
    advice = {each.name: each for each in advise({each.name: each for each in settings}, machine, 18)}
    cells = {row.key: [cell.text for cell in row.cells] for row in table(settings, advice, "all", None, str).rows}
    assert cells["shared_buffers"][2:5] == ["128 MB", "16 GB", "128 MB"]
    assert cells["idle_in_transaction_session_timeout"][3] == "10 min"
    assert cells["unix_socket_permissions"][2:5] == ["0700", "", "0777"]
    assert "elsewhere" not in str(detail(settings[-4], None))


@pytest.fixture
def filled(world: World) -> World:
    asked: list[dict[str, Any]] = []

    def tables(params: Any) -> list[TableActivity]:
        asked.append(dict(params))
        return TABLES

    def indexes(params: Any) -> list[IndexActivity]:
        asked.append(dict(params))
        return DOUBTFUL if params["only_doubtful"] else [*DOUBTFUL, PRIMARY, PLAIN]

    world.answers |= {"table_activity": tables, "index_activity": indexes, "settings": SETTINGS}
    world.asked = asked  # type: ignore[attr-defined]
    return world


async def opened(app: ConsoleApp, pilot: Pilot[Any], key: str, table: str) -> RecordTable:
    """The page of that key, with rows."""
    await live(app, pilot)
    await pilot.press(key)
    await until(lambda: bool(app.screen.query(table)) and bool(app.screen.query_one(table, RecordTable).table.rows),
                pilot)
    return app.screen.query_one(table, RecordTable)


@SIZES
@pytest.mark.parametrize(("key", "table"), [
    ("b", "table-activity"), ("x", "index-activity"), ("p", "settings-table")])
async def test_the_pages(filled: World, key: str, table: str, size: tuple[int, int]) -> None:
    async with filled.console(size=size) as (app, pilot):
        await opened(app, pilot, key, f"#{table}")
        await until_golden(app, pilot, f"overview-{table}-{size[0]}x{size[1]}")


async def test_the_server_sorts_and_filters(filled: World) -> None:
    async with filled.console() as (app, pilot):
        table = await opened(app, pilot, "b", "#table-activity")
        asked: list[dict[str, Any]] = filled.asked  # type: ignore[attr-defined]
        assert asked[-1] == {"sort": "table_size", "is_descending": True, "needle": None}
        await pilot.press("s")
        await until(lambda: asked[-1]["sort"] == "index_size", pilot)
        await pilot.press("S")
        await until(lambda: asked[-1] == {"sort": "index_size", "is_descending": False, "needle": None}, pilot)
        await pilot.press("slash", *"chunks", "enter")
        await until(lambda: asked[-1]["needle"] == "chunks" and len(table.table.rows) == 1, pilot)


async def test_enter_on_a_table_goes_to_schemas(filled: World) -> None:
    async with filled.console() as (app, pilot):
        await opened(app, pilot, "b", "#table-activity")
        await pilot.press("enter")
        await until(lambda: app.screen_name == "schemas", pilot)


async def test_what_mends_an_index_is_copied(filled: World, monkeypatch: pytest.MonkeyPatch) -> None:
    copied: list[str] = []
    monkeypatch.setattr(ConsoleApp, "copy", lambda self, words: copied.append(words))
    async with filled.console() as (app, pilot):
        table = await opened(app, pilot, "x", "#index-activity")
        for key in ("event_data.events_starts_at_idx1", "event_data.Events ccnew"):
            table.select(key)
            await pilot.press("Y")
        assert copied == ["DROP INDEX CONCURRENTLY event_data.events_starts_at_idx1;",
                          'REINDEX INDEX CONCURRENTLY event_data."Events ccnew";']
        await pilot.press("enter")
        await until(lambda: isinstance(app.screen, DetailDialog), pilot)
        assert "REINDEX" in screen_text(app)
        await pilot.press("escape", "m")
        await until(lambda: len(table.table.rows) == 6, pilot)
        table.select("event_data.events_pkey")
        await pilot.press("Y")
        assert len(copied) == 2


async def test_advice_by_the_machines_size_only_where_it_is_known(filled: World) -> None:
    async with filled.console() as (app, pilot):
        table = await opened(app, pilot, "p", "#settings-table")
        assert "the machine's size is unknown" in screen_text(app)
        assert not table.select("shared_buffers") and table.select("random_page_cost")
    staging = replace(filled.config.targets["staging"], machine=MachineConfig(memory_gb=64, cores=16))
    filled.config = replace(filled.config, targets={**filled.config.targets, "staging": staging})
    async with filled.console() as (app, pilot):
        table = await opened(app, pilot, "p", "#settings-table")
        assert "64 GB of memory and 16 cores, as configured" in screen_text(app)
        assert table.select("shared_buffers")
        await pilot.press("enter")
        await until(lambda: isinstance(app.screen, DetailDialog), pilot)
        shown = screen_text(app)
        assert "ALTER SYSTEM SET shared_buffers = '16GB';" in shown and "128 MB" in shown and "a restart" in shown


async def test_all_settings_are_a_key_away_and_can_be_searched(filled: World) -> None:
    async with filled.console() as (app, pilot):
        table = await opened(app, pilot, "p", "#settings-table")
        assert not table.select("deadlock_timeout")
        await pilot.press("m")
        await until(lambda: len(table.table.rows) == len(SETTINGS), pilot)
        await pilot.press("slash", *"deadlock", "enter")
        await until(lambda: [row.key for row in table.table.rows] == ["deadlock_timeout"], pilot)
        assert "1.0 s" in screen_text(app)


async def test_a_role_that_may_read_nothing_is_told_why(world: World) -> None:
    async with world.console() as (app, pilot):
        await live(app, pilot)
        for key, name in (("b", "table_activity"), ("x", "index_activity"), ("p", "settings")):
            await pilot.press(key)
            await until(lambda name=name: f"{name}: nothing was prepared" in screen_text(app), pilot)  # type: ignore[misc]


async def test_hostile_names_are_harmless(filled: World) -> None:
    filled.answers["table_activity"] = [replace(EVENTS, schema=name, table=name) for name in HOSTILE]
    filled.answers["index_activity"] = [replace(PLAIN, schema=name, table=name, index=name, made_superfluous_by=name)
                                        for name in HOSTILE]
    async with filled.console(size=(80, 24)) as (app, pilot):
        for key, table in (("b", "#table-activity"), ("x", "#index-activity")):
            await opened(app, pilot, key, table)
            shown = screen_text(app)
            assert "[/x] [bold]not" in shown
            assert not [text for text in shown if text != "\n" and not text.isprintable()]
            assert app.screen.query_one(table, ServedTable).table.rows


async def dialog(app: ConsoleApp, pilot: Pilot[Any], *pressed: str) -> str:
    """What the dialog that these keys open says; it is closed again."""
    await pilot.press(*pressed)
    await until(lambda: isinstance(app.screen, DetailDialog), pilot)
    shown = screen_text(app)
    await pilot.press("escape")
    await until(lambda: not isinstance(app.screen, DetailDialog), pilot)
    return shown


async def test_bloat_is_estimated_or_counted_and_counting_what_is_large_asks_first(filled: World) -> None:
    filled.answers |= {
        "table_bloat": [BloatEstimate(3 * GB, GB, 2_400_000, 100, 7200.0)],
        "index_bloat": [BloatEstimate(2 * 2**20, None, 9, 90, None)],
        "table_tuples": [TableTuples(3 * GB, 2_400_000, GB, 900_000, GB, GB)],
        "index_leaves": [IndexLeaves(2 * 2**20, 250, 1, 2, 31.0, 40.0)]}
    filled.info = replace(filled.info, extensions={"pgstattuple": Extension("pgstattuple", "1.5", "ext", "1.5")})
    async with filled.console() as (app, pilot):
        table = await opened(app, pilot, "b", "#table-activity")
        shown = await dialog(app, pilot, "B")
        assert "estimated bloat 2.0 GB (67 %)" in shown and "VACUUM FULL document_store.chunks" in shown
        await pilot.press("P")
        await until(lambda: isinstance(app.screen, ConfirmDialog), pilot)
        shown = await dialog(app, pilot, "y")
        assert "900 000 dead rows" in shown and "VACUUM FULL" in shown
        table.select("event_data.speakers")
        assert "900 000 dead rows" in await dialog(app, pilot, "P")  # small: not asked
        index = await opened(app, pilot, "x", "#index-activity")
        index.select("event_data.events_city_idx")
        assert "nothing can be estimated" in await dialog(app, pilot, "B")
        shown = await dialog(app, pilot, "P")
        assert "leaves are 31 % full" in shown and "REINDEX INDEX CONCURRENTLY event_data.events_city_idx" in shown
        index.select("event_data.events_embedding_idx")  # no B-tree
        await pilot.press("P")
        assert not isinstance(app.screen, DetailDialog)


async def test_counting_without_pgstattuple_says_what_to_do(filled: World) -> None:
    filled.info = replace(filled.info, extensions={})
    async with filled.console() as (app, pilot):
        table = await opened(app, pilot, "b", "#table-activity")
        table.select("event_data.speakers")
        await pilot.press("P")
        await until(lambda: isinstance(app.screen, FailureDialog), pilot)
