"""The shared budget as an engine sees it: the ledger while the server answers, else the machine's promised share."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import math
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final, Protocol, TypeVar

from .._version import __version__
from ..core.clock import Clock
from ..core.limiter.ledger import (
    Applicant,
    Ledger,
    Limits,
    MachineNotes,
    QueueHead,
    Slot,
    Throttle,
    Told,
    Turn,
)
from ..core.ports import MachineSeen
from ..core.types import Priority, SharedContact, SharedState
from ..errors import SharedServerLost, StoreError
from ..formats import countdown
from ..texts import Text, say
from ..values import dataclass
from .connection import SharedServer
from .machines import sealed_face, seen_machines
from .membership import SLACK, Membership, TurnReply
from .seal import Seal

T = TypeVar("T")
logger = logging.getLogger(__name__)

BEAT: Final = 2.5
"""Seconds after which an idle process is heard of at the server, and a lost server is looked for."""
GATE_BEAT: Final = 4.0
"""The same while requests wait, for which the gate calls: with the patience of one call, their places last so long."""
GATE_IS_LATE: Final = 5.0
"""A call without those that wait loses their places, so the gate is left its time."""
GRACE: Final = 5.0
"""Seconds without the server that count as a wait, not as a loss."""
AGAIN: Final = 1.0
CANCEL_AGAIN: Final = 0.1
TRIES: Final = 6
NOTHING: Final = Turn((), math.inf)
OTHER: Final = "elsewhere"


class MachineLedger(Protocol):
    """What the processes of this home keep together (see `membership.Notebook`), and what it holds now."""

    def note(self, step: Callable[[MachineNotes, Ledger, float], tuple[MachineNotes, Ledger, T]]) -> T:
        """Change notes and ledger exclusively."""
        ...

    def notes(self) -> MachineNotes:
        """Return the notes, for looking only."""
        ...

    def read(self) -> Ledger:
        """Return the machine's own ledger, for looking only."""
        ...

    def follow(self) -> None:
        """Notice that its file is gone, or another one. Raises StoreError."""
        ...

    def held_by(self) -> Text:
        """Say who holds its file, as a sentence."""
        ...


@dataclass(frozen=True, slots=True)
class MachineFace:
    """What other machines are shown of this process."""

    id: str
    name: str
    kind: str


