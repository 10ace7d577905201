"""What is recorded is read back: any sample, from a file that was cut or damaged anywhere."""

from __future__ import annotations

import datetime as dt
import stat
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec import Struct
from msgspec.structs import replace

from console.activity.read import SESSIONS
from console.activity.summary.read import SESSION_COUNTS
from console.errors import ConsoleError
from console.recorder.format import GROUP_BYTES, HEAD, Encoder
from console.recorder.recording import DAMAGED, NOT_RECORDED, RecordedSample, Recording, Unreadable
from console.recorder.records import Sample
from console.recorder.ring import FRAME_OVERHEAD_BYTES, Ring
from console.recorder.writer import RecordingWriter
from console.server.query import Query
from tests.support import builders
from tests.support.activity import backend, idle
from tests.support.recordings import BEGAN, KEY_EVERY, origin, sample, write


class Row(Struct, frozen=True):
    name: str
    value: Any = None
    count: int | None = 0


class Odd(Struct, frozen=True):
    more: str


class Pair(Struct, frozen=True):
    key: int
    word: str | None = None


ROWS = Query("rows", Row, ())
PAIRS = Query("pairs", Pair, ())


def course(number: int) -> list[Sample]:
    """Samples in which one read stays, one changes now and then, one always, and one comes late."""
    counts = [builders.sessions()]
    return [sample(item, {
        SESSION_COUNTS.name: counts,
        "rows": [Row("a", item // 7), Row("b\n\u2028\ud800", None)],
        SESSIONS.name: [backend(100 + pid, query_age_s=item + pid / 7) for pid in range(20)] + [idle(7)],
        **({"pairs": [Pair(item, "x")]} if item >= 20 else {}),
    }, series={"active": float(item), "rtt_ms": None}, unavailable={"locks": "denied"}, is_seldom=item % 15 == 0)
        for item in range(number)]


def same(found: RecordedSample, given: Sample) -> None:
    assert found.error == given.error
    assert found.every_s == given.every_s
    assert found.series() == given.series
    assert found.is_seldom == given.is_seldom
    for query in (SESSION_COUNTS, ROWS, SESSIONS, PAIRS):
        if query.name in given.rows:
            assert found.rows(query) == list(given.rows[query.name])


def test_every_sample_is_read_back_in_any_order(tmp_path: Path) -> None:
    samples = course(3 * KEY_EVERY + 5)
    with Recording(write(tmp_path / "a", samples)) as recording:
        assert len(recording) == len(samples) and recording.lost_bytes == 0
        for number in (*range(len(samples)), 3, 80, 0, 44, len(samples) - 1):
            same(recording.sample(number), samples[number])
            assert recording.at(number) == samples[number].taken_at
        assert recording.sample(0).origin == replace(origin())
        assert recording.extent.seconds == 2.0 * (len(samples) - 1)
        with pytest.raises(IndexError):
            recording.sample(len(samples))


def test_what_stays_is_written_once_a_group(tmp_path: Path) -> None:
    rows = [Row(f"{number:050}") for number in range(1000)]
    path = write(tmp_path / "a", [sample(number, {"rows": rows}) for number in range(KEY_EVERY)])
    alone = write(tmp_path / "b", [sample(0, {"rows": rows})])
    assert path.stat().st_size < alone.stat().st_size + KEY_EVERY * 200


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.lists(st.builds(Row, st.text(max_size=9), st.none() | st.integers() | st.text(max_size=9)
                                   | st.lists(st.decimals(allow_nan=False), max_size=2), st.none() | st.integers()),
                         max_size=5), min_size=1, max_size=12))
def test_any_rows_come_back(tables: list[list[Row]]) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        path = write(Path(folder) / "a", [sample(number, {"rows": rows}) for number, rows in enumerate(tables)])
        with Recording(path) as recording:
            assert [recording.sample(number).rows(ROWS) for number in range(len(tables))] == tables


