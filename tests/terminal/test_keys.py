"""Any byte in, keys out: the sequences of terminals near and far, cut anywhere, and what means nothing."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual import events
from textual.message import Message

from hubsoft_tui.terminal.keys import (
    BURST_SECONDS,
    ESCAPE_SECONDS,
    PASTE_LIMIT,
    PASTE_SECONDS,
    Burst,
    TerminalKeys,
)
from tests.fuzzing import examples

SOON = 0.001
NEVER = 1000.0


def read(*pieces: bytes, keys: TerminalKeys | None = None, apart: float = SOON) -> list[Message]:
    """Return what the pieces mean, one read each, and a long silence behind them."""
    keys = keys or TerminalKeys()
    now, found = 100.0, []
    for piece in pieces:
        now += apart
        found += keys.feed(piece, now)
    return found + keys.silence(now + NEVER)


def pasted(found: list[Message]) -> str:
    """Return the text of the one paste there is."""
    (paste,) = found
    assert isinstance(paste, events.Paste)
    return paste.text


def typed(found: list[Message]) -> str:
    """Return the characters typed, those of bursts too."""
    keys = [key for each in found for key in (each.keys if isinstance(each, Burst) else (each,))]
    return "".join(key.character or "" for key in keys if isinstance(key, events.Key))


def names(found: list[Message]) -> list[str]:
    """Return the keys by name, those of a burst too; anything else by its class."""
    named: list[str] = []
    for each in found:
        if isinstance(each, Burst):
            named += [key.key for key in each.keys]
        else:
            named.append(each.key if isinstance(each, events.Key) else type(each).__name__)
    return named


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"\x1b", ["escape"]),
        (b"\x1b[A", ["up"]),
        (b"\x1bOP", ["f1"]),
        (b"\x1b[[A", ["f1"]),  # the Linux console
        (b"\x1b[1;5A", ["ctrl+up"]),
        (b"\x1b\x1b[A", ["escape", "up"]),
        (b"\x1ba", ["alt+a"]),
        (b"\x11", ["ctrl+q"]),
        (b"\x1b[97u", ["a"]),
        (b"\x1b[97;1:3u", []),  # kitty: a key let go
        (b"\x1b[9999999999999u", []),
        (b"\x1b[55296u", []),  # half a character
        (b"\x1b[5;3z", []),
        (b"\x1b[", []),
        (b"\x1b[<0;10;5M", ["MouseDown"]),
        (b"\x1b[M \xe3\xc3", []),  # the oldest mouse, beyond column 95
        (b"\x1b[M \xc3\xa3", []),  # the same, by chance a letter of UTF-8
        (b"\x1b]11;rgb:1111/1111/1111\x1b\\", []),
        (b"\x1b]11;rgb:1111/1111/1111\x07", []),
        (b"\x1bP>|xterm(390)\x1b\\", []),
        (b"\x1b]52;c;never ends", []),
        (b"\x1b[" + b"1;" * 500 + b"m", []),
        (b"\x1b[3\x18", []),
    ],
)
def test_a_sequence_is_a_key_or_nothing_and_the_next_key_counts(data: bytes, expected: list[str]) -> None:
    assert names(read(data)) == expected
    keys = TerminalKeys()
    assert names([*keys.feed(data, 1.0), *keys.silence(NEVER), *keys.feed(b"q", NEVER)]) == [*expected, "q"]


@pytest.mark.parametrize(
    "data",
    [b"\x1b[97;1:3u", b"\x1b[M \xe3\xc3", b"\x1b[5;3z", b"\x1b]0;title\x07", b"\x1bP>|x\x1b\\", b"\x1b[A"],
)
def test_it_does_not_matter_where_the_line_cuts_a_sequence(data: bytes) -> None:
    whole = names(read(data))
    for at in range(1, len(data)):
        assert names(read(data[:at], data[at:])) == whole, at
    assert names(read(*(bytes([each]) for each in data))) == whole


@pytest.mark.parametrize(
    ("pieces", "text"),
    [
        ((b"\xe3",), "ã"),
        ((b"\xe3", b"o"), "ão"),
        ((b"Concei\xe7\xe3o",), "Conceição"),
        (("Conceição".encode(),), "Conceição"),
        ((b"\xc3", b"\xa3"), "ã"),
        ((b"\x80",), "€"),
        ((b"\x81",), "\ufffd"),
        ((b"\xff\xfe",), "ÿþ"),
    ],
)
def test_a_letter_of_another_encoding_is_a_letter(pieces: tuple[bytes, ...], text: str) -> None:
    assert typed(read(*pieces)) == text


def test_escape_is_a_key_after_a_silence_and_only_then() -> None:
    keys = TerminalKeys()
    assert keys.feed(b"\x1b", 1.0) == []
    assert keys.patience < ESCAPE_SECONDS
    assert keys.silence(1.0 + ESCAPE_SECONDS / 2) == []
    assert names(keys.silence(1.0 + ESCAPE_SECONDS)) == ["escape"]
    assert keys.silence(NEVER) == []


@pytest.mark.parametrize("cut", range(1, 20))
def test_a_paste_is_one_text_whatever_is_in_it(cut: int) -> None:
    data = "\x1b[200~q \x1b[97;1:3u\x00ã\r\x1b[201~".encode()
    assert pasted(read(data[:cut], data[cut:])) == "q \x1b[97;1:3uã\r"


def test_a_paste_whose_end_is_lost_ends_and_one_without_an_end_is_cut() -> None:
    keys = TerminalKeys()
    assert keys.feed(b"\x1b[200~hello", 1.0) == []
    assert keys.silence(1.0 + PASTE_SECONDS / 2) == []
    assert pasted(keys.silence(1.0 + PASTE_SECONDS)) == "hello"
    assert names(keys.feed(b"q", NEVER)) == ["q"]
    keys.feed(b"\x1b[200~", NEVER)
    assert len(pasted(keys.feed(b"x" * (PASTE_LIMIT + 5), NEVER))) == PASTE_LIMIT


@pytest.mark.parametrize(
    ("data", "burst"),
    [
        (b"Joaquim", True),
        (b"Joaquim Quintas\r", True),
        (b"12 q", True),
        ("ção".encode(), True),
        (b"nn", False),  # a key that bounces
        (b"mx", False),  # two keys on a line that lags
        (b"jjjjjjjj", False),  # a key held down
        (b"862.149.410-81\r", False),  # digits are no commands where text has a meaning
        (b"\x1b[B\x1b[B\x1b[Bj", False),
    ],
)
def test_three_different_characters_of_one_read_are_text(data: bytes, burst: bool) -> None:
    assert any(isinstance(each, Burst) for each in read(data)) is burst


def test_what_follows_a_burst_at_once_belongs_to_it() -> None:
    keys = TerminalKeys()
    keys.feed(b"Joa", 1.0)
    (tail,) = keys.feed(b"q", 1.0 + BURST_SECONDS / 2)
    assert isinstance(tail, Burst)
    (key,) = keys.feed(b"q", NEVER)
    assert isinstance(key, events.Key)


PIECES = st.one_of(
    st.binary(max_size=12),
    st.sampled_from(
        [b"\x1b", b"\x1b[", b"\x1bO", b"\x1b]", b"\x1bP", b"\x1b[M", b"\x1b[<", b"\x1b[200~", b"\x1b[201~"]
    ),
    st.from_regex(rb"\x1b\[[0-9;:?<=>]{0,40}[@-~]", fullmatch=True),
)


@pytest.mark.long
@examples(300)
@given(st.lists(st.tuples(PIECES, st.sampled_from([0.0, SOON, 0.15, 3.0])), max_size=20))
def test_nothing_raises_and_afterwards_a_key_is_a_key(pieces: list[tuple[bytes, float]]) -> None:
    keys, now = TerminalKeys(), 1.0
    for piece, pause in pieces:
        now += pause
        keys.feed(piece, now)
        keys.silence(now + pause)
        now += pause
    keys.silence(now + NEVER)
    assert names(keys.feed(b"q", now + 2 * NEVER)) == ["q"]
