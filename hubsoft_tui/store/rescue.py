"""Carries the rows that can still be read over from a damaged database into the one that takes its place."""

from __future__ import annotations

import contextlib
import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

Mend = Callable[[str, Mapping[str, Any]], Mapping[str, Any] | None]
"""Returns what a row (table, values by column) is carried over as, or None: what is damaged may read as anything."""

PROBED: Final = 20_000
"""How many rows of a table are looked for one by one where reading on is impossible."""
MOST: Final = 1_000_000_000
"""No table has handed out more numbers than this; a damaged counter may say anything."""
_UNREADABLE: Final = (sqlite3.Error, UnicodeDecodeError, OverflowError)
"""What reading a damaged file raises: its text may be no text, the names in its schema too."""
_SIZE_AT: Final = slice(28, 32)
_PAGE_AT: Final = slice(16, 18)
_VERSIONS_AT: Final = slice(18, 20)


def rescue(aside: Path, into: sqlite3.Connection, fresh: bytes, mend: Mend | None = None) -> int:
    """Copy every readable row of the damaged `aside` into the tables of `into`; return how many.

    `fresh` is an empty database of the same shape: its first page replaces one that cannot be read. What was set
    aside is left as it is; a copy is worked on. Never raises for what cannot be read.
    """
    saved = 0
    with contextlib.suppress(OSError, *_UNREADABLE), tempfile.TemporaryDirectory(dir=aside.parent) as folder:
        copy = Path(folder) / "copy.db"
        for part in ("", "-wal"):
            with contextlib.suppress(FileNotFoundError):
                shutil.copyfile(f"{aside}{part}", f"{copy}{part}")
        for patched in (False, True):
            if patched and not _give_first_page(copy, fresh):
                break
            with contextlib.closing(sqlite3.connect(copy, isolation_level=None)) as damaged:
                saved += carry_over(damaged, into, mend)
            if saved:
                break
    return saved


def carry_over(
    old: sqlite3.Connection, into: sqlite3.Connection, mend: Mend | None = None, *, keyless: bool = True
) -> int:
    """Copy every readable row of `old` that `into` does not have; return how many. Raises sqlite3.Error of `into`.

    Without `keyless` tables are left out whose rows have no key, so that nothing tells whether `into` has them.
    """
    saved = 0
    into.execute("BEGIN IMMEDIATE")
    try:
        for (table,) in into.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
            if not table.startswith("sqlite_") and (keyless or _has_key(into, table)):
                saved += _copy_table(old, into, table, mend)
                _raise_sequence(into, table, sequence_of(old, table))
        into.execute("COMMIT")
    except BaseException:
        if into.in_transaction:
            into.execute("ROLLBACK")
        raise
    return saved


