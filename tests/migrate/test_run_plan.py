"""What has changed between two plans, by the files and the ledger's rows alone."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest

from console.migrate import migration_plan
from console.migrate.migration_plan import MigrationPlan
from console.migrate.records import LedgerRow, RunRange, Script
from console.migrate.run_plan import PlanChange, PlanChanged, compare
from console.services import Service

NOON = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)
DOWN = RunRange(direction="down")


@pytest.fixture
def shop(tmp_path: Path) -> Service:
    folder = tmp_path / "shop"
    folder.mkdir()
    for number, name in enumerate("abc", 1):
        write(folder, f"000{number}_{name}", f"CREATE TABLE {name} ();", f"DROP TABLE {name};")
    return Service(name="shop", schemas=("shop",), folder=folder)


def write(folder: Path | None, stem: str, up: str, down: str | None = None) -> None:
    assert folder is not None
    (folder / f"{stem}.up.sql").write_text(up, encoding="utf-8")
    if down is not None:
        (folder / f"{stem}.down.sql").write_text(down, encoding="utf-8")


def row(service: Service, stem: str, **changes: Any) -> LedgerRow:
    version, _, name = stem.partition("_")
    facts: dict[str, Any] = {
        "service": service.name, "version": version, "name": name, "state": "applied", "direction": "up",
        "checksum_up": Script(f"{service.folder}/{stem}.up.sql").checksum, "raw_checksum_up": None,
        "statements_done": 1, "statements_total": 1, "error": None, "rank": int(version), "applied_at": NOON,
        "applied_by": "deploy", "duration_ms": 1.0}
    return LedgerRow(**facts | changes)


def make(service: Service, *rows: LedgerRow, asked: RunRange = RunRange(), extensions: tuple[str, ...] = (),
         shown: MigrationPlan | None = None) -> MigrationPlan:
    return migration_plan.make([service], asked, rows, extensions, shown)


def told(shown: MigrationPlan, now: MigrationPlan) -> list[tuple[str, str]]:
    return [(change.kind, change.words) for change in compare(shown, now)]


def test_nothing_has_changed(shop: Service) -> None:
    shown = make(shop)
    now = make(shop, shown=shown)
    assert compare(shown, now) == []
    assert [step.script for step in now.steps] == [step.script for step in shown.steps]
    assert all(again.script is step.script for again, step in zip(now.steps, shown.steps, strict=True)), \
        "what runs is the very text that was shown"


def test_a_byte_order_mark_is_no_change_and_the_text_that_was_shown_is_run(shop: Service) -> None:
    shown = make(shop)
    write(shop.folder, "0001_a", "\ufeffCREATE TABLE a ();")
    now = make(shop, shown=shown)
    assert compare(shown, now) == [] and now.steps[0].script is shown.steps[0].script


def test_applied_by_others(shop: Service) -> None:
    shown = make(shop)
    now = make(shop, row(shop, "0001_a"), shown=shown)
    assert told(shown, now) == [("done", "shop/0001_a is applied already")]
    (change,) = compare(shown, now)
    assert (change.by, change.at) == ("deploy", NOON) and ", by deploy at 2026-03-01 " in change.sentence
    assert PlanChanged([change], now).is_done_by_others
    other = make(shop, row(shop, "0001_a"), asked=RunRange(steps=2), shown=shown)
    assert told(make(shop, asked=RunRange(steps=2)), other) == [
        ("done", "shop/0001_a is applied already"), ("new", "shop/0003_c is among the steps now: pending")]


def test_applied_by_others_with_another_text(shop: Service) -> None:
    shown = make(shop, asked=RunRange(to="2"))
    write(shop.folder, "0001_a", "SELECT 1")
    now = make(shop, row(shop, "0001_a"), asked=RunRange(to="2"))
    assert told(shown, now) == [("gone", "shop/0001_a was pending, is applied now")]


@pytest.mark.parametrize(("kinds", "is_done"), [(["done"], True), (["done", "done"], True), (["done", "new"], False),
                                                (["gone"], False), (["moved"], False), (["changed"], False)])
def test_only_what_others_have_done_leaves_the_rest_as_it_was(shop: Service, kinds: list[Any], is_done: bool) -> None:
    changed = PlanChanged([PlanChange(kind, "") for kind in kinds], make(shop))
    assert changed.is_done_by_others is is_done
    assert not PlanChanged(changed.changes, None).is_done_by_others


def test_held_when_it_was_shown(shop: Service) -> None:
    write(shop.folder, "0004_d", "-- dbconsole: requires-extension=age\nCREATE TABLE d ();")
    shown = make(shop)
    assert shown.held_notes == ('shop/0004_d is held: waits for the extension "age"',) and len(shown.ready) == 3
    assert told(shown, make(shop, extensions=("age",))) == [("changed", "shop/0004_d was held, is pending now")]


def test_only_what_is_held_is_nothing_to_run(shop: Service) -> None:
    for name in ("0001_a", "0002_b", "0003_c"):
        write(shop.folder, name, "-- dbconsole: requires-extension=age\nSELECT 1;")
    assert make(shop).is_empty and not make(shop, extensions=("age",)).is_empty


def test_half_done_by_others_and_further(shop: Service) -> None:
    write(shop.folder, "0001_a", "-- dbconsole: no-transaction\nSELECT 1; SELECT 2; SELECT 3;")
    half = row(shop, "0001_a", state="failed", statements_done=1, statements_total=3)
    shown = make(shop)
    assert told(shown, make(shop, half)) == [("changed", "shop/0001_a was pending, is failed after 1 statements now")]
    later = row(shop, "0001_a", state="failed", statements_done=2, statements_total=3,
                applied_at=NOON + dt.timedelta(minutes=1))
    assert told(make(shop, half), make(shop, later)) == [
        ("changed", "shop/0001_a was failed after 1 statements, is failed after 2 statements now")]


def test_another_order(shop: Service, tmp_path: Path) -> None:
    folder = tmp_path / "base"
    folder.mkdir()
    write(folder, "0001_x", "SELECT 1;")
    write(folder, "0002_y", "SELECT 2;")
    base = Service(name="base", schemas=("base",), folder=folder)
    shown = migration_plan.make([base, shop], RunRange(), (), ())
    now = migration_plan.make([shop, base], RunRange(), (), ())
    ((kind, words),) = told(shown, now)
    assert kind == "moved" and words == (
        "the order is another: shop/0001_a, shop/0002_b, shop/0003_c, base/0001_x, base/0002_y")


def test_a_newer_one_is_in_the_way_down(shop: Service) -> None:
    rows = [row(shop, "0001_a"), row(shop, "0002_b")]
    shown = make(shop, *rows, asked=DOWN)
    now = make(shop, *rows, row(shop, "0003_c", applied_by="ci"), asked=DOWN)
    assert told(shown, now) == [("gone", "shop/0002_b is not among the steps any more"),
                                ("new", "shop/0003_c was pending, is applied now")]
    assert [change.by for change in compare(shown, now)] == [None, "ci"]


def test_nobody_is_named_who_has_changed_nothing(shop: Service) -> None:
    rows = [row(shop, "0001_a"), row(shop, "0002_b")]
    shown = make(shop, *rows, asked=DOWN)
    now = make(shop, rows[0], asked=DOWN)
    assert told(shown, now) == [("done", "shop/0002_b is rolled back already"),
                                ("new", "shop/0001_a is among the steps now: applied")]
    assert [change.by for change in compare(shown, now)] == [None, None]
    write(shop.folder, "0002_b", "SELECT 1")
    (change,) = compare(shown, make(shop, *rows, asked=DOWN))
    assert change.words == "shop/0002_b was applied, is changed now" and change.by is change.at is None


def test_rolled_back_and_applied_anew(shop: Service) -> None:
    shown = make(shop, row(shop, "0001_a"), asked=RunRange(direction="down", to="0"))
    assert told(shown, make(shop, asked=RunRange(direction="down", to="0"))) == [
        ("done", "shop/0001_a is rolled back already")]
    anew = row(shop, "0001_a", applied_at=NOON + dt.timedelta(seconds=1))
    assert told(shown, make(shop, anew, asked=RunRange(direction="down", to="0"))) == [
        ("changed", "shop/0001_a is applied anew")]


def test_the_way_down_is_what_counts_on_the_way_down(shop: Service) -> None:
    shown = make(shop, row(shop, "0001_a"), asked=DOWN)
    write(shop.folder, "0001_a", "CREATE TABLE a ();", "DROP TABLE a CASCADE;")
    now = make(shop, row(shop, "0001_a"), asked=DOWN)
    assert told(shown, now) == [("changed", "shop/0001_a: its file has changed")]
