"""`dbconsole backup prune` and `backup schedule`: what goes, and how a backup is made each night."""

from __future__ import annotations

import asyncio
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from console.commands.output import answer, can_ask, say, write_data, write_json, write_lines
from console.errors import ConsoleError, UsageError
from console.text import format as fmt
from console.text.parse import retention

if TYPE_CHECKING:
    from console.commands.opening import Opening
    from console.server.target import Target


async def prune(opening: Opening, folder: Path, target: Target | None) -> int:
    """Shows which backups go, and removes them where that is meant. Raises ConsoleError."""
    from console.activity import audit
    from console.backup import folder as folders
    from console.backup.prune import kept

    options = opening.options
    words = options.keep or (target.backup.keep if target is not None and target.backup is not None else None)
    if words is None:
        raise UsageError("what is to be kept?", hint="--keep 7d,4w,6m, or keep of [targets.NAME.backup]")
    try:
        wanted = retention(words)
    except ValueError as error:
        raise UsageError(f"--keep: {error}") from None
    entries = await asyncio.to_thread(lambda: [folders.measured(each) for each in folders.entries(folder)])
    reasons = kept(entries, wanted)
    goes = [each for each in entries if each.manifest and each.manifest.name not in reasons]
    sizes = {each.path: each.manifest.bytes for each in goes if each.manifest}
    if options.json:
        write_json({"folder": str(folder), "keep": words, "kept": reasons, "removed": [each.path.name for each in goes],
                    "bytes": sum(sizes.values()), "done": bool(options.yes)})
    else:
        write_lines([*(f"keep    {name}  {reason}" for name, reason in reasons.items()),
                     *(f"remove  {path.name}  {fmt.size(size)}" for path, size in sizes.items())])
    say(*(f"left alone: {each.path.name}: {each.state}" for each in entries if each.manifest is None))
    if not goes:
        say("nothing goes")
        return 0
    if not options.yes:
        if options.json or not can_ask():
            say("nothing was removed: --yes does it")
            return 0
        if answer(f"Remove {fmt.plural(len(goes), 'backup')}, {fmt.size(sum(sizes.values()))}? "
                  "Type 'yes' to go on:") != "yes":
            raise UsageError("nothing was removed")
    with folders.exclusively(folder):
        audit.write("backup", {"action": "prune", "folder": str(folder), "keep": words,
                               "removed": [each.path.name for each in goes]})
        for each in goes:
            try:
                await asyncio.to_thread(folders.remove, each.path)
            except OSError as error:
                raise ConsoleError(f"{error.filename or each.path}: {error.strerror}: what comes after it was left") \
                    from None
    say(f"{fmt.plural(len(goes), 'backup')} removed, {fmt.size(sum(sizes.values()))}")
    return 0


def schedule(opening: Opening, folder: Path) -> int:
    """Prints what makes a backup each night; nothing is installed. Raises UsageError."""
    from console.backup import schedule as texts

    options = opening.options
    match = re.fullmatch(r"([01]?\d|2[0-3]):([0-5]\d)", options.at)
    if match is None:
        raise UsageError(f"--at {options.at}: no time of day", hint="as in 02:30")
    if opening.is_demo(options.target):
        raise UsageError("the demo server needs no backups")
    label = options.target
    if label is None and (label := opening.config.default_target) is None:
        raise UsageError("which target is to be backed up?", hint="-t TARGET")
    opening.known_target(label)
    if "=" in label or "://" in label:
        raise UsageError("a schedule needs a target by its name, so that no password stands in it",
                         hint="[targets.NAME] in the configuration")
    words = [str(Path(sys.argv[0]).absolute()), "backup", "run", "-t", label, "--kind", options.kind, "--folder",
             str(folder)]
    if opening.config.path is not None:
        words += ["--config", str(opening.config.path.absolute())]
    name = "dbconsole-backup-" + re.sub(r"[^A-Za-z0-9_.-]", "_", label)
    lines = ["# crontab -e", *texts.crontab(words, int(match[1]), int(match[2])), ""]
    for file, text in texts.systemd(name, words, int(match[1]), int(match[2])).items():
        lines += [f"# /etc/systemd/system/{file}", *text.splitlines(), ""]
    for line in (*lines, f"# systemctl daemon-reload; systemctl enable --now {name}.timer"):
        write_data(line)
    return 0
