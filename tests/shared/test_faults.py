"""Under partitions, losses, stepping clocks and kills HubSoft never sees more than N; and each rule is needed."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from typing import Any

import msgspec
import pytest
import redis

from hubsoft_tui.core.limiter.ledger import Ended, Slot
from hubsoft_tui.core.types import Priority
from hubsoft_tui.shared.membership import Membership
from tests.fuzzing import in_form
from tests.shared.world import (
    CLOCK,
    KEY,
    LIMITS,
    LONGEST,
    MachineBook,
    Request,
    World,
    script_text,
    worst_window,
)


@pytest.fixture(scope="module")
def client(server_url: str) -> Iterator[Any]:
    with redis.Redis.from_url(server_url) as client:
        yield client


def lived(
    client: Any, seed: int, minutes: float, changes: Sequence[tuple[str, str]] = (), most: int = 8
) -> World:
    machines = random.Random(seed).choice([1, 2, 3, 5, 8, most])
    return World(client, seed, machines, minutes, client.register_script(script_text(changes))).run()


@pytest.mark.long
@pytest.mark.parametrize("seed", range(in_form(4, 400)))
def test_faults_never_show_hubsoft_more_than_n(client: Any, seed: int) -> None:
    world = lived(client, seed, in_form(12, 60), most=in_form(8, 20))
    assert world.worst() <= LIMITS.per_window
    assert world.calls


# A rule of the script, how to take it away, and a seed whose faults need it.
RULES = {
    "what silent machines may spend is set aside": (
        ("if silent(x) then apart = apart + x.b end", ""),
        (10, 8),
    ),
    "the server's clock is vouched for": (("if now > vouched + TAU then", "if false then"), (17, 8)),
    "after a loss the window counts as full": (("g.q = now + hold ;", "g.q = 0;"), (0, 5)),
    "a slot is held from its end": (("s.d = math.max(s.g, now - d[2])", "s.d = s.g"), (10, 5)),
}


@pytest.mark.parametrize("rule", RULES)
def test_without_a_rule_the_faults_break_the_promise(client: Any, rule: str) -> None:
    change, (seed, minutes) = RULES[rule]
    assert lived(client, seed, minutes, [change]).worst() > LIMITS.per_window


class Story:
    """Machines whose messages are told one by one. All clocks agree; seconds."""

    def __init__(self, client: Any, changes: Sequence[tuple[str, str]]) -> None:
        client.flushdb()
        self.client, self.script = client, client.register_script(script_text(changes))
        self.instant = 1_000_000.0
        self.step = 0.0
        """By how much the server's clock stepped."""
        self.sent: list[float] = []

    def now(self) -> float:
        return self.instant

    def machine(self, name: str) -> Membership:
        return self.processes(name, 1)[0]

    def processes(self, name: str, count: int) -> list[Membership]:
        """Return the processes of one machine, which note in one book."""
        book: Any = MachineBook(self)  # type: ignore[arg-type]
        clock: Any = self
        return [
            Membership(name, f"{name}.{number + 1}", book, clock, longest=LONGEST) for number in range(count)
        ]

    def message(self, member: Membership, requests: int = 0) -> dict[str, Any]:
        asks = [Request(Priority.CRITICAL, self.instant) for _ in range(requests)]
        return member.message(asks, LIMITS) | {"srv": "run"}

    def reach(self, message: dict[str, Any]) -> dict[str, Any]:
        self.client.set(CLOCK, int((self.instant + self.step) * 1000))
        return msgspec.msgpack.decode(
            self.script(keys=[KEY, CLOCK], args=[msgspec.msgpack.encode(message), ""])
        )

    def turn(self, member: Membership, requests: int = 0) -> None:
        """Take a turn, and send at once what it grants."""
        for _ in range(3):
            reply = member.answered(self.reach(self.message(member, requests)))
            self.sent += [self.instant] * len(reply.grants)
            if not reply.owed:
                return

    def pass_time(self, seconds: float, *members: Membership) -> None:
        """Let time pass, in which these machines keep in touch."""
        until = self.instant + seconds
        while self.instant < until:
            self.instant = min(until, self.instant + 2.0)
            for member in members:
                self.turn(member)

    def alone(self, member: Membership, requests: int) -> None:
        """Send what a lost machine may send of its own."""

        def grant(ledger: Any, told: Any, now: float) -> Any:
            count = min(len(told.asks), told.limits.per_window)
            return ledger, [
                Slot(f"alone {n}", member.owner, Priority.CRITICAL, now, now) for n in range(count)
            ]

        member.missed()
        asks = [Request(Priority.CRITICAL, self.instant) for _ in range(requests)]
        self.sent += [self.instant] * len(member.alone(asks, LIMITS, grant, []))

    def worst(self) -> int:
        return worst_window(self.sent)


