"""Canned texts: what is written often, in a file of the person's and one of the provider's.

[[text]]
name = "ONU sem luz"
for = ["ticket", "message"]        # left out: everywhere
text = "Cliente {customer}, plano {plan}: ONU sem luz. Protocolo {protocol}."
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from ..errors import SettingsError
from ..privacy import clean
from ..texts import say
from ..values import dataclass
from .places import read_ordinary
from .rules import LONGEST_TOML, parse_toml

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

FILE: Final = "texts.toml"
USES: Final = ("ticket", "message", "closing")
PLACEHOLDERS: Final = ("customer", "plan", "protocol")
_PLACEHOLDER: Final = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True, slots=True)
class CannedText:
    """One text, what it is called, and where it is offered."""

    name: str
    text: str
    uses: tuple[str, ...] = USES


def read_canned(paths: Iterable[Path]) -> tuple[CannedText, ...]:
    """Return the texts of every file that is there; of two with one name the first counts. Raises SettingsError."""
    found: dict[str, CannedText] = {}
    for path in paths:
        for each in _read(path):
            found.setdefault(each.name, each)
    return tuple(found.values())


def _read(path: Path) -> tuple[CannedText, ...]:
    try:
        rows = parse_toml(read_ordinary(path, LONGEST_TOML).decode("utf-8-sig")).get("text", [])
    except FileNotFoundError:
        return ()
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise SettingsError(say("{path} cannot be read ({reason}).", path=path, reason=reason)) from error
    except ValueError as error:
        raise SettingsError(say("{path} is no TOML: {reason}", path=path, reason=str(error))) from error
    if not isinstance(rows, list):
        rows = [None]
    return tuple(_canned(path, index, row) for index, row in enumerate(rows, 1))


def _canned(path: Path, index: int, row: Any) -> CannedText:  # noqa: ANN401 - what TOML can say
    fields = row if isinstance(row, dict) else {}
    name, text, uses = fields.get("name"), fields.get("text"), fields.get("for", list(USES))
    if (
        not isinstance(name, str)
        or not isinstance(text, str)
        or not name.strip()
        or not text.strip()
        or not isinstance(uses, list)
        or not set(map(str, uses)) <= set(USES)
    ):
        raise SettingsError(
            say(
                '{path}, text {n}: a text is [[text]] with name = "…", text = "…" and, if wanted, for = a list of '
                "{uses}.",
                path=path,
                n=index,
                uses=", ".join(USES),
            )
        )
    return CannedText(
        clean(" ".join(name.split())), clean(text.strip(), multiline=True), tuple(map(str, uses))
    )


def filled(text: str, values: Mapping[str, str]) -> tuple[str, tuple[str, ...]]:
    """Return `text` with its placeholders filled, and the names of those that had no value and were left out.

    What is no such placeholder stays as it is written.
    """
    missing: list[str] = []

    def value(found: re.Match[str]) -> str:
        name = found.group(1)
        if name not in PLACEHOLDERS:
            return found.group(0)
        if not values.get(name):
            missing.append(name)
        return values.get(name, "")

    return _PLACEHOLDER.sub(value, text), tuple(dict.fromkeys(missing))
