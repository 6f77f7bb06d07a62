"""A report into a file, as its name's ending says: .html, .csv or .json."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Final

from ...errors import HubSoftError, InvalidInput, StoreError
from ...settings import places
from ...texts import Text, say
from .html import as_page
from .json_csv import as_document, as_table
from .types import DayReport


def export(report: DayReport, path: Path, *, profile: str = "", host: str = "") -> None:
    """Write the report to `path`, readable by its owner alone, whole or not at all.

    Raises InvalidInput for another ending, and HubSoftError when the place cannot be written.
    """
    make = _MAKERS.get(path.suffix.lower())
    if make is None:
        raise InvalidInput(
            say("A report is written as .html, .csv or .json. End the file's name with one of them.")
        )
    write(make(report, profile, host), path)


def write(text: str, path: Path) -> None:
    """Write `text` to `path`, readable by its owner alone. Raises HubSoftError when the place cannot be written."""
    path = places.expanded(path)
    if path.is_dir() or not path.parent.is_dir():
        what = say("that is a folder") if path.is_dir() else say("there is no such folder")
        raise HubSoftError(_cannot(path, what))
    try:
        places.write_private(path, text.encode())
    except StoreError as error:
        cause = error.__cause__
        reason = (cause.strerror if isinstance(cause, OSError) else None) or str(error)
        raise HubSoftError(_cannot(path, reason)) from error


def _cannot(path: Path, reason: object) -> Text:
    return say(
        "The report cannot be written to {path}: {reason}. Choose another place.", path=path, reason=reason
    )


_MAKERS: Final[dict[str, Callable[[DayReport, str, str], str]]] = {
    ".csv": lambda report, _profile, _host: as_table(report),
    ".html": lambda report, profile, host: as_page(report, profile=profile, host=host),
    ".json": lambda report, _profile, _host: (
        json.dumps(as_document(report), ensure_ascii=False, indent=2) + "\n"
    ),
}
