"""The line each key of a TOML file stands on: `tomllib` tells where syntax breaks, not where a value is."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

_PART: Final = r"""(?:"(?:\\.|[^"\\])*"|'[^']*'|[A-Za-z0-9_-]+)"""
_KEY: Final = re.compile(rf"[ \t]*({_PART}(?:[ \t]*\.[ \t]*{_PART})*)[ \t]*")
_EACH: Final = re.compile(_PART)
# Strings first, so that brackets and hashes inside them are not seen.
_TOKEN: Final = re.compile(
    r'"""(?:\\.|[^\\])*?"""+|\'\'\'.*?\'\'\'+|"(?:\\.|[^"\\\n])*"|\'[^\'\n]*\'|#[^\n]*|[\[\]{}\n]', re.DOTALL
)


def locate(text: str) -> dict[tuple[str, ...], int]:
    """Return key path -> line (1 is the first) for tables and keys of a document that `tomllib` accepts.

    Keys inside an inline table have no entry of their own; `line_of` gives that of the key around them.
    """
    found: dict[tuple[str, ...], int] = {}
    table: tuple[str, ...] = ()
    for start, statement in _statements(text):
        stripped = statement.lstrip()
        line = text.count("\n", 0, start + len(statement) - len(stripped)) + 1
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


def line_of(lines: dict[tuple[str, ...], int], path: tuple[str, ...]) -> int:
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
