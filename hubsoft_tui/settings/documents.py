"""config.toml and tuned.toml as documents, and their entries, which know their line.

`tomllib` tells where syntax breaks, not where a value is: `_locate` finds the line of each key.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from ..errors import SettingsError
from ..privacy import clean
from ..texts import Text, say
from ..values import dataclass
from .layers import PROFILE_VARIABLES, Layer, Origin, Problem, SettingEntry, inner_tables, shown
from .places import read_ordinary
from .rules import parse_toml
from .secrets import SECRET_KEYS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PROFILE_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,31}")
_AT_LINE: Final = re.compile(r"\s*\(at line (\d+), column \d+\)$|\s*\(at end of document\)$")
_PART: Final = r"""(?:"(?:\\.|[^"\\])*"|'[^']*'|[A-Za-z0-9_-]+)"""
_KEY: Final = re.compile(rf"[ \t]*({_PART}(?:[ \t]*\.[ \t]*{_PART})*)[ \t]*")
_EACH: Final = re.compile(_PART)
# Strings first, so that brackets and hashes inside them are not seen.
_TOKEN: Final = re.compile(
    r'"""(?:\\.|[^\\])*?"""+|\'\'\'.*?\'\'\'+|"(?:\\.|[^"\\\n])*"|\'[^\'\n]*\'|#[^\n]*|[\[\]{}\n]', re.DOTALL
)


@dataclass(frozen=True, slots=True)
class Document:
    """One parsed file. Its text form shows no values."""

    path: Path
    layer: Layer
    data: dict[str, Any]
    lines: dict[tuple[str, ...], int]

    def __repr__(self) -> str:
        return f"Document({str(self.path)!r})"

    def origin(self, *path: str) -> Origin:
        """Return the place of a key of this file."""
        return Origin(self.layer, say("{path}, line {line}", path=self.path, line=_line_of(self.lines, path)))

    @property
    def profiles(self) -> dict[str, Any]:
        """Return the tables under `profiles`, by name."""
        profiles = self.data.get("profiles")
        return profiles if isinstance(profiles, dict) else {}


def read_document(path: Path, layer: Layer) -> Document | None:
    """Return the parsed file, or None when there is none. Raises SettingsError with the line."""
    try:
        content = read_ordinary(path)
    except FileNotFoundError:
        return None
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise SettingsError(
            say(
                "{path} cannot be read: {reason}. Mend it, or set HUBSOFT_TUI_HOME to a folder of yours.",
                path=path,
                reason=reason,
            )
        ) from error
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise SettingsError(
            say("{path}, line {line}: the file is not UTF-8 text. Save it as UTF-8.", path=path, line=line)
        ) from error
    try:
        data = parse_toml(text)
    except ValueError as error:
        raise SettingsError(_syntax(path, text, error)) from error
    return Document(path, layer, data, _locate(text.replace("\r\n", "\n")))


def entries_of(document: Document) -> list[SettingEntry]:
    """Return one entry per value outside the profiles."""
    entries = []
    for section, table in document.data.items():
        if section in {"profiles", "default_profile"} and document.layer == "config":
            continue
        if isinstance(table, dict) and section != "keys":
            for name, value in table.items():
                entries += _flat(document, (section, name), value)
        else:
            entries += _flat(document, (section,), table)
    return entries


def profile_entries(document: Document, name: str) -> list[SettingEntry]:
    """Return one entry per value of a profile, secrets apart: `misplaced` reports those."""
    table = document.profiles.get(name)
    if not isinstance(table, dict):
        return []
    return [
        SettingEntry(f"profile.{key}", value, document.origin("profiles", name, key))
        for key, value in table.items()
        if key not in SECRET_KEYS
    ]


def misplaced(document: Document) -> list[Problem]:
    """Return what is wrong with the profiles as tables: their names, their form, and secrets among them."""
    problems = []
    if not isinstance(document.data.get("profiles", {}), dict):
        place = document.origin("profiles").place
        text = say("{place}: profiles are tables, written [profiles.NAME].", place=place)
        problems.append(Problem(text, document.layer))
    for name, table in document.profiles.items():
        place = document.origin("profiles", name).place
        if not isinstance(table, dict):
            text = say("{place}: profiles are tables, written [profiles.NAME].", place=place)
            problems.append(Problem(text, document.layer))
        elif not PROFILE_NAME.fullmatch(name):
            text = say(
                "{place}: the profile's name is {found}, and must be letters, digits, - and _, at most 32.",
                place=place,
                found=shown(name),
            )
            problems.append(Problem(text, document.layer))
        else:
            problems += [_secret_here(document, name, key) for key in SECRET_KEYS if key in table]
    return problems


def _secret_here(document: Document, profile: str, key: str) -> Problem:
    variable = next(name for name, known in PROFILE_VARIABLES.items() if known == f"profile.{key}")
    text = say(
        "{place}: {key} must not be in this file. Move it to {secrets} (mode 0600), [profiles.{profile}], "
        "or to the variable {variable}.",
        place=document.origin("profiles", profile, key).place,
        key=key,
        secrets=document.path.with_name("secrets.toml"),
        profile=profile,
        variable=variable,
    )
    return Problem(text, document.layer)


def _flat(document: Document, path: tuple[str, ...], value: object) -> list[SettingEntry]:
    if isinstance(value, dict) and ".".join(path) in {*inner_tables(), "keys"}:
        return [SettingEntry(".".join((*path, k)), v, document.origin(*path, k)) for k, v in value.items()]
    return [SettingEntry(".".join(path), value, document.origin(*path))]


def _syntax(path: Path, text: str, error: ValueError) -> Text:
    words = str(error)
    place = _AT_LINE.search(words)
    line = int(place[1]) if place and place[1] else text.count("\n") + 1
    return say(
        "{path}, line {line}: this is not valid TOML ({detail}).",
        path=path,
        line=line,
        detail=clean(_AT_LINE.sub("", words)),
    )


def _locate(text: str) -> dict[tuple[str, ...], int]:
    """Return key path -> line (1 is the first) for tables and keys of a document that `tomllib` accepts.

    Keys inside an inline table have no entry of their own; `_line_of` gives that of the key around them.
    """
    found: dict[tuple[str, ...], int] = {}
    table: tuple[str, ...] = ()
    line, counted = 1, 0
    for start, statement in _statements(text):
        stripped = statement.lstrip()
        begins = start + len(statement) - len(stripped)
        line, counted = line + text.count("\n", counted, begins), begins
        header = re.match(r"\[\[?", stripped)
        key = _KEY.match(stripped, header.end() if header else 0)
        if key is None:
            continue
        path = tuple(_bare(part) for part in _EACH.findall(key[1]))
        if header:
            table = path
            found.setdefault(table, line)
        else:
            found[table + path] = line
    return found


def _line_of(lines: dict[tuple[str, ...], int], path: tuple[str, ...]) -> int:
    """Return the line of `path`, or of the nearest table or key around it; 1 when there is none."""
    for size in range(len(path), 0, -1):
        if line := lines.get(path[:size]):
            return line
    return 1


def _statements(text: str) -> Iterator[tuple[int, str]]:
    """Cut the document where a line ends outside every string, array and inline table."""
    start = depth = 0
    for token in _TOKEN.finditer(text):
        mark = token[0]
        if mark in "[{":
            depth += 1
        elif mark in "]}":
            depth -= 1
        elif mark == "\n" and depth <= 0:
            yield start, text[start : token.start()]
            start, depth = token.end(), 0
    yield start, text[start:]


def _bare(part: str) -> str:
    return part[1:-1] if part[0] in "\"'" else part
