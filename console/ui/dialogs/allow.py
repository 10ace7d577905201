"""Statements that act although the target is read-only: refused, or allowed once by a person who reads what they do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from console.activity import audit
from console.ui.dialogs.confirm import ConfirmDialog
from console.ui.dialogs.unlock import name_to_type
from console.ui.keymap import key
from console.view.table import Tone

if TYPE_CHECKING:
    from textual.app import App

    from console.server.effects import Acts
    from console.server.target import Target


def allow_dialog(refusal: Acts, target: Target) -> ConfirmDialog:
    """Asks whether to run it once; every function and kind of statement that acts is named."""
    effects: list[tuple[str, Tone]] = [(f"{effect.sentence}.", "warning") for effect in refusal.effects]
    return ConfirmDialog("It acts on a read-only target. Run it once?", (
        *effects,
        (f"{target.label} is read-only, but no READ ONLY transaction and no rollback holds that back. "
         f"{key('app.unlock')} unlocks the target for more.", "")),
        typed=name_to_type(target), comes_unasked=True)


async def allowed(app: App[Any], refusal: Acts, target: Target, statement: str) -> frozenset[str]:
    """What a person lets act this once. Raises the refusal, with what would unlock, where nothing; ConsoleError where
    the audit log can't keep it. To be called in a worker."""
    hint(refusal)
    if not await allow_dialog(refusal, target).ask(app):
        raise refusal
    write_down(refusal, target, statement)
    return refusal.names


def write_down(refusal: Acts, target: Target, statement: str) -> None:
    """Has the audit log keep what a person allowed. Raises ConsoleError, upon which it must not be run."""
    audit.write_allowed(target.label, [effect.sentence for effect in refusal.effects], statement)


def hint(refusal: Acts) -> None:
    """Says with the refusal what would let it be run."""
    refusal.hint = f"{key('app.unlock')} unlocks the target until the console is left, after a question"
