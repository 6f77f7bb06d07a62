"""What is asked only on demand about a customer: tickets, invoices, work orders, the sessions of the line.

Each panel says what asking costs, then where the question stands, then how old the answer is.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from rich.cells import cell_len
from textual.content import Content
from textual.message import Message

from hubsoft_tui.formats import DAY, NOTHING, age, day, day_of, day_time, duration, money, plain_number, size
from hubsoft_tui.privacy import clean
from hubsoft_tui.texts import _, ngettext, number
from hubsoft_tui.values import dataclass

from ..line_widget import Drawn, DrawnCell, cut, fit, line
from ..sparkline import blocks
from .card import OFF, ON, wrapped

if TYPE_CHECKING:
    from collections.abc import Sequence

    from textual import events

    from hubsoft_tui.api.models import Device, Invoice, PaymentText, Session, Ticket, WorkOrder

RowDrawer = Callable[[tuple[Any, ...], int, float, int | None], list[Content]]
"""Draws rows into a width, at an instant (UTC epoch seconds); one of them may be marked."""

WIDE: Final = 64
"""Cells from which a ticket's subject stands beside its protocol."""

SHOWN: Final = 8
"""Rows a panel shows; the rest is counted."""


@dataclass(frozen=True, slots=True)
class AskedPanelState:
    """Where one such question stands. Nothing set: not asked yet."""

    waiting: str = ""
    """Where it stands in line, while it waits."""
    rows: tuple[Any, ...] | None = None
    origin: str = ""
    stale: bool = False
    error: str = ""
    marked: int | None = None
    """The row that keys act on; None while they act elsewhere."""
    hint: str = ""
    """What the keys do to the marked row."""


class AskedPanel(DrawnCell):
    """A title with its key, and below it the cost, the wait, the rows or the error."""

    class Pressed(Message):
        """The panel was clicked: ask. `id` is the panel's."""

        def __init__(self, panel_id: str) -> None:
            super().__init__()
            self.id = panel_id

    def __init__(self, panel_id: str, rows: RowDrawer) -> None:
        super().__init__(id=panel_id)
        self._rows = rows
        self._asked = AskedPanelState()
        self._key = ""
        self._now = 0.0
        self._title = ""

    def show(self, title: str, key: str, asked: AskedPanelState, now: float) -> None:
        """Draw `asked`; `key` asks it, `now` is UTC epoch seconds."""
        self._title, self._key, self._asked, self._now = title, key, asked, now
        self.redraw()

    def draw(self, width: int) -> list[Content]:
        """Return the lines."""
        asked = self._asked
        title = line((self._title, "bold $title"), "  ", (self._key, "$account"))
        if asked.rows is not None and asked.origin:
            space = max(1, width - title.cell_length - cell_len(asked.origin))
            title = line(title, " " * space, (asked.origin, "bold $stale" if asked.stale else "$quiet"))
        lines = [title.truncate(width, ellipsis=True)]
        if asked.waiting:
            lines.append(Content.styled(cut(asked.waiting, width), "$account"))
        if asked.error:
            lines += [Content.styled(each, "$warn") for each in wrapped(f"! {clean(asked.error)}", width, 3)]
        if asked.rows is None:
            if not asked.waiting and not asked.error:
                lines.append(Content.styled(cut(_("costs 1 request"), width), "$quiet"))
            return lines
        if not asked.rows:
            return [*lines, Content.styled(_("nothing"), "$quiet")]
        top = max(0, (asked.marked or 0) - SHOWN + 1)
        marked = None if asked.marked is None else asked.marked - top
        lines += self._rows(asked.rows[top : top + SHOWN], width, self._now, marked)
        if asked.hint:
            lines += [Content.styled(each, "$account") for each in wrapped(asked.hint, width, 2)]
        if (more := len(asked.rows) - SHOWN - top) > 0:
            lines.append(
                Content.styled(
                    ngettext("and {n} more", "and {n} more", more).format(n=number(more)), "$quiet"
                )
            )
        return lines

    def on_click(self, event: events.Click) -> None:
        """Ask."""
        event.stop()
        self.post_message(self.Pressed(self.id or ""))


