"""`migrate verify`: every migration's way back, proved before it is needed.

Services that others stand on are proved first, in one scratch database; each of the rest then in a copy of it, two at
a time. Files that change what the whole cluster shares are proved in an embedded cluster where there is one. At last,
with rows in place, everything goes down once more, and what each down loses is counted.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress

from msgspec import Struct
from msgspec.structs import replace

from console.errors import ConsoleError
from console.migrate import kept_databases, selection, state, steps
from console.migrate.cluster_objects import touches_cluster
from console.migrate.data_loss import SampleData, count_losses, merged
from console.migrate.faults import FileError, MigrationError
from console.migrate.files import is_foreign, own_services, read_service, read_services
from console.migrate.records import MigrationFile, RunRange
from console.migrate.rollback_test import NeedsOwnCluster, OwnCluster, Place, Proof, ScratchRun, apart
from console.migrate.scratch import ScratchServer, scratch_server
from console.migrate.selection import Selection
from console.migrate.tenants import sample_of
from console.migrate.verify_start import AVAILABLE, Start, before, start
from console.migrate.version import version_key
from console.server.script import ScriptSession
from console.server.target import Target
from console.services import Service
from console.sql.names import name_of
from console.waiting import together

AT_ONCE = 2
"""Services proved at the same time: more would only share two cores and someone's connections."""

OnProof = Callable[[Proof], None]


class VerifyScope(Struct, frozen=True):
    """What to prove: every migration of `services` (all where None), as far as `to` where that is given, of those that
    are `chosen`."""

    services: frozenset[str] | None = None
    to: str | None = None
    chosen: Selection = selection.EVERYTHING

    def holds(self, file: MigrationFile) -> bool:
        return ((self.services is None or file.service in self.services)
                and (self.to is None or file.key <= version_key(self.to)) and self.chosen.holds(file))


EVERYTHING = VerifyScope()


class VerifyReport(Struct, frozen=True):
    """The proofs in the order in which the migrations would be applied, and notes on the run as a whole."""

    proofs: tuple[Proof, ...]
    notes: tuple[str, ...] = ()

    @property
    def is_good(self) -> bool:
        """Whether every way back is proved, or its file says that there is none."""
        return all(proof.status == "proved" or proof.is_accepted for proof in self.proofs)

    @property
    def has_faults(self) -> bool:
        """Whether one was tried and is wrong, whatever was skipped."""
        return any(proof.status in ("differs", "failed") for proof in self.proofs)


async def verify(target: Target, services: Sequence[Service], wanted: VerifyScope = EVERYTHING, *,
                 own_cluster: OwnCluster | None = None, only_own_cluster: bool = False,
                 sample: SampleData | None = None, seeds: bool = True, fresh: bool = False,
                 on_proof: OnProof = lambda proof: None) -> VerifyReport:
    """Proves. `on_proof` hears of each proof as it comes, before what its down loses is known.

    `sample` are rows to be lost beside those of the seed files, which `seeds` turns off. Of what is `chosen` it begins
    with a database that an earlier verify has kept; a `fresh` one drops those instead, and keeps none.
    `services` are all that could be needed, `wanted` what is to be proved. `own_cluster` is for files that touch what a
    cluster shares; with `only_own_cluster` everything happens there. Raises MigrationError where nothing can be proved:
    production, no right to create databases, files that can't be put in order.
    """
    names = {service.name: sample_of(service).name for service in services}
    services = [*map(sample_of, services)]
    if wanted.services is not None:
        wanted = replace(wanted, services=frozenset(names.get(name, name) for name in wanted.services))
    _, notes = own_services([service for service in services
                             if wanted.services is None or service.name in wanted.services], "proved")
    order = _ordered(services, wanted)
    if not order:
        return VerifyReport((), tuple(notes))
    run = _Run(services, order, wanted, (sample, seeds), on_proof)
    if only_own_cluster:
        if own_cluster is None:
            raise MigrationError("there is no embedded PostgreSQL here to prove in",
                                 hint="pip install 'dbconsole[demo]' brings one")
        await run.in_own_cluster(own_cluster, order)
    else:
        async with scratch_server(target) as server:
            await run.on(server, fresh)
        if run.elsewhere:
            await run.elsewhere_in(own_cluster)
    return VerifyReport(run.sorted(), (*notes, *run.notes))


def _ordered(services: Sequence[Service], wanted: VerifyScope) -> tuple[MigrationFile, ...]:
    """Those files that are to be proved and those that they need, each after what it needs. Raises MigrationError."""
    files = read_services(service for service in services if not is_foreign(service))
    chosen = steps.choose(state.compare_all(files, (), ()), (), RunRange())
    every = [step.migration for step in chosen]
    if not wanted.chosen.is_everything:
        return _as_far_as_wanted(services, wanted, every)
    if wanted.services is None:
        return tuple(file for file in every if wanted.holds(file))
    needed = set(wanted.services)
    for service in closure(services, every, needed):
        needed.add(service)
    return tuple(file for file in every if file.service in needed and
                 (wanted.holds(file) or file.service not in wanted.services))


