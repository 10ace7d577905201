"""`v` and drift: the engine's proofs as runs with a log, the same that `dbconsole migrate verify` prints."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from console.migrate.faults import MigrationError
from console.server.script import script_session
from console.server.target import Target
from console.services import Service
from console.text import format as fmt
from console.ui.jobs import Outcome, Tell
from console.view.table import Tone

if TYPE_CHECKING:
    from console.migrate.data_loss import SampleData
    from console.migrate.repair import RepairPlan
    from console.migrate.rollback_test import Proof
    from console.migrate.verify import VerifyScope

_SIGNS: dict[str, tuple[str, Tone]] = {"proved": ("✓", "ok"), "differs": ("!", "critical"),
                                       "failed": ("!", "critical"), "skipped": ("·", "dim")}


async def verify(target: Target, services: Sequence[Service], name: str | None, to: str | None, tell: Tell) -> Outcome:
    """Proves the services, or one of them up to a version; remembers what was proved. Raises ConsoleError."""
    from console.demo.scratch import sample_rows
    from console.migrate.verify import VerifyScope

    wanted = VerifyScope(None if name is None else frozenset((name,)), to)
    return await _verify(target, services, wanted, sample_rows(services) if name is None else None, tell)


async def verify_pending(target: Target, services: Sequence[Service], service: Service, tell: Tell) -> Outcome:
    """Proves of one service what the target's ledger doesn't have as applied. Raises ConsoleError."""
    from console.migrate.files import by_framework
    from console.migrate.selection import Selection, read_pending
    from console.migrate.verify import VerifyScope

    async with script_session(target.direct(), purpose="migrate verify") as session:
        pending = await read_pending(session, [service], by_framework(services)[1])
    scope = VerifyScope(frozenset((service.name,)), None, Selection(pending))
    return await _verify(target, services, scope, None, tell)


async def rehearse(target: Target, services: Sequence[Service], service: Service, tell: Tell) -> Outcome:
    """Runs what is pending of one service on samples of the tables. Raises ConsoleError."""
    from console.demo.scratch import own_cluster
    from console.migrate.files import by_framework
    from console.migrate.rehearsal import on_samples
    from console.migrate.rehearsal_text import step_lines

    tell(("what is pending goes up and down on samples of two sizes, in scratch databases; the target is only read",
          "dim"))
    own, _ = own_cluster(*await _facts(target))
    found = await on_samples(target, [service], by_framework(services)[1], own_cluster=own)
    for step in found.steps:
        *lines, last = step_lines(step)
        for line in lines:
            tell((line, ""))
        tell((last, "critical" if step.fault is not None else ""))
    answer = "it fails on these rows" if found.has_failed else "it runs on these rows" if found.steps else \
        "there is nothing pending"
    return [(f"{answer}; tried in {found.where}", "critical" if found.has_failed else "ok"),
            *((note, "dim") for note in found.notes)]


async def _verify(target: Target, services: Sequence[Service], wanted: VerifyScope, sample: SampleData | None,
                  tell: Tell) -> Outcome:
    from console.demo.scratch import own_cluster
    from console.migrate import proofs
    from console.migrate.verify import verify as prove

    tell(("each goes up, down and up again in a scratch database; what it leaves behind is told", "dim"))
    major, extensions = await _facts(target)
    own, words = own_cluster(major, extensions)
    if words:
        tell((words, "dim"))
    verdict = await prove(target, services, wanted, own_cluster=own, sample=sample,
                          on_proof=lambda proof: _tell(proof, tell))
    proofs.remember((proof.file for proof in verdict.proofs if proof.status == "proved"), major)
    lost = [(f"{proof.file.label}: {note}", "dim") for proof in verdict.proofs for note in proof.notes]
    counts = [f"{fmt.count(count)} {status}" for status in _SIGNS
              if (count := sum(proof.status == status for proof in verdict.proofs))]
    answer = ", ".join(counts) or "there is nothing to prove"
    return [(answer, "ok" if verdict.is_good else "critical"), *lost, *((note, "dim") for note in verdict.notes)]  # type: ignore[list-item]


def _tell(proof: Proof, tell: Tell) -> None:
    sign, tone = _SIGNS[proof.status]
    reason = f": {proof.reason}" if proof.reason else ""
    tell((f"{sign} {proof.status:8} {proof.file.label}  {fmt.milliseconds(proof.duration_ms)}{reason}", tone))
    for sentence in proof.differences:
        tell((f"           {sentence}", "critical"))


async def drift(target: Target, services: Sequence[Service], names: Sequence[str], found: Callable[[int], None],
                tell: Tell) -> Outcome:
    """Compares the live schemas with what the applied files produce. Raises ConsoleError."""
    from console.demo.scratch import own_cluster
    from console.migrate.drift import drift as compare

    tell(("building what the applied files make in a scratch database, to compare it with what is there", "dim"))
    major, extensions = await _facts(target)
    own, words = own_cluster(major, extensions)
    result = await compare(target.direct(), services, names, own_cluster=own)
    for note in (*((words,) if words and result.where.startswith("a throwaway") else ()), *result.notes):
        tell((note, "dim"))
    found(result.count)
    answer = f"{fmt.plural(result.count, 'difference')} to what the files make" if result.count else "no drift"
    return [(f"{answer}, compared with {result.where}", "critical" if result.count else "ok"),
            *((f"{service}: {sentence}", "warning") for service, sentences in result.differences
              for sentence in sentences)]


async def check_run_by_hand(target: Target, services: Sequence[Service], plan: RepairPlan) -> None:
    """Raises MigrationError where the live schema isn't what the files make together with those that `plan` accepts."""
    from console.demo.scratch import own_cluster
    from console.migrate.run_by_hand import differences

    if found := await differences(target.direct(), services, plan, own_cluster(*await _facts(target))[0]):
        raise MigrationError(f"{fmt.plural(len(found), 'difference')} to what the files make: nothing is accepted",
                             detail="\n".join(found), hint="put that right first; dbconsole migrate repair accept "
                                                           "--allow-drift accepts it all the same")


async def _facts(target: Target) -> tuple[int, tuple[str, ...]]:
    """The server's major version and the extensions that the target's database has."""
    async with script_session(target.direct(), purpose="migrate verify") as session:
        return session.info.major, tuple(session.info.extensions)
