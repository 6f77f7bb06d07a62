"""What people read, in their language: gettext, with texts that translate themselves when they are shown.

English is the language of the source, so English needs no catalogue; Brazilian Portuguese has one in `locale/`.
"""

from __future__ import annotations

import gettext as _gettext
import os
from pathlib import Path
from typing import Final

DOMAIN: Final = "hubsoft_tui"
LANGUAGES: Final = ("pt_BR", "en")
_BRAZILIAN: Final = str.maketrans(",.", ".,")
_LOCALE = Path(__file__).parent / "locale"

_current: _gettext.NullTranslations = _gettext.NullTranslations()
_language = "en"


def detect(environment: dict[str, str] | None = None) -> str:
    """Return the language the terminal asks for: `pt_BR` for any Portuguese, else `en`."""
    env = os.environ if environment is None else environment
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        if value := env.get(name):
            return "pt_BR" if value.lower().startswith("pt") else "en"
    return "en"


def use(language: str) -> None:
    """Speak `language` from now on: `pt_BR` or `en`; anything else is what the terminal asks for."""
    global _current, _language  # noqa: PLW0603 - one person, one language, one process
    _language = language if language in LANGUAGES else detect()
    if _language == "en":
        _current = _gettext.NullTranslations()
    else:
        _current = _gettext.translation(DOMAIN, _LOCALE, [_language], fallback=True)


def language() -> str:
    """Return the language spoken now: `pt_BR` or `en`."""
    return _language


def _(message: str) -> str:
    """Translate `message` now."""
    return _current.gettext(message)


def ngettext(one: str, many: str, count: int) -> str:
    """Translate the form that fits `count`, now."""
    return _current.ngettext(one, many, count)


def N_(message: str) -> str:  # noqa: N802 - gettext's own name for "to be translated, later"
    """Mark `message` for translation and return it as it is."""
    return message


def number(value: float, decimals: int = 0) -> str:
    """Return `value` with this language's marks: 1,204.5 or 1.204,5."""
    text = f"{value:,.{decimals}f}"
    return text.translate(_BRAZILIAN) if _language == "pt_BR" else text


class Text:
    """A text that is translated each time it is shown, so an error can cross threads and outlive a language.

    Parameters are data: they are put in after translation and never translated themselves, unless they are
    texts too.
    """

    __slots__ = ("message", "parameters")

    def __init__(self, message: str, parameters: dict[str, object]) -> None:
        self.message = message
        self.parameters = parameters

    def __str__(self) -> str:
        shown = _(self.message)
        return shown.format(**self.parameters) if self.parameters else shown

    def __repr__(self) -> str:
        return f"say({self.message!r})"


def say(message: str, /, **parameters: object) -> Text:
    """Return a text for people, translated when shown; `{name}` takes the parameter of that name."""
    return Text(message, parameters)
