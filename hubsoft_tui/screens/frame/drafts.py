"""What is typed into forms and not sent yet, as screens see it: in memory at once, on disk a moment later."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from hubsoft_tui.texts import _

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hubsoft_tui.store.drafts import Dropped, KeptDraft, Value


class Drafts:
    """Forms that were begun, by what they are about. `pending` is what the disk does not have yet."""

    def __init__(self) -> None:
        self._kept: dict[str, KeptDraft] = {}
        self._pending: dict[str, KeptDraft | Dropped] = {}

    def keep(
        self,
        about: str,
        kind: str,
        way_back: tuple[str, str],
        values: dict[str, Value],
        customer_code: int | None = None,
    ) -> None:
        """Keep `values` for the next time the same form is opened; `way_back` is its customer and what leads there."""
        from hubsoft_tui.store.drafts import KeptDraft  # noqa: PLC0415 - first frame

        draft = KeptDraft(about, kind, *way_back, values, time.time(), customer_code)
        self._kept[about] = self._pending[about] = draft

    def get(self, about: str) -> KeptDraft | None:
        """Return what was kept for `about`."""
        return self._kept.get(about)

    def drop(self, about: str) -> None:
        """Forget what was kept for `about`: it was sent, or is not wanted any more."""
        from hubsoft_tui.store.drafts import Dropped  # noqa: PLC0415 - first frame

        if (kept := self._kept.pop(about, None)) is not None:
            self._pending[about] = Dropped(about, kept.at)

    def all(self) -> tuple[KeptDraft, ...]:
        """Return every draft, newest first."""
        return tuple(sorted(self._kept.values(), key=lambda draft: -draft.at))

    # -- the disk

    @property
    def pending(self) -> tuple[KeptDraft | Dropped, ...]:
        """What is still to be written."""
        return tuple(self._pending.values())

    def written(self, changes: Iterable[KeptDraft | Dropped]) -> None:
        """Take note that the disk has `changes`; what changed since is still to be written."""
        for each in changes:
            if self._pending.get(each.about) is each:
                del self._pending[each.about]

    def read(self, found: Iterable[KeptDraft]) -> None:
        """Take what the disk holds; what it does not have yet counts more."""
        from hubsoft_tui.store.drafts import KeptDraft  # noqa: PLC0415 - first frame

        self._kept = {each.about: each for each in found if each.about not in self._pending}
        self._kept |= {about: each for about, each in self._pending.items() if isinstance(each, KeptDraft)}


def draft_title(draft: KeptDraft) -> str:
    """Return what a draft was to become."""
    if draft.kind == "message":
        return _("message into {protocol}").format(protocol=draft.term)
    if draft.kind == "close":
        return _("closing {protocol}").format(protocol=draft.term)
    return _("new ticket")
