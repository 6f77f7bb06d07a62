"""What was lost on disk, remembered there until a person has acknowledged it, whichever process found it.

Beside the databases of a folder stand two small folders: `rooms` has a mark for each database that was ever made
there, so that one that is missing is known to be lost; `losses` has a file for each loss.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import secrets
from collections.abc import Iterable
from dataclasses import asdict, replace
from pathlib import Path
from typing import Final, Literal

from ..core.clock import Clock
from ..settings.places import private_folder, read_ordinary, write_private
from ..texts import N_, Text, say
from ..values import dataclass

logger = logging.getLogger(__name__)

_MEANS: Final = {
    "outbox.db": N_("Tickets accepted here may be missing from the outbox: compare it with HubSoft."),
    "drafts.db": N_("What was typed into forms and not sent may be missing."),
    "budget.db": N_("Nothing is sent for one window, because it is not known what was sent before."),
    "state.db": N_("The next question logs in anew, and the customers looked at last may be missing."),
    "tickets.db": N_("The tickets that are followed are asked for anew."),
    "records.db": N_("What was remembered of HubSoft is asked for anew."),
    "checkups.db": N_("Members and past check-ups may be missing: load the list of members again."),
}
_REST: Final = N_("What it held may be missing.")


class Losses:
    """The losses of a home, whichever process found them. Reading takes microseconds, and no thread but one."""

    def __init__(self, book: LossBook, clock: Clock) -> None:
        self._book = book
        self._clock = clock
        for loss in book.open():
            logger.warning("not acknowledged yet: %s", loss_text(loss))

    def open(self) -> tuple[Loss, ...]:
        """Return the losses that are not acknowledged, oldest first."""
        return self._book.open()

    async def acknowledge(self) -> tuple[Loss, ...]:
        """Note that a person knows of them, and return them. Raises StoreError."""
        return self._book.acknowledge(self._clock.wall())


def loss_text(loss: Loss) -> Text:
    """Say what was lost, what it means, and where what is left of it is."""
    means = say(_MEANS.get(Path(loss.file).name, _REST))
    if loss.kind == "missing":
        return say("{file} was gone or empty, and was begun anew. {means}", file=loss.file, means=means)
    if loss.kind == "rows":
        return say(
            "{file} held what could not be read, and that alone was set aside as {path} (rows: {n}). {means}",
            file=loss.file,
            path=loss.aside,
            n=loss.rows,
            means=means,
        )
    return say(
        "A damaged file was set aside as {path}; a new one was begun, and {n} of its rows are in it. {means}",
        path=loss.aside,
        n=loss.rescued,
        means=means,
    )


ROOMS: Final = "rooms"
LOSSES: Final = "losses"


@dataclass(frozen=True, slots=True)
class Loss:
    """One loss. `at` is UTC epoch seconds; `aside` is where the damaged file was moved, empty when there was none."""

    id: str
    file: str
    kind: Literal["damaged", "missing", "rows"]
    at: float
    aside: str = ""
    rescued: int = 0
    """How many rows are back."""
    acknowledged_at: float | None = None
    rows: int = 0
    """How many rows were set aside alone."""


class LossBook:
    """The losses of some folders. Reading costs microseconds while nothing changes. For one thread."""

    def __init__(self, folders: Iterable[Path]) -> None:
        self._folders = tuple(folder / LOSSES for folder in folders)
        self._seen: tuple[int, ...] | None = None
        self._losses: tuple[Loss, ...] = ()

    def open(self) -> tuple[Loss, ...]:
        """Return the losses that are not acknowledged, oldest first."""
        seen = tuple(map(_changed_at, self._folders))
        if seen != self._seen:
            found = (loss for folder in self._folders for loss in _read(folder))
            self._losses = tuple(sorted(found, key=lambda loss: loss.at))
            self._seen = seen
        return tuple(loss for loss in self._losses if loss.acknowledged_at is None)

    def acknowledge(self, wall: float) -> tuple[Loss, ...]:
        """Note that a person knows of every open loss, and return those. Raises StoreError."""
        losses = self.open()
        for folder in self._folders:
            for loss in _read(folder):
                if loss.acknowledged_at is None:
                    _write(folder, replace(loss, acknowledged_at=wall))
        self._seen = None
        return losses


def note_loss(
    path: Path,
    kind: Literal["damaged", "missing", "rows"],
    wall: float,
    *,
    aside: str = "",
    rescued: int = 0,
    rows: int = 0,
) -> Loss:
    """Remember that the database `path` was lost. Raises StoreError."""
    loss = Loss(
        f"{round(wall * 1000)}-{secrets.token_hex(4)}", str(path), kind, wall, aside, rescued, rows=rows
    )
    _write(path.parent / LOSSES, loss)
    return loss


def amend_loss(path: Path, loss: Loss) -> None:
    """Replace what is remembered of a loss of the database `path`. Raises StoreError."""
    _write(path.parent / LOSSES, loss)


def was_there(path: Path) -> bool:
    """Tell whether the database `path` was ever made."""
    if mark_of(path).exists():
        return True
    # A home of before there were marks has other databases and no `rooms`. `rooms` is looked for last: another
    # process that begins this home makes it before its first database.
    others = any(other != path for other in path.parent.glob("*.db"))
    return others and not (path.parent / ROOMS).exists()


def prepare_marks(path: Path) -> None:
    """Make the folder of the marks, before the database `path` is made beside it. Raises StoreError."""
    private_folder(mark_of(path).parent)


def mark_room(path: Path) -> None:
    """Remember that the database `path` was made. Raises StoreError."""
    mark = mark_of(path)
    if not mark.exists():
        with contextlib.suppress(FileExistsError):
            os.close(os.open(mark, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))


def mark_of(path: Path) -> Path:
    """Return the file that says that the database `path` was made."""
    return path.parent / ROOMS / path.name


class HighWater:
    """The highest number handed out, kept apart from the database whose rows have those numbers."""

    def __init__(self, path: Path) -> None:
        self._mark = mark_of(path)

    def read(self) -> int:
        """Return it; 0 when there is none."""
        with contextlib.suppress(OSError, ValueError):
            return int(read_ordinary(self._mark))
        return 0

    def raise_to(self, number: int) -> None:
        """Keep `number`, durably. Raises OSError."""
        handle = os.open(
            self._mark, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK, 0o600
        )
        try:
            os.pwrite(handle, b"%020d\n" % number, 0)
            os.fdatasync(handle)
        finally:
            os.close(handle)


def _changed_at(folder: Path) -> int:
    try:
        return folder.stat().st_mtime_ns
    except OSError:
        return 0


def _read(folder: Path) -> list[Loss]:
    found = []
    for file in folder.glob("*.json"):
        # One that is being replaced, or that another version wrote, must not hide the others.
        with contextlib.suppress(OSError, ValueError, TypeError, RecursionError):
            found.append(Loss(**json.loads(read_ordinary(file))))
    return found


def _write(folder: Path, loss: Loss) -> None:
    write_private(folder / f"{loss.id}.json", json.dumps(asdict(loss)).encode())
