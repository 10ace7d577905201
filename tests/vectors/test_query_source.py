"""What a person gives to search for, as a vector, and the files that it may be in. Rows: tests/live."""

from __future__ import annotations

import asyncio
import io
import os
from pathlib import Path
from typing import Any, NoReturn

import pytest

from console.errors import UsageError
from console.vectors import query_source
from console.vectors.embedders import FunctionEmbedder
from console.vectors.query_source import QuerySource, ResolvedQuery, lines_of, resolve, text_of, vectors_of
from console.vectors.values import WrongVector
from tests.ui.test_vectors import column

DIMENSIONS = 3


def no_session() -> NoReturn:
    raise AssertionError("the server isn't needed for that")


def embedder(name: str | None) -> FunctionEmbedder:
    return FunctionEmbedder(name or "own", lambda text, dimensions: [float(len(text))] * dimensions)


def resolved(source: QuerySource, **options: Any) -> ResolvedQuery:
    from console.vectors.search import SearchableColumn

    about = SearchableColumn(column(dimensions=DIMENSIONS), (), None, ())
    return asyncio.run(resolve(no_session, about, source, embedder, **options))


@pytest.fixture
def stdin(monkeypatch: pytest.MonkeyPatch) -> io.BytesIO:
    data = io.BytesIO()
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(data))
    return data


def test_a_text_goes_through_the_embedder_that_is_named_else_through_the_columns() -> None:
    assert resolved(QuerySource("text", "four")).words == '"four" (text, own embedder)'
    found = resolved(QuerySource("text", "four", embedder="other"))
    assert found.words.endswith("other embedder)") and found.vector.text == "[4,4,4]" and found.key is None


def test_a_vector_is_typed_or_in_a_file(tmp_path: Path) -> None:
    file = tmp_path / "v"
    file.write_text(" [1,2,3]\n", "utf-8")
    assert resolved(QuerySource("vector", "[1,2,3]")).vector.text == "[1,2,3]"
    found = resolved(QuerySource("vector", f"@{file}"))
    assert found.vector.text == "[1,2,3]" and f"(@{file})" in found.words


def test_standard_input_is_read_where_there_is_one_and_names_no_further_file(stdin: io.BytesIO) -> None:
    stdin.write(b"[1,2,3]")
    stdin.seek(0)
    assert resolved(QuerySource("vector", "-"), has_stdin=True).vector.text == "[1,2,3]"
    assert text_of("-") == "-"
    stdin.seek(0)
    stdin.truncate()
    stdin.write(b"@/etc/passwd")
    stdin.seek(0)
    with pytest.raises(WrongVector, match="is no number"):
        resolved(QuerySource("vector", "-"), has_stdin=True)


def test_a_file_that_is_too_large_is_refused_and_never_cut(
        tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stdin: io.BytesIO) -> None:
    """Half a vector may be a vector."""
    monkeypatch.setattr(query_source, "MOST_FILE_BYTES", 8)
    file = tmp_path / "v"
    file.write_bytes(b"[1,2,3]\n")
    stdin.write(b"[1,2,3]\n ")
    stdin.seek(0)
    assert text_of(f"@{file}") == "[1,2,3]\n"
    file.write_bytes(b"[1,2,3]\n ")
    for given in (f"@{file}", "-"):
        with pytest.raises(UsageError, match="is larger than 8 B"):
            text_of(given, has_stdin=True)


@pytest.mark.parametrize("name", ["nowhere", "a\0b", "~nobody-of-that-name/x", "."])
def test_a_file_that_cannot_be_read_is_named(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UsageError) as raised:
        lines_of(name)
    assert raised.value.summary.startswith(f"{name}: ")


def test_a_file_in_the_home_folder_is_found_by_screen_and_command_line(
        tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(os.environ, "HOME", str(tmp_path))
    (tmp_path / "texts").write_text("one\n\n  two \n", "utf-8")
    assert lines_of("~/texts") == ["one", "two"]


def test_a_file_with_nothing_in_it_says_so_and_a_wrong_line_its_number(tmp_path: Path) -> None:
    file = tmp_path / "v"
    file.write_text("\n \n", "utf-8")
    with pytest.raises(UsageError, match="holds nothing to search for"):
        lines_of(str(file))
    file.write_text("[1,2,3]\n\n[4,5,6]\n", "utf-8")
    assert [vector.text for vector in vectors_of(str(file), "vector")] == ["[1,2,3]", "[4,5,6]"]
    file.write_text("[1,2,3]\nfour\n", "utf-8")
    with pytest.raises(WrongVector, match="vector 2: "):
        vectors_of(str(file), "vector")
