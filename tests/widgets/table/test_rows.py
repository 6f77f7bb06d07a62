from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from hubsoft_tui.formats import fold
from widgets.table.rows import Rows, collated


@dataclass(frozen=True)
class Item:
    id: str
    name: str
    size: int | None = 0


def rows(*items):
    held: Rows[Item] = Rows(lambda item: item.id, lambda item: item.name)
    held.replace(items)
    return held


def ids(held):
    return [item.id for item in held]


@pytest.mark.parametrize(
    ("text", "folded"), [("SÃO João", "sao joao"), ("ABC", "abc"), ("Ação ﬁm", "acao fim"), ("", "")]
)
def test_fold_drops_case_and_accents(text, folded):
    assert fold(text) == folded


def test_filter_wants_every_word_in_any_case_and_accent():
    held = rows(Item("1", "Padaria Pão Quente, late"), Item("2", "PÃO"), Item("3", "late technical"))
    held.filter("pao LATE")
    assert ids(held) == ["1"]
    held.filter("")
    assert ids(held) == ["1", "2", "3"]


def test_filter_finds_again_what_another_word_had_hidden():
    held = rows(Item("1", "abc"), Item("2", "abd"))
    held.filter("abc")
    held.filter("ab")
    assert ids(held) == ["1", "2"]
    held.filter("abd")
    assert ids(held) == ["2"]


def test_none_sorts_last_and_equals_by_arrival():
    held = rows(Item("a", "", 2), Item("b", "", None), Item("c", "", 1), Item("d", "", 2))
    held.sort(lambda item: item.size)
    assert ids(held) == ["c", "a", "d", "b"]
    held.sort(None)
    assert ids(held) == ["a", "b", "c", "d"]


def test_the_last_of_a_doubled_id_counts():
    held = rows(Item("a", "old"), Item("b", "x"), Item("a", "new"))
    assert held.total == len(held) == 2
    assert held.get("a").name == "new"


def test_a_changed_row_is_found_by_its_new_text():
    held = rows(Item("a", "old"), Item("b", "x"))
    held.filter("old")
    held.upsert(Item("a", "new"))
    assert ids(held) == []
    held.filter("new")
    assert ids(held) == ["a"]


def test_an_index_outside_is_refused():
    held = rows(Item("a", ""))
    for index in (-1, 1):
        with pytest.raises(IndexError):
            held.at(index)


def by_size(item):
    return item.size


def by_name(item):
    return item.name


def none_last(value):
    return (True, 0) if value is None else (False, value)


IDS = st.sampled_from([f"r{n}" for n in range(12)])
ITEMS = st.builds(Item, IDS, st.sampled_from(["abc", "Ábd", "xyz", ""]), st.none() | st.integers(0, 3))


class AgainstAPlainList(RuleBasedStateMachine):
    """Any sequence of operations leaves what sorting and filtering a plain list would give."""

    def __init__(self):
        super().__init__()
        self.held = rows()
        self.model = {}  # id -> item, in order of arrival
        self.text, self.descending = "", False
        self.by: Any = None

    @rule(items=st.lists(ITEMS, max_size=12, unique_by=lambda item: item.id))
    def replace(self, items):
        self.held.replace(items)
        self.model = {item.id: item for item in items}

    @rule(item=ITEMS)
    def upsert(self, item):
        self.held.upsert(item)
        self.model[item.id] = item

    @rule(row_id=IDS)
    def remove(self, row_id):
        assert self.held.remove(row_id) == (self.model.pop(row_id, None) is not None)

    @rule(text=st.sampled_from(["", "a", "ab", "abd", "x", "b a", "zz"]))
    def filter(self, text):
        self.text = text
        self.held.filter(text)

    @rule(by=st.sampled_from([None, by_size, by_name]), descending=st.booleans())
    def sort(self, by, descending):
        self.by, self.descending = by, descending
        self.held.sort(by, descending=descending)

    @invariant()
    def shows_what_a_plain_list_would(self):
        shown = [item for item in self.model.values() if all(t in fold(item.name) for t in self.text.split())]
        if self.by is not None:
            shown.sort(key=lambda item: none_last(collated(self.by(item))))
        if self.descending:
            shown.reverse()
        assert list(self.held) == shown
        assert self.held.total == len(self.model)
        for index, item in enumerate(shown):
            assert self.held.index_of(item.id) == index
            assert self.held.id_at(index) == item.id
        for row_id in self.model.keys() - {item.id for item in shown}:
            assert self.held.index_of(row_id) is None


TestAgainstAPlainList = AgainstAPlainList.TestCase
TestAgainstAPlainList.settings = settings(max_examples=40, stateful_step_count=25, deadline=None)


def test_what_is_not_wanted_is_hidden_and_judged_again_on_request():
    wanted = {"1", "3"}
    held = rows(Item("1", "a"), Item("2", "b"), Item("3", "c"))
    held.keep(lambda item: item.id in wanted)
    assert ids(held) == ["1", "3"]
    assert held.filtered
    wanted.symmetric_difference_update({"1", "2"})
    held.recheck(spare="1")
    assert ids(held) == ["1", "2", "3"]
    held.recheck(["1", "9"])
    assert ids(held) == ["2", "3"]
    held.keep(None)
    assert len(held) == 3
    assert not held.filtered


def test_a_spared_row_stays_though_it_does_not_match_any_more_and_moves_with_its_key():
    held = rows(Item("1", "a"), Item("2", "b"), Item("3", "c"))
    held.sort(lambda item: item.name)
    held.keep(lambda item: item.name != "z")
    held.upsert(Item("1", "z"), spare=True)
    assert ids(held) == ["2", "3", "1"]
    held.upsert(Item("2", "z"))
    assert ids(held) == ["3", "1"]
    held.recheck()
    assert ids(held) == ["3"]
    held.upsert(Item("1", "b"))
    assert ids(held) == ["1", "3"]


def test_rows_are_made_ready_for_filtering_a_few_at_a_time():
    held = rows(Item("1", "É"), Item("2", "b"), Item("3", "c"))
    assert not held.ready(2)
    assert held.ready(2)
    held.filter("e")
    assert ids(held) == ["1"]


def test_text_is_sorted_as_people_sort_it_and_equal_text_by_arrival():
    names = ["JOSÉ", "diego", "JOÃO", " Ágata", "DÉBORA", "Zoé", "Ângela", "debora", "Çelik", "CELIA", "joao"]
    held = rows(*(Item(name, name) for name in names))
    held.sort(lambda item: item.name)
    assert ids(held) == [
        " Ágata",
        "Ângela",
        "CELIA",
        "Çelik",
        "DÉBORA",
        "debora",
        "diego",
        "JOÃO",
        "joao",
        "JOSÉ",
        "Zoé",
    ]
    held.upsert(Item("new", "Dêbora"))
    assert ids(held)[4:7] == ["DÉBORA", "debora", "new"]
    held.sort(lambda item: (0, item.name))
    assert ids(held)[:2] == [" Ágata", "Ângela"]
