"""Text to vectors, offline: enough meaning for the demo's nearest neighbours, no model and no network.

Random indexing: every word has a sparse vector of its own, drawn from a hash of the word, so that texts with the
same words are near. Words of one concept (`CONCEPTS`) share a second, heavier vector, so that "postgres" and "sql"
are near without a word in common. A text is the weighted sum of its words, with a little noise of its own, scaled
to length 1. The same text always gives the same vector, on every machine.
"""

from __future__ import annotations

import math
import random
import re
from collections import Counter
from functools import cache, lru_cache
from operator import mul
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from console.server.target import Target
    from console.vectors.embedders import FunctionEmbedder

CONCEPTS: dict[str, str] = {
    "databases": "database postgres postgresql sql query index table schema transaction relational storage vacuum "
    "replica replication partition row column join planner autovacuum checkpoint pgbouncer pgbench bloat scan "
    "wraparound lock statement analyze slot",
    "vectors": "vector embedding search similarity nearest neighbour semantic retrieval rag hnsw ivfflat recall "
    "cosine distance dimension pgvector faiss qdrant colbert chunk rerank quantise synonym approximate",
    "data_engineering": "pipeline batch backfill lineage lakehouse warehouse dbt airflow duckdb iceberg dagster "
    "parquet freshness upstream load",
    "streaming": "stream event kafka flink debezium nats redpanda consumer watermark outbox queue message replay "
    "lag backpressure idempotent",
    "machine_learning": "model training learning neural network inference prediction classifier feature gradient "
    "dataset mlflow kubeflow xgboost feast drift retrain label boosting registry",
    "language_models": "llm language prompt token tokenizer transformer hallucination context window fine tuning "
    "vllm llama langchain passage grounded cite temperature",
    "vision": "camera image frame pixel detector segmentation opencv yolo mask blur vision lidar video",
    "agents": "agent tool assistant plan memory remember forget sandbox trace loop autogen langgraph correlation "
    "supervision",
    "security": "security vulnerability attack exploit injection encryption secret audit leak certificate threat "
    "patch penetration trivy zap codeql semgrep owasp",
    "identity": "identity authentication authorisation password passkey role permission privilege session account "
    "keycloak openfga vault oauth tenant policy access",
    "networks": "network latency http tls dns proxy packet router bandwidth timeout connection socket gateway "
    "handshake envoy haproxy wireguard ebpf keepalive retry balancer",
    "cloud": "cloud kubernetes container cluster deployment docker node scaling serverless region terraform pod "
    "helm argo karpenter volume zone operator rollback build platform template portal provision",
    "frontend": "frontend browser css html javascript layout component page rendering button form screenshot "
    "svelte react vite hydration bundle spinner storybook web",
    "accessibility": "accessibility contrast keyboard screenreader label aria focus caption readable nvda "
    "voiceover axe wcag barrier dialog reader",
    "testing": "test testing coverage assertion regression fixture flaky mock suite verification pytest "
    "hypothesis playwright testcontainers junit mutation",
    "code_quality": "refactoring complexity lint duplicate function method class module review debt "
    "maintainability ruff mypy sonarqube branch dependency warning code",
    "performance": "performance throughput benchmark profiling cache memory cpu slow fast optimisation bottleneck "
    "contention p99",
    "observability": "monitoring metric alert dashboard trace log incident outage observability oncall "
    "opentelemetry prometheus loki alertmanager exporter recovery symptom",
    "analytics": "analytics statistics chart visualisation trend forecast report correlation histogram cohort "
    "metabase superset grafana funnel seasonal seasonality average anomaly",
    "documentation": "documentation manual guide tutorial reference specification diagram glossary handbook "
    "runbook mkdocs sphinx mermaid docusaurus newcomer",
    "api": "api endpoint rest graphql openapi request response client versioning webhook payload grpc asyncapi "
    "postman pagination cursor idempotency deprecate interface",
    "events": "conference talk keynote workshop meetup speaker audience venue schedule panel session summit "
    "masterclass unconference",
    "companies": "company startup founder investor funding market customer revenue partnership acquisition "
    "pricing churn retention onboarding roadmap product amplitude posthog seed",
    "energy": "energy solar wind battery grid climate carbon emission heat power sustainable pump meter "
    "curtailment frequency pypsa openems gigawatt",
    "health": "health patient hospital clinical diagnosis therapy medicine doctor genome vaccine consent wearable "
    "nurse fhir dicom trial ward appointment",
    "finance": "finance payment bank invoice budget tax risk trading ledger accounting currency fraud transfer "
    "settlement reconcile chargeback fintech money cent",
    "travel": "travel journey train flight hotel city route map station holiday book seat lives moved",
    "food": "food recipe kitchen coffee bread restaurant vegetable taste dinner cooking tea water chocolate drink "
    "eat soup risotto curry cheese dumplings peanuts rye focaccia sourdough brioche milk",
    "music": "music song concert guitar orchestra melody album rhythm piano cello oboe viola percussion quartet "
    "jazz fado sonata",
    "personal": "birthday family friend preference favourite hobby likes dislikes name weekend children cat dog "
    "prefers grandparents",
    "work": "meeting deadline project team decision task milestone priority release monday colleague",
    "robotics": "robot arm gripper warehouse fleet motion planner firmware controller gazebo moveit twin grasp "
    "shelf",
    "hardware": "hardware sensor chip gpu board embedded circuit device zephyr edge",
}
_STOP_WORDS = """
the and for with that this from into over under are was were has have had not but its our your their his her they them
then than when where which while will would can could should may might one two all any each more most some such only
own same too very about after before between is of to in an on by we it at be as who what nobody every without out
does do so no if or how why us me my you he she there here also just because until since through
"""
_STOP = frozenset(_STOP_WORDS.split())
_WORD = re.compile(r"[a-zà-öø-ÿ0-9]{2,}")
_WORD_POSITIONS = 24
_CONCEPT_POSITIONS = 96
_CONCEPT_WEIGHT = 2.0
_NOISE = 0.25


