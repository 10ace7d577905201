"""Rules about tables as a whole: rewrites, partitions, data changes, what is made."""

from __future__ import annotations

from collections.abc import Iterator

from console.migrate.lint.rule import LintSubject, RuleHit, rule
from console.migrate.lock_modes import LockMode
from console.sql.grammar import definition, enum_name, find, is_on, options, range_name
from console.sql.quoting import identifier


@rule("table-rewrite", "warning", on=("alter_table_stmt",),
      reason="the whole table and its indexes are written anew while nobody can read or write it",
      advice="a new table, filled in batches and swapped, or a maintenance window")
def table_rewrite(at: LintSubject) -> Iterator[RuleHit]:
    words = {"AT_SetLogged": "SET LOGGED", "AT_SetUnLogged": "SET UNLOGGED", "AT_SetTableSpace": "SET TABLESPACE",
             "AT_SetAccessMethod": "SET ACCESS METHOD", "AT_SetExpression": "SET EXPRESSION"}
    for subtype, command in at.commands:
        known = at.catalog.column(at.table, command.name) if at.catalog and subtype == "AT_SetExpression" else None
        if subtype in words and (known is None or known.generated != "v"):
            yield RuleHit(f"{words[subtype]} rewrites {at.table}", table=at.table)


@rule("vacuum-full-or-cluster", "warning", on=("vacuum_stmt", "cluster_stmt"),
      reason="VACUUM FULL and CLUSTER write the table anew while nobody can read or write it",
      advice="plain VACUUM; pg_repack or pg_squeeze where space must go back")
def vacuum_full_or_cluster(at: LintSubject) -> Iterator[RuleHit]:
    if at.kind == "cluster_stmt":
        if at.body.HasField("relation"):
            yield RuleHit(f"CLUSTER locks {range_name(at.body.relation)} away", table=range_name(at.body.relation))
        else:
            yield RuleHit("CLUSTER locks every clustered table away")
    elif at.kind == "vacuum_stmt" and (full := options(at.body.options).get("full")) is not None and is_on(full):
        for item in at.body.rels:
            name = range_name(item.vacuum_relation.relation)
            yield RuleHit(f"VACUUM FULL locks {name} away", table=name)
        if not at.body.rels:
            yield RuleHit("VACUUM FULL locks every table away, one after the other")


@rule("detach-without-concurrently", "warning", on=("alter_table_stmt",),
      reason="DETACH PARTITION locks the whole partitioned table away from reads and writes",
      advice="DETACH PARTITION ... CONCURRENTLY, in a file with `-- dbconsole: no-transaction`")
def detach_without_concurrently(at: LintSubject) -> Iterator[RuleHit]:
    for subtype, command in at.commands:
        if subtype == "AT_DetachPartition" and not definition(command).partition_cmd.concurrent:
            facts = at.facts(at.table)
            if facts is None or facts.default_partition is None:  # with a default partition it can't be concurrent
                yield RuleHit(f"locks {at.table} away from reads and writes")


@rule("attach-without-check", "info", on=("alter_table_stmt",),
      reason="ATTACH PARTITION reads the whole new partition, locked away, to see that every row belongs there",
      advice="ADD CHECK of the partition's bounds NOT VALID and VALIDATE first; drop it after ATTACH")
def attach_without_check(at: LintSubject) -> Iterator[RuleHit]:
    for subtype, command in at.commands:
        if subtype == "AT_AttachPartition":
            partition = range_name(definition(command).partition_cmd.name)
            proved = at.catalog is not None and any(
                facts.kind == "c" and facts.is_validated for facts in at.catalog.constraints_of(partition))
            if not proved:
                yield RuleHit(f"reads all of {partition}, and of a default partition", table=partition)


@rule("refresh-without-concurrently", "warning", on=("refresh_mat_view_stmt",),
      reason="REFRESH MATERIALIZED VIEW locks the view away from readers until it is filled",
      advice="REFRESH MATERIALIZED VIEW CONCURRENTLY, which needs a unique index")
def refresh_without_concurrently(at: LintSubject) -> Iterator[RuleHit]:
    if at.kind == "refresh_mat_view_stmt" and not at.body.concurrent \
            and not at.is_new(name := range_name(at.body.relation)):
        yield RuleHit(f"nobody reads {name} until it is filled", table=name)


