"""The six distances of pgvector: operator, function, operator classes, and which types have which. Pure."""

from __future__ import annotations

import math

from msgspec import Struct

from console.errors import UsageError

FLOATS = ("vector", "halfvec", "sparsevec")


class Metric(Struct, frozen=True):
    """A distance. `suffix` ends its operator classes' names; `methods` are pgvector's index types that have it."""

    name: str
    title: str
    operator: str
    functions: tuple[str, ...]
    suffix: str
    types: tuple[str, ...]
    methods: tuple[str, ...] = ("hnsw", "ivfflat")

    def operator_class(self, type_name: str) -> str:
        return f"bit_{self.suffix}" if type_name == "bit" else f"{type_name}_{self.suffix}"

    def similarity(self, distance: float | None, bits: int | None = None) -> float | None:
        """The distance as a share from 0 (nothing in common) to 1 (the same), for a bar; None where there is none.

        Exact for cosine and Jaccard, and for Hamming where it is known how many `bits` are compared: the share of them
        that is the same. L2 and L1 give 1 / (1 + d), inner product its logistic: only their order means something.
        """
        if distance is None or not math.isfinite(distance):
            return None
        match self.name:
            case "cosine":
                return min(1.0, max(0.0, 1 - distance))
            case "jaccard":
                return 1 - distance
            case "hamming" if bits:
                return min(1.0, max(0.0, 1 - distance / bits))
            case "ip":
                return 1 / (1 + math.exp(min(700.0, distance)))
            case _:
                return 1 / (1 + max(0.0, distance))


METRICS = (
    Metric("l2", "L2", "<->", ("l2_distance",), "l2_ops", FLOATS),
    Metric("cosine", "cosine", "<=>", ("cosine_distance",), "cosine_ops", FLOATS),
    Metric("ip", "inner product", "<#>", ("vector_negative_inner_product", "inner_product"), "ip_ops", FLOATS),
    Metric("l1", "L1", "<+>", ("l1_distance",), "l1_ops", FLOATS, ("hnsw",)),
    Metric("hamming", "Hamming", "<~>", ("hamming_distance",), "hamming_ops", ("bit",)),
    Metric("jaccard", "Jaccard", "<%>", ("jaccard_distance",), "jaccard_ops", ("bit",), ("hnsw",)),
)
BY_NAME = {metric.name: metric for metric in METRICS}


def metric_of_operator(operator: str) -> Metric | None:
    return next((metric for metric in METRICS if metric.operator == operator), None)


def metric_of_function(name: str) -> Metric | None:
    return next((metric for metric in METRICS if name in metric.functions), None)


def metrics_of_type(type_name: str) -> tuple[Metric, ...]:
    return tuple(metric for metric in METRICS if type_name in metric.types)


def metric_named(name: str, type_name: str) -> Metric:
    """The metric that a person names. Raises UsageError where the type has no such."""
    usual = {"euclidean": "l2", "inner_product": "ip", "inner": "ip", "manhattan": "l1", "taxicab": "l1", "dot": "ip"}
    known = metrics_of_type(type_name)
    found = next((metric for metric in known if metric.name == usual.get(name.lower(), name.lower())), None)
    if found is None:
        raise UsageError(f"{type_name} has no metric {name!r}",
                         hint="it has " + ", ".join(metric.name for metric in known))
    return found
