"""One process's part at the shared budget: what it says to the ledger's script, and what it makes of the answers.

Nothing here sends or waits. The process is ON while the server answers, and LOST after 2 s without an answer. LOST, it
gets nothing for two minutes, in which all that the shared ledger granted comes to its end; after that the machine may
spend alone the few requests a window that it was promised, which the others keep free for it. `turn.lua` is
the other side; instants here are seconds on Clock.now, the script's are milliseconds on the server's clocks.
"""

from __future__ import annotations

import math
import secrets
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any, Final, Protocol, TypeVar

from ..core.clock import Clock
from ..core.limiter.ledger import (
    Applicant,
    Ended,
    Fact,
    Ledger,
    Limits,
    MachineNotes,
    SeenLimit,
    Slot,
    Told,
    TooMany,
    Unused,
)
from ..core.types import Priority
from ..values import dataclass

T = TypeVar("T")
Message = dict[str, Any]

PATIENCE: Final = 2.0
"""Seconds after which a call without an answer counts as none, and its message is no longer believed."""
SILENCE: Final = 8.0
"""Seconds without a call after which the others keep a machine's promise free."""
SLACK: Final = 0.25
"""Seconds by which the window is charged longer than it is."""
DRIFT: Final = 1.001
DRIFT_MS: Final = 0.2
"""Milliseconds a second by which two clocks may drift apart."""
ALONE_SECONDS: Final = 3600.0
"""How long after its last answer a machine may work alone."""
LATE_GRANT: Final = 1.0
"""A grant with less than this left of its lease is not used."""
AHEAD: Final = 5.0
"""What a sign of life changes is noted so rarely: that one was sent is noted for so long ahead."""
AT_ONCE: Final = 0.001
SOON: Final = 0.05


class Notebook(Protocol):
    """What the processes of one home keep together: the notes, and the ledger of what this machine was granted."""

    def note(self, step: Callable[[MachineNotes, Ledger, float], tuple[MachineNotes, Ledger, T]]) -> T:
        """Change both exclusively, and return what `step` found out. Raises StoreError."""
        ...


@dataclass(frozen=True, slots=True)
class TurnReply:
    """What an answer brought: slots to use, when to call again, and whether that call is owed."""

    grants: tuple[Slot, ...] = ()
    again: float = math.inf
    owed: bool = False


