"""What readings of the roster leave on disk: sizes to plan by, and the rows that wait for a reading's end.

For one thread at a time, in the file of the check-ups: a page's rows and the decisions it brought are written
together.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

import msgspec

from ..values import dataclass
from .checkup_rows import Reading, Seen
from .database import AccountStore

NO_LIST: Final = 0
"""The list of a run that checks no member: the nightly reading."""
CHUNK: Final = 250
LARGEST: Final = 500
"""The page size of a roster that was never read."""


@dataclass(frozen=True, slots=True)
class RosterSize:
    """How many customers a variant of the roster holds, the page size that has worked, and whether it is of use."""

    total: int
    page_size: int
    at: float
    believed: bool = True
    """False for a variant that turned out to leave out what it should hold."""
    seconds: float | None = None
    """How long the page took that held all of it; None where more than one does, or none was read."""


class Rosters(AccountStore):
    """Sizes, seen rows and nights of one credential. Raises StoreError."""

    def sizes(self) -> dict[str, RosterSize]:
        """Return what is known of each variant."""
        rows = self._read(
            "SELECT variant, total, page_size, at, believed, seconds FROM roster WHERE account = ?"
        )
        return {
            variant: RosterSize(total, size, at, bool(ok), took)
            for variant, total, size, at, ok, took in rows
        }

    def put_size(self, variant: str, size: RosterSize) -> None:
        """Note what was learnt of a variant."""
        self._write(
            "INSERT OR REPLACE INTO roster VALUES (?, ?, ?, ?, ?, ?, ?)",
            (variant, size.total, size.page_size, size.believed, size.at, size.seconds),
        )

    def note_total(self, variant: str, total: int, at: float) -> None:
        """Note how many customers a variant holds; what else is known of it stays."""
        known = self.sizes().get(variant)
        seconds = known.seconds if known else None
        self.put_size(variant, RosterSize(total, known.page_size if known else LARGEST, at, seconds=seconds))

    def page(
        self, run_id: int, reading: Reading, seen: Iterable[Seen]
    ) -> list[tuple[str, list[tuple[object, ...]]]]:
        """Return what `Checkups.decide` is to write beside a page's decisions."""
        rows: list[tuple[object, ...]] = [
            (self._account, run_id, one.id, one.document, one.active, one.body, one.at, one.now)
            for one in seen
        ]
        kept: list[tuple[object, ...]] = [(msgspec.json.encode(reading).decode(), run_id)]
        return [
            ("INSERT OR REPLACE INTO seen VALUES (?, ?, ?, ?, ?, ?, ?, ?)", rows),
            ("UPDATE run SET reading = ? WHERE id = ?", kept),
        ]

    def clear(self, run_id: int) -> None:
        """Forget the rows of a reading that is over, or is begun anew."""
        with self._database.write() as connection:
            connection.execute("DELETE FROM seen WHERE account = ? AND run = ?", (self._account, run_id))
            connection.execute("UPDATE run SET reading = NULL WHERE id = ?", (run_id,))

    def known(self, run_id: int, ids: Sequence[int]) -> set[int]:
        """Return which of these customers a reading has seen already."""
        marks = ", ".join("?" * len(ids))
        rows = self._read(
            f"SELECT id FROM seen WHERE account = ? AND run = ? AND id IN ({marks})",  # noqa: S608 - question marks
            (run_id, *ids),
        )
        return {id_ for (id_,) in rows}

    def sharing(self, run_id: int) -> list[Seen]:
        """Return the rows without an active service whose document more than one customer of a reading has.

        Where one of those customers has an active service, none of them is returned.
        """
        rows = self._read(
            "SELECT id, document, active, body, at, now FROM seen WHERE account = ?1 AND run = ?2 AND document IN"
            " (SELECT document FROM seen WHERE account = ?1 AND run = ?2 AND document != ''"
            " GROUP BY document HAVING count(*) > 1 AND NOT max(active)) ORDER BY document, id",
            (run_id,),
        )
        return [_seen(row) for row in rows]

    def shared_documents(self, run_id: int) -> set[str]:
        """Return the documents that more than one customer of a reading has; they are few."""
        rows = self._read(
            "SELECT document FROM seen WHERE account = ? AND run = ? GROUP BY document HAVING count(*) > 1",
            (run_id,),
        )
        return {document for (document,) in rows}

    def waiting(self, run_id: int) -> Iterator[list[Seen]]:
        """Yield the rows without an active service in the order of documents, a few hundred at a time."""
        after = ("", -1)
        while True:
            rows = self._read(
                "SELECT id, document, active, body, at, now FROM seen WHERE account = ? AND run = ? AND active = 0"
                " AND (document, id) > (?, ?) ORDER BY document, id LIMIT ?",
                (run_id, *after, CHUNK),
            )
            if not rows:
                return
            seen = [_seen(row) for row in rows]
            after = (seen[-1].document, seen[-1].id)
            yield seen

    def take_night(self, day: str) -> bool:
        """Take the nightly reading of a local day (ISO); False when it is taken already."""
        with self._database.write() as connection:
            taken = connection.execute("INSERT OR IGNORE INTO night VALUES (?, ?)", (self._account, day))
            connection.execute("DELETE FROM night WHERE account = ? AND day < ?", (self._account, day))
        return taken.rowcount > 0


def _seen(row: tuple[Any, ...]) -> Seen:
    id_, document, active, *told = row
    return Seen(id_, document, bool(active), *told)
