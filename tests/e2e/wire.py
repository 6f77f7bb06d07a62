"""What a program writes to its terminal, taken apart: text, modes, questions, and what has no business there."""

from __future__ import annotations

import re
from collections import Counter
from typing import Any, Final

import pyte
from pyte import modes as mo
from pyte.screens import Char

NORMAL_MODES: Final = {
    "25": True,  # the cursor is seen
    "47": False,
    "1047": False,
    "1049": False,  # the alternate screen
    "1000": False,
    "1002": False,
    "1003": False,
    "1006": False,
    "1015": False,
    "1016": False,  # the mouse
    "1004": False,  # focus events
    "2004": False,  # bracketed paste
    "2026": False,  # a frame half drawn
    "2048": False,  # resize reports
}
"""The private modes that a program must leave as it found them."""

_ANSWERS: Final = {
    "c": b"\x1b[?62;22c",
    "0c": b"\x1b[?62;22c",
    ">c": b"\x1b[>1;10;0c",
    ">0c": b"\x1b[>1;10;0c",
    ">q": b"\x1bP>|journey(1)\x1b\\",
    ">0q": b"\x1bP>|journey(1)\x1b\\",
    "5n": b"\x1b[0n",
}

_CONTROL: Final = re.compile(
    rb"""
    \x1b\[ (?P<parameters>[0-?]*) (?P<between>[ -/]*) (?P<final>[@-~])
    | \x1b\] (?P<osc>[^\x07\x1b]*) (?:\x07|\x1b\\)
    | \x1b (?P<string>[PX^_]) (?P<body>[^\x1b]*) \x1b\\
    | \x1b [ -/]* (?P<escape>[0-OQ-WYZ\\`-~])
    | (?P<bare>[\x00-\x1a\x1c-\x1f\x7f])
    """,
    re.VERBOSE,
)
_CUT_OFF: Final = re.compile(rb"\x1b(?:\[[0-?]*[ -/]*|[\]PX^_][^\x07\x1b]*\x1b?|[ -/]*)\Z")
_STRINGS: Final = {b"P": "DCS", b"X": "SOS", b"^": "PM", b"_": "APC"}
_C1: Final = re.compile("[\x80-\x9f]")
_BIDI: Final = re.compile("[\u200e\u200f\u061c\u202a-\u202e\u2066-\u2069]")
_ONE_COLUMN_EACH: Final = re.compile("[ -~\u00a1-\u00ac\u00ae-\u00ff\u2500-\u259f]+")


class Picture(pyte.Screen):
    """A screen that draws plain text in one go: pyte looks at each character anew, most of what a journey costs."""

    def __init__(self, columns: int, rows: int) -> None:
        self._renditions: dict[tuple[Any, tuple[int, ...]], Any] = {}
        super().__init__(columns, rows)

    def draw(self, data: str) -> None:
        """Draw text at the cursor."""
        cursor = self.cursor
        plain = not self.charset and mo.IRM not in self.mode and _ONE_COLUMN_EACH.fullmatch(data)
        if not plain or cursor.x + len(data) > self.columns:
            super().draw(data)
            return
        line, attributes = self.buffer[cursor.y], cursor.attrs[1:]
        for column, character in enumerate(data, cursor.x):
            line[column] = Char(character, *attributes)
        cursor.x += len(data)
        self.dirty.add(cursor.y)

    def select_graphic_rendition(self, *attributes: int) -> None:
        """Take colours and weight for what is drawn next."""
        key = (self.cursor.attrs, attributes)
        if key not in self._renditions:
            super().select_graphic_rendition(*attributes)
            self._renditions[key] = self.cursor.attrs
        self.cursor.attrs = self._renditions[key]

    def text(self) -> list[str]:
        """Return the lines; the second column of a wide character holds no text."""
        columns = range(self.columns)
        return [
            "".join([line[x].data for x in columns]).rstrip()
            for line in map(self.buffer.__getitem__, range(self.lines))
        ]


