"""The outbox as a table, one entry in full, and what exactly is sent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from rich.cells import cell_len
from textual.content import Content

from hubsoft_tui.formats import moment
from hubsoft_tui.privacy import clean
from hubsoft_tui.services.outbox.types import Entry, EntryState
from hubsoft_tui.texts import _, ngettext, number

from ..customer.card import wrapped
from ..line_widget import Drawn, fit, line
from ..table.columns import Column
from ..table.table import VirtualTable
from ..tickets.detail import paragraphs
from .texts import customer_text, entry_sentence, next_step, state_word, subject_text, what_word

if TYPE_CHECKING:
    from collections.abc import Sequence


MOST_LINES: Final = 2000
"""Lines of one text that are shown at most."""


def entry_id(entry: Entry) -> str:
    """Return the id of an entry's row."""
    return entry.local_protocol


class OutboxTable(VirtualTable[Entry]):
    """Entries, those that need a person first. Times are seen from `now` (UTC epoch seconds)."""

    def __init__(self, *, now: float, empty: str, id: str | None = None) -> None:  # noqa: A002 - Textual's name
        self.now = now
        super().__init__(self._table_columns(), identify=entry_id, empty=empty, id=id)

    def pass_time(self, now: float) -> None:
        """Draw again what another minute changes."""
        if int(now // 60) != int(self.now // 60):
            self.now = now
            self._painted.clear()
            self.redraw()

    def _table_columns(self) -> tuple[Column[Entry], ...]:
        return (
            Column("local", _("Local"), lambda entry: entry.local_protocol, 10),
            Column("state", _("State"), lambda entry: Content.styled(*state_word(entry)), 18),
            Column("what", _("What"), what_word, 16, priority=3),
            Column("customer", _("Customer"), customer_text, minimum=14, weight=2),
            Column("subject", _("About"), subject_text, minimum=14, weight=1, priority=5, style="$quiet"),
            Column("protocol", _("Protocol"), self._protocol, 20, priority=4),
            Column("since", _("Written"), self._since, 11, priority=2),
            Column("next", _("Next step"), self._next, minimum=18, weight=2, priority=1),
        )

    def _protocol(self, entry: Entry) -> Content:
        return Content.styled(clean(entry.protocol or ""), "" if entry.state is EntryState.SENT else "$quiet")

    def _since(self, entry: Entry) -> Content:
        return Content.styled(moment(entry.created_at, self.now), "$quiet")

    def _next(self, entry: Entry) -> Content:
        return Content.styled(next_step(entry), "$warn" if entry.asks else "$quiet")


class SentLines(Drawn):
    """Labelled values; long ones go on below each other, none is cut short of `MOST_LINES`."""

    def __init__(self, lines: Sequence[tuple[str, str]] = (), *, id: str | None = None) -> None:  # noqa: A002 - Textual's name
        super().__init__(id=id)
        self._lines = tuple(lines)

    def show(self, lines: Sequence[tuple[str, str]]) -> None:
        """Draw `lines`."""
        self._lines = tuple(lines)
        self.redraw()

    def draw(self, width: int) -> list[Content]:
        """Return the lines."""
        if not self._lines:
            return []
        label = min(max(cell_len(name) for name, _value in self._lines) + 2, max(8, width // 3))
        drawn: list[Content] = []
        for name, value in self._lines:
            first, *rest = paragraphs(value, max(10, width - label), MOST_LINES)
            drawn.append(line((fit(clean(name), label), "$quiet"), first))
            drawn += [Content(" " * label + each) for each in rest]
        return drawn


class EntryDetail(Drawn):
    """Why an entry stands where it stands, HubSoft's words, and what exactly is sent."""

    def __init__(self) -> None:
        super().__init__(id="entry-detail")
        self._entry: Entry | None = None
        self._sent: Sequence[tuple[str, str]] = ()
        self._hint = ""

    def show(self, entry: Entry | None, sent: Sequence[tuple[str, str]], hint: str) -> None:
        """Draw `entry`; `sent` is what goes to HubSoft, `hint` what can be done with it."""
        self._entry, self._sent, self._hint = entry, sent, hint
        self.redraw()

    def draw(self, width: int) -> list[Content]:
        """Return the lines."""
        entry = self._entry
        if entry is None:
            return [Content("")]
        word, style = state_word(entry)
        lines = [
            line(
                (entry.local_protocol, "bold $title"),
                "  ",
                (word, style),
                "  ",
                (clean(entry.protocol or ""), "bold"),
            )
        ]
        sentences = [entry_sentence(entry)]
        if entry.said:
            sentences.append(clean(entry.said))
        lines += [Content(each) for sentence in sentences for each in wrapped(sentence, width, 4)]
        for protocols, what in (
            (entry.doubles, _("Also opened as:")),
            (entry.similar, _("May be the same as:")),
        ):
            if protocols:
                lines.append(line((what, "$warn"), "  ", (clean("   ".join(protocols)), "bold")))
        if self._hint:
            lines += [Content.styled(each, "$quiet") for each in wrapped(self._hint, width, 2)]
        return [
            one.truncate(width, ellipsis=True)
            for one in [*lines, Content(""), *SentLines(self._sent).draw(width)]
        ]


class OutboxSummary(Drawn):
    """The line above the entries: how many wait, how many need a person."""

    def __init__(self) -> None:
        super().__init__(id="outbox-counts")
        self._entries: Sequence[Entry] | None = None

    def show(self, entries: Sequence[Entry]) -> None:
        """Draw the counts of `entries`."""
        self._entries = entries
        self.redraw()

    def draw(self, width: int) -> list[Content]:
        """Return one line; it counts nothing before the entries are known."""
        if self._entries is None:
            return [line((_("Outbox"), "bold $title"))]
        waiting = sum(not entry.over and not entry.asks for entry in self._entries)
        asks = sum(entry.asks for entry in self._entries)
        under_way = ngettext("{n} under way", "{n} under way", waiting).format(n=number(waiting))
        needs = ngettext("{n} needs you", "{n} need you", asks).format(n=number(asks))
        return [
            line(
                (_("Outbox"), "bold $title"),
                "   ",
                (under_way, "" if waiting else "$quiet"),
                "   ",
                (needs, "bold $bad" if asks else "$quiet"),
            ).truncate(width, ellipsis=True)
        ]
