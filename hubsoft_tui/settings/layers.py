"""Settings as they are found: entries with an origin, laid over each other, checked, built into a tree."""

from __future__ import annotations

import functools
import itertools
import re
from dataclasses import fields, replace
from typing import TYPE_CHECKING, Any, Final, Literal

from ..errors import InvalidInput
from ..privacy import clean
from ..texts import Text, say
from ..values import dataclass
from .rules import SettingRule, WrongValue, check, normalise_url, parse, plain, rule_of, webhook_address
from .tree import Profile, Settings

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

Layer = Literal["default", "config", "tuned", "environment", "flags", "secrets"]

SHARES: Final = ("critical", "high", "normal", "low")
_PREFIX: Final = "HUBSOFT_TUI_"
_RESERVED: Final = ("HUBSOFT_TUI_HOME", "HUBSOFT_TUI_PROFILE")
PROFILE_VARIABLES: Final = {
    "HUBSOFT_URL": "profile.url",
    "HUBSOFT_CLIENT_ID": "profile.client_id",
    "HUBSOFT_CLIENT_SECRET": "profile.client_secret",
    "HUBSOFT_USERNAME": "profile.username",
    "HUBSOFT_PASSWORD": "profile.password",
    "HUBSOFT_WEBHOOK_SECRET": "profile.webhook_secret",
    "HUBSOFT_REDIS_URL": "profile.shared_url",
    "HUBSOFT_REDIS_PASSWORD": "profile.shared_password",
}


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a value was found. `place` is for people: a file and line, a variable, a flag."""

    layer: Layer
    place: Text


DEFAULT: Final = Origin("default", say("default"))


@dataclass(frozen=True, slots=True)
class SettingEntry:
    """One value as found. Its text form never shows it: it may be a secret."""

    key: str
    """Dotted: `cache.client_data_ttl`, `limiter.share.low`, `profile.url`, `keys.<action>`."""
    value: object
    origin: Origin
    is_text: bool = False
    """True when it comes from a variable or flag and must be read as a number, list or table first."""

    def __repr__(self) -> str:
        return f"Entry({self.key!r}, {self.origin!r})"


@dataclass(frozen=True, slots=True)
class KnownSetting:
    """A key that exists, with its default and rule."""

    default: object
    rule: SettingRule


@dataclass(frozen=True, slots=True)
class Problem:
    """One wrong value: a whole sentence, and the layer it is in."""

    text: Text
    layer: Layer


class Resolved:
    """The values that hold after all layers, where each came from, and everything wrong on the way."""

    def __init__(self) -> None:
        self.values: dict[str, object] = {key: known.default for key, known in known_settings().items()}
        self.origins: dict[str, Origin] = {}
        self.problems: list[Problem] = []

    def origin(self, key: str) -> Origin:
        """Return where the value of `key` came from."""
        return self.origins.get(key, DEFAULT)

    def build(self, profile: str, home: str) -> Settings:
        """Return the tree of these values."""
        tables: dict[str, Any] = {}
        keys: dict[str, str] = {}
        for key, value in self.values.items():
            section, _, name = key.partition(".")
            if section == "keys":
                keys[name] = str(value)
            elif "." in name:
                table, _, part = name.partition(".")
                tables.setdefault(section, {}).setdefault(table, {})[part] = value
            else:
                tables.setdefault(section, {})[name] = value
        made = {section: type(default)(**tables.get(section, {})) for section, default in sections().items()}
        return Settings(profile=Profile(name=profile, **tables["profile"]), keys=keys, home=home, **made)


@functools.cache
def sections() -> dict[str, Any]:
    """Return section name -> its defaults, `profile` and `keys` apart."""
    tree = Settings()
    return {f.name: getattr(tree, f.name) for f in fields(tree) if f.name not in {"profile", "keys", "home"}}


@functools.cache
def known_settings() -> dict[str, KnownSetting]:
    """Return every key that may be set, `keys.*` apart, in the order of the tree."""
    known: dict[str, KnownSetting] = {}
    for section, defaults in {"profile": Profile(), **sections()}.items():
        for declared in fields(defaults):
            rule, value = rule_of(declared), getattr(defaults, declared.name)
            key = f"{section}.{declared.name}"
            if rule is None:
                continue
            if isinstance(value, dict):
                known |= {
                    f"{key}.{name}": KnownSetting(part, replace(rule, name=rule.names.get(name, "")))
                    for name, part in value.items()
                }
            else:
                known[key] = KnownSetting(value, rule)
    return known


@functools.cache
def inner_tables() -> tuple[str, ...]:
    """Return the settings that are tables themselves, such as `limiter.share`."""
    return tuple(
        f"{section}.{declared.name}"
        for section, defaults in sections().items()
        for declared in fields(defaults)
        if isinstance(getattr(defaults, declared.name), dict)
    )


def resolve(entries: Iterable[SettingEntry]) -> Resolved:
    """Lay `entries` over the defaults, later over earlier, and check each and all. Raises nothing."""
    resolved = Resolved()
    for entry in entries:
        for part in _parts(entry):
            _take(part, resolved)
    _check_shares(resolved)
    return resolved


def from_environment(environment: Mapping[str, str]) -> list[SettingEntry]:
    """Return what the environment sets; an empty variable sets nothing. The short HUBSOFT_* names win."""
    entries = []
    for name in sorted(environment):
        if name.startswith(_PREFIX) and name not in _RESERVED and environment[name].strip():
            section, _, rest = name.removeprefix(_PREFIX).lower().partition("__")
            key = ".".join([section, *rest.split("__")]) if rest else section
            entries.append(_variable(name, key, environment[name]))
    return entries + [
        _variable(name, key, environment[name])
        for name, key in PROFILE_VARIABLES.items()
        if environment.get(name, "").strip()
    ]


def from_flags(flags: Mapping[str, object]) -> list[SettingEntry]:
    """Return what flags set: dotted keys, or `read_only`; None sets nothing."""
    entries = []
    for flag, value in flags.items():
        key = "profile.read_only" if flag == "read_only" else flag
        origin = Origin("flags", say("the option for {key}", key=key))
        if value is not None:
            entries.append(SettingEntry(key, value, origin, is_text=isinstance(value, str)))
    return entries


_LOGIN: Final = re.compile(r'://[^\s"]*@')
_BEHIND_SERVER: Final = re.compile(r'(://[^\s"/?#]*)[/?#][^\s",]+')


def shown(value: object) -> str:
    """Write what was found as a sentence may repeat it: one line, short, harmless.

    Of an address no more than the server: a password stands before it, and a key may stand behind it.
    """
    text = _LOGIN.sub("://***@", clean(f'"{value}"' if isinstance(value, str) else plain(value)))
    text = _BEHIND_SERVER.sub(r"\1/…", text)
    return text if len(text) <= 60 else f"{text[:57]}…"


def unknown_key(entry: SettingEntry) -> Text:
    """Say that there is no such setting, and which one was probably meant."""
    import difflib  # noqa: PLC0415 - only a wrong key needs it

    names = [*known_settings(), *sections(), "keys"]
    table, _, leaf = entry.key.rpartition(".")
    variable = next((name for name, key in PROFILE_VARIABLES.items() if key == f"profile.{leaf}"), "")
    if variable and is_secret(f"profile.{leaf}"):
        return say(
            "{place}: {key} is a secret. Move it to secrets.toml (mode 0600), [profiles.NAME], or to the "
            "variable {variable}.",
            place=entry.origin.place,
            key=leaf,
            variable=variable,
        )
    leaves = [name.rpartition(".")[2] for name in names if name.rpartition(".")[0] == table]
    meant = [f"{table}.{name}" for name in difflib.get_close_matches(leaf, leaves, n=1, cutoff=0.65) if table]
    if not meant:  # the right key in the wrong section
        meant = [name for name in names if name.rpartition(".")[2] == leaf]
    if not meant:
        meant = difflib.get_close_matches(entry.key, names, n=1, cutoff=0.75)
    key = shown(entry.key).strip('"')
    if meant:
        return say(
            "{place}: there is no setting {key}. Did you mean {suggestion}?",
            place=entry.origin.place,
            key=key,
            suggestion=meant[0].removeprefix("profile."),
        )
    return say("{place}: there is no setting {key}. Remove it.", place=entry.origin.place, key=key)


def _variable(name: str, key: str, value: str) -> SettingEntry:
    return SettingEntry(
        key, value, Origin("environment", say("the variable {name}", name=name)), is_text=True
    )


def _parts(entry: SettingEntry) -> Iterator[SettingEntry]:
    """Yield one entry per value of a table given whole, such as `share = { low = 0.5 }`."""
    tables: dict[str, dict[str, object]] = {name: {} for name in (*inner_tables(), "keys")}
    value = (
        parse(str(entry.value), tables[entry.key]) if entry.is_text and entry.key in tables else entry.value
    )
    if entry.key in tables and isinstance(value, dict):
        for name, part in value.items():
            yield SettingEntry(f"{entry.key}.{name}", part, entry.origin)
    else:
        yield entry


def _take(entry: SettingEntry, resolved: Resolved) -> None:
    known = known_settings().get(entry.key)
    if known is None and not _is_table(entry.key) and not entry.key.startswith("keys."):
        resolved.problems.append(Problem(unknown_key(entry), entry.origin.layer))
        return
    try:
        value = _checked(entry, known)
    except WrongValue as wrong:
        resolved.problems.append(Problem(_wrong_value(entry, known, wrong.allowed), entry.origin.layer))
        return
    except InvalidInput as wrong:
        text = say(
            "{place}: {key} is wrong. {reason}", place=entry.origin.place, key=entry.key, reason=wrong.text
        )
        resolved.problems.append(Problem(text, entry.origin.layer))
        return
    # Read-only holds once any layer says it: a later layer may tighten, never loosen.
    if entry.key == "profile.read_only" and resolved.values[entry.key] is True:
        return
    resolved.values[entry.key] = value
    resolved.origins[entry.key] = entry.origin


def _is_table(key: str) -> bool:
    return key in sections() or key in {*inner_tables(), "keys", "profile"}


def _checked(entry: SettingEntry, known: KnownSetting | None) -> object:
    """Return the value as the tree takes it. Raises WrongValue, InvalidInput."""
    key, value = entry.key, entry.value
    if known is None:
        if _is_table(key):
            raise WrongValue(say("a table of settings"))
        if not isinstance(value, str) or not value.strip():
            raise WrongValue(say("a key's name between quotes"))
        return value
    if entry.is_text and isinstance(value, str):
        value = parse(value, known.default)
    if key == "profile.url" and isinstance(value, str):
        return normalise_url(value)
    if key == "alerts.webhook_url" and isinstance(value, str) and value.strip():
        return webhook_address(value)
    if key == "profile.client_id" and isinstance(value, int) and not isinstance(value, bool):
        value = str(value)  # HubSoft's client ids are numbers, and are often written so
    return check(value, known.default, known.rule)


def _wrong_value(entry: SettingEntry, known: KnownSetting | None, allowed: Text) -> Text:
    if known is not None and known.rule.secret:
        return say(
            "{place}: {key} must be {allowed}.", place=entry.origin.place, key=entry.key, allowed=allowed
        )
    return say(
        "{place}: {key} is {found}, and must be {allowed}.",
        place=entry.origin.place,
        key=entry.key,
        found=shown(entry.value).strip('"') if entry.is_text else shown(entry.value),
        allowed=allowed,
    )


def _check_shares(resolved: Resolved) -> None:
    """Urgency must pay: a less urgent class may not have the larger share."""
    order: tuple[Layer, ...] = ("default", "config", "tuned", "environment", "flags")
    for more, less in itertools.pairwise(SHARES):
        first, second = f"limiter.share.{more}", f"limiter.share.{less}"
        high, low = resolved.values[first], resolved.values[second]
        if not isinstance(high, float) or not isinstance(low, float) or low <= high:
            continue
        blamed = max((first, second), key=lambda key: order.index(resolved.origin(key).layer))
        origin = resolved.origin(blamed)
        text = say(
            "{place}: the share of {less} is {low}, and must be at most that of {more}, which is {high}.",
            place=origin.place,
            less=less,
            low=plain(low),
            more=more,
            high=plain(high),
        )
        resolved.problems.append(Problem(text, origin.layer))


def is_secret(key: str) -> bool:
    """Tell whether the value of `key` must never be shown."""
    known = known_settings().get(key)
    return known is not None and known.rule.secret
