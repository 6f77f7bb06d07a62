"""One request to HubSoft for a question, whichever machines ask it; and what one machine learnt answers the others."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import struct
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import Final, Protocol

import msgspec

from ..core.clock import Clock
from ..core.ports import FlightPort, Look, RecordPort, StoredEntry
from ..core.types import Priority
from ..errors import BadAnswer, CredentialsRefused, HubSoftError, SharedServerLost, Unreachable
from .connection import SharedServer
from .seal import Seal

logger = logging.getLogger(__name__)

SECONDS: Final = 6.0
"""A dead machine's question is free again after this; a living one says every two seconds that it goes on."""
LOOK_AGAIN: Final = 1.0
"""Seconds after which one who waits looks, though nothing was heard."""
HEADER: Final = ">d12s"
HEADER_BYTES: Final = struct.calcsize(HEADER)
MOST_NAMES: Final = 8
"""By so many names an answer is found that another machine may ask by: a customer's document, code, logins."""
ANSWER: Final = "answer:"
CHANNEL: Final = "f"
TOLD: Final[dict[str, type[HubSoftError]]] = {
    each.__name__: each for each in (Unreachable, BadAnswer, CredentialsRefused)
}
"""Errors that are HubSoft's, not the asking machine's own: who waited for it need not ask again."""


class ServerClock(Protocol):
    """The server's clock as this machine knows it."""

    async def reached(self) -> None:
        """Wait until the server was heard of for the first time, or is lost."""
        ...

    def server_time(self, instant: float) -> tuple[str, float] | None:
        """Return the clock's epoch and what it showed (ms) at least at `instant` (Clock.now); None when not known."""
        ...


