"""The layout that .github/ARCHITECTURE.md describes, held: who may import whom, and where SQL is."""

from __future__ import annotations

import ast
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from itertools import pairwise
from pathlib import Path

import pytest
import textual.containers
import textual.widgets

import console

PACKAGE = Path(console.__file__).parent
ROOT = PACKAGE.parent
MODULES = sorted(PACKAGE.rglob("*.py"))

FEATURES = {"advisories", "catalog", "activity", "metrics", "pooler", "statements", "plans", "vectors", "migrate",
            "services"}
SHARED_FEATURES = {"services", "catalog", "activity", "plans"}
DRIVERS = {"psycopg", "psycopg_pool", "pgvector"}
SCREENS = {"textual", "rich", "plotext"}
TEXTUALS_DATACLASSES = {"ui/themes.py", "ui/bindings.py"}
"""Where fields() and replace() are of Textual's own records, Theme and Binding."""
FOUNDATION = {"files", "errors", "clock", "config", "trust", "fields", "resources", "sql", "text", "ending", "log",
              "process", "redaction", "waiting", "__version__"}


@cache
def parsed(path: Path) -> ast.Module:
    """A module's tree; there are hundreds, and many questions about each."""
    return ast.parse(path.read_text("utf-8"))


@cache
def nodes_of(path: Path) -> tuple[ast.AST, ...]:
    """All nodes of a module's tree."""
    return tuple(ast.walk(parsed(path)))


@pytest.fixture(scope="module", autouse=True)
def trees_for_this_module_alone() -> Iterator[None]:
    """They are a million objects, which each later search for garbage would go through."""
    yield
    parsed.cache_clear()
    nodes_of.cache_clear()


def room(path: Path) -> str:
    """The package below console/ that a module belongs to, or the module's own name at the top."""
    inside = path.relative_to(PACKAGE)
    return inside.parts[0] if len(inside.parts) > 1 else inside.stem


def imports(path: Path) -> Iterator[tuple[int, str]]:
    """Line and dotted name of everything that a module imports, also inside functions and for typing only."""
    for node in nodes_of(path):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno}: relative import"
            yield node.lineno, node.module or ""
            if node.module == "console":
                yield from ((node.lineno, f"console.{alias.name}") for alias in node.names)


def offences(allowed: dict[str, set[str]]) -> list[str]:
    return [f"{path.relative_to(ROOT)}:{line}: {name}"
            for path in MODULES for line, name in imports(path)
            if name.partition(".")[0] in allowed and room(path) not in allowed[name.partition(".")[0]]]


def test_only_server_talks_to_postgresql_and_only_ui_draws() -> None:
    assert not offences({name: {"server"} for name in DRIVERS} | {name: {"ui"} for name in SCREENS})


NOTHING: set[str] = set()
MAY_IMPORT = {
    **dict.fromkeys(("errors", "clock", "fields", "files", "resources", "ending", "log", "process", "redaction", "text",
                     "waiting", "server", "services"), NOTHING),
    "config": {"errors", "resources", "text"},
    "trust": {"config", "errors", "resources"},
    "backup": SHARED_FEATURES | {"server", "local_postgres", "migrate", "metrics"},
    "check": FEATURES | {"server", "backup"},
    "sampler": FEATURES | {"server", "check"},
    "recorder": FEATURES | {"server", "check", "sampler"},
    "diagnosis": FEATURES | {"server", "check", "sampler"},
    "local_postgres": {"server"},
    "demo": FEATURES | {"server", "local_postgres"},
    "view": {"services"},
    "manual": {"check"},
    **{name: {"server"} | SHARED_FEATURES for name in FEATURES - {"services"}},
}
"""The rooms below which a room stands, besides the foundation and itself."""

SINGLE_MODULES = {
    "view": {"console.check.result", "console.server.info", "console.server.tls", "console.migrate.events",
             "console.migrate.history", "console.migrate.plan", "console.migrate.lint"},
    "manual": {"console.advisories.known", "console.advisories.records", "console.migrate.lint",
               "console.migrate.lint.examples", "console.migrate.frameworks.specs", "console.migrate.mirror",
               "console.services.recognise", "console.commands.table", "console.ui.keys", "console.ui.key_tables"},
}
"""What a room takes of others besides."""

ABOVE = {"commands": {"ui", "cli"}, "ui": {"cli", "commands"}, "cli": NOTHING, "__main__": NOTHING}
"""Of the rooms on top: what they may not import."""


