"""ALTER TABLE's locks: each subcommand has its own, the strongest counts for all (AlterTableGetLockLevel)."""

from __future__ import annotations

from collections.abc import Iterator

from console.migrate.column_types import added_column_rewrites, constraints_of, type_change_rewrites, type_text
from console.migrate.footprint import Taking
from console.migrate.lock_modes import LockMode
from console.sql.grammar import Name, Node, definition, enum_name, find, options, parts_name, range_name, split, strings

AEL = LockMode.ACCESS_EXCLUSIVE
SRE = LockMode.SHARE_ROW_EXCLUSIVE
SUE = LockMode.SHARE_UPDATE_EXCLUSIVE

_WEAKER = {  # every other subcommand takes ACCESS EXCLUSIVE
    "AT_EnableTrig": SRE, "AT_EnableAlwaysTrig": SRE, "AT_EnableReplicaTrig": SRE, "AT_EnableTrigAll": SRE,
    "AT_EnableTrigUser": SRE, "AT_DisableTrig": SRE, "AT_DisableTrigAll": SRE, "AT_DisableTrigUser": SRE,
    "AT_SetStatistics": SUE, "AT_ClusterOn": SUE, "AT_DropCluster": SUE, "AT_SetOptions": SUE,
    "AT_ResetOptions": SUE, "AT_AttachPartition": SUE, "AT_DetachPartitionFinalize": SUE,
    "AT_ValidateConstraint": SUE,
}
_WEAK_OPTIONS = ("autovacuum_", "log_auto", "fillfactor", "toast_tuple_target", "parallel_workers",
                 "vacuum_", "deduplicate_items", "n_distinct")
"""Storage parameters that SHARE UPDATE EXCLUSIVE is enough for (reloptions.c); others need ACCESS EXCLUSIVE."""


def commands(body: Node) -> Iterator[tuple[str, Node]]:
    """The subcommands of an AlterTableStmt: ("AT_AddColumn", its message)."""
    for node in body.cmds:
        yield enum_name(node.alter_table_cmd, "subtype"), node.alter_table_cmd


def alter_table(body: Node, taking: Taking) -> None:
    """The locks of an AlterTableStmt: ALTER TABLE, INDEX, VIEW, MATERIALIZED VIEW, SEQUENCE, FOREIGN TABLE, TYPE."""
    table = range_name(body.relation)
    on_index = enum_name(body, "objtype") == "OBJECT_INDEX"
    for subtype, command in commands(body):
        mode, rewrites, scans = _cost(subtype, command, table, taking)
        taking.take(table, mode, rewrites=rewrites, scans=scans)
        _others(subtype, command, table, taking)
        if on_index and subtype == "AT_AttachPartition":
            partition = range_name(definition(command).partition_cmd.name)
            taking.locks.pop(partition, None)
            taking.take(partition, AEL)
            for index in (table, partition):
                if (owner := taking.table_of_index(index)) is not None:
                    taking.take(owner, LockMode.ACCESS_SHARE, indirect=True)


def _cost(subtype: str, command: Node, table: Name, taking: Taking) -> tuple[LockMode, bool, bool]:
    """The lock on the table itself, and whether the table is rewritten or scanned under it."""
    match subtype:
        case "AT_AddColumn":
            return _add_column(definition(command).column_def, taking)
        case "AT_AlterColumnType":
            rewrites = column_type_rewrites(command, table, taking)
            return AEL, rewrites, False
        case "AT_SetAccessMethod" | "AT_SetLogged" | "AT_SetUnLogged" | "AT_SetTableSpace":
            return AEL, True, False
        case "AT_SetExpression":
            return _set_expression(table, command.name, taking)
        case "AT_SetNotNull":
            return AEL, False, not is_proved_not_null(table, command.name, taking)
        case "AT_AddConstraint":
            return _add_constraint(definition(command).constraint, table, taking)
        case "AT_AlterConstraint":
            change = definition(command).atalter_constraint
            return AEL, False, change.alter_enforceability and change.is_enforced
        case "AT_ValidateConstraint":
            known = taking.catalog.constraint(table, command.name) if taking.catalog else None
            return SUE, False, known is None or not known.is_validated
        case "AT_DetachPartition":
            return (SUE if definition(command).partition_cmd.concurrent else AEL), False, False
        case "AT_SetRelOptions" | "AT_ResetRelOptions":
            names = options(definition(command).list.items)
            return (SUE if all(name.startswith(_WEAK_OPTIONS) for name in names) else AEL), False, False
    return _WEAKER.get(subtype, AEL), False, False