def ticket_rows(
    tickets: tuple[Ticket, ...], width: int, now: float, marked: int | None = None
) -> list[Content]:
    """Draw tickets: protocol, how old, what is left; type and status; the opening words where there is room."""
    wide = width >= WIDE
    lines = []
    for ticket in tickets:
        late = (ticket.remaining_percent or 0) < 0 or (ticket.remaining or "").startswith("-")
        remaining = (clean(ticket.remaining or ""), "bold $warn" if late else "$quiet")
        tail = line(_opened(ticket, now), "  " if remaining[0] else "", remaining)
        head = line((f"{ON} ", "$mark"), (clean(ticket.protocol) or str(ticket.id), "bold"))
        subject = " · ".join(clean(each) for each in (ticket.type, ticket.status) if each)
        room = max(0, width - head.cell_length - tail.cell_length - 4)
        lines.append(
            line(head, "  ", fit(subject, room) if wide else " " * room, "  ", tail).truncate(
                width, ellipsis=True
            )
        )
        if subject and not wide:
            lines.append(line("  ", cut(subject, width - 2)))
        if ticket.opening:
            lines.append(line("  ", (cut(clean(" ".join(ticket.opening.split())), width - 2), "$quiet")))
    return lines


def _opened(ticket: Ticket, now: float) -> str:
    if ticket.opened_at is not None:
        return age(now - ticket.opened_at.timestamp())
    if ticket.opened_on is None:
        return NOTHING
    days = (_today(now) - ticket.opened_on).days
    return _("today") if days <= 0 else age(max(2, days) * DAY) if days > 1 else _("yesterday")


def _today(now: float) -> date:
    return day_of(now)


def order_rows(
    orders: tuple[WorkOrder, ...], width: int, now: float, marked: int | None = None
) -> list[Content]:
    """Draw work orders: planned start, number and kind; below them status and technicians."""
    lines = []
    for order in orders:
        planned = order.planned_start or order.opened_at
        when = day_time(planned.timestamp() if planned else None)
        words = [clean(each) for each in (order.number, order.kind) if each]
        ended = order.ended_at is not None
        lines.append(
            line(
                (f"{OFF if ended else ON} ", "$quiet" if ended else "$mark"),
                (when, "" if ended else "bold"),
                "  ",
                (cut(" · ".join(words), max(0, width - 4 - cell_len(when))), "$quiet" if ended else ""),
            )
        )
        status = clean(order.status or "").replace("_", " ")
        below = " · ".join(each for each in (status, clean(", ".join(order.technicians))) if each)
        if below:
            lines.append(line("  ", (cut(below, width - 2), "$quiet")))
    return lines


def session_rows(
    sessions: tuple[Session, ...], width: int, now: float, marked: int | None = None
) -> list[Content]:
    """Draw RADIUS sessions: how long and since when; where there is no room beside, address and traffic below."""
    lines = []
    for session in sessions:
        up = session.ended_at is None
        end = now if session.ended_at is None else session.ended_at.timestamp()
        lasted = duration(end - session.started_at.timestamp()) if session.started_at else NOTHING
        traffic = [
            f"{arrow} {size(value * 1_000_000)}"
            for arrow, value in (("↓", session.download_mb), ("↑", session.upload_mb))
            if value is not None
        ]
        sign = (f"{ON} " if up else f"{OFF} ", "$ok" if up else "$quiet")
        first = [lasted, day_time(session.started_at.timestamp() if session.started_at else None)]
        second = [clean(session.ipv4 or ""), " ".join(traffic)]
        beside = "  ".join(word for word in (*first, *second) if word)
        if cell_len(beside) <= width - 2:
            lines.append(line(sign, (beside, "" if up else "$quiet")))
            continue
        lines.append(line(sign, (cut("  ".join(first), width - 2), "" if up else "$quiet")))
        lines.append(line("  ", (cut("  ".join(word for word in second if word), width - 2), "$quiet")))
    return lines


COURSE: Final = 24
"""Readings of the course at most."""


def device_rows(
    devices: tuple[Device, ...], width: int, now: float, marked: int | None = None
) -> list[Content]:
    """Draw equipment: its newest signal received and sent, when it was read, and the course before."""
    lines = []
    for device in devices:
        newest = device.readings[0] if device.readings else None
        if newest is None:
            lines.append(Content.styled(cut(_("no signal was read"), width), "$quiet"))
            continue
        read = newest.at or device.updated_at
        lines.append(
            line(
                (_("rx"), "$quiet"),
                f" {_power(newest.rx)}  ",
                (_("tx"), "$quiet"),
                f" {_power(newest.tx)}  ",
                (day_time(read.timestamp() if read else None), "$quiet"),
            ).truncate(width, ellipsis=True)
        )
        course = [reading.rx for reading in device.readings if reading.rx is not None][::-1]
        if len(course) > 1:
            low, high = min(course), max(course)
            shown = blocks(course, min(COURSE, max(1, width - 30)))
            span = _("rx from {low} to {high}").format(low=_power(low), high=_power(high))
            lines.append(line((shown, "$mark"), "  ", (span, "$quiet")).truncate(width, ellipsis=True))
    return lines


def _power(value: float | None) -> str:
    return NOTHING if value is None else f"{plain_number(value)} dBm"


