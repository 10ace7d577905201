"""Rules about transactions, sessions, and how long locks are held."""

from __future__ import annotations

from collections.abc import Iterator

from console.migrate.lint.rule import LintSubject, RuleHit, rule
from console.sql.grammar import ParsedStatement, enum_name, find, parts_name, range_name, strings, walk


@rule("transaction-control", "error", on=("transaction_stmt",),
      reason="the engine begins and commits: a file and its ledger row are one transaction",
      advice="leave BEGIN and COMMIT out; for what needs no transaction: `-- dbconsole: no-transaction`")
def transaction_control(at: LintSubject) -> Iterator[RuleHit]:
    if not at.statement.controls_transaction:
        return
    if not at.directives.own_transaction or at.statement.kind not in ("BEGIN", "START TRANSACTION", "COMMIT"):
        yield RuleHit(f"{at.statement.kind} inside the engine's transaction")


@rule("outside-transaction", "error",
      reason="PostgreSQL refuses it inside a transaction",
      advice="a file of its own with the line `-- dbconsole: no-transaction` at the top")
def outside_transaction(at: LintSubject) -> Iterator[RuleHit]:
    outside = at.statement.outside_transaction
    if outside is None or not at.in_transaction or at.statement.controls_transaction:
        return
    if outside.is_certain or (at.kind in ("reindex_stmt", "cluster_stmt") and _is_partitioned(at)):
        yield RuleHit(str(outside))
    elif at.kind == "drop_subscription_stmt":
        yield RuleHit(str(outside), severity="warning")


def _is_partitioned(at: LintSubject) -> bool:
    """Whether the table or index of a REINDEX or CLUSTER is known to be partitioned."""
    facts = at.facts(range_name(at.body.relation))
    return facts is not None and facts.kind in ("p", "I")


@rule("needless-no-transaction", "info",
      reason="without a transaction a failure in the middle leaves half of the file done",
      advice="leave `no-transaction` out, or move what needs it into a file of its own")
def needless_no_transaction(at: LintSubject) -> Iterator[RuleHit]:
    if at.index == 0 and not at.in_transaction and not any(
            statement.outside_transaction or statement.node_kind in ("do_stmt", "call_stmt")
            for statement in at.statements):
        yield RuleHit("nothing in this file has to run outside of a transaction")


@rule("batch-range", "error",
      reason="a file with `batches` runs one statement for one range of the key after the other",
      advice="one statement with WHERE key BETWEEN $1 AND $2")
def batch_range(at: LintSubject) -> Iterator[RuleHit]:
    if at.directives.batches is None:
        return
    if at.index == 1:
        yield RuleHit(f"{len(at.statements)} statements in a file that runs in batches")
    numbers = {node.number for node in walk(at.body, constants=True) if node.DESCRIPTOR.name == "ParamRef"}
    if at.index == 0 and not {1, 2} <= numbers:
        yield RuleHit("the statement doesn't name its range, $1 and $2")


@rule("lock-without-transaction", "error", on=("lock_stmt",),
      reason="LOCK TABLE ends with its statement outside of a transaction, and PostgreSQL refuses it",
      advice="leave `no-transaction` out, or the LOCK")
def lock_without_transaction(at: LintSubject) -> Iterator[RuleHit]:
    if at.kind == "lock_stmt" and not at.in_transaction:
        yield RuleHit("LOCK TABLE in a file without a transaction")


@rule("enum-value-used", "error", on=("alter_enum_stmt",),
      reason="a value that ALTER TYPE ADD VALUE brings can't be used before the commit",
      advice="use the value in a later file")
def enum_value_used(at: LintSubject) -> Iterator[RuleHit]:
    if at.kind != "alter_enum_stmt" or at.body.old_val or not at.in_transaction:
        return
    made = parts_name(strings(at.body.type_name))
    if any(statement.node_kind == "create_enum_stmt" and parts_name(strings(statement.body.type_name)) == made
           for statement in at.before):
        return
    for later in at.after:
        if any(constant.sval.sval == at.body.new_val for constant in find(later.body, "A_Const")
               if constant.WhichOneof("val") == "sval"):
            yield RuleHit(f"the new value '{at.body.new_val}' is used in line {later.line} of the same transaction")
            return


