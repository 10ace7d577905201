"""The lexer, held against PostgreSQL's own scanner, and against texts that no scanner takes."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import postgast
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from console.sql.names import name_of, text_of
from console.sql.quoting import identifier, literal
from console.sql.tokens import comments, first_words, parameters, significant, tokens, words

ROOT = Path(__file__).parents[2]
PIECES = st.sampled_from([
    "'", "''", '"', '""', "$$", "$a$", "$1", "$", "/*", "*/", "--", "\n", "\r", ";", "(", ")", "e'", "E'\\''", "u&'",
    "b'0'", 'u&"', "\\", "a", "é", "\xa0", " ", "1", ".5", "1.", "..", "1e5", "0x1F", "1_0", ":", "::", ":=", "=>",
    "<->", "!=-", "+-", "-", "@", "*", "/", "?", "#", "select", "x$1"])


def scanned(text: str) -> list[tuple[int, int]]:
    """Where PostgreSQL's scanner sees tokens, in characters."""
    encoded = text.encode()
    return [(len(encoded[:token.start].decode()), len(encoded[:token.end].decode()))
            for token in postgast.scan(text).tokens]


def spans(text: str) -> list[tuple[int, int]]:
    return [(token.start, token.end) for token in tokens(text)]


@given(st.lists(PIECES, max_size=12).map("".join))
@example("E'a'\n'\\''")
@example("'a' /* */ \n 'b'")
def test_what_the_server_scans_is_scanned_alike(text: str) -> None:
    try:
        wanted = scanned(text)
    except postgast.PgQueryError:
        return
    if any(token.kind == "backslash" or (token.kind == "string" and "--" in token.text) for token in tokens(text)):
        return  # no SQL; and the parser's scanner, unlike the server's, ends a constant that continues at a comment
    assert spans(text) == wanted


@pytest.mark.parametrize("path", sorted([*(ROOT / "migrations").rglob("*.sql"), *(ROOT / "console").rglob("*.sql")]),
                         ids=lambda path: f"{path.parent.parent.name}/{path.name}")
def test_every_file_here_is_scanned_as_the_server_does(path: Path) -> None:
    text = path.read_text("utf-8").replace("%(", "(").replace(")s", ")").replace(':"', '"')
    assert spans(text) == scanned(text)


@given(st.lists(PIECES, max_size=25).map("".join))
def test_any_text_has_tokens_that_cover_it(text: str) -> None:
    found = list(tokens(text))
    assert all(text[token.start:token.end] == token.text for token in found)
    assert all(not token.is_closed for token in found[:-1]) or all(token.is_closed for token in found[:-1])
    edges = [0, *(place for token in found for place in (token.start, token.end)), len(text)]
    assert all(before <= after for before, after in pairwise(edges))
    assert not "".join(text[edges[i]:edges[i + 1]] for i in range(0, len(edges), 2)).strip(" \t\n\r\f\v")


@given(st.lists(PIECES, max_size=25).map("".join))
@example("1e5E'\\''/*")
@example("0b1E'\\'' --")
@example("1..5e5E'\\''/* */")
def test_comments_are_found_without_looking_at_the_rest(text: str) -> None:
    assert list(comments(text)) == [token for token in tokens(text) if token.kind == "comment"]


def test_what_looks_like_a_parameter_is_none() -> None:
    assert parameters("SELECT 'price $5', \"$6\", a$7, $$ $8 $$ -- $9") == 0
    assert parameters("SELECT $2, $10::int, $1") == 10
    assert parameters("SELECT 'cut off $3") == 0


def test_words_are_keywords_unless_they_are_quoted() -> None:
    assert words('create /* x */ Table "table" (é int); -- y') == (
        "CREATE", "TABLE", '"table"', "(", "é", "INT", ")", ";")
    assert first_words("-- a\n\tselect 1, 'never ends", 1) == ("SELECT",)
    assert first_words(" /* nothing */ ", 3) == ()


def test_comments_are_not_what_a_constant_holds() -> None:
    text = "SELECT 'é' /* a */, \"B c\", d -- e\n, $$-- f$$, 'g -- h'"
    assert [comment.text for comment in comments(text)] == ["/* a */", "-- e"]


@pytest.mark.parametrize("text", [
    "SELECT '" + "x" * 500_000, "/*" * 200_000, "$a$" + "$b$" * 200_000, "E'" + "\\'" * 200_000,
    "'a'\n" * 100_000, "'a'" + " -- x\n" * 100_000, "((((" * 100_000, "a." * 200_000, "+-" * 200_000])
def test_no_text_takes_more_than_its_length(text: str) -> None:
    assert sum(len(token.text) for token in tokens(text)) <= len(text)


@given(st.text())
def test_what_is_quoted_is_read_as_it_was(text: str) -> None:
    if "\0" in text:
        return
    assert name_of(identifier(text)) == text if text else True
    assert text_of(literal(text)) == text.encode("utf-8", "replace").decode("utf-8") or "\\" not in text
    (token,) = significant(literal(text))
    assert token.kind == "string" and token.is_closed
