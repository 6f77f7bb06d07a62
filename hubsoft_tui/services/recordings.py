"""Recordings: what the Monitor and the board showed, second by second, without personal data.

A file is gzip of JSON lines: a header, then a line for each second in which something differed, which holds what
differs from the line before. Behind each stands its checksum: gzip's own is at the end, which a kill cuts off.
Each line is flushed, so a console that is killed loses at most its last second.
No sentence is kept: what HubSoft or the system said may name a person, and is in one language. Of a ticket stay
its protocol, type and status, its times and what happened to it; customers are C-1, C-2, … in it, those
responsible R-1, … and operators O-1, …. A protocol names a ticket to those who may read HubSoft, as in the log.
"""

from __future__ import annotations

import json
import os
import re
import threading
import zlib
from bisect import bisect_right
from collections import deque
from dataclasses import field, fields, is_dataclass, replace
from datetime import UTC, datetime
from enum import Enum
from functools import cache, lru_cache
from itertools import takewhile
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, cast

import msgspec

from ..core.types import RequestRow, Snapshot
from ..errors import InvalidInput
from ..privacy import HIDDEN
from ..settings.places import read_ordinary
from ..store.alerts import Alert
from ..store.disk import make_private_folder, store_error
from ..texts import say
from ..values import dataclass
from .reports.types import BudgetUse, DayReport, SoFar
from .tickets.types import Change, ChangeKind, SyncStatus, TicketRow, TicketState

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from .container import Services
    from .tickets.types import Delta

VERSION: Final = 1
ALERTS: Final = 20
CHANGES: Final = 300
TICKETS: Final = 4000
"""How many are recorded at most: the open ones first, then the newest."""
LARGEST: Final = 1 << 29
"""Bytes of text in a recording that is read; a week has less."""
_NUMBERS: Final = re.compile(r"\d{3,}")
_GZIP: Final = 31


@dataclass(frozen=True, slots=True)
class RecordedBoard:
    """The followed tickets by id, the last changes, the newest of which is last, and how syncing went."""

    rows: dict[int, TicketRow] = field(default_factory=dict)
    changes: tuple[Change, ...] = ()
    status: SyncStatus = SyncStatus()


@dataclass(frozen=True, slots=True)
class RecordedFrame:
    """What was to be seen at one instant, `snapshot.wall`."""

    snapshot: Snapshot = Snapshot()
    so_far: SoFar | None = None
    alerts: tuple[Alert, ...] = ()
    board: RecordedBoard | None = None