LATE = ("or fast > q.na then", "then")


@pytest.mark.parametrize(("changes", "kept"), [([], True), ([LATE], False)], ids=["kept", "without"])
def test_a_late_message_makes_no_machine_look_alive(client: Any, changes: Any, kept: bool) -> None:
    story = Story(client, changes)
    gone, there = story.machine("gone"), story.machine("there")
    gone.extras["begin"] = True
    story.turn(gone)
    story.pass_time(6.0, gone, there)
    hung = story.message(gone, requests=1)  # it hangs in a dead connection, and `gone` hears nothing more
    gone.missed()
    story.pass_time(122.0, there)
    story.reach(hung)
    story.turn(there, requests=30)
    story.alone(gone, requests=3)
    assert (story.worst() <= LIMITS.per_window) is kept


UNKNOWN = ("if fresh then g.u", "if false then g.u")


@pytest.mark.parametrize(("changes", "kept"), [([], True), ([UNKNOWN], False)], ids=["kept", "without"])
def test_after_a_loss_unknown_machines_keep_their_share(client: Any, changes: Any, kept: bool) -> None:
    story = Story(client, changes)
    gone, there = story.machine("gone"), story.machine("there")
    gone.extras["begin"] = True
    story.turn(gone)
    story.pass_time(6.0, gone, there)
    client.flushdb()
    newcomer = story.machine("newcomer")  # it knows of no other machine, and no other comes back
    story.pass_time(125.0, newcomer)
    story.turn(newcomer, requests=30)
    story.alone(gone, requests=3)
    assert (story.worst() <= LIMITS.per_window) is kept


AT_ONCE = ("q.begin == 'wait' and (g.word or g.u > now)", "false")


@pytest.mark.parametrize(("changes", "kept"), [([], True), ([AT_ONCE], False)], ids=["kept", "without"])
def test_a_person_s_word_skips_the_hour_and_not_the_window(client: Any, changes: Any, kept: bool) -> None:
    story = Story(client, changes)
    story.sent += [story.instant] * LIMITS.per_window  # of a machine that worked for itself, a moment ago
    first, second = story.machine("first"), story.machine("second")
    first.extras["begin"] = "wait"
    for _ in range(2):
        story.turn(first, requests=30)
        story.turn(second, requests=30)
        story.pass_time(30.0, first, second)
    assert (story.worst() <= LIMITS.per_window) is kept
    story.pass_time(60.0, first, second)
    story.turn(first, requests=10)
    assert len(first.flying) >= 10, "no hour in which two thirds are kept free"


CAUGHT_UP = ("q.lo - g.H or g.c", "q.lo or g.c + 5000")


@pytest.mark.parametrize(("changes", "kept"), [([], True), ([CAUGHT_UP], False)], ids=["kept", "without"])
def test_what_a_clock_was_held_back_by_is_never_caught_up(client: Any, changes: Any, kept: bool) -> None:
    story = Story(client, changes)
    machine = story.machine("one")
    machine.extras["begin"] = True
    story.turn(machine)
    story.pass_time(4.0, machine)
    for _ in range(3):
        story.turn(machine, requests=30)
        machine.tell([Ended(slot.completed(story.instant)) for slot in machine.flying])
        story.pass_time(4.0, machine)
        story.step += 61.0
    assert len(story.sent) >= LIMITS.per_window
    assert (story.worst() <= LIMITS.per_window) is kept
    assert machine.last["H"] == pytest.approx(2 * 61_000 if kept else 61_000, abs=2_000)


LOST_UNCOUNTED = ("if vouches and now < vouched then", "if false then")


@pytest.mark.parametrize(
    ("changes", "kept"), [([], True), ([LOST_UNCOUNTED], False)], ids=["kept", "without"]
)
def test_what_a_step_back_lost_is_never_caught_up(client: Any, changes: Any, kept: bool) -> None:
    story = Story(client, changes)
    machine = story.machine("one")
    machine.extras["begin"] = True
    story.turn(machine)
    story.pass_time(4.0, machine)
    story.instant += 2.0
    story.step -= 3_600.0  # what passed since the last call is lost
    story.turn(machine, requests=30)
    machine.tell([Ended(slot.completed(story.instant)) for slot in machine.flying])
    story.turn(machine)
    story.step += 7_200.0
    story.pass_time(58.5, machine)
    story.turn(machine, requests=30)
    assert (story.worst() <= LIMITS.per_window) is kept