class Membership:
    """One process of one machine. `longest` is the longest lease of a permit, in seconds."""

    def __init__(
        self,
        machine: str,
        owner: str,
        notebook: Notebook,
        clock: Clock,
        *,
        longest: float,
        alone: Callable[[], bool] = lambda: False,
    ) -> None:
        """`alone` tells whether this is the machine's only process: then what it knows need not be noted each time."""
        self._alone = alone
        self.machine = machine
        self.owner = owner
        self.lost = False
        """The server does not answer."""
        self.last: Message = {}
        """The last answer that counted."""
        self.heard = -math.inf
        """When it came."""
        self.lasting: Message = {}
        """What every message says besides: which program this is."""
        self.extras: Message = {}
        """What the next message says besides: a person's word, a farewell."""
        self._notebook = notebook
        self._clock = clock
        self._longest = longest
        self._number = 0
        self._answered, self._epoch, self._version, self._contact = 0, "", 0, 0.0
        self._sent_at = self._ahead = -math.inf
        self._unsent = (self._sent_at, self._ahead, 0.0)
        """What was known of messages before the last."""
        self._floor = _Floor()
        self._reports = True
        self._flying: dict[str, Slot] = {}
        self._facts: list[Fact] = []
        self._unwritten: list[Fact] = []
        self._sent: _Sent | None = None

    # -- what is to be said

    def tell(self, facts: Iterable[Fact]) -> None:
        """Note facts for the next message."""
        for fact in facts:
            self._facts.append(fact)
            self._unwritten.append(fact)
            if isinstance(fact, Ended | Unused):
                self._flying.pop(fact.slot.id if isinstance(fact, Ended) else fact.id, None)

    @property
    def facts(self) -> Sequence[Fact]:
        """What the server was not told yet."""
        return self._facts

    @property
    def flying(self) -> Sequence[Slot]:
        """The slots in flight."""
        return tuple(self._flying.values())

    def message(self, asks: Iterable[Applicant], limits: Limits) -> Message:
        """Return the next message. Raises StoreError: then none is sent."""
        self._number += 1
        self._window = limits.window + SLACK
        now, notes, ledger = self._notebook.note(self._noted)
        self._unwritten.clear()
        floor = self._floor = self._floor if self._floor.epoch else _Floor(*notes.floor, notes.held_back)
        floor = floor.at(now)
        facts, reports = tuple(self._facts), self._reports and bool(floor.epoch)
        heads = _heads(asks, now)
        lease = min(self._longest, max((lease for *_, lease in heads), default=0.0))
        self._sent = _Sent(now, self._number, len(facts), notes.epoch, lease, reports=reports)
        message: Message = {
            "o": self.owner,
            "m": self.machine,
            "n": self._number,
            "e": notes.epoch,
            "v": max(notes.version, self._version if notes.epoch == self._epoch else 0),
            "ln": self._answered if notes.epoch == self._epoch and now - self.heard < self._longest else 0,
            "new": secrets.token_hex(6),
            "L": _ms(self._longest),
            "lim": [
                limits.per_window,
                _ms(limits.window),
                *(min(cap, limits.per_window) for cap in limits.caps),
                limits.low_minimum,
            ],
            "lease": _ms(lease),
            "fl": list(self._flying),
            "d": [
                [fact.slot.id, _ms(now - fact.slot.done)]
                for fact in facts
                if isinstance(fact, Ended) and fact.slot.done is not None
            ],
            "un": [fact.id for fact in facts if isinstance(fact, Unused)],
            "tm": [
                [_ms(now - fact.at), _ms(limits.pause(fact.retry_after))]
                for fact in facts
                if isinstance(fact, TooMany)
            ],
            "hd": [
                [fact.limit, -1 if fact.remaining is None else fact.remaining]
                for fact in facts
                if isinstance(fact, SeenLimit)
            ],
            "h": [[priority + 1, count, _ms(age)] for priority, count, age, _ in heads],
            "b": notes.promise,
            "na": 0,
            **self.lasting,
            **self.extras,
        }
        if floor.epoch:
            message["le"] = floor.epoch
            message["lo"], message["lr"] = int(now * 1000 + floor.slow), int(now * 1000 + floor.fast)
            message["lh"] = int(floor.held_back)
            message["na"] = int(now * 1000 + floor.fast + PATIENCE * 1000)
        if reports:
            message["rep"] = self._report(notes, ledger, now)
        return message

    def _noted(
        self, notes: MachineNotes, ledger: Ledger, now: float
    ) -> tuple[MachineNotes, Ledger, tuple[float, MachineNotes, Ledger]]:
        """Note before it is sent that a message leaves, and what this process knows of its slots."""
        ledger = _written(ledger, self._unwritten).swept(self._window, now)
        self._unsent, self._sent_at = (self._sent_at, self._ahead, notes.sent), now
        if notes.sent != self._ahead or self._ahead < now:
            self._ahead = now + AHEAD
            notes = replace(notes, sent=self._ahead)
        return notes, ledger, (now, notes, ledger)

    def _report(self, notes: MachineNotes, ledger: Ledger, now: float) -> Message:
        """Tell all that the machine did lately, alone or not, and which machines it knows."""
        slots = [
            [
                slot.id,
                slot.priority + 1,
                _ms(now - slot.started),
                None if (done := _done(slot, now)) is None else _ms(now - done),
                _ms(max(0.0, slot.lease_end - now)),
                slot.owner,
            ]
            for slot in ledger.slots.values()
        ]
        away = int(min(1e9, (now - max(notes.contact, self._contact)) * 1000)) if notes.roster else -1
        news = [[what, _ms(max(0.0, now - at))] for what, at in notes.told]
        return {"s": slots, "r": dict(notes.roster), "ra": away, "nw": news}

    def server_time(self, instant: float) -> tuple[str, float] | None:
        """Return the epoch of the server's fast clock, and what that showed (ms) at least at `instant`."""
        if self.lost or not self.last:
            return None
        floor = self._floor.at(self._clock.now())
        return floor.epoch, instant * 1000 + floor.fast

    # -- what comes back

    def answered(self, answer: Message) -> TurnReply:
        """Take an answer to the last message. Raises StoreError: then nothing that it grants may be used."""
        sent, self._sent, now = self._sent, None, self._clock.now()
        if sent is None or answer["s"] == "newer":
            return TurnReply()
        slow, fast = answer["u"] - now * 1000, answer["f"] - now * 1000
        floor = self._floor.at(now) if answer["e"] == self._floor.epoch else _Floor(answer["e"], now)
        held_back = max(floor.held_back, answer["u"] - answer["t"])
        floor = replace(floor, slow=max(floor.slow, slow), fast=max(floor.fast, fast), held_back=held_back)
        if answer["s"] != "ok":
            self._floor = replace(floor, fast=fast)
            if answer["s"] == "late" and now - sent.at < PATIENCE:
                self.extras["jp"] = True  # it came in time: the server's clock jumped
            self._reports = self._reports or answer["s"] == "hello"
            return TurnReply(again=now + (AT_ONCE if answer["s"] == "hello" else SOON), owed=True)
        self._floor, self._answered, self._epoch = floor, sent.number, answer["e"]
        self._version, self._contact = answer["v"], sent.at
        self.extras = {}
        owed = bool(answer["need"]) and not sent.reports
        self._reports = owed
        del self._facts[: sent.facts]
        grants = self._notebook.note(self._noting(answer, sent))
        self._flying |= {slot.id: slot for slot in grants}
        self.last, self.heard, self.lost = answer, now, False
        again = now + (SOON if owed else answer["w"] / 1000)
        return TurnReply(grants, again, owed)

    def _noting(
        self, answer: Message, sent: _Sent
    ) -> Callable[[MachineNotes, Ledger, float], tuple[MachineNotes, Ledger, tuple[Slot, ...]]]:
        lease_end, floor = sent.at + sent.lease, self._floor

        def step(
            notes: MachineNotes, ledger: Ledger, now: float
        ) -> tuple[MachineNotes, Ledger, tuple[Slot, ...]]:
            # While the answer was on its way another process of this machine may have met a ledger that knows
            # nothing of these grants, and reported what the machine holds without them.
            counts = notes.epoch in {answer["e"], sent.epoch}
            fresh = replace(
                notes,
                promise=answer["b"],
                roster=dict(answer["r"] or {}),  # an empty table is packed as a list
                epoch=answer["e"],
            )
            if fresh != notes or sent.at >= notes.contact + AHEAD or not self._alone():
                if counts and (notes.epoch != answer["e"] or answer["v"] > notes.version):
                    seen = (floor.epoch, floor.since, floor.slow, floor.fast)
                    notes = replace(fresh, version=answer["v"], floor=seen, held_back=floor.held_back)
                notes = replace(notes, contact=max(notes.contact, sent.at))
            slots = tuple(
                Slot(name, self.owner, Priority(priority - 1), started=now, lease_end=lease_end)
                for name, priority in answer["g"]
                if counts and now < lease_end - LATE_GRANT
            )
            for slot in slots:
                ledger = ledger.holding(slot)
            return notes, ledger, slots

        return step

    def refused(self) -> None:
        """The server said that it did nothing with the last message: it was not heard. Raises StoreError."""
        sent_at, ahead, before = self._unsent

        def step(notes: MachineNotes, ledger: Ledger, _now: float) -> tuple[MachineNotes, Ledger, None]:
            # Another process of this machine may have sent since.
            return (replace(notes, sent=before) if notes.sent == self._ahead else notes), ledger, None

        self._notebook.note(step)
        self._sent_at, self._ahead = sent_at, ahead

    def missed(self) -> None:
        """No answer came: the process is LOST until the server answers a ping."""
        self._sent = None
        self.lost = True

    def back(self) -> None:
        """The server answers again: the next message reports."""
        self.lost, self._reports = False, True

    # -- alone

    def alone_from(self, notes: MachineNotes, limits: Limits) -> float:
        """Return from when on the machine may work alone; inf when it may not."""
        longest = max(self._longest, self.last.get("L", 0) / 1000)
        sent = (
            self._sent_at if notes.sent == self._ahead else notes.sent
        )  # only this process sent since it noted that
        start = sent + (PATIENCE + SILENCE + longest + limits.window + SLACK) * DRIFT
        until = notes.contact + ALONE_SECONDS
        return (
            start if notes.promise > 0 and notes.contact and start < until > self._clock.now() else math.inf
        )

    def alone(
        self,
        asks: Sequence[Applicant],
        limits: Limits,
        grant: Callable[[Ledger, Told, float], tuple[Ledger, T]],
        nothing: T,
    ) -> T:
        """Let `grant` serve people from the promise, if the machine may work alone. Raises StoreError."""
        facts = tuple(self._unwritten)
        people = [ask for ask in asks if ask.priority <= Priority.HIGH]

        def step(
            notes: MachineNotes, ledger: Ledger, now: float
        ) -> tuple[MachineNotes, Ledger, tuple[bool, T]]:
            if now < self.alone_from(notes, limits):
                return notes, _written(ledger, facts), (False, nothing)
            ledger, found = grant(ledger, Told(facts, people, _promised(limits, notes.promise)), now)
            return notes, ledger, (True, found)

        alone, found = self._notebook.note(step)
        # What HubSoft said counts for this machine once it sends alone.
        self._unwritten[: len(facts)] = [] if alone else [fact for fact in facts if not _of_slots(fact)]
        return found

    def holds(self, slots: Iterable[Slot]) -> None:
        """Note what was granted alone."""
        self._flying |= {slot.id: slot for slot in slots}