class Aliases:
    """Stand-ins for people, the same one for the same person as long as a recording lasts."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, str], str] = {}
        self._counts: dict[str, int] = {}

    def of(self, letter: str, name: str) -> str:
        """Return the alias of `name` among those with this letter."""
        known = self._known.get((letter, name))
        if known is None:
            number = self._counts[letter] = self._counts.get(letter, 0) + 1
            known = self._known[letter, name] = f"{letter}-{number}"
        return known

    def customer(self, name: str | None) -> str | None:
        """Return what stands for a customer."""
        return self.of("C", name) if name else None

    def responsible(self, names: str | None) -> str | None:
        """Return what stands for one responsible, or for several that a comma divides."""
        return ", ".join(self.of("R", name) for name in names.split(", ")) if names else None

    def row(self, row: TicketRow) -> TicketRow:
        """Return a ticket without the people in it."""
        return TicketRow(
            row.id,
            row.protocol,
            row.state,
            self.customer(row.customer),
            type=_without_numbers(row.type),
            status=_without_numbers(row.status),
            responsible=tuple(self.of("R", name) for name in row.responsible),
            opened_at=row.opened_at,
            closed_at=row.closed_at,
            due_at=row.due_at,
            draft=row.draft,
            messages=row.messages,
            confirmed_at=row.confirmed_at,
            change=None if row.change is None else self.change(row.change),
        )

    def change(self, change: Change) -> Change:
        """Return a change without the people in it; a message without its words."""
        of_people = change.kind is ChangeKind.RESPONSIBLE
        told = self.responsible if of_people else _without_numbers
        silent = change.kind is ChangeKind.MESSAGE
        return replace(
            change,
            before=None if silent else told(change.before),
            after=None if silent else told(change.after),
            by=self.responsible(change.by),
            customer=self.customer(change.customer),
        )

    def frame(self, frame: RecordedFrame) -> RecordedFrame:
        """Return `frame` with nothing that names a person; its board is made of `row` and `change` already."""
        found = frame.so_far
        if found is None or found.trouble:
            return replace(frame, snapshot=_plain(frame.snapshot), so_far=None)
        today = found.day
        day = DayReport(today.day, today.since, today.until, today.total, categories=today.categories)
        uses = tuple(BudgetUse(self.of("O", use.person), use.program, use.callers) for use in found.hour.uses)
        so_far = SoFar(day, replace(found.hour, uses=uses))
        return replace(frame, snapshot=_plain(frame.snapshot), so_far=so_far)


def _plain(shown: Snapshot) -> Snapshot:
    shared = shown.budget.shared
    return replace(
        shown,
        serial=0,
        budget=replace(shown.budget, shared=None if shared is None else replace(shared, reason="")),
        api=replace(shown.api, reason=""),
        requests=tuple(map(_plain_row, shown.requests)),
        waiting={},
        badges=replace(shown.badges, versions={}),
    )


@lru_cache(maxsize=1024)
def _plain_row(row: RequestRow) -> RequestRow:
    return replace(row, path=_without_numbers(row.path) or "", error="")


@lru_cache(maxsize=1024)
def _without_numbers(text: str | None) -> str | None:
    return None if text is None else _NUMBERS.sub(HIDDEN, text)


class BoardFollower:
    """The tickets as `Delta`s tell of them, without people, as a board to be recorded."""

    def __init__(self, aliases: Aliases) -> None:
        self._aliases = aliases
        self._board: RecordedBoard | None = None
        self._changes: deque[Change] = deque(maxlen=CHANGES)
        self._news: list[tuple[Delta, SyncStatus]] = []

    def hear(self, delta: Delta, status: SyncStatus) -> None:
        """Keep what happened for later: twenty thousand tickets at once would hold the engine up."""
        self._news.append((delta, replace(status, trouble="")))

    def board(self) -> RecordedBoard | None:
        """Return the tickets as they stand; the same object while nothing happened to them."""
        news, self._news = self._news, []
        for delta, status in news:
            before = RecordedBoard() if self._board is None else self._board
            self._board = replace(before, status=status)
            if delta.whole or delta.rows or delta.removed or delta.changes:
                self._board = self._changed(self._board, delta)
        return self._board

    def _changed(self, board: RecordedBoard, delta: Delta) -> RecordedBoard:
        rows = {} if delta.whole else dict(board.rows)
        for row in delta.rows:
            rows[row.id] = self._aliases.row(row)
        for number in delta.removed:
            rows.pop(number, None)
        newest = self._changes[-1].number if self._changes and not delta.whole else -1
        if delta.whole:
            self._changes.clear()
        self._changes.extend(self._aliases.change(each) for each in delta.changes if each.number > newest)
        return replace(board, rows=_worth_recording(rows), changes=tuple(self._changes))


def _worth_recording(rows: dict[int, TicketRow]) -> dict[int, TicketRow]:
    """Leave out what makes a recording large: tickets that were over long ago, then the oldest."""
    if len(rows) <= TICKETS:
        return rows
    by_worth = sorted(
        rows.values(), key=lambda row: (row.state is not TicketState.OPEN, -(row.opened_at or 0))
    )
    return {row.id: row for row in by_worth[:TICKETS]}


class Recorder:
    """Writes a recording. `look` runs in the engine's loop, the rest in any thread."""

    def __init__(self, path: Path, wall: float) -> None:
        """Begin `path`, which must not exist. Raises InvalidInput or StoreError."""
        self.path = path
        self._zip = zlib.compressobj(9, zlib.DEFLATED, _GZIP)
        self._lock = threading.Lock()
        self._last: RecordedFrame | None = None
        self._seen = RecordedFrame()
        self._version = 0
        self._aliases = Aliases()
        self._board = BoardFollower(self._aliases)
        try:
            self._file: int | None = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o600)
        except FileExistsError:
            raise InvalidInput(
                say("{path} exists already. Name another file to record to.", path=path)
            ) from None
        except OSError as error:
            raise store_error(error, path) from error
        self._write({"hubsoft-tui": "recording", "version": VERSION, "began": wall})

    @classmethod
    def begin_in(cls, folder: Path, wall: float) -> Recorder:
        """Begin a file named after the time of day in `folder`. Raises InvalidInput or StoreError."""
        try:
            make_private_folder(folder)
        except OSError as error:
            raise store_error(error, folder) from error
        return cls(folder / f"{datetime.fromtimestamp(wall, UTC).astimezone():%Y-%m-%d-%H%M%S}.rec", wall)

    async def look(self, services: Services) -> None:
        """Take what a snapshot does not hold: the trace, the alerts and what happened to the tickets."""
        self._seen = RecordedFrame(
            so_far=await services.reports.so_far(), alerts=await services.alerts.recent(ALERTS)
        )
        delta = await services.tickets.delta(self._version)
        self._version = delta.version
        self._board.hear(delta, await services.tickets.status())

    def take(self, snapshot: Snapshot) -> None:
        """Write what `snapshot` shows, beside what was looked at last. Raises StoreError."""
        frame = self._aliases.frame(replace(self._seen, snapshot=snapshot))
        self.write(replace(frame, board=self._board.board()))

    def write(self, frame: RecordedFrame) -> None:
        """Write a frame as it is, if it differs from the last in more than time. Raises StoreError."""
        shown = frame.snapshot
        timeless = replace(frame, snapshot=replace(shown, wall=0.0, at=0.0))
        if timeless != self._last:
            self._write({"wall": shown.wall, "at": shown.at, "edit": _edit(self._last, timeless)})
            self._last = timeless

    def close(self) -> None:
        """End the file; what cannot be written any more is not needed to read it. Idempotent."""
        with self._lock:
            file, self._file = self._file, None
            if file is not None:
                try:
                    os.write(file, self._zip.flush())
                except OSError:
                    pass
                finally:
                    os.close(file)

    def _write(self, line: Mapping[str, object]) -> None:
        text = json.dumps(line, separators=(",", ":")).encode()
        text = b"%s\t%08x\n" % (text, zlib.crc32(text))
        with self._lock:
            if self._file is None:
                return
            data = self._zip.compress(text) + self._zip.flush(zlib.Z_SYNC_FLUSH)
            try:
                while data:
                    data = data[os.write(self._file, data) :]
            except OSError as error:
                raise store_error(error, self.path) from error


