"""Secrets: trusted only when no other user can read them; a keyring that is absent, broken or slow is not there."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import keyring
import keyring.backend
import pytest

from hubsoft_tui.errors import SettingsError
from hubsoft_tui.settings import secrets
from hubsoft_tui.settings.places import Places, find
from hubsoft_tui.settings.secrets import FoundSecret, Kept, keep, look_up, read_file


class Memory(keyring.backend.KeyringBackend):
    """A keyring that works, in memory."""

    priority = 5

    def __init__(self) -> None:
        super().__init__()
        self.kept: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, username: str) -> str | None:
        return self.kept.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.kept[service, username] = password


class Broken(Memory):
    def get_password(self, service: str, username: str) -> str | None:
        raise RuntimeError("no bus")

    set_password = get_password  # type: ignore[assignment]


class Forgetful(Memory):
    def set_password(self, service: str, username: str, password: str) -> None:
        pass


class Weak(Memory):
    priority = 0.5  # type: ignore[assignment]


@dataclass
class Stuck(Memory):
    """A keyring that never answers."""

    asked: threading.Event = field(default_factory=threading.Event)
    freed: threading.Event = field(default_factory=threading.Event)

    def get_password(self, service: str, username: str) -> str | None:
        self.asked.set()
        self.freed.wait(30)
        return None


@pytest.fixture
def home(tmp_path: Path) -> Places:
    return find({}, tmp_path / "home")


@pytest.fixture
def own(home: Places) -> Places:
    """The same folders as the system's usual ones: the keyring may be used."""
    return replace(home, home="")


@pytest.fixture(autouse=True)
def _restore() -> Iterator[None]:
    before = keyring.get_keyring()
    yield
    keyring.set_keyring(before)


def write(places: Places, content: str, mode: int = 0o600) -> Path:
    places.config.mkdir(parents=True, exist_ok=True)
    places.secrets_file.write_text(content)
    places.secrets_file.chmod(mode)
    return places.secrets_file


def test_what_is_kept_is_found_again(home: Places) -> None:
    assert keep(home, "main", {"password": 'p"1\\', "client_secret": "c"}) is Kept.FILE
    assert keep(home, "other", {"password": "p2"}) is Kept.FILE
    assert keep(home, "main", {"password": "p3"}) is Kept.FILE
    assert look_up(home, "main") == {
        "password": FoundSecret("p3", Kept.FILE),
        "client_secret": FoundSecret("c", Kept.FILE),
    }
    assert look_up(home, "other", ("client_secret",)) == {}
    assert stat.S_IMODE(home.secrets_file.stat().st_mode) == 0o600


@pytest.mark.parametrize("value", ["[" * 100_000, "9" * 5000, "'" + "a" * 1_000_000 + "'"])
def test_rubbish_that_only_a_machine_writes_is_named_and_not_repeated(home: Places, value: str) -> None:
    write(home, f"[profiles.main]\npassword = {value}\n")
    with pytest.raises(SettingsError, match="not valid TOML") as told:
        look_up(home, "main")
    assert value[:20] not in str(told.value)


def test_no_file_is_no_secret(home: Places) -> None:
    assert look_up(home, "main") == {}
    assert not home.config.exists()


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644, 0o620, 0o601])
def test_a_file_others_can_use_is_refused_with_what_mends_it(home: Places, mode: int) -> None:
    path = write(home, "[profiles.main]\npassword = 'hunter2'\n", mode)
    with pytest.raises(SettingsError) as caught:
        read_file(path)
    command = str(caught.value).rpartition("with: ")[2]
    assert command == f"chmod 600 {path}"
    subprocess.run(command, shell=True, check=True)
    assert read_file(path) == {"main": {"password": "hunter2"}}


def test_the_command_that_mends_is_quoted(tmp_path: Path) -> None:
    places = find({}, tmp_path / "my home")
    with pytest.raises(SettingsError, match=r"chmod 600 '.*my home.*'"):
        read_file(write(places, "", 0o644))


