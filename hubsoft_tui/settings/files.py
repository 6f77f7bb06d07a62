"""Settings from their places: read and laid over each other, tuned values written, each value explained.

Nothing starts on a guess: all problems are reported together, each with its file and line (or variable, or
option), what was found and what is allowed.
"""

from __future__ import annotations

import contextlib
import os
import time
from dataclasses import field, replace
from typing import TYPE_CHECKING

from ..errors import SettingsError
from ..texts import Text, _, say
from ..values import dataclass
from . import places as _places
from .documents import Document, entries_of, misplaced, profile_entries, read_document
from .layers import (
    DEFAULT,
    Origin,
    Problem,
    SettingEntry,
    from_environment,
    from_flags,
    is_secret,
    known_settings,
    resolve,
)
from .places import Places, write_private
from .profiles import DEFAULT_PROFILE, NoProfile, choose, refuse_incomplete
from .rules import plain
from .secrets import SECRET_KEYS, look_up

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from .tree import Settings

__all__ = [
    "Loaded",
    "NoProfile",
    "SettingRow",
    "Tuned",
    "complete",
    "explain",
    "load",
    "read",
    "read_tuned",
    "save_tuned",
]


@dataclass(frozen=True, slots=True)
class Loaded:
    """Settings as they were found, with what the person should be told about it."""

    settings: Settings
    places: Places
    warnings: tuple[Text, ...] = ()
    origins: Mapping[str, Origin] = field(default_factory=dict)
    """Dotted key -> where its value came from; a key that is not here has its default."""


@dataclass(frozen=True, slots=True)
class Tuned:
    """What the console saved, and what there would be without it; dotted key -> value."""

    saved: Mapping[str, object] = field(default_factory=dict)
    untuned: Mapping[str, object] = field(default_factory=dict)
    pinned: Mapping[str, Origin] = field(default_factory=dict)
    """What the environment sets: it wins over anything saved."""
    warnings: tuple[Text, ...] = ()


@dataclass(frozen=True, slots=True)
class SettingRow:
    """One setting as `config show` prints it; a secret's value reads `set` or `not set`."""

    key: str
    value: str
    default: str
    origin: str
    unit: str
    does: str


def load(
    profile: str | None = None,
    flags: Mapping[str, object] | None = None,
    environment: Mapping[str, str] | None = None,
    home: Path | str | None = None,
) -> Settings:
    """Return the settings of the chosen profile, its secrets included. See `read` for what is raised."""
    return read(profile, flags, environment, home).settings


def read(
    profile: str | None = None,
    flags: Mapping[str, object] | None = None,
    environment: Mapping[str, str] | None = None,
    home: Path | str | None = None,
    *,
    need_profile: bool = True,
    with_secrets: bool = True,
) -> Loaded:
    """Read every place and return what holds, with warnings.

    `flags` are dotted keys (`log.level`) or `read_only`; None sets nothing. Without `need_profile` a missing
    or incomplete profile is no error; without `with_secrets` nothing is asked of the keyring or secrets.toml
    (`complete` does it later, when the first frame is drawn).
    Raises NoProfile when nothing is configured, SettingsError with everything that is wrong.
    """
    env = os.environ if environment is None else environment
    places = _places.find(env, home)
    config = read_document(places.config_file, "config")
    outside = from_environment(env) + from_flags(flags or {})
    problems = misplaced(config) if config else []
    name = choose(config, profile, env)
    own = _config_entries(config, name or DEFAULT_PROFILE)
    tuned, warnings = _tuned_entries(places, own)
    resolved = resolve([*own, *tuned, *outside])
    _refuse([*problems, *_other_profiles(config, name), *resolved.problems])
    if name is None and need_profile:
        raise NoProfile(places)
    settings = resolved.build(name or DEFAULT_PROFILE, places.home)
    loaded = Loaded(settings, places, warnings, resolved.origins)
    if with_secrets and name is not None:
        loaded = complete(loaded)
        if need_profile:
            refuse_incomplete(loaded.settings.profile, places)
    return loaded


def complete(loaded: Loaded) -> Loaded:
    """Return `loaded` with the secrets the environment did not give: from secrets.toml, then the keyring.

    May wait for the keyring (`secrets.KEYRING_SECONDS`). Raises SettingsError as `secrets.look_up` does.
    """
    profile = loaded.settings.profile
    wanted = tuple(key for key in SECRET_KEYS if not getattr(profile, key))
    if not loaded.settings.alerts.webhook_url:
        # No webhook is called, so the keyring need not be asked for its secret.
        wanted = tuple(key for key in wanted if key != "webhook_secret")
    if not (loaded.settings.shared.url or profile.shared_url):
        wanted = tuple(key for key in wanted if key not in {"shared_url", "shared_password"})
    found = look_up(loaded.places, profile.name, wanted) if wanted else {}
    if not found:
        return loaded
    values = {key: secret.value for key, secret in found.items()}
    profile = replace(profile, **values)  # type: ignore[arg-type]
    origins = {
        f"profile.{key}": Origin("secrets", say("{place}", place=secret.kept.value))
        for key, secret in found.items()
    }
    return replace(
        loaded, settings=replace(loaded.settings, profile=profile), origins={**loaded.origins, **origins}
    )