class Recording:
    """A recording that was read: what was to be seen from each of `times` on (UTC epoch seconds)."""

    def __init__(self, times: Sequence[float], states: Sequence[dict[str, Any]]) -> None:
        """`states` are frames as plain values, which share what did not change between them."""
        self.times = tuple(times)
        self._states = tuple(states)
        self._boards: dict[int, RecordedBoard | None] = {}
        self._versions: list[int] = []
        for place, state in enumerate(self._states):
            same = place and state["board"] is self._states[place - 1]["board"]
            self._versions.append(self._versions[-1] if same else place + 1)

    def place(self, wall: float) -> int:
        """Return which frame was to be seen at `wall`."""
        return max(0, bisect_right(self.times, wall) - 1)

    def version(self, place: int) -> int:
        """Return a number above 0 that is another one for another board."""
        return self._versions[place]

    def frame(self, place: int) -> RecordedFrame:
        """Return a frame by its place. Raises ValueError where it is damaged."""
        state, version = self._states[place], self._versions[place]
        if version not in self._boards:
            board = msgspec.convert(state["board"], RecordedBoard | None, str_keys=True)
            self._boards = {version: board}
        frame = msgspec.convert({**state, "board": None}, RecordedFrame, str_keys=True)
        return replace(frame, board=self._boards[version])


def read_recording(path: Path) -> Recording:
    """Read a recording; one that was cut off is read as far as it goes. Raises InvalidInput."""
    try:
        raw = read_ordinary(path, LARGEST)
    except FileNotFoundError:
        raise InvalidInput(say("There is no file {path}.", path=path)) from None
    except OSError as error:
        raise InvalidInput(
            say("{path} cannot be read: {reason}.", path=path, reason=error.strerror or type(error).__name__)
        ) from error
    unzip = zlib.decompressobj(_GZIP)
    try:
        text = unzip.decompress(raw, LARGEST)
    except zlib.error as error:
        raise _damaged(path) if raw[:2] == b"\x1f\x8b" else _foreign(path) from error
    whole = text[: text.rfind(b"\n") + 1]
    if unzip.unconsumed_tail or not whole:
        raise _foreign(path)
    return _frames_of(path, whole.splitlines())