class Wire:
    """Follows a stream of bytes: answers what a terminal is asked, and keeps the picture it should show.

    `kinds` counts every kind of control (`CSI m`, `OSC 52`, `DCS`, `C1 9b`, `C0 07`). The picture is drawn
    only when it is asked for: reading must be quicker than writing.
    """

    def __init__(self, columns: int, rows: int) -> None:
        self.modes: dict[str, bool] = {}
        self.kinds: Counter[str] = Counter()
        self.frames = 0
        self._screen = Picture(columns, rows)
        self._lines: list[str] | None = None
        self._stream = pyte.ByteStream(self._screen)
        self._undrawn = bytearray()
        self._cut_off = b""

    @property
    def drawing(self) -> bool:
        """Whether the program is in the middle of a frame."""
        return self.modes.get("2026", False)

    @property
    def changed_modes(self) -> list[str]:
        """The private modes that are not as a program finds them."""
        return [mode for mode, normal in NORMAL_MODES.items() if self.modes.get(mode, normal) != normal]

    def resize(self, columns: int, rows: int) -> None:
        """Take another size from now on."""
        self._draw()
        self._lines = None
        self._screen.resize(rows, columns)

    def lines(self) -> list[str]:
        """Return the picture as text."""
        self._draw()
        if self._lines is None:
            self._lines = self._screen.text()
        return self._lines

    def lit(self) -> set[tuple[int, int]]:
        """Return the cells, as (column, row) from 0, that are lighter behind than before: a cursor is drawn so."""
        self._draw()
        return {
            (column, row)
            for row, cells in self._screen.buffer.items()
            for column, cell in cells.items()
            if _light(cell.bg) > _light(cell.fg) > 0
        }

    def feed(self, data: bytes) -> list[bytes]:
        """Take what the program wrote; return what the terminal answers."""
        data = self._cut_off + data
        match = _CUT_OFF.search(data)
        self._cut_off = match[0] if match else b""
        if match:
            data = data[: match.start()]
        answers: list[bytes] = []
        position = 0
        for found in _CONTROL.finditer(data):
            self._text(data[position : found.start()])
            answers += self._control(found)
            position = found.end()
        self._text(data[position:])
        return answers

    def _text(self, data: bytes) -> None:
        if not data:
            return
        text = data.decode("utf-8", "ignore")
        self.kinds.update(f"C1 {ord(each):02x}" for each in _C1.findall(text))
        self.kinds.update(f"bidi {ord(each):04x}" for each in _BIDI.findall(text))
        self._undrawn += data

    def _control(self, found: re.Match[bytes]) -> list[bytes]:
        if found["final"] is not None:
            return self._csi(found)
        if found["osc"] is not None:
            number, _, rest = found["osc"].partition(b";")
            self.kinds[f"OSC {number.decode('ascii', 'replace')}"] += 1
            colour = {b"10": b"dddd/dddd/dddd", b"11": b"1111/1111/1111"}.get(number)
            return [b"\x1b]" + number + b";rgb:" + colour + b"\x1b\\"] if colour and rest == b"?" else []
        if found["string"] is not None:
            self.kinds[_STRINGS[found["string"]]] += 1
        elif found["escape"] is not None:
            self.kinds[f"ESC {found['escape'].decode()}"] += 1
            self._undrawn += found[0]
        else:
            self.kinds[f"C0 {found['bare'][0]:02x}"] += 1
            self._undrawn += found[0]
        return []

    def _csi(self, found: re.Match[bytes]) -> list[bytes]:
        parameters, between = found["parameters"].decode(), found["between"].decode()
        final = found["final"].decode()
        mark = parameters[:1] if parameters[:1] in {"?", "<", "=", ">"} else ""
        self.kinds[f"CSI {mark}{between}{final}"] += 1
        if mark == "?" and final in "hl" and not between:
            for mode in parameters[1:].split(";"):
                self.modes[mode] = final == "h"
                self.frames += mode == "2026" and final == "l"
        if answer := self._answer(f"{parameters}{between}{final}"):
            return [answer]
        # pyte would print the tail of what it does not know.
        if (not mark or (mark == "?" and final in "hl")) and not between:
            self._undrawn += found[0]
        return []

    def _answer(self, question: str) -> bytes:
        if asked := re.fullmatch(r"\?(\d+)\$p", question):
            known = {"2026": 1 if self.drawing else 2}
            return f"\x1b[?{asked[1]};{known.get(asked[1], 0)}$y".encode()
        if question == "6n":
            return self._where()
        if question == "18t":
            return f"\x1b[8;{self._screen.lines};{self._screen.columns}t".encode()
        return _ANSWERS.get(question, b"")

    def _where(self) -> bytes:
        self._draw()
        return f"\x1b[{self._screen.cursor.y + 1};{self._screen.cursor.x + 1}R".encode()

    def _draw(self) -> None:
        if self._undrawn:
            self._stream.feed(bytes(self._undrawn))
            self._undrawn.clear()
            self._lines = None


def _light(colour: str) -> int:
    """Return how light a colour is; the terminal's own are dark behind and light before."""
    return sum(bytes.fromhex(colour)) if re.fullmatch("[0-9a-f]{6}", colour) else 0
