"""Which files of a folder are new or changed since a point of its git history: by git itself, without a shell.

Of a branch that is the point where the work here left it, so that what others have done there since counts for nothing.
Files that git doesn't know yet count, ignored ones too: the engine would run them.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from console import process
from console.errors import ConsoleError, UsageError

WITHIN_S = 60.0
_GIT = ("git", "--no-optional-locks", "-c", "core.fsmonitor=false")
"""What a repository's own configuration may have it run besides is left out."""


async def changed_since(folder: Path, reference: str) -> frozenset[str]:
    """The real paths of the files in and below `folder` that are new or changed since `reference`.

    Raises UsageError where the folder is in no repository or there is no such reference, ConsoleError where git can't
    be asked.
    """
    top = os.fsdecode(await _ask(folder, "rev-parse", "--show-toplevel", else_=(
        f"{folder} is in no git repository", "--since asks git what is new: run it in a checkout"))).rstrip("\n")
    commit = f"{reference}^{{commit}}"
    named = await _ask(folder, "rev-parse", "--verify", "--quiet", "--end-of-options", commit, else_=(
        f"git knows no commit {reference!r} in {top}", "a branch, a tag or a hash; in CI, fetch it first"))
    since = named.decode().strip()
    shared = (await _finished(folder, "merge-base", since, "HEAD")).output.decode().split()
    listed = [await _ask(folder, "diff", "--name-only", "-z", "--no-renames", "--no-ext-diff", "--no-textconv",
                         "--no-relative", "--ignore-submodules", "--diff-filter=d", shared[0] if shared else since,
                         "--", "."),
              await _ask(folder, "ls-files", "--others", "--full-name", "-z", "--", ".")]
    return _real_paths(top, b"".join(listed))


async def uncommitted(folder: Path, paths: Sequence[Path]) -> Sequence[Path]:
    """Those of `paths`, in and below `folder`, that git doesn't have just as they are; all where it has none.

    Raises ConsoleError where git can't be asked.
    """
    if (await _finished(folder, "rev-parse", "--show-toplevel")).exit_status:
        return paths
    top = os.fsdecode(await _ask(folder, "rev-parse", "--show-toplevel")).rstrip("\n")
    known = _real_paths(top, await _ask(folder, "ls-files", "--cached", "--full-name", "-z", "--", "."))
    changed = _real_paths(top, await _ask(folder, "diff", "--name-only", "-z", "--no-renames", "--no-ext-diff",
                                          "--no-textconv", "--no-relative", "HEAD", "--", "."))
    return _outside(paths, known - changed)


def _outside(paths: Sequence[Path], kept: frozenset[str]) -> Sequence[Path]:
    return [path for path in paths if os.path.realpath(path) not in kept]


def _real_paths(top: str, names: bytes) -> frozenset[str]:
    return frozenset(os.path.realpath(os.path.join(top, os.fsdecode(name)))  # noqa: PTH118
                     for name in names.split(b"\0") if name)


async def _ask(folder: Path, *words: str, else_: tuple[str, str] | None = None) -> bytes:
    """What git answers. Raises ConsoleError; UsageError with `else_`, a summary and a hint, where that is why."""
    done = await _finished(folder, *words)
    if done.exit_status == 0:
        return done.output
    complaint = done.complaint.decode(errors="replace").strip()
    if else_ is not None and "dubious ownership" not in complaint:
        raise UsageError(else_[0], detail=complaint or None, hint=else_[1])
    raise ConsoleError(f"git {words[0]} failed in {folder}", detail=complaint or f"exit status {done.exit_status}")


async def _finished(folder: Path, *words: str) -> process.Finished:
    environment = {**os.environ, "LC_ALL": "C", "GIT_TERMINAL_PROMPT": "0"}
    try:
        return await process.run((*_GIT, *words), within_s=WITHIN_S, environment=environment, folder=folder)
    except FileNotFoundError:
        raise ConsoleError("git isn't installed here", hint="it is asked which files are new") from None
    except (OSError, TimeoutError) as error:
        raise ConsoleError(f"git {words[0]} failed in {folder}", detail=str(error) or "it took too long") from None
