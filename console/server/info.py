"""What is found out once about a server, right after connecting: the facts that decide what can be asked of it."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping

from msgspec import Struct, field

from console.server.tls import Encryption

OLDEST_MAJOR = 14
NEWEST_MAJOR = 19

_PATH_NAME = re.compile(r'"((?:[^"]|"")*)"|([^\s,"]+)')


class Extension(Struct, frozen=True):
    """An installed extension (pg_extension); `available_version` is what the server's files offer."""

    name: str
    version: str
    schema: str
    available_version: str | None


class ServerInfo(Struct, frozen=True):
    """The server, the database and the role behind a connection (source: sql/server_info.sql).

    `backend_pid` is the server's own answer; `is_pooled` says that it differs from what libpq was told at
    start-up, so a pooler stands between. `host` and `port` are who answered; `is_one_of_several`: the conninfo names
    more. `encryption` is None where there is no connection, as in a recording. `memberships` are the roles whose
    privileges ours has. `views` are the statistics views that this server has (pg_stat_*): what a release brings may
    still be missing in its betas. `search_path` is what a person's statements have here, until they change it; ours
    have another. `has_plan_advice`: the module pg_plan_advice is loaded in our sessions.
    """

    version_num: int
    version: str
    database: str
    user: str
    quoted_user: str
    is_superuser: bool
    is_standby: bool
    is_read_only: bool
    server_encoding: str
    backend_pid: int
    max_connections: int
    started_at: dt.datetime | None
    system_identifier: str | None
    memberships: frozenset[str] = frozenset()
    views: frozenset[str] = frozenset()
    extensions: Mapping[str, Extension] = field(default_factory=dict)
    search_path: str = '"$user", public'
    ledger_exists: bool = False
    ledger_is_readable: bool = False
    is_pooled: bool = False
    host: str | None = None
    port: int | None = None
    is_one_of_several: bool = False
    encryption: Encryption | None = None
    has_plan_advice: bool = False

    @property
    def major(self) -> int:
        return self.version_num // 10000

    @property
    def schemas(self) -> tuple[str, ...]:
        """Where a name without a schema in a person's statement is looked for, in this order."""
        names = [quoted.replace('""', '"') if quoted else plain.lower()
                 for quoted, plain in _PATH_NAME.findall(self.search_path)]
        found = tuple(self.user if name == "$user" else name for name in names if name)
        return found if "pg_catalog" in found else ("pg_catalog", *found)

    @property
    def is_supported(self) -> bool:
        return OLDEST_MAJOR <= self.major <= NEWEST_MAJOR

    @property
    def sees_all_sessions(self) -> bool:
        """Whether pg_stat_activity shows this role other users' queries."""
        return self.is_superuser or "pg_read_all_stats" in self.memberships
