from __future__ import annotations

import asyncio
from typing import cast

import pytest

from hubsoft_tui.core.fetch import SingleFlight
from hubsoft_tui.core.limiter.gate import Gate
from hubsoft_tui.core.requests.job import Job
from hubsoft_tui.core.types import Priority, RequestContext


class NoGate:
    def __init__(self) -> None:
        self.promoted: list[Priority] = []

    def promote(self, place: object, priority: Priority) -> None:
        self.promoted.append(priority)


def job(gate: NoGate | None = None, priority: Priority = Priority.HIGH, deadline: float | None = None) -> Job:
    return Job(cast("Gate", gate or NoGate()), RequestContext(priority=priority), deadline=deadline)


async def crowd(flights: SingleFlight[int], load, count: int = 100) -> list[asyncio.Task[tuple[int, bool]]]:
    tasks = [asyncio.create_task(flights.join("cpf", job(), load)) for _ in range(count)]
    await asyncio.sleep(0)
    return tasks


async def test_a_hundred_misses_of_one_key_load_once():
    calls = 0

    async def load(_: Job) -> int:
        nonlocal calls
        calls += 1
        await asyncio.sleep(0.001)
        return 7

    flights: SingleFlight[int] = SingleFlight()
    results = await asyncio.gather(*await crowd(flights, load))
    assert calls == 1
    assert [value for value, _ in results] == [7] * 100
    assert sum(joined for _, joined in results) == 99


async def test_a_failure_is_one_call_and_reaches_every_caller():
    calls = 0

    async def load(_: Job) -> int:
        nonlocal calls
        calls += 1
        await asyncio.sleep(0)
        raise ValueError("down")

    flights: SingleFlight[int] = SingleFlight()
    results = await asyncio.gather(*await crowd(flights, load), return_exceptions=True)
    assert calls == 1
    assert all(isinstance(error, ValueError) for error in results)
    with pytest.raises(ValueError, match="down"):
        await flights.join("cpf", job(), load)
    assert calls == 2, "a failure is not remembered"


async def test_the_others_get_their_answer_when_the_first_caller_leaves():
    started = asyncio.Event()
    calls = 0

    async def load(_: Job) -> int:
        nonlocal calls
        calls += 1
        started.set()
        await asyncio.sleep(0.002)
        return 1

    flights: SingleFlight[int] = SingleFlight()
    tasks = await crowd(flights, load)
    await started.wait()
    tasks[0].cancel()
    results = await asyncio.gather(*tasks, return_exceptions=True)
    assert calls == 1
    assert isinstance(results[0], asyncio.CancelledError)
    assert results[1:] == [(1, True)] * 99


async def test_the_work_is_cancelled_when_its_last_caller_leaves():
    cancelled = 0
    started = asyncio.Event()

    async def load(_: Job) -> int:
        nonlocal cancelled
        started.set()
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            cancelled += 1
            await asyncio.sleep(0.002)  # takes its time to leave
            raise
        return 1

    async def quick(_: Job) -> int:
        return 2

    flights: SingleFlight[int] = SingleFlight()
    tasks = await crowd(flights, load, 3)
    await started.wait()
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    assert await flights.join("cpf", job(), quick) == (2, False)
    await asyncio.sleep(0.01)
    assert cancelled == 1


async def test_a_newcomer_raises_the_priority_and_extends_the_deadline():
    gate = NoGate()
    own: list[Job] = []
    go = asyncio.Event()

    async def load(mine: Job) -> int:
        own.append(mine)
        mine.place = type("Place", (), {"deadline": mine.deadline, "label": ""})()
        await go.wait()
        return 1

    flights: SingleFlight[int] = SingleFlight()
    slow = asyncio.create_task(flights.join("cpf", job(gate, Priority.LOW, 10.0), load))
    await asyncio.sleep(0)
    urgent = asyncio.create_task(flights.join("cpf", job(gate, Priority.HIGH, 99.0), load))
    lazy = asyncio.create_task(flights.join("cpf", job(gate, Priority.NORMAL, 5.0), load))
    await asyncio.sleep(0)
    assert own[0].priority is Priority.HIGH
    assert gate.promoted == [Priority.HIGH]
    assert own[0].deadline == own[0].place.deadline == 99.0
    go.set()
    assert [await task for task in (slow, urgent, lazy)] == [(1, False), (1, True), (1, True)]
