"""All that is known of the connection to a server, and how it is protected."""

from __future__ import annotations

from console.server.info import ServerInfo

UNKNOWN = "unknown"
_CHECKED = {"name": "yes: a trusted authority's, for this host name",
            "authority": "a trusted authority's; the host name was not checked",
            "nothing": "no: whoever answers could be somebody else (sslmode=verify-full checks it)"}


def connection_facts(info: ServerInfo) -> list[tuple[str, str]]:
    """What it is and what is so, in the order in which it matters."""
    found = info.encryption
    place = f"{info.host or UNKNOWN}:{info.port}" + (", of several that the target names" * info.is_one_of_several)
    facts = [
        ("server", f"PostgreSQL {info.version}, {'standby' if info.is_standby else 'primary'}"),
        ("since", f"{info.started_at.astimezone():%Y-%m-%d %H:%M:%S}" if info.started_at else UNKNOWN),
        ("host", place),
        ("database", f"{info.database}, encoding {info.server_encoding}"),
        ("role", f"{info.user}{', a superuser' * info.is_superuser}"),
        ("pooler", "between us and the server: what follows is the connection to it" if info.is_pooled else "none"),
    ]
    if found is None:
        return [*facts, ("encryption", UNKNOWN)]
    facts.append(("encryption", {"TLS": "TLS", "GSSAPI": "by GSSAPI", "none": "none: it can be read on its way",
                                 "socket": "none: a socket of this machine"}[found.kind]))
    if found.kind == "TLS":
        binding = "yes" if found.binds_channel else f"{UNKNOWN}: channel_binding=require demands it"
        client = found.client_certificate or (UNKNOWN if found.protocol is None else "none")
        facts += [("protocol", found.protocol or UNKNOWN), ("cipher", found.cipher or UNKNOWN),
                  ("verified", _CHECKED[found.verified or "nothing"]), ("client certificate", client),
                  ("channel binding", binding)]
    return facts
