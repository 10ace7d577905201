"""What works on every screen: header, keys, dialogs, targets, loss and return."""

from __future__ import annotations

import pytest
from msgspec.structs import replace
from textual.widgets import Input

from console.errors import ConsoleError, PasswordNeeded, Unreachable
from console.server.databases import Database
from console.ui import choices, themes
from console.ui.connection import ConnectionState
from console.ui.dialogs.choose import ChooseDialog
from console.ui.dialogs.confirm import ConfirmDialog
from console.ui.dialogs.failure import FailureDialog
from console.ui.dialogs.help import HelpDialog
from console.ui.dialogs.password import PasswordDialog
from console.ui.screens import ENTRIES
from console.ui.widgets.filter_line import FilterLine
from console.ui.widgets.record_table import RecordTable
from tests.support.builders import HOSTILE
from tests.support.screen_text import screen_text, until_golden
from tests.support.waiting import until
from tests.ui.conftest import World, live, ticks


def header(app: object) -> str:
    return screen_text(app).splitlines()[0]  # type: ignore[arg-type]


async def test_production_is_unmistakable(world: World) -> None:
    async with world.console("prod") as (app, pilot):
        await live(app, pilot)
        assert "prod · PRODUCTION" in header(app) and "read-only" in header(app)
        strip = app.screen.query_one("Header").render_line(0)  # type: ignore[attr-defined]
        assert {segment.style.bgcolor for segment in strip} == {app.inks["production"].bgcolor}


async def test_a_standby_behind_a_pooler_is_named(world: World) -> None:
    world.info = replace(world.info, is_standby=True, is_pooled=True)
    async with world.console(size=(140, 36)) as (app, pilot):
        await live(app, pilot)
        assert "PostgreSQL 18.6 standby" in header(app)
        assert "read-only" in header(app) and "via pooler" in header(app)


async def test_an_unknown_environment_is_read_only(world: World) -> None:
    async with world.console("host=elsewhere") as (app, pilot):
        await live(app, pilot)
        assert "UNKNOWN ENVIRONMENT" in header(app) and "read-only" in header(app)


async def test_connecting_says_so_and_obeys_keys(world: World) -> None:
    async with world.console() as (app, pilot):
        world.pool.hold()
        await until(lambda: "Connecting to staging" in screen_text(app)
                    or app.connection.state is ConnectionState.LIVE, pilot)
        await pilot.press("T")
        await until(lambda: isinstance(app.screen, ChooseDialog), pilot)


async def test_a_failure_says_what_and_what_to_do_and_is_tried_again(world: World) -> None:
    world.failing = Unreachable("staging: no server answers there", detail="connection refused [/x]",
                                hint="check host and port")
    async with world.console(size=(100, 30)) as (app, pilot):
        await until(lambda: app.connection.state is ConnectionState.FAILED, pilot)
        await pilot.pause()
        shown = screen_text(app)
        for words in ("no server answers there", "connection refused [/x]", "check host and port", "r: now",
                      "not connected, next try in"):
            assert words in shown
        world.pool.recover()
        await pilot.press("r")
        await live(app, pilot)
        assert "live" in header(app)


async def test_a_target_that_cannot_be_opened_can_be_tried_again(world: World) -> None:
    world.failing = ConsoleError("the demo server does not start", hint="dbconsole demo reset")
    async with world.console("broken") as (app, pilot):
        await until(lambda: app.connection.state is ConnectionState.FAILED, pilot)
        await pilot.pause()
        assert "dbconsole demo reset" in screen_text(app)
        world.failing = None
        await pilot.press("r")
        await live(app, pilot)
        assert world.opened == ["broken", "broken"]


async def test_a_password_is_asked_for_masked_and_not_tried_again_and_again(world: World, own_state: object) -> None:
    world.failing = PasswordNeeded("staging: the password was refused or none was found", hint="type it")
    async with world.console(size=(80, 24)) as (app, pilot):
        await until(lambda: isinstance(app.screen, PasswordDialog), pilot)
        await pilot.press(*"s3cret")
        assert "s3cret" not in screen_text(app)
        await until_golden(app, pilot, "password-80x24")
        world.clock.advance(60)
        await pilot.pause(0.05)
        assert world.pool.breaker.failures == 1
        world.failing = None
        await pilot.press("enter")
        await live(app, pilot)
        assert app.connection.target is not None and app.connection.target.password == "s3cret"
        choices.remember(theme="paper")
        assert "s3cret" not in (own_state / "choices.json").read_text()  # type: ignore[operator]


