"""Two homes with one credential at one server: through the real services, over the simulator."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from hubsoft_tui.core.types import SharedState
from hubsoft_tui.errors import SettingsError
from hubsoft_tui.services.container import Services
from hubsoft_tui.services.hub import Hub
from hubsoft_tui.services.shared_ports import address_of
from hubsoft_tui.settings.tree import Profile, Settings, SharedSettings
from tests.hubs import settings_for

BIANCA = "86214941081"


@pytest.fixture
def homes(simulator, tmp_path, server_url: str, empty: None) -> Iterator[Callable[[str], Hub]]:
    """Start hubs on homes of their own that share the server."""
    hubs: list[Hub] = []

    def start(name: str) -> Hub:
        shared = SharedSettings(url=server_url, name=name)
        hub = Hub(settings_for(simulator, tmp_path / name, shared=shared))
        hubs.append(hub)
        hub.start()
        return hub

    yield start
    for hub in hubs:
        hub.close()


async def test_two_homes_are_at_one_budget(homes: Callable[[str], Hub]) -> None:
    one, other = homes("one"), homes("two")
    await one.run(lambda services: services.shared.begin())
    for hub in (one, other):
        assert (await hub.run(lambda services: services.customers.lookup(BIANCA))).found
    seen = await other.run(lambda services: services.shared.machines())
    assert [(machine.name, machine.mine, machine.kind) for machine in seen] == [
        ("two", True, "console"),
        ("one", False, "console"),
    ]
    assert (await other.run(_shared)).machines == 2


async def _shared(services: Services) -> SharedState | None:
    return services.engine.budget().shared


@pytest.mark.parametrize("url", ["redis://valkey.example/0", "redis://10.0.0.7:6379"])
def test_a_way_that_can_be_read_is_refused(url: str) -> None:
    with pytest.raises(SettingsError, match=r"rediss://"):
        address_of(Settings(shared=SharedSettings(url=url)))
    assert address_of(Settings(shared=SharedSettings(url=url, allow_plain=True))).url == url


def test_the_password_is_taken_from_the_secrets_and_never_shown() -> None:
    settings = Settings(
        profile=Profile(shared_password="p@ss w"),
        shared=SharedSettings(url="rediss://hub@valkey.example:6380/0"),
    )
    address = address_of(settings)
    assert address.url == "rediss://hub:p%40ss%20w@valkey.example:6380/0"
    assert address.host == "valkey.example:6380"
    assert "p%40ss" not in repr(address)
    assert "p@ss" not in repr(settings)