@lru_cache(maxsize=20_000)
def _stem(word: str) -> str:
    for ending in ("isations", "isation", "ations", "ation", "ings", "ing", "ies", "ers", "er", "ed", "es", "s"):
        if word.endswith(ending) and len(word) - len(ending) >= 4:
            word = word[: -len(ending)]
            break
    return word.rstrip("ey") if len(word) > 4 else word


@cache
def _concept_of() -> dict[str, str]:
    return {_stem(word): concept for concept, words in CONCEPTS.items() for word in words.split()}


@lru_cache(maxsize=20_000)
def _sparse(name: str, dimensions: int, count: int) -> tuple[tuple[int, float], ...]:
    """`count` positions with a value of +1 or -1, drawn from a hash of `name`, scaled to length 1."""
    draw = random.Random(f"{name}/{dimensions}")
    size = 1 / math.sqrt(count)
    return tuple((position, draw.choice((-size, size))) for position in draw.sample(range(dimensions), count))


def embed(text: str, dimensions: int = 384) -> list[float]:
    """The vector of `text`: `dimensions` numbers, length 1."""
    vector = [0.0] * dimensions
    concepts: dict[str, float] = {}
    words = Counter(_stem(word) for word in _WORD.findall(text.lower()) if word not in _STOP)
    for word, count in words.items():
        weight = 1 + math.log(count)
        for position, value in _sparse(word, dimensions, _WORD_POSITIONS):
            vector[position] += weight * value
        if concept := _concept_of().get(word):
            concepts[concept] = concepts.get(concept, 0.0) + weight
    for concept, weight in concepts.items():
        weight *= _CONCEPT_WEIGHT
        for position, value in _sparse(f"concept {concept}", dimensions, _CONCEPT_POSITIONS):
            vector[position] += weight * value
    # A byte of chance per dimension, from -1 to 1, whose variance is a third.
    spread = _NOISE * (math.sqrt(sum(map(mul, vector, vector))) or 1.0) / math.sqrt(dimensions / 3) / 127.5
    noise = random.Random(text).randbytes(dimensions)
    vector = [value + spread * (byte - 127.5) for value, byte in zip(vector, noise, strict=True)]
    scale = 1 / math.sqrt(sum(map(mul, vector, vector)))
    return [value * scale for value in vector]


def embedder_of(target: Target) -> FunctionEmbedder | None:
    """The offline embedder that fits the demo's sample data; None on any other target."""
    if target.name != "demo":
        return None
    from console.vectors.embedders import FunctionEmbedder

    return FunctionEmbedder("demo", embed)
