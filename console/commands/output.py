"""What a command writes: data on stdout, narration on stderr, and all of it through the sanitiser.

Text is made harmless wherever it goes, as who redirects it to a file will look at the file in a terminal. A line is a
line: a name with a line break in it can't forge another one. JSON means what it says to a program, and has everything
that a terminal would obey as \\u escapes. Only `write_data`, for what programs take (paths, connection strings), is
written as it is where stdout is no terminal.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterable
from contextlib import suppress
from typing import Any, TextIO

from console import ending
from console.redaction import masked
from console.text.sanitiser import json_escaped, single_line

REDRAW_S = 0.2
"""The least between two drawings of a line that moves."""

CLEAR = "\r\x1b[K"
"""What takes a line that moves away again."""


def write_lines(lines: Iterable[str]) -> None:
    """Text for people on stdout, a line each. Raises OSError."""
    write("".join(f"{single_line(line)}\n" for line in lines))


def write_json(document: Any) -> None:
    """A JSON document on stdout; indented for people, at once for programs. Raises OSError."""
    import json  # its import is a third of what a report of checks costs

    write(json_escaped(json.dumps(document, indent=2 if sys.stdout.isatty() else None, default=str)) + "\n")


class JsonPieces:
    """A JSON object on stdout whose list `name` is written as its items come, never all of it at once.

    `before` are the members in front of it; `close` writes those behind.
    """

    def __init__(self, before: dict[str, Any], name: str) -> None:
        self._opening = json_line(before)[:-1] + f', "{name}": ['
        self._separator = ""

    def add(self, items: Iterable[Any]) -> None:
        """Raises OSError."""
        for item in items:
            write(self._opening + self._separator + json_line(item))
            self._opening, self._separator = "", ", "

    def close(self, after: dict[str, Any]) -> None:
        """Raises OSError."""
        write(self._opening + "], " + json_line(after)[1:] + "\n")


def json_line(document: Any) -> str:
    """A JSON document in one line, harmless on a terminal."""
    import json

    return json_escaped(json.dumps(document, default=str))


def write_data(line: str) -> None:
    """A value on stdout that a program may take: as it is, but on a terminal. Raises OSError."""
    write((single_line(line) if sys.stdout.isatty() else line) + "\n")


def write(text: str, stream: TextIO | None = None) -> None:
    """`text`, which must be harmless already, on stdout or `stream`, in its encoding as far as that goes.

    Raises OSError.
    """
    stream = stream or sys.stdout
    encoding = stream.encoding or "utf-8"
    stream.write(text.encode(encoding, "replace").decode(encoding))
    stream.flush()


def say(*lines: str) -> None:
    """Narration on stderr, a line each. Nobody fails for want of a reader of it."""
    narrator().say(*lines)


def warn(words: str) -> None:
    """What a person should know although the command goes on."""
    say(f"dbconsole: warning: {words}")


def can_ask() -> bool:
    """Whether there is a person at a terminal who can be asked."""
    return sys.stdin.isatty() and sys.stderr.isatty()


def answer(question: str) -> str:
    """What a person types at the terminal; Ctrl-C ends the process."""
    narrator().ask(question)
    with ending.at_once():
        return sys.stdin.readline().strip()


class Narrator:
    """Lines on a stream, and on a terminal one below them that is rewritten in place."""

    def __init__(self, stream: TextIO) -> None:
        self.stream = stream
        self.moves = stream.isatty() and os.environ.get("TERM") != "dumb"
        self._stands = False
        self._drawn_s = 0.0
        self._last = ""

    def say(self, *lines: str) -> None:
        """Lines that stay."""
        self._put("".join(f"{single_line(line)}\n" for line in lines))

    def show(self, words: str, *, once: str = "", every: bool = False) -> None:
        """What goes on now, on the line that moves; where none can move, a line for each `once` that is another one.

        Drawn again after a moment only, unless `every` is worth it.
        """
        now_s = time.monotonic()
        if self.moves:
            if every or not self._stands or now_s - self._drawn_s >= REDRAW_S:
                self._put(_fitting(single_line(words), _columns(self.stream) - 1))
                self._stands, self._drawn_s = True, now_s
        elif once and once != self._last:
            self._last = once
            self.say(words)

    def clear(self) -> None:
        """Takes the line that moves away."""
        self._put("")

    def ask(self, question: str) -> None:
        """A question, which the answer is typed behind."""
        self._put(single_line(question) + " ")

    def _put(self, text: str) -> None:
        with suppress(OSError, ValueError):
            write((CLEAR if self._stands else "") + masked(text), self.stream)
        self._stands = False


def narrator() -> Narrator:
    """The one on stderr."""
    global _narrator
    if _narrator is None or _narrator.stream is not sys.stderr:
        _narrator = Narrator(sys.stderr)
    return _narrator


_narrator: Narrator | None = None


def _fitting(text: str, cells: int) -> str:
    """The beginning of `text` that surely takes no more cells: what isn't Latin, Greek or Cyrillic may take two."""
    for number, character in enumerate(text):
        cells -= 1 if character < "\u1100" else 2
        if cells < 0:
            return text[:number]
    return text


def _columns(stream: TextIO) -> int:
    try:
        return os.get_terminal_size(stream.fileno()).columns or 80
    except (OSError, ValueError):
        return 80
