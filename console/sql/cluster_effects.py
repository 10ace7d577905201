"""What a statement does beyond its own database, as far as its text tells: to roles, other databases, the server.

By its words, of which a constant and a comment are none; in the body of a DO block or a function also by the constants
that begin like a statement, as they may be run. What is put together while it runs can't be known, and is said so.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal

from msgspec import Struct

from console.sql.names import name_of, text_of
from console.sql.tokens import Token, Words, significant

Reach = Literal["roles", "server", "unknown"]
"""`roles`: roles, memberships and their settings, which a rollback takes back and pg_roles and the like show; `server`:
what no rollback takes back, or nothing shows; `unknown`: the text doesn't tell."""


class ClusterEffect(Struct, frozen=True):
    """What a statement does, in its own words, and how far that reaches."""

    what: str
    reach: Reach


def cluster_effects(sql: str) -> Iterator[ClusterEffect]:
    """What one statement does beyond its database, the first as it stands in the text."""
    found = list(significant(sql))
    if not found:
        return
    yield from _of_statement(found)
    verb = found[0].word
    if verb == "DO":
        yield from _of_block(found)
    elif verb == "CREATE" and _is_routine(found) and _language(found) in ("sql", "plpgsql"):
        for token in _constants(found):
            yield from _of_body(text_of(token.text), is_run=False)
    elif verb in ("SELECT", "CALL", "WITH", "VALUES", "EXECUTE"):
        for token in _constants(found):
            yield from _of_text(text_of(token.text))


def _of_block(found: Sequence[Token]) -> Iterator[ClusterEffect]:
    language = _language(found)
    if language not in ("", "plpgsql"):
        yield ClusterEffect(f"DO in {language}", "unknown")
    for token in _constants(found):
        yield from _of_body(text_of(token.text), is_run=True)


def _constants(found: Sequence[Token]) -> Iterator[Token]:
    return (token for token in found if token.kind == "string")


def _is_routine(found: Sequence[Token]) -> bool:
    return any(token.word in ("FUNCTION", "PROCEDURE") for token in found[1:4])


def _language(found: Sequence[Token]) -> str:
    """The language that a DO or a CREATE FUNCTION names, "" where it names none."""
    place = next((place for place, token in enumerate(found[:-1]) if token.word == "LANGUAGE"), None)
    if place is None:
        return "sql" if found[0].word == "CREATE" else ""
    written = found[place + 1].text
    return (text_of(written) if written.endswith("'") else name_of(written)).lower()


# a statement by its words


def _of_statement(found: Sequence[Token]) -> Iterator[ClusterEffect]:
    """What a single statement does by itself, and by the functions that it calls."""
    words = tuple(token.word or token.text for token in found)
    if (effect := _of_head(words)) is not None:
        yield effect
    for place, word in enumerate(words[:-1]):
        if words[place + 1] == "(" and ((name := name_of(word)) in _FUNCTIONS or name.startswith("dblink")):
            yield ClusterEffect(f"{name}()", "server")
        elif word in ("INTO", "UPDATE", "FROM", "ONLY") and (catalog := _written_to(words, place)):
            yield ClusterEffect(f"a change of {catalog}", "server")


def _of_head(words: Words) -> ClusterEffect | None:
    """What the words do that a statement begins with."""
    verb, what = (*words[:2], "", "")[:2]
    if verb in ("CREATE", "ALTER", "DROP"):
        return _of_object(words, verb, what)
    if verb in ("GRANT", "REVOKE"):
        return _of_grant(words, verb)
    if (verb, what) in (("COMMENT", "ON"), ("SECURITY", "LABEL")):
        return _of_note(words, f"{verb} {what}")
    if (verb, what) == ("REASSIGN", "OWNED"):
        return ClusterEffect("REASSIGN OWNED", "server")
    if verb == "COPY":
        return _of_copy(words)
    return None


def _of_object(words: Words, verb: str, what: str) -> ClusterEffect | None:
    if what in ("ROLE", "USER", "GROUP") and words[2:3] != ("MAPPING",):
        # pg_roles doesn't show passwords: nothing would notice that one has changed.
        is_hidden = verb == "ALTER" and "PASSWORD" in words
        return ClusterEffect(f"{verb} {what}", "server" if is_hidden else "roles")
    if what in ("DATABASE", "TABLESPACE", "SUBSCRIPTION") or (verb, what) in (("ALTER", "SYSTEM"), ("DROP", "OWNED")):
        return ClusterEffect(f"{verb} {what}", "server")
    return None


def _of_grant(words: Words, verb: str) -> ClusterEffect | None:
    end = next((place for place, word in enumerate(words) if word in ("TO", "FROM")), len(words))
    if "ON" not in words[:end]:
        return ClusterEffect(f"{verb} of a role", "roles") if end < len(words) else None
    kind = words[words.index("ON") + 1]
    return ClusterEffect(f"{verb} ON {kind}", "server") if kind in ("DATABASE", "TABLESPACE", "PARAMETER") else None


def _of_note(words: Words, how: str) -> ClusterEffect | None:
    place = words.index("ON") if "ON" in words else len(words)
    kind = words[place + 1] if place + 1 < len(words) else ""
    if kind not in ("ROLE", "DATABASE", "TABLESPACE", "SUBSCRIPTION"):
        return None
    is_shown = kind == "ROLE" and how == "COMMENT ON"
    return ClusterEffect(f"{how.removesuffix(' ON')} ON {kind}", "roles" if is_shown else "server")


