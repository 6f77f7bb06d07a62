"""What services do by themselves goes on after a mistake, without haste."""

from __future__ import annotations

import asyncio
import itertools
import logging

import pytest

from hubsoft_tui.core.clock import SystemClock
from hubsoft_tui.services.container import FIRST_PAUSE, LONGEST_PAUSE, kept_going
from tests import virtual


def test_a_mistake_is_logged_and_the_work_begun_again_later(caplog):
    begun: list[float] = []

    async def scenario(clock: virtual.VirtualClock) -> None:
        async def work() -> None:
            begun.append(clock.now())
            if len(begun) == 5:
                await clock.sleep(LONGEST_PAUSE)
            if len(begun) < 8:
                raise ValueError("a defect")

        await kept_going(work, clock)

    with caplog.at_level(logging.ERROR):
        virtual.run(scenario)
    pauses = [round(after - before) for before, after in itertools.pairwise(begun)]
    assert pauses == [15, 30, 60, 120, round(LONGEST_PAUSE + FIRST_PAUSE), 30, 60]
    assert len(caplog.records) == 7
    assert "work ended" in caplog.text


async def test_cancelled_it_ends():
    async def forever() -> None:
        await asyncio.Event().wait()

    task = asyncio.create_task(kept_going(forever, SystemClock()))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
