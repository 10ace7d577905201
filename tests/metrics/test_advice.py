"""What is said of settings, and what isn't said of a machine that nobody knows."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from console.metrics.records.settings import Machine, ServerSetting, SettingAdvice
from console.metrics.settings_advice import GB, MB, advise, amount

AS_IT_COMES = {
    "fsync": "on", "full_page_writes": "on", "autovacuum": "on", "track_counts": "on", "synchronous_commit": "on",
    "password_encryption": "scram-sha-256", "idle_in_transaction_session_timeout": ("0", "ms"),
    "shared_buffers": ("16384", "8kB"), "effective_cache_size": ("524288", "8kB"), "huge_pages": "try",
    "work_mem": ("4096", "kB"), "max_connections": "100", "max_parallel_workers_per_gather": "2",
    "maintenance_work_mem": ("65536", "kB"), "autovacuum_max_workers": "3", "autovacuum_work_mem": ("-1", "kB"),
    "max_wal_size": ("1024", "MB"), "checkpoint_completion_target": "0.9", "wal_compression": "off",
    "autovacuum_vacuum_cost_limit": "-1", "vacuum_cost_limit": "200", "autovacuum_vacuum_cost_delay": ("2", "ms"),
    "random_page_cost": "4", "effective_io_concurrency": "1", "max_worker_processes": "8",
    "shared_preload_libraries": "", "track_io_timing": "off", "log_lock_waits": "off", "log_checkpoints": "on",
}
LARGE = Machine(64 * GB, 16, "configured")
MACHINE_RULES = {"shared_buffers", "effective_cache_size", "work_mem", "maintenance_work_mem", "max_worker_processes",
                 "autovacuum_max_workers", "max_connections", "huge_pages"}


def setting(name: str, value: str | tuple[str, str]) -> ServerSetting:
    text, unit = value if isinstance(value, tuple) else (value, None)
    return ServerSetting(name, text, unit, "", "", None, "sighup", "string", "default", None, None, None, text, text,
                         None,
                   None, False)


def advised(machine: Machine = LARGE, major: int = 17, **changed: str | tuple[str, str]) -> dict[str, SettingAdvice]:
    values = AS_IT_COMES | changed
    return {advice.name: advice
            for advice in advise({name: setting(name, value) for name, value in values.items()}, machine,
                                            major)}


def test_a_large_machine_with_settings_as_they_come() -> None:
    found = advised()
    assert found["shared_buffers"].suggested == "16GB" and found["shared_buffers"].severity == "warning"
    assert found["effective_cache_size"].suggested == "48GB"
    assert found["work_mem"].suggested == "112MB" and found["maintenance_work_mem"].suggested == "2GB"
    assert found["max_worker_processes"].suggested == "16" and found["autovacuum_max_workers"].suggested == "4"
    assert found["random_page_cost"].suggested == "1.1"
    assert all(advice.reason for advice in found.values())


def test_nothing_is_said_of_a_machine_that_is_unknown() -> None:
    assert not MACHINE_RULES & advised(Machine()).keys()
    assert "random_page_cost" in advised(Machine()) and "wal_compression" in advised(Machine())


def test_well_set_is_left_in_peace() -> None:
    found = advised(shared_buffers=("2097152", "8kB"), effective_cache_size=("6291456", "8kB"),
                    work_mem=("65536", "kB"), maintenance_work_mem=("2097152", "kB"), max_worker_processes="16",
                    autovacuum_max_workers="4")
    assert not MACHINE_RULES & found.keys()


@pytest.mark.parametrize(("changed", "name", "severity"), [
    ({"fsync": "off"}, "fsync", "critical"),
    ({"full_page_writes": "off"}, "full_page_writes", "critical"),
    ({"autovacuum": "off"}, "autovacuum", "critical"),
    ({"synchronous_commit": "off"}, "synchronous_commit", "info"),
    ({"password_encryption": "md5"}, "password_encryption", "warning"),
    ({"shared_buffers": ("6291456", "8kB")}, "shared_buffers", "warning"),
    ({"work_mem": ("2097152", "kB")}, "work_mem", "warning"),
    ({"autovacuum_work_mem": ("12582912", "kB")}, "autovacuum_work_mem", "warning"),
    ({"max_connections": "2000"}, "max_connections", "warning"),
    ({"checkpoint_completion_target": "0.5"}, "checkpoint_completion_target", "warning"),
    ({"autovacuum_vacuum_cost_delay": ("20", "ms")}, "autovacuum_vacuum_cost_limit", "warning"),
    ({"shared_preload_libraries": "auto_explain"}, "shared_preload_libraries", "warning"),
    ({"huge_pages": "off", "shared_buffers": ("2097152", "8kB")}, "huge_pages", "info"),
])
def test_what_is_wrong_is_said(changed: dict[str, str | tuple[str, str]], name: str, severity: str) -> None:
    assert advised(**changed)[name].severity == severity


def test_the_worst_comes_first() -> None:
    severities = [advice.severity for advice in advised(fsync="off").values()]
    assert severities == sorted(severities, key=["critical", "warning", "info"].index)


def test_a_setting_that_the_server_doesnt_show_says_nothing() -> None:
    everything = {name: setting(name, value) for name, value in AS_IT_COMES.items()}
    for name in AS_IT_COMES:
        assert name not in {advice.name for advice in advise(
            {key: value for key, value in everything.items() if key != name}, LARGE, 17)}
    assert advise({}, LARGE, 17) == []
    nonsense = {name: replace(value, setting="", reset_setting=None) for name, value in everything.items()}
    assert {advice.severity for advice in advise(nonsense, LARGE, 17)} <= {"critical", "warning", "info"}


def test_versions_differ() -> None:
    assert advised(major=15)["maintenance_work_mem"].suggested == "1GB"
    assert "effective_io_concurrency" not in advised(major=18)


def test_what_the_server_was_not_built_for_is_not_suggested() -> None:
    plain = setting("wal_compression", "off")
    for choices, suggested in ((["pglz", "lz4", "on", "off"], "lz4"), (["pglz", "on", "off"], "on"), (None, "on")):
        (advice,) = (setting_advice
                     for setting_advice in advise({"wal_compression": replace(plain, choices=choices), **{
            name: setting(name, AS_IT_COMES[name]) for name in ("max_wal_size", "checkpoint_completion_target")}},
            Machine(), 18) if setting_advice.name == "wal_compression")
        assert advice.suggested == suggested


@pytest.mark.parametrize(("size", "text"), [
    (512 * MB, "512MB"), (16 * GB, "16GB"), (3.2 * GB, "3277MB"), (GB, "1GB"), (5.4 * MB, "5MB"), (64 * 1024, "64kB")])
def test_amounts_are_as_a_configuration_has_them(size: float, text: str) -> None:
    assert amount(size) == text
