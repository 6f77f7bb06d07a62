"""The ways to pay an invoice: copied, in a sentence for a chat, as text to select, as a QR code to scan."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, ClassVar, Final

from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from hubsoft_tui.api.models import PaymentText
from hubsoft_tui.formats import DAY, age, day, day_of, money
from hubsoft_tui.texts import N_, _
from widgets.customer.on_demand import QrCode, WholeText
from widgets.line_widget import data

from ..frame.actions import action
from ..frame.modal import STYLE, ConsoleModal

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from hubsoft_tui.api.models import Invoice

    from ..frame.console import Console

FRAME_LINES: Final = 3
"""What stands above and below a QR code: strip, heading, keys."""
ROOMY_LINES: Final = 44
"""Terminal lines from which codes and QR code stand together."""

WAYS: Final = {
    "pix": (N_("the PIX code of {invoice}"), N_("This invoice has no PIX code.")),
    "line": (N_("the typeable line of {invoice}"), N_("This invoice has no typeable line.")),
    "link": (N_("the link to {invoice}"), N_("This invoice has no link.")),
    "sentence": (
        N_("the sentence about {invoice}"),
        N_("This invoice has neither a link nor a code to send."),
    ),
}
"""What can be copied of an invoice: what it is called, and what is said where the invoice lacks it."""


def called(invoice: Invoice) -> str:
    """Return which invoice it is, without anything that pays it."""
    parts = [
        money(invoice.amount) if invoice.amount is not None else "",
        _("due {day}").format(day=day(invoice.due_on)) if invoice.due_on is not None else "",
    ]
    return ", ".join(part for part in parts if part) or (invoice.number or str(invoice.id))


def sentence(invoice: Invoice, now: float) -> PaymentText | None:
    """Return what a chat is told about an invoice, with the link and the PIX code; None when it has neither."""
    codes = []
    if invoice.link:
        codes.append(invoice.link.whole)
    if invoice.pix:
        codes.append(_("PIX code: {code}").format(code=invoice.pix.whole))
    elif invoice.typeable_line:
        codes.append(_("Typeable line: {code}").format(code=invoice.typeable_line.whole))
    if not codes:
        return None
    text = _("Your invoice is here:")
    if invoice.due_on is not None and invoice.amount is not None:
        late = invoice.days_late(day_of(now)) > 0
        text = (
            _("Your invoice of {amount} was due on {day}:")
            if late
            else _("Your invoice of {amount} is due on {day}:")
        ).format(amount=money(invoice.amount), day=day(invoice.due_on))
    head, *rest = codes
    return PaymentText("\n".join([f"{text} {head}", *rest]))


def copy_payment(console: Console, invoice: Invoice, way: str) -> None:
    """Copy what a `way` of `WAYS` names, or say that the invoice lacks it."""
    text = {
        "pix": invoice.pix,
        "line": invoice.typeable_line,
        "link": invoice.link,
        "sentence": sentence(invoice, time.time()),
    }[way]
    found, missing = WAYS[way]
    if text is not None:
        console.copy(_(found).format(invoice=called(invoice)), text.whole)
    else:
        console.tell(_(missing), severity="warning")


class InvoicePage(ConsoleModal[None]):
    """One invoice with everything that pays it, to be selected where the terminal takes no copy, or scanned."""

    AREA = "invoice"
    CSS_PATH = STYLE
    SHARED: ClassVar = {"copy": N_("copy PIX")}

    def __init__(self, invoice: Invoice) -> None:
        super().__init__()
        self.invoice = invoice
        self._scanned = False

    def body(self) -> ComposeResult:
        """Compose the codes, and the place of the QR code."""
        invoice = self.invoice
        late = invoice.days_late(day_of(time.time()))
        title = Content.assemble(
            (called(invoice), "bold $title"),
            ("   " + _("{age} late").format(age=age(late * DAY)) if late else "", "bold $warn"),
        )
        yield Static(title, id="invoice-title")
        with VerticalScroll(id="invoice-codes", can_focus=False):
            for name, label, text in (
                ("pix", _("PIX code"), invoice.pix),
                ("line", _("Typeable line"), invoice.typeable_line),
                ("link", _("Link"), invoice.link),
            ):
                if text:
                    yield Static(data(label, "$quiet"), classes="label")
                    yield WholeText(id=f"invoice-{name}")
            if not any((invoice.pix, invoice.typeable_line, invoice.link)):
                yield Static(data(_("no way to pay it is known"), "$quiet"), classes="label")
        yield QrCode(id="invoice-qr")

    def on_mount(self) -> None:
        """Fill in the codes; the QR code comes along where there is room below them."""
        super().on_mount()
        for name, text in (
            ("pix", self.invoice.pix),
            ("line", self.invoice.typeable_line),
            ("link", self.invoice.link),
        ):
            if text:
                self.query_one(f"#invoice-{name}", WholeText).show(text)
        self._draw()

    def _draw(self) -> None:
        both = self.app.size.height >= ROOMY_LINES
        self.query_one("#invoice-codes").display = both or not self._scanned
        code = self.query_one(QrCode)
        code.display = both or self._scanned
        if code.display:
            code.show(self.payable, self.app.size.height - FRAME_LINES)
        self.redraw_keys()

    def on_resize(self) -> None:
        """Draw the QR code again where it has room."""
        super().on_resize()
        self._draw()

    @property
    def copies(self) -> bool:
        """Whether there is a PIX code to copy."""
        return self.payable is not None

    @property
    def sentence(self) -> PaymentText | None:
        """What a chat is told about it, if there is anything to pay it with."""
        return sentence(self.invoice, time.time())

    def action_copy(self) -> None:
        """Copy the PIX code."""
        self.action_take("pix")

    @action(
        "c",
        N_("QR code / text"),
        N_("Show the PIX as a QR code to scan, or the texts again."),
        when=lambda page: page.payable and page.app.size.height < ROOMY_LINES,
    )
    def action_scan(self) -> None:
        self._scanned = not self._scanned
        self._draw()

    @action(
        "Y",
        N_("copy line"),
        N_("Copy the typeable line."),
        id="line",
        args=("line",),
        when=lambda page: page.invoice.typeable_line,
    )
    @action(
        "l",
        N_("copy link"),
        N_("Copy the link to the invoice."),
        id="link",
        args=("link",),
        when=lambda page: page.invoice.link,
    )
    @action(
        "s",
        N_("copy sentence"),
        N_("Copy a sentence for a chat: amount, due date, link and code."),
        id="sentence",
        args=("sentence",),
        when=lambda page: page.sentence,
    )
    def action_take(self, way: str) -> None:
        copy_payment(self.console, self.invoice, way)

    @property
    def payable(self) -> PaymentText | None:
        """The PIX code, if there is one."""
        return self.invoice.pix

    @action("escape,enter", N_("back"), N_("Go back."))
    def action_leave(self) -> None:
        self.dismiss(None)
