"""Alembic's own command line with the connection from DATABASE_URL: `alembic_main.py alembic.ini upgrade heads`.

The URL replaces sqlalchemy.url of alembic.ini in memory, with the driver that was written there; an env.py that has
its own way finds DATABASE_URL and PGHOST in its environment.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence


def main(ini: str, arguments: Sequence[str]) -> None:
    from alembic.config import CommandLine, Config
    from sqlalchemy.engine import make_url
    from sqlalchemy.exc import ArgumentError

    line = CommandLine(prog="alembic")
    options = line.parser.parse_args(["-c", ini, *arguments])
    config = Config(file_=ini, ini_section=options.name, cmd_opts=options)
    driver = "postgresql+psycopg"
    try:
        configured = make_url(config.get_main_option("sqlalchemy.url") or "")
        if configured.drivername.startswith("postgresql+"):
            driver = configured.drivername
    except ArgumentError:
        pass
    url = make_url(os.environ["DATABASE_URL"]).set(drivername=driver).render_as_string(hide_password=False)
    config.set_main_option("sqlalchemy.url", url.replace("%", "%%"))
    line.run_cmd(config, options)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
