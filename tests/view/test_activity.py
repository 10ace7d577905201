"""Sessions, blocking, progress, waits and replication as tables and lines: records in, text out."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from console.activity.blocking import forest
from console.activity.records import (
    Backend,
    CommandProgress,
    HeldLock,
    LockWaits,
    PreparedHolder,
    SessionIo,
    SessionWork,
    SignalOutcome,
    WaitShare,
)
from console.metrics.records.counters import Recovery, ReplicationSlot
from console.metrics.records.processes import Process
from console.metrics.records.replication import RecoveryState, SlotFacts, SubscriptionState, WalReceiver, WalSender
from console.ui import keymap
from console.view.activity import blocking, progress, replication, sessions, waits
from console.view.activity.effort import Effort
from console.view.activity.replication import Replication
from console.view.bars import bar, sparkline
from console.view.table import Table, filtered, plain, sorted_rows
from tests.support.activity import backend, idle, idle_in_transaction
from tests.support.builders import info
from tests.support.builders import sessions as summary


def cells(table: Table, row: int = 0) -> dict[str, str]:
    return {column.key: cell.text for column, cell in zip(table.columns, table.rows[row].cells, strict=True)}


KEY = keymap.default().name


def test_a_session_in_a_row() -> None:
    row = cells(sessions.sessions_table([backend(4711)], key=KEY))
    assert row == {"mark": "", "pid": "4711", "database": "console", "user": "app_rw", "application": "api",
                   "client": "10.0.4.7:50711", "state": "active", "wait": "", "transaction_age": "3.0 s",
                   "query_age": "2.0 s", "xmin_age": "12", "leader": "",
                   "query": "UPDATE accounts SET balance = $1 WHERE id = $2"}


def test_who_waits_for_a_lock_is_blocked_whatever_else_his_state_says() -> None:
    assert sessions.state(backend(1, 2)) == ("blocked", "critical")
    assert sessions.state(idle_in_transaction(1)) == ("idle/tx", "warning")
    assert sessions.state(idle_in_transaction(1, transaction_age_s=3.0)) == ("idle/tx", "")
    assert sessions.state(idle(1)) == ("idle", "faint")


def test_what_a_role_may_not_see_is_said_to_be_hidden() -> None:
    hidden = backend(1, state=None, query="<insufficient privilege>", is_hidden=True, transaction_age_s=None,
                     query_age_s=None, xmin_age=None, backend_type=None, client_address=None)
    row = cells(sessions.sessions_table([hidden], key=KEY))
    assert (row["state"], row["transaction_age"], row["query"]) == ("hidden", "", "not for this role's eyes")
    assert "insufficient" not in str(row)


def test_a_pid_used_again_is_another_row() -> None:
    assert sessions.key(backend(1)) != sessions.key(backend(1, backend_start=None))


def test_parallel_workers_stand_under_their_leader_however_the_table_is_sorted() -> None:
    def worker(pid: int, leader: int) -> Backend:
        return backend(pid, backend_type="parallel worker", leader_pid=leader, transaction_age_s=float(pid))

    found = [worker(7, 3), backend(1), worker(5, 3), backend(3, leader_pid=3, transaction_age_s=99.0), worker(9, 8)]
    table = sessions.sessions_table(found, key=KEY)
    for key, descending in ((None, False), ("pid", True), ("transaction_age", False), ("leader", False)):
        shown = [row.cells[1].text for row in sorted_rows(table, key, descending=descending).rows]
        place = shown.index("3")
        assert sorted(shown[place + 1:place + 3]) == ["5", "7"] and len(shown) == 5, (key, shown)
    assert cells(table, [row.cells[1].text for row in table.rows].index("5"))["application"] == "└ parallel worker"
    assert "parallel worker" in cells(table, [row.cells[1].text for row in table.rows].index("9"))["application"]


@pytest.mark.parametrize(("kind", "application", "words"), [
    ("walsender", "standby1", "walsender standby1"), ("walsender", None, "walsender"),
    ("client backend", "api", "api"), (None, "api", "api"), ("pg_cron launcher", "", "pg_cron launcher"),
    ("logical replication apply worker", "", "logical replication apply worker"),
    ("autovacuum worker", "", "autovacuum worker"), ("pg_cron", "pg_cron", "pg_cron"),
])
def test_what_is_no_client_is_told_by_its_kind(kind: str | None, application: str | None, words: str) -> None:
    row = cells(sessions.sessions_table([backend(1, backend_type=kind, application=application)], key=KEY))
    assert row["application"] == words


def test_what_a_session_does_to_the_machine() -> None:
    work = SessionWork(3 << 20, 120.0, 1 << 20, 4.0, 900, 30, 0, 0, 0, True)
    effort = Effort((1, None))
    assert effort.lines() == []
    effort.add_sample(10.0, work, Process(2.0, 5 << 20))
    process, first = map(plain, effort.lines())
    assert process == "2.0 s of CPU since it began, 5.0 MB of its own"
    assert first == ("read 3.0 MB in 120 ms, wrote 1.0 MB in 4.0 ms, WAL 0 B, 900 hits "
                     "since it began, as of its last transaction's end")
    effort.add_sample(12.0, replace(work, read_bytes=5 << 20, is_timed=False), Process(3.0, None))
    process, second = map(plain, effort.lines())
    assert process == "CPU 50 %, 3.0 s of CPU since it began"
    assert second.startswith("read 5.0 MB (1.0 MB/s), wrote 1.0 MB, WAL")
    effort.add_sample(12.0, None, None)
    assert len(effort.lines()) == 2, "a paused screen samples the same moment again"
    effort.add_sample(14.0, replace(work, read_bytes=None), None)
    assert effort.lines() == [], "a process that isn't counted"
    effort.add_sample(16.0, None, None, [SessionIo("readv", "SUBMITTED", 3, 49152, "blocks 3..8 in file base/5/16384"),
                                         SessionIo("writev", "STAGED", 1, None, None)])
    assert [*map(plain, effort.lines())] == [
        "3 readv under way (submitted, 48 kB): blocks 3..8 in file base/5/16384", "1 writev under way (staged)"]


def test_marks() -> None:
    found, two = backend(1), backend(2)
    table = sessions.sessions_table([found, two], {sessions.key(found)}, sessions.key(two), key=KEY)
    assert [row.cells[0].text for row in table.rows] == ["*", ">"]


def test_the_verdict_counts_roots_and_those_they_hold_up() -> None:
    blocked = forest([idle_in_transaction(1), backend(2, 1), backend(3, 2)])
    words = plain(sessions.verdict(summary(), blocked, with_idle=False, with_background=False, key=KEY))
    assert words == (" 1 root blocker blocks 2 sessions for 48 s · 42 sessions: 9 active · 2 idle in tx · "
                     "31 idle (hidden, i shows)")
    assert "i shows idle ones" in sessions.sessions_table([], key=KEY).empty
    words = plain(sessions.verdict(summary(hidden=3), forest([backend(1, 2), backend(2, 1)]), with_idle=True,
                                   with_background=True, key=KEY))
    assert words.startswith(" 1 circle blocks 2 sessions for 48 s · ") and "3 not visible to this role" in words
    assert plain(sessions.verdict(None, [], with_idle=True, with_background=False, key=KEY)).startswith(" nobody waits")


def test_the_facts_of_one_session() -> None:
    found = backend(2, 1, 9)
    words = [plain(line)
             for line in sessions.facts(found, [("1", idle_in_transaction(1)), ("9", None), ("gid", None)], 3,
                                                    None, SignalOutcome(2, False, "signalled, but still active"))]
    assert words == [
        "2 app_rw api on console from 10.0.4.7:50002",
        "blocked for 2.0 s, in its transaction for 3.0 s, xmin 12 transactions old",
        "wants ShareLock transaction 9912 for 48 s",
        "behind 1 report idle/tx for 14 min: UPDATE accounts SET balance = $1 WHERE id = $2",
        "behind 9", "behind prepared transaction gid", "blocks 3 sessions", "signalled, but still active"]


def test_locks_waited_for_stand_out() -> None:
    table = sessions.locks_table([HeldLock(False, "ShareLock", "transaction 9", 1, 2.0),
                                  HeldLock(True, "RowExclusiveLock", "public.a", 3, None)])
    assert [[cell.text for cell in row.cells] for row in table.rows] == [
        ["waits", "ShareLock", "transaction 9", ""], ["", "RowExclusiveLock", "public.a", "3 x"]]
    assert sessions.locks_table([]).empty == "holds no lock" and sessions.locks_table(None, "denied").empty == "denied"


def test_the_question_names_everybody_up_to_a_few() -> None:
    words = [words for words, _ in sessions.question([idle_in_transaction(pid) for pid in range(10)])]
    assert words[0] == "0  app_rw  report  idle/tx 14 min" and words[-1] == "and 4 more"


def test_the_blocking_tree_in_rows() -> None:
    everybody = [idle_in_transaction(1), backend(2, 1, 0, prepared=["gid"]), backend(3, 2, leader_pid=2)]
    table = blocking.table(forest(everybody), {backend.pid: backend for backend in everybody},
                           {"gid": PreparedHolder("gid", "app_rw", "console", 90.0)})
    rows = [cells(table, index) for index in range(4)]
    assert [row["tree"] for row in rows] == ["▾ 1 report", "└ 2 api", "  └ 3 api", "▾ prepared gid"]
    assert rows[0]["wants"] == "idle in transaction for 14 min" and rows[0]["blocks"] == "2"
    assert rows[1]["wants"] == "ShareLock transaction 9912 (also behind gid)" and rows[1]["waits"] == "48 s"
    assert rows[2]["wants"] == "ShareLock transaction 9912 (worker of 2)"
    assert rows[3]["wants"] == "prepared for 90 s" and "ROLLBACK PREPARED in console" in rows[3]["query"]


def test_a_blocker_that_has_gone_between_two_looks() -> None:
    table = blocking.table(forest([backend(2, 1)]), {}, {})
    assert [cells(table, index)["tree"] for index in range(2)] == ["▾ 1", "└ 2"]


PROGRESS = CommandProgress(7, None, "create index concurrently", "console", "public.accounts",
                    "building index: scanning table", 250, 1000, "blocks", "accounts_idx", 12.0)


@pytest.mark.parametrize(("changes", "shown"), [
    ({}, ("building: scanning table", "████············", "25 %", "250 of 1 000 blocks, accounts_idx")),
    ({"done": 999}, ("building: scanning table", "███████████████▌", "99 %", "999 of 1 000 blocks, accounts_idx")),
    ({"done": 2000}, ("building: scanning table", "█" * 16, "100 %", "2 000 of 1 000 blocks, accounts_idx")),
    ({"done": None, "total": None, "phase": "some new phase", "detail": None}, ("some new phase", "", "", "")),
    ({"unit": "bytes", "total": None, "done": 5 << 20, "detail": "10 rows"},
     ("building: scanning table", "", "", "5.0 MB, 10 rows")),
    ({"phase": "waiting for writers before build"},
     ("waiting for writers, before it builds", "████············", "25 %", "250 of 1 000 blocks, accounts_idx")),
])
def test_progress(changes: dict[str, object], shown: tuple[str, ...]) -> None:
    row = cells(progress.table([replace(PROGRESS, **changes)], lambda _: 36.0))  # type: ignore[arg-type]
    assert (row["phase"], row["bar"], row["percent"], row["amount"]) == shown
    assert (row["elapsed"], row["left"]) == ("12 s", "36 s")


def test_bars() -> None:
    assert bar(0.0, 4) == "····" and bar(0.001, 4) == "▌···" and bar(1.0, 4) == "████" and bar(0.99, 4) == "███▌"
    assert sparkline((None, 0.0, 1.0, 8.0), 8.0) == " ·▁█" and sparkline((0.0,), 0.0) == "·"


def test_waits() -> None:
    shares = [WaitShare("Lock", "tuple", 1.5, 0.75, (None, 1.5)), WaitShare("CPU", None, 0.5, 0.25, (None, 0.5))]
    table = waits.table(shares, {("Lock", "tuple"): "Waiting to acquire a lock on a tuple."}, "nothing")
    assert cells(table)["event"] == "Lock:tuple" and cells(table)["share"] == "75 %"
    assert cells(table)["meaning"] == "Waiting to acquire a lock on a tuple" and cells(table)["course"] == " █"
    assert plain(waits.summary(shares, 30, 60.0, "whole server")) == (
        " whole server: 2.0 active on average, 75 % of it waiting · 30 samples in 60 s")
    assert waits.table([], {}, "nothing").empty == "nothing"


def test_locks_that_were_waited_for_long() -> None:
    assert waits.lock_waits([]) == ()
    found = [LockWaits("relation", 12, 3400.0, 0, 7200.0), LockWaits("tuple", 0, 0.0, 5, 7200.0)]
    assert plain(waits.lock_waits(found)) == (
        " waited beyond deadlock_timeout in 2 h 00: relation 12 (3.4 s) · 5 locks beyond the fast path: "
        "more max_locks_per_transaction")


SENDER = WalSender(9, "replicator", "standby1", "10.0.0.2", "streaming", "sync", 0, 4096, 0.001, 0.002, 0.003,
                   "standby1")
SLOT = ReplicationSlot("standby1", "physical", None, True, False, "reserved", None, 4096)


def topology(**changes: object) -> Replication:
    plain_one = Replication((SENDER,), None, (SLOT,), {}, (), {})
    return replace(plain_one, **changes)  # type: ignore[arg-type]


def test_replication_of_a_primary() -> None:
    old = ReplicationSlot("old", "logical", "console", False, False, "unreserved", 1 << 20, 3 << 30)
    facts = {"old": SlotFacts("old", "pgoutput", None, None, 500, False, 86400.0, None)}
    found = topology(slots=(SLOT, old), slot_facts=facts,
                     subscriptions=(SubscriptionState("sub", True, ["pub"], "sub", None, None, None, 2),))
    table = replication.table(found, info())
    rows = [cells(table, index) for index in range(4)]
    assert [row["node"] for row in rows] == ["this server", "├ standby1  10.0.0.2", "├ old", "└ sub"]
    assert (rows[1]["state"], rows[1]["lag"], rows[1]["lag_s"]) == ("streaming sync", "4.0 kB", "3.0 ms")
    assert rows[2]["retained"] == "3.0 GB" and rows[2]["note"] == (
        "inactive for 24 h 00, keeps vacuum 500 transactions back, WAL unreserved, lost after 1.0 MB more".replace(
            "24 h 00", "1 d"))
    assert rows[3]["state"] == "no worker" and "2 tables not synchronised" in rows[3]["note"]
    words = plain(replication.verdict(found, info()))
    assert "slot old is unreserved" in words and "subscription sub has no worker" in words


def test_only_who_replays_is_a_standby() -> None:
    stored = replace(SENDER, is_replaying=False, slot=None)
    logical = ReplicationSlot("sub", "logical", "console", True, False, "reserved", None, 4096)
    found = topology(slots=(SLOT, logical), senders=(
        SENDER, stored, replace(stored, state="backup"), replace(SENDER, slot="sub")))
    assert [cells(replication.table(found, info()), index)["kind"] for index in range(1, 5)] == [
        "standby", "stores WAL only", "base backup", "logical"]


def test_what_a_subscription_and_its_slot_have_met() -> None:
    met = SubscriptionState("sub", True, ["pub"], "sub", 7, 0, None, 0, 2, 3, 1, ["update missing 4"])
    slot = ReplicationSlot("s", "logical", "console", False, False, "reserved", None, 4096)
    facts = {"s": SlotFacts("s", "pgoutput", None, None, None, False, None, None, "wal_not_flushed")}
    table = replication.table(topology(senders=(), slots=(slot,), slot_facts=facts, subscriptions=(met,)), info())
    assert "not synchronised: wal not flushed" in cells(table, 1)["note"]
    assert "2 parallel workers, 3 errors applying, 1 error synchronising, conflicts: update missing 4" in \
        cells(table, 2)["note"]


def test_a_standby_says_what_it_is_replaying() -> None:
    found = topology(senders=(), slots=(), receiver=WalReceiver(5, "streaming", "db1", 5432, None, 0, 0.5),
                     recovery=Recovery(True, True, 4096, 12.0),
                     recovery_state=RecoveryState("pause requested", True, 3, 90.0))
    row = cells(replication.table(found, info(is_standby=True)), 1)
    assert (row["state"], row["lag"]) == ("pause requested", "4.0 kB")
    assert "timeline 3, promotion triggered, replaying for 90 s" in row["note"]
    assert "replay is paused" in plain(replication.verdict(found, info(is_standby=True)))


def test_replication_of_a_standby() -> None:
    receiver = WalReceiver(5, "streaming", "db1", 5432, "standby1", 0, 0.5)
    standby = info(is_standby=True)
    table = replication.table(topology(senders=(), slots=(), receiver=receiver), standby)
    assert [cells(table, index)["node"] for index in range(2)] == ["db1:5432", "└ this server"]
    lonely = topology(senders=(), slots=(), receiver=None)
    assert cells(replication.table(lonely, standby))["state"] == "not receiving"
    assert "this standby receives no WAL" in plain(replication.verdict(lonely, standby))


def test_replication_that_a_role_may_not_see() -> None:
    hidden = WalSender(9, None, None, None, None, None, None, None, None, None, None, None)
    row = cells(replication.table(topology(senders=(hidden,), slots=(), unavailable={"subscriptions": "denied: GRANT"}),
                                  info()), 1)
    assert (row["node"], row["state"], row["lag"]) == ("├ 9", "-", "") and "pg_read_all_stats" in row["note"]


def test_filters() -> None:
    table = sessions.sessions_table([backend(1), idle_in_transaction(2), backend(33, user="root", query="[/x] (")],
                                    key=KEY)

    def left(needle: str) -> list[str]:
        return [row.cells[1].text for row in filtered(table, needle).rows]

    assert left("report") == ["2"] and left("!report") == ["1", "33"]
    assert left("application:report") == ["2"] and left("pid~^3") == ["33"] and left("user:app state:active") == ["1"]
    assert left("/up.*balance/") == ["1", "2"] and left("/[(]/") == ["33"] and left("pid~(") == []
    assert left("10.0.4.7:50001") == ["1"] and left("nothing:here") == [] and left("tx_age:14") == ["2"]
