"""What a form says while one types. The outbox has the last word; this is the first."""

from __future__ import annotations

import re
from typing import Final

from hubsoft_tui.texts import _, ngettext

_MARKS: Final = re.compile(r"[\s()+.\-]")


def name_problem(text: str) -> str:
    """Return why `text` is no contact's name, or nothing."""
    return "" if text.strip() else _("Write who HubSoft should ask for.")


def phone_problem(text: str) -> str:
    """Return why `text` is no Brazilian phone, or nothing."""
    if wrong := phone_letters(text):
        return wrong
    digits = _digits(text)
    if not digits:
        return _("Write the phone with its area code.")
    if len(digits) in {10, 11}:
        return ""
    return ngettext(
        "This is {n} digit; a phone has 10 or 11, the area code included.",
        "These are {n} digits; a phone has 10 or 11, the area code included.",
        len(digits),
    ).format(n=len(digits))


def phone_letters(text: str) -> str:
    """Return what is wrong with `text` whatever is typed next: something that is no part of a phone."""
    bare = _MARKS.sub("", text)
    return _("A phone has digits only.") if bare and not (bare.isascii() and bare.isdigit()) else ""


def text_problem(text: str) -> str:
    """Return why `text` cannot be sent as a description or message, or nothing."""
    return "" if text.strip() else _("Write what it is about: HubSoft takes no empty text.")


def _digits(text: str) -> str:
    digits = _MARKS.sub("", text)
    return digits.removeprefix("55") if len(digits) > 11 else digits
