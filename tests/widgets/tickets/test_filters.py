"""The language of the tickets' filter: what it means, what it refuses and where, and that it reads back."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hubsoft_tui import texts
from hubsoft_tui.formats import fold
from hubsoft_tui.services.tickets.filters import (
    NUMBERS,
    SPANS,
    FilterError,
    FilterField,
    FilterFlag,
    FilterTerm,
    TicketFilter,
    parse,
)
from hubsoft_tui.services.tickets.judgement import Judging, chosen_by, judge_of, ticket_text
from hubsoft_tui.services.tickets.types import TicketState
from tests.screens.builders import WALL
from tests.screens.tickets.fakes import change, ticket
from widgets.table.rows import Rows
from widgets.tickets.filter_field import complete, vocabulary

HOUR = 3600.0
ROWS = (
    ticket(1, responsible=(), due_at=WALL - HOUR),
    ticket(2, responsible=("Sara Nunes",), due_at=WALL + HOUR / 2),
    ticket(3, responsible=("Ana Júlia", "SARA Alves"), status="EM TRATATIVA", due_at=WALL + 2 * HOUR),
    ticket(4, state=TicketState.CLOSED, status="Resolvido", customer="MARIA DE SÁ"),
    ticket(5, type="FINANCEIRO 2ª VIA", messages=4, change=change(7, ticket(5), at=WALL - 60)),
)
BY = Judging(WALL, me="joaquim", unread=lambda row: row.change is not None)


def shown(text):
    """The numbers of the rows that a filter shows."""
    wanted = parse(text)
    test = judge_of(wanted)
    rows = Rows(lambda row: str(row.id), ticket_text)
    rows.replace(ROWS)
    rows.keep(lambda row: test(row, BY))
    rows.filter(wanted.words, wanted.unwanted)
    assert chosen_by(wanted, ROWS, BY) == tuple(rows)
    return [row.id for row in rows]


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("", [1, 2, 3, 4, 5]),
        ("late unassigned", [1]),
        ("ATRASADO sem responsável", [1]),
        ("resp:sara", [2, 3]),
        ("resp:sara sla<1h status:pendente", [2]),
        ('status:"em tratativa",resolvido', [3, 4]),
        ("status=pendente -late", [2, 5]),
        ("tipo:financeiro", [5]),
        ("-resp:sara open", [1, 5]),
        ("sla<0", [1]),
        ("sla>-2h sla<=1h", [1, 2]),
        ("age>=3h", [3, 4, 5]),
        ("mudou<2min", [5]),
        ("messages>3", [5]),
        ("mensagens:0", [1, 2, 3, 4]),
        ("fechados", [4]),
        ("cliente:sa", [4]),
        ("code:1002", [2]),
        ("unread", [5]),
        ("soon", [2]),
        ("meus", [5]),
        ('"maria de"', [4]),
        ("-customer -resolvido", []),
    ],
)
def test_filter_shows_what_it_says(text, rows):
    assert shown(text) == rows


@pytest.mark.parametrize(
    ("text", "position", "says"),
    [
        ("late color:red", 5, '"color"'),
        ("late -color:red", 6, '"color"'),
        ("sla<soon", 4, "30min"),
        ("sla:1h", 3, "< or >"),
        ("status<3", 6, "not <"),
        ("resp:", 5, "needs a value"),
        ("resp:ana,", 9, "needs a value"),
        ("messages>many", 9, "no number"),
        ("sla<1h,2h", 7, "one value"),
        (":x", 0, '""'),
        ('late ""', 5, "between the quotes"),
    ],
)
def test_nonsense_is_told_with_its_place(text, position, says):
    with pytest.raises(FilterError) as failed:
        parse(text)
    assert failed.value.position == position
    assert says in str(failed.value)


def test_both_languages_are_understood_whichever_is_spoken():
    for language in ("pt_BR", "en"):
        texts.use(language)
        assert parse("ATRASADOS responsavel:ana idade>1D") == parse("late resp:ana age>1d")
    texts.use("en")


VALUES = st.text(min_size=1, max_size=12).filter(lambda text: bool(fold(text).strip()))
MINUTES = st.integers(-9_999_999, 9_999_999)
TEXT_FIELDS = sorted(set(FilterField) - SPANS - NUMBERS, key=lambda field: field.name)
TERMS = st.one_of(
    st.builds(FilterTerm, st.sampled_from(FilterFlag), negated=st.booleans()),
    st.builds(lambda text, no: FilterTerm(values=(text,), negated=no), VALUES, st.booleans()),
    st.builds(
        lambda field, relation, values, no: FilterTerm(field, relation, tuple(values), negated=no),
        st.sampled_from(TEXT_FIELDS),
        st.sampled_from(":="),
        st.lists(VALUES, min_size=1, max_size=3),
        st.booleans(),
    ),
    st.builds(
        lambda field, relation, minutes, no: FilterTerm(field, relation, bound=minutes * 60.0, negated=no),
        st.sampled_from(sorted(SPANS, key=lambda field: field.name)),
        st.sampled_from(["<", "<=", ">", ">="]),
        MINUTES,
        st.booleans(),
    ),
    st.builds(
        lambda relation, count, no: FilterTerm(
            FilterField.MESSAGES, relation, bound=float(count), negated=no
        ),
        st.sampled_from(["=", "<", "<=", ">", ">="]),
        st.integers(0, 999_999),
        st.booleans(),
    ),
)


@settings(max_examples=150, deadline=None)
@given(st.lists(TERMS, max_size=5))
def test_filter_reads_back_as_it_was(terms):
    wanted = TicketFilter(tuple(terms))
    assert parse(str(wanted)) == wanted


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet='abslate respontu-:<>=," \\\t\n1hdá', max_size=30))
def test_any_text_is_a_filter_or_says_where_not(text):
    place = 0
    try:
        wanted = parse(text)
    except FilterError as error:
        place = error.position
    else:
        assert parse(str(wanted)) == wanted
    assert 0 <= place <= len(text)
    found = complete(text, vocabulary(ROWS))
    assert 0 <= found.start <= found.end == len(text)


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("la", "late"),
        ("late unas", "late unassigned"),
        ("-resp", "-resp:"),
        ("resp:", "resp:Joaquim"),
        ("resp:alv", 'resp:"SARA Alves"'),
        ("late status:em", 'late status:"EM TRATATIVA"'),
        ("sla<", "sla<30min"),
        ("atras", "atrasado"),
    ],
)
def test_completion_goes_on_from_what_is_typed(text, first):
    found = complete(text, vocabulary(ROWS))
    assert text[: found.start] + found.options[0] == first