def _of_copy(words: Words) -> ClusterEffect | None:
    """COPY to a file or a program of the server's."""
    depth = 0
    for place, word in enumerate(words[:-1]):
        depth += (word == "(") - (word == ")")
        if depth or word not in ("TO", "FROM"):
            continue
        if words[place + 1] == "PROGRAM":
            return ClusterEffect("COPY ... PROGRAM", "server")
        if word == "TO" and words[place + 1].endswith(("'", "$")):
            return ClusterEffect("COPY to a file of the server's", "server")
    return None


def _written_to(words: Words, place: int) -> str:
    """The catalog of all databases that INSERT INTO, UPDATE, DELETE FROM or MERGE INTO at `place` changes, or ""."""
    verbs = {"INTO": ("INSERT", "MERGE"), "FROM": ("DELETE",), "ONLY": ("UPDATE", "FROM")}.get(words[place])
    if verbs is not None and (not place or words[place - 1] not in verbs):
        return ""
    if words[place] == "ONLY" and words[place - 1] == "FROM" and words[place - 2:place - 1] != ("DELETE",):
        return ""
    after = words[place + 1:place + 4]
    name = name_of(after[2] if after[1:2] == (".",) and len(after) == 3 else after[0])
    return name if name in _SHARED_CATALOGS else ""


_SHARED_CATALOGS = frozenset((
    "pg_authid", "pg_auth_members", "pg_database", "pg_db_role_setting", "pg_parameter_acl", "pg_replication_origin",
    "pg_shdepend", "pg_shdescription", "pg_shseclabel", "pg_subscription", "pg_tablespace"))
_FUNCTIONS = frozenset((
    "lo_export", "pg_backup_start", "pg_backup_stop", "pg_cancel_backend", "pg_copy_logical_replication_slot",
    "pg_copy_physical_replication_slot", "pg_create_logical_replication_slot", "pg_create_physical_replication_slot",
    "pg_create_restore_point", "pg_drop_replication_slot", "pg_file_rename", "pg_file_sync", "pg_file_unlink",
    "pg_file_write", "pg_logical_slot_get_binary_changes", "pg_logical_slot_get_changes", "pg_promote",
    "pg_reload_conf", "pg_replication_origin_advance", "pg_replication_origin_create", "pg_replication_origin_drop",
    "pg_replication_slot_advance", "pg_rotate_logfile", "pg_start_backup", "pg_stat_reset_replication_slot",
    "pg_stat_reset_shared", "pg_stat_reset_slru", "pg_stat_reset_subscription_stats", "pg_stat_statements_reset",
    "pg_stop_backup", "pg_switch_wal", "pg_sync_replication_slots", "pg_terminate_backend", "pg_wal_replay_pause",
    "pg_wal_replay_resume"))
"""Functions that act on the whole server, whatever schema they are called in. With them all of dblink's."""


# code in constants

_BEFORE_STATEMENT = frozenset((";", "BEGIN", "THEN", "ELSE", "LOOP"))
_OF_KINDS = frozenset(("CREATE", "ALTER", "DROP", "COMMENT", "SECURITY", "REASSIGN"))
"""Verbs that mean nothing without the kind of object that they are about."""


def _of_body(body: str, *, is_run: bool) -> Iterator[ClusterEffect]:
    """What the body of a DO block or a function does. `is_run`: at once, so that what isn't known matters."""
    found = list(significant(body))
    for first, last in _statements(found):
        statement = found[first:last]
        yield from _of_statement(statement)
        if statement[0].word == "EXECUTE":
            yield from _of_execute(statement, is_run=is_run)
        elif statement[0].word != "RAISE":
            for token in _constants(statement):
                yield from _of_text(text_of(token.text))


def _statements(found: Sequence[Token]) -> Iterator[tuple[int, int]]:
    """The places of what may be statements in a body: after a semicolon, and after BEGIN, THEN and the like."""
    begin = 0
    for place, token in enumerate(found):
        if (token.word or token.text) in _BEFORE_STATEMENT:
            if begin < place:
                yield begin, place
            begin = place + 1
    if begin < len(found):
        yield begin, len(found)


def _of_execute(statement: Sequence[Token], *, is_run: bool) -> Iterator[ClusterEffect]:
    """EXECUTE of a constant, or of format() with one; all else is put together at run time."""
    following = [token.text.lower() for token in statement[1:3]]
    first = statement[3:4] if following == ["format", "("] else statement[1:2]
    text = text_of(first[0].text) if first and first[0].kind == "string" else ""
    words = [token.word or token.text for token in significant(text)]
    is_known = len(words) > 1 and not (words[0] in _OF_KINDS and words[1] == "%")
    if is_run and not is_known:
        yield ClusterEffect("EXECUTE of what is put together as it runs", "unknown")
    for token in _constants(statement):
        yield from _of_text(text_of(token.text))


def _of_text(text: str) -> Iterator[ClusterEffect]:
    """What a constant would do as SQL: nothing unless it begins like one of the statements that matter."""
    found = list(significant(text))
    for first, last in _statements(found):
        words = tuple(token.word or token.text for token in found[first:last])
        if (effect := _of_head(words)) is not None:
            yield effect
