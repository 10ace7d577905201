"""Vectors as people write them, in the form that the server takes."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pgvector import HalfVector, SparseVector, Vector

from console.vectors.metrics import BY_NAME, METRICS
from console.vectors.values import WrongVector, check, of_numbers, parse


@given(st.lists(st.floats(-2.0**90, 2.0**90, width=32), min_size=1, max_size=50))
def test_binary_form_is_pgvectors(numbers: list[float]) -> None:
    assert of_numbers(numbers, "vector").wire == Vector(numbers).to_binary()


@given(st.lists(st.floats(-1000, 1000, width=16), min_size=1, max_size=50))
def test_half_and_sparse_forms_are_pgvectors(numbers: list[float]) -> None:
    assert of_numbers(numbers, "halfvec").wire == HalfVector(numbers).to_binary()
    assert of_numbers(numbers, "sparsevec").wire == SparseVector(numbers).to_binary()


@pytest.mark.parametrize("text", ["[1, 2.5,-3]", "1 2.5 -3", "1,2.5,-3", "\n[1\n,2.5 ,-3]\n"])
def test_forms_of_a_dense_vector(text: str) -> None:
    found = parse(text, "vector")
    assert (found.dimensions, found.text) == (3, "[1,2.5,-3]")
    assert struct.unpack(">HH3f", found.wire) == (3, 0, 1, 2.5, -3)


def test_sparse_and_dense_change_into_each_other() -> None:
    assert parse("{1:1,3:2}/4", "vector").text == "[1,0,2,0]"
    assert parse("[1,0,2,0]", "sparsevec").text == "{1:1,3:2}/4"
    assert parse("{3:2,1:1}/4", "sparsevec").text == "{1:1,3:2}/4"


def test_bits() -> None:
    assert parse("101", "bit").wire == struct.pack(">IB", 3, 0b10100000)
    assert parse("[1,0,1]", "bit") == parse("B'101'", "bit") == parse("101", "bit")


@pytest.mark.parametrize(("text", "kind", "words"), [
    ("", "vector", "is empty"), ("[]", "vector", "is empty"), ("[1,x]", "vector", "'x' in the vector is no number"),
    ("[nan]", "vector", "element 1 of the vector is nan"), ("[1,-inf]", "halfvec", "element 2"),
    ("[1e39]", "vector", "outside"), ("[70000]", "halfvec", "outside what a halfvec"), ("012", "bit", "0 and 1"),
    ("{0:1}/3", "sparsevec", "index 0 is outside 1 to 3"), ("{4:1}/3", "sparsevec", "index 4"),
    ("{a}/3", "sparsevec", "no index:value"), ("[" + "1," * 16_000 + "1]", "vector", "at most 16000"),
])
def test_rubbish_is_told(text: str, kind: str, words: str) -> None:
    with pytest.raises(WrongVector, match=words):
        parse(text, kind)


def test_what_cannot_be_compared() -> None:
    with pytest.raises(WrongVector, match="has 2 dimensions, t has 3"):
        check(parse("[1,2]", "vector"), 3, BY_NAME["l2"], "t")
    with pytest.raises(WrongVector, match="zero in every dimension"):
        check(parse("[0,0]", "vector"), 2, BY_NAME["cosine"], "t")
    check(parse("[0,0]", "vector"), None, BY_NAME["l2"], "t")


@pytest.mark.parametrize("metric", METRICS, ids=lambda item: item.name)
def test_similarity_falls_with_distance(metric: object) -> None:
    shares = [metric.similarity(value) for value in (0.0, 0.1, 0.5, 1.0)]  # type: ignore[attr-defined]
    assert shares == sorted(shares, reverse=True) and all(0 <= share <= 1 for share in shares)
    assert metric.similarity(None) is None and metric.similarity(float("nan")) is None  # type: ignore[attr-defined]
