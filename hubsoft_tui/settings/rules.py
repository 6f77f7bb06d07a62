"""What a setting may be, declared beside it: unit, bounds, choices, one line of what it does; and addresses."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from dataclasses import Field, field
from types import MappingProxyType
from typing import Any, Final, TypeVar
from urllib.parse import SplitResult, urlsplit

from ..errors import InvalidInput
from ..texts import N_, Text, say
from ..values import dataclass

T = TypeVar("T")

_METADATA: Final = "rule"

SECONDS: Final = N_("seconds")
DAYS: Final = N_("days")
FILES: Final = N_("files")
BYTES: Final = N_("bytes")
HOURS: Final = N_("o'clock")
REQUESTS: Final = N_("requests")
PER_MINUTE: Final = N_("requests per minute")
PER_SECOND: Final = N_("times per second")
OF_ANSWERS: Final = N_("of the answers")
OF_BUDGET: Final = N_("of the budget")
OF_CACHE: Final = N_("of the cache")
OF_QUESTIONS: Final = N_("of the questions")
OF_QUEUE: Final = N_("of the queue")
OF_ACTIVE: Final = N_("of those who were active")
MEMBERS: Final = N_("members")
QUESTIONS: Final = N_("questions")
MEGABYTES: Final = N_("megabytes")
ROWS: Final = N_("rows")
RECORDS: Final = N_("records")
TIMES: Final = N_("times")
TICKETS: Final = N_("tickets")
WAITS: Final = N_("waits saved per request")
CONNECTIONS: Final = N_("connections")
CHARACTERS: Final = N_("characters")


@dataclass(frozen=True, slots=True)
class SettingBounds:
    """What a number is measured in, and what it may be."""

    unit: str = ""
    low: float | None = None
    """Smallest value allowed."""
    above: float | None = None
    """The value must be greater than this; used where the bound itself is not allowed."""
    high: float | None = None
    """Largest value allowed."""

    def holds(self, value: float) -> bool:
        """Tell whether `value` is within the bounds; NaN, which compares false with everything, is not."""
        return (
            (self.low is None or value >= self.low)
            and (self.above is None or value > self.above)
            and (self.high is None or value <= self.high)
        )


@dataclass(frozen=True, slots=True)
class SettingRule(SettingBounds):
    """One setting's description and bounds. `does`, `name`, `unit` and `shape` are message ids."""

    does: str = ""
    choices: tuple[str, ...] = ()
    """What a text, or each word of a list, may be; empty: anything."""
    pattern: str = ""
    """What a text must match as a whole; `shape` says the same to people."""
    shape: str = ""
    secret: bool = False
    name: str = ""
    """What the Tuning screen calls it, in at most 22 cells; empty where it cannot be tuned."""
    names: Mapping[str, str] = field(default_factory=dict)
    """The same for each entry of a setting that is a table."""


def within(low: float, high: float, unit: str) -> SettingBounds:
    """Return the bounds of what may be from `low` to `high`."""
    return SettingBounds(unit, low=low, high=high)


def above(low: float, high: float, unit: str) -> SettingBounds:
    """Return the bounds of what must be more than `low`, and may be up to `high`."""
    return SettingBounds(unit, above=low, high=high)


def setting(
    default: T,
    does: str,
    bounds: SettingBounds = SettingBounds(),  # noqa: B008 - it is immutable
    name: str = "",
    *,
    choices: tuple[str, ...] = (),
    pattern: str = "",
    shape: str = "",
    secret: bool = False,
    names: Mapping[str, str] = MappingProxyType({}),
) -> T:
    """Return a dataclass field with `default` and its `SettingRule`; a secret stays out of the text form."""
    limits = (bounds.unit, bounds.low, bounds.above, bounds.high)
    metadata = {_METADATA: SettingRule(*limits, does, choices, pattern, shape, secret, name, names)}
    if isinstance(default, dict):
        made: T = field(default_factory=lambda: type(default)(default), metadata=metadata)
        return made
    return field(default=default, metadata=metadata, repr=not secret)


def rule_of(declared: Field[Any]) -> SettingRule | None:
    """Return the rule declared on a dataclass field, or None when it cannot be set."""
    rule = declared.metadata.get(_METADATA)
    return rule if isinstance(rule, SettingRule) else None