FORGOTTEN_WITH_A_COPY = ("(q.lh or 0) > g.H", "false")


@pytest.mark.parametrize(
    ("changes", "kept"), [([], True), ([FORGOTTEN_WITH_A_COPY], False)], ids=["kept", "without"]
)
def test_an_older_ledger_does_not_catch_up_what_was_held_back_since(
    client: Any, changes: Any, kept: bool
) -> None:
    story = Story(client, changes)
    gone, there = story.machine("gone"), story.machine("there")
    gone.extras["begin"] = True
    story.turn(gone)
    story.pass_time(6.0, gone, there)
    gone.missed()
    copy = client.get(KEY)
    story.step += 3_650.0  # caught up, this ends the right of `gone` to work alone a minute from now
    story.pass_time(10.0, there)
    client.set(KEY, copy)
    story.pass_time(130.0, there)
    story.turn(there, requests=30)
    story.alone(gone, requests=3)
    assert story.sent
    assert (story.worst() <= LIMITS.per_window) is kept


OVERWRITTEN = ("local s = g.s[x[1]]; local d", "local s; local d")


@pytest.mark.parametrize(("changes", "kept"), [([], True), ([OVERWRITTEN], False)], ids=["kept", "without"])
def test_a_report_that_was_overtaken_ends_no_slot_early(client: Any, changes: Any, kept: bool) -> None:
    story = Story(client, changes)
    busy, beside = story.processes("one", 2)
    busy.extras["begin"] = True
    for member in (busy, beside, busy):
        story.turn(member)
    story.turn(busy, requests=30)
    beside.missed()
    beside.back()
    overtaken = story.message(beside)
    busy.tell([Ended(slot.completed(story.instant)) for slot in busy.flying])
    story.turn(busy)
    story.reach(overtaken)
    for _ in range(2):
        story.turn(busy, requests=30)
    assert (story.worst() <= LIMITS.per_window) is kept


def test_a_night_without_a_caller_is_no_jump_of_the_clock(client: Any) -> None:
    story = Story(client, [])
    story.turn(story.machine("yesterday"))
    story.instant += 36_000.0
    today = story.machine("today")
    story.turn(today)
    assert today.last["H"] == 0


def test_a_server_that_stood_still_is_no_jump_of_its_clock(client: Any) -> None:
    story = Story(client, [])
    one = story.machine("one")
    story.turn(one)
    hung = story.message(one, requests=1)  # it waits in a server that was stopped
    one.missed()
    story.instant += 14.0
    story.reach(hung)
    story.turn(one)
    story.turn(one)
    assert one.last["H"] == 0
    story.step += 14.0
    story.turn(one)
    assert one.last["H"] == pytest.approx(14_000, abs=500)


def test_a_newcomer_s_first_question_has_a_living_machine_call(client: Any) -> None:
    story = Story(client, [])
    here, new = story.machine("here"), story.machine("new")
    here.extras["begin"] = True
    story.turn(here)
    with client.pubsub(ignore_subscribe_messages=True) as heard:
        heard.subscribe(here.owner)
        heard.get_message(timeout=5.0)
        story.turn(new, requests=1)
        assert (heard.get_message(timeout=5.0) or {})["channel"] == here.owner.encode()
    assert not story.sent, "the other does not know of it yet"
    story.turn(here)
    story.turn(new, requests=1)
    assert len(story.sent) == 1


def test_a_machine_with_a_long_queue_leaves_the_others_their_turns(client: Any) -> None:
    story = Story(client, [])
    busy, other = story.machine("busy"), story.machine("other")
    busy.extras["begin"] = True
    for member in (busy, other, busy, other):
        story.turn(member)
    story.turn(busy, requests=30)
    assert len(story.sent) == LIMITS.per_window
    busy.tell([Ended(slot.completed(story.instant)) for slot in busy.flying])
    for _ in range(31):
        story.turn(busy, requests=30)
        story.turn(other, requests=5)
        story.instant += 2.0
    before = len(story.sent)
    story.turn(busy, requests=30)
    assert len(story.sent) - before == LIMITS.per_window - 5, "what the other waits for is set aside"
    story.turn(other, requests=5)
    assert len(other.flying) >= 3, "turn about, whichever came first"
    story.turn(busy, requests=30)
    assert len(story.sent) - before == LIMITS.per_window