class SharedFlights:
    """A FlightPort over the shared server; without it over the processes of this home."""

    seconds = SECONDS

    def __init__(
        self,
        server: SharedServer,
        seal: Seal,
        *,
        owner: str,
        clock: Clock,
        server_clock: ServerClock,
        local: FlightPort,
        records: RecordPort,
        life: float,
        most: int,
        doubtful: Callable[[Iterable[str], float], bool] = lambda _names, _at: False,
    ) -> None:
        """A record lives `life` seconds on the server, which keeps `most`.

        `doubtful` tells whether records asked for at an instant of the server's clock were changed since.
        """
        self._server = server
        self._seal = seal
        self._owner = owner
        self._clock = clock
        self._server_clock = server_clock
        self._local = local
        self._records = records
        self._life = life
        self._most = most
        self._doubtful = doubtful
        self._waiting: dict[str, asyncio.Event] = {}
        self._claims: dict[str, str] = {}
        """The questions that are asked here, and their fences."""
        self.counts: Counter[str] = Counter()
        """Looks by what they found: `have`, `yours`, `wait`, `failed`."""

    async def look(self, key: str, priority: Priority, max_age: float, before: Look | None) -> Look:
        """Find an answer of at most `max_age` seconds, or join who asks already, or begin to ask. Raises StoreError."""
        await self._server_clock.reached()
        now, name = self._clock.now(), self._seal.name(key)
        known = self._server_clock.server_time(now)
        if known is None:
            return await self._local.look(key, priority, max_age, before)
        epoch, at = known
        oldest = at + self._doubt() - max_age * 1000
        if before is not None and before.entries:
            oldest = max(oldest, float(before.mark) + 1)
        self._waiting[name] = asyncio.Event()
        fence = before.mark if before is not None and not before.entries else ""
        asking = self._server.script(
            "look.lua",
            [self._key("r", name), self._key("c", name), self._key("fence"), self._key("used")],
            [self._owner, round(SECONDS * 1000), epoch, oldest, int(priority), fence, self._key("n", "")],
        )
        found = b""
        try:
            found, *rest = await self._server.acquire(asking, lambda answer: self._withdraw(key, *answer))
        except SharedServerLost as error:
            logger.info("single flight: %s", error)
            return await self._local.look(key, priority, max_age, None)
        finally:
            if found != b"wait":
                self._waiting.pop(name, None)
        self.counts[found.decode()] += 1
        if found == b"have":
            if (look := self._opened(name, rest[0], now)) is not None:
                return look
            # Damaged, sealed with another secret, or changed since: as good as not there, and in the way of no new one.
            await self._server.call(lambda client: client.unlink(self._key("r", name)))
            return await self.look(key, priority, max_age, before)
        if found == b"failed":
            return Look(error=self._error(name, rest[0]))
        if found == b"yours":
            self._claims[name] = rest[0].decode()
        return Look(mine=found == b"yours", mark=rest[0].decode())

    def _withdraw(self, key: str, found: bytes, value: bytes) -> None:
        """Take back what was announced for a caller who has left: others would wait until it lapses."""
        if found == b"yours":
            self._end(key, Look(mark=value.decode()), "left")

    def going_on(self) -> dict[str, object]:
        """Say with a turn at the budget which questions are still on their way."""
        claims = list(self._claims.items())
        return {"cl": claims, "cs": round(SECONDS * 1000)} if claims else {}

    def _doubt(self) -> float:
        """Return by how much (ms) the server's clock may be ahead of what this machine knows of it."""
        return self._server.shortest_trip * 1000

    def _opened(self, name: str, value: bytes, now: float) -> Look | None:
        header, sealed = value[:HEADER_BYTES], value[HEADER_BYTES:]
        at: float = struct.unpack(HEADER, header)[0]
        body = self._seal.opened(sealed, f"r:{name}:{header.hex()}")
        known = self._server_clock.server_time(now)
        if body is None or known is None:
            return None
        age = max(0.0, (known[1] + self._doubt() - at) / 1000)
        rows = msgspec.msgpack.decode(body, type=list[tuple[str, str, bytes]])
        if self._doubtful((key for key, *_ in rows), at):
            return None
        wall, epoch = self._clock.wall(), self._clock.epoch()
        entries = tuple(
            StoredEntry(key, kind, body, wall - age, now - age, epoch) for key, kind, body in rows
        )
        return Look(entries=entries, mark=repr(at))

    def _error(self, name: str, sealed: bytes) -> HubSoftError | None:
        told = self._seal.opened_text(sealed, f"c:{name}")
        if told is None:
            return None
        kind, text = msgspec.msgpack.decode(told, type=tuple[str, str])
        return TOLD[kind](text) if kind in TOLD else None

    async def renew(self, key: str, priority: Priority, look: Look) -> None:
        """Say that the question is still on its way; each turn at the budget says so anyway. Raises StoreError."""
        if not look.mark:
            await self._local.renew(key, priority, look)

    async def heard(self, key: str) -> None:
        """Wait until there may be news of a question that another engine asks."""
        name = self._seal.name(key)
        if name not in self._waiting:
            await self._local.heard(key)
            return
        try:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(LOOK_AGAIN):
                    await self._waiting[name].wait()
        finally:
            self._waiting.pop(name, None)  # who still waits looks again, and is expected anew

    def news(self, name: bytes) -> None:
        """Wake those who wait for a question that ended."""
        event = self._waiting.get(name.decode())
        if event is not None:
            event.set()

    def landed(self, key: str, look: Look, entries: list[StoredEntry]) -> None:
        """Keep the answer, here and for all. Raises StoreError."""
        self._records.save(entries, ended="" if look.mark else key)
        known = self._server_clock.server_time(entries[0].fetched_now) if entries else None
        if known is None:
            self._claims.pop(self._seal.name(key), None)
            return
        self._tell(key, look, _answers(key, entries), known, self._life)

    def spread(self, key: str, look: Look, entry: StoredEntry, *, life: float) -> None:
        """Tell an answer to those who ask, for `life` seconds, and keep it nowhere else. Raises StoreError."""
        if not look.mark:
            self._local.failed(key, look, None)
        known = self._server_clock.server_time(entry.fetched_now)
        if known is None:
            self._claims.pop(self._seal.name(key), None)
            return
        self._tell(key, look, {key: [entry]}, known, life)

    def _tell(
        self,
        key: str,
        look: Look,
        answers: dict[str, list[StoredEntry]],
        known: tuple[str, float],
        life: float,
    ) -> None:
        head = struct.pack(HEADER, known[1], known[0].encode())
        keys, values = [], []
        for asked, rows in answers.items():
            name = self._seal.name(asked)
            body = msgspec.msgpack.encode([(row.key, row.kind, row.body) for row in rows])
            keys.append(self._key("r", name))
            values.append(head + self._seal.sealed(body, f"r:{name}:{head.hex()}"))
        self._end(key, look, "kept", life=life, keys=keys, values=values)

    def failed(self, key: str, look: Look, error: HubSoftError | None) -> None:
        """End without an answer. Raises StoreError."""
        if not look.mark:
            self._local.failed(key, look, error)
            return
        # The asker's own trouble (its time, its queue, its disk) is no other's: the next one asks.
        if error is None or type(error).__name__ not in TOLD:
            self._end(key, look, "left")
            return
        told = msgspec.msgpack.encode((type(error).__name__, str(error)))
        sealed = self._seal.sealed_text(told, f"c:{self._seal.name(key)}")
        self._end(key, look, "failed", error=sealed)

    def _end(
        self,
        key: str,
        look: Look,
        how: str,
        *,
        life: float = 0.0,
        keys: Sequence[str] = (),
        values: Sequence[bytes] = (),
        error: str = "",
    ) -> None:
        name = self._seal.name(key)
        if self._claims.get(name) == look.mark:  # not that of the same question, asked anew
            del self._claims[name]
        arguments: list[object] = [
            self._owner, look.mark, how, round(life * 1000), self._most,
            f"{self._server.prefix}{CHANNEL}", name, error, *values,
        ]  # fmt: skip
        self._server.later(
            self._server.script("tell.lua", [self._key("c", name), self._key("used"), *keys], arguments)
        )

    def _key(self, *parts: str) -> str:
        return self._server.prefix + ":".join(parts)


def _answers(key: str, entries: list[StoredEntry]) -> dict[str, list[StoredEntry]]:
    """Return by question the rows that answer it: the one that was asked first, then the records' own names."""
    rows = {entry.key: entry for entry in entries}
    found: dict[str, list[StoredEntry]] = {}
    for name in (f"{ANSWER}{key}", *(name for name in rows if name.startswith(ANSWER))):
        if name in rows and len(found) < MOST_NAMES:
            ids = msgspec.json.decode(rows[name].body).get("ids", [])
            found.setdefault(
                name.removeprefix(ANSWER), [rows[name], *(rows[each] for each in ids if each in rows)]
            )
    return found
