"""What counts no more, told to every machine: the memory was cleared, or an action changed what records tell.

It goes into the ledger with a turn, and each turn brings what is new there, so that a machine that slept, or that came
later, learns it too. What can no longer be named puts all that is older in doubt. That a record is newer elsewhere is
only a hint, for those who hear it: it is as young as its age limit wants without that.
"""

from __future__ import annotations

import logging
import math
import secrets
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any, Final

import msgspec

from ..core.clock import Clock
from ..core.limiter.ledger import Ledger, MachineNotes
from ..errors import StoreError
from .budget import MachineLedger
from .connection import SharedServer
from .seal import Seal

logger = logging.getLogger(__name__)

PLACE: Final = "news"
CLEARED: Final = "*"
"""Begins the word that everything is forgotten."""
CHANNEL: Final = "n"
MARGIN: Final = 0.25
"""Seconds by which two machines may differ in when it was that one asked."""
DOUBT: Final = "?"
"""Too much was changed to be named: whatever is older may be."""
MOST: Final = 16
"""So much is told again to a server that was emptied."""
MOST_CHANGED: Final = 1_000
"""Of so many records it is known when each was changed; with more, what is older than the last half is in doubt."""


class SharedNews:
    """A NewsPort over the turns at the shared budget."""

    def __init__(
        self,
        server: SharedServer,
        seal: Seal,
        *,
        owner: str,
        clock: Clock,
        ledger: MachineLedger,
        hurry: Callable[[], None],
    ) -> None:
        """`hurry` has a turn taken soon."""
        self._owner = owner
        self._seal = seal
        self._ledger = ledger
        self._clock = clock
        self._server = server
        self._hurry = hurry
        self.on_outdated: Callable[[tuple[str, ...] | None, float], object] = lambda _names, _before: None
        self.on_cleared: Callable[[float], object] = lambda _before: None
        self._unsaid: list[str] = []
        self._said = 0
        self._own: set[str] = set()
        self._heard = ("", 0)
        """Of which ledger, and how much of what was told there."""
        self._since: dict[str, float] = {}
        """When a record was changed, on the server's fast clock (ms)."""
        self._all_since = -math.inf

    def outdated(self, names: Iterable[str]) -> None:
        """These records tell what was changed."""
        self._tell(self._seal.sealed_text(msgspec.msgpack.encode(tuple(names)), PLACE))

    def newer(self, names: Iterable[str], age: float) -> None:
        """A person asked anew `age` seconds ago, and these records are not what they were."""
        said = msgspec.msgpack.encode((self._owner, age, tuple(names)))
        publish = self._seal.sealed(said, CHANNEL)
        self._server.later(
            self._server.call(lambda client: client.publish(self._server.prefix + CHANNEL, publish))
        )

    def hear(self, said: bytes) -> None:
        """Have the next question about these records look for what is newer at the server."""
        opened = self._seal.opened(said, CHANNEL)
        if opened is None:
            return
        owner, age, names = msgspec.msgpack.decode(opened, type=tuple[str, float, tuple[str, ...]])
        if owner != self._owner:
            self.on_outdated(names, self._clock.now() - age - MARGIN)

    def cleared(self) -> None:
        """All that is remembered is to be forgotten."""
        self._tell(CLEARED + secrets.token_hex(8))
        self._server.later(self._server.script("clear.lua", [f"{self._server.prefix}used"], []))

    def _tell(self, what: str) -> None:
        self._unsaid.append(what)
        self._own.add(what)
        self._hurry()

    def saying(self) -> dict[str, object]:
        """Return what the next message says."""
        self._said = len(self._unsaid)
        return {"nw": list(self._heard), "fo": list(self._unsaid)}

    def heard(self, answer: dict[str, Any]) -> None:
        """Take what an answer to that message brings."""
        del self._unsaid[: self._said]
        self._said = 0
        book, count = answer["nw"]
        if book != self._heard[0]:
            self._since.clear()
            self._all_since = -math.inf
        if (book, count) == self._heard:
            return
        told = [(number, what, ago / 1000, fast) for number, what, ago, fast in answer["fo"]]
        for _number, what, _ago, fast in told:
            names = self._names(what)
            if names is None:
                self._all_since = max(self._all_since, fast)
            for name in names or ():
                self._since[name] = max(fast, self._since.get(name, fast))
        self._bound()
        try:
            self._learn(book, count, told)
        except StoreError as error:  # the next turn brings it again
            logger.warning("news: %s", error)
            return
        self._heard = (book, count)

    def _bound(self) -> None:
        if len(self._since) > MOST_CHANGED:
            oldest = sorted(self._since.items(), key=lambda each: each[1])[: -MOST_CHANGED // 2]
            for name, fast in oldest:
                del self._since[name]
                self._all_since = max(self._all_since, fast)

    def _learn(self, book: str, count: int, told: list[tuple[int, str, float, float]]) -> None:
        """Have this home forget, once for all its processes, what was asked for before. Raises StoreError."""
        now, notes = self._clock.now(), self._ledger.notes()
        known = notes.news[1] if notes.news[0] == book else 0
        fresh = [(what, now - ago) for number, what, ago, _fast in told if number > known]
        for what, before in fresh:
            if what in self._own:
                continue
            if what.startswith(CLEARED):
                self.on_cleared(before)
            else:
                self.on_outdated(self._names(what), before)

        def step(notes: MachineNotes, ledger: Ledger, _now: float) -> tuple[MachineNotes, Ledger, set[str]]:
            kept = tuple((dict(notes.told) | dict(fresh)).items())[-MOST:]
            return replace(notes, news=(book, count), told=kept), ledger, {what for what, _at in kept}

        # What is not told again by any home need not be known again as this machine's own.
        self._own &= self._ledger.note(step).union(self._unsaid)

    def _names(self, what: str) -> tuple[str, ...] | None:
        """Return the records that are meant; None for all."""
        if what.startswith((CLEARED, DOUBT)):
            return None
        opened = self._seal.opened_text(what, PLACE)
        return () if opened is None else msgspec.msgpack.decode(opened, type=tuple[str, ...])

    def doubtful(self, names: Iterable[str], at: float) -> bool:
        """Whether what was asked for at `at` (the server's fast clock, ms) tells what was changed since."""
        return at < self._all_since or any(at < self._since.get(name, -math.inf) for name in names)
