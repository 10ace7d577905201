"""The plans out of what people paste and keep: whatever stands around them, in JSON or in EXPLAIN's text form.

psql's frames in all formats, rows of drivers, logs of auto_explain as stderr, CSV or JSON writes them and as
containers, clouds and syslog wrap them. A text is read as it is and, where it holds no plan so, without what wraps it.
"""

from __future__ import annotations

import ast
import csv
import html
import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

from console.plans import text_form
from console.plans.json_reader import loads
from console.plans.values import PlanError

JSON_HINT = "EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) writes what is read here"

_HEADING = re.compile(r"^(?:<[^>\n]*>|\W)*QUERY PLAN\b", re.MULTILINE)
_RULE = re.compile(r"^[-+─┌┐└┘├┤┬┴┼═╞╡╪╔╗╚╝╟╢╠╣│║| ]*[-─═]{3,}[-+─┌┐└┘├┤┬┴┼═╞╡╪╔╗╚╝╟╢╠╣│║| ]*$"
                   r"|^\W*\[ RECORD \d+ \][-+─═]*$|^\*+ \d+\. row \*+$")
_ROWS = re.compile(r"^\s*\(\d+ rows?\)\s*$|^Time: [\d.,]+ ms")
_FRAME = re.compile(r"^(?:[│║|][ ]{12}[│║|][ ]?|(?:[ ║│|]{0,2}QUERY PLAN)?[ ]*[│║|][ ]?|[ ])?"
                    r"(?P<text>.*?)[ \t]*(?:[+↵¤][ \t]*)?[│║|]?[ \t]*$")
_WRAPPED = re.compile(r"([.…])[ \t]*\n\1")
"""Where psql's format wrapped goes on in the next line."""

_PREFIXES = (
    re.compile(r"(?:> ?)+"),  # a quoted e-mail
    re.compile(r"\S+ app\[postgres[.\d]*\]: \[[\w-]+\] \[\d+-\d+\] +(?:sql_error_code = \w+ )?"),  # Heroku
    re.compile(r"[\w.-]+[ \t]*\| ?"),  # docker compose
    re.compile(r"\d{4}-\d\d-\d\dT[\d:.]+(?:Z|[+-]\d\d:?\d\d) (?:\S+ [FP] )?"),  # docker logs -t, kubectl, CRI
    re.compile(r"(?:\w{3} [ \d]\d [\d:]{8}|\d{4}-\d\d-\d\dT\S+) \S+ [^\s\[]+\[\d+\]: (?:\[[\d-]+\] )?"),  # syslog
)
_LOGGED = re.compile(r"\bplan:[ \t]*(?:\r?\n|$)")
_PLAN = re.compile(r'"Plan\\?"')
_CSV_LOG = re.compile(r',"duration: [\d.]+ ms  plan:')
_JSON = re.compile(r'[\[{]\s*(?:[\[{]\s*){0,3}"(?:Plan|Query Text|Query Identifier|QUERY PLAN)"')
_STEP = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\]]', re.DOTALL)
_NODE_LINE = re.compile(
    r"\(cost=[\d.]+\.\.[\d.]+ rows=\d+ width=\d+\)|\(actual (?:time=[\d.]+\.\.[\d.]+ )?rows=|^\s*->  [A-Z][\w ]+",
    re.MULTILINE)
_MOST_WRAPPINGS = 4
_MOST_DAMAGED = 100


def documents(text: str) -> Iterator[Any]:
    """The plans in `text`, each as one element of EXPLAIN's JSON. Raises PlanError where none is whole."""
    text = text.lstrip("\ufeff").strip("\r\n")
    if not text.strip():
        raise PlanError("there is nothing in it", hint=JSON_HINT)
    damaged: list[PlanError] = []
    for view in _views(text):
        found = False
        for plan in _of_view(view, damaged):
            found = True
            yield plan
        if found:
            return
    raise damaged[0] if damaged else PlanError(
        "there is no plan in it", hint="what EXPLAIN prints is read, in any option's form: as text or, best, "
                                       "(ANALYZE, BUFFERS, FORMAT JSON)")


def looks_like_plan(text: str) -> bool:
    """Whether a file holds a plan rather than a statement."""
    head = text.lstrip("\ufeff \t\r\n")[:4000]
    return head[:1] in ("[", "{") or bool(_HEADING.search(head)) or _PLAN.search(text) is not None \
        or _has_nodes(text)


def _has_nodes(text: str) -> bool:
    """Whether it looks like a plan in text form; one node without costs is known by its name, where it begins."""
    return _NODE_LINE.search(text) is not None or text_form.is_node(text.lstrip("\r\n").partition("\n")[0])


