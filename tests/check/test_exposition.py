"""Reports as metrics: what prometheus_client's own parser reads in our text."""

from __future__ import annotations

import pytest
from prometheus_client.parser import text_string_to_metric_families

from console.check.exposition import as_prometheus, families
from console.check.records import Report, Status
from console.commands.listen import address
from console.errors import UsageError
from tests.check.test_report import HEALTHY, SICK, result


def parsed(*reports: Report) -> dict[tuple[str, str, str], tuple[float, str]]:
    """Value and unit by metric, target and check."""
    text = as_prometheus(reports, 1_800_000_000.25) + "\n"
    return {(sample.name, sample.labels["target"], sample.labels.get("check", "")):
            (sample.value, sample.labels.get("unit", ""))
            for family in text_string_to_metric_families(text) for sample in family.samples if sample.labels}


def test_the_time_of_the_checks_is_told() -> None:
    assert as_prometheus([], 1_800_000_000.25).endswith("\ndbconsole_last_check_timestamp_seconds 1800000000.25")


def test_status_value_thresholds_and_durations() -> None:
    found = parsed(SICK)
    name = "o'hara=x|y"
    assert found["dbconsole_check_status", name, "connections"] == (3, "")
    assert found["dbconsole_check_status", name, "slots"] == (2, "")
    assert found["dbconsole_check_value", name, "cache_hit"] == (12.5, "percent")
    assert found["dbconsole_check_value", name, "slots"] == (3, "bytes")
    assert found["dbconsole_check_warning", name, "cache_hit"] == (80, "percent")
    assert ("dbconsole_check_critical", name, "cache_hit") not in found
    assert found["dbconsole_check_duration_seconds", name, "slots"][0] == pytest.approx(0.0001234)
    assert found["dbconsole_target_status", name, ""] == (2, "")
    assert found["dbconsole_target_duration_seconds", name, ""] == (0.001, "")


def test_units_are_base_units_and_what_was_not_measured_has_no_sample() -> None:
    found = parsed(Report("t", (result("rtt", unit="ms", value=250.0, warning=None, critical=None),
                                result("locks", unit="", value=2.0), result("role", value=None)), 1.0, None))
    assert found["dbconsole_check_value", "t", "rtt"] == (0.25, "seconds")
    assert found["dbconsole_check_value", "t", "locks"] == (2, "count")
    assert ("dbconsole_check_value", "t", "role") not in found
    assert ("dbconsole_check_status", "t", "role") in found


@pytest.mark.parametrize("target", ['a"b', "a\\b", "a\\", 'x="y",z', "zürich 日本", "{}", "a\\nb"])
def test_names_survive_the_text(target: str) -> None:
    assert ("dbconsole_target_status", target, "") in parsed(Report(target, (), 1.0, 'Postgre"SQL\\ 18'))


def test_no_series_comes_twice() -> None:
    again = Report(HEALTHY.target, (result("connections", Status.CRITICAL),), 9.0, None)
    series = [(family.name, *sorted(sample.labels.items()))
              for family in families([HEALTHY, SICK, again]) for sample in family.samples]
    assert len(series) == len(set(series))
    assert parsed(HEALTHY, again)["dbconsole_check_status", "prod", "connections"] == (0, "")


def test_every_family_stands_once_with_help_and_type() -> None:
    lines = as_prometheus([HEALTHY, SICK], 1.0).splitlines()
    for kind in ("HELP", "TYPE"):
        names = [line.split()[2] for line in lines if line.startswith(f"# {kind} ")]
        assert len(names) == len(set(names)) >= 8


@pytest.mark.parametrize(("text", "where"), [
    ("9187", ("127.0.0.1", 9187)), ("0.0.0.0:9187", ("0.0.0.0", 9187)), ("[::]:1", ("::", 1)),
    ("db.local:80", ("db.local", 80)),
])
def test_addresses_to_listen_at(text: str, where: tuple[str, int]) -> None:
    assert address(text) == where


@pytest.mark.parametrize("text", ["", ":", ":9187", "host", "host:", "::1:80", "1:65536", "a:-1"])
def test_what_is_no_address_is_told(text: str) -> None:
    with pytest.raises(UsageError):
        address(text)
