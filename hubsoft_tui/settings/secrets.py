"""Where the client secret, the password and the webhook's secret are kept: secrets.toml (0600) or the system's keyring.

The keyring is optional in every sense: not installed, broken, locked or slow, it is simply not there.
"""

from __future__ import annotations

import logging
import os
import shlex
import stat
import threading
from enum import Enum
from functools import partial
from typing import TYPE_CHECKING, Final, Protocol, TypeVar

from ..errors import SettingsError
from ..texts import Text, say
from ..values import dataclass
from .places import Places, read_ordinary, write_private
from .rules import parse_toml

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

T = TypeVar("T")

SECRET_KEYS: Final = ("client_secret", "password", "webhook_secret", "shared_url", "shared_password")
KEYRING_SERVICE: Final = "hubsoft-tui"
KEYRING_SECONDS: Final = 15.0
"""How long a keyring may take: a person may be typing its password; a dead one is given up."""


class Keyring(Protocol):
    """The part of a keyring backend we use."""

    def get_password(self, service: str, username: str) -> str | None:
        """Return the secret kept under this name, or None."""
        ...

    def set_password(self, service: str, username: str, password: str) -> None:
        """Keep a secret under this name."""
        ...


class Kept(Enum):
    """Where a secret was found or put."""

    FILE = "secrets.toml"
    KEYRING = "keyring"


@dataclass(frozen=True, slots=True)
class FoundSecret:
    """One secret and where it was. The text form never shows it."""

    value: str
    kept: Kept

    def __repr__(self) -> str:
        return f"Found(kept={self.kept})"


def look_up(places: Places, profile: str, wanted: tuple[str, ...] = SECRET_KEYS) -> dict[str, FoundSecret]:
    """Return the secrets of `profile` that exist among `wanted`: secrets.toml first, then the keyring.

    Raises SettingsError when secrets.toml is there and cannot be trusted or read.
    """
    in_file = read_file(places.secrets_file).get(profile, {})
    found = {key: FoundSecret(in_file[key], Kept.FILE) for key in wanted if in_file.get(key)}
    rest = [key for key in wanted if key not in found]
    if rest and not places.contained:

        def ask() -> dict[str, str | None]:
            backend = _backend()
            return (
                {key: backend.get_password(KEYRING_SERVICE, f"{profile}/{key}") for key in rest}
                if backend
                else {}
            )

        answers = _attempt(ask) or {}
        found |= {key: FoundSecret(value, Kept.KEYRING) for key, value in answers.items() if value}
    return found


def keep(places: Places, profile: str, values: dict[str, str]) -> Kept:
    """Keep `values` (key -> secret) for `profile`: in a keyring that works, else in the file.

    Under HUBSOFT_TUI_HOME everything is in that folder, so the keyring is not used. Raises StoreError,
    SettingsError (a secrets.toml that cannot be trusted is not added to).
    """
    if not places.contained and _attempt(lambda: _keep_in_keyring(profile, values)):
        return Kept.KEYRING
    import tomli_w  # noqa: PLC0415 - heavy for a start that writes no file

    profiles = read_file(places.secrets_file)
    profiles[profile] = {**profiles.get(profile, {}), **values}
    write_private(places.secrets_file, tomli_w.dumps({"profiles": profiles}).encode())
    return Kept.FILE


def read_file(path: Path) -> dict[str, dict[str, str]]:
    """Return profile -> secrets of a secrets.toml; empty when there is none.

    Raises SettingsError when others could read it, when it is another user's, or malformed; the
    text never repeats what the file holds.
    """
    try:
        content = read_ordinary(path, trusted=partial(_require_trusted, path))
    except FileNotFoundError:
        return {}
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise SettingsError(say("{path} cannot be read: {reason}.", path=path, reason=reason)) from error
    try:
        document = parse_toml(content.decode("utf-8-sig"))
    except ValueError:
        # The parser's own words may quote the line, and with it the secret.
        raise _wrong(path, say("it is not valid TOML in UTF-8")) from None
    profiles = document.pop("profiles", {})
    if document or not isinstance(profiles, dict):
        raise _wrong(path, say("only tables named [profiles.NAME] are allowed"))
    for name, table in profiles.items():
        if not isinstance(table, dict):
            raise _wrong(path, say("only tables named [profiles.NAME] are allowed"))
        if not all(key in SECRET_KEYS and isinstance(value, str) for key, value in table.items()):
            keys = ", ".join(SECRET_KEYS)
            allowed = say("[profiles.{name}] may hold {keys}, as text", name=name, keys=keys)
            raise _wrong(path, allowed)
    return profiles


def _require_trusted(path: Path, about: os.stat_result) -> None:
    if about.st_uid != os.geteuid():
        raise SettingsError(
            say(
                "{path} belongs to another user and is not used. Mend it with: chown {user} {quoted}",
                path=path,
                user=os.geteuid(),
                quoted=shlex.quote(str(path)),
            )
        )
    if stat.S_IMODE(about.st_mode) & 0o077:
        raise SettingsError(
            say(
                "{path} can be read by others and is not used. Mend it with: chmod 600 {quoted}",
                path=path,
                quoted=shlex.quote(str(path)),
            )
        )


def _wrong(path: Path, reason: Text) -> SettingsError:
    return SettingsError(say("{path}: {reason}.", path=path, reason=reason))


def _backend() -> Keyring | None:
    # A backend that cannot start says so through logging, which would reach the terminal.
    logger = logging.getLogger("keyring")
    logger.addHandler(logging.NullHandler())
    logger.propagate = False
    import keyring  # noqa: PLC0415 - heavy: keyring

    backend: Keyring = keyring.get_keyring()
    # Below 1 are keyring's "none", its refusing one, and those that write in clear.
    return backend if getattr(backend, "priority", 0) >= 1 else None


def _keep_in_keyring(profile: str, values: dict[str, str]) -> bool:
    backend = _backend()
    if backend is None:
        return False
    for key, value in values.items():
        backend.set_password(KEYRING_SERVICE, f"{profile}/{key}", value)
    return all(
        backend.get_password(KEYRING_SERVICE, f"{profile}/{key}") == value for key, value in values.items()
    )


def _attempt(ask: Callable[[], T], seconds: float | None = None) -> T | None:
    """Run `ask` aside; None when it fails in any way or is not done in time."""
    answer: list[T] = []

    def run() -> None:
        try:
            answer.append(ask())
        except Exception:  # noqa: BLE001 - backends raise whatever their platform raises; none is worth a crash
            logging.getLogger(__name__).debug("The keyring did not answer")

    worker = threading.Thread(target=run, name="keyring", daemon=True)
    worker.start()
    worker.join(KEYRING_SECONDS if seconds is None else seconds)
    return answer[0] if answer else None