class WrongValue(ValueError):
    """A value is not allowed; `allowed` says what is."""

    def __init__(self, allowed: Text) -> None:
        super().__init__()
        self.allowed = allowed


def check(value: object, default: object, rule: SettingRule) -> object:
    """Return `value` with the type of `default`, within `rule`. Raises WrongValue."""
    checked: object = None
    if isinstance(default, bool):
        checked = value if isinstance(value, bool) else None
    elif isinstance(default, int | float):
        checked = _number(value, whole=isinstance(default, int), rule=rule)
    elif isinstance(default, tuple):
        checked = _words(value, rule, may_be_empty=not default)
    elif isinstance(value, str) and _fits(value, rule):
        checked = value
    if checked is None:
        raise WrongValue(allowed(default, rule))
    return checked


def parse(text: str, default: object) -> object:
    """Read what a variable or flag says for a setting like `default`; what cannot be read stays as it is."""
    text = text.strip()
    if isinstance(default, bool):
        return {"1": True, "true": True, "yes": True, "on": True}.get(
            text.lower(), {"0": False, "false": False, "no": False, "off": False}.get(text.lower(), text)
        )
    if isinstance(default, int | float):
        try:
            return int(text) if isinstance(default, int) else float(text)
        except ValueError:
            return text
    if isinstance(default, dict | tuple) and text[:1] in {"{", "["}:
        return _inline(text)
    if isinstance(default, tuple):
        return [word.strip() for word in text.split(",")]
    return text


def allowed(default: object, rule: SettingRule) -> Text:
    """Say what a setting may be, e.g. "a whole number from 1 to 6000 (requests per minute)"."""
    if isinstance(default, bool):
        return say("true or false")
    if rule.choices:
        some, one = N_("a list of any of: {choices}"), N_("one of: {choices}")
        return Text(some if isinstance(default, tuple) else one, {"choices": ", ".join(rule.choices)})
    if isinstance(default, tuple):
        return say('a list of words, e.g. ["one", "two"]')
    if not isinstance(default, int | float):
        return Text(rule.shape or N_("text between quotes"), {})
    if rule.above is not None:
        bounds = say("greater than {low} and at most {high}", low=plain(rule.above), high=plain(rule.high))
    else:
        bounds = say("from {low} to {high}", low=plain(rule.low), high=plain(rule.high))
    kind = N_("a whole number {bounds}") if isinstance(default, int) else N_("a number {bounds}")
    number = Text(kind, {"bounds": bounds})
    return say("{number} ({unit})", number=number, unit=Text(rule.unit, {})) if rule.unit else number


def plain(value: object) -> str:
    """Write a value as the settings file does: `1800` for 1800.0, `true`, `a, b`."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    if isinstance(value, tuple | list):
        return ", ".join(str(word) for word in value)
    return str(value)


def _number(value: object, *, whole: bool, rule: SettingRule) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int if whole else int | float):
        return None
    if not rule.holds(value):
        return None
    return value if whole else float(value)


def _words(value: object, rule: SettingRule, *, may_be_empty: bool) -> tuple[str, ...] | None:
    if not isinstance(value, list | tuple) or not (value or may_be_empty):
        return None
    words = tuple(word for word in value if isinstance(word, str) and word.strip())
    fit = len(words) == len(value) and (not rule.choices or set(words) <= set(rule.choices))
    return words if fit else None


def _fits(value: str, rule: SettingRule) -> bool:
    if rule.choices:
        return value in rule.choices
    return not rule.pattern or re.fullmatch(rule.pattern, value) is not None


_PART: Final = r"""(?:[\w-]+|"(?:\\.|[^"\\\n])*"|'[^'\n]*')"""
_DOTTED: Final = re.compile(rf"(?:^|[\[{{,])[ \t]*(?:{_PART}[ \t]*\.[ \t]*){{32}}", re.MULTILINE)
"""The beginning of a name with more parts than any has."""
LONGEST_TOML: Final = 1_000_000
"""Characters of a document that is read; more is no file of settings."""


