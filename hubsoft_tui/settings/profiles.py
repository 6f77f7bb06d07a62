"""Profiles: which one is meant, what one lacks, and how the first is written."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, Final

from ..errors import InvalidInput, SettingsError
from ..texts import Text, say
from .documents import PROFILE_NAME, Document, profile_entries, read_document
from .layers import PROFILE_VARIABLES, resolve, shown
from .places import Places, create_private
from .rules import normalise_url
from .secrets import SECRET_KEYS, Kept, keep

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .tree import Profile

DEFAULT_PROFILE: Final = "main"
PROFILE_VARIABLE: Final = "HUBSOFT_TUI_PROFILE"
# An address is what makes one: secrets alone in the environment belong to a profile that is yet to come.
_MAKES_PROFILE: Final = ("HUBSOFT_URL", "HUBSOFT_TUI_PROFILE__URL")
_NEEDED: Final = ("url", "client_id", "client_secret", "username", "password")


class NoProfile(SettingsError):
    """Nothing is configured: no profile in config.toml, none in the environment."""

    def __init__(self, places: Places) -> None:
        super().__init__(
            say(
                "No profile is configured. Run hubsoft-tui to make one, write it to {path}, or set "
                "HUBSOFT_URL, HUBSOFT_CLIENT_ID, HUBSOFT_CLIENT_SECRET, HUBSOFT_USERNAME and "
                "HUBSOFT_PASSWORD.",
                path=places.config_file,
            )
        )


def choose(config: Document | None, wanted: str | None, environment: Mapping[str, str]) -> str | None:
    """Return the profile's name: option, HUBSOFT_TUI_PROFILE, `default_profile`, the only one, `main`.

    None when nothing is configured. Raises SettingsError for a name that does not exist, or when several
    exist and none is chosen.
    """
    names = list(config.profiles) if config else []
    from_variables = any(environment.get(name, "").strip() for name in _MAKES_PROFILE)
    name, place = _wanted(config, wanted, environment)
    if name and place:
        if name not in names and (names or not from_variables):
            raise SettingsError(
                say(
                    "{place}: there is no profile {name}. Those that exist: {names}.",
                    place=place,
                    name=shown(name),
                    names=", ".join(names) or say("none"),
                )
            )
        if not PROFILE_NAME.fullmatch(name):
            raise SettingsError(
                say("{place}: a profile's name is letters, digits, - and _, at most 32.", place=place)
            )
        return name
    if len(names) == 1:
        return names[0]
    if DEFAULT_PROFILE in names or from_variables:
        return DEFAULT_PROFILE
    if names and config:
        raise SettingsError(
            say(
                "{path} has several profiles ({names}): choose one with --profile or default_profile.",
                path=config.path,
                names=", ".join(names),
            )
        )
    return None


def refuse_incomplete(profile: Profile, places: Places) -> None:
    """Raise SettingsError when the profile lacks anything a login needs, saying where it belongs."""
    missing = [key for key in _NEEDED if not getattr(profile, key)]
    if not missing:
        return
    variables = [name for name, key in PROFILE_VARIABLES.items() if key.removeprefix("profile.") in missing]
    raise SettingsError(
        say(
            "The profile {name} lacks {missing}. Write url, client_id and username to {config}, "
            "client_secret and password to {secrets} (mode 0600), each under [profiles.{name}], "
            "or set {variables}.",
            name=profile.name,
            missing=", ".join(missing),
            config=places.config_file,
            secrets=places.secrets_file,
            variables=", ".join(variables),
        )
    )


def save_profile(profile: Profile, places: Places) -> Kept:
    """Write the first profile: config.toml when there is none; return where its secrets are kept.

    A config.toml that is there is the person's and is never rewritten: when it lacks this profile the secrets
    are kept and SettingsError names the lines to add; when it has another profile of this name
    nothing is kept.
    Raises InvalidInput for a profile that cannot be right, StoreError when a file cannot be written.
    """
    import tomli_w  # noqa: PLC0415 - heavy for a start that writes no file

    _check(profile)
    kept = {key: value for key, value in _plain(profile).items() if key not in SECRET_KEYS}
    lines = tomli_w.dumps({"profiles": {profile.name: kept}})
    secrets = {"client_secret": profile.client_secret, "password": profile.password}
    config = read_document(places.config_file, "config")
    if config is None:
        where = keep(places, profile.name, secrets)
        if create_private(places.config_file, lines.encode()):
            return where
        config = read_document(places.config_file, "config")  # another process wrote one a moment ago
    if config and profile.name in config.profiles:
        there = resolve(profile_entries(config, profile.name)).values
        if any(there[f"profile.{key}"] != value for key, value in kept.items()):
            raise SettingsError(
                say(
                    "{place}: there is a profile {name} with other values. Change it there, or "
                    "choose another name.",
                    place=config.origin("profiles", profile.name).place,
                    name=profile.name,
                )
            )
        return keep(places, profile.name, secrets)
    keep(places, profile.name, secrets)
    raise SettingsError(
        say(
            "{path} is yours and is not rewritten. The secrets are kept; add these lines to it:\n{lines}",
            path=places.config_file,
            lines=lines.strip(),
        )
    )


def _wanted(
    config: Document | None, wanted: str | None, environment: Mapping[str, str]
) -> tuple[str, Text | None]:
    """Return the name that was asked for and where, or nothing."""
    if wanted:
        return wanted, say("--profile")
    if name := environment.get(PROFILE_VARIABLE, "").strip():
        return name, say("the variable {name}", name=PROFILE_VARIABLE)
    if config and "default_profile" in config.data:
        name = config.data["default_profile"]
        return (name if isinstance(name, str) and name else str(name) or "?"), config.origin(
            "default_profile"
        ).place
    return "", None


def _plain(profile: Profile) -> dict[str, str]:
    """Return what a form fills in; the rest (colour, read-only) only when it was set."""
    values = {f.name: getattr(profile, f.name) for f in fields(profile) if f.name != "name"}
    values["url"] = normalise_url(profile.url)
    return {key: value for key, value in values.items() if value}


def _check(profile: Profile) -> None:
    if not PROFILE_NAME.fullmatch(profile.name):
        raise InvalidInput(say("A profile's name is letters, digits, - and _, at most 32."))
    missing = [key for key in _NEEDED if not getattr(profile, key)]
    if missing:
        raise InvalidInput(say("Fill in {missing}.", missing=", ".join(missing)))
