"""What was tuned is kept in a file of its own, and gives way to what people wrote."""

from __future__ import annotations

import stat

import pytest

from hubsoft_tui.errors import SettingsError
from hubsoft_tui.settings.files import save_tuned
from hubsoft_tui.settings.tree import Settings
from tests.settings.house import PROFILE, House


def test_tuned_values_are_kept_and_taken_out(house: House) -> None:
    house.write("config.toml", PROFILE)
    save_tuned(house.places, {"cache.client_data_ttl": 900, "limiter.share.low": 0.5, "ui.theme": "nord"})
    save_tuned(house.places, {"cache.client_data_ttl": None, "customers.active_statuses": ("a", "b")})
    settings = house.read().settings
    assert settings.cache.client_data_ttl == 1800
    assert (settings.limiter.share["low"], settings.ui.theme) == (0.5, "nord")
    assert settings.customers.active_statuses == ("a", "b")
    assert stat.S_IMODE(house.places.tuned_file.stat().st_mode) == 0o600
    assert [path.name for path in house.places.config.iterdir()] != []
    assert not list(house.places.config.glob(".tuned*"))


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"cache.client_data_ttl": -1}, "greater than 0"),
        ({"limiter.share.low": 0.9}, "the share of low"),
        ({"profile.url": "https://api.provedor.example"}, "cannot be tuned"),
        ({"keys.quit": "x"}, "cannot be tuned"),
        ({"cache.nothing": 1}, "cannot be tuned"),
    ],
)
def test_a_value_that_is_not_allowed_is_not_written(
    house: House, values: dict[str, object], says: str
) -> None:
    with pytest.raises(SettingsError, match=says):
        save_tuned(house.places, values)
    assert not house.places.tuned_file.exists()


@pytest.mark.parametrize(
    "broken",
    [
        "[cache\n",
        b"\xff\xfe",
        "[cache]\nmax_entries = -1\n",
        "[cahce]\nx = 1\n",
        "[profile]\nread_only = true\n",
    ],
)
def test_a_broken_tuned_file_is_set_aside_and_said_so(house: House, broken: str | bytes) -> None:
    house.write("config.toml", PROFILE)
    house.write("tuned.toml", broken)
    loaded = house.read()
    assert loaded.settings.cache == Settings().cache
    assert not loaded.settings.profile.read_only
    [warning] = loaded.warnings
    [aside] = house.places.config.glob("tuned.toml.broken-*")
    assert str(aside) in str(warning)
    assert aside.read_bytes() == (broken.encode() if isinstance(broken, str) else broken)
    assert house.read().warnings == ()


def test_what_was_tuned_gives_way_to_a_file_it_no_longer_fits(house: House) -> None:
    house.write("config.toml", PROFILE)
    save_tuned(house.places, {"limiter.share.normal": 0.9})
    house.write("config.toml", PROFILE + "[limiter.share]\nhigh = 0.88\n")
    loaded = house.read()
    assert loaded.settings.limiter.share["normal"] == 0.87
    assert len(loaded.warnings) == 1
