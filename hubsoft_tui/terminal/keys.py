"""What a terminal sends, taken apart: any byte in, keys out. Nothing that arrives raises, or acts by mistake.

Textual's own parser knows the keys; it is handed whole sequences only, and what it does not know is dropped
instead of being typed letter by letter. It raises on some sequences and stops for good; here it begins again.
"""

from __future__ import annotations

import codecs
import re
from typing import TYPE_CHECKING, Final

from textual import constants, events
from textual._xterm_parser import XTermParser

if TYPE_CHECKING:
    from textual.message import Message

BYTE: Final = "terminal-byte"
"""The name of the way to read a byte that is not UTF-8: as what a Western European terminal means by it."""
ESCAPE_SECONDS: Final = constants.ESCAPE_DELAY
"""Silence after which escape was the key, and after which a sequence that does not end is dropped."""
IDLE_SECONDS: Final = 0.1
PASTE_SECONDS: Final = 2.0
"""Silence after which a paste whose end was lost is over: the keyboard must not stay deaf."""
PASTE_LIMIT: Final = 1 << 20
"""Characters of one paste; the rest is a paste of its own."""
LONGEST: Final = 32
"""Characters of a sequence that can be a key or the mouse; Textual would type what is longer."""
BURST: Final = 3
"""Printable characters of one read, from which on they are text: three different keys are not pressed at once."""
BURST_SECONDS: Final = 0.05
"""What arrives so soon behind a burst belongs to it: a long paste comes in several reads."""

_ESC: Final = "\x1b"
_PASTE: Final = f"{_ESC}[200~"
_PASTE_END: Final = f"{_ESC}[201~"
_STRINGS: Final = "]PX^_"
"""What begins an answer of the terminal (OSC, DCS, SOS, PM, APC): nothing in it is a key."""
# A mouse report of the oldest kind: three bytes that are numbers, not characters, and beyond column 95 no UTF-8.
_X10: Final = re.compile(rb"\x1b\[M[\x00-\xff]{3}")
_X10_BEGUN: Final = re.compile(rb"\x1b(?:\[(?:M[\x00-\xff]{0,2})?)?\Z")


