"""Invoices: one a line with how late it is, and what pays one: codes whole, and the PIX as a QR code."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from textual.content import Content

from hubsoft_tui.formats import DAY, NOTHING, age, day, day_of, money
from hubsoft_tui.privacy import clean
from hubsoft_tui.texts import _, ngettext, number

from ..line_widget import Drawn, cut, fit, line
from .card import OFF, ON, wrapped

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hubsoft_tui.api.models import Invoice, PaymentText

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
    ways = [("PIX", invoice.pix), (_("typeable line"), invoice.typeable_line), (_("web page"), invoice.link)]
    return " · ".join(word for word, text in ways if text) or _("no way to pay it is known")


class WholeText(Drawn):
    """A text broken at the last column and nowhere else: what is selected holds no character that is not its own."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's name
        super().__init__(id=id)
        self._text: PaymentText | None = None

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