def may_import(importer: str, imported: str, name: str) -> bool:
    """Whether a module in the room `importer` may import `name`, which is in the room `imported`."""
    if importer == "sql":
        return imported in {"sql", "errors"}
    if imported in {*FOUNDATION, importer, "__init__"}:
        return True
    if importer in ABOVE:
        return imported not in ABOVE[importer]
    return imported in MAY_IMPORT[importer] or name in SINGLE_MODULES.get(importer, NOTHING) or (
        importer == "view" and ".records" in name)


def test_data_flows_one_way() -> None:
    wrong = []
    for path in MODULES:
        for line, name in imports(path):
            parts = name.split(".")
            if parts[0] == "console" and len(parts) > 1 and not may_import(room(path), parts[1], name):
                wrong.append(f"{path.relative_to(ROOT)}:{line}: {room(path)} may not import {name}")
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("module", ["console.check", "console.cli", "console.sampler", "console.commands.check"])
def test_what_scripts_use_loads_no_screen(module: str) -> None:
    code = f"import sys, {module}; print(sorted({SCREENS | {'postgast'}!r} & sys.modules.keys()))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True)
    assert done.stdout.strip() == "[]"


def test_records_are_structs() -> None:
    """Declaring a Struct takes a fiftieth of what a dataclass takes, at every start, and making one a tenth."""
    wrong = [f"{path.relative_to(ROOT)}:{line}: {name}" for path in MODULES for line, name in imports(path)
             if name == "dataclasses" and path.relative_to(PACKAGE).as_posix() not in TEXTUALS_DATACLASSES]
    wrong += [f"{path.relative_to(ROOT)}: NamedTuple" for path in MODULES if "(NamedTuple" in path.read_text("utf-8")]
    assert not wrong, "\n".join(wrong)


def test_a_public_class_is_the_only_one_of_its_name() -> None:
    """Else a search for it brings two, and a reader has to look at the imports to know which is meant."""
    places: dict[str, list[str]] = {}
    for path in MODULES:
        for node in parsed(path).body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                places.setdefault(node.name, []).append(f"{path.relative_to(ROOT)}:{node.lineno}")
    assert not {name: where for name, where in places.items() if len(where) > 1}


def test_no_room_is_a_junk_drawer() -> None:
    junk = {"utils", "util", "helpers", "helper", "common", "manager", "base", "misc"}
    assert not [path for path in [*MODULES, *PACKAGE.rglob("*/")] if path.stem in junk]


def test_statements_stand_in_sql_files() -> None:
    """Above the feature packages nobody writes SQL; what is composed of identifiers is composed in server/."""
    verbs = ("SELECT ", "UPDATE ", "DELETE FROM ", "INSERT INTO ", "WITH ")
    wrong = []
    for path in MODULES:
        if room(path) in {"view", "ui", "check", "sampler", "commands", "cli"}:
            for node in nodes_of(path):
                if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.startswith(verbs):
                    wrong.append(f"{path.relative_to(ROOT)}:{node.lineno}: {node.value[:40]!r}")
    assert not wrong, "\n".join(wrong)


