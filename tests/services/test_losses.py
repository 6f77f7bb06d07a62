"""Files of the state that are lost between runs or while a program runs, over real HTTP."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from hubsoft_tui.core.types import Priority, RequestContext
from hubsoft_tui.errors import BudgetLost
from hubsoft_tui.services.container import Services
from hubsoft_tui.services.hub import Hub
from hubsoft_tui.settings.tree import LimiterSettings
from hubsoft_tui.simulator import Simulator
from hubsoft_tui.store.losses import Loss, loss_text
from tests.hubs import SHARE

WINDOW = 1.0
MOST = 10
BIANCA = "86214941081"


@pytest.fixture
def simulator():
    with Simulator(customers=120, tickets=5, latency=(0.0, 0.02)) as simulator:
        yield simulator


@pytest.fixture
def hub_over(hub_over):
    """Start hubs with a short window and a small budget."""

    def start(window: float = WINDOW) -> Hub:
        return hub_over(
            limiter=LimiterSettings(max_requests_per_minute=MOST, window_seconds=window, share=SHARE)
        )

    return start


async def ask(hub: Hub, simulator: Simulator, first: int, count: int) -> None:
    """Ask for `count` customers at once, with nothing remembered of them."""

    async def one(document: str) -> None:
        await hub.run(
            lambda services: services.customers.lookup(document, RequestContext(priority=Priority.CRITICAL))
        )

    await asyncio.gather(*(one(each.document) for each in simulator.customers[first : first + count]))


async def lost(hub: Hub) -> list[str]:
    async def look(services: Services) -> tuple[Loss, ...]:
        return services.losses.open()

    return [Path(loss.file).name for loss in await hub.run(look)]


def lose(home: Path, how: str) -> None:
    path = home / "state" / "budget.db"
    if how == "empty":
        path.write_bytes(b"")
    else:
        for part in ("", "-wal", "-shm", ".lock")[: 1 if how == "gone" else 4]:
            Path(f"{path}{part}").unlink(missing_ok=True)


@pytest.mark.parametrize("how", ["gone", "all gone", "empty"])
async def test_a_budget_lost_while_programs_run_is_never_overspent(hub_over, simulator, tmp_path, how):
    one, two = hub_over(), hub_over()
    await ask(one, simulator, 0, 9)  # and one login: the window is full
    lose(tmp_path, how)
    three = hub_over()
    await asyncio.gather(ask(one, simulator, 10, 4), ask(two, simulator, 20, 4), ask(three, simulator, 30, 4))
    assert simulator.request_log.worst_window(WINDOW) <= MOST
    assert "budget.db" in await lost(three)


async def test_a_budget_lost_between_runs_is_never_overspent(hub_over, simulator, tmp_path):
    one = hub_over()
    await ask(one, simulator, 0, 9)
    one.close()
    lose(tmp_path, "all gone")
    two = hub_over()
    await ask(two, simulator, 10, 9)
    assert simulator.request_log.worst_window(WINDOW) <= MOST


async def test_people_are_told_that_the_budget_was_lost(hub_over, simulator, tmp_path):
    hub_over(60.0).close()
    lose(tmp_path, "gone")
    hub = hub_over(60.0)
    with pytest.raises(BudgetLost, match="was lost, so one window"):
        await hub.run(lambda services: services.customers.lookup(BIANCA))
    assert simulator.request_log.entries() == []
    budget = await hub.run(_budget)
    assert budget.lost
    assert 50 < budget.paused_for <= 60


async def _budget(services):
    return services.engine.budget()


async def test_a_home_that_is_new_waits_for_nothing(hub_over):
    hub = hub_over(60.0)
    assert (await hub.run(lambda services: services.customers.lookup(BIANCA))).found
    assert await lost(hub) == []


async def test_a_lost_token_costs_one_login(hub_over, simulator, tmp_path):
    hub_over().close()
    (tmp_path / "state" / "state.db").unlink()
    hub = hub_over()
    await ask(hub, simulator, 0, 3)
    assert simulator.tokens_issued == 1
    assert await lost(hub) == ["state.db"]


async def test_a_loss_is_in_sight_until_it_is_acknowledged(hub_over, tmp_path):
    hub_over().close()
    (tmp_path / "state" / "outbox.db").write_bytes(b"noise" * 999)
    hub_over().close()  # a program that shows nothing
    hub = hub_over()
    assert hub.call(_badge) == 1
    (loss,) = await hub.run(lambda services: services.losses.acknowledge())
    assert "set aside" in str(loss_text(loss))
    assert hub.call(_badge) == 0
    assert hub_over().call(_badge) == 0


async def _badge(services: Services) -> int:
    return services.badges().losses
