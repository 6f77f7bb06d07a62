"""Nothing from outside reaches the terminal as a command: text from data, and the net under everything.

Text from HubSoft was cleaned where it entered; `data()` makes it a `Content`, so it cannot be markup either,
and `ControlFilter` drops what slipped through on any widget, ours or Textual's.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from rich.segment import Segment
from textual.content import Content
from textual.filter import LineFilter

from hubsoft_tui.privacy import clean

if TYPE_CHECKING:
    from textual.color import Color

_FORBIDDEN: Final = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff]"
)


def data(value: object, style: str = "") -> Content:
    """Return text that came from outside as what it is: characters, in one style, never markup."""
    return Content.styled(clean(str(value)), style)


class ControlFilter(LineFilter):
    """Drops control, C1 and bidirectional characters from every line painted.

    Textual's width model counts them as zero cells, so nothing moves when they go.
    """

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """Return the segments without those characters; the same list when there are none."""
        if not any(_FORBIDDEN.search(segment.text) for segment in segments if not segment.control):
            return segments
        return [
            segment if segment.control else Segment(_FORBIDDEN.sub("", segment.text), segment.style)
            for segment in segments
        ]