NO_SQL = {
    "backup/folder.py": "names of folders",
    "backup/wal.py": "file names",
    "backup/unpack.py": "what pg_controldata prints",
    "commands/backup_keep.py": "a time of day, and the name of a unit of systemd",
    "commands/listen.py": "an address to listen on",
    "config.py": "durations and conninfo strings in the configuration",
    "demo/embedder.py": "words of the sample data",
    "demo/sample/prose.py": "words of the sample data",
    "local_postgres/binaries.py": "version numbers",
    "manual/topics.py": "Markdown",
    "migrate/create.py": "file names",
    "migrate/differences.py": "names of indexes and constraints that the server makes up",
    "migrate/files.py": "file names",
    "migrate/frameworks/commands.py": "command lines and what a program prints",
    "migrate/frameworks/files.py": "file names, and the line in which Graphile Migrate keeps a checksum",
    "migrate/frameworks/graphs.py": "file names",
    "migrate/frameworks/pending.py": "file names",
    "migrate/frameworks/plans.py": "Sqitch plans, changelogs, and the lines by which Liquibase itself finds changesets",
    "migrate/frameworks/specs.py": "names of tables",
    "migrate/frameworks/written_sql.py": "the headings that Alembic and Django print, and file names",
    "migrate/indexes.py": "names of indexes that the server makes up",
    "migrate/layouts/dbmate.py": "file names, and the lines by which dbmate itself cuts a file, whatever they stand in",
    "migrate/layouts/flyway.py": "file names, and placeholders, which Flyway fills in wherever they stand",
    "migrate/layouts/golang_migrate.py": "file names",
    "migrate/layouts/goose.py": "file names, and the lines by which goose itself cuts a file, whatever they stand in",
    "migrate/layouts/liquibase.py": "file names, and the lines by which Liquibase itself cuts a file",
    "migrate/layouts/liquibase_changelog.py": "changelogs that list includes, and a file's first line",
    "migrate/layouts/sections.py": "the lines of dbmate, goose and sql-migrate",
    "migrate/layouts/sql_migrate.py": "file names, and the lines by which sql-migrate itself cuts a file",
    "migrate/layouts/sqlx.py": "file names",
    "migrate/layouts/tern.py": "file names, and the lines and templates by which tern itself cuts a file",
    "migrate/ledger.py": "the ledger's own comment",
    "migrate/unread.py": "file names",
    "migrate/version.py": "version numbers",
    "plans/json_reader.py": "JSON",
    "plans/text_form.py": "the lines of EXPLAIN's text form",
    "plans/unwrap.py": "the frames that clients draw around a plan",
    "recorder/replay/moment.py": "times",
    "redaction.py": "words that tell of a secret, wherever they stand: also in constants and comments",
    "server/admin_console.py": "names of PgBouncer's SHOW commands",
    "server/faults.py": "messages of libpq and the server",
    "server/info.py": "the value of search_path, which is split by rules of its own",
    "server/query.py": "file names and version numbers",
    "server/refusals.py": "what libpq words in full",
    "trust.py": "conninfo strings in the configuration",
    "ui/dialogs/recorder.py": "file names",
    "services/recognise.py": "file names, and the lines and words by which a tool's files are told",
    "text/parse.py": "numbers with units in the configuration",
    "text/sanitiser.py": "characters that a terminal would obey",
    "vectors/actions.py": "names of indexes that the server makes up",
    "vectors/values.py": "vectors as pgvector writes them",
    "view/table.py": "what is typed to filter a table",
    "view/vectors/findings.py": "numbers",
}
"""The modules outside of console/sql that use regular expressions, and what these read instead of SQL text."""


def test_regular_expressions_read_no_sql_outside_its_room() -> None:
    """A pattern is blind to constants, comments and quoted names: questions about SQL text go to console/sql."""
    using = {str(path.relative_to(PACKAGE)) for path in MODULES if room(path) != "sql"
             and any(name == "re" or name.startswith("re.") for _, name in imports(path))}
    assert using == set(NO_SQL), "ask console/sql; what reads no SQL is named here with its reason"


def test_the_parser_has_one_door() -> None:
    """postgast is loaded by console/sql/grammar.py, when a tree is first asked for."""
    named = [str(path.relative_to(PACKAGE)) for path in MODULES
             if any(isinstance(node, ast.Constant) and node.value == "postgast"
                    for node in nodes_of(path))]
    assert named == ["sql/grammar.py"] and not offences({"postgast": set(), "sqlglot": {"sql"}})


QUOTED_OTHERWISE = {
    "check/report.py": "labels of Nagios performance data",
    "check/exposition.py": "labels of Prometheus",
    "backup/schedule.py": "words of a systemd unit, whose escapes are others",
    "redaction.py": "what a secret looks like in other texts",
    "local_postgres/cluster.py": "values of postgresql.conf and conninfo, whose escapes are others",
}
"""The modules that quote by rules other than SQL's."""


def quotes_by_hand(nodes: tuple[ast.AST, ...]) -> Iterator[int]:
    """The lines where a quote is doubled or escaped, or put around what an f-string with SQL in it fills in."""
    for node in nodes:
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "replace" \
                and node.args and isinstance(node.args[0], ast.Constant) and node.args[0].value in ("'", '"') \
                and isinstance(node.args[-1], ast.Constant) and len(str(node.args[-1].value)) == 2:
            yield node.lineno
        elif isinstance(node, ast.JoinedStr):
            texts = [part.value if isinstance(part, ast.Constant) else None for part in node.values]
            has_sql = any(text and STATEMENT.search(text) for text in texts)
            if has_sql and any(between is None and before and after and before[-1] in "'\"" and after[0] == before[-1]
                               for before, between, after in zip(texts, texts[1:], texts[2:], strict=False)):
                yield node.lineno


