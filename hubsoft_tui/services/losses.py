"""What was lost on disk, as people are told it until they acknowledge it."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Final

from ..core.clock import Clock
from ..store.losses import Loss, LossBook
from ..texts import N_, Text, say

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
    return say(
        "A damaged file was set aside as {path}; a new one was begun, and {n} of its rows are in it. {means}",
        path=loss.aside,
        n=loss.rescued,
        means=means,
    )