def read_tuned(places: Places) -> Tuned:
    """Return what is in tuned.toml, profile and keys apart, over what config.toml and the environment say.

    A tuned.toml that cannot be used is set aside, and a warning says so. Raises SettingsError.
    """
    config = read_document(places.config_file, "config")
    own = _config_entries(config, DEFAULT_PROFILE)
    outside = from_environment(os.environ)
    tuned, warnings = _tuned_entries(places, own)
    without, within = resolve([*own, *outside]), resolve([*own, *tuned])
    return Tuned(
        saved={entry.key: within.values[entry.key] for entry in tuned if entry.key in within.values},
        untuned=without.values,
        pinned={entry.key: entry.origin for entry in outside},
        warnings=warnings,
    )


def save_tuned(places: Places, values: Mapping[str, object]) -> None:
    """Write what the console tuned: dotted key -> value, None to take a key out; other tuned keys stay.

    Profiles and keys are the person's and refused here. Raises SettingsError for a value that is not allowed
    (nothing is written then), StoreError when the file cannot be written.
    """
    import tomli_w  # noqa: PLC0415 - heavy for a start that writes no file

    config = read_document(places.config_file, "config")
    own = _config_entries(config, DEFAULT_PROFILE)
    kept, _warnings = _tuned_entries(places, own)
    tuned = {entry.key: entry for entry in kept}
    here = Origin("tuned", say("{path}", path=places.tuned_file))
    for key, value in values.items():
        if value is None:
            tuned.pop(key, None)
        else:
            tuned[key] = SettingEntry(key, value, here)
    foreign = [_not_tunable(entry) for entry in tuned.values() if entry.key not in known_settings()]
    foreign += [_not_tunable(entry) for entry in tuned.values() if entry.key.startswith("profile.")]
    resolved = resolve([*own, *tuned.values()])
    _refuse([*foreign, *(problem for problem in resolved.problems if problem.layer == "tuned")])
    document: dict[str, dict[str, object]] = {}
    for key in sorted(tuned):
        *tables, name = key.split(".")
        table = document
        for each in tables:
            table = table.setdefault(each, {})  # type: ignore[assignment]
        value = resolved.values[key]
        table[name] = list(value) if isinstance(value, tuple) else value  # type: ignore[assignment]
    write_private(places.tuned_file, tomli_w.dumps(document).encode())


def explain(loaded: Loaded) -> tuple[SettingRow, ...]:
    """Return a row for every setting, in the order of the tree; secrets read `set` or `not set`."""
    rows = [
        SettingRow("profile", loaded.settings.profile.name, DEFAULT_PROFILE, "", "", _("The profile in use."))
    ]
    for key, known in known_settings().items():
        value = _value(loaded.settings, key)
        if is_secret(key):
            value, default = (_("set") if value else _("not set")), _("not set")
        else:
            value, default = plain(value), plain(known.default)
        origin = str(loaded.origins.get(key, DEFAULT).place)
        unit = _(known.rule.unit) if known.rule.unit else ""
        rows.append(SettingRow(key, value, default, origin, unit, _(known.rule.does)))
    for action, value in sorted(loaded.settings.keys.items()):
        key = f"keys.{action}"
        rows.append(SettingRow(key, value, "", str(loaded.origins.get(key, DEFAULT).place), "", ""))
    return tuple(rows)


def _value(settings: Settings, key: str) -> object:
    value: object = settings
    for name in key.split("."):
        value = value[name] if isinstance(value, dict) else getattr(value, name)
    return value


def _config_entries(config: Document | None, profile: str) -> list[SettingEntry]:
    return [*entries_of(config), *profile_entries(config, profile)] if config else []


def _other_profiles(config: Document | None, chosen: str | None) -> list[Problem]:
    """Return what is wrong in the profiles not chosen: they will be, one day."""
    if config is None:
        return []
    others = [name for name in config.profiles if name != chosen]
    return [problem for name in others for problem in resolve(profile_entries(config, name)).problems]


def _tuned_entries(places: Places, own: list[SettingEntry]) -> tuple[list[SettingEntry], tuple[Text, ...]]:
    """Return what was tuned; a tuned.toml that cannot be used is set aside, and the warning says so."""
    try:
        tuned = read_document(places.tuned_file, "tuned")
        entries = entries_of(tuned) if tuned else []
        wrong = [
            _not_tunable(entry) for entry in entries if entry.key.partition(".")[0] in {"profile", "keys"}
        ]
        wrong += [problem for problem in resolve([*own, *entries]).problems if problem.layer == "tuned"]
        _refuse(wrong)
    except SettingsError as error:
        return [], (_set_aside(places.tuned_file, error),)
    return entries, ()


def _set_aside(path: Path, error: SettingsError) -> Text:
    aside = path.with_name(f"{path.name}.broken-{time.strftime('%Y%m%d-%H%M%S')}")
    # Another console may have moved it already, or the folder may be read-only: it is left out either way.
    with contextlib.suppress(OSError):
        path.rename(aside)
    return say(
        "What was tuned is not used: {reason} The file was set aside as {aside}.",
        reason=error.text,
        aside=aside,
    )


def _not_tunable(entry: SettingEntry) -> Problem:
    text = say("{place}: {key} cannot be tuned.", place=entry.origin.place, key=entry.key)
    return Problem(text, "tuned")


def _refuse(problems: list[Problem]) -> None:
    """Raise one SettingsError with every problem on a line of its own; nothing when there is none."""
    if problems:
        names = [f"p{number}" for number in range(len(problems))]
        lines = "\n".join(f"{{{name}}}" for name in names)
        texts: list[object] = [problem.text for problem in problems]
        raise SettingsError(Text(lines, dict(zip(names, texts, strict=True))))
