"""Keep `docs/settings.md`: `update` writes it from the settings' own rules; `check` fails when it fell behind."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from hubsoft_tui import texts
from hubsoft_tui.formats import lifetime
from hubsoft_tui.services.tuning import tunables
from hubsoft_tui.settings.layers import PROFILE_VARIABLES, KnownSetting, known_settings, sections
from hubsoft_tui.settings.rules import SECONDS, plain

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hubsoft_tui.settings.rules import SettingRule

ROOT: Final = Path(__file__).resolve().parent.parent
NOTHING: Final = "–"
HEAD: Final = """\
# Settings

<!-- Written by `make settings` from the rules in hubsoft_tui/settings. Edit those, not this page. -->

Every setting has a default that works. What is set is looked for in this order, later over earlier:

1. the defaults below
2. `config.toml`, which is yours and never rewritten; `hubsoft-tui config path` says where it is
3. `tuned.toml` beside it, which the Tuning screen and self-tuning write
4. the environment
5. options on the command line: `--profile NAME`, `--read-only`

```toml
[profiles.main]
url = "https://api.provedor.example"
client_id = "89"
username = "api@provedor.example"

[cache]
client_data_ttl = 900

[limiter]
share = { critical = 1.0, high = 0.9, normal = 0.8, low = 0.6 }

[keys]
"lookup.refresh" = "ctrl+r"
```

The variable of a setting is `HUBSOFT_TUI_`, its section, two underscores and its name, in capitals:
`HUBSOFT_TUI_CACHE__CLIENT_DATA_TTL=900`, `HUBSOFT_TUI_LIMITER__SHARE__LOW=0.6`. An empty variable sets nothing. Lists
are written with commas, or as in the file. Besides there are `HUBSOFT_TUI_HOME`, one folder for settings, state and
cache, and `HUBSOFT_TUI_PROFILE`, the profile to use.

A wrong value keeps the program from starting and is told with its file and line, or its variable, with what was found
and what is allowed; only a `tuned.toml` that cannot be used is set aside and told. `hubsoft-tui config check` checks
without starting; `hubsoft-tui config show` prints every value that holds and where it comes from.

Lengths of time are in seconds. *Tuning*: whether the Tuning screen (`F6`) offers the setting, and whether what is
tried there holds at once or, once saved, from the next start.
"""
PROFILE: Final = """\
## profile

Written under `[profiles.NAME]`; the first profile is usually called `main`. With several, `default_profile = "NAME"` at
the top of the file, `--profile NAME` or `HUBSOFT_TUI_PROFILE` chooses. Secrets never stand in `config.toml`: they are
kept in the system's keyring, in the variables, or in `secrets.toml` (mode 0600) under the same `[profiles.NAME]`. With
`HUBSOFT_TUI_HOME` the keyring is left alone. Once `read_only` is set anywhere, nothing later takes it back.
"""
KEYS: Final = """\
## keys

`"<action>" = "<key>"` gives an action another key; several keys are written with commas. Help (`?`) names each
action's id. One key for two actions of one screen is refused.
"""


def page() -> str:
    """Return the page as the rules want it, in English whatever the person speaks."""
    spoken = texts.language()
    texts.use("en")
    try:
        return "\n".join([HEAD, *_profile(), *_sections(), KEYS])
    finally:
        texts.use(spoken)


def problems(root: Path = ROOT) -> list[str]:
    """Say what keeps the page from being true; nothing when it is."""
    path = page_file(root)
    if not path.exists():
        return [f"{path.relative_to(root)} does not exist: run `make settings`."]
    if path.read_text(encoding="utf-8") != page():
        return [f"{path.relative_to(root)} is older than the settings' rules: run `make settings`."]
    return []


def page_file(root: Path = ROOT) -> Path:
    """Return where the page is."""
    return root / "docs" / "settings.md"


def _profile() -> Iterator[str]:
    yield PROFILE
    yield from _table(["setting", "variable", "default", "allowed", "what it does"], _profile_rows())


def _profile_rows() -> Iterator[list[str]]:
    variables = {key: name for name, key in PROFILE_VARIABLES.items()}
    for key, known in _of("profile"):
        name = variables.get(key) or f"HUBSOFT_TUI_{key.replace('.', '__').upper()}"
        yield [_code(key.partition(".")[2]), _code(name), _default(known), _allowed(known), known.rule.does]


def _sections() -> Iterator[str]:
    tunable = set(tunables.tunable_keys())
    for section, defaults in sections().items():
        about = (type(defaults).__doc__ or "").partition("\n")[0]
        yield f"## {section}\n\n{about}\n"
        rows = [
            [
                _code(key.partition(".")[2]),
                _default(known),
                known.rule.unit or NOTHING,
                _allowed(known),
                _tuning(key) if key in tunable else NOTHING,
                known.rule.does,
            ]
            for key, known in _of(section)
        ]
        yield from _table(["setting", "default", "unit", "allowed", "Tuning", "what it does"], rows)


def _of(section: str) -> Iterator[tuple[str, KnownSetting]]:
    return ((key, known) for key, known in known_settings().items() if key.partition(".")[0] == section)


def _table(head: list[str], rows: Iterator[list[str]] | list[list[str]]) -> Iterator[str]:
    yield f"| {' | '.join(head)} |"
    yield f"|{'---|' * len(head)}"
    for row in rows:
        yield f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |"
    yield ""


def _default(known: KnownSetting) -> str:
    value = known.default
    if value in {"", ()}:
        return "empty"
    written = _code(plain(value))
    if isinstance(value, float) and known.rule.unit == SECONDS and value >= 60:
        return f"{written} ({lifetime(value)})"
    return written


def _allowed(known: KnownSetting) -> str:
    """Return what the setting may be, briefly: the column of units stands beside it."""
    rule, value = known.rule, known.default
    if isinstance(value, bool):
        return "`true`, `false`"
    if rule.choices:
        return ("any of " if isinstance(value, tuple) else "") + ", ".join(map(_code, rule.choices))
    if isinstance(value, tuple):
        return "a list of words"
    return _bounds(rule) if isinstance(value, int | float) else rule.shape or "text"


def _bounds(rule: SettingRule) -> str:
    high = _bound(rule, rule.high)
    if rule.above is not None:
        return f"more than {_bound(rule, rule.above)}, at most {high}"
    return f"{_bound(rule, rule.low)} to {high}"


def _bound(rule: SettingRule, value: float | None) -> str:
    if value and value >= 60 and rule.unit == SECONDS:
        return lifetime(value)
    return NOTHING if value is None else f"{value:,.10g}"


def _tuning(key: str) -> str:
    return "at once" if tunables.is_live(key) else "next start"


def _code(text: str) -> str:
    return f"`{text}`"


@click.group()
def main() -> None:
    """Keep the page of settings."""


@main.command()
def update() -> None:
    """Write the page."""
    page_file().parent.mkdir(parents=True, exist_ok=True)
    page_file().write_text(page(), encoding="utf-8")
    click.echo(f"{page_file().relative_to(ROOT)}: {len(known_settings())} settings.")


@main.command()
def check() -> None:
    """Exit 1 when the page is not what the rules say."""
    if left := problems():
        click.echo("\n".join(left), err=True)
        sys.exit(1)
    click.echo("The page of settings: up to date.")


if __name__ == "__main__":
    main()