STATEMENT = re.compile(r"\b(SELECT|CREATE|ALTER|DROP|COMMENT ON|SET|GRANT|REVOKE|INSERT|UPDATE|DELETE|VACUUM|RAISE)\s")


def test_names_and_constants_are_quoted_in_one_place() -> None:
    """console/sql/quoting.py knows which names need quotes, and constants with backslashes."""
    found = {str(path.relative_to(PACKAGE)): lines for path in MODULES if room(path) != "sql"
             and (lines := list(quotes_by_hand(nodes_of(path))))}
    assert {name: lines for name, lines in found.items() if name not in QUOTED_OTHERWISE} == {}
    assert set(QUOTED_OTHERWISE) <= set(found)


def test_numbers_with_units_are_written_in_one_place() -> None:
    """`f"{took:.1f} ms"` is for console/text/format.py alone, so that one duration isn't written in two ways."""
    unit = re.compile(r" ?(ms|s|min|h|d|B|kB|MB|MiB|GB|TB|%)(?!\w)")
    wrong = []
    for path in MODULES:
        if room(path) == "text":
            continue
        for node in nodes_of(path):
            parts = [*node.values, ast.Constant("")] if isinstance(node, ast.JoinedStr) else []
            for value, after in pairwise(parts):
                spec = ast.unparse(value.format_spec) if isinstance(value, ast.FormattedValue) and value.format_spec \
                    else ""
                measured = re.search(r"\.\d+f'$", spec) and isinstance(after, ast.Constant) \
                    and unit.match(str(after.value))
                if measured or (re.search(r"[,%]'$|,\.\df'$", spec) and "%S" not in spec and "%M" not in spec):
                    wrong.append(f"{path.relative_to(ROOT)}:{node.lineno}: {ast.unparse(node)[:80]}")
    assert not wrong, "\n".join(wrong)


def test_vector_operators_are_composed_with_their_schema() -> None:
    """Without it an operator is the first of that sign that a search_path finds, whoever has put it there.

    vectors/metrics.py says which there are; completion, and sentences for people, offer them as people write them, and
    the lexer reads any. The demo's statements are a program's.
    """
    telling = {"vectors/metrics.py", "vectors/reasons/ineligible.py", "sql/completion.py", "view/statements/text.py",
               "sql/tokens.py"}
    bare = re.compile(r"(?<![.])(?:<->|<=>|<#>|<\+>|<~>|<%>)")
    wrong = []
    for path in MODULES:
        if room(path) == "demo" or path.relative_to(PACKAGE).as_posix() in telling:
            continue
        compared = {id(side) for node in nodes_of(path) if isinstance(node, ast.Compare) for side in node.comparators}
        wrong += [f"{path.relative_to(ROOT)}:{node.lineno}: {node.value[:40]!r}" for node in nodes_of(path)
                  if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in compared
                  and bare.search(node.value)]
    assert not wrong, "\n".join(wrong)


def test_a_screens_style_is_its_own() -> None:
    """A screen's TCSS stays loaded app-wide, and what is shown isn't styled anew for it: everything in it must stand
    below the screen's own selector."""
    wrong = []
    dialogs = re.sub(r"/\*.*?\*/", "", (PACKAGE / "ui/dialogs/dialog.tcss").read_text("utf-8"), flags=re.DOTALL)
    for selectors in re.findall(r"([^{};]+)\{", dialogs):
        wrong += [selector for selector in selectors.split(",") if not re.match(r"\s*Dialog\b", selector)]
    wrong += [f"{path.relative_to(ROOT)}: CSS" for path in MODULES if room(path) == "ui" for node in nodes_of(path)
              if isinstance(node, ast.Assign) and [ast.unparse(target) for target in node.targets] == ["CSS"]]
    for sheet in (PACKAGE / "ui").glob("screens/*/screen.tcss"):
        text = sheet.read_text("utf-8")
        depth, tops, selector = 0, [], ""
        for character in text:
            if character == "{":
                if depth == 0:
                    tops.append(selector.strip().splitlines()[-1].strip())
                depth, selector = depth + 1, ""
            elif character == "}":
                depth, selector = depth - 1, ""
            else:
                selector += character
        if len(tops) != 1 or not tops[0].endswith("Screen"):
            wrong.append(f"{sheet.relative_to(ROOT)}: {tops}")
    assert not wrong, "\n".join(wrong)


