"""Every key of the console: what it does, where, and in which words. The one place where a key is written.

The footer, `?`, the palette, `[keys]` of the configuration and the tables of keys in the README are made from this.
Nothing that draws is imported here, so that whoever writes about keys needs no terminal. What a key is now, after the
configuration, is asked of ui/keymap.py; ui/bindings.py makes Textual's bindings of it.

A new key is one `Action` in its scope below, and a method `action_...` where the scope's widget is.
"""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

Kind = Literal["everywhere", "screen", "page", "widget", "dialog"]


class Action(Struct, frozen=True):
    """What a key does. Its id begins with the name of its scope."""

    id: str
    keys: str
    """The keys that it has unless the configuration says otherwise, with spaces between them; none: ""."""
    run: str
    """What it calls: an action of what has the scope, as Textual writes it."""
    word: str
    """What the footer, and a dialog below itself, call it."""
    help: str
    """What it does. Actions side by side with the same words share a row."""
    more: str = ""
    """What there is to say besides, where there is room: in the tables of the manual."""
    when: str = ""
    """When it applies, where that isn't plain; it is not offered otherwise."""
    in_footer: bool = True
    in_palette: bool = True
    reaches_text: bool = False
    """Whether it works in text fields too, and before what has the keys there; never with a key that is text."""
    beside: str = ""
    """The id of its opposite: the footer shows both keys with this one's word."""


class Scope(Struct, frozen=True):
    """Where keys work: everywhere, on a screen, on a page of one, in a widget that has the keys, in a dialog."""

    name: str
    title: str
    kind: Kind
    actions: tuple[Action, ...]
    within: tuple[str, ...] = ()
    """Of a page or a widget: the scopes that are around it. A widget without any is found on all of them."""
    borrows: tuple[str, ...] = ()
    """Actions of other scopes that work here too; what is modal sees nothing else of what is around it."""
    meanings: tuple[tuple[str, str], ...] = ()
    """What actions of a widget mean here, by their ids."""


def _less(id: str, keys: str, run: str, word: str, help: str, more: str = "", when: str = "") -> Action:
    """A key that the footer has no room for."""
    return Action(id, keys, run, word, help, more, when, in_footer=False)


def _move(id: str, keys: str, run: str, help: str, when: str = "") -> Action:
    """Going about in a list or a text: no word of it in the footer or the palette."""
    return Action(id, keys, run, "", help, "", when, in_footer=False, in_palette=False)


def _answer(id: str, keys: str, run: str, word: str, help: str, *, reaches_text: bool = False) -> Action:
    """A dialog's key: the dialog names it below itself."""
    return Action(id, keys, run, word, help, in_footer=False, in_palette=False, reaches_text=reaches_text)


def _screen(number: int, name: str) -> Action:
    return Action(f"app.{name}", f"{number} f{number}", f"show_number({number})", name, "go to a screen",
                  in_footer=False, in_palette=False, reaches_text=True)


