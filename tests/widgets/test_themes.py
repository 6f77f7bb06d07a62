import pytest
from textual.color import Color
from textual.theme import BUILTIN_THEMES

from widgets.themes import THEMES, semantic

MEANINGS = set(semantic(THEMES[0]))
TEXT = ("ok", "warn", "bad", "stale", "quiet", "title", "critical", "high", "normal", "low")


def luminance(color):
    parts = [part / 255 for part in color.rgb]
    red, green, blue = (
        part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one, other):
    light, dark = sorted((luminance(Color.parse(one)), luminance(Color.parse(other))), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("theme", THEMES, ids=lambda theme: theme.name)
def test_ours_give_every_meaning_a_colour_of_their_own(theme):
    assert set(theme.variables) >= MEANINGS


@pytest.mark.parametrize("theme", THEMES, ids=lambda theme: theme.name)
@pytest.mark.parametrize("meaning", TEXT)
@pytest.mark.parametrize("ground", ["background", "surface", "row"])
def test_text_is_legible_wherever_it_stands(theme, meaning, ground):
    under = theme.variables["row"] if ground == "row" else getattr(theme, ground)
    assert contrast(theme.variables[meaning], under) >= 4.0


@pytest.mark.parametrize("theme", BUILTIN_THEMES.values(), ids=lambda theme: theme.name)
def test_every_other_theme_gets_colours_that_parse(theme):
    for value in semantic(theme).values():
        Color.parse(value)
