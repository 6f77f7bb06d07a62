"""The console's two themes and the colours that mean something.

Screens and widgets name a meaning (`$ok`, `$warn`, `$bad`, `$stale`, `$quiet`, `$account`, and one colour per
priority), never a colour. `semantic()` gives those names a value under every other Textual theme too.
"""

from __future__ import annotations

from typing import Final

from textual.color import Color, ColorParseError
from textual.theme import Theme

HUBSOFT: Final = Theme(
    name="hubsoft",
    primary="#6cb6d9",
    secondary="#8fa3bf",
    accent="#e6b450",
    warning="#e6b450",
    error="#ef7077",
    success="#7fc98a",
    foreground="#d3dae3",
    background="#11151a",
    surface="#161b21",
    panel="#1d232b",
    dark=True,
    variables={
        "ok": "#7fc98a",
        "warn": "#e6b450",
        "bad": "#ef7077",
        "stale": "#e6b450",
        "quiet": "#8a95a3",
        "faint": "#3a444f",
        "title": "#eef2f6",
        "account": "#6cb6d9",
        "row": "#232c36",
        "mark": "#e6b450",
        "critical": "#e08bd0",
        "high": "#eef2f6",
        "course": "#4a7f9c",
        "normal": "#6cb6d9",
        "low": "#8a95a3",
        "footer-background": "#11151a",
        "footer-key-foreground": "#6cb6d9",
        "footer-description-foreground": "#8a95a3",
        "footer-item-background": "#11151a",
        "footer-description-background": "#11151a",
        "footer-key-background": "#11151a",
        "border": "#3a444f",
        "border-blurred": "#3a444f",
        "scrollbar": "#2c353f",
        "scrollbar-hover": "#44505d",
        "scrollbar-active": "#6cb6d9",
        "scrollbar-background": "#11151a",
        "scrollbar-background-hover": "#11151a",
        "scrollbar-background-active": "#11151a",
        "scrollbar-corner-color": "#11151a",
    },
)

HUBSOFT_LIGHT: Final = Theme(
    name="hubsoft-light",
    primary="#1d6f98",
    secondary="#4d6079",
    accent="#9a5b00",
    warning="#9a5b00",
    error="#b3262e",
    success="#22753a",
    foreground="#242b33",
    background="#fbfaf7",
    surface="#f4f2ed",
    panel="#ebe8e1",
    dark=False,
    variables={
        "ok": "#22753a",
        "warn": "#9a5b00",
        "bad": "#b3262e",
        "stale": "#9a5b00",
        "quiet": "#666e77",
        "faint": "#cbc8c0",
        "title": "#0d1116",
        "account": "#1d6f98",
        "row": "#e3ecf1",
        "mark": "#9a5b00",
        "critical": "#963a86",
        "high": "#0d1116",
        "course": "#7fa9bf",
        "normal": "#1d6f98",
        "low": "#666e77",
        "footer-background": "#fbfaf7",
        "footer-key-foreground": "#1d6f98",
        "footer-description-foreground": "#666e77",
        "footer-item-background": "#fbfaf7",
        "footer-description-background": "#fbfaf7",
        "footer-key-background": "#fbfaf7",
        "border": "#cbc8c0",
        "border-blurred": "#cbc8c0",
        "scrollbar": "#d3d0c8",
        "scrollbar-hover": "#b5b2aa",
        "scrollbar-active": "#1d6f98",
        "scrollbar-background": "#fbfaf7",
        "scrollbar-background-hover": "#fbfaf7",
        "scrollbar-background-active": "#fbfaf7",
        "scrollbar-corner-color": "#fbfaf7",
    },
)

THEMES: Final = (HUBSOFT, HUBSOFT_LIGHT)
"""What the application registers, in this order; the first is the default."""


TEXT_CONTRAST: Final = 4.5
"""What WCAG asks of text; every meaning but those below is written in its colour."""
MARK_CONTRAST: Final = 3.0
"""What it asks of marks that are seen and not read."""
_STEPS: Final = 40


def semantic(theme: Theme) -> dict[str, str]:
    """Return a value for every meaningful name under `theme`, for `App.get_theme_variable_defaults`.

    Values are colours, never references to other variables: styles inside a text cannot follow those. Whatever
    the theme's author chose, they can be read on its background, its surface and a marked row.
    """
    colors = theme.to_color_system().generate()
    # The ANSI themes have no shades of grey to mix: there the terminal's own are used.
    quiet = "ansi_bright_black" if theme.ansi else _mix(colors["foreground"], colors["background"], 0.4)
    faint = "ansi_bright_black" if theme.ansi else _mix(colors["foreground"], colors["background"], 0.75)
    row = "ansi_default" if theme.ansi else _mix(colors["primary"], colors["background"], 0.8)
    written = {
        "ok": colors["success"],
        "warn": colors["warning"],
        "bad": colors["error"],
        "stale": colors["warning"],
        "quiet": quiet,
        "title": colors["foreground"],
        "account": colors["primary"],
        "mark": colors["accent"],
        "critical": colors["accent"],
        "high": colors["foreground"],
        "normal": colors["primary"],
        "low": quiet,
    }
    course = "ansi_blue" if theme.ansi else _mix(colors["primary"], colors["background"], 0.35)
    grounds = (colors["background"], colors["surface"], row)
    return {
        **{name: _legible(color, grounds, TEXT_CONTRAST) for name, color in written.items()},
        "faint": faint,
        "row": row,
        "course": _legible(course, grounds, MARK_CONTRAST),
    }


def contrast(one: Color, other: Color) -> float:
    """Return how far two colours stand apart, from 1 to 21, as WCAG counts it."""
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _luminance(color: Color) -> float:
    parts = [part / 255 for part in color.rgb]
    red, green, blue = (
        part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _legible(name: str, grounds: tuple[str, ...], wanted: float) -> str:
    """Return the colour, mixed with black or white as far as it takes to be told from every one of `grounds`."""
    try:
        color, *under = (Color.parse(each) for each in (name, *grounds))
    except ColorParseError:  # a theme that names no plain colour
        return name
    if any(each.ansi is not None for each in (color, *under)):  # the terminal's palette, which we do not know
        return name

    def apart(candidate: Color) -> float:
        return min(contrast(candidate, each) for each in under)

    far = max((Color.parse("white"), Color.parse("black")), key=apart)
    mixed = (color.blend(far, step / _STEPS, alpha=1.0) for step in range(_STEPS + 1))
    return next((each for each in mixed if apart(each) >= wanted), far).hex


def _mix(one: str, other: str, part: float) -> str:
    """Return the colour `part` (0-1) of the way from `one` to `other`, as hex."""
    try:
        return Color.parse(one).blend(Color.parse(other), part, alpha=1.0).hex
    except ColorParseError:  # a theme that names no plain colour
        return one