def test_a_style_sheet_names_widgets_that_there_are() -> None:
    """A rule of a class that was renamed does nothing, in silence."""
    known = {node.name for path in MODULES for node in nodes_of(path) if isinstance(node, ast.ClassDef)}
    known |= {"App", "Screen", "Toast", *textual.widgets.__all__, *vars(textual.containers)}
    sheets = [(path, path.read_text("utf-8")) for path in (PACKAGE / "ui").rglob("*.tcss")]
    sheets += [(path, str(ast.literal_eval(node.value))) for path in MODULES for node in nodes_of(path)
               if isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None
               and "DEFAULT_CSS" in ast.unparse(node)[:30]]
    wrong = []
    for path, text in sheets:
        for selector in re.findall(r"([^{};]+)\{", re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL)):
            wrong += [f"{path.relative_to(ROOT)}: {name}" for name in re.findall(r"(?<![-.#:\w$])[A-Z]\w+", selector)
                      if name not in known]
    assert not wrong, "\n".join(wrong)


def graph_of(folder: Path) -> dict[str, set[str]]:
    """Which modules below `folder` import which of each other, also inside functions and for typing only."""
    paths = {".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path
             for path in sorted(folder.rglob("*.py"))}
    return {module: {name for node in nodes_of(path) for name in named_by(node)
                     if name in paths and name != module}
            for module, path in paths.items()}


def named_by(node: ast.AST) -> list[str]:
    """The modules that an import may mean: of `from a import b` both a and a.b."""
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom):
        return [node.module or "", *(f"{node.module}.{alias.name}" for alias in node.names)]
    return []


def circles(graph: dict[str, set[str]]) -> list[set[str]]:
    """The strongly connected components of more than one module (Tarjan)."""
    index: dict[str, int] = {}
    lowest: dict[str, int] = {}
    stack: list[str] = []
    found: list[set[str]] = []

    def visit(module: str) -> None:
        index[module] = lowest[module] = len(index)
        stack.append(module)
        for other in graph[module]:
            if other not in index:
                visit(other)
                lowest[module] = min(lowest[module], lowest[other])
            elif other in stack:
                lowest[module] = min(lowest[module], index[other])
        if lowest[module] == index[module]:
            at = stack.index(module)
            if len(stack) - at > 1:
                found.append(set(stack[at:]))
            del stack[at:]

    for module in graph:
        if module not in index:
            visit(module)
    return found


def test_circles_are_found() -> None:
    graph = {"a": {"b"}, "b": {"c", "d"}, "c": {"a"}, "d": {"e"}, "e": {"d"}, "f": {"a"}}
    assert sorted(map(sorted, circles(graph))) == [["a", "b", "c"], ["d", "e"]]


def test_screens_and_the_application_are_no_circle() -> None:
    """What is shown knows the application by its port, ui/host.py, which the application fits."""
    graph = graph_of(PACKAGE / "ui")
    assert len(graph["console.ui.app"]) > 5
    assert not [sorted(circle) for circle in circles(graph) if len(circle) > 3]
    assert {module for module, found in graph.items() if "console.ui.app" in found} == {
        "console.ui.start", "console.ui.replay_app"}


def test_a_screen_knows_no_other_screen() -> None:
    """What two of them draw is a widget or a dialog; they hand things over by the application."""
    screens = PACKAGE / "ui" / "screens"
    wrong = [f"{path.relative_to(ROOT)}:{line}: {name}" for path in MODULES if screens in path.parents
             for line, name in imports(path)
             if name.startswith("console.ui.screens.") and path.parent != screens
             and name.split(".")[3] != path.relative_to(screens).parts[0]]
    assert not wrong, "\n".join(wrong)