def _views(text: str) -> Iterator[str]:
    """The text as it is, then without what may wrap it; what surely isn't its own goes first."""
    ways: list[Callable[[str], str]] = [_unframed, _unprefixed, _uncsv, _unescaped]
    for rows in (_csv_rows(text), _log_lines(text), _cells(text)):
        if rows is not None:
            yield rows
    certain: list[tuple[Callable[[str], str], object]] = [
        (_unframed, _HEADING.search(text[:2000])), (_uncsv, _CSV_LOG.search(text)),
        (_unprefixed, True if all(line[:1] == ">" for line in text.splitlines()) else None)]
    for way, mark in certain:
        if mark is not None:
            yield way(text)
            ways.remove(way)
    yield text
    for way in ways:
        if (view := way(text)) != text:
            yield view
            if way is _unprefixed and (inner := _uncsv(view)) != view:
                yield inner


def _unframed(text: str) -> str:
    lines = []
    if _HEADING.search(text[:2000]) is not None:
        text = _WRAPPED.sub("", text)
    for line in text.splitlines():
        if _RULE.match(line) or _ROWS.match(line) or re.fullmatch(r"[ ║│|]*QUERY PLAN[ ║│|]*", line):
            continue
        found = _FRAME.match(line)
        lines.append(found["text"] if found else line)
    return "\n".join(lines).strip("\n")


def _csv_rows(text: str) -> str | None:
    """The rows of psql --csv, or of pgAdmin's copy: one column, of which only those are quoted that must be."""
    if re.match(r'"?QUERY PLAN"?\r?\n', text) is None:
        return None
    with suppress(csv.Error):
        rows = list(csv.reader(text.splitlines(keepends=True)))
        return "\n".join(row[0] for row in rows[1:] if row) if all(len(row) < 2 for row in rows) else None
    return None


def _cells(text: str) -> str | None:
    """The cells of psql -H."""
    cells = [piece.rpartition("<td")[2].partition(">")[2] for piece in text.split("</td>")[:-1]]
    lines = (html.unescape(re.sub(r"<br ?/?>", "", cell)) for cell in cells)
    return "\n".join(lines).replace("\xa0", " ") or None


def _log_lines(text: str) -> str | None:
    """What a container has written, from the JSON that keeps each of its lines apart (Docker's json-file)."""
    if text[:1] != "{":
        return None
    with suppress(ValueError, TypeError, KeyError):
        return "".join(loads(line)["log"] for line in text.splitlines())
    return None


def _unprefixed(text: str) -> str:
    lines = text.splitlines()
    for prefix in _PREFIXES:
        if sum(prefix.match(line) is not None for line in lines) * 2 > len(lines):
            return "\n".join(prefix.sub("", line, count=1).replace("#011", "\t") for line in lines)
    return text


def _uncsv(text: str) -> str:
    """Quotes as they were before a CSV log, or pgAdmin's copy of a field, doubled them."""
    return text.replace('""', '"') if '""Plan""' in text or _CSV_LOG.search(text) or text[:1] == '"' else text


def _unescaped(text: str) -> str:
    """A plan that a program printed as a string."""
    if "\\n" not in text:
        return text
    return re.sub(r"\\(.)", lambda found: {"n": "\n", "t": "\t"}.get(found[1], found[1]), text)


def _of_view(text: str, damaged: list[PlanError], wrappings: int = 0) -> Iterator[Any]:
    """The plans in a text that is looked at as it stands; what looks like one and can't be read goes to `damaged`."""
    if text.lstrip()[:1] in ("[", "{"):
        try:
            value = loads(text)
        except ValueError as error:
            value = _python(text)
            if value is None:
                damaged.append(_unreadable(error))
        if value is not None:
            found = list(_of_value(value, damaged, wrappings))
            if not found:
                damaged.append(PlanError('the JSON is no plan: an object with the key "Plan" is missing',
                                         hint=JSON_HINT))
            yield from found
            return
    some = False
    for plan in _of_pieces(text, damaged, wrappings):
        some = True
        yield plan
    if not some or _LOGGED.search(text) is not None:  # a log's form may have been changed on the way
        yield from _of_text(text, damaged)