@rule("change-without-where", "warning", on=("update_stmt", "delete_stmt"),
      reason="every row is changed in one transaction: it locks them all, bloats the table and fills the WAL",
      advice="in batches by key (`-- dbconsole: batches=TABLE.KEY/5000`), each a transaction of its own; or say in the "
             "file why all rows at once are fine")
def change_without_where(at: LintSubject) -> Iterator[RuleHit]:
    if at.kind in ("update_stmt", "delete_stmt") and not at.body.HasField("where_clause") \
            and not at.is_new(name := range_name(at.body.relation)):
        yield RuleHit(f"{at.statement.kind} of every row of {name}", table=name)


@rule("lock-table", "warning", on=("lock_stmt",),
      reason="an explicit lock keeps others out until the commit",
      advice="let each statement take the lock that it needs")
def lock_table(at: LintSubject) -> Iterator[RuleHit]:
    if at.kind == "lock_stmt" and (mode := LockMode(at.body.mode)).blocks_writes:
        names = ", ".join(str(range_name(item.range_var)) for item in at.body.relations)
        yield RuleHit(f"LOCK TABLE {names} IN {mode.label} MODE blocks {mode.blocks}")


@rule("disable-trigger", "warning", on=("alter_table_stmt", "variable_set_stmt"),
      reason="rows written meanwhile by anybody miss what the trigger does, and foreign keys may break unseen",
      advice="write what the trigger should not see in another way, or enable it in the same file")
def disable_trigger(at: LintSubject) -> Iterator[RuleHit]:
    for subtype, command in at.commands:
        if subtype.startswith("AT_DisableTrig"):
            enabled = any(statement.node_kind == "alter_table_stmt" and range_name(statement.body.relation) == at.table
                          and any("EnableTrig" in enum_name(node.alter_table_cmd, "subtype")
                                  for node in statement.body.cmds)
                          for statement in at.after)
            if not (enabled and at.in_transaction):
                which = identifier(command.name) if command.name else "all triggers"
                yield RuleHit(f"{which} of {at.table} stay off")
    if at.kind == "variable_set_stmt" and at.body.name == "session_replication_role":
        yield RuleHit("session_replication_role turns triggers and foreign keys off")


@rule("unlogged-table", "warning", on=("create_stmt",),
      reason="an unlogged table is empty after a crash, and on every standby",
      advice="an ordinary table, unless all of it can be made again")
def unlogged_table(at: LintSubject) -> Iterator[RuleHit]:
    if at.kind == "create_stmt" and at.body.relation.relpersistence == "u":
        yield RuleHit(f"{range_name(at.body.relation)} is unlogged")


@rule("table-without-key", "info", on=("create_stmt",),
      reason="without a primary key rows can't be named, and logical replication can't update them",
      advice="a primary key")
def table_without_key(at: LintSubject) -> Iterator[RuleHit]:
    if at.kind != "create_stmt" or at.body.HasField("partbound") or at.body.inh_relations \
            or at.body.relation.relpersistence == "t" or at.body.HasField("of_typename"):
        return
    elements = [element.WhichOneof("node") for element in at.body.table_elts]
    keyed = any(enum_name(constraint, "contype") == "CONSTR_PRIMARY" for constraint in _constraints(at))
    added = any(statement.node_kind == "alter_table_stmt"
                and range_name(statement.body.relation) == range_name(at.body.relation)
                and any(enum_name(constraint, "contype") == "CONSTR_PRIMARY"
                        for constraint in find(statement.body, "Constraint")) for statement in at.after)
    if not keyed and not added and "table_like_clause" not in elements:
        yield RuleHit(f"{range_name(at.body.relation)} has no primary key")


def _constraints(at: LintSubject) -> Iterator[object]:
    for element in at.body.table_elts:
        if element.WhichOneof("node") == "constraint":
            yield element.constraint
        elif element.WhichOneof("node") == "column_def":
            yield from (constraint.constraint for constraint in element.column_def.constraints)


@rule("if-not-exists-hides", "info", on=("create_stmt",),
      reason="a table of that name with other columns is taken for this one, and the ledger says applied",
      advice="leave IF NOT EXISTS out: the ledger knows what was done, and a transaction leaves nothing half done")
def if_not_exists_hides(at: LintSubject) -> Iterator[RuleHit]:
    if at.kind == "create_stmt" and at.body.if_not_exists and at.in_transaction:
        yield RuleHit(f"CREATE TABLE IF NOT EXISTS {range_name(at.body.relation)}")