def _add_constraint(constraint: Node, table: Name, taking: Taking) -> tuple[LockMode, bool, bool]:
    kind = enum_name(constraint, "contype")
    if kind == "CONSTR_FOREIGN":
        return SRE, False, not constraint.skip_validation
    if kind == "CONSTR_NOTNULL":
        proved = all(is_proved_not_null(table, key, taking) for key in strings(constraint.keys))
        return AEL, False, not (constraint.skip_validation or proved)
    return AEL, False, not constraint.indexname and not constraint.skip_validation


def _set_expression(table: Name, column: str, taking: Taking) -> tuple[LockMode, bool, bool]:
    """Of a virtual column nothing is written; a CHECK on it, which only 19 allows then, is tried on every row."""
    facts = taking.catalog.column(table, column) if taking.catalog else None
    if taking.catalog is None or facts is None or facts.generated != "v":
        return AEL, True, False
    scans = any(known.kind == "c" and column in known.columns for known in taking.catalog.constraints_of(table))
    return AEL, False, scans


def _add_column(column: Node, taking: Taking) -> tuple[LockMode, bool, bool]:
    volatility_of = taking.catalog.volatility_of if taking.catalog else None
    rewrites = added_column_rewrites(column, volatility_of)
    constraints = constraints_of(column)
    fills = "CONSTR_DEFAULT" in constraints or "CONSTR_GENERATED" in constraints or rewrites
    scans = ("CONSTR_CHECK" in constraints or ("CONSTR_NOTNULL" in constraints and not fills)
             or "CONSTR_UNIQUE" in constraints or "CONSTR_PRIMARY" in constraints)
    return AEL, rewrites is not False, scans and rewrites is False


def is_proved_not_null(table: Name, column: str, taking: Taking) -> bool:
    """Whether the catalog shows that the column has no NULL: it is NOT NULL, or a validated CHECK says so."""
    if taking.catalog is None:
        return False
    facts = taking.catalog.column(table, column)
    if any(each.kind == "n" and not each.is_validated and each.columns == [column]
           for each in taking.catalog.constraints_of(table)):
        return False  # PostgreSQL 18's NOT NULL ... NOT VALID: the column counts as NOT NULL all the same
    if facts is not None and facts.not_null:
        return True
    return any(constraint_facts.kind == "c" and constraint_facts.is_validated and constraint_facts.columns == [column]
               and _demands_value(constraint_facts.definition, column)
               for constraint_facts in taking.catalog.constraints_of(table))


def _demands_value(definition: str, column: str) -> bool:
    """Whether a CHECK, as pg_get_constraintdef writes it, is column IS NOT NULL, alone or with others by AND."""
    found = split(f"ALTER TABLE t ADD {definition}")
    waiting = [constraint.raw_expr for statement in found for constraint in find(statement.body, "Constraint")] \
        if isinstance(found, list) else []
    while waiting:
        node = waiting.pop()
        if node.WhichOneof("node") == "bool_expr" and enum_name(node.bool_expr, "boolop") == "AND_EXPR":
            waiting.extend(node.bool_expr.args)
        elif node.WhichOneof("node") == "null_test" and enum_name(node.null_test, "nulltesttype") == "IS_NOT_NULL" \
                and strings(node.null_test.arg.column_ref.fields) == [column]:
            return True
    return False


