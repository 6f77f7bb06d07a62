"""What is looked at around an action: the review with the signal before it, and how the customer stands afterwards."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from textual import work
from textual.content import Content

from hubsoft_tui.privacy import clean
from hubsoft_tui.services.outbox.types import EntryState, ServiceAction, VisitAction
from hubsoft_tui.texts import _, ngettext, number
from widgets.customer.card import state
from widgets.customer.on_demand import device_rows, order_rows
from widgets.line_widget import Drawn, cut, line

from ..writing.entry_page import ReviewScreen, SentScreen

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from hubsoft_tui.api.models import Customer, Device, Service
    from hubsoft_tui.services.desk import Aftermath
    from hubsoft_tui.services.outbox.types import Entry, Review


class ActionReview(ReviewScreen):
    """A review that shows the signal of the equipment too, before it is restarted."""

    def __init__(self, title: str, review: Review, heard: Service | None) -> None:
        """`heard` is the service whose equipment is acted on."""
        super().__init__(title, review)
        self._heard = heard
        self.devices: tuple[Device, ...] | None = None
        """The equipment with its signal, once it came."""

    def beside(self) -> ComposeResult:
        """Compose the place of the signal."""
        if self._heard is not None:
            yield DeviceLines(_("Signal now"), _("asking for it: 1 request…"))

    def on_mount(self) -> None:
        """Ask for the signal; the review does not wait for it."""
        super().on_mount()
        if self._heard is not None:
            self._listen(self._heard)

    @work(exit_on_error=False)
    async def _listen(self, service: Service) -> None:
        answer = await self.asked(
            lambda services: services.desk.signal(service), lambda sentence, _error: self._say(sentence)
        )
        if answer is not None:
            self.devices = answer.value
            self.query_one(DeviceLines).show(answer.value)
        else:
            self._say(_("not known"))

    def _say(self, sentence: str) -> None:
        lines = self.query_one(DeviceLines)
        if not lines.said:
            lines.say(sentence)


class DeviceLines(Drawn):
    """Equipment under a heading, or why there is none to show."""

    def __init__(self, title: str, text: str = "") -> None:
        super().__init__(classes="line")
        self._title = title
        self._text = text
        self._devices: tuple[Device, ...] = ()
        self.said = False
        """Whether it was told why there is nothing."""

    def show(self, devices: tuple[Device, ...]) -> None:
        """Draw `devices`."""
        self._devices, self._text = devices, "" if devices else _("not known")
        self.redraw()

    def say(self, text: str) -> None:
        """Tell why there is nothing."""
        self._text, self.said = clean(text), True
        self.redraw()

    def draw(self, width: int) -> list[Content]:
        """Return the lines."""
        title = line(
            (self._title, "$quiet"), "  ", (cut(self._text, max(0, width - len(self._title) - 2)), "")
        )
        return [title, *device_rows(self._devices, width, time.time())]


class ActionPage(SentScreen):
    """Follows an action, and shows the customer as HubSoft has it once it was done, with what that look cost."""

    def __init__(self, entry: Entry, customer: Customer, before: tuple[Device, ...] | None) -> None:
        super().__init__(entry)
        self._customer = customer
        self._before = before
        self.after: Aftermath | None = None
        """The customer afterwards, once it was asked for."""
        self._looking = False

    def beside(self) -> ComposeResult:
        """Compose the place of the state afterwards."""
        yield AfterLines()

    def settled(self) -> None:
        """Ask HubSoft once for the state after the action."""
        if self.entry.state is EntryState.SENT and self.after is None:
            self.look()

    @property
    def looks(self) -> bool:
        """Whether another look may show more."""
        return self.entry.state is EntryState.SENT and not self._looking

    def look(self) -> None:
        """Ask HubSoft how the customer stands."""
        if not self._looking:
            self._looking = True
            self._look()

    @work(exit_on_error=False)
    async def _look(self) -> None:
        lines, draft = self.query_one(AfterLines), self.entry.draft
        lines.say(_("Asking HubSoft how it stands now…"))
        assert isinstance(draft, ServiceAction | VisitAction)  # noqa: S101 - this page follows actions
        after = await self.asked(
            lambda services: services.desk.after(draft), lambda sentence, _error: lines.say(sentence)
        )
        self._looking = False
        if after is not None:
            self.after = after
            lines.show(self._outcome(after))
        self.redraw_keys()

    def _outcome(self, after: Aftermath) -> list[Content]:
        """Return how the customer stands, as lines."""
        now, lines = time.time(), []
        if after.customer is not None:
            statuses = self.console.settings.customers.active_statuses
            active = any(each.status_prefix in statuses for each in after.customer.services)
            lines.append(line(state(after.customer, active)))
        if after.service is not None:
            before = next((each for each in self._customer.services if each.id == after.service.id), None)
            was = before.status if before is not None and before.status != after.service.status else ""
            lines.append(
                line(
                    clean(after.service.name),
                    "   ",
                    (f"{clean(was)} → " if was else "", "$quiet"),
                    (clean(after.service.status), "bold"),
                )
            )
        if after.devices is not None:
            if self._before is not None:
                lines += [Content.styled(_("Signal before"), "$quiet"), *device_rows(self._before, 76, now)]
            lines += [Content.styled(_("Signal afterwards"), "$quiet"), *device_rows(after.devices, 76, now)]
        if after.work_orders is not None:
            lines += [Content.styled(_("Work orders"), "$quiet"), *order_rows(after.work_orders[:4], 76, now)]
        cost = ngettext("This look cost {n} request.", "This look cost {n} requests.", after.requests)
        return [*lines, Content.styled(cost.format(n=number(after.requests)), "$quiet")]


class AfterLines(Drawn):
    """How a customer stands after an action."""

    def __init__(self) -> None:
        super().__init__(classes="line")
        self._lines: list[Content] = []

    def show(self, lines: list[Content]) -> None:
        """Draw `lines`."""
        self._lines = lines
        self.redraw()

    def say(self, text: str) -> None:
        """Draw one sentence."""
        self.show([Content.styled(clean(text), "$quiet")])

    def draw(self, width: int) -> list[Content]:
        """Return the lines."""
        return [each.truncate(width, ellipsis=True) for each in self._lines]
