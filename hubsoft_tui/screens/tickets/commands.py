"""What a person does from the tickets screen that reaches further than the screen: sync, follow, write."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, TypeVar

from textual import work

from hubsoft_tui.privacy import clean
from hubsoft_tui.texts import _, ngettext, number
from widgets.tickets.columns import ticket_line
from widgets.tickets.counts import cost
from widgets.tickets.texts import is_open

from ..frame.base import ConsoleScreen
from ..frame.single import one_page
from . import questions

if TYPE_CHECKING:
    from hubsoft_tui.services.tickets.types import PassReport, TicketRow

    from ..writing.ticket_forms import About

T = TypeVar("T")


class TicketDeeds(ConsoleScreen):
    """The deeds. What one is done to is taken when its key is pressed: rows may come and go meanwhile."""

    def __init__(self) -> None:
        super().__init__()
        self._busy = ""
        """Where a pass that a person asked for stands; empty when none was."""

    # -- for the screen

    @property
    def chosen_row(self) -> TicketRow | None:
        """The ticket a key acts on."""
        raise NotImplementedError

    def reveal(self, ticket_id: int) -> bool:
        """Bring a ticket under the cursor, whatever narrows the table; return False when it is not followed."""
        raise NotImplementedError

    def told(self) -> None:
        """Draw the line that says how syncing goes."""
        raise NotImplementedError

    def hold(self) -> None:
        """Keep the cursor where it is from now on."""
        raise NotImplementedError

    # -- the deeds

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer only what would do something to the ticket chosen now."""
        if action in {"details", "message", "close_ticket", "unfollow", "copy", "copy_line"}:
            row = self.chosen_row if self.is_mounted and self._composed else None
            if row is None or (action in {"message", "close_ticket"} and not is_open(row)):
                return False
        return super().check_action(action, parameters)

    def action_sync(self) -> None:
        """Make a pass now."""
        if not self._busy:
            self._busy = _("Asking HubSoft…")
            self.told()
            self._sync()

    @work(group="sync", exit_on_error=False)
    async def _sync(self) -> None:
        report = await self.asked(questions.sync())
        self._busy = ""
        if report is not None:
            self.console.tell(pass_sentence(report))
        self.told()

    @work(group="plan", exclusive=True, exit_on_error=False)
    async def action_plan(self) -> None:
        """Say what the next pass would ask."""
        plan = await self.asked(questions.plan())
        if plan is not None:
            self.console.tell("\n".join([*plan.lines, cost(plan.requests, plan.naive_requests)]))

    def action_follow(self) -> None:
        """Follow one more ticket."""
        self.hold()
        self._follow()

    @work(group="follow", exit_on_error=False)
    @one_page
    async def _follow(self) -> None:
        from ..frame.confirm import PromptScreen

        page: PromptScreen[TicketRow] = PromptScreen(
            _("Follow a ticket"),
            _("Type its protocol and press enter. It costs 1 request, unless it is followed already."),
            lambda text: questions.follow(text.strip(), "ticket-follow"),
        )
        row: TicketRow | None = await self.app.push_screen_wait(page)
        if row is not None:
            self.came(row)
            self.console.tell(_("Followed: {protocol}").format(protocol=row.protocol))

    def came(self, row: TicketRow) -> None:
        """Show a ticket that is followed from now on."""
        raise NotImplementedError

    @work(group="unfollow", exit_on_error=False)
    @one_page
    async def action_unfollow(self) -> None:
        """Follow the chosen ticket no longer, after a yes."""
        from ..frame.confirm import ConfirmScreen

        row = self.chosen_row
        if row is None:
            return
        self.hold()
        page = ConfirmScreen(
            _("Follow this ticket no longer?"),
            f"{row.protocol}   {row.customer or ''}",
            _("Nothing changes at HubSoft. Its protocol follows it again whenever you want."),
        )
        if await self.app.push_screen_wait(page):
            await self.asked(questions.unfollow(row.id))

    @work(group="write", exit_on_error=False)
    @one_page
    async def action_message(self) -> None:
        """Write a message into the chosen ticket."""
        from ..writing import ticket_flow

        if (row := self.chosen_row) is not None:
            self.hold()
            await ticket_flow.add_message(self.console, about(row))

    @work(group="write", exit_on_error=False)
    @one_page
    async def action_close_ticket(self) -> None:
        """Close the chosen ticket."""
        from ..writing import ticket_flow

        if (row := self.chosen_row) is not None:
            self.hold()
            await ticket_flow.close_ticket(self.console, about(row))

    async def action_new(self) -> None:
        """Go where a customer can be chosen: a ticket is opened for one."""
        self.console.tell(_("Look the customer up, then press n: a ticket is opened for a customer."))
        await self.run_action("app.area('lookup')")

    def action_copy_line(self) -> None:
        """Copy the chosen ticket as one line."""
        if (row := self.chosen_row) is not None:
            self.console.copy(_("the ticket"), ticket_line(row, time.time()))


def about(row: TicketRow) -> About:
    """Return what a form says about the ticket it writes into."""
    from ..writing.ticket_forms import About

    subject = " · ".join(clean(part) for part in (row.type, row.status) if part)
    return About(row.id, row.protocol, row.customer, subject)


def pass_sentence(report: PassReport) -> str:
    """Return what a pass found and what it cost, as a sentence."""
    found = [
        (report.new, ngettext("{n} new", "{n} new", report.new)),
        (report.changed, ngettext("{n} changed", "{n} changed", report.changed)),
        (report.closed, ngettext("{n} closed", "{n} closed", report.closed)),
        (report.missing, ngettext("{n} missing", "{n} missing", report.missing)),
    ]
    parts = [text.format(n=number(amount)) for amount, text in found if amount]
    found_text = ", ".join(parts) or _("Nothing changed")
    return f"{found_text}. {cost(report.requests, report.naive_requests)}."
