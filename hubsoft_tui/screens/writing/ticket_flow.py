"""From a wish to write something to what became of it: the forms of a ticket, and the way through them."""

from __future__ import annotations

from dataclasses import field
from typing import TYPE_CHECKING, Final

from textual import work
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from hubsoft_tui.errors import InvalidInput
from hubsoft_tui.privacy import clean
from hubsoft_tui.services.outbox.types import (
    Closing,
    Entry,
    EntryKind,
    EntryState,
    NewMessage,
    NewTicket,
    ServiceAction,
    VisitAction,
)
from hubsoft_tui.texts import N_, _, ngettext, number
from hubsoft_tui.values import dataclass
from widgets.fields import ChoiceField, ChoiceOption
from widgets.line_widget import data
from widgets.outbox import entry_sentence

from ..frame.actions import action
from ..frame.console import silent
from ..frame.modal import STYLE, ConsoleModal
from .entry_page import SentScreen
from .form import WriteForm, whole
from .opening_form import OpeningForm, offered, opening_again, opening_for
from .text_field import TextField, text_problem

if TYPE_CHECKING:
    from collections.abc import Sequence

    from textual.app import ComposeResult

    from hubsoft_tui.api.models import Customer, Ticket
    from hubsoft_tui.core.types import Snapshot
    from hubsoft_tui.services.container import Services
    from hubsoft_tui.services.outbox.types import Draft
    from hubsoft_tui.store.drafts import Value

    from ..frame.console import Console

BAR_CELLS: Final = 40


class SeveralScreen(ConsoleModal[None]):
    """Shows how far they are, and which of them ask for a person; they go on without this page."""

    AREA = "several"
    CSS_PATH = STYLE

    def __init__(self, entries: Sequence[Entry]) -> None:
        super().__init__()
        self._entries = {entry.local_protocol: entry for entry in entries}
        self._version = -1
        self._looking = False

    def follows(self, entry: Entry) -> bool:
        """Whether this page tells what becomes of `entry`."""
        return entry.local_protocol in self._entries

    @property
    def asking(self) -> tuple[Entry, ...]:
        """Those that ask for a person."""
        return tuple(entry for entry in self._entries.values() if entry.asks)

    def body(self) -> ComposeResult:
        """Compose the page."""
        with VerticalScroll(classes="page", id="several"):
            yield Static(id="several-count", classes="heading")
            yield Static(id="several-left", classes="line")

    def on_mount(self) -> None:
        """Show what is known; the arrows scroll."""
        super().on_mount()
        self.query_one("#several").focus()
        self._draw()
        self._look()

    def tick(self, snapshot: Snapshot) -> None:
        """Look again whenever the outbox changed."""
        super().tick(snapshot)
        version = snapshot.badges.versions.get("outbox", 0)
        if version != self._version and not self._looking:
            self._version = version
            self._look()

    @work(exit_on_error=False)
    async def _look(self) -> None:
        self._looking = True
        try:
            entries = await self.asked(lambda services: services.outbox.entries())
        finally:
            self._looking = False
        for entry in entries or ():
            if self.follows(entry):
                self._entries[entry.local_protocol] = entry
        self._draw()

    def _draw(self) -> None:
        entries = self._entries.values()
        total, sent = len(entries), sum(entry.state is EntryState.SENT for entry in entries)
        full = BAR_CELLS * sent // max(1, total)
        self.query_one("#several-count", Static).update(
            Content.assemble(
                (
                    ngettext("{sent} of {n} is at HubSoft", "{sent} of {n} are at HubSoft", total).format(
                        sent=number(sent), n=number(total)
                    ),
                    "bold $ok" if sent == total else "bold $title",
                ),
                "\n",
                ("▮" * full, "$ok"),
                ("▯" * (BAR_CELLS - full), "$faint"),
            )
        )
        left = sorted((entry for entry in entries if not entry.over), key=lambda entry: not entry.asks)
        self.query_one("#several-left", Static).update(
            Content("\n").join(
                data(
                    f"{entry.local_protocol}  {clean(entry.draft.customer_name or '')}  {entry_sentence(entry)}"
                    + (f"  {clean(entry.said)}" if entry.said else ""),
                    "$warn" if entry.asks else "$quiet",
                )
                for entry in left
            )
        )
        self.redraw_keys()

    @action(
        "r",
        N_("take up again"),
        N_("Send again what HubSoft refused, or what nothing is known of."),
        writes=True,
        when=lambda page: page.asking,
    )
    @work(group="again", exclusive=True, exit_on_error=False)
    async def action_again(self) -> None:
        protocols = [entry.local_protocol for entry in self.asking]

        async def again(services: Services) -> int:
            count = 0
            for protocol in protocols:
                try:
                    await services.outbox.resend(protocol)
                except InvalidInput:  # another person saw to it, or it is on its way
                    continue
                count += 1
            return count

        count = await self.asked(again)
        if count is not None:
            said = ngettext("{n} is sent again.", "{n} are sent again.", count)
            self.console.tell(said.format(n=number(count)))
        self._look()

    @action("enter,escape", N_("close"), N_("Close this page; the entries go on by themselves."))
    def action_done(self) -> None:
        self.dismiss(None)