def parse_toml(text: str) -> dict[str, Any]:
    """Return a TOML document. Raises ValueError for whatever is wrong with it."""
    import tomllib  # noqa: PLC0415 - heavy: a start without a file needs it not

    if len(text) > LONGEST_TOML:
        raise ValueError("more than a million characters")
    if _DOTTED.search(text):
        # Memory grows with the square of its parts: 200 kB of them take all there is.
        raise ValueError("a name of too many parts")
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        raise
    except RecursionError:
        raise ValueError("too deeply nested") from None
    except ValueError:
        raise ValueError("a number with too many digits") from None


def _inline(text: str) -> object:
    import json  # noqa: PLC0415 - only a list given as text needs it

    try:
        return parse_toml(f"value = {text}")["value"]
    except ValueError:
        try:
            return json.loads(text)
        except (ValueError, RecursionError):
            return text


_PASTED: Final = re.compile(r"/(?:oauth(?:/token)?|api(?:/v1(?:/integracao(?:/.*)?)?)?)/*$")
_HOST: Final = re.compile(r"[a-z0-9](?:[a-z0-9._-]*[a-z0-9])?")
_PATH: Final = re.compile(r"(?:/[A-Za-z0-9._~-]+)*")
_DEFAULT_PORTS: Final = {"https": 443, "http": 80}


def normalise_url(text: str) -> str:
    """Return `scheme://host[:port][/prefix]` without a trailing slash. Raises InvalidInput.

    The error never repeats a password. Plain http is accepted to this machine only: the API's password would
    cross the network readable.
    """
    text = text.strip()
    parts, host = _split(text)
    if parts.username is not None or parts.password is not None:
        raise InvalidInput(
            say("The address must not carry a user or password: write it without what is before @.")
        )
    if parts.query or parts.fragment:
        raise InvalidInput(
            say("The address must end before any ? or #, e.g. https://{host}.", host=_shown(host))
        )
    if parts.scheme == "http" and not is_loopback(host):
        raise InvalidInput(
            say("http:// would send the password readable by others: use https://{host}.", host=_shown(host))
        )
    path = _PASTED.sub("", parts.path.rstrip("/")).rstrip("/")
    if not _PATH.fullmatch(path):
        raise InvalidInput(
            say("The address must be only the server's, e.g. https://{host}.", host=_shown(host))
        )
    port = parts.port
    suffix = "" if port in {None, _DEFAULT_PORTS[parts.scheme]} else f":{port}"
    return f"{parts.scheme}://{_shown(host)}{suffix}{path}"


def webhook_address(text: str) -> str:
    """Return the address of a webhook as it will be called, path and query as they are. Raises InvalidInput.

    The error never repeats the path: chat services keep a key in it. Plain http is accepted to this machine only.
    """
    text = text.strip()
    parts, host = _split(text)
    if parts.username is not None or parts.password is not None:
        raise InvalidInput(
            say("The address must not carry a user or password: write it without what is before @.")
        )
    if parts.fragment:
        raise InvalidInput(say("The address must end before any #."))
    if parts.scheme == "http" and not is_loopback(host):
        raise InvalidInput(
            say("http:// would send alerts readable by others: use https://{host}/….", host=_shown(host))
        )
    return text


def _shown(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def is_loopback(host: str) -> bool:
    """Tell whether `host` is this machine, by name (`localhost`) or number (127.0.0.0/8, ::1)."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _split(text: str) -> tuple[SplitResult, str]:
    """Return the parts and the host in lower case. Raises InvalidInput."""
    wrong = InvalidInput(say("This is not an address. It looks like https://api.provider.example"))
    if not text.isprintable() or re.search(r"[\s\\]", text):
        raise wrong
    try:
        parts = urlsplit(text)
        host = parts.hostname or ""
        port = parts.port
        if not host.isascii():
            host = host.encode("idna").decode("ascii")
        if ":" in host:
            ipaddress.IPv6Address(host)
    except ValueError:  # a port that is no number, a bracket without its pair, a host no name server accepts
        raise wrong from None
    if "://" not in text:
        if _HOST.fullmatch(text.lower()):
            raise InvalidInput(
                say("The address must begin with https://, e.g. https://{host}.", host=text.lower())
            )
        raise wrong
    if parts.scheme not in _DEFAULT_PORTS:
        raise InvalidInput(say("The address must begin with https://."))
    if port == 0 or (":" not in host and not _HOST.fullmatch(host)):
        raise wrong
    return parts, host