def makes_sense(connection: sqlite3.Connection, mend: Mend) -> bool:
    """Whether `mend` knows every row: one that cannot be read must not hide the others. Raises sqlite3.Error.

    A flipped bit can leave a page whole. A version that writes rows of a new form brings a migration too.
    """
    for (table,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
        if table.startswith("sqlite_"):
            continue
        rows = connection.execute(f'SELECT * FROM "{table}"')  # noqa: S608 - a name of our schema
        names = [column[0] for column in rows.description]
        try:
            if any(mend(table, dict(zip(names, row, strict=True))) is None for row in rows):
                return False
        except (sqlite3.OperationalError, UnicodeDecodeError) as error:
            # What tells that a text is no UTF-8 has no code of SQLite's.
            if getattr(error, "sqlite_errorcode", None) is not None:
                raise
            return False
    return True


def sequence_of(connection: sqlite3.Connection, table: str) -> int:
    """Return the highest number that an AUTOINCREMENT `table` handed out; 0 when that cannot be read."""
    with contextlib.suppress(sqlite3.Error, TypeError, ValueError):
        found = connection.execute("SELECT seq FROM sqlite_sequence WHERE name = ?", (table,)).fetchone()
        return int(found[0]) if found else 0
    return 0


def _raise_sequence(into: sqlite3.Connection, table: str, number: int) -> None:
    """Have an AUTOINCREMENT `table` go on after `number`."""
    if 0 < number < MOST and number > sequence_of(into, table):
        into.execute("DELETE FROM sqlite_sequence WHERE name = ?", (table,))
        into.execute("INSERT INTO sqlite_sequence (name, seq) VALUES (?, ?)", (table, number))


def _has_key(connection: sqlite3.Connection, table: str) -> bool:
    return any(row[5] for row in connection.execute(f'PRAGMA table_info("{table}")'))


def _copy_table(old: sqlite3.Connection, into: sqlite3.Connection, table: str, mend: Mend | None) -> int:
    known = [row[1] for row in into.execute(f'PRAGMA table_info("{table}")')]
    try:
        columns = [row[1] for row in old.execute(f'PRAGMA table_info("{table}")') if row[1] in known]
    except _UNREADABLE:
        return 0
    if not columns:
        return 0
    names = ", ".join(f'"{column}"' for column in columns)
    marks = ", ".join("?" * len(columns))
    insert = f'INSERT OR IGNORE INTO "{table}" ({names}) VALUES ({marks})'  # noqa: S608 - names of the schema
    saved = 0
    for found in _rows(old, table, names):
        row = found
        if mend is not None:
            mended = mend(table, dict(zip(columns, row, strict=True)))
            if mended is None:
                continue
            row = tuple(mended[column] for column in columns)
        # A value of the wrong type or size is one more thing that cannot be used.
        with contextlib.suppress(sqlite3.IntegrityError, sqlite3.InterfaceError, OverflowError):
            saved += into.execute(insert, row).rowcount
    return saved


def _rows(old: sqlite3.Connection, table: str, names: str) -> Iterator[tuple[Any, ...]]:
    """Yield the rows from the front up to the damage, from the back up to it, and one by one between."""
    key = _key(old, table)
    place = key or "rowid"
    ends: list[int | None] = []
    for direction in ("ASC", "DESC"):
        last = None
        select = f'SELECT {place}, {names} FROM "{table}" ORDER BY {place} {direction}'  # noqa: S608
        skipped = place.count(",") + 1
        try:
            for row in old.execute(select):
                if key is None and ends and ends[0] is not None and row[0] <= ends[0]:
                    return
                last = row[0]
                yield tuple(row[skipped:])
        except _UNREADABLE:
            ends.append(last)
        else:
            return
    if key is None:
        first, last = ends
        after = (first or 0) + 1
        yield from _between(old, table, names, range(after, min(last or after + PROBED, after + PROBED)))


def _between(old: sqlite3.Connection, table: str, names: str, numbers: range) -> Iterator[tuple[Any, ...]]:
    select = f'SELECT {names} FROM "{table}" WHERE rowid = ?'  # noqa: S608 - names of the schema
    for number in numbers:
        with contextlib.suppress(*_UNREADABLE):
            yield from old.execute(select, (number,)).fetchall()


def _key(old: sqlite3.Connection, table: str) -> str | None:
    """Return the columns a table without row numbers is ordered by; None when it has row numbers."""
    try:
        old.execute(f'SELECT rowid FROM "{table}" LIMIT 0')  # noqa: S608 - a name of the schema
    except sqlite3.Error:
        keys = sorted((row[5], row[1]) for row in old.execute(f'PRAGMA table_info("{table}")') if row[5])
        return ", ".join(f'"{name}"' for _place, name in keys)
    return None


def _give_first_page(copy: Path, fresh: bytes) -> bool:
    """Put the first page of `fresh` in front of `copy`: it says where each table begins."""
    size = int.from_bytes(fresh[_PAGE_AT], "big") or 4096
    with copy.open("r+b") as file:
        length = file.seek(0, 2)
        if length <= size:
            return False
        page = bytearray(fresh[:size])
        page[_SIZE_AT] = (length // size).to_bytes(4, "big")
        page[_VERSIONS_AT] = b"\x02\x02" if Path(f"{copy}-wal").exists() else b"\x01\x01"
        file.seek(0)
        file.write(page)
    return True
