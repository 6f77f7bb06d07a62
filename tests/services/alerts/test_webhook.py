"""Calls are made in order, once each, by one process, as often as it takes."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from hubsoft_tui.core.requests.webhook import WebhookFailure
from hubsoft_tui.errors import StoreBusy
from hubsoft_tui.services.alerts.service import GIVEN_UP_SECONDS, LONGEST_PAUSE, WebhookSender, payload
from hubsoft_tui.services.hub import Hub
from hubsoft_tui.settings.alerts import AlertSettings
from hubsoft_tui.settings.tree import Profile, Settings, SyncSettings
from hubsoft_tui.store.alerts import MIGRATIONS, Alert, AlertStore
from hubsoft_tui.store.database import open_database
from hubsoft_tui.store.process_liveness import ProcessLiveness
from hubsoft_tui.texts import say
from tests.clocks import HandClock
from tests.core.requests.test_webhook import listening, status
from tests.hubs import settings_for

from .scenario import MINUTE, ConsoleFixture, play, settings

URL = "https://hooks.example/key-in-path"
PROFILE = Profile(
    "main",
    "https://api.provedor.example",
    "89",
    "api@provedor.example",
    "client-secret",
    "a-password",
    webhook_secret="s3cret",
)


class Hook:
    """A webhook that takes calls, or refuses them while `down`."""

    def __init__(self) -> None:
        self.taken: list[dict[str, Any]] = []
        self.tries: list[float] = []
        self.down = False
        self.clock: HandClock | None = None

    async def post(self, url, body, *, secret, headers, seconds):
        assert (url, secret, seconds) == (URL, "s3cret", 10.0)
        self.tries.append(self.clock.now() if self.clock else 0.0)
        if self.down:
            raise WebhookFailure(say("hooks.example answered HTTP 500."))
        self.taken.append(json.loads(body) | {"delivery": headers["X-Webhook-Id"]})


@pytest.fixture
def house(tmp_path: Path):
    """A store, a clock and a courier over one hook."""
    clock, hook = HandClock(), Hook()
    hook.clock = clock
    database, liveness = (
        open_database(tmp_path / "alerts.db", MIGRATIONS),
        ProcessLiveness(tmp_path / "alive"),
    )
    store = AlertStore(database, "account", liveness, clock)
    wanted = Settings(profile=PROFILE, alerts=AlertSettings(webhook_url=URL))
    yield store, clock, hook, WebhookSender(store, hook, clock, lambda: wanted)
    database.close()
    liveness.close()


def order(store: AlertStore, rule: str = "queue_full") -> Alert:
    alert = store.begin(
        rule, value=0.85, limit=0.8, evidence=0.0, letter=lambda alert: payload(alert, PROFILE)
    )
    assert alert is not None
    return alert


async def test_every_call_is_made_once_and_in_order(house):
    store, _clock, hook, courier = house
    store.clear(order(store), letter=lambda alert: payload(alert, PROFILE))
    order(store, "api_down")
    await courier.round()
    await courier.round()
    assert [(each["event"], each["alert"]["rule"]) for each in hook.taken] == [
        ("alert.opened", "queue_full"),
        ("alert.cleared", "queue_full"),
        ("alert.opened", "api_down"),
    ]
    assert [each["delivery"] for each in hook.taken] == ["1", "2", "3"]


async def test_what_is_told_says_what_happened_and_nothing_private(house):
    store, _clock, hook, courier = house
    order(store)
    await courier.round()
    (told,) = hook.taken
    assert told["text"] == "[main] Queue nearly full"
    assert (told["profile"], told["host"], told["version"]) == ("main", "api.provedor.example", 1)
    assert told["alert"] == {
        "id": 1,
        "rule": "queue_full",
        "title": "Queue nearly full",
        "urgent": False,
        "value": 0.85,
        "worst": 0.85,
        "limit": 0.8,
        "unit": "share",
        "opened_at": "2026-11-18T11:06:40Z",
        "cleared_at": None,
    }
    everything = json.dumps(told)
    assert not any(
        secret in everything for secret in ("s3cret", "a-password", "client-secret", "api@provedor", "89")
    )


async def test_a_state_has_no_measure_and_its_end_is_said():
    over = payload(Alert(3, "api_down", 1.0, 1.0, 1.0, 1_795_000_000.0, 1_795_000_060.0), PROFILE)
    told = json.loads(over)
    assert told["text"] == "[main] Over: HubSoft does not answer"
    assert (told["alert"]["value"], told["alert"]["unit"]) == (None, None)
    assert told["alert"]["cleared_at"] == "2026-11-18T11:07:40Z"


async def test_a_failed_call_is_tried_again_for_a_day(house):
    store, clock, hook, courier = house
    order(store)
    hook.down = True
    while store.waiting():
        await courier.round()
        clock.advance(5.0)
    pauses = [later - earlier for earlier, later in zip(hook.tries, hook.tries[1:], strict=False)]
    assert pauses[:4] == [5.0, 10.0, 20.0, 40.0]
    assert set(pauses[8:]) == {LONGEST_PAUSE}
    assert GIVEN_UP_SECONDS - 2 * LONGEST_PAUSE < hook.tries[-1] - hook.tries[0] <= GIVEN_UP_SECONDS
    assert hook.taken == []


async def test_the_trouble_is_known_while_it_lasts(house):
    store, clock, hook, courier = house
    order(store)
    hook.down = True
    before = courier.changes
    await courier.round()
    assert str(courier.trouble) == "hooks.example answered HTTP 500."
    assert courier.changes == before + 1
    clock.advance(60)
    await courier.round()
    assert courier.changes == before + 1
    hook.down = False
    clock.advance(60)
    await courier.round()
    assert courier.trouble is None
    assert len(hook.taken) == 1


async def test_a_busy_file_repeats_no_call(house, monkeypatch):
    store, clock, hook, courier = house
    order(store)
    order(store, "disk_low")

    def busy(_delivery):
        raise StoreBusy("busy")

    with monkeypatch.context() as patch:
        patch.setattr(store, "finish", busy)
        with pytest.raises(StoreBusy):
            await courier.round()
    clock.advance(60)
    await courier.round()
    assert [each["alert"]["rule"] for each in hook.taken] == ["queue_full", "disk_low"]
    assert store.waiting() == 0


async def test_news_older_than_a_day_is_not_sent(house):
    store, clock, hook, courier = house
    order(store)
    clock.advance(GIVEN_UP_SECONDS + 1)
    order(store, "disk_low")
    await courier.round()
    assert [each["alert"]["rule"] for each in hook.taken] == ["disk_low"]


def test_two_consoles_make_one_call_each_way(simulator, tmp_path: Path) -> None:
    hook = Hook()
    wanted = settings(simulator, tmp_path, webhook_url=URL)
    wanted = replace(wanted, profile=replace(wanted.profile, webhook_secret="s3cret"))

    async def until_late(*worlds: ConsoleFixture) -> None:
        hook.down = True
        for fixture in worlds:
            fixture.alerts._sender._webhook = hook
            fixture.extra = {"sync_late": 3600.0}
        await worlds[0].clock.sleep(10 * MINUTE)
        assert len(hook.tries) > 3
        assert hook.taken == []
        troubles = [str(await fixture.alerts.webhook_trouble()) for fixture in worlds]
        assert any("HTTP 500" in trouble for trouble in troubles)

    async def until_fine(*worlds: ConsoleFixture) -> None:
        hook.down = False
        for fixture in worlds:
            fixture.alerts._sender._webhook = hook
            fixture.extra = {"sync_late": 0.0}
        await worlds[0].clock.sleep(30 * MINUTE)
        assert await worlds[0].alerts.webhook_trouble() is None

    play(wanted, until_late, consoles=2)
    play(wanted, until_fine, consoles=2)
    assert [each["event"] for each in hook.taken] == ["alert.opened", "alert.cleared"]


async def test_a_hanging_call_delays_nothing_and_spends_no_budget(simulator, tmp_path: Path) -> None:
    async with listening(None) as hanging:
        quick = AlertSettings(
            look_seconds=0.1, disk_low_below=1e6, disk_low_for=0, webhook_url=hanging.url, webhook_timeout=60
        )
        # A pass of the sync would send requests of its own.
        still = SyncSettings(enabled=False)
        hub = Hub(settings_for(simulator, tmp_path, alerts=quick, sync=still), background=True)
        try:
            await asyncio.to_thread(hub.start)
            for _try in range(200):
                if hanging.calls:
                    break
                await asyncio.sleep(0.02)
            assert len(hanging.calls) == 1
            found = await asyncio.wait_for(hub.run(lambda s: s.customers.lookup("86214941081")), 5)
            assert found.found
            with hub.watch():
                await asyncio.sleep(0.3)
            assert hub.snapshot().badges.alerts == 1
            assert hub.snapshot().budget.used == len(simulator.request_log.entries()) == 2
        finally:
            await asyncio.to_thread(hub.close)
    assert b"86214941081" not in hanging.calls[0][2]


async def test_a_call_goes_out_over_http_with_the_secret(simulator, tmp_path: Path) -> None:
    async with listening(status("200 OK")) as hook:
        quick = AlertSettings(look_seconds=0.1, disk_low_below=1e6, disk_low_for=0, webhook_url=hook.url)
        wanted = settings_for(simulator, tmp_path, alerts=quick)
        wanted = replace(wanted, profile=replace(wanted.profile, webhook_secret="s3cret"))
        hub = Hub(wanted, background=True)
        try:
            await asyncio.to_thread(hub.start)
            for _try in range(200):
                if hook.calls:
                    break
                await asyncio.sleep(0.02)
        finally:
            await asyncio.to_thread(hub.close)
    ((_first, headers, body),) = hook.calls
    assert headers["x-webhook-secret"] == "s3cret"
    assert json.loads(body)["alert"]["rule"] == "disk_low"