def test_a_file_that_is_cut_anywhere_has_all_samples_before(tmp_path: Path) -> None:
    samples = course(6)
    whole = write(tmp_path / "whole", samples).read_bytes()
    ends, offset = [], whole.index(b"\n") + 1
    while offset < len(whole):
        offset += HEAD.size + HEAD.unpack_from(whole, offset)[2]
        ends.append(offset)
    assert len(ends) == 6
    cut = tmp_path / "cut"
    for length in range(len(whole) + 1):
        cut.write_bytes(whole[:length])
        there = sum(end <= length for end in ends)
        if not there:
            with pytest.raises(ConsoleError):
                Recording(cut)
            continue
        with Recording(cut) as recording:
            assert len(recording) == there and recording.lost_bytes == length - ends[there - 1]
            if length in (ends[there - 1], ends[there - 1] + 1):
                same(recording.sample(there - 1), samples[there - 1])


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_a_damaged_file_keeps_what_is_not_damaged(data: st.DataObject) -> None:
    import tempfile

    samples = course(2 * KEY_EVERY + 4)
    with tempfile.TemporaryDirectory() as folder:
        path = write(Path(folder) / "a", samples)
        whole = bytearray(path.read_bytes())
        place = data.draw(st.integers(30, len(whole) - 1))
        whole[place] ^= data.draw(st.integers(1, 255))
        path.write_bytes(whole)
        with Recording(path) as recording:
            whole_ones = 0
            for number in range(len(recording)):
                found = recording.sample(number)
                try:
                    rows = found.rows(SESSIONS)
                except Unreadable:
                    continue
                given = next(sample for sample in samples if sample.taken_at == recording.at(number))
                assert rows == list(given.rows[SESSIONS.name])
                whole_ones += 1
            assert whole_ones >= 20  # at most one group is lost


def test_a_damaged_key_frame_costs_its_group_alone(tmp_path: Path) -> None:
    path = write(tmp_path / "a", course(20 + KEY_EVERY + 5))  # at 20 a new read makes a key frame
    whole = path.read_bytes()
    key = whole.index(b"\x89FDRK", whole.index(b"\x89FDRK") + 1)
    path.write_bytes(whole[:key + 60] + b"\0\0\0" + whole[key + 63:])
    with Recording(path) as recording:
        damaged = recording.sample(25)
        assert damaged.error == DAMAGED and damaged.origin is None and damaged.series() == {}
        with pytest.raises(Unreadable, match=DAMAGED):
            damaged.rows(SESSIONS)
        for number in (0, 19, 20 + KEY_EVERY, 20 + KEY_EVERY + 4):
            assert recording.sample(number).rows(ROWS)


@pytest.mark.parametrize(("data", "words"), [
    (b"", "no recording of dbconsole"), (b"\x7fELF" + b"x" * 5000, "no recording of dbconsole"),
    (b"dbconsole recording 2\nwhatever", "newer dbconsole"), (b"dbconsole recording 1\n", "holds no sample"),
    (b"dbconsole recording 1\n" + b"\x89FDR" * 500, "holds no sample"),
    (b"dbconsole recording " + b"1" * 500, "newer dbconsole")])
def test_what_is_no_recording_is_refused(tmp_path: Path, data: bytes, words: str) -> None:
    path = tmp_path / "a"
    path.write_bytes(data)
    with pytest.raises(ConsoleError, match=words):
        Recording(path)


def test_a_folder_and_nothing_are_refused(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "none"):
        with pytest.raises(ConsoleError, match=path.name):
            Recording(path)


def test_other_versions_are_read_by_name(tmp_path: Path) -> None:
    class Other(Struct, frozen=True):
        more: int
        name: str

    rows = [Other(1, "a"), Other(2, "b")]
    with Recording(write(tmp_path / "a", [sample(0, {"rows": rows, "pairs": rows})])) as recording:
        found = recording.sample(0)
        assert found.rows(ROWS) == [Row("a", None, 0), Row("b", None, 0)]
        with pytest.raises(Unreadable, match="another version of dbconsole: without key"):
            found.rows(PAIRS)
        with pytest.raises(Unreadable, match="more is int there"):
            found.rows(Query("rows", Odd, ()))
        with pytest.raises(Unreadable, match=NOT_RECORDED):
            found.rows(SESSIONS)


