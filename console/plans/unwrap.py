"""The JSON out of what people paste: psql's frame with its + signs, logs of auto_explain, CSV and JSON logs."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from console.plans.values import PlanError

JSON_HINT = "EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) writes what is read here"

_FRAME = re.compile(r"^[ │|]?(?P<text>.*?)[ \t]*(?:[+↵¤][ \t]*)?[│|]?[ \t]*$")
_HEADING = re.compile(r"^\W*QUERY PLAN\W*$", re.MULTILINE)
_RULE = re.compile(r"^[-+─┌┐└┘├┤┬┴┼═╞╡╪│| ]*[-─═]{3,}[-+─┌┐└┘├┤┬┴┼═╞╡╪│| ]*$")
_ROWS = re.compile(r"^\s*\(\d+ rows?\)\s*$")
_LOGGED = re.compile(r"\bplan:[ \t]*(?:\r?\n\s*|\\n\s*)(?=\{)")
_TEXT_PLAN = re.compile(r"\(cost=[\d.]+\.\.[\d.]+ rows=\d+ width=\d+\)|\(actual (?:time|rows)=")


def documents(text: str) -> Iterator[str]:
    """The JSON documents in `text`, as texts. Raises PlanError where there is none."""
    text = text.lstrip("\ufeff").strip()
    if not text:
        raise PlanError("there is nothing in it", hint=JSON_HINT)
    if _HEADING.search(text[:2000]):
        text = _unframed(text)
    if text.startswith('"') and text.endswith('"') and '""Plan""' in text:
        text = text[1:-1].replace('""', '"')  # one field of CSV, as pgAdmin copies it
    if text[0] in "[{" and not _is_json_log(text):
        yield text
        return
    if _is_json_log(text):
        yield from _of_json_log(text)
        return
    if '""Plan""' in text:
        text = text.replace('""', '"')  # a CSV log
    found = False
    for start in _LOGGED.finditer(text):
        found = True
        yield _balanced(text, start.end())
    if found:
        return
    begin = re.search(r'^\s*[\[{]\s*(?:\{\s*)?"(?:Plan|Query Text)"', text, re.MULTILINE)
    if begin:
        yield _balanced(text, begin.end() - len(begin[0].lstrip()))
        return
    if _TEXT_PLAN.search(text):
        raise PlanError("this plan is in text form, which loses what the findings need", hint=JSON_HINT)
    raise PlanError("there is no plan in it", hint=JSON_HINT)


def looks_like_plan(text: str) -> bool:
    """Whether a file holds a plan rather than a statement."""
    head = text.lstrip("\ufeff \t\r\n")[:4000]
    return head[:1] in ("[", "{") or bool(_HEADING.search(head)) or '"Plan"' in text or bool(_TEXT_PLAN.search(text))


def _unframed(text: str) -> str:
    lines = []
    for line in text.splitlines():
        if _RULE.match(line) or _ROWS.match(line) or _HEADING.match(line):
            continue
        found = _FRAME.match(line)
        lines.append(found["text"] if found else line)
    return "\n".join(lines).strip()


def _is_json_log(text: str) -> bool:
    return text[0] == "{" and '"message":' in text.partition("\n")[0] and '"Plan":' not in text.partition("\n")[0]


def _of_json_log(text: str) -> Iterator[str]:
    found = False
    for line in text.splitlines():
        try:
            message = json.loads(line).get("message", "")
        except (ValueError, AttributeError, RecursionError):
            continue
        start = _LOGGED.search(message) if isinstance(message, str) else None
        if start:
            found = True
            yield message[start.end():]
    if not found:
        raise PlanError("the log holds no plan in JSON", hint="auto_explain.log_format = json writes them")


_STEP = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\]]', re.DOTALL)


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
