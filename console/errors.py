"""Everything that dbconsole tells a person when something goes wrong.

    ConsoleError              the command failed                        exit status 2
    ├── UsageError            what was asked makes no sense             exit status 3
    │   └── ConfigError       the configuration is wrong                exit status 3
    └── ServerError           the server answered with an error
        ├── Unreachable       no server answered, or it went away
        │   └── PasswordNeeded  it wants a password and none was found, or it refused the one that it got
        ├── Denied            the role may not do it
        ├── Missing           an object or an extension isn't there
        └── TimedOut          a timeout of ours, or somebody else, cancelled the statement
"""

from __future__ import annotations

from console.redaction import masked


class ConsoleError(Exception):
    """One clear sentence (`summary`), what else is known (`detail`), and what to do about it (`hint`).

    Whatever they repeat (a server's words, a command's, a person's), secrets are masked in it.
    """

    exit_status = 2

    def __init__(self, summary: str, *, detail: str | None = None, hint: str | None = None) -> None:
        self.summary = masked(summary)
        self.detail = masked(detail) if detail else detail
        self.hint = masked(hint) if hint else hint
        super().__init__(self.summary)

    def lines(self) -> list[str]:
        """The error as lines for a terminal: summary, then detail and hint where there are any."""
        lines = [self.summary]
        if self.detail:
            lines.extend(self.detail.splitlines())
        if self.hint:
            lines.append(f"hint: {self.hint}")
        return lines


class UsageError(ConsoleError):
    """The command line, or what was typed, makes no sense."""

    exit_status = 3


class ConfigError(UsageError):
    """The configuration file is wrong; the summary names the file and the key."""


class ServerError(ConsoleError):
    """The server answered with an error.

    `sqlstate` is PostgreSQL's five-character code, None where libpq failed on its own;
    `position` is the 1-based character offset into the statement, None where the server gave none.
    """

    def __init__(
        self,
        summary: str,
        *,
        detail: str | None = None,
        hint: str | None = None,
        sqlstate: str | None = None,
        position: int | None = None,
    ) -> None:
        super().__init__(summary, detail=detail, hint=hint)
        self.sqlstate = sqlstate
        self.position = position


class Unreachable(ServerError):
    """No server answered, it refused the connection, or the connection was lost."""


class PasswordNeeded(Unreachable):
    """The server wants a password and none was found, or it refused the one that it got."""


class Denied(ServerError):
    """The role may not do it; the hint names the GRANT that would change that."""


class Missing(ServerError):
    """A table, function, view or extension isn't there."""


class TimedOut(ServerError):
    """The statement was cancelled: statement_timeout, lock_timeout, or somebody."""