@rule("changes-search-path", "warning", on=("variable_set_stmt", "select_stmt"),
      reason="every later name of the file means something else then, and behind a pooler the session is somebody's",
      advice="write the schema before each name")
def changes_search_path(at: LintSubject) -> Iterator[RuleHit]:
    if _sets(at) == "search_path":
        yield RuleHit("changes search_path")


@rule("changes-role", "warning", on=("variable_set_stmt", "select_stmt"),
      reason="what the file makes belongs to another role then, and the engine's own bookkeeping may be refused",
      advice="ALTER ... OWNER TO, or run the migrations as that role")
def changes_role(at: LintSubject) -> Iterator[RuleHit]:
    if _sets(at) in ("role", "session_authorization"):
        yield RuleHit(f"changes the {str(_sets(at)).replace('_', ' ')}")


@rule("session-setting", "warning", on=("variable_set_stmt", "select_stmt"),
      reason="RESET ALL takes the engine's own lock_timeout away too: what comes after it waits for its locks without "
             "end, and everybody queues behind it",
      advice="RESET what the file has set, by its name; after each file the engine resets everything itself")
def session_setting(at: LintSubject) -> Iterator[RuleHit]:
    if _sets(at) == "everything" and at.in_transaction:
        yield RuleHit("resets everything, the engine's timeouts for this file too")


@rule("own-timeout", "info", on=("variable_set_stmt", "select_stmt"),
      reason="the engine sets lock_timeout and statement_timeout for each file and retries where that helps",
      advice="a header line: `-- dbconsole: lock-timeout=3s` or `statement-timeout=10min`")
def own_timeout(at: LintSubject) -> Iterator[RuleHit]:
    if _sets(at) in ("lock_timeout", "statement_timeout"):
        yield RuleHit(f"sets {_sets(at)} itself")


def _sets(at: LintSubject) -> str | None:
    """The setting that the statement changes by SET, RESET or set_config."""
    if at.kind == "variable_set_stmt":
        kind = enum_name(at.body, "kind")
        return "everything" if kind == "VAR_RESET_ALL" else str(at.body.name) if kind != "VAR_SET_MULTI" else None
    if at.kind == "select_stmt":
        for call in find(at.body, "FuncCall"):
            if strings(call.funcname)[-1] == "set_config" and call.args \
                    and call.args[0].WhichOneof("node") == "a_const":
                return str(call.args[0].a_const.sval.sval)
    return None


@rule("client-data", "error", on=("copy_stmt",),
      reason="COPY FROM STDIN and TO STDOUT need a client that sends and takes the rows",
      advice="write the rows as INSERT ... VALUES")
def client_data(at: LintSubject) -> Iterator[RuleHit]:
    if at.statement.reads_client_data:
        yield RuleHit("COPY between server and client")


def _heavy(statement: ParsedStatement) -> str | None:
    """What may take long in a statement that runs after others have locked something."""
    match statement.node_kind:
        case "update_stmt":
            return "UPDATE"
        case "delete_stmt":
            return "DELETE"
        case "insert_stmt" if statement.body.select_stmt.select_stmt.from_clause:
            return "INSERT ... SELECT"
    return None


@rule("backfill-under-lock", "warning", on=("insert_stmt", "update_stmt", "delete_stmt"),
      reason="locks last until the file's commit: who uses the altered table waits for the data change too",
      advice="change the data in a later file, in batches")
def backfill_under_lock(at: LintSubject) -> Iterator[RuleHit]:
    what = _heavy(at.statement)
    if what is None or at.held is None:
        return
    table = range_name(at.body.relation)
    if at.kind == "insert_stmt" and at.is_new(table):
        return
    lock, line = at.held
    yield RuleHit(f"{what} while {lock.relation} is held in {lock.mode.label} since line {line}", table=table)
