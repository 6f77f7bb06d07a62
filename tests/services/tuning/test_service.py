"""Trying, saving and undoing through a real engine over a real simulator."""

import asyncio
import tomllib

import pytest

from hubsoft_tui.core.types import Category, Source
from hubsoft_tui.errors import InvalidInput, SettingsError
from hubsoft_tui.services.hub import Hub
from hubsoft_tui.services.tuning.curve import DATA, SERVICE, STATUS, SUSPENDED
from hubsoft_tui.services.tuning.tunables import RATE, SIZE
from hubsoft_tui.services.tuning.types import Difference, Shape
from hubsoft_tui.settings import places
from hubsoft_tui.settings.files import read_tuned
from tests.hubs import settings_for


@pytest.fixture
def home(tmp_path):
    return tmp_path / "home"


@pytest.fixture
def make_hub(simulator, home):
    opened = []

    def make(**sections):
        hub = Hub(settings_for(simulator, home, **sections))
        opened.append(hub)
        hub.start()
        return hub

    yield make
    for hub in opened:
        hub.close()


@pytest.fixture
def hub(make_hub):
    return make_hub()


def tuning(hub, ask, *arguments):
    return hub.call(lambda services: getattr(services.tuning, ask)(*arguments))


def standing(hub, key):
    return next(each for each in tuning(hub, "tunables") if each.key == key)


def tuned_file(home):
    return places.find(home=home).tuned_file


def look_up(hub, simulator):
    document = simulator.customers[1].document
    return hub.call(lambda services: services.customers.lookup(document, category=Category.CLIENT_DATA))


def test_a_tried_lifetime_holds_until_it_is_reverted(hub, simulator, home):
    look_up(hub, simulator)
    assert look_up(hub, simulator).source is Source.CACHE
    assert tuning(hub, "try_", DATA, "0,001 s") == 0.001
    assert look_up(hub, simulator).source is Source.API
    tuning(hub, "revert", DATA)
    assert look_up(hub, simulator).source is Source.CACHE
    assert not tuned_file(home).exists()


def test_saving_shows_the_difference_first_and_survives_a_restart(make_hub, home):
    hub = make_hub()
    config = places.find(home=home).config_file
    config.parent.mkdir(parents=True, exist_ok=True)
    config.write_text("[cache]\nclient_data_ttl = 900\n")
    before = config.read_bytes()
    tuning(hub, "try_", STATUS, "8 h")
    tuning(hub, "try_", DATA, 1200)
    expected = {Difference(STATUS, None, 28_800.0), Difference(DATA, None, 1200.0)}
    assert set(tuning(hub, "diff")) == expected
    assert set(tuning(hub, "save")) == expected
    assert tuning(hub, "diff") == ()
    assert tomllib.loads(tuned_file(home).read_text())["cache"] == {
        "client_data_ttl": 1200.0,
        "contract_status_ttl": 28_800.0,
    }
    assert standing(hub, STATUS).saved == 28_800.0
    assert standing(hub, STATUS).tuned
    assert config.read_bytes() == before
    saved = read_tuned(places.find(home=home))
    assert saved.saved[STATUS] == 28_800.0


def test_undo_takes_the_last_saving_back_after_a_restart_too(make_hub, home):
    hub = make_hub()
    for value in ("8 h", "9 h"):
        tuning(hub, "try_", STATUS, value)
        tuning(hub, "save")
    hub.close()
    hub = make_hub()
    assert standing(hub, STATUS).saved == 9 * 3600
    assert tuning(hub, "undo") == (Difference(STATUS, 32_400.0, 28_800.0),)
    assert standing(hub, STATUS).value == 28_800.0
    tuning(hub, "undo")
    assert standing(hub, STATUS).value == 14_400.0
    assert tuned_file(home).read_text() == ""
    with pytest.raises(InvalidInput, match="nothing to undo"):
        tuning(hub, "undo")
    assert [move.undone for move in tuning(hub, "moves")] == [True, True]


def test_saving_the_default_takes_the_key_out_of_the_file(hub, home):
    tuning(hub, "try_", STATUS, "8 h")
    tuning(hub, "save")
    tuning(hub, "try_", STATUS, "4 h")
    assert tuning(hub, "save") == (Difference(STATUS, 28_800.0, None),)
    assert "contract" not in tuned_file(home).read_text()


