"""Read-only targets: what may write asks here first, and `W` unlocks one for as long as the console is open on it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from console.activity import audit
from console.errors import ConsoleError
from console.ui.dialogs.confirm import ConfirmDialog
from console.ui.dialogs.failure import NotAllowed
from console.ui.keymap import key

if TYPE_CHECKING:
    from console.server.target import Target
    from console.ui.connection import Connection
    from console.ui.host import Host


def obstacle(app: Host) -> ConsoleError | None:
    """Why nothing can be written here now, with what would change that; None when it can."""
    connection = app.connection
    info = connection.info
    if connection.target is not None and (error := connection.target.without_server()) is not None:
        return error
    if info is not None and info.is_standby:
        return NotAllowed(f"{connection.label} is a standby: nothing can be written there",
                       hint=f"open its primary: {key('app.targets')} chooses another target", action="app.targets")
    if connection.read_only:
        return is_read_only(connection.label)
    return None


def is_read_only(label: str) -> ConsoleError:
    """That nothing is changed on that target, and what would let it be."""
    return NotAllowed(f"{label} is read-only in this console",
                   hint=f"{key('app.unlock')} unlocks it until the console is left, after a question",
                   action="app.unlock")


def is_allowed(app: Host) -> bool:
    """Whether something may be written; where not, a dialog says why and what to do."""
    if (error := obstacle(app)) is not None:
        app.show_error(error)
    return error is None


def word_to_type(connection: Connection) -> str | None:
    """What a person types to confirm a write there; None where `y` does, also because it was typed before."""
    return None if connection.is_named or connection.target is None else name_to_type(connection.target)


def name_to_type(target: Target) -> str | None:
    """What unlocks a target: production's name, "yes" where no environment is known."""
    if target.is_production:
        return target.label
    return "yes" if target.environment == "unknown" else None


def toggle(app: Host) -> None:
    """`W`: unlocks a read-only target after a question, or locks it again."""
    connection = app.connection
    target = connection.target
    if target is None:
        return
    if not connection.read_only:
        connection.read_only = True
        app.tell(f"{connection.label} is read-only again")
        app.show_state()
        return
    if (error := obstacle(app)) is not None and connection.info is not None and connection.info.is_standby:
        app.show_error(error)
        return

    def answered(yes: bool | None) -> None:
        if yes and connection is app.connection:
            try:
                audit.write("unlocked", {"action": "unlock", "target": connection.label})
            except ConsoleError as error:
                app.show_error(error)
                return
            connection.read_only = False
            connection.is_named = name_to_type(target) is not None
            app.tell(f"{connection.label} can be written to")
            app.show_state()

    why = {"production": "This is production.", "unknown": "No environment is configured for it."}
    app.push_screen(ConfirmDialog(f"Unlock {connection.label}?", (
        (why.get(target.environment, "It is configured as read-only."),
         "critical" if target.is_production else "warning"),
        (f"Until the console is left, or {key('app.unlock')} locks it again, keys that change something work; "
         "each asks first.", "")),
        typed=name_to_type(target)), answered)
