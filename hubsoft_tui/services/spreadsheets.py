"""What every table that is written for a spreadsheet has to heed."""

from __future__ import annotations

from typing import Final

_FORMULAS: Final = ("=", "+", "-", "@", "\t", "\r")


def inert(cell: str) -> str:
    """Return `cell` so that no spreadsheet takes it for a formula and runs it."""
    return f"'{cell}" if cell.startswith(_FORMULAS) else cell
