"""The outbox: an entry in words, in a row, in full, exactly as it is sent, and its protocol in large digits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from rich.cells import cell_len
from textual.content import Content
from textual.renderables.digits import DIGITS, DIGITS3X3_BOLD

from hubsoft_tui.formats import NOTHING, clock, moment
from hubsoft_tui.privacy import clean
from hubsoft_tui.services.outbox.types import (
    ACTION_KINDS,
    Entry,
    EntryKind,
    EntryState,
    NewTicket,
    ServiceAction,
    VisitAction,
    action_name,
)
from hubsoft_tui.texts import _, ngettext, number

from .customer.card import wrapped
from .line_widget import Drawn, fit, line
from .table.table import Column, VirtualTable
from .tickets.detail import paragraphs

if TYPE_CHECKING:
    from collections.abc import Sequence


def what_word(entry: Entry) -> str:
    """Return what an entry writes, or does."""
    if entry.kind in ACTION_KINDS:
        return action_name(entry.kind)
    return {
        EntryKind.OPEN: _("new ticket"),
        EntryKind.MESSAGE: _("message"),
        EntryKind.CLOSE: _("closing"),
    }[entry.kind]


def customer_text(entry: Entry) -> str:
    """Return the customer an entry is about."""
    return clean(entry.draft.customer_name or "") or NOTHING


def subject_text(entry: Entry) -> str:
    """Return what an entry is about, in a few words: a type, a service, or a number."""
    draft = entry.draft
    if isinstance(draft, NewTicket):
        return clean(draft.type_label or "")
    if isinstance(draft, ServiceAction):
        return clean(draft.service_name or str(draft.service_id))
    if isinstance(draft, VisitAction):
        return clean(draft.order_number or draft.protocol)
    return clean(draft.protocol)


def state_word(entry: Entry) -> tuple[str, str]:
    """Return where an entry stands as (sign and words, style); an entry that was doubled says so."""
    if entry.doubles:
        return "! " + _("at HubSoft twice"), "bold $bad"
    return {
        EntryState.QUEUED: ("○ " + _("waits"), "$account"),
        EntryState.SENDING: ("◐ " + _("being sent"), "$account"),
        EntryState.UNKNOWN: ("? " + _("not known"), "$warn"),
        EntryState.SENT: ("● " + _("at HubSoft"), "$ok"),
        EntryState.REFUSED: ("✖ " + _("HubSoft refused"), "bold $bad"),
        EntryState.EXISTS: ("! " + _("exists already?"), "bold $warn"),
        EntryState.HELD: ("! " + _("held"), "bold $warn"),
        EntryState.DISCARDED: ("– " + _("discarded"), "$quiet"),
    }[entry.state]


def undecided(entry: Entry) -> bool:
    """Whether a look at HubSoft did not settle whether HubSoft has it."""
    return entry.state is EntryState.UNKNOWN and entry.next_at is None


def next_step(entry: Entry) -> str:
    """Return what happens next, or what a person should do."""
    if entry.doubles:
        return _("close one of them at HubSoft")
    if undecided(entry):
        return _("look at HubSoft, then decide")
    at = clock(entry.next_at)
    return {
        EntryState.QUEUED: _("is sent by itself") if entry.next_at is None else _("is tried at {time}"),
        EntryState.SENDING: _("HubSoft is being asked"),
        EntryState.UNKNOWN: _("is looked for at {time}"),
        EntryState.SENT: "",
        EntryState.REFUSED: _("send it, or discard it")
        if entry.kind in ACTION_KINDS
        else _("correct it, or discard it"),
        EntryState.EXISTS: _("link it, or send it anyway"),
        EntryState.HELD: _("send it, or discard it"),
        EntryState.DISCARDED: "",
    }[entry.state].format(time=at)


def entry_sentence(entry: Entry) -> str:
    """Return how an entry stands as a sentence."""
    if entry.kind in ACTION_KINDS:
        return _action_sentence(entry)
    if entry.state is EntryState.SENT:
        return {
            EntryKind.OPEN: _("HubSoft has opened it."),
            EntryKind.MESSAGE: _("The message is in the ticket."),
            EntryKind.CLOSE: _("The ticket is closed."),
        }[entry.kind]
    if undecided(entry):
        return _(
            "It is not known whether HubSoft has it. Look there, then link it, send it again or discard it."
        )
    return {
        EntryState.QUEUED: _("It is safe here and is sent by itself, also after a restart."),
        EntryState.SENDING: _("On its way to HubSoft…"),
        EntryState.UNKNOWN: _(
            "HubSoft did not say whether it has it. It is looked for at {time}, and sent again only if it is not there."
        ),
        EntryState.REFUSED: _("HubSoft refused it. It is kept: correct it and send it again."),
        EntryState.EXISTS: _("There is an open ticket that may be the same. Decide in the outbox."),
        EntryState.HELD: _("It waited too long and was held."),
        EntryState.DISCARDED: _("It was discarded."),
    }[entry.state].format(time=clock(entry.next_at))


def _action_sentence(entry: Entry) -> str:
    """Return how an action stands: nothing is done twice, and nothing late."""
    if undecided(entry):
        return _("It is not known whether HubSoft did this. Look, then send it again or discard it.")
    return {
        EntryState.QUEUED: _(
            "It is safe here and is sent as soon as HubSoft can be reached, if that is soon."
        ),
        EntryState.SENDING: _("On its way to HubSoft…"),
        EntryState.UNKNOWN: _(
            "HubSoft did not say whether it did this. It is looked for at {time}, and never sent again unasked."
        ),
        EntryState.SENT: _("HubSoft has done it."),
        EntryState.REFUSED: _("HubSoft refused it. Nothing was done."),
        EntryState.EXISTS: _("It waits for a decision."),
        EntryState.HELD: _("It could not be sent in time and was held. Nothing was done."),
        EntryState.DISCARDED: _("It was discarded."),
    }[entry.state].format(time=clock(entry.next_at))


MOST_LINES: Final = 2000
"""Lines of one text that are shown at most."""


def entry_id(entry: Entry) -> str:
    """Return the id of an entry's row."""
    return entry.local_protocol


