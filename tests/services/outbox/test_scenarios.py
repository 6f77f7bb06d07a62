"""Single turns of fate, on a virtual clock, where it matters how and when as much as that."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from hubsoft_tui.errors import InvalidInput, StoreError
from hubsoft_tui.services.outbox.types import EntryState
from hubsoft_tui.store.outbox import SqliteOutbox
from tests.virtual import VirtualClock, run

from .scenario import QUIET, TIMEOUT, World, draft, hiding, write

pytestmark = pytest.mark.usefixtures("seldom")


@pytest.fixture
def told(tmp_path: Path) -> Callable[..., None]:
    """Tell a story in a world with these fates and settings; one console is running."""

    def tell(story: Callable[[World], Awaitable[None]], *fate: str, **settings: object) -> None:
        async def begin(clock: VirtualClock) -> None:
            world = World(clock, tmp_path, fate, **settings)  # type: ignore[arg-type]
            world.start()
            await story(world)
            await world.close()

        run(begin)

    return tell


def test_who_dies_before_its_turn_costs_no_quiet_period(told):
    async def story(world: World) -> None:
        await write(world.processes[0].outbox, draft())
        await world.live(10.0)
        (entry,) = await world.entries()
        assert (entry.state, entry.attempts, world.server.searches) == (EntryState.SENT, 1, 0)

    told(story, "die:claim")


def test_who_dies_in_between_is_looked_for_a_quiet_period_after_it_would_have_given_up(told):
    async def story(world: World) -> None:
        await write(world.processes[0].outbox, draft())
        await world.live(5.0 + QUIET + TIMEOUT - 1.0)
        (entry,) = await world.entries()
        assert (entry.state, entry.asks, world.server.searches) == (EntryState.UNKNOWN, False, 0)
        await world.live(3.0)
        (entry,) = await world.entries()
        assert (entry.state, entry.attempts, world.server.searches) == (EntryState.SENT, 1, 1)

    told(story, "die:sent")


def test_a_machine_that_was_off_gives_hubsoft_the_whole_time_again(told):
    async def story(world: World) -> None:
        await write(world.processes[0].outbox, draft())
        await world.live(TIMEOUT + 10.0)
        world.clock.reboot()
        world.clock.step_wall(-1_000_000.0)
        await world.live(QUIET)
        assert world.server.searches == 0
        await world.live(60.0 + TIMEOUT)
        (entry,) = await world.entries()
        assert (entry.state, world.server.searches) == (EntryState.SENT, 1)

    told(story, "lost")


def test_a_console_that_froze_before_its_turn_sends_nothing_afterwards(told):
    async def story(world: World) -> None:
        world.start()
        entry = await write(world.processes[0].outbox, draft())
        await world.live(200.0)
        found = await world.processes[1].outbox.entry(entry.local_protocol)
        assert (found.state, found.attempts, world.sent, len(world.server.made)) == (EntryState.SENT, 1, 1, 1)

    told(story, "freeze:120")


def test_an_answer_that_is_read_late_still_counts(told):
    async def story(world: World) -> None:
        world.start()
        entry = await write(world.processes[0].outbox, draft())
        await world.live(100.0)
        found = await world.processes[1].outbox.entry(entry.local_protocol)
        assert found.state is EntryState.UNKNOWN
        await world.live(40.0)
        found = await world.processes[1].outbox.entry(entry.local_protocol)
        assert (found.state, found.ticket_id, world.server.searches) == (EntryState.SENT, 1, 0)

    told(story, "stall:120")


def test_waits_between_tries_grow_to_a_bound_and_a_person_need_not_wait(told):
    async def story(world: World) -> None:
        outbox = world.processes[0].outbox
        entry = await write(outbox, draft())
        await world.live(300.0)
        found = await outbox.entry(entry.local_protocol)
        assert found.state is EntryState.QUEUED
        assert found.next_at is not None
        assert found.next_at <= world.clock.wall() + 15.0
        before = world.tried
        assert 20 <= before <= 30
        report = await outbox.send_due()
        assert (report.queued, world.tried) == (1, before + 1)
        await outbox.resend(entry.local_protocol)
        await world.live(1.0)
        assert world.tried == before + 2

    told(story, *["unsent"] * 40)


def test_what_hubsoft_does_not_show_waits_for_a_person(told):
    async def story(world: World) -> None:
        outbox = world.processes[0].outbox
        first = await write(outbox, draft(description="Outra coisa."))
        await world.live(5.0)
        second = await write(outbox, draft())
        await world.live(1000.0)
        found = await outbox.entry(second.local_protocol)
        assert (found.state, found.next_at, found.asks) == (EntryState.UNKNOWN, None, True)
        assert world.sent == 2
        await outbox.resend(second.local_protocol)
        await world.live(5.0)
        assert (await outbox.entry(second.local_protocol)).state is EntryState.SENT
        assert (await outbox.entry(first.local_protocol)).state is EntryState.SENT

    told(story, "ok", "lost", rewrite=hiding)


def test_settled_says_when_it_is_not_on_its_way_any_more(told):
    async def story(world: World) -> None:
        outbox = world.processes[0].outbox
        states, began = [], world.clock.now()
        for number in range(4):
            entry = await write(outbox, draft(number))
            states.append((await outbox.settled(entry.local_protocol, 60.0)).state.value)
        assert states == ["sent", "queued", "refused", "unknown"]
        assert world.clock.now() - began < TIMEOUT + 2.0
        entry = await write(outbox, draft(9))
        assert (await outbox.settled(entry.local_protocol, 5.0)).state is EntryState.SENDING

    told(story, "ok", "unsent", "refused", *["lost"] * 9)


def test_what_is_settled_is_forgotten_after_some_days(told):
    async def story(world: World) -> None:
        outbox = world.processes[0].outbox
        await write(outbox, draft(1))
        refused = await write(outbox, draft(2))
        await world.live(2.5 * 86_400.0)
        assert [entry.local_protocol for entry in await outbox.entries()] == [refused.local_protocol]
        assert (outbox.left, outbox.asks) == (1, 1)
        assert (await outbox.entries(open_only=True)) == await outbox.entries()

    told(story, "ok", "refused", keep_days=2.0)


def test_a_refusal_is_looked_for_before_it_is_sent_again(told):
    async def story(world: World) -> None:
        outbox = world.processes[0].outbox
        entry = await write(outbox, draft())
        await world.live(5.0)
        made = world.server.open({"descricao": f"x [ref {entry.reference}]", "id_cliente_servico": 7001})
        await outbox.resend(entry.local_protocol)
        await world.live(5.0)
        found = await outbox.entry(entry.local_protocol)
        assert (found.state, found.ticket_id, world.sent) == (EntryState.SENT, made.id, 1)

    told(story, "refused")


def test_the_same_within_minutes_is_asked_about(told):
    async def story(world: World) -> None:
        outbox = world.processes[0].outbox
        entry = await write(outbox, draft())
        shouted = draft(description="SEM ACESSO  desde ontem - caso 1")
        assert [one.local_protocol for one in (await outbox.review(shouted)).similar] == [
            entry.local_protocol
        ]
        assert (await outbox.review(draft(2))).similar == ()
        await world.live(601.0)
        assert (await outbox.review(shouted)).similar == ()

    told(story)


def test_a_mistake_of_ours_neither_loses_nor_doubles(told, caplog):
    async def story(world: World) -> None:
        async def broken(ticket: object) -> None:
            raise ZeroDivisionError

        outbox = world.processes[0].outbox
        outbox.sender.on_sent = broken
        entry = await write(outbox, draft())
        await world.live(QUIET + 60.0)
        found = await outbox.entry(entry.local_protocol)
        assert (found.state, len(world.server.made)) == (EntryState.SENT, 1)

    told(story)
    assert "ZeroDivisionError" in caplog.text


def test_a_read_only_console_watches_and_sends_nothing(told):
    async def story(world: World) -> None:
        with pytest.raises(InvalidInput, match="read-only"):
            await write(world.processes[0].outbox, draft())
        await world.live(120.0)
        assert world.sent == 0

    told(story, read_only=True)


def test_a_ticket_a_person_chose_is_compared_with_what_hubsoft_did_after_all(told):
    async def story(world: World) -> None:
        outbox = world.processes[0].outbox
        entry = await write(outbox, draft())
        await world.live(TIMEOUT + 5.0)
        phoned = world.server.open({"descricao": "CLIENTE LIGOU", "id_cliente_servico": 7001})
        entry = await outbox.adopt(entry.local_protocol, phoned.protocol)
        assert (entry.state, entry.ticket_id, entry.doubles) == (EntryState.SENT, phoned.id, ())
        await world.live(QUIET + 60.0)
        found = await outbox.entry(entry.local_protocol)
        (ours,) = world.server.carrying(entry.reference)
        assert (found.protocol, found.doubles, world.sent) == (phoned.protocol, (ours.protocol,), 1)

    told(story, "late:100")


def test_a_disk_that_stays_full_is_tried_with_pauses(told, monkeypatch):
    async def story(world: World) -> None:
        tries = []

        def full(_store: object, number: int) -> None:
            tries.append(world.clock.now())
            raise StoreError("full")

        outbox = world.processes[0].outbox
        with monkeypatch.context() as patched:
            patched.setattr(SqliteOutbox, "claim", full)
            entry = await write(outbox, draft())
            await world.live(60.0)
        assert 5 <= len(tries) <= 15
        await world.live(20.0)
        assert (await outbox.entry(entry.local_protocol)).state is EntryState.SENT

    told(story)