def _read_byte(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return error.object[error.start : error.end].decode("cp1252", "replace"), error.end


codecs.register_error(BYTE, _read_byte)


class Burst(events.Event, bubble=False):
    """Keys that arrived together and are text, as of a paste into a terminal that does not say so."""

    def __init__(self, keys: tuple[events.Key, ...]) -> None:
        super().__init__()
        self.keys = keys


class _Sequences(XTermParser):
    """Textual's knowledge of keys and mouse, one whole sequence at a time."""

    def understand(self, sequence: str) -> list[Message]:
        """Return what `sequence` means; empty when it means nothing."""
        try:
            found = list(self.feed(sequence))
        except Exception:  # noqa: BLE001 - numbers beyond every bound, and whatever else a terminal sends
            found = []
        else:
            if self._awaiting.timeout is None:
                return found
        # It waits for more, or broke: nothing more will come, so it begins again.
        self._tokens.clear()
        self._timeout_time = None
        self._gen = self.parse(self._tokens.append)
        self._awaiting = next(self._gen)
        return found

    def with_alt(self, character: str) -> list[Message]:
        """Return the key that was pressed with alt."""
        return list(self._sequence_to_key_events(character, alt=True))


class TerminalKeys:
    """Takes bytes as they were read and returns what they mean. `now` is monotonic seconds."""

    def __init__(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")(errors=BYTE)
        self._sequences = _Sequences()
        self._bytes = b""
        """What may be the beginning of a mouse report of the oldest kind."""
        self._begun = ""
        """The beginning of a sequence."""
        self._pasted: list[str] | None = None
        """What was pasted until now; None outside of a paste."""
        self._pasted_length = 0
        self._read_at = 0.0
        self._burst_at = float("-inf")

    @property
    def patience(self) -> float:
        """How many seconds the silence after the last read may last before `silence` has to be told of it."""
        waiting = self._begun or self._bytes or self._decoder.getstate()[0]
        return ESCAPE_SECONDS / 2 if waiting else IDLE_SECONDS

    def feed(self, data: bytes, now: float) -> list[Message]:
        """Return what `data` means; what it only begins waits for the next read."""
        found = self.silence(now)
        self._read_at = now
        data = _X10.sub(b"", self._bytes + data)
        begun = _X10_BEGUN.search(data)
        self._bytes = begun[0] if begun else b""
        found += self._characters(self._decoder.decode(data[: begun.start()] if begun else data))
        return self._together(found, now)

    def silence(self, now: float) -> list[Message]:
        """Return what the silence since the last read means: escape was a key, a sequence goes no further."""
        quiet = now - self._read_at
        if quiet < ESCAPE_SECONDS:
            return []
        held, self._bytes = self._bytes, b""
        # The first byte of several in UTF-8 that stays alone is a letter of another encoding.
        found = self._characters(self._decoder.decode(b"", final=True))
        self._decoder.reset()
        if len(held) < len(b"\x1b[M"):
            found += self._characters(held.decode("ascii"))
        begun, self._begun = self._begun, ""
        if begun == _ESC:
            found.append(events.Key("escape", _ESC))
        elif len(begun) == 2 and begun[1] not in f"[{_STRINGS}":
            found += self._sequences.with_alt(begun[1])
        if self._pasted is not None and quiet >= PASTE_SECONDS:
            found += self._paste_over()
        return found

    def _characters(self, text: str) -> list[Message]:
        found: list[Message] = []
        for character in text:
            if self._pasted is not None:
                found += self._paste(character)
            elif self._begun:
                found += self._go_on(character)
            elif character == _ESC:
                self._begun = character
            else:
                found += self._sequences.understand(character)
        return [each for each in found if not (isinstance(each, events.Key) and _unwritable(each))]

    def _go_on(self, character: str) -> list[Message]:
        """Take the next character of a sequence."""
        begun = self._begun
        in_string = len(begun) > 1 and begun[1] in _STRINGS
        if character in "\x18\x1a" or (character == _ESC and not in_string):
            # Cancelled, or the next one begins: what stood before was escape, or goes no further.
            self._begun = _ESC if character == _ESC else ""
            return [events.Key("escape", _ESC)] if begun == _ESC and character == _ESC else []
        sequence = begun + character
        if len(sequence) == 2 and character in f"[O{_STRINGS}":
            self._begun = sequence
            return []
        if not _ends(sequence):
            # Of one that is too long for a key only its kind is needed, to know where it ends.
            self._begun = sequence if len(sequence) <= LONGEST else sequence[:2] + sequence[-1]
            return []
        self._begun = ""
        return self._whole(sequence)

    def _whole(self, sequence: str) -> list[Message]:
        if sequence == _PASTE:
            self._pasted, self._pasted_length = [], 0
            return []
        if sequence == _PASTE_END or sequence[1] in _STRINGS or len(sequence) > LONGEST:
            return []
        if not sequence.isascii() or (len(sequence) > 2 and not sequence[-1].isprintable()):
            # No sequence holds this: what begins with it is dropped, and the character stands for itself.
            return (
                self._characters(sequence[-1]) if len(sequence) > 2 else self._sequences.with_alt(sequence[1])
            )
        found = self._sequences.understand(sequence)
        if not found and len(sequence) == 2:
            return self._sequences.with_alt(sequence[1])
        return found

    def _paste(self, character: str) -> list[Message]:
        pasted = self._pasted
        if pasted is None:
            return []
        pasted.append(character)
        self._pasted_length += 1
        if character == "~" and "".join(pasted[-len(_PASTE_END) :]) == _PASTE_END:
            del pasted[-len(_PASTE_END) :]
            return self._paste_over()
        if self._pasted_length >= PASTE_LIMIT:
            found = self._paste_over()
            self._pasted, self._pasted_length = [], 0
            return found
        return []

    def _paste_over(self) -> list[Message]:
        text = "".join(self._pasted or ()).replace("\x00", "")
        self._pasted = None
        return [events.Paste(text)] if text else []

    def _together(self, found: list[Message], now: float) -> list[Message]:
        """Make one burst of keys that are text."""
        keys = [each for each in found if isinstance(each, events.Key)]
        typed = [each.character for each in keys if each.character is not None and each.is_printable]
        follows = bool(typed) and now - self._burst_at <= BURST_SECONDS
        # A key that is held down or bounces repeats one character.
        text = len(typed) >= BURST and len(set(typed)) > 1 and any(map(str.isalpha, typed))
        if not text and not follows:
            return found
        self._burst_at = now
        others = [each for each in found if not isinstance(each, events.Key)]
        return [*others, Burst(tuple(keys))]


def _ends(sequence: str) -> bool:
    """Tell whether a sequence is whole; also with a character that cannot be part of one."""
    kind, last = sequence[1], sequence[-1]
    if kind in _STRINGS:
        return last == "\x07" or sequence.endswith(f"{_ESC}\\")
    if kind == "[":
        # The Linux console's first function keys are ESC [ [ A.
        linux = sequence[2:3] == "["
        return not (" " <= last <= "?" or (linux and len(sequence) == 3))
    if kind == "O":
        return not "0" <= last <= ";"
    return True


def _unwritable(key: events.Key) -> bool:
    """Tell whether a key stands for a half of a character, which cannot be written anywhere."""
    return any("\ud800" <= each <= "\udfff" for each in f"{key.key}{key.character or ''}")