@dataclass(frozen=True, slots=True)
class _Floor:
    """How far (ms) the server's slow clock and its fast one are at least ahead of ours, as of `since`."""

    epoch: str = ""
    since: float = 0.0
    slow: float = -math.inf
    fast: float = -math.inf
    held_back: float = 0.0
    """How far (ms) the slow one was ever held back: what is sure of it counts from there."""

    def at(self, now: float) -> _Floor:
        """Return what is sure of it later, as our clock may run faster than the server's."""
        lost = max(0.0, now - self.since) * DRIFT_MS
        return replace(self, since=now, slow=self.slow - lost, fast=self.fast - lost)


@dataclass(frozen=True, slots=True)
class _Sent:
    at: float
    number: int
    facts: int
    epoch: str
    """Of the ledger that the machine knew then."""
    lease: float
    reports: bool


def _written(ledger: Ledger, facts: Iterable[Fact]) -> Ledger:
    """Return the machine's own ledger with what is known of its slots."""
    for fact in facts:
        if isinstance(fact, Ended):
            ledger = ledger.holding(fact.slot)
        elif isinstance(fact, Unused):
            ledger = ledger.without({fact.id})
    return ledger


def _of_slots(fact: Fact) -> bool:
    return isinstance(fact, Ended | Unused)


def _promised(limits: Limits, promise: int) -> Limits:
    """Return the limits of a machine alone: every request of its promise is a person's."""
    return replace(
        limits,
        per_window=promise,
        window=limits.window + SLACK,
        caps=(promise, promise, promise, promise),
        low_minimum=0,
    )


def _heads(asks: Iterable[Applicant], now: float) -> list[tuple[Priority, int, float, float]]:
    """Return for each class that waits: how many, for how long the first has, and the longest lease."""
    found: dict[Priority, tuple[int, float, float]] = {}
    for ask in asks:
        count, age, lease = found.get(ask.priority, (0, now - ask.arrival, 0.0))
        found[ask.priority] = (count + 1, age, max(lease, ask.lease))
    return [(priority, *rest) for priority, rest in found.items()]


def _done(slot: Slot, now: float) -> float | None:
    """Return when the request completed, or the lease's end once that has passed."""
    return slot.lease_end if slot.done is None and slot.lease_end <= now else slot.done


def _ms(seconds: float) -> int:
    return round(seconds * 1000)
