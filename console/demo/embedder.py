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

CONCEPTS: dict[str, str] = {
    "databases": "database postgres postgresql sql query index table schema transaction relational storage vacuum "
                 "replica replication partition row column join planner",
    "vectors": "vector embedding search similarity nearest neighbour semantic retrieval rag hnsw ivfflat recall cosine "
               "distance dimension pgvector",
    "machine_learning": "model training learning neural network inference prediction classifier feature gradient "
                        "dataset fine tuning llm language prompt token transformer agent",
    "security": "security vulnerability attack exploit injection authentication password encryption token secret "
                "permission audit leak certificate threat",
    "networks": "network latency http tls dns proxy packet router bandwidth timeout connection socket gateway",
    "cloud": "cloud kubernetes container cluster deployment docker node scaling serverless region terraform",
    "frontend": "frontend browser css html javascript layout component page rendering button form screenshot",
    "accessibility": "accessibility contrast keyboard screenreader label aria focus caption readable",
    "testing": "test testing coverage assertion regression fixture flaky mock suite verification",
    "code_quality": "refactoring complexity lint duplicate function method class module review debt maintainability",
    "performance": "performance throughput benchmark profiling cache memory cpu slow fast optimisation bottleneck",
    "observability": "monitoring metric alert dashboard trace log incident outage observability oncall",
    "analytics": "analytics statistics chart visualisation trend forecast report correlation histogram cohort",
    "documentation": "documentation manual guide tutorial reference specification diagram glossary handbook",
    "api": "api endpoint rest graphql openapi request response client versioning webhook payload",
    "events": "conference talk keynote workshop meetup speaker audience venue schedule panel session",
    "companies": "company startup founder investor funding market customer revenue partnership acquisition",
    "energy": "energy solar wind battery grid climate carbon emission heat power sustainable",
    "health": "health patient hospital clinical diagnosis therapy medicine doctor genome vaccine",
    "finance": "finance payment bank invoice budget tax risk trading ledger accounting currency",
    "travel": "travel journey train flight hotel city route map station holiday",
    "food": "food recipe kitchen coffee bread restaurant vegetable taste dinner cooking",
    "music": "music song concert guitar orchestra melody album rhythm piano",
    "personal": "birthday family friend preference favourite hobby likes dislikes name weekend",
    "work": "meeting deadline project team decision task plan milestone roadmap priority",
    "hardware": "hardware sensor robot chip gpu board embedded circuit device firmware",
}
_STOP = frozenset("the and for with that this from into over under are was were has have had not but its our your "
                  "their his her they them then than when where which while will would can could should may might "
                  "one two all any each more most some such only own same too very about after before between".split())
_WORD = re.compile(r"[a-zà-öø-ÿ0-9]{2,}")
_CONCEPT_WEIGHT = 2.0
_NOISE = 0.25


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
    draw = random.Random(f"{name}/{dimensions}")  # noqa: S311
    size = 1 / math.sqrt(count)
    return tuple((position, draw.choice((-size, size))) for position in draw.sample(range(dimensions), count))


def embed(text: str, dimensions: int = 384) -> list[float]:
    """The vector of `text`: `dimensions` numbers, length 1."""
    vector = [0.0] * dimensions
    words = Counter(_stem(word) for word in _WORD.findall(text.lower()) if word not in _STOP)
    for word, count in words.items():
        weight = 1 + math.log(count)
        for position, value in _sparse(word, dimensions, dimensions // 16):
            vector[position] += weight * value
        if concept := _concept_of().get(word):
            for position, value in _sparse(f"concept {concept}", dimensions, dimensions // 4):
                vector[position] += _CONCEPT_WEIGHT * weight * value
    draw = random.Random(text)  # noqa: S311
    spread = _NOISE * (math.sqrt(sum(value * value for value in vector)) or 1.0) / math.sqrt(dimensions)
    vector = [value + draw.gauss(0.0, spread) for value in vector]
    length = math.sqrt(sum(value * value for value in vector))
    return [value / length for value in vector]
