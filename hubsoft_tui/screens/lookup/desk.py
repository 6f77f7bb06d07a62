"""Actions on a customer's service, equipment and visits: the menu, what each needs besides, and its review."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Final

from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from hubsoft_tui.api.connections import Suspension
from hubsoft_tui.errors import InvalidInput
from hubsoft_tui.formats import BRASILIA, day_time
from hubsoft_tui.privacy import clean
from hubsoft_tui.services.outbox.actions import (
    action_effect,
    offered_actions,
    opening_of_order,
    service_action,
    switched_off,
    visit_action,
)
from hubsoft_tui.services.outbox.types import (
    ACTION_NAMES,
    DEVICE_KINDS,
    VISIT_KINDS,
    EntryKind,
    action_name,
)
from hubsoft_tui.texts import _, say
from hubsoft_tui.values import dataclass
from widgets.customer.card import wrapped
from widgets.fields import ChoiceOption
from widgets.line_widget import Drawn, data, fit, line

from ..frame.actions import Action, shown_key
from ..frame.confirm import PickScreen, PromptScreen, SmallPage
from .action_page import ActionPage, ActionReview
from .writes import MENU

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from textual.app import ComposeResult

    from hubsoft_tui.api.models import Customer, Service, Ticket, WorkOrder
    from hubsoft_tui.services.container import Services
    from hubsoft_tui.services.outbox.types import DeskAction, Review
    from hubsoft_tui.settings.tree import Settings

    from ..frame.console import Console


def offered(service: Service | None, settings: Settings) -> tuple[EntryKind, ...]:
    """Return what may be done about a customer whose `service` is marked; nothing on a read-only profile."""
    if settings.profile.read_only:
        return ()
    visits = [kind for kind in MENU if kind in VISIT_KINDS and not switched_off(kind, settings.actions)]
    return (*(offered_actions(service, settings) if service is not None else ()), *visits)


def _offers(kind: EntryKind, page: ActionMenu) -> bool:
    return kind in page.kinds


class ActionMenu(SmallPage[EntryKind]):
    """A menu of actions; its result is the chosen kind, or None."""

    AREA = "desk"
    ACTIONS = tuple(
        Action(
            f"desk.{name}",
            key,
            ACTION_NAMES[kind],
            explained,
            f"choose('{kind.value}')",
            writes=True,
            line=False,
            when=partial(_offers, kind),
        )
        for kind, (name, key, explained) in MENU.items()
    )

    def __init__(self, customer: Customer, service: Service | None, kinds: Sequence[EntryKind]) -> None:
        super().__init__()
        self._customer = customer
        self._service = service
        self.kinds = tuple(kinds)

    def body(self) -> ComposeResult:
        """Compose customer, service and the list."""
        with VerticalScroll(classes="page", can_focus=False):
            yield Static(data(self._customer.name, "bold $title"))
            yield Static(data(_service_line(self._service), "$quiet"), classes="heading")
            keys = {each.do: self.console.keys_of(each) for each in self.ACTIONS}
            rows = [
                (
                    shown_key(next(iter(keys[f"choose('{kind.value}')"]), "")),
                    action_name(kind),
                    action_effect(kind),
                )
                for kind in self.kinds
            ]
            yield MenuLines(rows)

    def action_choose(self, kind: str) -> None:
        """Close with `kind`, by its value."""
        self.dismiss(EntryKind(kind))


class MenuLines(Drawn):
    """One line an action: key, name, effect."""

    def __init__(self, rows: Sequence[tuple[str, str, str]]) -> None:
        super().__init__()
        self._rows = rows

    def draw(self, width: int) -> list[Content]:
        """Return the lines."""
        if not self._rows:
            nothing = _("Nothing can be done here: settings or the service's state leave nothing.")
            return [Content.styled(each, "$quiet") for each in wrapped(nothing, width, 2)]
        names = max(len(name) for _key, name, _effect in self._rows)
        lines = []
        for key, name, effect in self._rows:
            first, *rest = wrapped(effect, max(20, width - names - 6), 3)
            lines.append(
                line((fit(key, 4), "bold $account"), (fit(name, names), "bold"), "  ", (first, "$quiet"))
            )
            lines += [Content.styled(" " * (names + 6) + each, "$quiet") for each in rest]
        return lines


def _service_line(service: Service | None) -> str:
    if service is None:
        return ""
    return "   ".join(clean(each) for each in (service.name, service.status) if each)


# -- from a choice to a review


@dataclass(frozen=True, slots=True)
class Subject:
    """What an action is about: the customer in sight, the marked service, the tickets as far as they are known."""

    customer: Customer
    service: Service | None
    tickets: tuple[Ticket, ...] | None = None


async def act(console: Console, subject: Subject, kind: EntryKind | None = None) -> ActionPage | None:
    """Choose, review and send an action on a customer; return the page that followed it, or None when it was left.

    Without `kind` it is chosen from the menu. Awaited in a worker of the screen that wants it.
    """
    if kind is None and (kind := await _chosen(console, subject)) is None:
        return None
    if (review := await _reviewed(console, subject, kind)) is None:
        return None
    title = action_name(kind)
    title = title[:1].upper() + title[1:]
    page = ActionReview(title, review, subject.service if kind in DEVICE_KINDS else None)
    if not await console.push_screen_wait(page):
        return None
    entry = await console.asked(lambda services: services.outbox.put(review.checked))
    if entry is None:
        return None
    console.outbox_news.expect(entry)
    followed = ActionPage(entry, subject.customer, page.devices)
    await console.push_screen_wait(followed)
    return followed


async def _chosen(console: Console, subject: Subject) -> EntryKind | None:
    kinds = offered(subject.service, console.settings)
    return await console.push_screen_wait(ActionMenu(subject.customer, subject.service, kinds))


async def _reviewed(console: Console, subject: Subject, kind: EntryKind) -> Review | None:
    """Ask for what an action needs besides, and return its review; None when the person went back."""
    if kind in VISIT_KINDS:
        return await _visit_reviewed(console, subject, kind)
    customer, service = subject.customer, subject.service
    if service is None:
        return None
    if kind is EntryKind.TRUST_UNLOCK:
        days = console.settings.actions.unlock_days

        def unlocking(text: str) -> DeskAction:
            return service_action(
                kind, customer, service, days=int(text) if text.strip().isdecimal() else None
            )

        hint = _("Type the number of days; enter takes {days}.").format(days=days)
        return await _prompted(console, _("Unlock for how many days?"), hint, unlocking, str(days))
    if kind is EntryKind.ENABLE:
        return await _prompted(
            console,
            _("Why is it enabled?"),
            _("HubSoft keeps this reason with the service."),
            lambda text: service_action(kind, customer, service, reason=text),
        )
    suspension = None
    if kind is EntryKind.SUSPEND:
        reasons = (Suspension.DEBT, Suspension.ASKED)
        labels = (_("for debt"), _("at the customer's wish"))
        options = [ChoiceOption(index, label) for index, label in enumerate(labels)]
        chosen: int | None = await console.push_screen_wait(PickScreen(_("Why is it suspended?"), options))
        if chosen is None:
            return None
        suspension = reasons[chosen].value
    return await _review(console, service_action(kind, customer, service, suspension=suspension))


async def _prompted(
    console: Console, title: str, hint: str, draft: Callable[[str], DeskAction], value: str = ""
) -> Review | None:
    """Return the review of what is typed; what cannot be sent is told on the page and corrected there."""

    def ask(text: str) -> Callable[[Services], Awaitable[Review]]:
        async def review(services: Services) -> Review:
            return await services.outbox.review(draft(text))

        return review

    page: PromptScreen[Review] = PromptScreen(title, hint, ask, value=value)
    return await console.push_screen_wait(page)


async def _visit_reviewed(console: Console, subject: Subject, kind: EntryKind) -> Review | None:
    """Return the review of what is done about a visit; None when the person went back, or there is none."""
    customer = subject.customer
    if kind is EntryKind.OPEN_WORK_ORDER:
        ticket = await _ticket(console, subject)
        return await _review(console, opening_of_order(customer, ticket)) if ticket is not None else None
    order = await _order(console, customer)
    if order is None:
        return None
    if kind is EntryKind.CONFIRM_VISIT:
        return await _review(console, visit_action(kind, customer, order))

    def rescheduling(text: str) -> DeskAction:
        start, end = visit_times(text, datetime.now(BRASILIA))
        return visit_action(kind, customer, order, start=start, end=end)

    return await _prompted(
        console,
        _("For when is it planned?"),
        _("Day, begin and end, as 27/11 14:00-16:00. The end may be left out: 2 hours then."),
        rescheduling,
        _typed_times(order),
    )


async def _review(console: Console, draft: DeskAction) -> Review | None:
    return await console.asked(lambda services: services.outbox.review(draft))


async def _ticket(console: Console, subject: Subject) -> Ticket | None:
    """Return the open ticket a person chose; those that are not in sight are asked for."""
    tickets = subject.tickets
    if tickets is None:
        answer = await console.asked(lambda services: services.customers.tickets(subject.customer))
        if answer is None:
            return None
        tickets = answer.value
    if not tickets:
        console.tell(_("This customer has no open ticket. n opens one."), severity="warning")
        return None
    rows = [(each.id, each.protocol, each.type or "") for each in tickets]
    chosen = await _picked(console, _("Which ticket?"), rows)
    return next((each for each in tickets if each.id == chosen), None)


async def _order(console: Console, customer: Customer) -> WorkOrder | None:
    """Return the work order a person chose of those that are not ended; they are asked for unless remembered."""
    answer = await console.asked(lambda services: services.customers.work_orders(customer))
    if answer is None:
        return None
    orders = [each for each in answer.value if each.ended_at is None]
    if not orders:
        console.tell(_("This customer has no open work order."), severity="warning")
        return None
    rows = [
        (each.id, each.number or str(each.id), f"{planned(each)}  {each.kind or ''}".strip())
        for each in orders
    ]
    chosen = await _picked(console, _("Which work order?"), rows)
    return next((each for each in orders if each.id == chosen), None)


async def _picked(console: Console, title: str, rows: Sequence[tuple[int, str, str]]) -> int | None:
    """Return the id of the row that was chosen; the only one there is needs no choice."""
    if len(rows) == 1:
        return rows[0][0]
    options = [ChoiceOption(number, label, clean(note)) for number, label, note in rows]
    return await console.push_screen_wait(PickScreen(title, options))


def planned(order: WorkOrder) -> str:
    """Return when the visit of a work order is planned to begin."""
    return day_time(order.planned_start.timestamp() if order.planned_start else None)


_TIMES: Final = re.compile(
    r"\s*(\d{1,2})/(\d{1,2})(?:/(\d{4}))?\s+(\d{1,2}):(\d{2})(?:\s*[-–a]\s*(\d{1,2}):(\d{2}))?\s*"
)
USUAL_VISIT: Final = timedelta(hours=2)


def visit_times(text: str, now: datetime) -> tuple[datetime, datetime]:
    """Return when a visit begins and ends, at HubSoft's clock; a day without a year is the next of that name.

    Raises InvalidInput.
    """
    found = _TIMES.fullmatch(text)
    try:
        if found is None:
            raise ValueError(text)
        day, month, year, hour, minute, end_hour, end_minute = (
            int(each) if each is not None else None for each in found.groups()
        )
        start = datetime(year or now.year, month or 0, day or 0, hour or 0, minute or 0, tzinfo=BRASILIA)
        if year is None and start.date() < now.astimezone(BRASILIA).date():
            start = start.replace(year=start.year + 1)
        end = (
            start + USUAL_VISIT if end_hour is None else start.replace(hour=end_hour, minute=end_minute or 0)
        )
    except ValueError:
        raise InvalidInput(say("Write day, begin and end as 27/11 14:00-16:00.")) from None
    return start, end


def _typed_times(order: WorkOrder) -> str:
    if order.planned_start is None:
        return ""
    start = order.planned_start.astimezone(BRASILIA)
    end = (order.planned_end or order.planned_start + USUAL_VISIT).astimezone(BRASILIA)
    return f"{start:%d/%m/%Y %H:%M}-{end:%H:%M}"
