"""The records of the catalog: what the tree lists (listed) and what details and DDL are made of (detail, objects)."""

from console.catalog.records.detail import (
    CONTYPES,
    PERSISTENCE,
    TRIGGER_STATES,
    Constraint,
    ExtendedStatistics,
    Index,
    Policy,
    RelationDetail,
    RelationHeader,
    Rule,
    TableStatistics,
    Trigger,
)
from console.catalog.records.listed import (
    PROKINDS,
    RELKINDS,
    EventTrigger,
    Extension,
    Found,
    Graph,
    Kind,
    Member,
    Publication,
    Relation,
    RelationSize,
    Role,
    Routine,
    Schema,
    Subscription,
    Type,
    relation_kind,
    routine_kind,
)
from console.catalog.records.objects import (
    Aggregate,
    Column,
    FullType,
    FunctionDetail,
    PageKey,
    Privilege,
    RoutineDetail,
    Sequence,
    SequenceDetail,
    TypeDetail,
)

__all__ = [
    "CONTYPES", "PERSISTENCE", "PROKINDS", "RELKINDS", "TRIGGER_STATES", "Aggregate", "Column", "Constraint",
    "EventTrigger", "ExtendedStatistics", "Extension", "Found", "FullType", "FunctionDetail", "Graph", "Index", "Kind",
    "Member", "PageKey", "Policy",
    "Privilege", "Publication", "Relation", "RelationDetail", "RelationHeader", "RelationSize",
    "Role", "Routine", "RoutineDetail", "Rule", "Schema", "Sequence", "SequenceDetail", "Subscription",
    "TableStatistics", "Trigger", "Type", "TypeDetail", "relation_kind", "routine_kind",
]