class SharedBudget:
    """A PermitPort for one engine; `grant` gives out slots of the machine's own ledger by the rules of `turns`."""

    instant = False
    refresh = GATE_BEAT

    def __init__(
        self,
        server: SharedServer,
        seal: Seal,
        face: MachineFace,
        *,
        ledger: MachineLedger,
        owner: str,
        clock: Clock,
        longest: float,
        limits: Limits,
        grant: Callable[[Ledger, Told, float], tuple[Ledger, Turn]],
        alone: Callable[[], bool] = lambda: True,
    ) -> None:
        """`alone` tells whether this is the machine's only process: its last, when it closes."""
        self.owner = owner
        self._server = server
        self._seal = seal
        self._face = face
        self._ledger = ledger
        self._clock = clock
        self._grant = grant
        self._only = alone
        self._limits = limits
        self._member = Membership(face.id, owner, ledger, clock, longest=longest, alone=alone)
        self._member.lasting["who"] = sealed_face(seal, face.name, __version__, face.kind)
        self._member.lasting["ve"] = seal.name(__version__)[:6]
        self._turning = asyncio.Lock()
        self._wake: Callable[[], None] = lambda: None
        self.hearers: dict[str, Callable[[bytes], None]] = {}
        """What else is listened for, by channel."""
        self.asides: list[Callable[[], dict[str, object]]] = []
        """What else each turn says."""
        self.answers: list[Callable[[dict[str, Any]], None]] = []
        """What else is done with each answer."""
        self.catch_up: list[Callable[[], Awaitable[None]]] = []
        """Awaited each time listening begins: earlier messages were missed."""
        self._tasks: list[asyncio.Task[None]] = []
        self._called = -math.inf
        self._waits = False
        self._hurry = asyncio.Event()
        self._lost_at: float | None = None
        self._why: Text | None = None
        self._alone = 0
        self._notes = MachineNotes()

    # -- turns

    async def turn(self, told: Told) -> Turn:
        """Take a turn at the server or, when it is lost, at what was promised. Raises StoreError."""
        async with self._turning:
            self._limits = told.limits
            # A turn that a state which cannot be written ended noted nothing for its caller, who tells it again.
            known = tuple(self._member.facts)
            self._member.tell(fact for fact in told.facts if fact not in known)
            turn = await self._take(told.asks)
            self._waits = len(turn.grants) < len(told.asks)
            return turn

    async def _take(self, asks: Sequence[Applicant]) -> Turn:
        waiting, grants = list(asks), list[Slot]()
        for _ in range(TRIES):
            if self._member.lost or (reply := await self._call(waiting)) is None:
                break
            for slot in reply.grants:
                waiting.remove(next(ask for ask in waiting if ask.priority is slot.priority))
            grants += reply.grants
            if not reply.owed:
                return Turn(tuple(grants), reply.again if waiting else math.inf)
            await asyncio.sleep(max(0.0, reply.again - self._clock.now()))
        if not self._member.lost:
            return Turn(tuple(grants), self._clock.now() + AGAIN)
        alone = self._member.alone(waiting, self._limits, self._grant, NOTHING)
        self._member.holds(alone.grants)
        self._alone += len(alone.grants)
        return Turn((*grants, *alone.grants), min(alone.again, self._clock.now() + AGAIN))

    async def _call(self, asks: Sequence[Applicant]) -> TurnReply | None:
        """Call once; None when there is no answer: then the server is lost."""
        try:
            message = self._member.message(asks, self._limits)
            for aside in self.asides:
                message |= aside()
            self._called = self._clock.now()
            answer = await self._server.turn(message)
        except SharedServerLost as error:
            if error.refused:
                with contextlib.suppress(StoreError):  # then it counts as heard
                    self._member.refused()
            self._lose(_text(error))
            return None
        if answer["s"] == "newer":
            self._lose(
                say(
                    "The shared server speaks with newer versions of this program. Update it on this machine."
                )
            )
            return None
        reply = self._member.answered(answer)
        self._lost_at = self._why = None
        if answer["s"] == "ok":
            for hear in self.answers:
                hear(answer)
        return reply

    def _lose(self, why: Text) -> None:
        if self._lost_at is None:
            logger.warning("%s", why)
            self._lost_at = self._clock.now()
        self._why = why
        self._member.missed()

    # -- keeping in touch

    def start(self, wake: Callable[[], None]) -> None:
        """Begin the regular calls to the server."""
        self._wake = wake
        self._tasks = [
            asyncio.create_task(self._beat(), name="shared beat"),
            asyncio.create_task(self._listen(), name="shared wake"),
        ]

    async def _beat(self) -> None:
        while True:
            try:
                if self._member.lost:
                    await self._look_for_it()
                elif self._clock.now() - self._called >= (GATE_IS_LATE if self._waits else BEAT):
                    async with self._turning:
                        await self._take(())
            except SharedServerLost as error:
                self._why = _text(error)
            except StoreError as error:
                logger.warning("shared budget: %s", error)
            except Exception:
                logger.exception("shared budget")  # the next beat is taken all the same
            self._hurry.clear()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(BEAT if self._member.lost else BEAT / 4):
                    await self._hurry.wait()

    async def _look_for_it(self) -> None:
        """Find out whether the server is back; if so, report."""
        await self._server.ping()
        async with self._turning:
            self._member.back()
            await self._take(())
        self._wake()

    async def _listen(self) -> None:
        while True:
            with contextlib.suppress(SharedServerLost):
                async with self._server.listening(f"w:{self.owner}", *self.hearers) as heard:
                    for learn in self.catch_up:
                        await learn()
                    while True:
                        channel, said = await heard()
                        if channel in self.hearers:
                            self.hearers[channel](said)
                        else:
                            self.hurry()
            await asyncio.sleep(AGAIN)

    def hurry(self) -> None:
        """Take a turn soon."""
        if self._waits:
            self._wake()
        else:
            self._called = -math.inf
            self._hurry.set()

    async def close(self) -> None:
        """Say goodbye to the server; the machine's last process returns its promised share."""
        going = set(self._tasks)
        while going:  # the library loses a word that comes while it connects: say it again
            for task in going:
                task.cancel()
            _, going = await asyncio.wait(going, timeout=CANCEL_AGAIN)
        last = self._only()
        if not self._member.lost and self._member.last and (last or self._hurry.is_set()):
            if last:
                self._member.extras["bye"] = True
            with contextlib.suppress(StoreError):
                async with self._turning:
                    await self._take(())
        await self._server.close()

    # -- what a person says

    async def begin(self, *, at_once: bool = False) -> None:
        """Declare that no other machine uses this login, and keep no share free for one. Raises SharedServerLost.

        What one sent a moment ago is not known: a server that began anew waits until it no longer counts, unless
        none did (`at_once`).
        """
        await self._say(begin=True if at_once else "wait")

    async def forget(self, machine: str) -> None:
        """Declare a machine off and return its promised share. Raises SharedServerLost."""
        await self._say(forget=machine)

    async def spread(self) -> None:
        """Tell the others now what is to be told. Raises SharedServerLost."""
        await self._say()

    async def _say(self, **words: object) -> None:
        async with self._turning:
            self._member.extras |= words
            await self._take(())
        if self._member.lost:
            raise SharedServerLost(self._why or say("The shared server is lost."))

    # -- what is to be seen

    def read(self) -> Ledger:
        """Return the ledger as last heard, or this machine's own while the server is lost."""
        if self._away or not self._member.last:
            ledger = self._ledger.read()
            until = self._opens()
            return ledger if until <= self._clock.now() else ledger.throttled(paused_until=until)
        return self._pictured(self._member.last, self._member.heard)

    @property
    def _away(self) -> bool:
        """The server is lost, though it may be tried this moment."""
        return self._member.lost or self._lost_at is not None

    def _opens(self) -> float:
        """Return when a lost machine may send: at once in the first seconds, which may be all there is."""
        if self._lost_at is None or self._clock.now() - self._lost_at < GRACE:
            return 0.0
        at = self._alone_from()
        return self._clock.now() + self._limits.longest_pause if math.isinf(at) else at

    def _alone_from(self) -> float:
        with contextlib.suppress(StoreError):
            self._notes = self._ledger.notes()
        return self._member.alone_from(self._notes, self._limits)

    def _pictured(self, last: dict[str, Any], at: float) -> Ledger:
        window = self._limits.window
        slots = {
            str(number): Slot(
                str(number),
                self.owner if mine else OTHER,
                Priority(priority - 1),
                started=at - ago / 1000,
                lease_end=at + free / 1000 - window,
                done=at + free / 1000 - window,
            )
            for number, (ago, free, priority, mine) in enumerate(last["sl"])
        }
        queue = {
            (f"{OTHER}{number}", Priority(priority - 1)): QueueHead(
                f"{OTHER}{number}", Priority(priority - 1), at - ago / 1000, waiting, self._clock.now()
            )
            for number, (priority, waiting, ago) in enumerate(last["ln"])
        }
        rate = last["n"] if last["n"] < self._limits.per_window else None
        throttle = Throttle(
            paused_until=at + max(last["pu"], last["qu"] if self._anew() else 0) / 1000,
            rate=rate,
            clean_from=math.inf if rate is not None else 0.0,
            header_limit=last.get("hl"),
            others=last.get("ot") or 0,
            others_until=at + (last.get("ou") or 0) / 1000,
        )
        return Ledger(slots, queue, throttle)

    async def reached(self) -> None:
        """Wait until the server was heard of for the first time, or is lost."""
        if not self._member.last and not self._member.lost:
            async with self._turning:
                if not self._member.last:
                    await self._take(())

    def server_time(self, instant: float) -> tuple[str, float] | None:
        """Return the server's clock at an instant (see `flights.ServerClock`)."""
        return self._member.server_time(instant)

    def follow(self) -> None:
        """Notice that the machine's file is gone, or another one. Raises StoreError."""
        self._ledger.follow()

    def held_by(self) -> Text:
        """Say who holds the machine's file, as a sentence."""
        return self._ledger.held_by()

    def closed_by(self, seconds: float) -> Text | None:
        """Say that the server is lost, or begins anew."""
        if self._away:
            if self._lost_at is None or self._clock.now() - self._lost_at < GRACE:
                return None
            at = self._alone_from()
            if at <= self._clock.now():
                return None
            lost = say("The shared server is lost, and nothing is sent before it is back.")
            if not math.isinf(at):
                lost = say("The shared server is lost: own requests in {time}.", time=countdown(seconds))
            return lost if self._why is None else say("{lost} {why}", lost=lost, why=self._why)
        quarantine = self._anew()
        if quarantine > 0:
            return say(
                "The shared server began anew: requests go again in {time}.", time=countdown(quarantine)
            )
        return None

    def shared(self) -> SharedState:
        """Describe the server and this machine's part in it."""
        now, last, lost = self._clock.now(), self._member.last, self._away
        alone_from = self._alone_from() if lost else 0.0
        contact = SharedContact.ON
        if lost:
            contact = SharedContact.LOST if alone_from > now else SharedContact.ALONE
            contact = SharedContact.SILENT if math.isinf(alone_from) else contact
        return SharedState(
            contact=contact,
            own_in=_whole(alone_from - now) if lost else 0.0,
            promise=self._notes.promise if lost else last.get("b", 0),
            machines=len(last.get("r", ())),
            other_versions=last.get("vs", 0),
            set_aside=last.get("apart", 0),
            quarantine=0.0 if lost else self._left("qu"),
            unknown=0.0 if lost else self._left("un"),
            lost_for=_whole(now - self._lost_at) if lost and self._lost_at is not None else 0.0,
            round_trip=self._server.round_trip,
            alone=self._alone,
            held_back=last.get("H", 0) / 1000,
            plain=not self._server.address.encrypted,
            reason=str(self._why) if lost and self._why is not None else "",
        )

    def _anew(self) -> float:
        """Return the seconds that a server begun anew is closed: none in the first, in which all may report to it."""
        whole = (self._member.last.get("L", 0) / 1000) + self._limits.window + SLACK
        left = self._left("qu")
        return 0.0 if left > whole - GRACE else left

    def _left(self, key: str) -> float:
        """Return the seconds left of a duration that the last answer named."""
        said = self._member.last.get(key, 0) / 1000
        return _whole(self._member.heard + said - self._clock.now()) if said else 0.0

    async def machines(self) -> list[MachineSeen]:
        """Return who is at the server. Raises SharedServerLost."""
        return await seen_machines(self._server, self._seal, self._face.id)


def _whole(seconds: float) -> float:
    return seconds if math.isinf(seconds) else max(0.0, math.ceil(seconds))


def _text(error: SharedServerLost) -> Text:
    return say("{reason}", reason=error.text)