async def test_function_keys_and_ctrl_q_work_in_text_fields(world: World) -> None:
    async with world.console() as (app, pilot):
        await live(app, pilot)
        await pilot.press("t")
        await until(lambda: isinstance(app.screen, ChooseDialog), pilot)
        await pilot.press("q", "1", "space", "r")
        assert app.screen.query_one(Input).value == "q1 r"
        await pilot.press("f1")
        await until(lambda: not isinstance(app.screen, ChooseDialog), pilot)
        await pilot.press("slash", "q", "ctrl+q")
        await until(lambda: not app.is_running, pilot)


async def test_q_leaves_while_the_server_is_silent(world: World) -> None:
    async with world.console() as (app, pilot):
        await live(app, pilot)
        world.pool.hold()
        world.clock.advance(2)
        await pilot.press("q")
        await until(lambda: not app.is_running, pilot)
        await app.connection.close()
        assert world.pool.is_closed and world.left == ["staging"]


async def test_the_filter_takes_letters_and_escape_gives_the_keys_back(world: World) -> None:
    async with world.console() as (app, pilot):
        await live(app, pilot)
        table = app.screen.query_one("#checks", RecordTable)
        await pilot.press("m", "slash", *"conn")
        assert {"connection", "connections"} <= {row.key for row in table.table.rows} < {
            row.key for row in table.source.rows}
        await pilot.press("escape")
        assert len(table.table.rows) == len(table.source.rows)
        assert app.focused is table and not app.screen.query_one(FilterLine).display


async def test_the_filter_shown_is_the_one_of_the_page_that_is_shown(world: World) -> None:
    async with world.console() as (app, pilot):
        await live(app, pilot)
        await pilot.press("slash", *"conn", "enter")
        line = app.screen.query_one(FilterLine)
        assert line.display and line.value == "conn"
        await pilot.press("l")
        await until(lambda: not line.display, pilot)
        await pilot.press("v")
        await until(lambda: isinstance(app.focused, RecordTable), pilot)
        assert not line.display and isinstance(app.focused, RecordTable) and app.focused.needle == ""
        await pilot.press("escape")
        await until(lambda: line.display, pilot)
        assert line.value == "conn" and app.screen.query_one("#checks", RecordTable).needle == "conn"


async def test_space_pauses_and_the_age_is_shown(world: World) -> None:
    async with world.console() as (app, pilot):
        await live(app, pilot)
        await pilot.press("space")
        world.clock.advance(34)
        app.show_state()
        await pilot.pause()
        assert "paused, 34 s old" in header(app)
        assert app.connection.sampler is not None and app.connection.sampler.paused
        await pilot.press("space")
        await ticks(world, app, pilot)
        assert "live 2 s" in header(app)


async def test_the_rate_is_chosen_and_remembered(world: World) -> None:
    async with world.console() as (app, pilot):
        await live(app, pilot)
        await pilot.press("r", *"10", "enter")
        await until(lambda: app.connection.every_s == 10.0, pilot)
        assert app.connection.sampler is not None and app.connection.sampler.every_s == 10.0
        assert choices.load().refresh_s == 10.0
    assert world.app().connection.every_s == 10.0


async def test_a_theme_is_seen_before_it_is_chosen(world: World) -> None:
    async with world.console() as (app, pilot):
        await live(app, pilot)
        await pilot.press("T", "down")
        await until(lambda: app.theme == themes.names()[1], pilot)
        await pilot.press("escape")
        await until(lambda: app.theme == themes.DEFAULT, pilot)
        await pilot.press("T", *"paper", "enter")
        await until(lambda: app.theme == "paper", pilot)
        assert choices.load().theme == "paper"