def test_what_a_screen_knows_needs_no_terminal() -> None:
    """State is tested without one: neither it nor what it is made of may draw."""
    states = sorted(f"{path.parent.name}.{path.stem}" for path in (PACKAGE / "ui/screens").glob("*/*state.py"))
    assert len(states) > 8
    code = f"""
import importlib, sys
for state in {states!r}:
    importlib.import_module("console.ui.screens." + state)
    if found := {{"textual", "rich"}} & sys.modules.keys():
        sys.exit(f"{{state}} loads {{', '.join(sorted(found))}}")"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("screen", sorted(path.parent.name for path in (PACKAGE / "ui/screens").glob("*/state.py")))
def test_a_screen_has_the_files_where_a_newcomer_looks(screen: str) -> None:
    """State, views of it, actions and the screen; what is drawn lies beside them, or in pages with their own keys."""
    names = {path.name for path in (PACKAGE / "ui/screens" / screen).iterdir()}
    assert {"state.py", "screen.py"} <= names and ("pages" in names or {"views.py", "actions.py"} <= names)


def test_every_screen_has_its_state() -> None:
    screens = {path.parent.name for path in (PACKAGE / "ui/screens").glob("*/screen.py")}
    assert screens == {path.parent.name for path in (PACKAGE / "ui/screens").glob("*/state.py")}


def test_the_top_level_is_what_the_design_names() -> None:
    if shutil.which("git") is None:
        pytest.skip("no git here")
    listed = subprocess.run(["git", "ls-tree", "--name-only", "HEAD"], capture_output=True, text=True, cwd=ROOT)
    if listed.returncode != 0:
        pytest.skip("not a git checkout")
    named = {"pyproject.toml", "README.md", "CHANGELOG.md", "LICENSE", "console", "migrations", "themes", "tests"}
    assert not {name for name in listed.stdout.split() if not name.startswith(".")} - named


def test_the_newcomers_page_names_what_is_there() -> None:
    """Every file and package that .github/ARCHITECTURE.md names, by its place or by the end of it."""
    page = (ROOT / ".github" / "ARCHITECTURE.md").read_text("utf-8")
    listed = [path.relative_to(ROOT).as_posix() + "/" * path.is_dir() for path in
              (*PACKAGE.rglob("*"), *(ROOT / "tests").rglob("*")) if "__pycache__" not in path.parts]
    named = set(re.findall(r"`([\w./]+(?:\.py|\.sql|\.tcss|/))`", page))
    assert len(named) > 20
    assert not {name for name in named
                if "NAME" not in name and not any(f"/{path}".endswith(f"/{name}") for path in listed)}
    rooms = {path.name.removesuffix(".py") for path in PACKAGE.iterdir() if path.suffix in ("", ".py")}
    floors = set(re.findall(r"`(\w+)`", page.partition("## From the server")[0].partition("| floor |")[2]))
    assert not rooms - floors - {"__init__", "__main__", "__pycache__", "_shipped"}


WRITES_ITSELF = {
    "cli.py": "/dev/null, where a stream is closed", "ending.py": "the terminal", "ui/driver.py": "/dev/null",
    "redaction.py": "this process's own arguments",
    "local_postgres/cluster.py": "what pg_ctl says, in a file without a name",
    "local_postgres/binaries.py": "a copy of PostgreSQL's programs", "local_postgres/ephemeral.py": "a server's folder",
    "backup/unpack.py": "links to the tablespaces of a restored server",
}
WRITING = {"write_text", "write_bytes", "touch", "mkstemp", "mkdtemp", "NamedTemporaryFile", "TemporaryFile",
           "copytree", "copyfile", "copy", "copy2", "symlink_to", "hardlink_to"}


def writes(node: ast.AST) -> bool:
    """Whether a call opens or makes a file to write to it."""
    if not isinstance(node, ast.Call):
        return False
    name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    owner = ast.unparse(node.func.value) if isinstance(node.func, ast.Attribute) else ""
    if name == "open":
        modes = [each.value for each in (*node.args, *(keyword.value for keyword in node.keywords))
                 if isinstance(each, ast.Constant) and isinstance(each.value, str)]
        return owner == "os" or any(re.fullmatch(r"[rbt]*[wax+][rwxabt+]*", mode) for mode in modes)
    return name in WRITING and (name not in ("copy", "touch") or owner == "shutil" or "path" in owner)


def test_files_are_written_in_one_way() -> None:
    """console/files.py knows whose a file is, follows no links and leaves none half written."""
    found = {path.relative_to(PACKAGE).as_posix(): lines for path in MODULES if path != PACKAGE / "files.py"
             and (lines := [node.lineno for node in nodes_of(path) if writes(node)])}
    assert {name: lines for name, lines in found.items() if name not in WRITES_ITSELF} == {}
    assert set(WRITES_ITSELF) <= set(found)