def test_a_file_of_another_user_is_refused(home: Places, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(home, "")
    monkeypatch.setattr(os, "geteuid", lambda: path.stat().st_uid + 1)
    with pytest.raises(SettingsError, match="belongs to another user"):
        read_file(path)


@pytest.mark.parametrize(
    "content",
    [
        "password = 'hunter2'\n",
        "[profiles.main]\npassword = hunter2\n",
        "[profiles.main]\npasword = 'hunter2'\n",
        "[profiles.main]\npassword = 5\n",
        "[profiles]\nmain = 'hunter2'\n",
        "profiles = 'hunter2'\n",
        "[profiles.main]\npassword = 'hunter2'\n[x]\n",
    ],
)
def test_a_wrong_file_is_refused_without_repeating_it(home: Places, content: str) -> None:
    path = write(home, content)
    with pytest.raises(SettingsError) as caught:
        look_up(home, "main")
    assert str(path) in str(caught.value)
    assert "hunter2" not in str(caught.value)


def test_a_folder_in_its_place_is_refused(home: Places) -> None:
    home.secrets_file.mkdir(parents=True)
    with pytest.raises(SettingsError, match="cannot be read"):
        look_up(home, "main")


def test_a_keyring_that_works_is_used(own: Places) -> None:
    ring = Memory()
    keyring.set_keyring(ring)
    assert keep(own, "main", {"password": "p", "client_secret": "c"}) is Kept.KEYRING
    assert not own.config.exists()
    assert look_up(own, "main")["password"] == FoundSecret("p", Kept.KEYRING)
    assert look_up(own, "other") == {}


def test_a_contained_home_leaves_the_keyring_alone(home: Places) -> None:
    ring = Memory()
    keyring.set_keyring(ring)
    assert keep(home, "main", {"password": "p"}) is Kept.FILE
    ring.kept[secrets.KEYRING_SERVICE, "main/client_secret"] = "from outside"
    assert "client_secret" not in look_up(home, "main")
    assert len(ring.kept) == 1


@pytest.mark.parametrize("ring", [Broken, Forgetful, Weak])
def test_a_keyring_that_does_not_work_is_not_there(own: Places, ring: type[Memory]) -> None:
    keyring.set_keyring(ring())
    assert keep(own, "main", {"password": "p"}) is Kept.FILE
    assert look_up(own, "main") == {"password": FoundSecret("p", Kept.FILE)}


def test_a_keyring_that_never_answers_is_given_up(own: Places, monkeypatch: pytest.MonkeyPatch) -> None:
    ring = Stuck()
    keyring.set_keyring(ring)
    monkeypatch.setattr(secrets, "KEYRING_SECONDS", 0.05)
    assert look_up(own, "main") == {}
    assert ring.asked.is_set()
    ring.freed.set()


def test_a_server_without_a_keyring_works_and_prints_nothing(tmp_path: Path) -> None:
    code = (
        "import sys; sys.modules['keyring'] = None\n"
        "from pathlib import Path; from dataclasses import replace\n"
        "from hubsoft_tui.settings.places import find; from hubsoft_tui.settings.secrets import keep, look_up\n"
        f"places = replace(find({{}}, {str(tmp_path)!r}), home='')\n"
        "assert keep(places, 'main', {'password': 'p'}).value == 'secrets.toml'\n"
        "assert look_up(places, 'main')['password'].value == 'p'\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_a_headless_servers_own_keyring_prints_nothing(tmp_path: Path) -> None:
    code = (
        "from dataclasses import replace\n"
        "from hubsoft_tui.settings.places import find; from hubsoft_tui.settings.secrets import look_up\n"
        f"assert look_up(replace(find({{}}, {str(tmp_path)!r}), home=''), 'nobody') == {{}}\n"
    )
    headless = {"PATH": os.environ.get("PATH", ""), "HOME": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, env=headless
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_the_keyring_is_not_imported_before_it_is_needed() -> None:
    code = "import sys, hubsoft_tui.settings.files; sys.exit('keyring' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_found_secret_has_no_text_form() -> None:
    assert "hunter2" not in repr(FoundSecret("hunter2", Kept.FILE))
