"""The state of the Vectors screen, without a terminal: what is kept of a column, when a vector is made anew, what is
said in place of a result."""

from __future__ import annotations

import asyncio
import datetime as dt

from msgspec.structs import replace

from console.errors import TimedOut
from console.ui.screens.vectors import views
from console.ui.screens.vectors.state import SearchState, first_choice
from console.vectors import values
from console.vectors.query_source import QuerySource, ResolvedQuery
from console.vectors.records import VectorColumn
from console.vectors.search import SearchableColumn, SearchOptions
from console.view.table import plain
from tests.support.builders import info
from tests.ui.test_vectors import Prepared, column, server_settings

EVENTS, CHUNKS = column(), column("document_store", "chunks", relation_oid=101, type_name="halfvec", row_estimate=900.0)
ASKED = ResolvedQuery(values.of_numbers([0.1] * 384, "vector"), None, "a text")
TEXT, ROW = QuerySource("text", "x"), QuerySource("row", "17")


def about(of: VectorColumn = EVENTS) -> SearchableColumn:
    return asyncio.run(Prepared(()).subject(of))[0]


def chosen(of: VectorColumn = EVENTS) -> SearchState:
    state = SearchState()
    state.take_columns([EVENTS, CHUNKS])
    state.choose(about(of), server_settings())
    return state


def searched(state: SearchState) -> None:
    """Has it find rows as the screen would."""
    engine = Prepared(())
    subject = state.subject
    assert subject is not None
    state.asked = ASKED
    request = engine.request(subject, state.setup, ASKED.vector, ASKED.key)
    state.take_result(request, asyncio.run(engine.find(request)))


def said(state: SearchState) -> str:
    return " / ".join(plain(line) for line in views.verdict(state, dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)))


def test_only_what_may_be_read_is_searched_and_the_largest_table_comes_first() -> None:
    state = SearchState()
    hidden, part = column(relation="hidden", is_readable=False), column(relation="part", is_partition=True)
    state.take_columns([hidden, part, CHUNKS, EVENTS])
    assert list(state.columns) == [CHUNKS, EVENTS] and len(state.all_columns or ()) == 4
    assert first_choice(state.columns) == EVENTS
    assert first_choice([CHUNKS, column(type_name="bit", row_estimate=1e9)]) == CHUNKS


def test_a_columns_own_choices_come_back_with_it() -> None:
    state = chosen()
    state.change(k=25, question=TEXT)
    state.choose(about(CHUNKS), server_settings())
    assert state.setup.k == 10 and state.setup.question is None
    state.choose(about(EVENTS), server_settings())
    assert state.setup.k == 25 and state.setup.question == TEXT


def test_a_vector_is_made_anew_only_where_it_may_be_another() -> None:
    state = chosen()
    state.ask(ROW)
    state.asked = ASKED
    state.change(k=20)
    state.adopt(SearchOptions(ef_search=200))
    assert state.asked is ASKED and state.setup.options.ef_search == 200
    state.repeat()
    assert state.asked is ASKED  # the row's vector is known
    state.fail(TimedOut("too slow"), "again")
    state.repeat()
    assert state.asked is None
    state.ask(TEXT)
    state.asked = ASKED
    state.repeat()
    assert state.asked is None  # an embedder may answer otherwise
    state.asked = ASKED
    state.ask(TEXT)
    assert state.asked is None
    state.asked = ASKED
    state.set(replace(state.setup, question=ROW))
    assert state.asked is None


def test_a_failure_is_said_until_something_else_is_tried() -> None:
    state = chosen()
    state.ask(TEXT)
    searched(state)
    assert "10 of 10 rows" in said(state)
    state.fail(TimedOut("too slow", hint="a smaller k"), "n asks for something else")
    assert said(state) == "too slow" and state.result is None and state.request is None
    assert "a smaller k" in state.instead and state.instead.endswith("n asks for something else")
    searched(state)
    assert "10 of 10 rows" in said(state) and state.instead == ""


def test_new_indexes_leave_what_was_found_and_another_columns_are_not_taken() -> None:
    state = chosen()
    state.ask(TEXT)
    searched(state)
    result = state.result
    assert state.renew(replace(about(), indexes=()), {}) and state.result is result
    assert state.subject is not None and state.subject.indexes == ()
    assert not state.renew(about(CHUNKS), {}) and state.subject.column == EVENTS
    state.choose_none()
    assert state.subject is None and state.result is None and said(state) == ""


def test_recalls_outlive_the_choice_of_a_column() -> None:
    state = chosen()
    recalls = state.recalls
    state.choose(about(CHUNKS), server_settings())
    state.choose_none()
    assert state.recalls is recalls


def test_where_there_is_nothing_to_search_it_says_why_and_what_to_do() -> None:
    state = SearchState()
    state.take_columns([])
    assert "pgvector is not installed" in views.nothing_there(state, None)[0]
    with_pgvector = info(extensions={"vector": "0.8.0"})
    told, fix = views.nothing_there(state, with_pgvector)
    assert "has a column of type vector" in told and "ADD COLUMN" in fix and "R looks again" in fix
    state.take_columns([column(is_readable=False)])
    told, fix = views.nothing_there(state, with_pgvector)
    assert "may read none of the 1 vector columns" in told and "GRANT" in fix


def test_before_a_search_it_says_which_keys_begin_one() -> None:
    state = chosen()
    assert said(state).startswith("nothing searched yet")
    assert [line.split()[0] for line in views.how_to_begin().splitlines()] == ["enter", "n", "c"]
    assert views.script(state.shown) is None
    state.ask(TEXT)
    searched(state)
    assert (views.script(state.shown) or "").startswith("BEGIN READ ONLY;")
    assert any(plain(line).startswith("search a text") for line in views.about(state))