SCOPES: tuple[Scope, ...] = (
    Scope("app", "Everywhere", "everywhere", (
        _screen(1, "overview"), _screen(2, "schemas"), _screen(3, "migrations"), _screen(4, "activity"),
        _screen(5, "statements"), _screen(6, "vectors"), _screen(7, "pgbouncer"), _screen(8, "query"),
        Action("app.retry", "r", "retry", "retry now", "connect again now", when="while there is no connection"),
        Action("app.pause", "space", "pause", "pause", "pause, or go on"),
        Action("app.rate", "r", "open('rate')", "rate", "choose how often to refresh"),
        Action("app.targets", "t", "open('target')", "target", "open another target"),
        _less("app.databases", "D", "open('database')", "database", "open another database of this server"),
        _less("app.themes", "T", "open('theme')", "theme", "choose a theme"),
        _less("app.unlock", "W", "open('unlock')", "unlock or lock",
              "unlock a read-only target for writing, or lock it again"),
        _less("app.connection", "E", "open('connection')", "connection",
              "who answered, and how the connection is encrypted"),
        _less("app.recorder", "F", "open('recorder')", "flight recorder",
              "flight recorder: save the last half hour, or record to a file", "`dbconsole replay FILE` plays it"),
        Action("app.help", "?", "open('help')", "help", "show the keys that work here"),
        _less("app.manual", "", "open('manual')", "manual", "read the manual"),
        Action("app.commands", "ctrl+p", "open('commands')", "commands", "open the command palette",
               "screens, targets, databases, themes, what keys do here, any object of the database by name",
               in_palette=False),
        Action("app.repaint", "ctrl+l", "repaint", "repaint", "draw the whole screen again",
               in_footer=False, reaches_text=True),
        _less("app.suspend", "ctrl+z", "suspend_process", "to the shell", "go to the shell; `fg` comes back",
              when="where a shell started it"),
        Action("app.quit", "q ctrl+q", "quit", "quit", "quit", ", at once, also when the server is gone",
               reaches_text=True),
        Action("app.copy_or_quit", "ctrl+c", "copy_or_quit", "copy, or ask to quit",
               "copy what is selected; where nothing is, ask before quitting", ", and once more is a yes",
               in_footer=False, in_palette=False))),
    Scope("screen", "Every screen", "everywhere", (
        Action("screen.filter", "/", "filter", "filter", "filter the rows, or search in the text",
               'words, `column:word`, `column~regex`, `/regex/`, `!not`; `"quotes"` hold spaces'),
        _less("screen.export", "e", "export", "export", "write the rows to a file", "CSV or JSON"))),
    Scope("focus", "Parts of a screen", "everywhere", (
        _move("focus.next", "tab", "app.focus_next", "the next part of the screen, the one before"),
        _move("focus.previous", "shift+tab", "app.focus_previous",
              "the next part of the screen, the one before"))),
    Scope("tabs", "Tabs", "everywhere", (
        Action("tabs.previous", "[", "move_tab(-1)", "tabs", "the tab before, the next one",
               in_palette=False, beside="tabs.next"),
        _move("tabs.next", "]", "move_tab(1)", "the tab before, the next one"))),
    Scope("move", "Lists and texts", "widget", (
        _move("move.up", "up k", "move(-1)", "move up, down"),
        _move("move.down", "down j", "move(1)", "move up, down"),
        _move("move.page_up", "pageup", "page(-1)", "a page up, down"),
        _move("move.page_down", "pagedown", "page(1)", "a page up, down"),
        _move("move.half_up", "", "half(-1)", "half a page up, down"),
        _move("move.half_down", "", "half(1)", "half a page up, down"),
        _move("move.first", "home g", "edge(-1)", "to the beginning and stay there, to the end"),
        _move("move.last", "end G", "edge(1)", "to the beginning and stay there, to the end"),
        _move("move.left", "left h", "sideways(-1)", "what is to the left, to the right"),
        _move("move.right", "right l", "sideways(1)", "what is to the left, to the right"))),
    Scope("match", "What a filter found", "widget", (
        _move("match.next", "", "match(1)", "the next match, the one before", "while there is a filter"),
        _move("match.previous", "", "match(-1)", "the next match, the one before", "while there is a filter"))),
    Scope("table", "Tables", "widget", (
        Action("table.choose", "enter", "choose", "detail", "open the row", in_palette=False),
        Action("table.sort", "s", "sort", "sort", "sort by the next column"),
        _less("table.reverse", "S", "reverse", "reverse", "reverse the order"),
        Action("table.copy", "y", "copy", "copy", "copy the row", "; over SSH too, by OSC 52"))),
    Scope("tree", "Trees", "widget", (
        _move("tree.close", "left h", "leave", "close, open"),
        _move("tree.open", "right l", "enter", "close, open")), within=("schemas",)),
    Scope("text", "Texts", "widget", (
        Action("text.copy", "y", "copy", "copy", "copy the text"),)),
    Scope("found", "Texts that are searched", "widget", (
        Action("found.next", "n", "match(1)", "next", "the next place that was searched for, the one before",
               when="while a text is searched", in_palette=False, beside="found.previous"),
        _move("found.previous", "N", "match(-1)", "the next place that was searched for, the one before",
              "while a text is searched"),
        Action("found.end", "escape", "end_search", "end the search", "end the search",
               when="while a text is searched", in_palette=False))),
    Scope("input", "Text fields", "widget", (
        _move("input.submit", "enter", "submit", "take what was typed"),)),
    Scope("filter", "The filter's line", "widget", (
        Action("filter.clear", "escape", "leave", "clear filter", "take the filter away", in_palette=False),
        Action("filter.keep", "enter down tab", "keep", "keep", "keep it and go to what was found",
               in_palette=False))),

    # screens, with their pages and parts

    Scope("overview", "Overview", "screen", (
        Action("overview.back", "escape", "back", "back", "back to the first page", when="on another page"),
        _less("overview.load", "l", "page('load')", "Load", "the page Load",
              "commits and rollbacks, connections by state, rows read and written, cache hits, temporary files, "
              "deadlocks and conflicts, new connections; CPU, memory and disk where the server is proven to run on "
              "this machine"),
        _less("overview.wal", "w", "page('wal')", "WAL", "the page WAL",
              "rate, full pages, buffers full, checkpoints timed and requested and the time they take, who writes "
              "pages, archiving and its backlog, size of pg_wal"),
        _less("overview.io", "o", "page('io')", "I/O", "the page I/O",
              "pg_stat_io by backend type, object and context (16 and later), and the SLRU caches"),
        _less("overview.vacuum", "v", "page('vacuum')", "Vacuum", "the page Vacuum",
              "workers, tables by how near they are to autovacuum's thresholds and why, dead rows, freeze ages; "
              "a table opens in Schemas"),
        _less("overview.sizes", "z", "page('sizes')", "Sizes", "the page Sizes",
              "databases and tablespaces, and by how much they grow in an hour"),
        _less("overview.tables", "b", "page('table-list')", "Tables", "the page Tables",
              "scans, changes, HOT share, dead rows, sizes, vacuum, age, what is due; a table opens in Schemas"),
        _less("overview.indexes", "x", "page('indexes')", "Indexes", "the page Indexes",
              "those that are unused, duplicate (or a prefix of another) or invalid"),
        _less("overview.settings", "p", "page('settings')", "Settings", "the page Settings",
              "those that were changed, wait for a restart or have advice, and why"),
        _less("overview.alerts", "a", "page('alerts')", "Alerts", "the page Alerts",
              "what crossed a threshold since when, its worst value, when it ended"))),
    Scope("health", "Overview: what is wrong", "page", (
        Action("health.evidence", "d", "evidence", "evidence", "what proves a finding, since when, and what to do",
               when="while there is one"),
        Action("health.fold", "m", "fold", "all checks", "the checks that are well: each, or in one line")),
        within=("overview",), meanings=(("table.choose", "go to what a finding is about; open a check"),)),
    Scope("charts", "Overview: charts", "page", (
        Action("charts.longer", "]", "span(1)", "longer", "more time in the charts", "5 min, 30 min, 2 h, 6 h, 24 h"),
        Action("charts.shorter", "[", "span(-1)", "shorter", "less time in the charts")), within=("overview",)),
    Scope("active_sessions", "Active sessions", "page", (
        Action("active_sessions.slice", "e", "slice", "slice", "slice the active sessions another way",
               "by wait class, statement, user, database, application, client behind the pooler"),
        _less("active_sessions.longer", "]", "span(1)", "longer", "more time in the chart",
              "5 min, 30 min, 2 h, 6 h, 24 h"),
        _less("active_sessions.shorter", "[", "span(-1)", "shorter", "less time in the chart")),
        within=("overview", "activity")),
    Scope("alerts", "Overview: Alerts", "page", (
        Action("alerts.acknowledge", "c", "acknowledge", "acknowledge", "acknowledge the alert",
               ", until it gets worse or ends; again: no longer"),
        Action("alerts.acknowledge_all", "C", "acknowledge_all", "all", "acknowledge all alerts")),
        within=("overview",)),
    Scope("bloat", "Overview: Tables and Indexes", "page", (
        Action("bloat.estimate", "B", "bloat", "bloat", "estimate the bloat of the table or index"),
        _less("bloat.count", "P", "count", "count bloat", "count the bloat; again: cancel that",
              "; by pgstattuple, which reads every page")), within=("overview",)),
    Scope("indexes", "Overview: Indexes", "page", (
        Action("indexes.all", "m", "doubtful", "all or doubtful", "all indexes, or the doubtful ones"),
        Action("indexes.copy", "Y", "statement", "copy statement", "copy the statement that mends the index")),
        within=("overview",)),
    Scope("settings", "Overview: Settings", "page", (
        Action("settings.all", "m", "all", "all or notable", "all settings, or the notable ones"),
        Action("settings.copy", "Y", "statement", "copy ALTER SYSTEM", "copy the ALTER SYSTEM that is advised")),
        within=("overview",), meanings=(("table.choose", "say why"),)),
    Scope("schemas", "Schemas", "screen", (
        Action("schemas.export", "e", "export", "export", "write the list, or all rows of the relation, to a file",
               "CSV or JSON"),
        Action("schemas.back", "escape", "back", "back", "back to the tree, or to all of it after a search"),
        Action("schemas.side", "tab shift+tab", "other_side", "detail", "from the tree to the detail, and back"),
        Action("schemas.copy", "y", "copy_name", "copy name", "copy the qualified name"),
        Action("schemas.reread", "R", "reread", "read again", "read the tree again"),
        _less("schemas.system", "i", "system", "system schemas", "show or hide the system's schemas")),
        borrows=("tabs.next", "tabs.previous"), meanings=(
            ("table.choose", "open or close; in Data the whole row, then the whole value"),
            ("screen.filter", "search all names on the server; in lists of the detail, filter"))),
    Scope("migrations", "Migrations", "screen", (
        Action("migrations.abort", "a", "abort", "abort the run", "abort the run", "; its file is rolled back",
               when="while one goes on"),
        Action("migrations.up", "u", "run('up')", "run", "run the service's pending migrations",
               "; shows the plan and asks"),
        Action("migrations.down", "d", "run('down')", "roll back", "roll back", "; shows the plan and asks"),
        _less("migrations.keep_going", "k", "run_tenants", "run, keep going",
              "run the tenants' pending migrations, going on with the others where one's fails",
              "; shows the plan and asks"),
        _less("migrations.script", "e", "script", "script",
              "write what would be run into a file, as one script for psql"),
        _less("migrations.up_all", "U", "run_all", "run all", "run the pending migrations of all services",
              "; shows the plan and asks"),
        Action("migrations.verify", "v", "verify", "verify", "prove the rollbacks in a scratch database"),
        _less("migrations.verify_all", "V", "verify_all", "verify all", "prove the rollbacks of all services"),
        _less("migrations.verify_pending", "P", "verify_pending", "verify pending",
              "prove the rollbacks of what is pending alone"),
        _less("migrations.rehearse", "o", "rehearse", "on data", "try what is pending on samples of the tables"),
        _less("migrations.drift", "c", "drift", "drift", "compare the schemas with what the files make"),
        Action("migrations.lint", "l", "findings", "lint", "what the linter found"),
        Action("migrations.repair", "p", "repair", "repair", "repair the ledger", "; asks first"),
        Action("migrations.new", "n", "new", "new", "write a new pair of files"),
        Action("migrations.log", "L", "log", "log", "the log of the run"),
        Action("migrations.side", "tab shift+tab", "other_side", "detail", "from the list to the detail, and back"),
        Action("migrations.back", "escape", "back", "back", "back to the services"),
        _less("migrations.reread", "R", "reread", "read again", "read ledgers and files again")),
        borrows=("tabs.next", "tabs.previous")),
    Scope("activity", "Activity", "screen", (
        Action("activity.back", "escape", "back", "back", "back: out of the session, the view, the marks"),
        Action("activity.cancel", "c", "signal('cancel')", "cancel", "cancel the statement",
               "; asks first, and signals only the session that was shown"),
        Action("activity.terminate", "x", "signal('terminate')", "terminate", "terminate the session",
               "; asks first, and signals only the session that was shown"),
        Action("activity.mark", "m", "tag", "mark", "mark the session, to signal several"),
        Action("activity.follow", "f", "follow", "follow", "follow the session, wherever the cursor goes"),
        Action("activity.blocking", "b", "view('blocking')", "blocking", "the blocking tree; again: the sessions"),
        Action("activity.progress", "P", "view('progress')", "progress", "what makes progress; again: the sessions"),
        Action("activity.waits", "w", "view('waits')", "waits", "what is waited for; again: the sessions"),
        Action("activity.replication", "l", "view('replication')", "replication", "replication; again: the sessions"),
        Action("activity.plan", "p", "take('plan')", "plan", "the plan of what the session runs"),
        _less("activity.statement", "o", "take('statements')", "statement", "its statement, in Statements"),
        Action("activity.idle", "i", "with_idle", "idle", "show or hide idle sessions"),
        Action("activity.background", "I", "with_background", "background", "show or hide background processes")),
        meanings=(("table.choose", "the whole statement, its locks and blockers"),)),
    Scope("statements", "Statements", "screen", (
        Action("statements.back", "escape", "back", "back", "back: out of the statement, or of the slow ones"),
        Action("statements.window", "w", "window", "window", "the next span of time",
               "the last minute, the last ten as far as they were watched, the last interval, since the reset"),
        Action("statements.columns", "c", "columns", "columns", "the next group of columns",
               "overview; time; rows and blocks; temp, WAL and I/O; planning and JIT"),
        Action("statements.group", "a", "group", "alike", "each statement, or similar ones together",
               "literals, lists and comments aside; by database, by user, by level"),
        Action("statements.own", "i", "own", "own", "show what consoles ask by themselves, or leave it out",
               "in shares of the time too"),
        Action("statements.plan", "p", "plan", "plan", "its plan", ", generic where it has parameters"),
        Action("statements.original", "f", "original", "as written", "the text laid out, or as it was written",
               "; what is copied is the original"),
        Action("statements.query", "Q", "hand('query')", "to Query", "the statement to Query"),
        Action("statements.vectors", "v", "hand('vectors')", "to Vectors", "the vector search to Vectors"),
        Action("statements.slow", "n", "slow", "slow now", "slow statements: those that run, those that are over"),
        Action("statements.reset", "x", "reset('one')", "reset", "reset the statement's counters",
               "; asks first, and is written to `audit.jsonl`"),
        _less("statements.reset_all", "X", "reset('all')", "reset all", "reset the counters of all statements",
              "; asks first, and is written to `audit.jsonl`")),
        meanings=(("table.choose", "figures over time, the whole text, its tables and their indexes"),)),
    Scope("vectors", "Vectors", "screen", (
        Action("vectors.cancel", "escape", "cancel", "cancel", "cancel the search at once", when="while one runs"),
        Action("vectors.ask", "n", "ask", "search", "search for a text, for a vector, like a row",
               "of this or another table; a text goes through an embedder; a vector is pasted, or `@FILE`"),
        Action("vectors.more", "m", "more", "similar", "more like the row under the cursor"),
        Action("vectors.settings", "o", "settings", "options", "options of the search",
               "metric, k, offset, WHERE, typed filters, columns, ef_search, probes, iterative scan, exact"),
        Action("vectors.column", "c", "column", "column", "another column", ", all of them by service"),
        Action("vectors.keep", "a", "keep", "keep as A", "keep the result as A, to compare the next one with it",
               "overlap and moved ranks; again: ends that"),
        Action("vectors.where", "w", "where", "where", "the condition of the search"),
        Action("vectors.again", "R", "again", "again", "search again"),
        Action("vectors.fix", "f", "fix", "fix", "search with the fix that was tried",
               "; an index becomes a migration of the table's service, a statement or upkeep goes to Query; of several "
               "one chooses", when="where something is wrong with the search"),
        Action("vectors.copy_fix", "Y", "copy_fix", "copy fix", "copy the SQL of a fix alone",
               when="where something is wrong with the search"),
        Action("vectors.query", "Q", "to_query", "to Query", "the SQL to Query")),
        borrows=("tabs.next", "tabs.previous"),
        meanings=(("table.choose", "the whole row, its vectors in short"),
                  ("tabs.previous", "tabs: Results, Hybrid, SQL, Plan, Health, Map, Recall, Load, Indexes"),
                  ("tabs.next", "tabs: Results, Hybrid, SQL, Plan, Health, Map, Recall, Load, Indexes"))),
    Scope("hits", "Vectors: results", "widget", (
        Action("hits.begin", "enter", "begin", "search like any row", "search like a row drawn at random",
               when="before the first search", in_palette=False),), within=("vectors",)),
    Scope("hybrid", "Vectors: Hybrid", "page", (
        Action("hybrid.stop", "escape", "stop", "stop", "stop searching at once", when="while it searches"),
        Action("hybrid.begin", "enter", "begin", "say the words", "say the words to search for",
               when="before the first search", in_palette=False),
        Action("hybrid.ask", "n", "ask", "words", "search for words and their vector, fused by rank",
               "`\"in this order\"`, `OR`, `-without`"),
        Action("hybrid.options", "o", "choose", "options", "how both are fused",
               "the words' column and configuration, both weights, the constant k, how deep each leg is read"),
        Action("hybrid.more_words", "+", "lean(1)", "more words", "let the words count more"),
        Action("hybrid.more_vector", "-", "lean(-1)", "more vector", "let the vector count more"),
        Action("hybrid.sql", "v", "sql", "SQL", "the SQL instead of the rows", when="at 80 columns"),
        Action("hybrid.again", "R", "again", "again", "search again"),
        Action("hybrid.copy", "Y", "copy_sql", "copy SQL", "copy the SQL that uses both indexes")),
        within=("vectors",)),
    Scope("recall", "Vectors: Recall", "page", (
        Action("recall.stop", "escape", "stop", "stop", "stop measuring at once", when="while it measures"),
        Action("recall.measure", "m", "measure", "measure", "measure recall and latency"),
        Action("recall.chart", "v", "chart", "chart", "the chart instead of the table", when="at 80 columns"),
        Action("recall.options", "o", "choose", "options", "choose what to measure",
               "queries from stored rows (by a seed, each without itself), another column, vectors or texts of a "
               "file; settings, target"),
        Action("recall.copy", "Y", "copy_sql", "copy SQL", "copy the SQL of the recommendation")),
        within=("vectors",),
        meanings=(("table.choose", "search with the point's settings, or copy the SQL that sets them"),)),
    Scope("load", "Vectors: Load", "page", (
        Action("load.stop", "escape", "stop", "stop", "stop the load at once", when="while it goes on"),
        Action("load.measure", "m", "measure", "measure", "measure searches by several clients at once",
               "how many, for how long; asks first, on production for its name")), within=("vectors",)),
    Scope("vector_indexes", "Vectors: Indexes", "page", (
        Action("vector_indexes.build", "b", "build", "build", "build an index",
               "size, memory and workers by pgvector's own arithmetic, the time by a sample, the statement, then a "
               "question"),
        Action("vector_indexes.rebuild", "i", "rebuild", "reindex", "build the index anew"),
        Action("vector_indexes.drop", "x", "drop", "drop", "drop the index"),
        Action("vector_indexes.prewarm", "p", "prewarm", "prewarm", "read the index into the cache", ", by pg_prewarm"),
        Action("vector_indexes.abort", "a", "abort", "cancel build", "cancel the build",
               "; what it leaves is dropped, or named where somebody is in the way", when="while one goes on"),
        _less("vector_indexes.reread", "R", "again", "read again", "read the indexes again")), within=("vectors",)),
    Scope("vector_health", "Vectors: Health", "page", (
        Action("vector_health.again", "R", "again", "look again", "look at the column again"),
        Action("vector_health.copy", "Y", "copy_fix", "copy fix", "copy the fix of the first finding that has one")),
        within=("vectors",)),
    Scope("vector_map", "Vectors: Map", "page", (
        Action("vector_map.colour", "v", "colour", "colour", "colour the map by a column"),
        Action("vector_map.letters", "l", "letters", "letters", "letters instead of dots, or dots again",
               "for terminals with few colours"),
        Action("vector_map.again", "R", "again", "draw again", "draw other rows")), within=("vectors",)),
    Scope("pgbouncer", "PgBouncer", "screen", (
        Action("pgbouncer.retry", "r", "retry_pooler", "retry now", "ask PgBouncer again now",
               when="while it can't be reached"),
        Action("pgbouncer.back", "escape", "back", "back", "back to the pools"),
        Action("pgbouncer.give_up", "X", "give_up", "give up", "give up the command that waits",
               "; a PAUSE is ended by RESUME", when="while one waits"),
        Action("pgbouncer.command", "x", "command", "command", "give PgBouncer a command",
               "PAUSE, RESUME, RECONNECT, RELOAD, KILL, DISABLE, ENABLE: asks first, and shows a clock until it is "
               "answered"),
        Action("pgbouncer.databases", "b", "view('databases')", "databases", "databases; again: the pools"),
        Action("pgbouncer.clients", "c", "view('clients')", "clients", "clients; again: the pools"),
        Action("pgbouncer.servers", "v", "view('servers')", "servers", "servers; again: the pools"),
        Action("pgbouncer.stats", "a", "view('stats')", "averages", "averages and totals; again: the pools"),
        Action("pgbouncer.config", "o", "view('config')", "options", "options (settings); again: the pools"),
        Action("pgbouncer.lists", "i", "view('lists')", "lists", "lists; again: the pools"),
        Action("pgbouncer.users", "u", "view('users')", "users", "users; again: the pools"),
        Action("pgbouncer.peers", "p", "view('peers')", "peers", "peers; again: the pools"),
        Action("pgbouncer.peer_pools", "P", "view('peer_pools')", "peer pools", "peer pools; again: the pools"),
        _less("pgbouncer.longer", "+", "span(1)", "longer", "more time in the charts"),
        _less("pgbouncer.shorter", "-", "span(-1)", "shorter", "less time in the charts")),
        meanings=(("table.choose", "a pool's clients, a connection's session in Activity, a new value of an option"),)),
    Scope("query", "Query", "screen", (
        Action("query.commit", "C", "end('commit')", "commit", "commit the transaction", when="while one is open"),
        Action("query.rollback", "B", "end('rollback')", "roll back", "roll the transaction back",
               when="while one is open"),
        Action("query.run", "ctrl+r f9 ctrl+enter r", "run", "run", "run the statement under the cursor",
               ", or the selection"),
        Action("query.cancel", "escape ctrl+c", "cancel", "cancel", "cancel the statement on the server",
               when="while it runs", reaches_text=True),
        Action("query.run_all", "ctrl+g", "run_all", "run all", "run all statements", ", to the first that fails"),
        Action("query.explain", "ctrl+t", "explain", "EXPLAIN", "the plan of the statement under the cursor"),
        Action("query.history", "ctrl+o", "history", "history", "statements that were run, with a search"),
        Action("query.format", "ctrl+n", "format", "format", "lay the statement out",
               ", only where PostgreSQL's grammar says that it stays the same"),
        Action("query.edit", "i", "edit", "edit", "go to the editor", in_palette=False),
        Action("query.mode", "M", "mode", "autocommit or manual", "autocommit, or manual transactions"),
        Action("query.limit", "L", "limit", "time limit", "the time limit of a statement"),
        Action("query.plan", "P", "open_plan", "open a plan", "open a plan from a file, or pasted",
               in_palette=False)),
        borrows=("tabs.next", "tabs.previous"),
        meanings=(("tabs.previous", "the result before, the next one"),
                  ("tabs.next", "the result before, the next one"),
                  ("table.choose", "the whole row"), ("screen.export", "write all rows to a file"))),
    Scope("editor", "Query: the editor", "widget", (
        Action("editor.leave", "escape", "leave", "to the result", "go to the result",
               in_palette=False, reaches_text=True),
        Action("editor.complete", "ctrl+space", "complete", "names", "offer names", in_palette=False)),
        within=("query",)),
    Scope("names", "Query: names that are offered", "widget", (
        _answer("names.take", "tab", "take_name", "take", "take the name", reaches_text=True),
        _answer("names.take_chosen", "enter", "take_chosen_name", "take", "take it, once one was chosen",
                reaches_text=True),
        _answer("names.up", "up", "move_name(-1)", "", "choose another name", reaches_text=True),
        _answer("names.down", "down", "move_name(1)", "", "choose another name", reaches_text=True),
        _answer("names.close", "escape", "close_names", "", "offer none", reaches_text=True)),
        within=("query",)),

    # what stands above a screen

    Scope("plan", "Plans", "screen", (
        Action("plan.leave", "escape q", "leave", "back", "cancel what is waited for, or leave the page"),
        Action("plan.plain", "p", "plan('plain')", "plan only", "the plan alone"),
        Action("plan.analyze", "a", "plan('analyze')", "ANALYZE", "ANALYZE: run it and roll it back"),
        Action("plan.generic", "n", "plan('generic')", "generic", "the generic plan, for any values of parameters"),
        Action("plan.options", "o", "options", "options", "options of EXPLAIN",
               "those of this server's version, settings for this plan alone, parameters, time limit"),
        Action("plan.advise", "v", "advise", "advice", "plan it by other plan advice",
               "PostgreSQL 19 with pg_plan_advice; this plan is kept as A", when="where pg_plan_advice is loaded"),
        _less("plan.stash", "w", "stash", "copy stash entry", "copy the advice as a stash's entry",
              "for pg_stash_advice", when="where pg_plan_advice is loaded"),
        Action("plan.keep", "m", "keep", "keep as A", "keep this plan as A"),
        Action("plan.compare", "c", "compare", "compare with A", "compare this plan with A, node by node"),
        Action("plan.export", "e", "export", "export", "write the plan to a file", "JSON or text"),
        Action("plan.filter", "/", "filter", "filter", "filter the nodes, or search in the text"),
        Action("plan.edit", "Q", "edit", "to Query", "the statement to Query")),
        borrows=("app.help", "app.commands", "app.copy_or_quit"),
        meanings=(("table.choose", "all that is known of the node"),)),
    Scope("plan_view", "Plans: nodes and findings", "widget", (
        Action("plan_view.findings", "escape", "findings", "findings", "back to the findings", when="in a node"),
        Action("plan_view.fold", "z", "fold", "fold", "fold what is below the node, or unfold it"),
        Action("plan_view.fix", "f", "copy_fix", "copy fix", "copy a fix"),
        _less("plan_view.other", "tab", "other", "scroll findings", "from the nodes to the findings, and back")),
        within=("plan", "vectors")),
    Scope("dialog", "Dialogs", "dialog", (
        _answer("dialog.leave", "escape", "leave", "close", "leave it"),), borrows=("app.copy_or_quit",)),
    Scope("reading", "Dialogs to read", "dialog", (
        _answer("reading.close", "enter q", "leave", "close", "close it"),), borrows=("text.copy",)),
    Scope("detail", "Dialogs about something", "dialog", (
        Action("detail.lead", "o", "lead", "go there", "go to what it is about", when="where a screen shows it",
               in_footer=False, in_palette=False),)),
    Scope("failure", "What did not work", "dialog", (), borrows=("text.copy", "app.unlock", "app.targets"),
          meanings=(("app.unlock", "what the refusal names"), ("app.targets", "what the refusal names"))),
    Scope("keys", "The keys that work here", "dialog", (
        _answer("keys.manual", "m", "manual", "the manual", "the manual"),)),
    Scope("manual", "The manual", "dialog", (
        _answer("manual.contents", "/", "contents", "pages, search", "the pages, and a search in all of them"),
        _answer("manual.links", "l", "links", "links", "a page that this one names"),
        _answer("manual.back", "b backspace", "back", "back", "the page before"))),
    Scope("confirm", "Questions", "dialog", (
        _answer("confirm.yes", "y", "answer(True)", "yes", "yes"),
        _answer("confirm.no", "n", "answer(False)", "no", "no"))),
    Scope("leave", "Questions: leave", "dialog", (), borrows=("confirm.yes", "confirm.no", "app.copy_or_quit"),
          meanings=(("app.copy_or_quit", "yes"),)),
    Scope("signal", "Questions: cancel or terminate", "dialog", (
        _answer("signal.cancel", "c", "choose('cancel')", "cancel only the query", "cancel instead of terminate"),
        _answer("signal.terminate", "x", "choose('terminate')", "terminate instead", "terminate instead of cancel")),
        borrows=("confirm.yes", "confirm.no")),
    Scope("choose", "Lists to choose from", "dialog", (
        _answer("choose.accept", "enter", "choose", "choose", "take what is under the cursor", reaches_text=True),)),
    Scope("export", "Export", "dialog", (
        _answer("export.format", "ctrl+t", "switch", "format", "the next format", reaches_text=True),)),
    Scope("open_plan", "Open a plan", "dialog", (
        _answer("open_plan.paste", "ctrl+r", "paste", "read what was pasted", "read what was pasted",
                reaches_text=True),)),
    Scope("recorder", "Flight recorder", "dialog", (
        _answer("recorder.save", "ctrl+s", "save", "save what is in memory", "save what is in memory",
                reaches_text=True),
        _answer("recorder.stop", "enter", "stop", "stop recording", "stop recording"))),
    Scope("plan_options", "Options of EXPLAIN", "dialog", (
        _answer("plan_options.accept", "enter", "accept", "explain", "plan with these options", reaches_text=True),
        _answer("plan_options.switch", "space", "switch", "switch", "switch the option"))),
    Scope("search_options", "Options of a vector search", "dialog", (
        _answer("search_options.take_back", "x delete backspace", "take_back", "take back", "take the value back"),
        _answer("search_options.search", "q", "leave", "search with these", "search with these"))),
    Scope("recall_options", "Options of a recall measurement", "dialog", (
        _answer("recall_options.measure", "m", "go", "measure", "measure with these"),)),
    Scope("hybrid_options", "Options of a hybrid search", "dialog", (
        _answer("hybrid_options.search", "s", "go", "search", "search with these"),)),
    Scope("load_options", "Options of a load of searches", "dialog", (
        _answer("load_options.begin", "m", "go", "put it on the server", "begin"),)),
    Scope("create_index", "A new vector index", "dialog", (
        _answer("create_index.build", "b", "go", "build", "build it"),
        _answer("create_index.sample", "t", "sample", "time a sample",
                "build a sample, rolled back, to tell the time"))),
    Scope("replay", "Replay", "everywhere", (
        Action("replay.play", "space", "play", "play or pause", "play, or pause"),
        Action("replay.step", ".", "step(1)", "step", "one sample on"),
        Action("replay.back", ",", "step(-1)", "back", "one sample back"),
        Action("replay.jump", "J", "jump", "jump", "jump to a time",
               "`14:02`, `2026-03-01 14:02:31`, `+90s`, `-5min`, `start`, `end`"),
        Action("replay.faster", "+", "speed(1)", "faster", "play faster",
               "1, 2, 5, 10, 20, 60, 300 times as fast"),
        Action("replay.slower", "-", "speed(-1)", "slower", "play slower"),
        _less("replay.minute_on", ">", "skip(1)", "a minute on", "a minute on"),
        _less("replay.minute_back", "<", "skip(-1)", "a minute back", "a minute back"),
        _less("replay.about", "", "about", "about", "what this recording holds"))),
)

BY_NAME = {scope.name: scope for scope in SCOPES}
ACTIONS = {action.id: action for scope in SCOPES for action in scope.actions}


SCREENS = tuple(action.id for action in BY_NAME["app"].actions if action.run.startswith("show_number("))
"""What goes to the first screen, to the second, and so on."""


def scope_of(action_id: str) -> Scope:
    """The scope that an action belongs to."""
    return BY_NAME[action_id.partition(".")[0]]
