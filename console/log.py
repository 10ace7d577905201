"""The log of what goes wrong in dbconsole itself, and what a person is told of it: one sentence, never a traceback.

The log is a file of this user's alone. A traceback in it has no values of variables, which could be secrets; what the
errors themselves say goes through `redaction.masked`.
"""

from __future__ import annotations

import datetime as dt
import logging
import os
import sys
import threading
import traceback
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

from console import files, resources
from console.redaction import masked
from console.text.sanitiser import block, single_line

if TYPE_CHECKING:
    import asyncio

    from console.config import LogConfig

FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"

_untold: list[str] = []


def path() -> Path:
    """The file; there is none as long as nothing goes wrong."""
    return resources.log_dir() / "dbconsole.log"


class OneRecordALine(logging.Formatter):
    """What a record tells is on one line, and a traceback on harmless lines of its own: no name forges a record."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802
        record.message = single_line(record.message)
        return super().formatMessage(record)

    def format(self, record: logging.LogRecord) -> str:
        return block(super().format(record))  # a traceback may have been put into words by another formatter


class LogFile(logging.Handler):
    """Appends to the file, which is made with the first record. `failure` says why the last one is not in it."""

    def __init__(self) -> None:
        super().__init__()
        self.failure: str | None = None
        self.setFormatter(OneRecordALine(FORMAT))

    def emit(self, record: logging.LogRecord) -> None:
        try:
            files.append(path(), masked(self.format(record)) + "\n")
            self.failure = None
        except OSError as error:
            self.failure = error.strerror or str(error)
        except Exception as error:  # a record that can't be formatted must not end what it tells of
            self.failure = type(error).__name__


class OneObjectALine(logging.Formatter):
    """A record as a JSON object: at, level, logger, message, and exception with its traceback where there is one."""

    def format(self, record: logging.LogRecord) -> str:
        import json  # only this form needs it

        at = dt.datetime.fromtimestamp(record.created, dt.UTC).isoformat(timespec="milliseconds")
        told = {"at": at, "level": record.levelname.lower(), "logger": record.name, "message": record.getMessage()}
        if record.exc_info:
            told["exception"] = self.formatException(record.exc_info)
        return json.dumps(told)


_file = LogFile()
_shown: list[logging.Handler] = []


def configure(config: LogConfig) -> None:
    """From now on the log is written so, and from that level on: ours; other libraries' from "warning" on at least."""
    logging.getLogger("console").setLevel(config.level.upper())
    formatter = OneObjectALine() if config.format == "json" else OneRecordALine(FORMAT)
    for handler in (_file, *_shown):
        handler.setFormatter(formatter)


def show() -> None:
    """From now on the log is on stderr as well."""
    if not _shown:
        _shown.append(Shown())
        _shown[0].setFormatter(_file.formatter)
        logging.getLogger().addHandler(_shown[0])


class Shown(logging.Handler):
    """Writes records to stderr; where nobody reads it any more they are lost."""

    def emit(self, record: logging.LogRecord) -> None:
        with suppress(OSError, ValueError):
            sys.stderr.write(masked(self.format(record)) + "\n")
            sys.stderr.flush()


def keep() -> None:
    """From now on the file has the warnings and errors of ours and of all libraries, and what nobody catches."""
    root = logging.getLogger()
    if _file not in root.handlers:
        root.addHandler(_file)
    sys.excepthook = _uncaught
    threading.excepthook = _thread_failed
    sys.unraisablehook = _ignored


def failed(error: BaseException) -> None:
    """A mistake of ours: its traceback goes to the file, and a sentence about it is kept for `say`.

    What is made again at the same place, such as with every sample, is kept once.
    """
    what = _what(error)
    if any(sentence.startswith(f"{what}; ") for sentence in _untold):
        return
    logging.getLogger("console").critical("%s", type(error).__name__, exc_info=error)
    _untold.append(f"{what}; {_where_to_look()}")


def say() -> bool:
    """Tells on stderr what went wrong first, since most of the rest comes of it, once. Whether anything did."""
    sentences = forget()
    if sentences and sys.__stderr__ is not None:
        first, *more = sentences
        with suppress(OSError, ValueError):
            sys.__stderr__.write(f"dbconsole: {first}{f' and {len(more)} more' if more else ''}\n")
            sys.__stderr__.flush()
    return bool(sentences)


def forget() -> list[str]:
    """What `say` would tell, which it then won't."""
    sentences = _untold.copy()
    _untold.clear()
    return sentences


def task_failed(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """What an event loop does with an exception that nobody retrieves.

    asyncio's own handler shows what a callback was given, which could be secrets.
    """
    error = context.get("exception")
    if isinstance(error, BaseException):
        failed(error)
    else:
        logging.getLogger("asyncio").warning("%s", context.get("message"))


def _what(error: BaseException) -> str:
    """What it is, and the innermost place of ours that it came through."""
    frames = traceback.extract_tb(error.__traceback__)
    package = str(Path(__file__).parent) + os.sep
    if not frames:
        return f"a mistake of dbconsole's own: {type(error).__name__}"
    frame = next((frame for frame in reversed(frames) if frame.filename.startswith(package)), frames[-1])
    name = frame.filename.removeprefix(package) if frame.filename.startswith(package) else Path(frame.filename).name
    return f"a mistake of dbconsole's own: {type(error).__name__} in {name}, line {frame.lineno} ({frame.name})"


def _where_to_look() -> str:
    return f"the traceback is in {path()}" if _file.failure is None else \
        f"the traceback can't be kept: {path()}: {_file.failure}"


def _uncaught(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    failed(error)
    say()


def _thread_failed(arguments: threading.ExceptHookArgs) -> None:
    if arguments.exc_value is not None and not isinstance(arguments.exc_value, SystemExit):
        failed(arguments.exc_value)


def _ignored(arguments: sys.UnraisableHookArgs) -> None:
    """What a destructor raised: nothing that a person could do anything about."""
    logging.getLogger("console").error("ignored: %s", arguments.err_msg or "", exc_info=arguments.exc_value)
