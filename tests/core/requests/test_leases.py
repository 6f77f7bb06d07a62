from __future__ import annotations

import asyncio

import pytest

from hubsoft_tui.core.requests.leases import renewed
from hubsoft_tui.errors import StoreError


async def test_a_lease_is_renewed_only_within_the_block() -> None:
    renewals = 0

    async def renew() -> None:
        nonlocal renewals
        renewals += 1
        if renewals == 2:
            raise StoreError("the disk is full")

    async with renewed(renew, every=0.01):
        while renewals < 3:
            await asyncio.sleep(0.001)
    seen = renewals
    await asyncio.sleep(0.03)
    assert renewals == seen


@pytest.mark.parametrize("cancelled", [False, True])
async def test_a_renewal_under_way_is_over_before_the_lease_is_given_back(*, cancelled: bool) -> None:
    order: list[str] = []

    async def renew() -> None:
        order.append("renewing")
        await asyncio.sleep(0.01)
        order.append("renewed")

    async def work() -> None:
        try:
            async with renewed(renew, every=0.001):
                while not order:
                    await asyncio.sleep(0)
                if cancelled:
                    await asyncio.sleep(60)
                raise ValueError("down")
        finally:
            order.append("given back")

    task = asyncio.create_task(work())
    while not order:
        await asyncio.sleep(0)
    if cancelled:
        task.cancel()
    with pytest.raises(asyncio.CancelledError if cancelled else ValueError):
        await task
    assert order == ["renewing", "renewed", "given back"]
