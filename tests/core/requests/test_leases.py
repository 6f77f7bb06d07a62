from __future__ import annotations

import asyncio
import gc

import pytest

from hubsoft_tui.core.requests.leases import keep_lease
from hubsoft_tui.errors import StoreError


async def test_a_lease_is_renewed_only_while_the_work_runs():
    renewals = 0

    async def renew() -> None:
        nonlocal renewals
        renewals += 1
        if renewals == 2:
            raise StoreError("the disk is full")

    async def work() -> int:
        while renewals < 3:
            await asyncio.sleep(0.001)
        return 7

    assert await keep_lease(work(), renew, every=0.01) == 7
    seen = renewals
    await asyncio.sleep(0.03)
    assert renewals == seen


async def still() -> None:
    """Renew nothing."""


async def test_errors_are_raised_and_cancelling_cancels_the_work():
    async def fail() -> None:
        raise ValueError("down")

    with pytest.raises(ValueError, match="down"):
        await keep_lease(fail(), still, every=1)
    left = asyncio.Event()

    async def slow() -> None:
        try:
            await asyncio.sleep(60)
        finally:
            left.set()

    task = asyncio.create_task(keep_lease(slow(), still, every=1))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert left.is_set()


async def test_a_failure_in_the_instant_in_which_its_caller_leaves_is_no_noise():
    unseen: list[str] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: unseen.append(context["message"]))
    late = asyncio.Event()

    async def fail() -> None:
        await late.wait()
        raise StoreError("late")

    task = asyncio.create_task(keep_lease(fail(), still, every=1))
    await asyncio.sleep(0.01)
    late.set()
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    del task
    await asyncio.sleep(0)  # the loop lets go of what it ran last
    gc.collect()
    assert not unseen