def entry_text(entry: Entry) -> str:
    """Return what a filter searches in an entry: its columns, and both protocols, in sight or not."""
    words = (state_word(entry)[0], what_word(entry), customer_text(entry), subject_text(entry))
    return " ".join((entry.local_protocol, entry.protocol or "", *words))


class OutboxTable(VirtualTable[Entry]):
    """Entries, those that need a person first. Times are seen from `now` (UTC epoch seconds)."""

    def __init__(self, *, now: float, empty: str, id: str | None = None) -> None:  # noqa: A002 - Textual's name
        self.now = now
        super().__init__(self._table_columns(), identify=entry_id, describe=entry_text, empty=empty, id=id)

    def pass_time(self, now: float) -> None:
        """Draw again what another minute changes."""
        if int(now // 60) != int(self.now // 60):
            self.now = now
            self._painted.clear()
            self.redraw()

    def _table_columns(self) -> tuple[Column[Entry], ...]:
        return (
            Column("local", _("Local"), entry_id, 10, sort=entry_id),
            Column(
                "state",
                _("State"),
                lambda entry: Content.styled(*state_word(entry)),
                18,
                sort=lambda entry: state_word(entry)[0],
            ),
            Column("what", _("What"), what_word, 16, priority=3, sort=what_word),
            Column("customer", _("Customer"), customer_text, minimum=14, weight=2, sort=customer_text),
            Column("subject", _("About"), subject_text, minimum=14, weight=1, priority=5, style="$quiet"),
            Column("protocol", _("Protocol"), self._protocol, 20, priority=4),
            Column(
                "since",
                _("Written"),
                self._since,
                11,
                priority=2,
                sort=lambda entry: entry.created_at,
                descending=True,
            ),
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


_LETTERS: Final = {
    "L": ("╻  ", "┃  ", "┗━╸"),
    "O": ("┏━┓", "┃ ┃", "┗━┛"),
    "C": ("┏━╸", "┃  ", "┗━╸"),
    " ": ("  ", "  ", "  "),
}
GROUP: Final = 4


def grouped(text: str) -> str:
    """Return digits in groups of four; what is not all digits as it is."""
    text = clean(text)
    if not text.isdigit():
        return text
    return " ".join(text[at : at + GROUP] for at in range(0, len(text), GROUP))


def large(text: str) -> tuple[str, str, str] | None:
    """Return `text` three lines high, or None when it holds what cannot be drawn so."""
    glyphs = []
    for character in text:
        if character in _LETTERS:
            glyphs.append(_LETTERS[character])
        elif character.isdigit() and character in DIGITS:
            at = DIGITS.index(character) * 3
            top, middle, bottom = (DIGITS3X3_BOLD[at + y].ljust(3) for y in range(3))
            glyphs.append((top, middle, bottom))
        else:
            return None
    return (
        "".join(one[0] for one in glyphs),
        "".join(one[1] for one in glyphs),
        "".join(one[2] for one in glyphs),
    )


class Large(Drawn):
    """One number, large where there is room for it, bold where there is not."""

    _text = ""
    _style = "bold $title"

    def show(self, text: str, style: str) -> None:
        """Draw `text`; nothing when it is empty."""
        self._text, self._style = text, style
        self.redraw()

    def draw(self, width: int) -> list[Content]:
        """Return the lines."""
        text = grouped(self._text)
        drawn = large(text)
        if drawn is None or len(drawn[0]) > width:
            return [Content.styled(text, self._style)]
        return [Content.styled(each, self._style) for each in drawn]
