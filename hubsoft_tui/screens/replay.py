"""Replay: the board and the Monitor on a recording, with an engine's stand-in that plays it and sends nothing."""

from __future__ import annotations

import contextlib
import time
from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar, Final, Self, TypeVar, cast

from hubsoft_tui.core.types import Snapshot
from hubsoft_tui.errors import Closed
from hubsoft_tui.formats import clock
from hubsoft_tui.services.tickets.types import BoardState, Delta, SyncStatus, TicketDetail
from hubsoft_tui.settings.tree import Settings
from hubsoft_tui.texts import N_, _, say
from widgets.status_bar import StatusStrip

from .frame.actions import AREAS, PLAYING
from .frame.base import ConsoleScreen
from .frame.console import Console
from .frame.help import HelpScreen

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator

    from textual.binding import BindingType

    from hubsoft_tui.services.container import Services
    from hubsoft_tui.services.recordings import RecordedBoard, RecordedFrame, Recording
    from hubsoft_tui.services.reports.types import SoFar
    from hubsoft_tui.store.alerts import Alert

    from .frame.actions import Action

T = TypeVar("T")

SPEEDS: Final = (0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0)
SEEK_SECONDS: Final = 30.0
ABOUT: Final = N_(
    "What the board and the Monitor showed when they were recorded. The space bar pauses, ← and → go half a "
    "minute back and on, + and - change the speed. Nothing is sent. A recording holds no name, document, phone, "
    "message or label: customers are C-1, C-2, …, those responsible R-1, …, and operators O-1, …"
)
REPLAYED: Final = frozenset(
    {
        *(action.id for action in PLAYING),
        *(f"tickets.{name}" for name in ("details", "close", "feed", "filter", "sort", "turn", "columns")),
        *(f"tickets.{name}" for name in ("open", "changed", "late", "unassigned", "all", "copy_line")),
        *("monitor.read", "area.tickets", "area.monitor", "freeze", "copy", "palette", "help", "quit"),
    }
)
"""What can be done on a recording: look at it."""
NEEDS_ENGINE: Final = frozenset({"go", "record", "outbox", "losses"})
"""What the application does elsewhere."""
_PAUSE: Final = N_("pause"), N_("Stand still, or go on.")


