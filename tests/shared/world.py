"""Several machines at one real server, in virtual time and under faults: is HubSoft ever shown more than N?

The server runs the ledger's own script, with its clock replaced by a key; each machine is a `Membership`. Between them
lies a network that delays, loses and repeats; clocks run off, step and stop at nothing.
"""

from __future__ import annotations

import heapq
import itertools
import random
import re
from collections import Counter, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

import msgspec

from benchmarks.memory_budget import MemoryBudget
from hubsoft_tui.core.limiter.ledger import Ended, Ledger, Limits, MachineNotes, Slot, Told, Unused
from hubsoft_tui.core.types import Priority
from hubsoft_tui.shared.budget import BEAT
from hubsoft_tui.shared.membership import Membership

WINDOW, LONGEST, MINUTE = 60.0, 50.0, 60.0
LIMITS = Limits(per_window=30, window=WINDOW)
KEY, CLOCK = "{sim}:ledger", "{sim}:clock"
FAULTS = ["part"] * 5 + [
    "slow",
    "slow",
    "down",
    "restart",
    "flush",
    "rollback",
    "rollback same run",
    "step on",
]
FAULTS += ["step back", "kill", "kill", "wipe", "crowd"]


def script_text(changes: Sequence[tuple[str, str]] = ()) -> str:
    """Return the script with its clock in a key, and with `changes` that take rules away."""
    text = (files("hubsoft_tui.shared") / "turn.lua").read_text()
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new)
    text = re.sub(r"^local srv = .*-- @run$", "local srv = q.srv", text, flags=re.MULTILINE)
    lines = [
        "local raw = tonumber(redis.call('GET', KEYS[2]))" if "-- @clock" in line else line
        for line in text.split("\n")
    ]
    return "\n".join(lines)


def worst_window(instants: Sequence[float]) -> int:
    """The most instants in any half-open window."""
    ordered, first, worst = sorted(instants), 0, 0
    for index, instant in enumerate(ordered):
        while ordered[first] <= instant - WINDOW:
            first += 1
        worst = max(worst, index - first + 1)
    return worst


class World:
    """The server, HubSoft and the network."""

    def __init__(self, redis: Any, seed: int, machines: int, minutes: float, script: Any) -> None:
        self.redis, self.script = redis, script
        self.dice = random.Random(seed)
        self.now = 0.0
        self.end = minutes * MINUTE
        self._events: list[tuple[float, int, Callable[..., object], tuple[Any, ...]]] = []
        self.serial = itertools.count()
        self._server_offset, self._server_drift = 1.8e9, self.dice.uniform(-1e-4, 1e-4)
        self.up, self.run_id = True, "run 0"
        self._copies: deque[bytes | None] = deque(maxlen=40)
        self.arrivals: list[float] = []
        self.faults: list[tuple[float, str]] = []
        self.sent_alone = 0
        self.calls = 0
        self.served: Counter[Priority] = Counter()
        redis.flushdb()
        self.machines = [Machine(self, f"m{number}") for number in range(machines)]
        # Some machines have a second process, with its own luck on the network; what one notes the other knows.
        self.machines += [
            Machine(self, each.name, each) for each in self.machines if self.dice.random() < 0.3
        ]

    def later(self, seconds: float, do: Callable[..., object], *values: Any) -> None:
        heapq.heappush(self._events, (self.now + max(0.0, seconds), next(self.serial), do, values))

    def run(self) -> World:
        for machine in self.machines:
            self.later(self.dice.uniform(0, 20), machine.start)
        self.later(self.dice.expovariate(1 / MINUTE), self.fault)
        while self._events and self._events[0][0] <= self.end:
            self.now, _, do, values = heapq.heappop(self._events)
            do(*values)
        return self

    def worst(self) -> int:
        return worst_window(self.arrivals)

    def call(self, message: dict[str, Any]) -> dict[str, Any]:
        self.calls += 1
        raw = int((self.now * (1 + self._server_drift) + self._server_offset) * 1000)
        self.redis.set(CLOCK, raw)
        answer = msgspec.msgpack.decode(
            self.script(keys=[KEY, CLOCK], args=[msgspec.msgpack.encode(message), ""])
        )
        if self.calls % 3 == 0:
            self._copies.append(self.redis.get(KEY))
        return answer

    # -- what goes wrong

    def fault(self) -> None:
        dice = self.dice
        kind = dice.choice(FAULTS)
        self.faults.append((self.now, kind))
        if kind == "part":
            for machine in dice.sample(self.machines, dice.randint(1, len(self.machines))):
                machine.cut = True
                length = dice.choice([5, 30, 130, 200, 400]) * dice.uniform(0.8, 1.2)
                self.later(length, setattr, machine, "cut", False)
        elif kind == "slow":
            machine = dice.choice(self.machines)
            machine.lag = dice.choice([0.3, 1.5, 4.0, 20.0])
            self.later(dice.uniform(5, 60), setattr, machine, "lag", 0.0)
        elif kind == "down":
            self.up = False
            self.later(dice.choice([3, 20, 150, 300]), self.back, dice.random() < 0.4)
        elif kind == "restart":
            self.back(True)
        elif kind == "flush":
            self.redis.flushdb()
        elif kind.startswith("rollback") and self._copies:
            old = self._copies[max(0, len(self._copies) - dice.randint(1, 40))]
            self.redis.flushdb()
            if old:
                self.redis.set(KEY, old)
            if kind == "rollback":
                self.run_id = f"run {next(self.serial)}"
        elif kind == "step on":
            self._server_offset += dice.choice([0.2, 3, 30, 61, 3600, 40_000])
        elif kind == "step back":
            self._server_offset -= dice.choice([0.2, 3, 61, 3600])
        elif kind == "kill":
            dice.choice(self.machines).kill(dice.choice([0.5, 5, 70, 300]))
        elif kind == "wipe":
            machine = dice.choice(self.machines)
            if not [each for each in self.machines if each.name == machine.name and each is not machine]:
                machine.wipe(dice.choice([0.5, 5, 70]))
        elif kind == "crowd":
            for machine in self.machines:
                machine.want(Priority.HIGH, 6)
        self.later(dice.expovariate(1 / MINUTE), self.fault)

    def back(self, lost: bool) -> None:
        if lost:
            self.redis.flushdb()
        self.up, self.run_id = True, f"run {next(self.serial)}"


