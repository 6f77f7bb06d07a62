"""Which profile is meant, what one lacks, and how the first is written."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from hubsoft_tui.errors import InvalidInput, SettingsError, StoreError
from hubsoft_tui.settings import secrets
from hubsoft_tui.settings.files import save_tuned
from hubsoft_tui.settings.places import find
from hubsoft_tui.settings.profiles import save_profile
from hubsoft_tui.settings.tree import Profile
from tests.settings.house import PROFILE, House

TWO = PROFILE.replace("main", "day") + PROFILE.replace("main", "night")


@pytest.mark.parametrize(
    ("config", "flag", "variable", "chosen"),
    [
        (PROFILE.replace("main", "only"), None, "", "only"),
        (TWO + PROFILE, None, "", "main"),
        ("default_profile = 'night'\n" + TWO, None, "", "night"),
        ("default_profile = 'night'\n" + TWO, None, "day", "day"),
        ("default_profile = 'night'\n" + TWO, "night", "day", "night"),
    ],
)
def test_the_profile_is_chosen(
    house: House, config: str, flag: str | None, variable: str, chosen: str
) -> None:
    house.write("config.toml", config)
    house.environment["HUBSOFT_TUI_PROFILE"] = variable
    assert house.read(profile=flag).settings.profile.name == chosen


def test_a_profile_that_cannot_be_chosen_is_refused(house: House) -> None:
    house.write("config.toml", TWO)
    house.environment = {}
    assert "several profiles (day, night)" in house.wrong()
    assert '--profile: there is no profile "dya". Those that exist: day, night.' in house.wrong(profile="dya")
    house.environment = {"HUBSOFT_TUI_PROFILE": "x"}
    assert "the variable HUBSOFT_TUI_PROFILE: there is no profile" in house.wrong()


def test_an_incomplete_profile_says_what_it_lacks_and_where_it_belongs(house: House) -> None:
    house.write("config.toml", PROFILE)
    house.environment = {"HUBSOFT_CLIENT_SECRET": "x"}
    said = house.wrong()
    assert "lacks password" in said
    assert "HUBSOFT_PASSWORD" in said
    assert "secrets.toml" in said
    assert house.read(need_profile=False).settings.profile.password == ""


def test_read_only_is_the_stricter_of_profile_and_flag(house: House) -> None:
    house.write("config.toml", PROFILE)
    assert not house.read().settings.profile.read_only
    assert house.read(flags={"read_only": True}).settings.profile.read_only
    house.write("config.toml", PROFILE + "read_only = true\n")
    assert house.read(flags={"read_only": False}).settings.profile.read_only
    house.environment["HUBSOFT_TUI_PROFILE__READ_ONLY"] = "false"
    assert house.read().settings.profile.read_only


FIRST = Profile(
    name="main",
    url="https://api.provedor.example/",
    client_id="89",
    username='api"@provedor.example',
    client_secret="c",
    password="p",
)


def test_a_first_profile_is_written_and_read_back(house: House) -> None:
    assert save_profile(FIRST, house.places) is secrets.Kept.FILE
    house.environment = {}
    profile = house.read().settings.profile
    assert profile == Profile("main", "https://api.provedor.example", "89", FIRST.username, "c", "p")
    for path in (house.places.config_file, house.places.secrets_file):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(house.places.config.stat().st_mode) == 0o700
    assert stat.S_IMODE(house.root.stat().st_mode) == 0o700
    assert "password" not in house.places.config_file.read_text()


def test_a_persons_file_is_never_rewritten(house: House) -> None:
    mine = "# mine\n[cache]\nmax_entries = 5\n"
    house.write("config.toml", mine)
    with pytest.raises(SettingsError) as caught:
        save_profile(FIRST, house.places)
    assert house.places.config_file.read_text() == mine
    lines = str(caught.value).partition("[profiles.main]")
    house.write("config.toml", mine + lines[1] + lines[2])
    house.environment = {}
    assert house.read().settings.profile.password == "p"  # the secrets were kept for these lines
    written = house.places.config_file.read_bytes()
    save_profile(FIRST, house.places)
    assert house.places.config_file.read_bytes() == written


def test_another_profile_of_the_same_name_keeps_its_secrets(house: House) -> None:
    house.write("config.toml", PROFILE)
    with pytest.raises(
        SettingsError, match=r"config.toml, line 2: there is a profile main with other values"
    ):
        save_profile(FIRST, house.places)
    assert not house.places.secrets_file.exists()


def test_a_profile_that_cannot_be_right_is_not_written(house: House) -> None:
    with pytest.raises(InvalidInput, match="Fill in url"):
        save_profile(Profile(client_id="1", username="u", client_secret="c", password="p"), house.places)
    with pytest.raises(InvalidInput, match="letters, digits"):
        save_profile(Profile(name="../x"), house.places)
    assert not house.root.exists()


def test_an_unwritable_home_is_said_to_be_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    places = find({}, tmp_path / "file" / "home")
    for attempt in (lambda: save_profile(FIRST, places), lambda: save_tuned(places, {"ui.theme": "nord"})):
        with pytest.raises((StoreError, SettingsError), match=r"file.home"):
            attempt()
