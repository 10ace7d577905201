"""Telling of alerts beyond the console: a command of the user's, and the terminal's bell, as configured."""

from __future__ import annotations

import asyncio
import json
import os
from collections import deque
from collections.abc import Iterable
from typing import Any

from console import process, waiting
from console.clock import Clock
from console.config import AlertsConfig
from console.redaction import masked
from console.sampler.alerts import Event
from console.text.parse import command_words
from console.text.sanitiser import single_line

MOST_WAITING = 20
"""Events that wait for a slow command; older ones give way and are counted as left out."""

WORDS = 300


class Notifier:
    """Runs the command for one event after the other; `take` never waits and nothing here raises.

    A check is told of at most once per `every`, except that it has got worse. `rings` counts what the bell is for;
    `failure` says why the last run of the command came to nothing, None when it did not.
    """

    def __init__(self, config: AlertsConfig, target: str, environment: str, clock: Clock) -> None:
        self.rings = 0
        self.left_out = 0
        self.failure: str | None = None
        self._config = config
        self._target = target
        self._environment = environment
        self._clock = clock
        self._told_s: dict[str, float] = {}
        self._waiting: deque[Event] = deque()
        self._task: asyncio.Task[None] | None = None

    def take(self, events: Iterable[Event]) -> None:
        """Tells of these, soon. An end is told only of what was told of before."""
        now_s = self._clock.monotonic()
        for event in events:
            name = event.alert.name
            is_due = now_s - self._told_s.get(name, -self._config.every) >= self._config.every
            if event.kind == "raised" and not is_due:
                self.left_out += 1
                continue
            if event.kind == "ended":
                if name not in self._told_s:
                    continue
            else:
                self._told_s[name] = now_s
                self.rings += self._config.bell
            if self._config.command is not None:
                self._waiting.append(event)
                if len(self._waiting) > MOST_WAITING:
                    self._waiting.popleft()
                    self.left_out += 1
        if self._waiting and (self._task is None or self._task.done()):
            self._task = asyncio.create_task(self._run(), name="alerts")

    async def close(self) -> None:
        """Ends a command that still runs."""
        await waiting.ended(self._task)

    async def _run(self) -> None:
        while self._waiting:
            event = self._waiting.popleft()
            self.failure = await self._tell(event)

    async def _tell(self, event: Event) -> str | None:
        """Runs the command, without a shell, with the facts as JSON on its standard input and in its environment."""
        facts = self.facts(event)
        words = command_words(self._config.command or "")
        environment = os.environ | {f"DBCONSOLE_ALERT_{key.upper()}": "" if value is None else str(value)
                                    for key, value in facts.items()}
        try:
            done = await process.run(words, within_s=self._config.timeout, given=json.dumps(facts).encode(),
                                     environment=environment)
        except TimeoutError:
            return f"{words[0]} has not ended in {self._config.timeout:g} s and was killed"
        except (OSError, ValueError) as error:
            return f"{words[0]}: {getattr(error, 'strerror', None) or error}"
        if done.exit_status:
            last = single_line(masked(done.complaint.decode("utf-8", "replace").strip())[-WORDS:])
            return f"{words[0]} exited with {done.exit_status}" + (f": {last}" if last else "")
        return None

    def facts(self, event: Event) -> dict[str, Any]:
        """What the command is told."""
        alert, result = event.alert, event.alert.result
        return {
            "event": event.kind, "target": self._target, "environment": self._environment, "check": result.name,
            "title": result.title, "status": "OK" if event.kind == "ended" else result.status.name,
            "summary": result.summary, "value": result.value, "unit": result.unit, "warning": result.warning,
            "critical": result.critical, "worst_status": alert.worst.status.name, "worst_value": alert.worst.value,
            "since": alert.since.isoformat(), "ended_at": alert.ended_at.isoformat() if alert.ended_at else None,
            "hint": result.hint, "left_out": self.left_out}
