"""Starting and leaving the console. Importing this imports no widget."""

from __future__ import annotations

import asyncio
import gc
from functools import partial

from console import ending
from console.ui.connection import Connection, Sources
from console.ui.screens import ENTRIES

COLLECT_AFTER_S = 1.0
"""When garbage is looked for, which the command line has disabled: a start makes next to none, and looking for it
among all that is imported took a tenth of the time."""

CLOSE_WITHIN_S = 0.2
"""How long leaving waits for the connection to be closed in order; a silent server must not keep anybody."""


def run_console(name: str, sources: Sources, *, is_replay: bool = False) -> int:
    """Opens the console on the target `name` and returns the exit status when it is left. Raises ConfigError."""
    if sources.config.keys.changes or sources.config.keys.preset:
        from console.ui import keymap

        # Here, so that a mistake is said before anything is opened, and that the connection's own tasks know them.
        keymap.use(keymap.of(sources.config))

    async def run() -> int:
        connection = Connection(name, sources)
        connection.start()
        # The server answers while Textual is imported, so that the first frame has its data.
        await asyncio.to_thread(_import_widgets)
        from console.ui import shutdown
        from console.ui.app import ConsoleApp

        kind: type[ConsoleApp] = ConsoleApp
        if is_replay:
            from console.ui.replay_app import ReplayApp

            kind = ReplayApp
        app = kind(name, sources, connection=connection)
        asyncio.get_running_loop().call_later(COLLECT_AFTER_S, _collect_again)
        try:
            with ending.orderly(partial(shutdown.end, app), shutdown.GONE_WITHIN_S):
                return await app.run_async() or app.return_code or 0
        finally:
            await app.runs.close()
            await app.connection.close(CLOSE_WITHIN_S)

    return ending.run(run())


def _import_widgets() -> None:
    import console.ui.app  # noqa: F401

    ENTRIES[0].load()


def _collect_again() -> None:
    """From now on, but not among what has been imported, which stays anyway."""
    gc.freeze()
    gc.enable()
