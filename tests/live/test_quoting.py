"""Names and texts that are written into statements come back from any server as they were."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from console.sql.quoting import identifier, literal, quoted
from tests.support.servers import LiveServer

TEXTS = ("plain", "it's", "C:\\new\\table", "\\", "\\'", "ends with \\", "\\\\server", "'; DROP TABLE x; --",
         "two\nlines", "$$", "E'x'", "ü€漢字", "%s %(x)s", "")
CHARACTERS = st.characters(codec="utf-8", exclude_characters="\0")


@pytest.mark.parametrize("conforming", ["on", "off"])
def test_a_text_keeps_its_backslashes_and_quotes(any_server: LiveServer, conforming: str) -> None:
    """`standard_conforming_strings` off is what old applications set for their roles."""
    options = f"-c standard_conforming_strings={conforming} -c escape_string_warning=off"
    with any_server.connect(options=options) as connection:
        rows = [connection.execute(f"SELECT {literal(text)}").fetchone() for text in TEXTS]  # type: ignore[arg-type]
    assert [row[0] for row in rows if row is not None] == [*TEXTS]


def test_any_text_and_name_survives(server: LiveServer) -> None:
    with server.connect() as connection:

        @settings(max_examples=200, deadline=None)
        @given(st.text(CHARACTERS), st.text(CHARACTERS, min_size=1, max_size=15))
        def survives(text: str, name: str) -> None:
            for written in (identifier(name), quoted(name)):
                cursor = connection.execute(f"SELECT {literal(text)} AS {written}")  # type: ignore[arg-type]
                assert cursor.description is not None
                assert (cursor.fetchone(), cursor.description[0].name) == ((text,), name)

        survives()


def test_a_word_of_the_grammar_is_quoted_wherever_the_server_would(any_server: LiveServer) -> None:
    with any_server.connect() as connection:
        rows = connection.execute("SELECT word, quote_ident(word) FROM pg_get_keywords()").fetchall()
    assert len(rows) > 400
    assert [word for word, written in rows if written != word and identifier(word) != written] == []