MOST_NAMES: Final = 4


@dataclass(frozen=True, slots=True)
class About:
    """The ticket a form is about."""

    ticket_id: int
    protocol: str
    customer: str | None = field(default=None, repr=False)
    subject: str = ""
    """Type and status, in HubSoft's words."""
    plan: str = ""
    """The name of the service it is for, where that is at hand."""
    record: Customer | None = field(default=None, repr=False)
    """The customer, where the record is at hand."""
    customer_code: int | None = None

    @property
    def line(self) -> str:
        """Say which ticket it is."""
        return "   ".join(part for part in (self.protocol, self.customer or "", self.subject) if part)


def placeholders(tickets: Sequence[About]) -> dict[str, str]:
    """Return what placeholders of a canned text stand for; nothing where one text goes into several tickets."""
    if len(tickets) > 1:
        return {}
    about = tickets[0]
    return {"customer": about.customer or "", "plan": about.plan, "protocol": about.protocol}


def listed(tickets: Sequence[About]) -> str:
    """Say which tickets one text is for, one a line."""
    if len(tickets) == 1:
        return tickets[0].line
    return "\n".join(f"{each.protocol}   {each.customer or ''}" for each in tickets)


def counted(tickets: Sequence[About]) -> str:
    """Say how many tickets one text is for, and the first few customers; of one, which it is."""
    if len(tickets) == 1:
        return tickets[0].line
    names = ", ".join(each.customer or each.protocol for each in tickets[:MOST_NAMES])
    more = ", …" if len(tickets) > MOST_NAMES else ""
    count = ngettext("{n} ticket", "{n} tickets", len(tickets)).format(n=number(len(tickets)))
    return f"{count}: {names}{more}"


class TicketForm(WriteForm):
    """One text for one ticket or for several."""

    _tickets: tuple[About, ...]

    def placeholders(self) -> dict[str, str]:
        """Return customer, plan and protocol."""
        return placeholders(self._tickets)

    def way_back(self) -> tuple[str, str]:
        """Return the customer and the protocol of the first."""
        return self._tickets[0].customer or "", self._tickets[0].protocol

    def beside(self) -> tuple[str, tuple[str, ...]]:
        """Return every ticket it goes into."""
        return listed(self._tickets), ()

    def draft(self) -> Draft:
        """Return what becomes of the first."""
        return self.drafts()[0]


class MessageForm(TicketForm):
    """A message for an open ticket."""

    KIND = EntryKind.MESSAGE

    def __init__(self, about: About, *others: About, text: str = "", corrects: str = "") -> None:
        """`others` are tickets that the same text goes into."""
        self._tickets = (about, *others)
        super().__init__(
            corrects or f"message {about.ticket_id}",
            _("Message into several tickets") if others else _("Message into a ticket"),
            counted(self._tickets),
            values={"text": text},
            corrects=corrects,
        )

    def fields(self) -> ComposeResult:
        """Compose the field."""
        yield from self.field(_("Message"), TextField("", id="text"))

    def on_mount(self) -> None:
        """Be ready for typing."""
        super().on_mount()
        self.query_one("#text").focus()

    def problems(self) -> dict[str, str]:
        """Return what is wrong."""
        problem = text_problem(str(self.values()["text"]))
        return {"text": problem} if problem else {}

    def drafts(self) -> tuple[NewMessage, ...]:
        """Return the message, once for each ticket."""
        text = str(self.values()["text"])
        return tuple(NewMessage(each.ticket_id, each.protocol, text, each.customer) for each in self._tickets)


