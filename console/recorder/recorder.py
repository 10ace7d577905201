"""The recorder of a target: listens to its sampler, keeps the last minutes in memory, and writes files on demand."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import console
from console import log
from console.activity.read import SESSIONS
from console.activity.records import Backend
from console.clock import Clock
from console.errors import ConsoleError
from console.recorder.format import Encoder
from console.recorder.pooler import POOLER, PoolerNotes
from console.recorder.reads import JUDGED, SESSIONS_PACED, Schedule
from console.recorder.records import Extent, Judged, Origin, Sample
from console.recorder.ring import Ring
from console.recorder.writer import RecordingWriter
from console.sampler.records import Snapshot
from console.sampler.sampler import Sampler
from console.server.info import ServerInfo
from console.server.query import Read
from console.server.session import Readings
from console.server.target import Target
from console.waiting import ended

if TYPE_CHECKING:
    from console.sampler.pooler_watch import PoolerWatch

MOST_WAITING = 50
"""Samples that wait for a slow disk; more are left out, as gaps."""


NOT_RECORDED = "this sample could not be recorded: dbconsole's log says why"


class Recorder:
    """Takes every snapshot of `sampler` from now until `close`.

    What it reads beside the sampler's own reads travels in the sampler's round trip. `memory` None: nothing is kept
    but what goes to a file. `changed` is called when a recording to a file ends because the file can't be written;
    then `error` says why.
    """

    def __init__(self, sampler: Sampler, target: Target, clock: Clock, *, memory: Ring | None = None) -> None:
        self.memory = memory
        self.error: ConsoleError | None = None
        self.changed: Callable[[], None] | None = None
        self._sampler = sampler
        self._target = target
        self._clock = clock
        self._schedule = Schedule()
        self._untold = {check.check.name for check in sampler.checks if not check.check.reads} | {"connection"}
        """Checks whose findings don't follow from the rows alone: the round trip isn't in them."""
        self._encoder = Encoder()
        self._writer: RecordingWriter | None = None
        self._needs_key = False
        self._origin: Origin | None = None
        self._taken_at: dt.datetime | None = None
        self._taken_s = 0.0
        self._held: Snapshot | None = None
        self._pooler: PoolerNotes | None = None
        self._overheard: list[Backend] | None = None
        self._queue: asyncio.Queue[tuple[Sample, Origin]] = asyncio.Queue(MOST_WAITING)
        self._task: asyncio.Task[None] | None = None
        sampler.listeners.append(self._sampled)
        sampler.extra_reads.append(self._reads)

    @property
    def path(self) -> Path | None:
        """The file that is being recorded to."""
        return self._writer.path if self._writer else None

    @property
    def written(self) -> Extent:
        """How much is in that file so far."""
        return self._writer.extent if self._writer else Extent()

    @property
    def remembered(self) -> Extent:
        """How much is in memory."""
        return self.memory.extent if self.memory is not None else Extent()

    def start(self, path: Path) -> None:
        """Records to a new file at `path` from now on. Raises ConsoleError."""
        if self._writer is not None:
            raise ConsoleError(f"already recording to {self._writer.path}")
        self._writer = RecordingWriter(path)
        self.error = None
        self._needs_key = True
        self._schedule.restart()
        self._sampler.wake()

    async def stop(self) -> Extent:
        """Ends the recording to a file when all samples until now are in it."""
        await self._written_out()
        writer, self._writer = self._writer, None
        if writer is None:
            return Extent()
        await asyncio.to_thread(writer.close)
        return writer.extent

    async def save(self, path: Path) -> Extent:
        """Writes what is in memory to a new file. Raises ConsoleError, also when nothing has been recorded yet."""
        await self._written_out()
        frames = list(self.memory or ())
        if not frames:
            raise ConsoleError("nothing has been recorded yet")

        def write() -> Extent:
            writer = RecordingWriter(path)
            try:
                writer.write_all(frames)
            except ConsoleError:
                path.unlink(missing_ok=True)
                raise
            finally:
                writer.close()
            return writer.extent

        return await asyncio.to_thread(write)

    async def close(self) -> None:
        """Ends whatever goes on; the sampler is left alone from now on."""
        for hooks, own in ((self._sampler.listeners, self._sampled), (self._sampler.extra_reads, self._reads)):
            if own in hooks:
                hooks.remove(own)  # type: ignore[arg-type]
        await self.stop()
        task, self._task = self._task, None
        await ended(task)

    def watch(self, pooler: PoolerWatch) -> None:
        """Records what that watch sees of PgBouncer, too."""
        self._pooler = PoolerNotes(pooler)

    def overhear(self, readings: Readings) -> None:
        """What a screen has read anyway of the sessions goes into memory, and the server isn't asked for it again.

        A recording to a file reads all of them itself: a screen leaves idle ones out.
        """
        rows = readings.rows(SESSIONS)
        if rows is not None and self.memory is not None and self._writer is None:
            self._overheard = rows
            self._schedule.answered(SESSIONS_PACED, self._clock.monotonic())

    # the sampler's hooks

    def _reads(self, info: ServerInfo, now_s: float) -> list[Read[Any]]:
        if self.memory is None and self._writer is None:
            return []
        latest = self._sampler.latest
        rows = latest.readings.rows_by_name if latest is not None else {}
        due = self._schedule.due(now_s, info, rows, to_file=self._writer is not None)
        if any(read.query is SESSIONS for read in due):
            self._overheard = None
        return due

    def _sampled(self, snapshot: Snapshot) -> None:
        if self.memory is None and self._writer is None:
            return
        if snapshot.error is not None:
            self._put_error(snapshot.error)
        elif snapshot.taken_at is not None and snapshot.taken_at == self._taken_at:
            self._held = snapshot  # sizes that came after the tick: the next sample has them too
        else:
            self._held = None
            self._put(snapshot)

    def _put(self, snapshot: Snapshot) -> None:
        info = snapshot.info
        if snapshot.taken_at is None or info is None:
            return
        if self._origin is None or self._origin.info is not info:
            self._origin = Origin(version=console.__version__, target=self._target.label, info=info,
                                  environment=self._target.environment, services=self._sampler.services)
        self._taken_at, self._taken_s = snapshot.taken_at, self._clock.monotonic()
        judged = [Judged(result.name, result.status.name, result.summary, result.value, result.hint)
                  for result in snapshot.results
                  if result.name in self._untold]
        rows = {JUDGED.name: judged, **snapshot.readings.rows_by_name}
        if self._pooler is not None and (seen := self._pooler.rows()):
            rows[POOLER.name] = seen
        if self._overheard is not None:
            rows[SESSIONS.name] = self._overheard
        self._enqueue(Sample(
            taken_at=snapshot.taken_at, every_s=self._sampler.every_s, rows=rows,
            unavailable=dict(snapshot.readings.unavailable), series=snapshot.measures,
            is_seldom=self._sampler.slow_history.times(1) == [snapshot.monotonic_s]))

    def _put_error(self, error: ConsoleError) -> None:
        """A gap with its reason. The server's clock can't be read: ours goes on from where it was."""
        if self._taken_at is None:
            return
        passed = dt.timedelta(seconds=self._clock.monotonic() - self._taken_s)
        self._enqueue(Sample(taken_at=self._taken_at + passed, every_s=self._sampler.every_s, error=error.summary))

    def _enqueue(self, sample: Sample) -> None:
        if self._origin is None or self._queue.full():
            return
        self._queue.put_nowait((sample, self._origin))
        if self._task is None or self._task.done():
            self._task = asyncio.get_running_loop().create_task(self._work(), name="flight recorder")

    # encoding and writing, beside the event loop

    async def _written_out(self) -> None:
        if self._held is not None:
            held, self._held = self._held, None
            self._put(held)
        if self._task is not None:
            await self._queue.join()

    async def _work(self) -> None:
        while True:
            sample, origin = await self._queue.get()
            try:
                await asyncio.to_thread(self._record, sample, origin)
            except ConsoleError as error:
                self._give_up(error)
            except Exception as error:  # the next sample may do; a person is told of it at the end
                log.failed(error)
            finally:
                self._queue.task_done()

    def _record(self, sample: Sample, origin: Origin) -> None:
        needs_key, self._needs_key = self._needs_key, False
        try:
            frame = self._encoder.encode(sample, origin, as_key=needs_key)
        except Exception as error:  # a mistake of ours must not pass for a time in which nothing happened
            log.failed(error)
            self._encoder = Encoder()
            lost = Sample(taken_at=sample.taken_at, every_s=sample.every_s, error=NOT_RECORDED)
            frame = self._encoder.encode(lost, origin)
        if self.memory is not None:
            self.memory.append(frame)
        if self._writer is not None:
            self._writer.write(frame)

    def _give_up(self, error: ConsoleError) -> None:
        writer, self._writer, self.error = self._writer, None, error
        if writer is not None:
            writer.close()
        if self.changed is not None:
            self.changed()
