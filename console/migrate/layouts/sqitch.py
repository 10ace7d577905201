"""sqitch: `deploy/NAME.sql` and `revert/NAME.sql` in the order of sqitch.plan; a change's version is its place there.

Scripts bring their own BEGIN and COMMIT. What `verify/` holds is not run here: `migrate verify` proves the way back.
"""

from __future__ import annotations

from pathlib import Path

from console.errors import ConsoleError
from console.migrate.faults import FileError
from console.migrate.frameworks.plans import sqitch_changes
from console.migrate.layouts.scripts import whole
from console.migrate.records import MigrationFile


def read(service: str, folder: Path) -> tuple[list[MigrationFile], dict[Path, str]]:
    """The plan's changes. Raises FileError for one without its deploy script, and for a reworked one, whose earlier
    script is another file."""
    try:
        changes = list(sqitch_changes(folder))
    except ConsoleError as error:
        raise FileError(folder / "sqitch.plan", error.summary, hint=error.hint) from None
    names = [change.version for change in changes]
    migrations = []
    for number, name in enumerate(names, 1):
        deploy, revert = folder / "deploy" / f"{name}.sql", folder / "revert" / f"{name}.sql"
        if names.count(name) > 1:
            raise FileError(deploy, "is a reworked change, which dbconsole doesn't run",
                            hint='leave this service to sqitch: framework = "sqitch", with up = and down =')
        if not deploy.is_file():
            raise FileError(deploy, "is in sqitch.plan, and not there", hint="get it back from version control")
        migrations.append(MigrationFile(service, f"{number:04}", name, whole(deploy),
                                        whole(revert) if revert.is_file() else None))
    proofs = (folder / "verify").rglob("*.sql")
    return migrations, dict.fromkeys(proofs, "verify/ is sqitch's own: migrate verify proves the way back")
