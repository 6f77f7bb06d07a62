"""The reference comes back from HubSoft in whatever shape HubSoft gives a text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hubsoft_tui.services.outbox.reference import (
    LETTERS,
    carries,
    content_key,
    new_reference,
    says_the_same,
    with_reference,
    without_references,
)

SUFFIX = " | ATENDIMENTO ABERTO VIA API"
texts = st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=60)


def spaced(text: str) -> str:
    return "\r\n\t ".join(text.split())


REWRITES = [
    str,
    str.upper,
    str.lower,
    spaced,
    lambda text: "".join(c if c.isalnum() else " " for c in text),
    lambda text: text.replace("[", "").replace("]", "").replace("\n", "<br />"),
    lambda text: text.encode("ascii", "ignore").decode(),
    lambda text: text.encode().decode("latin-1"),
]


@pytest.mark.parametrize("rewrite", REWRITES)
@given(text=texts)
def test_it_is_found_in_what_became_of_the_text(rewrite, text):
    reference = new_reference()
    theirs = rewrite(with_reference(text, reference)) + SUFFIX
    assert carries(theirs, reference)
    assert not carries(theirs, new_reference())


def test_it_is_no_word_and_never_the_same_twice():
    made = {new_reference() for _ in range(500)}
    assert len(made) == 500
    assert all(set(one[2:]) <= set(LETTERS) and one.startswith("HT") for one in made)
    assert not carries(None, "HT222222")


def test_references_of_other_tickets_do_not_travel_along():
    copied = f"Como antes:\nsem sinal\n[ref HT7K3M9Q]{SUFFIX}"
    assert without_references(copied) == f"Como antes:\nsem sinal\n{SUFFIX.lstrip()}"
    assert "[ref do cliente]" in without_references("[ref do cliente]")


@given(text=texts.filter(lambda text: any(c.isalnum() for c in text)))
def test_the_same_words_without_the_reference_are_noticed(text):
    assert says_the_same(text.upper().lower() + SUFFIX, text.upper())
    assert not says_the_same(f"{text} e mais{SUFFIX}", text)


def test_a_long_text_cut_off_is_taken_for_ours():
    text = "Sem acesso desde ontem. " * 20
    assert says_the_same(text[:200], text)
    assert not says_the_same(text[:30], text)


def test_what_says_the_same_has_one_key():
    assert content_key("open", 1, "Sem  SINAL.") == content_key("open", 1, "sem sinal")
    assert content_key("open", 1, "sem sinal") != content_key("open", 2, "sem sinal")
    assert content_key("a", "bc") != content_key("ab", "c")
