"""The terminal as Textual drives it, but one that doesn't read, or that has gone, holds nothing up.

Textual writes in a thread as well, but waits for it as soon as some thirty pieces are on their way: then the console
would neither go on with what it runs nor hear a signal.
"""

from __future__ import annotations

import math
import os
import select
import threading
import time
from collections.abc import Callable
from queue import SimpleQueue
from typing import TYPE_CHECKING

from textual.drivers.linux_driver import LinuxDriver

from console import ending

if TYPE_CHECKING:
    from console.ui.themed_app import ThemedApp

MOST_WAITING = 30
"""Pieces on their way, some ten frames; until they are written none is drawn."""

WRITTEN_WITHIN_S = 0.3
"""How long leaving waits for the last of them."""

POLL_S = 0.1
"""How often a terminal that takes nothing is looked at, beside its own word that it takes something again."""


class Output(threading.Thread):
    """Writes what it is given to a descriptor, in order. `is_behind` from MOST_WAITING pieces until all are written:
    then `caught_up` is called, in this thread, and `gone` when the terminal takes no more."""

    def __init__(self, descriptor: int, caught_up: Callable[[], object], gone: Callable[[], object]) -> None:
        super().__init__(daemon=True, name="terminal output")
        self.is_behind = False
        self._descriptor = descriptor
        self._caught_up = caught_up
        self._gone = gone
        self._ends_s = math.inf
        self._pieces: SimpleQueue[str | None] = SimpleQueue()

    def put(self, text: str | None) -> None:
        """Never waits."""
        self._pieces.put(text)
        self.is_behind = self.is_behind or self._pieces.qsize() > MOST_WAITING

    def close(self, within_s: float) -> bool:
        """Ends the thread when all is written, in so many seconds at most. Whether all is."""
        self._ends_s = time.monotonic() + within_s
        self.put(None)
        self.join(within_s + POLL_S)
        return not self.is_alive() and not self.is_behind

    def run(self) -> None:
        try:
            while (text := self._pieces.get()) is not None:
                self._write(text.encode("utf-8", "replace"))
                if self.is_behind and self._pieces.empty():
                    self.is_behind = False
                    self._caught_up()
        except TimeoutError:
            self.is_behind = True
        except OSError:
            self._gone()

    def _write(self, data: bytes) -> None:
        """Raises TimeoutError when it is not through by the end, OSError when there is no terminal any more."""
        poll = select.poll()
        poll.register(self._descriptor, select.POLLOUT)
        while data:
            try:
                data = data[os.write(self._descriptor, data):]
            except BlockingIOError:
                if time.monotonic() > self._ends_s:
                    raise TimeoutError from None
                poll.poll(POLL_S * 1000)


class TerminalDriver(LinuxDriver):
    """Linux and macOS."""

    _app: ThemedApp
    _output: Output | None = None

    @property
    def is_behind(self) -> bool:
        """Whether the terminal is slower than what is drawn: nothing more should be."""
        return self._output is not None and self._output.is_behind

    def write(self, data: str) -> None:
        assert self._output is not None, "the terminal has not been taken"
        self._output.put(data)

    def start_application_mode(self) -> None:
        app = self._app
        try:
            descriptor = ending.take_terminal()
        except OSError:  # it has gone before it was taken
            descriptor = os.open(os.devnull, os.O_WRONLY)
            app.call_later(app.terminal_gone)
        self._output = Output(descriptor, lambda: app.call_later(app.caught_up),
                              lambda: app.call_later(app.terminal_gone))
        self._output.start()
        super().start_application_mode()  # type: ignore[no-untyped-call]

    def close(self) -> None:
        super().close()
        if self._output is not None and self._output.close(WRITTEN_WITHIN_S):
            ending.give_terminal_back()

    def _run_input_thread(self) -> None:
        try:
            self.run_input_thread()
        except OSError:
            self._app.call_later(self._app.terminal_gone)
        except Exception as error:
            self._app.call_later(self._app._handle_exception, error)
