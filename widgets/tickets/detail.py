"""One ticket in full: what it is about, what was written in it, what happened to it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from rich.cells import cell_len
from textual.content import Content

from hubsoft_tui.formats import NOTHING, ago, moment
from hubsoft_tui.privacy import clean, mask_phone
from hubsoft_tui.services.tickets.judgement import is_late
from hubsoft_tui.services.tickets.types import TicketState
from hubsoft_tui.texts import _

from ..customer.card import wrapped
from ..customer.on_demand import order_rows
from ..line_widget import Drawn, fit, line
from .texts import SIGNS, age_text, change_text, left_text, responsible_text, status_text

if TYPE_CHECKING:
    from datetime import datetime

    from hubsoft_tui.services.tickets.types import TicketDetail, TicketRow

MOST_LINES: Final = 200
"""Lines of one text that are drawn; a longer one is cut."""


def paragraphs(text: str, width: int, most: int = MOST_LINES) -> list[str]:
    """Return a text of several lines in lines of `width` cells, at most `most`; the last one is cut."""
    lines: list[str] = []
    for each in clean(text, multiline=True).splitlines() or [""]:
        lines += _broken(each, width, most)
        if len(lines) > most:
            return [*lines[: most - 1], "…"]
    return lines


def _broken(text: str, width: int, most: int) -> list[str]:
    if cell_len(text) <= width:
        return [text.replace("\t", " ")]
    pieces: list[str] = []
    for word in text.split():
        # A word longer than a line would be cut, and with it what was written.
        pieces += (
            [word[at : at + width] for at in range(0, len(word), width)] if len(word) > width else [word]
        )
        if len(pieces) > most * width:
            break
    return wrapped(" ".join(pieces), width, most + 1)


class TicketDetailView(Drawn):
    """The chosen ticket. Its texts are asked for on demand; what is missing says which key brings it."""

    def __init__(self) -> None:
        super().__init__(id="ticket-detail")
        self._row: TicketRow | None = None
        self._detail: TicketDetail | None = None
        self._waiting = ""
        self._now = 0.0
        self._hint = ""

    def show(
        self,
        row: TicketRow | None,
        detail: TicketDetail | None,
        now: float,
        *,
        waiting: str = "",
        hint: str = "",
    ) -> None:
        """Draw `row` with what `detail` knows of it, as seen at `now`; `hint` says how to ask for more."""
        self._row, self._detail, self._now = row, detail, now
        self._waiting, self._hint = waiting, hint
        self.redraw()

    def draw(self, width: int) -> list[Content]:
        """Return the lines."""
        row = self._row
        if row is None:
            return [Content.styled(_("No ticket is chosen."), "$quiet")]
        lines = [*self._head(row, width), Content("")]
        lines += self._facts(row, width)
        detail = self._detail
        if self._waiting:
            lines += [Content(""), Content.styled(self._waiting, "$account")]
        if self._hint and not self._waiting and (detail is None or detail.asked_at is None):
            lines += [Content("")] + [
                Content.styled(each, "$quiet") for each in wrapped(self._hint, width, 3)
            ]
        if detail is not None:
            lines += self._texts(detail, width)
        return [one.truncate(width, ellipsis=True) for one in lines]

    def _head(self, row: TicketRow, width: int) -> list[Content]:
        late = is_late(row, self._now)
        state = {
            TicketState.OPEN: (_("LATE"), "bold $bad reverse") if late else (_("OPEN"), "bold $ok reverse"),
            TicketState.CLOSED: (_("CLOSED"), "bold $quiet reverse"),
            TicketState.MISSING: (_("MISSING"), "bold $warn reverse"),
        }[row.state]
        protocol = clean(row.protocol) or str(row.id)
        lines = [line((protocol, "bold $title"), "  ", (f" {state[0]} ", state[1]))]
        name = clean(row.customer or "") or NOTHING
        code = "" if row.customer_code is None else "  " + _("code") + f" {row.customer_code}"
        lines += [line((each, "bold")) for each in wrapped(name, max(10, width - cell_len(code)), 2)]
        lines[-1] = line(lines[-1], (code, "$quiet"))
        if row.state is TicketState.MISSING:
            said = _("HubSoft no longer returns this ticket: it may have been deleted or merged.")
            lines += [Content.styled(each, "$warn") for each in wrapped(said, width, 3)]
        return lines

    def _facts(self, row: TicketRow, width: int) -> list[Content]:
        detail = self._detail
        opened = moment(row.opened_at, self._now)
        facts = [
            (_("Type"), clean(row.type or "") or NOTHING, ""),
            (_("Status"), status_text(row), ""),
            (_("Responsible"), responsible_text(row) or _("nobody"), "" if row.responsible else "$warn"),
            (_("Opened"), f"{opened}  {age_text(row, self._now)}", ""),
            (_("SLA"), left_text(row, self._now), "bold $bad" if is_late(row, self._now) else ""),
        ]
        if row.closed_at is not None:
            facts[4] = (_("Closed"), moment(row.closed_at, self._now), "")
        if detail is not None and (detail.contact_name or detail.contact_phone):
            contact = "  ".join(
                part
                for part in (clean(detail.contact_name or ""), mask_phone(detail.contact_phone or ""))
                if part
            )
            facts.append((_("Contact"), contact, ""))
        facts.append(
            (_("Seen"), ago(self._now - row.confirmed_at) if row.confirmed_at else NOTHING, "$quiet")
        )
        label = max(cell_len(name) for name, _value, _style in facts) + 2
        drawn = [line((fit(name, label), "$quiet"), (value, style)) for name, value, style in facts]
        half = (len(drawn) + 1) // 2
        start = max(one.cell_length for one in drawn[:half]) + 4
        if start + max(one.cell_length for one in drawn[half:]) > width:
            return drawn
        beside = [*drawn[half:], Content("")][:half]
        return [
            line(one, " " * (start - one.cell_length), other)
            for one, other in zip(drawn, beside, strict=False)
        ]

    def _texts(self, detail: TicketDetail, width: int) -> list[Content]:
        lines: list[Content] = []

        def section(title: str, tail: str = "") -> None:
            lines.extend((Content(""), line((title, "bold $title"), "  ", (tail, "$quiet"))))

        asked = (
            _("read at {time}").format(time=moment(detail.asked_at, self._now))
            if detail.asked_at is not None
            else ""
        )
        if detail.opening:
            section(_("Opening"), asked)
            lines += [Content(each) for each in paragraphs(detail.opening, width)]
        if detail.closing or detail.closing_reason:
            section(_("Closing"), clean(detail.closing_reason or ""))
            lines += [Content(each) for each in paragraphs(detail.closing or "", width)]
        if detail.messages:
            section(_("Messages"), str(len(detail.messages)))
            for message in detail.messages:
                when = moment(_epoch(message.written_at), self._now)
                first, *rest = paragraphs(message.text, max(10, width - 13))
                lines.append(line((fit(when, 13), "$quiet"), first))
                lines += [Content(" " * 13 + each) for each in rest]
        if detail.work_orders:
            section(_("Work orders"))
            lines += order_rows(detail.work_orders, width, self._now)
        if detail.history:
            section(_("History"))
            for change in reversed(detail.history):
                first, *rest = wrapped(change_text(change), max(10, width - 15), 4) or [""]
                when = moment(change.at or change.seen_at, self._now)
                lines.append(line((fit(when, 13), "$quiet"), (SIGNS[change.kind], "$account"), " ", first))
                lines += [Content(" " * 15 + each) for each in rest]
        return lines


def _epoch(instant: datetime | None) -> float | None:
    return None if instant is None else instant.timestamp()
