"""The promise, on a virtual clock: whatever HubSoft does and whenever a process dies, nothing is lost or doubled.

Where a double cannot be prevented, because HubSoft was later than the quiet period allows for, it is reported.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hubsoft_tui.services.outbox.machine import LOOKS
from hubsoft_tui.services.outbox.types import Entry, EntryState
from tests.fuzzing import examples
from tests.virtual import VirtualClock, run

from .scenario import QUIET, TIMEOUT, World, bare, draft, plain, shouting, write

DAY = 86_400.0
MEMORY = next((each for each in ("/dev/shm",) if Path(each).is_dir()), None)
"""Where a flush costs nothing: thousands of processes live and die here."""


def within(most: float) -> st.SearchStrategy[str]:
    """Every fate, HubSoft being late by at most so many seconds after we gave up."""
    seconds = st.integers(0, int(most)).map(str)
    return st.one_of(
        st.sampled_from(("ok", "unsent", "limited", "lost", "unheard", "die:claim", "die:ready", "die:sent")),
        seconds.map(lambda late: f"late:{late}"),
        seconds.map(lambda late: f"die:late:{late}"),
        st.integers(1, int(QUIET - TIMEOUT)).map(lambda still: f"freeze:{still}"),
        st.integers(1, int(3 * QUIET)).map(lambda still: f"stall:{still}"),
    )


def lived(
    fate: list[str], count: int, consoles: int, rewrite: object, away: int
) -> tuple[tuple[Entry, ...], World]:
    """Write `count` tickets at consoles on one home, let it all happen, and return what is left."""

    async def story(clock: VirtualClock) -> tuple[tuple[Entry, ...], World]:
        with tempfile.TemporaryDirectory(dir=MEMORY) as home:
            world = World(clock, Path(home), fate, rewrite=rewrite)  # type: ignore[arg-type]
            world.server.away = away
            for _ in range(consoles):
                world.start()
            for number in range(count):
                await write(world.processes[number % len(world.processes)].outbox, draft(number))
            await world.live(DAY, until=world.all_over)
            await world.live((sum(LOOKS) + 1) * QUIET)
            entries = await world.entries()
            await world.close()
            return entries, world

    return run(story)


worlds = given(
    fate=st.data(),
    count=st.integers(1, 4),
    consoles=st.integers(1, 2),
    rewrite=st.sampled_from((plain, shouting, bare)),
    away=st.integers(0, 3),
)


@pytest.mark.usefixtures("seldom")
@pytest.mark.long
@examples(12, 400)
@worlds
def test_each_is_there_once_and_linked_to_its_local_protocol(fate, count, consoles, rewrite, away):
    words = fate.draw(st.lists(within(QUIET - 1), max_size=12))
    entries, world = lived(words, count, consoles, rewrite, away)
    assert_each_is_there_once(entries, world, count)


@pytest.mark.usefixtures("seldom")
@pytest.mark.parametrize(
    "words",
    [
        # A console that stood still counted a quiet period from before it did.
        ["die:ready", "ok", "ok", "stall:236", "late:36", "freeze:31"],
        # A process that died had not waited for the answer as long as one that gives up.
        ["ok", "limited", "unheard", "late:179", "die:late:105", "freeze:43", "die:late:120", "stall:301"],
    ],
)
def test_lives_that_once_ended_with_a_double(words):
    assert_each_is_there_once(*lived(words, 4, 2, plain, 0), 4)


def assert_each_is_there_once(entries: tuple[Entry, ...], world: World, count: int) -> None:
    assert len(entries) == len(world.server.made) == count
    for entry in entries:
        (ticket,) = world.server.carrying(entry.reference)
        assert entry.state is EntryState.SENT
        assert (entry.ticket_id, entry.protocol) == (ticket.id, ticket.protocol)
        assert entry.doubles == ()


@pytest.mark.usefixtures("seldom")
@pytest.mark.long
@examples(12, 400)
@worlds
def test_a_double_that_could_not_be_prevented_is_reported(fate, count, consoles, rewrite, away):
    words = fate.draw(st.lists(within(4 * QUIET), max_size=12))
    entries, world = lived(words, count, consoles, rewrite, away)
    assert len(entries) == count
    for entry in entries:
        assert entry.state is EntryState.SENT
        there = {ticket.protocol for ticket in world.server.carrying(entry.reference)}
        assert there == {entry.protocol, *entry.doubles}
        assert entry.asks == (len(there) > 1)
