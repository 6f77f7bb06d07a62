"""What can be read is carried over from a damaged database; a row that cannot is taken out of a whole one."""

from __future__ import annotations

import contextlib
import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final, TypeVar

import msgspec

T = TypeVar("T")

Mend = Callable[[str, Mapping[str, Any]], Mapping[str, Any] | None]
"""Returns what a row (table, values by column) is carried over as, or None: what is damaged may read as anything."""

Senses = Mapping[str, str]
"""By table, what is true of a row that can be used, as SQL, beyond the types of its columns."""


def listing(values: Iterable[object]) -> str:
    """Return the values of an enumeration, or others, as SQL's IN takes them."""
    return f"({', '.join(_literal(getattr(value, 'value', value)) for value in values)})"


def _literal(value: object) -> str:
    return str(value) if isinstance(value, int) else "'{}'".format(str(value).replace("'", "''"))


_CELLS: Final = {
    "TEXT": "typeof({}) = 'text'",
    "BLOB": "typeof({}) = 'blob'",
    "INTEGER": "typeof({}) = 'integer'",
    "REAL": "(typeof({0}) IN ('real', 'integer') AND {0} BETWEEN -1e10 AND 1e11)",
}
"""Real numbers are instants (epoch s), spans and measures: beyond the years 1653 and 5138 no calendar has them."""
PROBED: Final = 20_000
"""How many rows of a table are looked for one by one where reading on is impossible."""
LARGEST: Final = 1 << 30
"""Bytes of a file that is copied to be read; no database here grows to that."""
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
    if aside.stat().st_size > LARGEST:
        return 0
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


def unsound(connection: sqlite3.Connection, senses: Senses, mend: Mend | None = None) -> dict[str, str]:
    """Return, by table, a condition that is true of the rows that cannot be used; none where all can.

    A flipped bit, a foreign hand or a tool can leave pages whole and a cell of the wrong type: one such row must not
    hide the others. Each cell is of its column's type, a number no larger than one can be, and a row is true to its
    table's sense. A version that writes rows of a new form brings a migration too. Raises sqlite3.Error.
    """
    found = {}
    connection.create_function("is_text", 1, _is_text, deterministic=True)
    for (table,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
        if table.startswith("sqlite_"):
            continue
        columns = connection.execute(f'PRAGMA table_info("{table}")').fetchall()
        wrong = _wrong(columns, senses.get(table, "1"))
        if not _decodes(connection, table, columns):
            texts = (f'is_text(CAST("{name}" AS BLOB))' for _, name, kind, *_ in columns if kind == "TEXT")
            wrong += f" OR NOT ({' AND '.join(texts)})"
        if mend is not None:
            wrong += _unmended(connection, table, mend, wrong)
        if connection.execute(f'SELECT 1 FROM "{table}" WHERE {wrong} LIMIT 1').fetchone():  # noqa: S608 - our schema
            found[table] = wrong
    return found


def take_out(connection: sqlite3.Connection, rows: Mapping[str, str], aside: Path | None) -> int:
    """Move the rows that `unsound` found to the file `aside`, or only away where there is none; return how many.

    They are safe in `aside` before they are taken out. Raises sqlite3.Error.
    """
    if aside is not None:
        connection.execute("ATTACH ? AS aside", (str(aside),))
        try:
            for table, wrong in rows.items():
                found = f'SELECT * FROM main."{table}" WHERE {wrong}'  # noqa: S608 - our schema
                connection.execute(f'CREATE TABLE aside."{table}" AS {found}')
        finally:
            connection.execute("DETACH aside")
    connection.execute("BEGIN IMMEDIATE")
    try:
        gone = sum(
            connection.execute(f'DELETE FROM "{table}" WHERE {wrong}').rowcount  # noqa: S608 - our schema
            for table, wrong in rows.items()
        )
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
    return gone


def _wrong(columns: list[tuple[Any, ...]], sense: str) -> str:
    right = []
    for _place, name, kind, needed, _default, key in columns:
        cell = _CELLS.get(kind, "1").format(f'"{name}"')
        right.append(cell if needed or key else f'("{name}" IS NULL OR {cell})')
    return f"NOT coalesce({' AND '.join(right)} AND ({sense}), 0)"


def _decodes(connection: sqlite3.Connection, table: str, columns: list[tuple[Any, ...]]) -> bool:
    """Whether every text of a table is UTF-8."""
    names = ", ".join(f'"{name}"' for _, name, kind, *_ in columns if kind == "TEXT")
    if not names:
        return True
    try:
        for _row in connection.execute(f'SELECT {names} FROM "{table}"'):  # noqa: S608 - names of our schema
            pass
    except (sqlite3.OperationalError, UnicodeDecodeError) as error:
        # What tells that a text is no UTF-8 has no code of SQLite's.
        if getattr(error, "sqlite_errorcode", None) is not None:
            raise
        return False
    return True


def _is_text(cell: bytes | None) -> bool:
    with contextlib.suppress(UnicodeDecodeError):
        return cell is None or bool(cell.decode()) or True
    return False


def _unmended(connection: sqlite3.Connection, table: str, mend: Mend, wrong: str) -> str:
    """Return what is to be added to the condition `wrong` for the other rows that `mend` does not know."""
    key = _key(connection, table)
    named = f'SELECT {key or "rowid"}, * FROM "{table}" WHERE NOT ({wrong})'  # noqa: S608 - names of our schema
    rows = connection.execute(named)
    skipped = len(rows.description) - len(connection.execute(f'PRAGMA table_info("{table}")').fetchall())
    names = [column[0] for column in rows.description[skipped:]]
    unknown = [row[0] for row in rows if mend(table, dict(zip(names, row[skipped:], strict=True))) is None]
    if not unknown:
        return ""
    return " OR 1" if key else f" OR rowid IN ({', '.join(map(str, unknown))})"


def decoded(cell: bytes | str, kind: type[T]) -> T | None:
    """Return what an opaque cell holds; None where it is damaged, or of another version's shape."""
    try:
        return msgspec.json.decode(cell, type=kind)
    except (msgspec.MsgspecError, RecursionError):
        return None


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