def _python(text: str) -> Any:
    """Rows as Python prints them: None where it is something else."""
    with suppress(ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        return ast.literal_eval(text.strip())
    return None


def _of_pieces(text: str, damaged: list[PlanError], wrappings: int) -> Iterator[Any]:
    """The plans in JSON that begin somewhere in a text, and those in a log's lines of JSON."""
    if text[:1] == "{":
        some = False
        for line in text.splitlines():
            with suppress(ValueError):
                for plan in _of_value(loads(line) if line[:1] == "{" else None, damaged, wrappings):
                    some = True
                    yield plan
        if some:
            return
    place = 0
    while len(damaged) < _MOST_DAMAGED and (start := _JSON.search(text, place)) is not None:
        piece = _balanced(text, start.start())
        try:
            value = loads(piece)
        except ValueError as error:
            damaged.append(_unreadable(error))
            place = start.end()
        else:
            place = start.start() + len(piece)
            yield from _of_value(value, damaged, wrappings)


def _unreadable(error: ValueError) -> PlanError:
    return PlanError(f"the plan is no readable JSON: {error}", hint=JSON_HINT)


def _of_value(value: Any, damaged: list[PlanError], wrappings: int) -> Iterator[Any]:
    """The plans in a value of JSON, in its order: EXPLAIN's own, a driver's rows, a log's message, our document."""
    waiting = [value]
    while waiting:
        item = waiting.pop()
        if isinstance(item, dict):
            if "Plan" in item:
                yield item
            elif isinstance(item.get("Node Type"), str):
                yield {"Plan": item}
            else:
                waiting.extend(reversed(item.values()))
        elif isinstance(item, list | tuple):
            rows = [_row(line) for line in item]
            if rows and None not in rows:
                item = "\n".join(filter(None, rows))  # a row a line, as drivers have text plans
            else:
                waiting.extend(reversed(item))
        if isinstance(item, str) and wrappings < _MOST_WRAPPINGS and ('"Plan"' in item or _has_nodes(item)):
            yield from _of_view(item.strip("\r\n"), damaged, wrappings + 1)


def _row(item: Any) -> str | None:
    """The text of a driver's row of one column; None of anything else."""
    if isinstance(item, dict):
        item = item.get("QUERY PLAN")
    elif isinstance(item, list | tuple) and len(item) == 1:
        item = item[0]
    return item if isinstance(item, str) else None


def _of_text(text: str, damaged: list[PlanError]) -> Iterator[Any]:
    """The plans in text form."""
    lines = text.splitlines()
    logged = [text.count("\n", 0, start.end()) for start in _LOGGED.finditer(text)]
    place = 0
    while place < len(lines):
        begin = next((number for number in logged if number >= place), None) if logged else _first_node(lines, place)
        if begin is None:
            return
        is_indented = bool(logged) and any(line[:1].isspace() for line in lines[begin:begin + 1])
        block, end = _block(lines, begin, is_logged=is_indented)  # a log of JSON has the message as it is
        place = max(end, begin + 1)
        if not any(map(text_form.is_node, block)):
            continue
        try:
            yield text_form.read(block)
        except PlanError as error:
            damaged.append(error)


def _first_node(lines: list[str], place: int) -> int | None:
    """The line in which a plan begins: the first that has costs or figures, or that has a node below it."""
    for number in range(place, len(lines)):
        line = lines[number]
        if line.lstrip().startswith("->"):
            return _top(lines, number, place)
        if line.startswith("Query Text:") or text_form.FIGURES.search(line) is not None:
            return number
        if number == 0 and text_form.is_node(line):
            return number
    return None


def _top(lines: list[str], number: int, place: int) -> int:
    """The line that is furthest to the left of those above, without a gap: the root of a plan without costs."""
    top, least = number, _indent(lines[number])
    for above in range(number - 1, place - 1, -1):
        if not lines[above].strip() or not least:
            break
        if _indent(lines[above]) < least:
            top, least = above, _indent(lines[above])
    return top


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())


def _block(lines: list[str], begin: int, *, is_logged: bool) -> tuple[list[str], int]:
    """The lines of the plan that begins at `begin`, and the place behind them."""
    block: list[str] = []
    root: int | None = None
    begins_with_query = is_logged or any(line.lstrip().startswith("Query Text:") for line in lines[begin:begin + 1])
    for number in range(begin, len(lines)):
        line = lines[number].expandtabs(1) if is_logged else lines[number]
        indent = _indent(line)
        if is_logged and line.strip() and not indent:
            return block, number
        if root is not None and line.strip() and indent <= root and text_form.FOOTER.match(line) is None:
            return block, number
        if root is None and (not begins_with_query or text_form.FIGURES.search(line) is not None):
            root = indent
        block.append(line)
    return block, len(lines)


def _balanced(text: str, place: int) -> str:
    """From the bracket at `place` to the one that closes it; to the end where none does."""
    depth = 0
    for token in _STEP.finditer(text, place):
        if token[0] in "{[":
            depth += 1
        elif token[0] in "}]":
            depth -= 1
            if depth == 0:
                return text[place:token.end()]
    return text[place:]
