from __future__ import annotations

import pytest
from rich.cells import cell_len

from hubsoft_tui import texts
from hubsoft_tui.screens.frame.actions import AREAS
from hubsoft_tui.texts import _
from tests.widgets.fixture import Stage, lines_of
from widgets.footer import AreaBar, Item, KeyLine

LABELS = ("Consulta", "Atendimentos", "Conferência", "Monitor", "Ajustes", "Requisições", "Relatórios")
ITEMS = tuple(Item(f"area.{label}", str(number), label) for number, label in enumerate(LABELS, 1))


class Pressed(Stage):
    def __init__(self, bar):
        super().__init__(bar)
        self.pressed = []

    def on_item_line_pressed(self, event):
        self.pressed.append(event.id)


@pytest.mark.parametrize("width", [72, 80, 100, 120, 200])
@pytest.mark.parametrize("current", range(len(ITEMS)))
async def test_every_area_stays_in_sight_and_the_present_one_keeps_its_name(width, current):
    bar = AreaBar()
    async with Stage(bar).run_test(size=(width, 5)) as pilot:
        bar.show(ITEMS, ITEMS[current].id, (("DEMO · Calmo", ""),))
        await pilot.pause()
        (text,) = lines_of(bar)
        assert cell_len(text) <= width
        assert all(f"{item.key} {item.label[:2]}" in text for item in ITEMS), text
        assert ITEMS[current].label in text
        assert "DEMO · Calmo" in text
        if width >= 120:
            assert all(label in text for label in LABELS)


async def test_a_click_goes_where_the_label_stands():
    bar = AreaBar()
    app = Pressed(bar)
    async with app.run_test(size=(80, 5)) as pilot:
        bar.show(ITEMS, ITEMS[0].id)
        await pilot.pause()
        (text,) = lines_of(bar)
        for item in ITEMS:
            await pilot.click(AreaBar, offset=(text.index(f"{item.key} ") + bar.styles.padding.left, 0))
        assert app.pressed == [item.id for item in ITEMS]


AREA_WORDS = ("lookup", "tickets", "checkup", "monitor", "tuning", "requests", "reports")


@pytest.mark.parametrize("language", ["en", "pt_BR"])
@pytest.mark.parametrize("current", AREA_WORDS)
@pytest.mark.parametrize("mark", ["", "DEMO · Calmo", "● REC|DEMO · Calmo"])
def test_at_80_columns_no_area_s_name_is_cut_and_no_two_are_alike(language, current, mark):
    texts.use(language)
    try:
        items = tuple(
            Item(f"area.{each.id}", each.key.upper(), _(each.label), _(each.short)) for each in AREAS
        )
    finally:
        texts.use("en")
    bar = AreaBar()
    bar._items, bar._current = items, f"area.{current}"
    bar._marks = tuple((each, "bold") for each in mark.split("|") if each)
    shown = tuple(bar.shown(80))
    labels = [item.label for item in shown]
    assert not [label for label in labels if "…" in label]
    assert len(set(labels)) == len(AREAS)
    assert all(each.split()[0] in str(bar._marked(80)) for each in mark.split("|") if each)


@pytest.mark.parametrize(
    ("width", "keys"),
    [(78, "n m x i ? q"), (60, "n m x ? q"), (110, "n m x i ^p ? q"), (102, "n m x ^p ? q")],
)
def test_on_a_narrow_key_line_the_palette_gives_its_place_to_a_key_of_the_screen(width, keys):
    shown = KeyLine()
    mine = tuple(
        Item(key, key, label)
        for key, label in zip("nmxi", ("new one", "message", "close it", "invoices"), strict=True)
    )
    tail = (
        Item("palette", "^p", "palette" + " " * 30, yields=True),
        Item("help", "?", "help"),
        Item("quit", "q", "quit"),
    )
    shown.show(mine, tail)
    assert [item.key for item in shown.shown(width)] == keys.split()