ROOMY: Final = 40
"""Cells from which an invoice's due date has its year."""
LATE: Final = "✖"


def ordered(invoices: Sequence[Invoice]) -> tuple[Invoice, ...]:
    """Return open invoices before paid ones, the longest due first."""
    return tuple(sorted(invoices, key=lambda each: (not each.open, each.due_on or date.max)))


def invoice_rows(
    invoices: tuple[Invoice, ...], width: int, now: float, marked: int | None = None
) -> list[Content]:
    """Draw invoices: the sum first, then when each is due, its amount, how late it is and what pays it."""
    today = day_of(now)
    owed = [invoice for invoice in invoices if invoice.open]
    lines = []
    if owed:
        total = sum((invoice.amount for invoice in owed if invoice.amount is not None), Decimal(0))
        count = ngettext("{n} open", "{n} open", len(owed)).format(n=number(len(owed)))
        lines.append(Content.styled(cut(f"{count} · {money(total)}", width), "bold"))
    words = [_("paid"), _("due"), _("was due")]
    room = max(map(len, words))
    for index, invoice in enumerate(invoices):
        late = invoice.days_late(today)
        if not invoice.open:
            sign, word, style = OFF, words[0], "$quiet"
        elif late:
            sign, word, style = LATE, words[2], "bold $warn"
        else:
            sign, word, style = ON, words[1], ""
        amount = money(invoice.amount) if invoice.amount is not None else NOTHING
        here = index == marked
        row = line(
            ("▸" if here else " ", "bold $account"),
            (f"{sign} ", style),
            (fit(word, room), style if late else "$quiet"),
            " ",
            # How late it is matters more than the year it was due.
            day(invoice.due_on)[: 10 if width >= ROOMY else 5],
            "  ",
            (fit(amount, 11, right=True), "bold" if here else ""),
            ("  " + _("{age} late").format(age=age(late * DAY)) if late else "", "bold $warn"),
            ("  " + means(invoice) if width >= ROOMY else "", "$quiet"),
        )
        drawn = row.truncate(width, ellipsis=True, pad=here)
        lines.append(drawn.stylize("on $row") if here else drawn)
    return lines


def means(invoice: Invoice) -> str:
    """Return by what an invoice can be paid; nothing once it is paid."""
    if not invoice.open:
        return ""
    ways = [("PIX", invoice.pix), (_("line"), invoice.typeable_line), (_("payment link"), invoice.link)]
    return " · ".join(word for word, text in ways if text) or _("no way to pay it is known")


class WholeText(Drawn):
    """A text broken at the last column and nowhere else: what is selected holds no character that is not its own."""

    _text: PaymentText | None = None

    def show(self, text: PaymentText) -> None:
        """Draw `text`."""
        self._text = text
        self.redraw()

    def draw(self, width: int) -> list[Content]:
        """Return the lines."""
        text, room = clean(self._text.whole) if self._text is not None else "", max(1, width)
        return [Content(text[at : at + room]) for at in range(0, len(text), room)]


QUIET_ZONE: Final = 2
"""Light modules around the code; a scanner needs some."""


def qr_rows(text: str) -> list[str]:
    """Return `text` as a QR code, two modules a character: dark modules are drawn, light ones are blanks."""
    import segno  # noqa: PLC0415 - heavy library

    code = segno.make(text, error="l", micro=False, boost_error=False)
    dark = [[bool(module) for module in row] for row in code.matrix_iter(border=QUIET_ZONE)]
    if len(dark) % 2:
        dark.append([False] * len(dark[0]))
    signs = {(True, True): "█", (True, False): "▀", (False, True): "▄", (False, False): " "}
    return [
        "".join(signs[pair] for pair in zip(upper, lower, strict=True))
        for upper, lower in zip(dark[::2], dark[1::2], strict=True)
    ]


class QrCode(Drawn):
    """A text as a QR code, black on white whatever the theme; or what it needs, where there is no room for it."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's name
        super().__init__(id=id)
        self._rows: list[str] = []
        self._height = 0

    def show(self, text: PaymentText | None, height: int) -> None:
        """Draw `text` in at most `height` lines; nothing when there is none."""
        self._rows = qr_rows(text.whole) if text is not None else []
        self._height = height
        self.redraw()

    def draw(self, width: int) -> list[Content]:
        """Return the lines."""
        rows = self._rows
        if not rows:
            return []
        columns = len(rows[0])
        if columns > width or len(rows) > self._height:
            sentence = _("The QR code needs {columns}×{rows} here: enlarge the terminal.").format(
                columns=columns, rows=len(rows)
            )
            return [Content.styled(each, "$warn") for each in wrapped(sentence, width, 3)]
        return [Content.styled(each, "#000000 on #ffffff") for each in rows]
