from __future__ import annotations

import asyncio
import threading
import time
from contextlib import asynccontextmanager

import pytest

from hubsoft_tui.errors import Closed, StoreError, TimedOut
from hubsoft_tui.services.hub import Worker


def worker(log: list[str] | None = None) -> Worker[str]:
    notes = [] if log is None else log

    @asynccontextmanager
    async def opened():
        notes.append(f"opened in {threading.current_thread().name}")
        try:
            yield "services"
        finally:
            notes.append("closed")

    return Worker(opened)


@pytest.fixture
def running():
    each = worker()
    each.start()
    yield each
    each.close()


def test_it_opens_and_closes_in_a_thread_of_its_own():
    log: list[str] = []
    each = worker(log)
    each.start()
    each.start()
    each.close()
    each.close()
    assert log == ["opened in hubsoft-engine", "closed"]


def test_start_raises_what_opening_raises():
    @asynccontextmanager
    async def broken():
        raise StoreError("no home")
        yield

    each: Worker[None] = Worker(broken)
    for _ in range(2):
        with pytest.raises(StoreError, match="no home"):
            each.start()
    each.close()


def test_the_blocking_door_returns_raises_and_times_out(running):
    async def ask(services: str) -> str:
        return services.upper()

    async def fail(_: str) -> str:
        raise ValueError("wrong")

    left = threading.Event()

    async def slow(_: str) -> None:
        try:
            await asyncio.sleep(60)
        finally:
            left.set()

    assert running.call(ask) == "SERVICES"
    with pytest.raises(ValueError, match="wrong"):
        running.call(fail)
    with pytest.raises(TimedOut):
        running.call(slow, timeout=0.01)
    assert left.wait(2), "a caller that leaves takes its question along"


def test_a_questions_own_timeout_error_is_not_the_callers(running):
    async def own(_: str) -> None:
        raise TimeoutError

    with pytest.raises(TimeoutError) as caught:
        running.call(own, timeout=5)
    assert not isinstance(caught.value, TimedOut)


async def test_run_waits_for_a_worker_that_is_still_starting():
    each = worker()

    async def ask(services: str) -> str:
        return services

    waiting = asyncio.create_task(each.run(ask))
    await asyncio.sleep(0.01)
    await asyncio.to_thread(each.start)
    assert await waiting == "services"
    each.close()


async def test_cancelling_here_cancels_there(running):
    cancelled = threading.Event()
    started = threading.Event()

    async def slow(_: str) -> None:
        started.set()
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            cancelled.set()
            raise

    task = asyncio.create_task(running.run(slow))
    await asyncio.to_thread(started.wait, 2)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await asyncio.to_thread(cancelled.wait, 2)


async def test_closing_gives_waiting_callers_closed_not_cancelled(running):
    started = threading.Event()

    async def slow(_: str) -> None:
        started.set()
        await asyncio.sleep(60)

    task = asyncio.create_task(running.run(slow))
    await asyncio.to_thread(started.wait, 2)
    await asyncio.to_thread(running.close)
    with pytest.raises(Closed):
        await task
    with pytest.raises(Closed):
        await running.run(slow)


def test_call_inside_its_own_thread_is_refused(running):
    async def inside(_: str) -> None:
        running.call(lambda _: asyncio.sleep(0))

    with pytest.raises(RuntimeError, match="own thread"):
        running.call(inside)


def test_a_worker_closed_before_its_start_refuses_calls():
    each = worker()
    each.close()
    with pytest.raises(Closed):
        each.start()


def test_a_loop_that_stands_still_does_not_stop_the_worker(running):
    ticks: list[float] = []

    async def tick(_services: str) -> None:
        for _ in range(5):
            ticks.append(time.monotonic())
            await asyncio.sleep(0.01)

    async def frozen() -> None:
        task = asyncio.create_task(running.run(tick))
        await asyncio.sleep(0)
        time.sleep(0.3)  # noqa: ASYNC251 - as a frozen terminal does to Textual's loop
        assert len(ticks) == 5
        await task

    asyncio.run(frozen())


async def test_a_worker_starts_with_the_first_question():
    each, other = worker(), worker()

    async def ask(services: str) -> str:
        return services

    assert await each.run(ask) == "services"
    assert await asyncio.to_thread(other.call, ask, 5) == "services"
    each.close()
    other.close()
