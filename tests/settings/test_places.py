"""Where things are kept, and how files are written there."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from hubsoft_tui.errors import InvalidInput, StoreError
from hubsoft_tui.settings.places import create_private, find, private_folder, whole, write_private


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_one_variable_holds_everything(tmp_path: Path) -> None:
    places = find({"HUBSOFT_TUI_HOME": str(tmp_path / "h")})
    assert {places.config, places.state, places.cache} == {
        tmp_path / "h" / n for n in ("config", "state", "cache")
    }
    assert places.contained
    assert places.home == str(tmp_path / "h")
    assert not (tmp_path / "h").exists()


def test_a_home_given_wins_over_the_variable(tmp_path: Path) -> None:
    assert find({"HUBSOFT_TUI_HOME": "/other"}, tmp_path).config == tmp_path / "config"


def test_a_home_may_be_relative_or_under_the_persons(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path / "me"))
    assert find({}, "here").home == str(tmp_path / "here")
    assert find({"HUBSOFT_TUI_HOME": "~/there"}).home == str(tmp_path / "me" / "there")


@pytest.mark.parametrize("environment", [{}, {"HUBSOFT_TUI_HOME": " "}])
def test_without_it_the_systems_places_are_used(environment: dict[str, str]) -> None:
    places = find(environment)
    assert not places.contained
    assert places.home == ""
    assert "hubsoft-tui" in str(places.config)
    assert places.config_file.name == "config.toml"


def test_folders_and_files_are_private(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b" / "file"
    write_private(path, b"one")
    write_private(path, b"two")
    assert path.read_bytes() == b"two"
    assert (mode(path), mode(path.parent), mode(path.parent.parent)) == (0o600, 0o700, 0o700)
    assert list(path.parent.iterdir()) == [path]


def test_a_new_file_never_replaces_one(tmp_path: Path) -> None:
    assert create_private(tmp_path / "file", b"one")
    assert not create_private(tmp_path / "file", b"two")
    assert (tmp_path / "file").read_bytes() == b"one"
    assert mode(tmp_path / "file") == 0o600


def test_what_cannot_be_written_is_named_and_nothing_is_left_behind(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    (tmp_path / "folder" / "x").mkdir(parents=True)
    for attempt in (
        lambda: private_folder(tmp_path / "file"),
        lambda: write_private(tmp_path / "file" / "x", b""),
        lambda: create_private(tmp_path / "file" / "x", b""),
        lambda: write_private(tmp_path / "folder", b""),
    ):
        with pytest.raises(StoreError, match=f"{tmp_path}.* cannot be written .*HUBSOFT_TUI_HOME"):
            attempt()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "folder"]


def test_a_folder_that_is_gone_is_said_where_a_name_needs_it(tmp_path, monkeypatch):
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    assert whole("/etc/hosts") == Path("/etc/hosts")
    for ask in (lambda: whole("list.csv"), lambda: find({}, "home")):
        with pytest.raises(InvalidInput, match="The folder you are in is gone"):
            ask()