async def test_another_target_has_fresh_screens_and_the_old_one_is_left(world: World) -> None:
    async with world.console() as (app, pilot):
        await live(app, pilot)
        before, screen = world.pool, app.screen
        await pilot.press("t")
        await until(lambda: isinstance(app.screen, ChooseDialog), pilot)
        await until_golden(app, pilot, "targets-120x36")
        await pilot.press(*"prod", "enter")
        await until(lambda: app.connection.name == "prod", pilot)
        await live(app, pilot)
        await until(lambda: world.left == ["staging"], pilot)
        assert before.is_closed and app.screen is not screen and not screen.is_running
        assert "PRODUCTION" in header(app)
        assert choices.load().target == "prod"
    async with world.console() as (app, pilot):  # opened without an argument, one key leads back to what was chosen
        await live(app, pilot)
        assert app.connection.name == "staging"
        await pilot.press("t")
        await until(lambda: isinstance(app.screen, ChooseDialog), pilot)
        await pilot.press("enter")
        await until(lambda: app.connection.name == "prod", pilot)


async def test_another_database_of_the_same_server(world: World) -> None:
    world.answers["databases"] = [Database("console", "postgres", None), Database(HOSTILE[0], "app", "the [/x] one")]
    async with world.console() as (app, pilot):
        await live(app, pilot)
        await pilot.press("D")
        await until(lambda: isinstance(app.screen, ChooseDialog), pilot)
        assert "the [/x] one" in screen_text(app)
        await pilot.press("down", "enter")
        await until(lambda: app.connection.label == f"staging/{HOSTILE[0]}", pilot)
        await live(app, pilot)
    assert choices.load().databases == {"staging": HOSTILE[0]}
    async with world.console() as (app, pilot):  # the one that was chosen last is offered first
        await live(app, pilot)
        assert app.connection.label == "staging"
        await pilot.press("D")
        await until(lambda: isinstance(app.screen, ChooseDialog), pilot)
        offered = app.screen.query_one(RecordTable)
        assert [row.key for row in offered.table.rows] == [HOSTILE[0], "console"] and offered.cursor == 0


async def test_the_palette_finds_screens_themes_targets_and_databases(world: World) -> None:
    world.answers["databases"] = [Database("warehouse", "postgres", None)]
    async with world.console() as (app, pilot):
        await live(app, pilot)
        await pilot.press("ctrl+p")
        await until(lambda: "warehouse" in screen_text(app) or len(app.screen.query(RecordTable)), pilot)
        for words in ("overv", "ware", "dusk", "prod"):
            app.screen.query_one(Input).value = words
            await until(lambda words=words: words in screen_text(app).lower().split(words, 1)[-1], pilot)  # type: ignore[misc]
            assert app.screen.query_one(RecordTable).row is not None
        app.screen.query_one(Input).value = "dusk"
        await until(lambda: len(app.screen.query_one(RecordTable).table.rows) == 1, pilot)
        await pilot.press("enter")
        await until(lambda: app.theme == "dusk", pilot)


async def test_the_palette_finds_what_other_screens_do_and_goes_there(world: World) -> None:
    async with world.console(entries=ENTRIES) as (app, pilot):
        await live(app, pilot)
        await pilot.press("ctrl+p")
        for words, key, place in (("vacuum", "v", "Overview"), ("lock", "W", ""), ("cancel", "c", "Activity"),
                                  ("blocking", "b", "Activity")):
            app.screen.query_one(Input).value = words
            await until(lambda key=key, place=place: any(  # type: ignore[misc]
                row.cells[1].text == f"{key} {place}".strip()
                for row in app.screen.query_one(RecordTable).table.rows), pilot)
        await pilot.press("enter")
        await until(lambda: app.screen_name == "activity" and "nobody waits for a lock" in screen_text(app), pilot)


async def test_help_shows_the_keys_of_the_screen(world: World) -> None:
    async with world.console(size=(80, 24)) as (app, pilot):
        await live(app, pilot)
        await pilot.press("question_mark")
        await until(lambda: isinstance(app.screen, HelpDialog), pilot)
        await until_golden(app, pilot, "help-80x24")


async def test_help_names_the_pages_that_letters_open(world: World) -> None:
    async with world.console() as (app, pilot):
        await live(app, pilot)
        await pilot.press("question_mark")
        await until(lambda: isinstance(app.screen, HelpDialog), pilot)
        rows = [row.cells for row in app.screen.query_one(RecordTable).source.rows]
        keys = [name for key, _ in rows for name in key.text.strip().split(", ") if key.text.startswith(" ")]
        assert {(key.text.strip(), what.text) for key, what in rows} >= {("l", "the page Load"),
                                                                         ("p", "the page Settings")}
        assert len(keys) == len(set(keys)), "each key once"