def _frames_of(path: Path, lines: list[bytes]) -> Recording:
    try:
        header = _loaded(lines[0])
        version = header["version"]
        known = header["hubsoft-tui"] == "recording"
    except (ValueError, TypeError, KeyError):
        raise _foreign(path) from None
    if not known:
        raise _foreign(path)
    if version != VERSION:
        raise InvalidInput(
            say("{path} was recorded by another version of the console. Replay it with that one.", path=path)
        )
    times: list[float] = []
    states: list[dict[str, Any]] = []
    state: Any = None
    try:
        for line in lines[1:]:
            row = _loaded(line)
            state = _edited(state, row["edit"])
            snapshot = {**state["snapshot"], "wall": row["wall"], "at": row["at"]}
            times.append(float(row["wall"]))
            states.append({**state, "snapshot": snapshot})
        found = Recording(times, states)
        for place in {0, len(states) // 2, len(states) - 1} if states else ():
            found.frame(place)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise _damaged(path) from error
    if not states:
        raise InvalidInput(say("{path} holds nothing yet: it was cut off in its first second.", path=path))
    return found


def _loaded(line: bytes) -> Any:  # noqa: ANN401 - what JSON holds
    text, _tab, checksum = line.rpartition(b"\t")
    if zlib.crc32(text) != int(checksum, 16):
        raise ValueError
    return json.loads(text)


def _foreign(path: Path) -> InvalidInput:
    return InvalidInput(say("{path} is no recording of this console.", path=path))


def _damaged(path: Path) -> InvalidInput:
    return InvalidInput(
        say("The recording {path} is damaged. Copy it once more from where it was made.", path=path)
    )


# -- what differs: `=` is a new value; `~` changed keys and `-` keys that went; `<` items dropped at the front,
#    `n` kept behind them, `+` appended.


def _edit(old: Any, new: Any) -> dict[str, Any]:  # noqa: ANN401 - any part of a frame
    """Return how `new` differs from `old`; what is the same object costs nothing."""
    if type(old) is type(new) and is_dataclass(new):
        pairs = {name: (getattr(old, name), getattr(new, name)) for name in _names(cast("Any", type(new)))}
        return {"~": {name: _edit(*pair) for name, pair in pairs.items() if pair[0] != pair[1]}}
    if isinstance(old, dict) and isinstance(new, dict):
        changed = {key: value for key, value in new.items() if key not in old or old[key] != value}
        edit: dict[str, Any] = {
            "~": {_key(key): _edit(old.get(key), value) for key, value in changed.items()}
        }
        if gone := [_key(key) for key in old if key not in new]:
            edit["-"] = gone
        return edit
    if isinstance(old, tuple) and isinstance(new, tuple) and new and new[0] in old:
        drop = old.index(new[0])
        same = takewhile(lambda pair: pair[0] == pair[1], zip(old[drop:], new, strict=False))
        kept = sum(1 for _pair in same)
        return {"<": drop, "n": kept, "+": msgspec.to_builtins(new[kept:], str_keys=True)}
    return {"=": msgspec.to_builtins(new, str_keys=True)}


@cache
def _names(kind: type) -> tuple[str, ...]:
    return tuple(field.name for field in fields(kind))


def _key(key: object) -> str:
    return str(key.value if isinstance(key, Enum) else key)  # JSON's keys are text


def _edited(old: Any, edit: dict[str, Any]) -> Any:  # noqa: ANN401 - any plain value
    if "=" in edit:
        return edit["="]
    if "~" in edit:
        gone = set(edit.get("-", ()))
        new = {key: value for key, value in old.items() if key not in gone}
        for key, each in edit["~"].items():
            new[key] = _edited(old.get(key), each)
        return new
    start = edit["<"]
    return [*old[start : start + edit["n"]], *edit["+"]]