class ClosingForm(TicketForm):
    """Why a ticket is closed, and what was done."""

    KIND = EntryKind.CLOSE

    def __init__(
        self,
        about: About,
        *others: About,
        reason: ChoiceOption | None = None,
        text: str = "",
        corrects: str = "",
    ) -> None:
        """`others` are tickets that are closed along with it, for the same reason."""
        self._tickets = (about, *others)
        values: dict[str, Value] = {
            "reason": reason.id if reason else None,
            "reason_label": reason.label if reason else None,
            "text": text,
        }
        super().__init__(
            corrects or f"close {about.ticket_id}",
            _("Close several tickets") if others else _("Close a ticket"),
            counted(self._tickets),
            values=values,
            corrects=corrects,
        )

    def fields(self) -> ComposeResult:
        """Compose the fields."""
        yield from self.field(_("Reason"), ChoiceField(empty=_("HubSoft's own reason"), id="reason"))
        yield from self.field(_("What was done"), TextField("", id="text"))

    def on_mount(self) -> None:
        """Ask for the reasons."""
        super().on_mount()
        self.query_one("#reason").focus()
        self._load_reasons()

    @work(exit_on_error=False)
    async def _load_reasons(self) -> None:
        field = self.query_one("#reason", ChoiceField)
        field.tell(_("asking for the reasons…"))
        field.tell(await self.offer(field, lambda services: services.outbox.reasons()))

    def problems(self) -> dict[str, str]:
        """Return what is wrong: a list that came is to be chosen from."""
        field = self.query_one("#reason", ChoiceField)
        if field.chosen is None and field.options:
            return {"reason": _("Choose why it is closed.")}
        return {}

    def drafts(self) -> tuple[Closing, ...]:
        """Return the closing, once for each ticket."""
        values = self.values()
        return tuple(
            Closing(
                ticket_id=each.ticket_id,
                protocol=each.protocol,
                reason_id=whole(values["reason"]),
                reason_label=str(values["reason_label"]) if values["reason_label"] else None,
                description=str(values["text"]).strip(),
                customer_name=each.customer,
            )
            for each in self._tickets
        )


async def write(console: Console, form: WriteForm) -> Entry | None:
    """Show `form` and follow what was put; return the entry as it stood in the end, or None when it was left.

    Awaited in a worker of the screen that wants it.
    """
    await console.read_drafts()
    while True:
        entry: Entry | None = await console.push_screen_wait(form)
        if entry is None:
            return None
        console.outbox_news.expect(entry, *form.entries)
        if len(form.entries) > 1:
            await console.push_screen_wait(SeveralScreen(form.entries))
            return entry
        page = SentScreen(entry)
        await console.push_screen_wait(page)
        if not page.wants_correction:
            return page.entry
        form = await correction(console, page.entry)


async def open_ticket(
    console: Console, customer: Customer, service_id: int | None, tickets: Sequence[Ticket]
) -> Entry | None:
    """Open a ticket for `customer`; `service_id` is the service that is marked, `tickets` are open already."""
    if not offered(customer):
        sentence = (
            _("Every service of this customer is cancelled: HubSoft opens no ticket for them.")
            if customer.services
            else _("This customer has no service: HubSoft opens a ticket for a service only.")
        )
        console.tell(sentence, severity="warning")
        return None
    form = OpeningForm(opening_for(customer, service_id, tickets))
    form.customer, form.customer_code = customer, customer.code
    return await write(console, form)


async def add_message(console: Console, about: About, *others: About) -> Entry | None:
    """Write a message into a ticket, the same into `others`."""
    return await write(console, _with_customer(MessageForm(about, *others), about, *others))


async def close_ticket(console: Console, about: About, *others: About) -> Entry | None:
    """Close a ticket, and `others` for the same reason."""
    return await write(console, _with_customer(ClosingForm(about, *others), about, *others))


def _with_customer(form: WriteForm, about: About, *others: About) -> WriteForm:
    """Tell `form` whose it is; what goes into several tickets is no single customer's."""
    if not others:
        form.customer, form.customer_code = about.record, about.customer_code
    return form


async def correction(console: Console, entry: Entry) -> WriteForm:
    """Return the form of a refused entry, filled with what was refused."""
    draft, local = entry.draft, entry.local_protocol
    if isinstance(draft, NewTicket):
        # The form does without the customer's record: what was refused can be corrected all the same.
        customer = await console.asked(lambda services: services.outbox.customer(draft), silent)
        return OpeningForm(opening_again(draft, local, customer), corrects=local)
    if isinstance(draft, ServiceAction | VisitAction):
        raise TypeError("an action is not written in a form")
    about = About(draft.ticket_id, draft.protocol, draft.customer_name)
    if isinstance(draft, NewMessage):
        return MessageForm(about, text=draft.text, corrects=local)
    assert isinstance(draft, Closing)  # noqa: S101 - there are three kinds
    reason = ChoiceOption(draft.reason_id, draft.reason_label or "") if draft.reason_id is not None else None
    return ClosingForm(about, reason=reason, text=draft.description, corrects=local)
