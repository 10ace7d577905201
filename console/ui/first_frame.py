"""The first frame: laid out, styled and painted once, with data in it where the server is quick."""

from __future__ import annotations

from contextlib import ExitStack
from typing import Any

from textual import events
from textual.app import App
from textual.geometry import Size
from textual.screen import Screen

PATIENCE_S = 0.3
"""How long there is nothing to see while the server has not answered; then it is said what is waited for."""


class FirstFrame:
    """Keeps an application from drawing between `hold` and `show`.

    Textual 8.2 lays a new screen out five times and computes all of its styles three times until it has its size, its
    classes and its data, and paints it in between: three quarters of all that a start draws is never seen.
    """

    def __init__(self, app: App[Any]) -> None:
        self.is_held = False
        self._app = app
        self._batch = ExitStack()

    def hold(self) -> None:
        self.is_held = True
        self._batch.enter_context(self._app.batch_update())
        self._app.set_timer(PATIENCE_S, self.show)

    def show(self) -> None:
        """Draws what there is, from now on at once."""
        if not self.is_held:
            return
        self.is_held = False
        self._batch.close()
        if isinstance(screen := self._app.screen, HeldScreen):
            screen.draw_held(self._app.size)


class HeldScreen(Screen[None]):
    """A screen that waits for its application's first frame."""

    def __init__(self) -> None:
        super().__init__()
        # Of the size at hand, so that nothing is styled twice: Textual tells a screen its size when it has its widgets.
        for length, breakpoints in ((self.app.size.width, self.HORIZONTAL_BREAKPOINTS),
                                    (self.app.size.height, self.VERTICAL_BREAKPOINTS)):
            self.add_class(*self._get_breakpoint_classes(length, breakpoints or []), update=False)
        self._styled_with = self.classes
        # Styled by the theme of now: Textual thinks that it isn't, and draws the screen that is left once more.
        self._css_update_count = self.app._css_update_count
        self._was_left = False

    @property
    def first_frame(self) -> FirstFrame:
        frame: FirstFrame = self.app.first_frame  # type: ignore[attr-defined]
        return frame

    @property
    def is_held(self) -> bool:
        return self.is_attached and self.first_frame.is_held

    def draw_held(self, size: Size) -> None:
        if self._styled_with != self.classes:
            self.update_node_styles(animate=False)
        self._refresh_layout(size)

    def _on_screen_suspend(self) -> None:
        self._was_left = True

    def _on_screen_resume(self, event: events.ScreenResume) -> None:
        # Before Textual's own, which styles all of a screen anew, twice of one that has just been styled.
        event.refresh_styles = event.refresh_styles and self._was_left
        self._was_left = False

    def update_node_styles(self, animate: bool = True) -> None:
        if not self.is_held:
            super().update_node_styles(animate)

    def _refresh_layout(self, size: Size | None = None, scroll: bool = False) -> None:
        if not self.is_held:
            super()._refresh_layout(size, scroll)
