"""The console on a recording: the same screens, and the keys of a player."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from textual.app import ComposeResult
from textual.widgets import Input

from console.errors import UsageError
from console.recorder.replay.moment import FORMS, parse
from console.server.query import title
from console.text import format as fmt
from console.ui.app import ConsoleApp
from console.ui.bindings import also, bindings
from console.ui.dialogs.dialog import Dialog, Words
from console.view.table import Tone

if TYPE_CHECKING:
    from console.recorder.replay.player import ReplaySampler

NEEDS_A_SERVER = ("target", "database", "rate", "unlock", "password", "recorder")
MINUTE_S = 60.0


class ReplayApp(ConsoleApp):
    """Its connection's sampler is a ReplaySampler."""

    BINDINGS = bindings("replay")

    def __init__(self, *given: Any, **options: Any) -> None:
        super().__init__(*given, **options)
        also(self, "say_recording", ("app.rate", "app.targets", "app.databases", "app.unlock", "app.recorder"))

    @property
    def playback(self) -> ReplaySampler | None:
        return self.connection.playback

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action in ("play", "step", "speed", "skip", "jump", "about"):
            return self.playback is not None
        if action in ("retry", "pause") or (action == "open" and parameters[0] in NEEDS_A_SERVER):
            return False
        return super().check_action(action, parameters)

    def action_play(self) -> None:
        if (playback := self.playback) is not None:
            playback.paused = not playback.paused and not playback.is_at_end
            self.show_state()

    def action_step(self, samples: int) -> None:
        if self.playback is not None:
            self.playback.step(samples)

    def action_speed(self, steps: int) -> None:
        if self.playback is not None:
            self.playback.change_speed(steps)
            self.show_state()

    def action_skip(self, minutes: int) -> None:
        if self.playback is not None:
            self.playback.jump_to(max(0.0, self.playback.position_s + minutes * MINUTE_S))

    def action_jump(self) -> None:
        if self.playback is not None:
            self.push_screen(JumpDialog(self.playback))

    def action_about(self) -> None:
        from console.ui.dialogs.failure import DetailDialog

        if (playback := self.playback) is not None:
            self.push_screen(DetailDialog("About this recording", *about(playback)))

    def action_say_recording(self) -> None:
        """What needs a server has none."""
        self.tell("this is a recording: there is no server behind it")


class JumpDialog(Dialog[None]):
    """Asks for a moment of the recording and goes there."""

    HINT = (("input.submit", "jump"), "dialog.leave")
    width = 68

    def __init__(self, playback: ReplaySampler) -> None:
        super().__init__("Jump to a time")
        self._playback = playback

    def body(self) -> ComposeResult:
        recording = self._playback.recording
        first, last = recording.at(0).astimezone(), recording.at(len(recording) - 1).astimezone()
        yield Words((f"Recorded from {first:%Y-%m-%d %H:%M:%S} to {last:%Y-%m-%d %H:%M:%S}.", "dim"), ("", ""))
        yield Input(placeholder=FORMS, select_on_focus=False)
        yield Words(("", ""), id="told")

    def on_input_submitted(self, event: Input.Submitted) -> None:
        recording = self._playback.recording
        last = recording.at(len(recording) - 1)
        try:
            at = parse(event.value, first=recording.at(0), last=last, now=recording.at(max(0, self._playback.number)))
        except UsageError as error:
            self.query_one("#told", Words).say((f"{error.summary}; {error.hint}", "warning"))
            return
        self._playback.jump(at)
        self.dismiss(None)


def about(playback: ReplaySampler) -> list[tuple[str, Tone]]:
    """What the recording is of, how much of it there is, and what in it this version can't show."""
    recording = playback.recording
    extent, origin = recording.extent, recording.sample(max(0, playback.number)).origin
    first, last = recording.at(0).astimezone(), recording.at(len(recording) - 1).astimezone()
    words: list[tuple[str, Tone]] = [(str(recording.path), "strong")]
    if origin is not None:
        words.append((f"{origin.target} ({origin.environment}), PostgreSQL {origin.info.version}, database "
                      f"{origin.info.database}, as {origin.info.user}; by dbconsole {origin.version}", ""))
    words.append((f"{first:%Y-%m-%d %H:%M:%S} to {last:%Y-%m-%d %H:%M:%S}: {fmt.plural(extent.samples, 'sample')} "
                  f"in {fmt.duration(extent.seconds)}, {fmt.size(extent.total_bytes)}", ""))
    if recording.lost_bytes:
        words.append((f"{fmt.size(recording.lost_bytes)} of the file can't be read: it was cut short or is damaged",
                      "warning"))
    latest = playback.latest
    for name, why in (latest.unavailable if latest is not None else {}).items():
        words.append((f"{title(name)}: {why}", "dim"))
    return words