def _as_far_as_wanted(services: Sequence[Service], wanted: VerifyScope,
                      every: Sequence[MigrationFile]) -> tuple[MigrationFile, ...]:
    """What is to be proved, and all that comes before the last of it in the services that it stands on."""
    last = max((number for number, file in enumerate(every) if wanted.holds(file)), default=-1)
    names = {file.service for file in every[:last + 1] if wanted.holds(file)}
    needed = names | closure(services, every, names)
    return tuple(file for file in every[:last + 1] if file.service in needed)


def _needs(services: Sequence[Service], files: Sequence[MigrationFile]) -> Mapping[str, set[str]]:
    """The services that each service stands on directly."""
    needs = {service.name: set(service.depends_on) for service in services}
    for file in files:
        needs[file.service] |= {require.service for require in file.up.directives.requires} - {file.service}
    return needs


def closure(services: Sequence[Service], files: Sequence[MigrationFile], names: set[str]) -> set[str]:
    """What `names` stand on, directly or not, themselves left out unless others of them stand on them."""
    needs = _needs(services, files)
    found: set[str] = set()
    ahead = list(names)
    while ahead:
        for text in needs.get(ahead.pop(), set()) - found:
            found.add(text)
            ahead.append(text)
    return found


def created_extensions(files: Sequence[MigrationFile]) -> frozenset[str]:
    """The names after CREATE EXTENSION in the files, without those that are put together as they run."""
    found: set[str] = set()
    for file in files:
        with suppress(FileError):  # what can't be split is told when its turn comes
            for statement in file.up.statements():
                if statement.verb == "CREATE" and statement.words[1:2] == ("EXTENSION",):
                    found.add(name_of(next((word for word in statement.words[2:]
                                            if word not in ("IF", "NOT", "EXISTS")), "")))
    return frozenset(found)