@dataclass(frozen=True)
class Request:
    priority: Priority
    arrival: float
    lease: float = LONGEST


class MachineBook(MemoryBudget):
    """A machine's notes and its own ledger."""

    _notes = MachineNotes()

    def notes(self) -> MachineNotes:
        return self._notes

    def note(self, step: Callable[[MachineNotes, Ledger, float], tuple[MachineNotes, Ledger, Any]]) -> Any:
        self._notes, self._ledger, result = step(self._notes, self._ledger, self._clock.now())
        return result


class MachineClock:
    def __init__(self, world: World) -> None:
        self._world = world
        self._drift, self._offset = world.dice.uniform(-1e-4, 1e-4), world.dice.uniform(0, 1e6)

    def now(self) -> float:
        return self._world.now * (1 + self._drift) + self._offset


class Machine:
    """One process of a machine, and those after it; what it notes outlives it, and is for the one `beside` it too."""

    def __init__(self, world: World, name: str, beside: Machine | None = None) -> None:
        self.world, self.name, self.life = world, name, 0
        self.owner = name if beside is None else f"{name}'"
        clock: Any = MachineClock(world) if beside is None else beside.clock
        self.clock: Any = clock
        self.book: MachineBook = MachineBook(clock) if beside is None else beside.book
        self.cut, self.lag, self.dead = False, 0.0, False
        self.round_trip = world.dice.choice([0.001, 0.001, 0.04, 0.15])
        self.rate = world.dice.choice([0.3, 1, 4])
        self._begin()

    def _begin(self) -> None:
        self.life += 1
        owner = f"{self.owner}.{self.life}"
        self.member = Membership(
            self.name, owner, self.book, self.clock, longest=LONGEST, alone=self._only_process
        )
        self.queue: list[Request] = []
        self.told: list[Ended | Unused] = []
        self.busy, self.next_at = False, 0.0

    def _only_process(self) -> bool:
        return sum(each.name == self.name and not each.dead for each in self.world.machines) == 1

    def start(self) -> None:
        self.dead = False
        for habit in (self.people, self.background, self.tick):
            habit(self.life)

    def kill(self, gap: float) -> None:
        if not self.dead:
            self.dead = True
            self._begin()
            self.world.later(gap, self.start)

    def wipe(self, gap: float) -> None:
        if not self.dead:
            self.dead = True
            self.life += 1
            self.world.machines.remove(self)
            other = Machine(self.world, f"{self.name}+{next(self.world.serial)}")
            self.world.machines.append(other)
            self.world.later(gap, other.start)

    # -- what is wanted

    def people(self, life: int) -> None:
        if life == self.life:
            self.want(self.world.dice.choice([Priority.CRITICAL, Priority.HIGH, Priority.HIGH]), 1)
            self.world.later(self.world.dice.expovariate(self.rate / MINUTE), self.people, life)

    def background(self, life: int) -> None:
        if life == self.life:
            if sum(request.priority is Priority.LOW for request in self.queue) < 5:
                self.want(self.world.dice.choice([Priority.NORMAL, Priority.LOW, Priority.LOW]), 1)
            self.world.later(self.world.dice.expovariate(1 / 30), self.background, life)

    def want(self, priority: Priority, count: int) -> None:
        if not self.dead:
            self.queue += [Request(priority, self.clock.now()) for _ in range(count)]
            self.queue.sort(key=lambda request: request.priority)
            self.next_at = 0.0
            self.world.later(0, self.poke, self.life)

    def send(self, slot: Slot) -> None:
        world, dice, life = self.world, self.world.dice, self.life
        request = next((each for each in self.queue if each.priority is slot.priority), None)
        if request is None:
            self.told.append(Unused(slot.id))
            return
        self.queue.remove(request)
        world.served[slot.priority] += 1
        out = dice.choice([0.005, 0.02, 0.06, 0.06, 0.2, 3.0])
        out = dice.uniform(0, LONGEST - 0.6) if dice.random() < 0.02 else out
        back = min(out + dice.choice([0.05, 0.3, 0.3, 2.0]), LONGEST - 0.3)
        world.later(out, lambda: world.arrivals.append(world.now))

        def finished() -> None:
            if life == self.life:
                self.told.append(Ended(slot.completed(self.clock.now())))
                self.next_at = 0.0
                self.poke(life)

        world.later(back, finished)

    # -- the life of the connection

    def tick(self, life: int) -> None:
        if life == self.life and not self.dead:
            self.poke(life)
            self.world.later(0.25, self.tick, life)

    def poke(self, life: int) -> None:
        if life != self.life or self.dead or self.busy:
            return
        due = self.clock.now() >= self.next_at
        if not self.member.lost:
            if due:
                self.turn()
        else:
            self.alone()
            if due:
                self.ping()

    def turn(self) -> None:
        world, dice, life, now = self.world, self.world.dice, self.life, self.clock.now()
        self.member.tell(self.told)
        self.told.clear()
        message = self.member.message(self.queue, LIMITS) | {"srv": world.run_id}
        self.busy, ended = True, [False]
        answers: list[dict[str, Any]] = []

        def travel() -> float:
            return self.round_trip / 2 * dice.uniform(0.8, 1.2) + self.lag * dice.random()

        def reach() -> None:
            if self.cut or not world.up:
                return
            if dice.random() < 0.002:  # a copy that comes much later
                world.later(dice.choice([0.1, 3, 90]), lambda: world.up and world.call(message) is not None)
            answers.append(world.call(message))
            world.later(travel(), arrive)

        def arrive() -> None:
            if life == self.life and not ended[0] and not self.cut:
                ended[0], self.busy = True, False
                reply = self.member.answered(answers[0])
                for slot in reply.grants:
                    self.send(slot)
                beat = self.clock.now() + BEAT
                self.next_at = reply.again if reply.owed else min(beat, reply.again if self.queue else beat)

        def expire() -> None:
            if life == self.life and not ended[0]:
                ended[0], self.busy = True, False
                self.member.missed()
                self.next_at = self.clock.now() + 0.5

        late = self.cut and dice.random() < 0.02  # a cut connection may deliver whole seconds later
        world.later(travel() + (dice.uniform(0, 30) if late else 0.0), reach)
        world.later(2.0, expire)
        self.next_at = now

    def ping(self) -> None:
        world, life = self.world, self.life
        self.busy, well = True, not self.cut and world.up

        def result() -> None:
            if life == self.life:
                self.busy = False
                if well and not self.cut and world.up:
                    self.member.back()
                    self.next_at = 0.0
                else:
                    self.next_at = self.clock.now() + 2.0

        world.later(self.round_trip if well else 2.0, result)

    def alone(self) -> None:
        self.member.tell(self.told)
        self.told.clear()

        def grant(ledger: Ledger, told: Told, now: float) -> tuple[Ledger, tuple[Slot, ...]]:
            for fact in told.facts:
                if isinstance(fact, Ended):
                    ledger = ledger.holding(fact.slot)
                elif isinstance(fact, Unused):
                    ledger = ledger.without({fact.id})
            ledger = ledger.swept(told.limits.window, now)
            slots: list[Slot] = []
            for ask in told.asks:
                if len(ledger.slots) < told.limits.per_window:
                    name = f"{self.member.owner}/{next(self.world.serial)}"
                    slots.append(Slot(name, self.member.owner, ask.priority, now, now + LONGEST))
                    ledger = ledger.holding(slots[-1])
            return ledger, tuple(slots)

        none: tuple[Slot, ...] = ()
        slots = self.member.alone(self.queue, LIMITS, grant, none)
        self.member.holds(slots)
        for slot in slots:
            self.world.sent_alone += 1
            self.send(slot)