def column_type_rewrites(command: Node, table: Name, taking: Taking) -> bool:
    """Whether this ALTER COLUMN TYPE rewrites; without the catalog the old type is unknown, and it may."""
    column = definition(command).column_def
    if column.HasField("raw_default"):
        using = column.raw_default
        if using.WhichOneof("node") == "type_cast":
            using = using.type_cast.arg
        if using.WhichOneof("node") != "column_ref" or strings(using.column_ref.fields)[-1:] != [command.name]:
            return True
    facts = taking.catalog.column(table, command.name) if taking.catalog else None
    return facts is None or type_change_rewrites(
        facts.type, type_text(column.type_name), is_utc=taking.catalog is not None and taking.catalog.is_utc)


def _others(subtype: str, command: Node, table: Name, taking: Taking) -> None:
    """The locks on the other relations that a subcommand reaches."""
    match subtype:
        case "AT_AddColumn" | "AT_AddConstraint":
            node = definition(command)
            added = [node.constraint] if subtype == "AT_AddConstraint" else constraints_of(node.column_def).values()
            for constraint in added:
                if enum_name(constraint, "contype") == "CONSTR_FOREIGN":
                    scans = subtype == "AT_AddConstraint" and not constraint.skip_validation
                    taking.take(range_name(constraint.pktable), SRE, scans=scans)
        case "AT_AddInherit" | "AT_DropInherit":
            weak = LockMode.SHARE_UPDATE_EXCLUSIVE if subtype == "AT_AddInherit" else LockMode.ACCESS_SHARE
            taking.take(range_name(definition(command).range_var), weak)
        case "AT_AttachPartition":
            taking.take(range_name(definition(command).partition_cmd.name), AEL, scans=True)
            default_partition(table, taking, scans=True)
        case "AT_DetachPartition" | "AT_DetachPartitionFinalize":
            taking.take(range_name(definition(command).partition_cmd.name), AEL)
            default_partition(table, taking)
        case "AT_AlterConstraint" if (change := definition(command).atalter_constraint).alter_enforceability:
            known = taking.catalog.constraint(table, change.conname) if taking.catalog else None
            if known is not None and known.references is not None:
                taking.take(known.references, AEL, indirect=True)
        case "AT_AddOf":
            taking.take(parts_name(strings(definition(command).type_name.names)), LockMode.ACCESS_SHARE)
        case "AT_DropConstraint" | "AT_ValidateConstraint" | "AT_DropColumn" | "AT_AlterColumnType":
            _keys(subtype, command, table, taking)


def default_partition(parent: Name, taking: Taking, *, scans: bool = False) -> None:
    """The default partition, whose bounds change with every other partition that comes (a scan) or goes."""
    facts = taking.catalog.relation(parent) if taking.catalog else None
    if facts is not None and facts.default_partition is not None:
        taking.take(facts.default_partition, AEL, scans=scans, indirect=True)


def _keys(subtype: str, command: Node, table: Name, taking: Taking) -> None:
    """The tables on the other end of the foreign keys that a subcommand drops, makes anew or validates."""
    if taking.catalog is None:
        return
    for constraint in taking.catalog.constraints_of(table):
        by_name = subtype in ("AT_DropConstraint", "AT_ValidateConstraint")
        touched = constraint.name == command.name if by_name else command.name in constraint.columns
        if not touched:
            continue
        other = constraint.references
        if other is not None and other != constraint.table:
            if subtype == "AT_ValidateConstraint":
                if not constraint.is_validated:
                    taking.take(other, LockMode.ROW_SHARE, scans=True, indirect=True)
            else:
                taking.take(other, AEL, indirect=True)
        if constraint.kind in ("p", "u") and subtype != "AT_ValidateConstraint":
            for key in taking.catalog.incoming_keys(table):
                if enum_name(command, "behavior") == "DROP_CASCADE" or subtype == "AT_AlterColumnType":
                    taking.take(key.table, AEL, indirect=True)