async def test_an_error_with_brackets_is_shown_as_it_is(world: World) -> None:
    async with world.console() as (app, pilot):
        await live(app, pilot)
        app.show_error(ConsoleError("no [/x] here", detail="\x1b[31m" + "y" * 200, hint="[bold]do[/bold]"))
        app.tell("toast [/x] \x1b[0m")
        await until(lambda: isinstance(app.screen, FailureDialog), pilot)
        shown = screen_text(app)
        assert "no [/x] here" in shown and "[bold]do[/bold]" in shown and "\x1b" not in shown


@pytest.mark.parametrize(("typed", "answer"), [("drop it", True), ("drop", None)])
async def test_a_typed_confirmation_wants_the_exact_words(world: World, typed: str, answer: bool | None) -> None:
    answers: list[bool | None] = []
    async with world.console() as (app, pilot):
        await live(app, pilot)
        app.push_screen(ConfirmDialog("Drop [/x]?", [("2 tables go", "warning")], typed="drop it"), answers.append)
        await until(lambda: isinstance(app.screen, ConfirmDialog), pilot)
        await pilot.press(*[" " if key == " " else key for key in typed.replace(" ", "_")])
        app.screen.query_one(Input).value = typed
        await pilot.press("enter")
        await pilot.press("escape")
        await until(lambda: answers == [answer] or isinstance(app.screen, ConfirmDialog) is False, pilot)
        assert answers == [answer]


async def test_yes_and_no(world: World) -> None:
    answers: list[bool | None] = []
    async with world.console() as (app, pilot):
        await live(app, pilot)
        for key in ("y", "n", "escape"):
            app.push_screen(ConfirmDialog("Sure?"), answers.append)
            await until(lambda: isinstance(app.screen, ConfirmDialog), pilot)
            await pilot.press(key)
            await until(lambda: not isinstance(app.screen, ConfirmDialog), pilot)
        assert answers == [True, False, None]


async def test_a_dialog_goes_with_the_worker_that_asks(world: World) -> None:
    async with world.console() as (app, pilot):
        await live(app, pilot)
        asked = app.run_worker(ConfirmDialog("Really?").ask(app), exit_on_error=False)
        await until(lambda: isinstance(app.screen, ConfirmDialog), pilot)
        asked.cancel()
        await until(lambda: not isinstance(app.screen, ConfirmDialog), pilot)
        again = app.run_worker(ConfirmDialog("Really?").ask(app), exit_on_error=False)
        await until(lambda: isinstance(app.screen, ConfirmDialog), pilot)
        await pilot.press("y")
        await until(lambda: again.is_finished, pilot)
        assert again.result is True


async def test_what_is_copied_can_be_pasted_into_a_shell(world: World) -> None:
    async with world.console() as (app, _):
        app.copy("one\r\ntwo\t\x1b[201~; rm\x03 \u202e\ud800")
        assert app.clipboard == "one\ntwo\t\ufffd[201~; rm\ufffd \u202e\ufffd"


async def test_copying_goes_to_the_terminals_clipboard(world: World) -> None:
    async with world.console() as (app, pilot):
        await live(app, pilot)
        await pilot.press("m", "y")
        await pilot.pause()
        assert app.clipboard.startswith("O\tconnection\t")
        await until(lambda: "copied: O" in screen_text(app), pilot)
        app.copy("SELECT 1\nFROM t\n")
        await until(lambda: "copied: SELECT 1 and 1 line more" in screen_text(app), pilot)


async def test_the_footer_shows_only_keys_that_work_now(world: World) -> None:
    async with world.console() as (app, pilot):
        await live(app, pilot)
        footer = screen_text(app).splitlines()[-1]
        assert "rate" in footer and "retry" not in footer and footer.endswith("q quit")
        world.pool.fail(Unreachable("gone"))
        await ticks(world, app, pilot)
        await until(lambda: "retry now" in screen_text(app).splitlines()[-1], pilot)
        assert "rate" not in screen_text(app).splitlines()[-1]


def test_what_an_input_does_before_the_first_screen_is_shown_is_no_error(world: World) -> None:
    """From Python 3.12 on a screen's widgets are mounted at once, before the screen is on the stack."""
    app = world.app()
    assert app.screen_stack == []
    app.clear_selection()


def test_every_screen_keeps_a_name_in_80_columns() -> None:
    assert sum(len(f" {entry.number} {entry.short or entry.title} ") for entry in ENTRIES) <= 80
