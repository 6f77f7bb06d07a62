import pytest
from textual.color import Color
from textual.theme import BUILTIN_THEMES, Theme

from widgets.themes import MARK_CONTRAST, TEXT_CONTRAST, THEMES, contrast, semantic

MEANINGS = set(semantic(THEMES[0]))
PALE = Theme(
    name="pale",
    primary="#a8d8ff",
    warning="#ffd866",
    error="#ffb3ba",
    success="#baffc9",
    accent="#ffe0f0",
    foreground="#8a8a8a",
    background="#ffffff",
    dark=False,
)
GREY = Theme(
    name="grey",
    primary="#808080",
    warning="#909090",
    error="#7a7a7a",
    success="#888888",
    accent="#858585",
    foreground="#707070",
    background="#777777",
    surface="#7c7c7c",
    dark=True,
)
SHORT = Theme(name="short", primary="gold", dark=False)
STRANGERS = (*(each for each in BUILTIN_THEMES.values() if not each.ansi), PALE, SHORT)
"""Every theme that may be chosen, and some as people publish them."""
TEXT = ("ok", "warn", "bad", "stale", "quiet", "title", "critical", "high", "normal", "low")


@pytest.mark.parametrize("theme", THEMES, ids=lambda theme: theme.name)
def test_ours_give_every_meaning_a_colour_of_their_own(theme):
    assert set(theme.variables) >= MEANINGS


@pytest.mark.parametrize("theme", THEMES, ids=lambda theme: theme.name)
@pytest.mark.parametrize("meaning", TEXT)
@pytest.mark.parametrize("ground", ["background", "surface", "row"])
def test_text_is_legible_wherever_it_stands(theme, meaning, ground):
    under = theme.variables["row"] if ground == "row" else getattr(theme, ground)
    assert contrast(Color.parse(theme.variables[meaning]), Color.parse(under)) >= 4.0


@pytest.mark.parametrize("theme", BUILTIN_THEMES.values(), ids=lambda theme: theme.name)
def test_every_other_theme_gets_colours_that_parse(theme):
    for value in semantic(theme).values():
        Color.parse(value)


@pytest.mark.parametrize("theme", STRANGERS, ids=lambda theme: theme.name)
def test_whatever_the_theme_its_meanings_can_be_read(theme):
    colors, meant = theme.to_color_system().generate(), semantic(theme)
    for under in (colors["background"], colors["surface"], meant["row"]):
        for name in MEANINGS - {"faint", "row"}:
            wanted = MARK_CONTRAST if name == "course" else TEXT_CONTRAST
            assert contrast(Color.parse(meant[name]), Color.parse(under)) >= wanted, (name, under)


def test_a_colour_that_can_be_read_stays_as_its_author_chose_it():
    theme = BUILTIN_THEMES["dracula"]
    assert semantic(theme)["ok"].lower() == Color.parse(theme.success).hex.lower()


def test_on_a_middle_grey_nothing_is_better_than_what_is_taken():
    meant = semantic(GREY)
    assert contrast(Color.parse(meant["warn"]), Color.parse("#777777")) > 4.0