@pytest.mark.parametrize(
    ("key", "typed", "told"),
    [
        (DATA, "0", "longer than 0 s and at most 30 d"),
        ("limiter.share.low", "1", "must be at most that of normal"),
        ("http.read_timeout", "5", "at the next start only"),
    ],
)
def test_what_cannot_be_is_refused_and_changes_nothing(hub, key, typed, told):
    with pytest.raises(InvalidInput) as refused:
        tuning(hub, "try_", key, typed)
    assert told in str(refused.value)
    assert tuning(hub, "diff") == ()


def test_what_the_environment_sets_can_be_tried_but_not_saved(hub, monkeypatch):
    monkeypatch.setenv("HUBSOFT_TUI_CACHE__SERVICE_DATA_TTL", "1200")
    assert standing(hub, SERVICE).saved == 1200.0
    assert "HUBSOFT_TUI_CACHE__SERVICE_DATA_TTL" in standing(hub, SERVICE).pinned
    tuning(hub, "try_", SERVICE, "2 h")
    with pytest.raises(InvalidInput, match="HUBSOFT_TUI_CACHE__SERVICE_DATA_TTL sets it"):
        tuning(hub, "save")


def test_a_broken_file_is_set_aside_and_nothing_changes(hub, home, caplog):
    tuned_file(home).parent.mkdir(parents=True, exist_ok=True)
    tuned_file(home).write_text("[cache]\nclient_data_ttl = -1\n")
    assert standing(hub, DATA).saved == 1800.0
    assert not tuned_file(home).exists()
    assert list(tuned_file(home).parent.glob("tuned.toml.broken-*"))
    assert "What was tuned is not used" in caplog.text


def test_another_console_takes_over_what_one_saved(make_hub, simulator, home, monkeypatch):
    monkeypatch.setattr("hubsoft_tui.services.tuning.service.LOOK_SECONDS", 0.02)
    one = make_hub()
    other = Hub(settings_for(simulator, home), background=True)
    other.start()
    try:
        look_up(other, simulator)
        before = other.call(_settings)
        tuning(one, "try_", DATA, 60)
        tuning(one, "save")
        assert other.call(lambda services: _until(services, before)).cache.client_data_ttl == 60.0
    finally:
        other.close()


async def _settings(services):
    return services.engine.settings


async def _until(services, before):
    while services.engine.settings == before:
        await asyncio.sleep(0.01)
    return services.engine.settings


def test_forecasts_come_from_the_questions_that_were_asked(hub, simulator):
    for customer in simulator.customers[:20]:
        for _time in range(3):
            hub.call(lambda services, each=customer: services.customers.lookup(each.document))
    hub._services.engine.tracer.sink.sink.flush()
    lifetimes = tuning(hub, "forecast", DATA)
    assert lifetimes.questions == 60
    assert lifetimes.at(1800.0).requests == 20
    assert (lifetimes.now, lifetimes.recommended) == (1800.0, None)
    assert "Too little is known" in str(lifetimes.reason)
    size = tuning(hub, "forecast", SIZE)
    assert size.at(1000.0).ratio == pytest.approx(2 / 3)
    rate = tuning(hub, "forecast", RATE)
    assert sum(rate.requests) >= 20
    assert tuning(hub, "forecast", "retry.max_retries") is None
    assert standing(hub, RATE).shape is Shape.LIMITER
    with pytest.raises(InvalidInput):
        tuning(hub, "forecast", "cache.nothing")


def test_an_unreadable_setting_elsewhere_is_said_not_guessed(hub, home):
    config = places.find(home=home).config_file
    config.parent.mkdir(parents=True, exist_ok=True)
    config.write_text("[cache\n")
    with pytest.raises(SettingsError, match=r"config\.toml"):
        tuning(hub, "try_", DATA, 60)


def test_a_suspended_customer_is_remembered_for_less_long(hub, simulator):
    suspended = next(each for each in simulator.customers if each.services and not each.active)
    active = next(each for each in simulator.customers if each.active)
    ask = lambda each: hub.call(lambda services: services.customers.lookup(each.document)).source  # noqa: E731
    for each in (suspended, active):
        ask(each)
    tuning(hub, "try_", SUSPENDED, "0.001 s")
    assert ask(suspended) is Source.API
    assert ask(active) is Source.CACHE
    tuning(hub, "revert")
    assert ask(suspended) is Source.CACHE
