"""The ledger's script and the rules of one home are the same rules: driven with the same facts, both decide alike."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import msgspec
import pytest
import redis
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from hubsoft_tui.core.limiter.ledger import (
    Ended,
    Fact,
    Ledger,
    Limits,
    SeenLimit,
    Slot,
    Told,
    TooMany,
    Unused,
)
from hubsoft_tui.core.limiter.throttle import in_force, limits_from
from hubsoft_tui.core.limiter.turns import taken
from hubsoft_tui.core.types import Priority
from hubsoft_tui.settings.tree import LimiterSettings
from tests.fuzzing import examples
from tests.shared.conftest import both_servers
from tests.shared.world import CLOCK, KEY, script_text

pytestmark = both_servers

SLACK = 250
WINDOW = 4000
LEASE = 3000
START = 1_800_000_000_000
FROZEN = 6000


@dataclass(frozen=True)
class Ask:
    priority: Priority
    arrival: float
    lease: float = LEASE


@dataclass(frozen=True)
class Call:
    """One call of one process; instants in milliseconds."""

    after: int
    owner: int
    counts: tuple[int, int, int, int]
    ended: tuple[int, ...]
    unused: bool
    paused: int | None
    header: tuple[int, int] | None


calls = st.builds(
    Call,
    after=st.sampled_from([0, 0, 1, 40, 300, 700, 1500, WINDOW, WINDOW + SLACK]),
    owner=st.integers(0, 2),
    counts=st.tuples(*(st.sampled_from([0, 0, 1, 2, 6]) for _ in Priority)),
    ended=st.tuples(*(st.integers(0, 3) for _ in range(2))),
    unused=st.booleans(),
    paused=st.sampled_from([None] * 8 + [0, 500, 3000]),
    header=st.sampled_from([None] * 8 + [(4, 1), (9, 0), (30, 25)]),
)


class Both:
    """One ledger kept by the script, and one by the rules of Python, in milliseconds."""

    def __init__(self, client: Any, script: Any, limits: Limits) -> None:
        client.flushdb()
        self.client, self.script, self.limits = client, script, limits
        self.now, self.number, self.epoch = START, 0, ""
        self.ledger = Ledger()
        self.waiting: dict[tuple[int, Priority], tuple[int, int]] = {}
        self.posted: dict[int, int] = {}
        self.flying: dict[int, list[tuple[str, Slot]]] = {0: [], 1: [], 2: []}
        for _ in range(2):
            self.say(0, {"begin": True, "rep": {"s": [], "r": {}, "ra": 0}})

    def say(self, owner: int, more: dict[str, Any]) -> dict[str, Any]:
        self.client.set(CLOCK, self.now)
        self.number += 1
        limits = self.limits
        message = {
            "o": f"p{owner}", "m": "one", "n": self.number, "e": "", "v": 0, "ln": 0, "srv": "run",
            "new": "epoch", "L": LEASE, "lease": LEASE, "b": 0, "le": self.epoch, "lo": self.now,
            "lr": self.now, "na": self.now + 2000,
            "lim": [limits.per_window, WINDOW, *limits.caps, limits.low_minimum],
            "fl": [name for name, _ in self.flying[owner]], **more,
        }  # fmt: skip
        answer = msgspec.msgpack.decode(
            self.script(keys=[KEY, CLOCK], args=[msgspec.msgpack.encode(message), ""])
        )
        self.epoch = answer["e"]
        return answer

    def call(self, call: Call) -> None:
        self.now += call.after
        owner, now, flying = call.owner, self.now, self.flying[call.owner]
        facts: list[Fact] = []
        told: dict[str, Any] = {"d": [], "un": [], "tm": [], "hd": []}
        # An end that is told once the slot is free again: a home takes it up once more, the script does not.
        flying[:] = [each for each in flying if each[1].frees(self.limits.window) > now]
        for index in call.ended:
            if index < len(flying):
                name, slot = flying.pop(index)
                if call.unused:
                    told["un"].append(name)
                    facts.append(Unused(slot.id))
                else:
                    told["d"].append([name, 0])
                    facts.append(Ended(slot.completed(now)))
        if call.paused is not None:
            told["tm"].append([0, call.paused])
            facts.append(TooMany(now, call.paused))
        if call.header is not None:
            told["hd"].append(list(call.header))
            facts.append(SeenLimit(*call.header))
        asks = self.asks(call)
        told["h"] = [
            [priority + 1, count, now - since]
            for priority in Priority
            if (count := self.waiting.get((owner, priority), (0, 0))[0])
            and (since := self.waiting[owner, priority][1]) <= now
        ]
        answer = self.say(owner, told)
        granted = self.decide(owner, facts, asks)
        assert [priority for _, priority in answer["g"]] == [slot.priority + 1 for slot in granted]
        assert len(answer["sl"]) == len(self.ledger.slots)
        assert answer["n"] == in_force(self.limits, self.ledger.throttle, now).per_window
        assert answer["pu"] == max(0, self.ledger.throttle.paused_until - now)
        for (name, _), slot in zip(answer["g"], granted, strict=True):
            flying.append((name, slot))
            count, since = self.waiting[owner, slot.priority]
            self.waiting[owner, slot.priority] = (count - 1, since)

    def asks(self, call: Call) -> list[Ask]:
        asks = []
        for priority in Priority:
            count, (before, since) = call.counts[priority], self.waiting.get((call.owner, priority), (0, 0))
            since = since if before else self.now
            self.waiting[call.owner, priority] = (count, since)
            asks += [Ask(priority, since) for _ in range(count)]
        self.posted[call.owner] = self.now
        return asks

    def decide(self, owner: int, facts: list[Fact], asks: list[Ask]) -> tuple[Slot, ...]:
        # What the script calls frozen after six seconds, a home does after three: told by `seen`.
        queue = {
            key: structs.replace(head, seen=self.now)
            for key, head in self.ledger.queue.items()
            if self.now - self.posted[int(head.owner[1:])] <= FROZEN
        }
        told = Told(tuple(facts), asks, replace(self.limits, longest_pause=1e9))
        self.ledger, turn = taken(structs.replace(self.ledger, queue=queue), f"p{owner}", told, self.now)
        return turn.grants


@pytest.fixture(scope="module")
def ledger(server_url: str) -> Iterator[tuple[Any, Any]]:
    with redis.Redis.from_url(server_url) as client:
        yield client, client.register_script(script_text())


@pytest.mark.long
@examples(60)
@given(per_window=st.integers(1, 30), load=st.lists(calls, min_size=1, max_size=25))
def test_the_script_decides_as_the_rules_of_one_home_do(ledger, per_window: int, load: list[Call]) -> None:
    limits = limits_from(LimiterSettings(max_requests_per_minute=per_window))
    both = Both(ledger[0], ledger[1], replace(limits, window=WINDOW + SLACK))
    for call in load:
        both.call(call)