class _Run:
    def __init__(self, services: Sequence[Service], order: Sequence[MigrationFile], wanted: VerifyScope,
                 rows: tuple[SampleData | None, bool], on_proof: OnProof) -> None:
        self.order = order
        self.wanted = wanted
        self.sample, self.seeds = rows
        self.services = services
        self.by_name = {service.name: service for service in services}
        self.made_by_files = created_extensions(order)
        self.proofs: dict[int, Proof] = {}
        self.elsewhere: dict[int, str] = {}
        """Files that couldn't be run beside others' databases, with what they would have changed."""
        self.notes: list[str] = []
        self._has_moved = False
        self._on_proof = on_proof

    def sorted(self) -> tuple[Proof, ...]:
        return tuple(self.proofs[id(file)] for file in self.order if id(file) in self.proofs)

    async def on(self, server: ScratchServer, fresh: bool) -> None:
        """Proves on the target's own server, as far as that may be."""
        base: Target | str | None = None
        place = Place(f"a scratch database on this server, PostgreSQL {server.major}", True,
                      lambda: server.create(base), server.drop)
        await self._note_unavailable(server.session, place)
        started = await self._start(server, place, fresh)
        base, done, missing = (started.name, started.done, dict(started.missing)) if started else (None, [], {})
        over = {id(file) for file in started.files} if started else set()
        order = [file for file in self.order if id(file) not in over]
        below = closure(self.services, self.order, {file.service for file in self.order})
        trunk = ScratchRun(place, self.by_name, self.made_by_files, done=done, missing=missing,
                           is_copy=started is not None)
        if base is None or any(file.service in below for file in order):
            try:
                await trunk.open()
                for file in order:
                    if file.service in below:
                        await self._step(trunk, file)
            finally:
                await trunk.close()
            base = trunk.target
        leaves = list(dict.fromkeys(file.service for file in order if file.service not in below))
        slots = asyncio.Semaphore(AT_ONCE)
        cloning = asyncio.Lock()

        async def prove(name: str) -> None:
            async with slots:
                branch = ScratchRun(place, self.by_name, self.made_by_files, is_copy=True,
                                    done=[*trunk.done], missing=dict(trunk.missing))
                async with cloning:  # the server copies a template for one at a time
                    branch.target = await server.create(base)
                try:
                    await branch.open()
                    for file in order:
                        if file.service == name:
                            await self._step(branch, file)
                finally:
                    await branch.close()
                if branch.target is not None:
                    await server.drop(branch.target)

        await together(map(prove, leaves))
        base = None
        if not self._has_moved:
            await self._count_losses(place)

    async def _note_unavailable(self, session: ScriptSession, place: Place) -> None:
        """All extensions at once that the files want and the server doesn't have: not one after the other, run by
        run."""
        wanted = {*self.made_by_files}
        for file in self.order:
            wanted |= {*self.by_name[file.service].extensions, *file.up.directives.extensions}
        if absent := sorted(wanted - {row.name for row in await session.fetch(AVAILABLE)}):
            self.notes.append(f"{place.words} has no {', '.join(absent)}: what needs "
                              f"{'that extension' if len(absent) == 1 else 'those extensions'} can't be proved there")

    async def _start(self, server: ScratchServer, place: Place, fresh: bool) -> Start | None:
        """Where to begin with a choice of files; None: with an empty database."""
        if self.wanted.chosen.is_everything:
            return None
        if fresh:
            await kept_databases.drop_all(server)
            return None
        needs = {service.name: closure(self.services, self.order, {service.name}) for service in self.services}
        files = before(self.order, self.wanted.holds, lambda name: needs.get(name, set()))
        if not files:
            return None
        found = await start(server, files, lambda: ScratchRun(place, self.by_name, self.made_by_files),
                            ([(name, service.extensions, service.verify_setup) for name, service in
                              sorted(self.by_name.items())], sorted(self.made_by_files)))
        if found is not None:
            self.notes.append(f"the {len(files)} migrations before are in the database {found.name}, "
                              + ("as an earlier verify has kept it" if found.was_kept else
                                 "which is kept for the next verify; --fresh keeps none"))
        return found

    async def _step(self, scratch_run: ScratchRun, file: MigrationFile) -> None:
        """Proves a file, or only applies it where it is just needed."""
        if id(file) in self.elsewhere:
            return
        try:
            if self.wanted.holds(file):
                if what := touches_cluster(file):
                    raise NeedsOwnCluster(what)
                self._keep(await scratch_run.prove(file))
            elif (proof := await scratch_run.apply(file)) is not None and proof.status == "failed":
                self._keep(proof)
            return
        except NeedsOwnCluster as needs:
            self.elsewhere[id(file)] = needs.what
        try:
            await scratch_run.run(file, "up")  # where nothing is left for it to change, the others can go on here
        except (NeedsOwnCluster, FileError):
            self._has_moved = True
            if file.up.directives.no_transaction or file.up.directives.own_transaction:
                await scratch_run.rebuild()  # its first statements may have been done
            position = next(number for number, migration_file in enumerate(self.order) if migration_file is file)
            for later in self.order[position + 1:]:
                if file.service in (later.service, *closure(self.services, self.order, {later.service})):
                    self.elsewhere.setdefault(
                        id(later), f"stands on {file.label}, which changes {self.elsewhere[id(file)]}")
        else:
            scratch_run.done.append(file)
            scratch_run.current = None

    def _keep(self, proof: Proof) -> None:
        self.proofs[id(proof.file)] = proof
        self._on_proof(proof)

    async def elsewhere_in(self, own_cluster: OwnCluster | None) -> None:
        """Proves in a cluster of our own what couldn't be proved beside others, or says why not."""
        there = [file for file in self.order if id(file) in self.elsewhere and self.wanted.holds(file)]
        if own_cluster is None:
            for file in there:
                self._keep(Proof(file, "skipped", reason=f"{self.elsewhere[id(file)]}: the whole cluster shares that, "
                                                         "and there is no embedded PostgreSQL here to prove it in"))
        elif there:
            await self.in_own_cluster(own_cluster, there)

    async def in_own_cluster(self, own_cluster: OwnCluster, proved: Sequence[MigrationFile]) -> None:
        """Proves `proved` in order, everything before them only applied. Roles outlive a database, so whenever one has
        to be made anew, the cluster is."""
        chosen = {id(file) for file in proved}
        last = max(number for number, file in enumerate(self.order) if id(file) in chosen)
        async with apart(own_cluster) as place:
            scratch_run = ScratchRun(place, self.by_name, self.made_by_files)
            try:
                await scratch_run.open()
                scratch_run.place = replace(scratch_run.place, words="a throwaway cluster of embedded PostgreSQL "
                                                         f"{scratch_run.session.info.version}")
                if len(proved) == len(self.order):
                    await self._note_unavailable(scratch_run.session, scratch_run.place)
                for file in self.order[: last + 1]:
                    if id(file) in chosen and self.wanted.holds(file):
                        self._keep(await scratch_run.prove(file))
                    elif (failed := await scratch_run.apply(file)) is not None:
                        self._on_proof(failed)
            finally:
                await scratch_run.close()
            if self._has_moved or len(proved) == len(self.order):
                await self._count_losses(place)

    async def _count_losses(self, place: Place) -> None:
        """Adds to the proofs what each down loses, where there are rows to be had."""
        if not self.wanted.chosen.is_everything:
            return  # it would take all of the history down and up
        services = [service for service in self.services if any(file.service == service.name for file in self.order)]
        if self.sample is None and not (self.seeds and any(read_service(service).seeds for service in services)):
            return
        scratch_run = ScratchRun(place, self.by_name, self.made_by_files)
        try:
            await scratch_run.open()
            losses = await count_losses(scratch_run, services, self.order, self.sample)
        except ConsoleError as error:
            self.notes.append(f"what a down loses isn't known, the sample data can't be loaded: {error.summary}")
            return
        finally:
            await scratch_run.close()
        for number, loss in losses.items():
            if number in self.proofs:
                self.proofs[number] = merged(self.proofs[number], loss)
