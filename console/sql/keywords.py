"""PostgreSQL's keywords, as pg_get_keywords() lists them: those of all versions from 14 to 19.

What needs quotes in one of them, needs them here.

A test holds them against every server at hand.
"""

from __future__ import annotations

RESERVED = frozenset((
    "all", "analyse", "analyze", "and", "any", "array", "as", "asc", "asymmetric", "both", "case", "cast", "check",
    "collate", "column", "constraint", "create", "current_catalog", "current_date", "current_role", "current_time",
    "current_timestamp", "current_user", "default", "deferrable", "desc", "distinct", "do", "else", "end", "except",
    "false", "fetch", "for", "foreign", "from", "grant", "group", "having", "in", "initially", "intersect", "into",
    "lateral", "leading", "limit", "localtime", "localtimestamp", "not", "null", "offset", "on", "only", "or",
    "order", "placing", "primary", "references", "returning", "select", "session_user", "some", "symmetric",
    "system_user", "table", "then", "to", "trailing", "true", "union", "unique", "user", "using", "variadic",
    "when", "where", "window", "with",
))
"""Never a name without quotes."""

LIMITED = frozenset((
    "authorization", "between", "bigint", "binary", "bit", "boolean", "char", "character", "coalesce", "collation",
    "concurrently", "cross", "current_schema", "dec", "decimal", "exists", "extract", "float", "freeze", "full",
    "greatest", "grouping", "ilike", "inner", "inout", "int", "integer", "interval", "is", "isnull", "join", "json",
    "json_array", "json_arrayagg", "json_exists", "json_object", "json_objectagg", "json_query", "json_scalar",
    "json_serialize", "json_table", "json_value", "least", "left", "like", "merge_action", "national", "natural",
    "nchar", "none", "normalize", "notnull", "nullif", "numeric", "out", "outer", "overlaps", "overlay", "position",
    "precision", "real", "right", "row", "setof", "similar", "smallint", "substring", "tablesample", "time",
    "timestamp", "treat", "trim", "values", "varchar", "verbose", "xmlattributes", "xmlconcat", "xmlelement",
    "xmlexists", "xmlforest", "xmlnamespaces", "xmlparse", "xmlpi", "xmlroot", "xmlserialize", "xmltable",
))
"""Names of some kinds of things, but not of all: in quotes they always are."""

UNRESERVED = frozenset((
    "abort", "absent", "absolute", "access", "action", "add", "admin", "after", "aggregate", "also", "alter",
    "always", "asensitive", "assertion", "assignment", "at", "atomic", "attach", "attribute", "backward", "before",
    "begin", "breadth", "by", "cache", "call", "called", "cascade", "cascaded", "catalog", "chain",
    "characteristics", "checkpoint", "class", "close", "cluster", "columns", "comment", "comments", "commit",
    "committed", "compression", "conditional", "configuration", "conflict", "connection", "constraints", "content",
    "continue", "conversion", "copy", "cost", "csv", "cube", "current", "cursor", "cycle", "data", "database",
    "day", "deallocate", "declare", "defaults", "deferred", "definer", "delete", "delimiter", "delimiters",
    "depends", "depth", "detach", "dictionary", "disable", "discard", "document", "domain", "double", "drop",
    "each", "empty", "enable", "encoding", "encrypted", "enforced", "enum", "error", "escape", "event", "exclude",
    "excluding", "exclusive", "execute", "explain", "expression", "extension", "external", "family", "filter",
    "finalize", "first", "following", "force", "format", "forward", "function", "functions", "generated", "global",
    "granted", "groups", "handler", "header", "hold", "hour", "identity", "if", "ignore", "immediate", "immutable",
    "implicit", "import", "include", "including", "increment", "indent", "index", "indexes", "inherit", "inherits",
    "inline", "input", "insensitive", "insert", "instead", "invoker", "isolation", "keep", "key", "keys", "label",
    "language", "large", "last", "leakproof", "level", "listen", "load", "local", "location", "lock", "locked",
    "logged", "lsn", "mapping", "match", "matched", "materialized", "maxvalue", "merge", "method", "minute",
    "minvalue", "mode", "month", "move", "name", "names", "nested", "new", "next", "nfc", "nfd", "nfkc", "nfkd",
    "no", "normalized", "nothing", "notify", "nowait", "nulls", "object", "objects", "of", "off", "oids", "old",
    "omit", "operator", "option", "options", "ordinality", "others", "over", "overriding", "owned", "owner",
    "parallel", "parameter", "parser", "partial", "partition", "passing", "password", "path", "period", "plan",
    "plans", "policy", "preceding", "prepare", "prepared", "preserve", "prior", "privileges", "procedural",
    "procedure", "procedures", "program", "publication", "quote", "quotes", "range", "read", "reassign", "recheck",
    "recursive", "ref", "referencing", "refresh", "reindex", "relative", "release", "rename", "repack",
    "repeatable", "replace", "replica", "reset", "respect", "restart", "restrict", "return", "returns", "revoke",
    "role", "rollback", "rollup", "routine", "routines", "rows", "rule", "savepoint", "scalar", "schema", "schemas",
    "scroll", "search", "second", "security", "sequence", "sequences", "serializable", "server", "session", "set",
    "sets", "share", "show", "simple", "skip", "snapshot", "source", "sql", "stable", "standalone", "start",
    "statement", "statistics", "stdin", "stdout", "storage", "stored", "strict", "string", "strip", "subscription",
    "support", "sysid", "system", "tables", "tablespace", "target", "temp", "template", "temporary", "text", "ties",
    "transaction", "transform", "trigger", "truncate", "trusted", "type", "types", "uescape", "unbounded",
    "uncommitted", "unconditional", "unencrypted", "unknown", "unlisten", "unlogged", "until", "update", "vacuum",
    "valid", "validate", "validator", "value", "varying", "version", "view", "views", "virtual", "volatile", "wait",
    "whitespace", "within", "without", "work", "wrapper", "write", "xml", "year", "yes", "zone",
))
"""Words that statements begin with or hold, and that are names all the same."""

QUOTED = RESERVED | LIMITED
"""What quote_ident puts into quotes."""

KEYWORDS = QUOTED | UNRESERVED
