"""`dbconsole migrate verify` and `migrate drift`: what scratch databases prove."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from console.commands.migrate import Request
from console.commands.output import say, write_json, write_lines
from console.errors import UsageError
from console.server.script import script_session
from console.server.target import Target
from console.text import format as fmt

if TYPE_CHECKING:
    from console.migrate.rollback_test import Proof


async def verify(request: Request) -> int:
    """Proves every migration's way back. 1 unless all are proved or say that there is none; a person may accept what is
    skipped for other reasons."""
    from console.demo.scratch import own_cluster, sample_rows
    from console.migrate import proofs
    from console.migrate.verify import VerifyScope
    from console.migrate.verify import verify as prove

    options = request.options
    if options.on_data or options.clone:
        from console.commands.migrate_rehearse import rehearse

        return await rehearse(request)
    target = await request.target()
    services = request.services(target, every=True)
    chosen = request.services(target)
    if options.to is not None and len(chosen) != 1:
        raise UsageError(f"--to {options.to} of which service?", hint="--service names it")
    selection = await request.selection(chosen, target)
    wanted = VerifyScope(None if options.service is None else frozenset(service.name for service in chosen), options.to,
                         selection)
    version, installed = (18, ()) if options.embedded else await facts(target)
    own, words = own_cluster(version, installed)
    if words:
        say(words)
    verdict = await prove(target, services, wanted, own_cluster=own, only_own_cluster=options.embedded,
                          sample=sample_rows(services) if options.service is None and not options.no_data else None,
                          seeds=not options.no_data, fresh=options.fresh,
                          on_proof=_narrate)
    proofs.remember((proof.file for proof in verdict.proofs if proof.status == "proved"), version)
    for note in verdict.notes:
        say(f"note: {note}")
    if not selection.is_everything:
        from console.migrate.files import by_framework, read_service

        files = [file for service in by_framework(chosen)[0] for file in read_service(service).migrations]
        say(selection.words(sum(map(selection.holds, files)), len(files)))
    if options.json:
        write_json({"target": target.label, "results": [_document(proof) for proof in verdict.proofs],
             "notes": list(verdict.notes)})
    else:
        write_lines(_lines(verdict.proofs))
    return int(verdict.has_faults if options.allow_skipped else not verdict.is_good)


async def drift(request: Request) -> int:
    """The live schema against what the applied files produce. 1 where they differ."""
    if request.options.write:
        from console.commands.drift_pair import write

        return await write(request, request.options.write)
    from console.demo.scratch import own_cluster
    from console.migrate.drift import drift as find

    target = (await request.target()).direct()
    services = request.services(target, every=True)
    version, installed = await facts(target)
    own, words = own_cluster(version, installed)
    found = await find(target, services, {service.name for service in request.services(target)}, own_cluster=own,
                       only_own_cluster=request.options.embedded)
    for note in (*((words,) if words and found.where.startswith("a throwaway") else ()), *found.notes):
        say(f"note: {note}")
    if request.options.json:
        write_json({"target": target.label, "drift": [
            {"service": service, "differences": list(differences)} for service, differences in found.differences],
            "compared_with": found.where, "notes": list(found.notes)})
    else:
        write_lines(f"{service}: {sentence}" for service, differences in found.differences for sentence in differences)
        say(f"compared with {found.where}: "
            + (f"{found.count} differences" if found.count else "no drift"))
    return int(found.count > 0)


async def facts(target: Target) -> tuple[int, tuple[str, ...]]:
    """The server's major version and the extensions that the target's database has."""
    async with script_session(target.direct(), purpose="migrate verify") as session:
        return session.info.major, tuple(session.info.extensions)


def _narrate(proof: Proof) -> None:
    say(f"{proof.status:8} {proof.file.label} in {fmt.milliseconds(proof.duration_ms)}")


def _document(proof: Proof) -> dict[str, Any]:
    file = proof.file
    return {"service": file.service, "version": file.version, "name": file.name, "status": proof.status,
            "differences": list(proof.differences), "reason": proof.reason or None, "notes": list(proof.notes),
            "where": proof.where, "duration_ms": round(proof.duration_ms, 1)}


def _lines(proofs: Sequence[Proof]) -> list[str]:
    """What isn't plainly proved, each with its sentences, and the sum of it all."""
    lines = []
    for proof in proofs:
        if proof.status == "proved" and not proof.notes:
            continue
        lines.append(f"{proof.status:8} {proof.file.label}" + (f": {proof.reason}" if proof.reason else ""))
        lines += [f"         {sentence}" for sentence in proof.differences]
        lines += [f"         note: {note}" for note in proof.notes]
    counts = [f"{count} {status}" for status in ("proved", "differs", "failed", "skipped")
              if (count := sum(proof.status == status for proof in proofs))]
    return [*lines, ", ".join(counts) or "there is nothing to prove"]