def test_why_a_read_has_no_rows_is_told(tmp_path: Path) -> None:
    samples = [sample(0, unavailable={SESSIONS.name: "needs the role"}), sample(1, error="the server went away")]
    with Recording(write(tmp_path / "a", samples)) as recording:
        with pytest.raises(Unreadable, match="needs the role"):
            recording.sample(0).rows(SESSIONS)
        assert recording.sample(1).error == "the server went away"


def test_reads_that_were_recorded_without_their_package_are_found(tmp_path: Path) -> None:
    with Recording(write(tmp_path / "a", [sample(0, {"sessions": [backend(4711)]})])) as recording:
        assert recording.sample(0).rows(SESSIONS) == [backend(4711)]


def test_a_server_that_changes_is_told_from_there_on(tmp_path: Path) -> None:
    encoder, writer = Encoder(), RecordingWriter(tmp_path / "a")
    for number in range(6):
        info = builders.info(is_standby=number < 3)
        writer.write(encoder.encode(sample(number), origin(info=info)))
    writer.close()
    with Recording(tmp_path / "a") as recording:
        told = [found.info.is_standby for number in range(6) if (found := recording.sample(number).origin)]
    assert told == [True] * 3 + [False] * 3


def test_time_goes_on_when_the_servers_clock_goes_back(tmp_path: Path) -> None:
    samples = [sample(5), sample(3), sample(4), sample(6)]
    with Recording(write(tmp_path / "a", samples)) as recording:
        times = [recording.at(number) for number in range(4)]
        assert times == sorted(set(times)) and times[0] == samples[0].taken_at and times[3] == samples[3].taken_at


def test_moments_are_found(tmp_path: Path) -> None:
    with Recording(write(tmp_path / "a", [sample(number) for number in range(10)])) as recording:
        at = [recording.number_at(BEGAN + dt.timedelta(seconds=seconds)) for seconds in (-5, 0, 3.9, 4, 100)]
        assert at == [0, 0, 1, 2, 9]
        assert [recording.number_after(seconds) for seconds in (0, 3.9, 4, 1e9)] == [0, 1, 2, 9]


def test_a_file_is_its_owners_alone_and_never_replaced(tmp_path: Path) -> None:
    path = write(tmp_path / "a", [sample(0)])
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with pytest.raises(ConsoleError, match="is there already"):
        RecordingWriter(path)
    with pytest.raises(ConsoleError, match="No such file"):
        RecordingWriter(tmp_path / "no" / "folder")


def test_a_recording_without_a_sample_leaves_no_file(tmp_path: Path) -> None:
    RecordingWriter(tmp_path / "a").close()
    assert not (tmp_path / "a").exists()


def frames(count: int, rows: Sequence[Any] = ()) -> list[Any]:
    encoder = Encoder(KEY_EVERY)
    return [encoder.encode(sample(number, {"rows": [*rows, Row(str(number))]}), origin()) for number in range(count)]


def test_memory_holds_the_last_minutes(tmp_path: Path) -> None:
    ring = Ring(most_s=300.0)
    for frame in frames(1000):
        ring.append(frame)
    assert 300.0 <= ring.extent.seconds <= 300.0 + 2 * KEY_EVERY
    writer = RecordingWriter(tmp_path / "a")
    writer.write_all(ring)
    writer.close()
    with Recording(tmp_path / "a") as recording:
        assert len(recording) == ring.extent.samples and recording.lost_bytes == 0
        assert [recording.sample(number).rows(ROWS)[-1].name for number in (0, len(recording) - 1)] == [
            str(1000 - len(recording)), "999"]


def test_memory_is_bounded() -> None:
    import random

    chance = random.Random(7)
    rows = [Row(chance.randbytes(20).hex()) for _ in range(1500)]
    ring = Ring(most_bytes=300_000)
    made = frames(90, rows)
    for frame in made:
        ring.append(frame)
    largest = max(len(frame.data) for frame in made)
    assert sum(len(frame.data) + FRAME_OVERHEAD_BYTES for frame in ring) <= 300_000 + GROUP_BYTES + largest
    assert next(iter(ring)).is_key
