"""Whether a server is fit to be shared: what it is, what it allows, how it is set, and what its ledger holds now.

Looking only: nothing here takes part in the budget. What a try leaves on the server is gone after a minute.
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import field
from enum import Enum
from typing import Any, Final
from urllib.parse import urlsplit

from ..core.clock import Clock
from ..core.ports import MachineSeen
from ..errors import SharedServerLost
from ..formats import countdown
from ..texts import Text, say
from ..values import dataclass
from .connection import SharedServer
from .machines import seen_ledger, versions_text

PINGS: Final = 20
SLOW: Final = 0.5
"""Seconds of a round trip from which on people notice that each request waits for one."""
CLOCK_OFF: Final = 2.0
STEPPED: Final = 5.0
HEARD_SECONDS: Final = 0.2
HEARD_TRIES: Final = 5
OLDEST: Final = (7, 0)
FORMAT: Final = 1
"""Of the ledger: a higher one was written by a newer version of this program."""
PASSING: Final = "60000"
"""Milliseconds after which what a try left is gone."""


KEYS, CHANNELS = "~hs:*", "&hs:*"
REACH: Final = {"key": KEYS, "channel": CHANNELS}
"""What a user is given to reach what it may not."""


class Soundness(Enum):
    """What one check came to."""

    OK = "ok"
    WARNING = "warning"  # it works, and will not always
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class SharedCheck:
    """One thing looked at, what was found, and what to do about it."""

    id: str
    state: Soundness
    text: Text
    advice: Text | None = None


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """All that was looked at; figures are None where it could not be measured."""

    server: str
    checks: tuple[SharedCheck, ...]
    round_trip: tuple[float, float] | None = None
    """Seconds: half of the calls took less than the first, nineteen of twenty less than the second."""
    clock_offset: float | None = None
    """Seconds that the server's clock is ahead of this machine's."""
    epoch: str = ""
    """Of the ledger: it is another one whenever the ledger began anew."""
    machines: int | None = None
    quarantine: float = 0.0
    """Seconds until the ledger grants again after a loss."""
    unknown: float = 0.0
    """Seconds for which two thirds are kept free for machines that are not known."""

    @property
    def state(self) -> Soundness:
        """The worst that was found."""
        found = {check.state for check in self.checks}
        return next((state for state in (Soundness.ERROR, Soundness.WARNING) if state in found), Soundness.OK)


async def diagnose(
    server: SharedServer, clock: Clock, machines: Callable[[], Awaitable[list[MachineSeen]]]
) -> Diagnosis:
    """Look at everything, as far as the server answers; `machines` returns who is there."""
    host = server.address.host
    try:
        await server.call(lambda client: client.ping())
    except SharedServerLost as error:
        if error.refused:  # it answers: what is missing is looked for below
            return await _answering(server, clock, machines)
        advice = say("See “When it is down” in docs/shared.md.")
        return Diagnosis(
            host, (SharedCheck("reaches", Soundness.ERROR, say("{reason}", reason=error.text), advice),)
        )
    return await _answering(server, clock, machines)


async def _answering(server: SharedServer, clock: Clock, machines: Callable[[], Any]) -> Diagnosis:
    """Look at a server that answers."""
    host = server.address.host
    checks = [SharedCheck("reaches", Soundness.OK, say("{host} answers.", host=host)), _encryption(server)]
    try:
        missing = await _missing_rights(server)
        checks.append(_rights(missing))
        if missing & {KEYS, "+info", "+get", "+eval", "+evalsha", "+time"}:
            return Diagnosis(host, tuple(checks))
        facts = {**await server.info("server"), **await server.info("memory")}
        facts |= {**await server.info("persistence"), **await server.info("replication")}
        checks += [_version(facts), _policy(facts), _persistence(facts), _copies(facts)]
        trips, offset = await _timed(server, clock)
        checks += [_round_trip(trips), _clock(offset)]
        ledger = await read_ledger(server)
        there = await machines()
    except SharedServerLost as error:
        checks.append(SharedCheck("reaches", Soundness.ERROR, say("{reason}", reason=error.text)))
        return Diagnosis(host, tuple(checks))
    checks += [*_of_ledger(ledger), *_of_machines(there)]
    return Diagnosis(
        host,
        tuple(checks),
        round_trip=trips,
        clock_offset=offset,
        epoch=ledger.epoch,
        machines=len(there),
        quarantine=ledger.quarantine,
        unknown=ledger.unknown,
    )


def _encryption(server: SharedServer) -> SharedCheck:
    parts = urlsplit(server.address.url)
    if parts.scheme == "rediss":
        return SharedCheck("encryption", Soundness.OK, say("TLS, and its certificate is vouched for."))
    if server.address.encrypted:
        return SharedCheck(
            "encryption", Soundness.OK, say("Not encrypted, and it does not leave this machine.")
        )
    return SharedCheck(
        "encryption",
        Soundness.WARNING,
        say("Not encrypted: the password and the budget can be read and changed on the way."),
        say("Use rediss:// (TLS), or a private network such as WireGuard."),
    )


async def _missing_rights(server: SharedServer) -> set[str]:
    """Try each command that the program uses, on keys that are gone after a minute."""
    key = f"{server.prefix}check:{secrets.token_hex(8)}"
    script = "return redis.call('TIME')"
    tried: list[tuple[str, tuple[str, ...]]] = [
        ("ping", ("PING",)),
        ("time", ("TIME",)),
        ("info", ("INFO", "server")),
        ("eval", ("EVAL", script, "0")),
        ("evalsha", ("EVALSHA", "0" * 40, "0")),
        ("script|load", ("SCRIPT", "LOAD", script)),
        ("set", ("SET", key, "0", "PX", PASSING)),
        ("get", ("GET", key)),
        ("incr", ("INCR", key)),
        ("del", ("DEL", key)),
        ("zadd", ("ZADD", f"{key}:set", "1", "member")),
        ("zcard", ("ZCARD", f"{key}:set")),
        ("zrange", ("ZRANGE", f"{key}:set", "0", "0")),
        ("zremrangebyrank", ("ZREMRANGEBYRANK", f"{key}:set", "0", "0")),
        ("unlink", ("UNLINK", f"{key}:set")),
        ("publish", ("PUBLISH", f"{server.prefix}check", "")),
    ]
    missing = {
        REACH.get(what, f"+{name}") for name, command in tried if (what := await server.refused(*command))
    }
    if CHANNELS not in missing and not await _hears(server, publishes="+publish" not in missing):
        missing.add("+subscribe")
    return missing


async def _hears(server: SharedServer, *, publishes: bool) -> bool:
    """Tell whether what is published is heard; where nothing can be published a refusal alone is told."""
    try:
        async with server.listening("check") as heard:
            for _try in range(HEARD_TRIES):
                if publishes:
                    await server.refused("PUBLISH", f"{server.prefix}check", "")
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(heard(), HEARD_SECONDS)
                    return True
    except SharedServerLost:
        return False
    return not publishes


def _rights(missing: set[str]) -> SharedCheck:
    if not missing:
        return SharedCheck("rights", Soundness.OK, say("The user may use every command that is needed."))
    shown = ", ".join(each.removeprefix("+") for each in sorted(missing))
    return SharedCheck(
        "rights",
        Soundness.ERROR,
        say("The user may not use: {commands}.", commands=shown),
        say("Add to its line in users.acl: {rights}", rights=" ".join(sorted(missing))),
    )


def _version(facts: dict[str, Any]) -> SharedCheck:
    name = "Valkey" if facts.get("server_name") == "valkey" else "Redis"
    shown = str(facts.get("valkey_version") or facts.get("redis_version") or "?")
    told = say("{name} {version}.", name=name, version=shown)
    try:
        version = tuple(int(part) for part in str(facts.get("redis_version")).split(".")[:2])
    except ValueError:
        version = ()
    if version < OLDEST:
        return SharedCheck(
            "version", Soundness.ERROR, told, say("It must be Redis 7.0 or Valkey 7.2, or newer.")
        )
    if facts.get("redis_mode", "standalone") != "standalone":
        advice = say("Use a server that is no cluster and no sentinel, or the address of its primary.")
        return SharedCheck("version", Soundness.ERROR, told, advice)
    return SharedCheck("version", Soundness.OK, told)


def _policy(facts: dict[str, Any]) -> SharedCheck:
    policy, most = str(facts.get("maxmemory_policy", "")), int(facts.get("maxmemory", 0))
    told = say("maxmemory {most} MB, {policy}.", most=most // 1_048_576, policy=policy)
    if policy.startswith("allkeys-"):
        advice = say("It may throw the budget itself away. Set: maxmemory-policy volatile-lru")
        return SharedCheck("memory", Soundness.ERROR, told, advice)
    if not most:
        advice = say("It may take all the memory of its machine. Set: maxmemory 128mb")
        return SharedCheck("memory", Soundness.WARNING, told, advice)
    if policy == "noeviction":
        advice = say("When it is full no answer is shared any more. Set: maxmemory-policy volatile-lru")
        return SharedCheck("memory", Soundness.WARNING, told, advice)
    return SharedCheck("memory", Soundness.OK, told)


def _persistence(facts: dict[str, Any]) -> SharedCheck:
    if not facts.get("aof_enabled"):
        return SharedCheck(
            "persistence",
            Soundness.WARNING,
            say("No append-only file: after a restart the budget is not known."),
            say(
                "Set: appendonly yes, appendfsync everysec. Without it a restart costs two minutes, "
                "then two thirds of the budget for an hour."
            ),
        )
    if facts.get("aof_last_write_status", "ok") != "ok":
        advice = say("Look whether its disk is full, and at its log.")
        return SharedCheck(
            "persistence", Soundness.ERROR, say("Its append-only file cannot be written."), advice
        )
    return SharedCheck("persistence", Soundness.OK, say("An append-only file is written."))


def _copies(facts: dict[str, Any]) -> SharedCheck:
    if facts.get("role") == "slave":
        advice = say("Set shared.url to its primary.")
        return SharedCheck("copies", Soundness.ERROR, say("This is a read-only copy."), advice)
    count = int(facts.get("connected_slaves", 0))
    if count and "min_slaves_good_slaves" not in facts:
        return SharedCheck(
            "copies",
            Soundness.ERROR,
            say(
                "It has copies ({n}) and goes on without them: two primaries could grant the budget twice.",
                n=count,
            ),
            say("Set: min-replicas-to-write 1, min-replicas-max-lag 10"),
        )
    return SharedCheck("copies", Soundness.OK, say("Copies: {n}.", n=count))


async def _timed(server: SharedServer, clock: Clock) -> tuple[tuple[float, float], float]:
    """Return half and nineteen of twenty round trips, and how far the server's clock is ahead, all in seconds."""
    trips, offsets = [], []
    for _trip in range(PINGS):
        wall, began = clock.wall(), time.monotonic()
        seconds, micros = await server.call(lambda client: client.time())
        trips.append(time.monotonic() - began)
        offsets.append((trips[-1], seconds + micros / 1e6 - wall - trips[-1] / 2))
    ordered = sorted(trips)
    return (ordered[PINGS // 2], ordered[PINGS - 2]), min(offsets)[1]


def _round_trip(trips: tuple[float, float]) -> SharedCheck:
    half, most = (round(1000 * seconds, 1) for seconds in trips)
    told = say("A round trip takes {p50} ms, at most {p95} ms in 19 of 20.", p50=half, p95=most)
    if trips[1] < SLOW:
        return SharedCheck("round_trip", Soundness.OK, told)
    advice = say("Each request waits for one: put the server nearer to where HubSoft is asked from.")
    return SharedCheck("round_trip", Soundness.WARNING, told, advice)


def _clock(offset: float) -> SharedCheck:
    told = say("Its clock and this machine's differ by {seconds} s.", seconds=round(abs(offset), 1))
    if abs(offset) <= CLOCK_OFF:
        return SharedCheck("clock", Soundness.OK, told)
    return SharedCheck(
        "clock", Soundness.WARNING, told, say("Set both by NTP; the budget holds all the same.")
    )


@dataclass(frozen=True, slots=True)
class LedgerSeen:
    """What the ledger holds now; durations in seconds."""

    there: bool = False
    newer: bool = False
    epoch: str = ""
    quarantine: float = 0.0
    unknown: float = 0.0
    held_back: float = 0.0
    others: int = 0
    used: int = 0
    """Slots of the window that are taken."""
    paused: float = 0.0
    """Of a 429."""
    waiting: tuple[int, ...] = (0, 0, 0, 0)
    """Requests in line, by class."""
    answers: Mapping[str, int] = field(default_factory=dict)
    """Calls in the ledger's life, by what came of them: `ok`, `late`, `hello`, `old`."""
    alone: int = 0
    """Requests that machines reported to have sent alone, in its life."""
    flights: Mapping[str, int] = field(default_factory=dict)
    """Looks for questions, by what was found: `have`, `yours`, `wait`, `failed`."""


async def read_ledger(server: SharedServer) -> LedgerSeen:
    """Look at the ledger. Raises SharedServerLost."""
    held = await seen_ledger(server)
    if not held:
        return LedgerSeen()
    if held["f"] > FORMAT:
        return LedgerSeen(there=True, newer=True)
    return LedgerSeen(
        there=True,
        epoch=str(held["e"]),
        quarantine=held["q"] / 1000,
        unknown=held["u"] / 1000,
        held_back=held["H"] / 1000,
        others=held["ot"],
        used=held["n"],
        paused=held["pu"] / 1000,
        waiting=tuple(held["w"]),
        answers=held["k"],
        alone=held["al"],
        flights=held["fl"],
    )


def _of_ledger(seen: LedgerSeen) -> Iterable[SharedCheck]:
    if seen.newer:
        text = say("The budget is kept by newer versions of this program.")
        yield SharedCheck("budget", Soundness.ERROR, text, say("Update it on this machine."))
        return
    if not seen.there:
        yield SharedCheck("budget", Soundness.OK, say("No machine has shared a budget here yet."))
        return
    if seen.quarantine > 0:
        yield SharedCheck(
            "budget",
            Soundness.WARNING,
            say("It began anew: requests go again in {time}.", time=countdown(seen.quarantine)),
        )
    if seen.unknown > 0:
        yield SharedCheck(
            "budget",
            Soundness.WARNING,
            say(
                "Two thirds of the budget are kept free for {time}, for machines that it may not know.",
                time=countdown(seen.unknown),
            ),
            say("If every machine that works with this login is listed: hubsoft-tui shared begin"),
        )
    if seen.held_back > STEPPED:
        yield SharedCheck(
            "budget",
            Soundness.WARNING,
            say("The server's clock jumped ahead by {seconds} s in all.", seconds=round(seen.held_back)),
            say("It was not believed. Let NTP set it, slowly."),
        )
    if seen.others:
        yield SharedCheck(
            "budget",
            Soundness.WARNING,
            say("HubSoft counts {n} requests a minute that no machine here sent.", n=seen.others),
            say(
                "Set shared.url on every machine that uses this login; give other programs one of their own."
            ),
        )
    if seen.quarantine <= 0 and seen.unknown <= 0:
        yield SharedCheck("budget", Soundness.OK, say("The budget is known."))


def _of_machines(there: list[MachineSeen]) -> Iterable[SharedCheck]:
    told = say("Machines: {n}.", n=len(there))
    advice = versions_text(there)
    yield SharedCheck("machines", Soundness.OK if advice is None else Soundness.WARNING, told, advice)