class Playback(Console):
    """What the application does differently while it plays a recording: its other base starts and ends it."""

    areas = tuple(area for area in AREAS if area.id in {"tickets", "monitor"})
    DEFAULT_MODE = "monitor"
    BINDINGS: ClassVar[list[BindingType]] = [action.binding() for action in PLAYING]

    def play(self, recording: Recording) -> Self:
        """Play `recording` once the console runs; `self`."""
        self._player = player = ReplayEngine(recording)
        self._told: tuple[str, SoFar | None] = ("", None)
        self.make_engine = lambda _settings: player
        self.wall = self.ticking = lambda: player.at
        return self

    def _tick(self) -> None:
        super()._tick()
        told, (_mark, so_far) = (self._player.mark(), self._player.frame.so_far), self._told
        if told != self._told and isinstance(screen := self.in_sight, ConsoleScreen):
            self._told = told
            screen.redraw_frame()
            if told[1] != so_far and screen.AREA == "monitor":
                self.call_later(screen.run_action, "read")

    def strip(self) -> StatusStrip:
        """Return the strip with the recorded time of day."""
        return StatusStrip(wall=self.wall)

    def marks(self) -> tuple[tuple[str, str], ...]:
        """Return that it is a replay, of when and how fast."""
        return ((self._player.mark(), "bold $background on $mark"),)

    def allowed(self, action: Action) -> bool:
        """Allow what plays and what only looks."""
        return action.id in REPLAYED

    def actions(self, area: str) -> tuple[Action, ...]:
        """Return what plays before what can be looked at: what freezes a screen pauses a replay."""
        usual = super().actions(area)
        label = N_("go on") if self._player.paused else _PAUSE[0]
        pause = [replace(each, label=label, help=_PAUSE[1]) for each in usual if each.id == "freeze"]
        return (*pause, *PLAYING, *(each for each in usual if each.id != "freeze"))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Keep what needs an engine closed."""
        if action in NEEDS_ENGINE or (
            action == "area" and parameters[0] not in {each.id for each in self.areas}
        ):
            return False
        return super().check_action(action, parameters)

    def action_help(self) -> None:
        """Explain what is replayed."""
        self.push_screen(HelpScreen("replay", ABOUT))

    def paused_as_a_whole(self) -> bool:
        """Pause, or go on."""
        self._player.pause(paused=not self._player.paused)
        self._tick()
        return True

    def action_play(self, how: str) -> None:
        """Seek, or change the speed."""
        self._player.turn(how)
        self._tick()


class ReplayEngine:
    """Plays a recording where screens expect an engine. `at` is the recorded instant in sight, UTC epoch seconds."""

    def __init__(self, recording: Recording, ticking: Callable[[], float] = time.monotonic) -> None:
        self.settings = Settings()
        self.recording = recording
        self.speed = 1.0
        self.paused = False
        self._clock = ticking
        self._from, self._since = recording.times[0], ticking()
        self._shown: tuple[int, RecordedFrame] | None = None

    @property
    def at(self) -> float:
        """The recorded instant in sight."""
        went = 0.0 if self.paused else (self._clock() - self._since) * self.speed
        return min(self._from + went, self.recording.times[-1])

    def pause(self, *, paused: bool) -> None:
        """Stand still, or go on."""
        self._go(self.at)
        self.paused = paused

    def seek(self, seconds: float) -> None:
        """Go `seconds` on, or back."""
        self._go(max(self.recording.times[0], self.at + seconds))

    def change_speed(self, step: int) -> None:
        """Play at the next faster or slower speed."""
        self._go(self.at)
        place = SPEEDS.index(self.speed) + step
        self.speed = SPEEDS[min(max(place, 0), len(SPEEDS) - 1)]

    def turn(self, how: str) -> None:
        """Do what the name of a key's action says."""
        match how:
            case "back":
                self.seek(-SEEK_SECONDS)
            case "forward":
                self.seek(SEEK_SECONDS)
            case "slower":
                self.change_speed(-1)
            case "faster":
                self.change_speed(+1)

    def _go(self, at: float) -> None:
        self._from, self._since = at, self._clock()

    @property
    def place(self) -> int:
        """Which of the recorded frames is in sight."""
        return self.recording.place(self.at)

    @property
    def frame(self) -> RecordedFrame:
        """What was to be seen then."""
        place = self.place
        if self._shown is None or self._shown[0] != place:
            self._shown = place, self.recording.frame(place)
        return self._shown[1]

    def snapshot(self) -> Snapshot:
        """Return the snapshot of that instant."""
        place, shown = self.place, self.frame.snapshot
        versions = {"tickets": self.recording.version(place)}
        return replace(shown, serial=place + 1, badges=replace(shown.badges, versions=versions))

    def mark(self) -> str:
        """Return that it is a replay, of when, up to when, and how fast."""
        last = self.recording.times[-1]
        parts = [_("REPLAY"), f"{clock(self.at, seconds=True)} / {clock(last, seconds=True)}"]
        if self.speed != 1.0:
            parts.append(f"×{self.speed:g}")
        if self.paused:
            parts.append(_("paused"))
        elif self.at >= last:
            parts.append(_("end"))
        return " ".join(parts)

    def start(self) -> None:
        """Begin at the beginning."""
        self._go(self.recording.times[0])

    def close(self, timeout: float = 5.0) -> None:
        """Do nothing: nothing runs."""

    def call(self, ask: Callable[[Services], Awaitable[T]], timeout: float | None = None) -> T:
        """Refuse: nothing is kept of how a replay was left."""
        raise _refusal()

    async def run(self, ask: Callable[[Services], Awaitable[T]]) -> T:
        """Answer from the recording what the board and the Monitor ask; refuse the rest."""
        return await ask(cast("Services", _RecordedServices(self.frame, self.recording.version(self.place))))

    @contextlib.contextmanager
    def watch(self) -> Iterator[None]:
        """Do nothing: snapshots are there."""
        yield


def _refusal() -> Closed:
    return Closed(say("This is not in the recording."))


class _RecordedServices:
    """Stands for the services at one instant of a recording."""

    shared = None

    def __init__(self, frame: RecordedFrame, version: int) -> None:
        self.tickets = _RecordedTickets(frame.board, version)
        self.reports = self.alerts = _RecordedTrace(frame)

    def __getattr__(self, name: str) -> object:
        raise _refusal()


class _RecordedTickets:
    """The tickets as the board asks for them: always whole, since a person may go back in time."""

    def __init__(self, board: RecordedBoard | None, version: int) -> None:
        self._board, self._version = board, version

    async def delta(self, since: int) -> Delta:
        if self._board is None or since == self._version:
            return Delta(self._version, whole=since != self._version)
        return Delta(self._version, tuple(self._board.rows.values()), (), self._board.changes, whole=True)

    async def status(self) -> SyncStatus:
        return SyncStatus() if self._board is None else self._board.status

    async def board(self) -> BoardState:
        return BoardState()

    async def keep_board(self, board: BoardState) -> None:
        del board

    async def changed_after(self, number: int) -> int:
        del number
        return 0

    async def detail(self, ticket_id: int, *, refresh: bool = False, label: str = "") -> TicketDetail:
        if self._board is None or (row := self._board.rows.get(ticket_id)) is None:
            raise _refusal()
        history = tuple(change for change in self._board.changes if change.ticket_id == ticket_id)
        return TicketDetail(row, history=history)

    def __getattr__(self, name: str) -> object:
        raise _refusal()


class _RecordedTrace:
    """What the Monitor reads beside the snapshots."""

    def __init__(self, frame: RecordedFrame) -> None:
        self._frame = frame

    async def so_far(self) -> SoFar:
        if self._frame.so_far is None:
            raise _refusal()
        return self._frame.so_far

    async def recent(self, limit: int = 0) -> tuple[Alert, ...]:
        del limit
        return self._frame.alerts

    def __getattr__(self, name: str) -> object:
        raise _refusal()
