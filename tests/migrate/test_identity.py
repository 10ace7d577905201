"""Under which name the ledger has a folder's files. No server."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest
from msgspec.structs import replace

from console.config import Config
from console.errors import UsageError
from console.migrate import repair
from console.migrate.faults import MigrationError
from console.migrate.files import read_service
from console.migrate.identity import settle
from console.migrate.records import LedgerRow
from console.services import Service, services_for
from console.services.ownership import from_files
from tests.migrate.histories import write_files
from tests.migrate.test_files import row

FILES = {"0001_t.up.sql": "CREATE TABLE t ();", "0002_s.up.sql": "INSERT INTO t DEFAULT VALUES;",
         "3_u.up.sql": "SELECT 3;"}


def folder(root: Path, name: str, files: Mapping[str, str] = FILES) -> Service:
    return from_files(write_files(files, root / name))


def applied(service: Service, count: int = 2, **words: object) -> list[LedgerRow]:
    return [row(file, number, **words) for number, file in enumerate(read_service(service).migrations[:count], 1)]


def test_a_folder_of_another_name_is_the_history_that_it_was(tmp_path: Path) -> None:
    rows = applied(folder(tmp_path, "a"))
    (found,) = settle([folder(tmp_path, "b")], rows)
    assert (found.name, found.schemas) == ("a", ("a",))
    (grown,) = settle([folder(tmp_path, "c", FILES | {"4_v.up.sql": "SELECT 4;"})], rows)
    assert grown.name == "a"
    assert settle([folder(tmp_path, "a")], rows)[0].name == "a"
    assert settle([folder(tmp_path, "d")], ())[0].name == "d"


def test_one_file_alike_is_no_history(tmp_path: Path) -> None:
    rows = applied(folder(tmp_path, "a"), 3)
    other = folder(tmp_path, "b", {"0001_t.up.sql": FILES["0001_t.up.sql"], "0002_x.up.sql": "SELECT 9;"})
    assert settle([other], rows)[0].name == "b"


def test_a_name_that_somebody_gave_is_not_changed_but_asked_about(tmp_path: Path) -> None:
    rows = applied(folder(tmp_path, "a"))
    (named,) = services_for(Config(), migrations=tmp_path / "a", only="shop")
    assert (named.name, named.schemas, named.is_named) == ("shop", ("shop",), True)
    with pytest.raises(MigrationError, match="the ledger knows these files as a") as caught:
        settle([named], rows)
    assert "repair rename --from a --service shop" in (caught.value.hint or "")
    assert settle([named], [replace(each, service="shop") for each in rows])[0] == named
    write_files({"service.toml": 'name = "till"'}, tmp_path / "a")
    assert from_files(tmp_path / "a").name == "till"
    with pytest.raises(UsageError, match="no service 'shop'"):
        services_for(Config(), migrations=tmp_path / "a", only="shop")


def test_two_services_at_hand_keep_their_names(tmp_path: Path) -> None:
    services = [folder(tmp_path, "a"), folder(tmp_path, "b")]
    assert [service.name for service in settle(services, applied(services[0]))] == ["a", "b"]


def test_another_history_of_the_same_name_is_not_gone_on_with(tmp_path: Path) -> None:
    rows = applied(folder(tmp_path / "one", "migrations"))
    other = folder(tmp_path / "two", "migrations", {"0001_x.up.sql": "SELECT 1;", "0002_y.up.sql": "SELECT 2;"})
    with pytest.raises(MigrationError, match="history migrations is about other files") as caught:
        settle([other], rows)
    assert "--service NAME" in (caught.value.hint or "")
    edited = folder(tmp_path / "three", "migrations", {name: f"{text} -- v2" for name, text in FILES.items()})
    assert settle([edited], rows)[0].name == "migrations", "edited files keep their titles: they are told as changed"


def test_renaming_moves_every_row_and_joins_no_two_histories(tmp_path: Path) -> None:
    service = folder(tmp_path, "b")
    rows = [replace(each, service="a") for each in applied(service)]
    plan = repair.make([service], "rename", "a", rows, ())
    assert [step.sentence for step in plan.repairs] == ["a/0001 becomes b/0001", "a/0002 becomes b/0002"]
    with pytest.raises(MigrationError, match="nothing by the name x"):
        repair.make([service], "rename", "x", rows, ())
    with pytest.raises(MigrationError, match="two histories are not made one"):
        repair.make([service], "rename", "a", [*rows, *applied(service, 1)], ())
    with pytest.raises(MigrationError, match="needs one service and the name"):
        repair.make([service], "rename", None, rows, ())
