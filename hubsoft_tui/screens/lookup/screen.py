"""Lookup: one line to type into, one customer to read while the customer is on the phone."""

from __future__ import annotations

import time
from dataclasses import replace
from functools import partial
from inspect import isawaitable
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Final

from textual import on, work
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Input, Static

from hubsoft_tui.core.types import RequestContext, Source
from hubsoft_tui.errors import InvalidInput, Unreachable
from hubsoft_tui.texts import N_, _
from widgets.customer.card import CustomerHead
from widgets.customer.lists import ChoiceList, RecentBar
from widgets.fields import QuestionInput
from widgets.line_widget import data

from ..frame.actions import action
from ..frame.base import ConsoleScreen
from . import texts
from .customer_view import CustomerView, customer_actions
from .panels import CustomerPanels
from .question_line import QuestionLine, RecentCustomers, TypedQuestion

if TYPE_CHECKING:
    from collections.abc import Callable

    from textual.app import ComposeResult

    from hubsoft_tui.core.types import Snapshot
    from hubsoft_tui.services.customers.service import Lookup
    from hubsoft_tui.services.outbox.types import Entry

FIND: Final = N_("Find a customer")
AGES_SECONDS: Final = 15.0
"""How often ages are looked at; they change by the minute."""
HOLD_SECONDS: Final = 0.15
"""An answer that comes sooner shows no waiting line: nothing flashes."""


class LookupResult(VerticalScroll, inherit_bindings=False):
    """Where the answer stands. Arrows mark rows here, so only pages scroll."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("pageup", "page_up", show=False),
        Binding("pagedown", "page_down", show=False),
        Binding("home", "scroll_home", show=False),
        Binding("end", "scroll_end", show=False),
    ]


def has_customer(screen: LookupScreen) -> bool:
    """Tell whether a customer is in sight."""
    return screen.showing == "customer"


def has_rows(screen: LookupScreen) -> bool:
    """Tell whether there are rows to mark."""
    return screen.showing != "note" or isinstance(screen.focused, RecentBar)


def opens(screen: LookupScreen) -> bool:
    """Tell whether enter looks something up or opens something."""
    if isinstance(screen.focused, RecentBar | Input) or screen.showing == "choices":
        return True
    return screen.showing == "customer" and screen.view.panels.invoice is not None


def in_sight(when: Callable[[CustomerView], object] | None, screen: LookupScreen) -> bool:
    """Tell whether a customer is in sight, and an action would do something about it."""
    return has_customer(screen) and (when is None or bool(when(screen.view)))


class LookupScreen(ConsoleScreen):
    """The lookup. An answer is shown only while its question is the newest."""

    AREA = "lookup"
    ACTIONS = tuple(
        replace(
            each,
            do=f"customer({', '.join(map(repr, (each.name, *each.args)))})",
            when=partial(in_sight, each.when),
        )
        for each in customer_actions()
    )
    CSS_PATH = Path(__file__).parents[3] / "styles" / "lookup.tcss"
    ABOUT = N_(
        "Type a CPF, CNPJ, phone, name, customer code, login or ticket protocol and press enter. It is recognised and "
        "checked before anything is sent. Just type the next one's digits, before the answer too, or / for anything "
        "else. An answer that is fresh enough costs no request; its origin and age stand beside it. Documents and "
        "phones are masked; revealing them is recorded."
    )

    def __init__(self) -> None:
        super().__init__()
        self._number = 0
        self._question: TypedQuestion | None = None
        """The newest question while it waits."""
        self._asked_at = 0.0
        self.last_text = ""
        """The text of the last question that ended, to refresh or repeat it."""
        self._again = False
        """The last question found no customer or failed: enter on the same text asks HubSoft itself."""
        self._found: Lookup | None = None
        self._chosen: int | None = None
        self._note: Content | None = None
        for digit in "0123456789":
            # Not an action of the registry: it is typing. What is typed right behind it goes to the line too.
            self._bindings.bind(digit, f"digit('{digit}')", priority=True)

    # -- the frame

    def body(self) -> ComposeResult:
        """Compose the question, the result and the recent customers."""
        yield QuestionLine()
        yield CustomerHead()
        with LookupResult(id="result"):
            yield Static(Content(""), id="note")
            yield ChoiceList()
            yield CustomerView()
        yield RecentCustomers()

    def on_mount(self) -> None:
        """Be ready for typing."""
        super().on_mount()
        self.set_interval(AGES_SECONDS, self._draw_ages)
        self._draw()
        self._line.field.focus()
        self.console.outbox_news.listeners.append(self._written_later)

    def _written_later(self, entry: Entry) -> None:
        # The view of now: another language makes it anew.
        self.view.written_later(entry)

    def relabelled(self) -> None:
        """Draw again after the language changed: the widgets are new."""
        if self._found is not None and self._chosen is not None:
            self.view.put(self._found, self._chosen)
        self._draw()
        self._load_recent()

    def engine_changed(self) -> None:
        """The engine runs, or could not start."""
        self._draw()
        self._load_recent()

    def show(self, snapshot: Snapshot) -> None:
        """Follow the place in line."""
        self.view.tick(snapshot)
        if self._question is None and (self.showing == "customer" or self._line.holds(self.last_text)):
            self._ask_again(self.view.panels.owed(snapshot))
        if self._question is not None:
            self._draw_waiting(snapshot)

    def _ask_again(self, owed: str | None) -> None:
        """Repeat, once, what an outage kept from sight: a panel of the customer, or the customer (an empty name)."""
        if owed == "":
            self.action_refresh()
        elif owed is not None:
            self.view.panels.ask(owed, follow=False)

    @property
    def copies(self) -> bool:
        """Whether a customer is in sight."""
        return has_customer(self)

    def copied(self) -> tuple[str, str] | None:
        """Return the customer in sight."""
        return self.view.copied() if self.showing == "customer" else None

    # -- asking

    @on(QuestionLine.Asked)
    def take_question(self, event: QuestionLine.Asked) -> None:
        """Ask; the same text typed again after no customer or a failure goes past what is remembered."""
        event.stop()
        self.ask(
            event.text, refresh=event.typed and self._again and event.text.strip() == self.last_text.strip()
        )

    def take_paste(self, text: str) -> None:
        """Look up what is pasted anywhere else on the screen."""
        self._line.paste(text)

    async def narrow(self, text: str) -> None:
        """Look up `text`."""
        self.ask(text)

    def begin_text(self, text: str) -> bool:
        """Begin the next question with it; enter asks."""
        self._line.write(text)
        return True

    def ask(self, text: str, *, refresh: bool = False, keep: bool = False, write: bool = False) -> None:
        """Ask `text`, instead of what was asked before; `keep` leaves the customer in sight until the answer."""
        self._number += 1
        self._question = TypedQuestion(text, f"lookup-{self._number}", refresh, keep, write)
        self._asked_at = time.monotonic()
        self._note = None
        self._ask(self._question)
        self.set_timer(HOLD_SECONDS, self._draw_held)
        self.redraw_frame()

    @work(group="lookup", exclusive=True, exit_on_error=False)
    async def _ask(self, question: TypedQuestion) -> None:
        context = RequestContext("lookup", label=question.label)
        found = await self.asked(
            lambda services: services.customers.lookup(
                question.text, context, refresh=question.refresh, remember=True, listed=True
            ),
            failed=lambda sentence, error: self._failed(
                question,
                sentence,
                again=not isinstance(error, InvalidInput),
                outage=isinstance(error, Unreachable),
            ),
        )
        if found is not None:
            self._answered(question, found)

    def _answered(self, question: TypedQuestion, found: Lookup) -> None:
        if question is not self._question:
            return
        if not found.found:
            self._failed(question, texts.none_found(found, time.time() - found.fetched_at), again=True)
            return
        self._question, self.last_text, self._again = None, question.text, False
        self._found = found
        stale = found.source is Source.STALE
        self._chosen = 0 if len(found.matches) == 1 else None
        term = texts.shown_term(found.term)
        view = self.view
        if self._chosen is not None:
            view.put(found, self._chosen)
            view.load_tickets()
        else:
            view.clear()
            self.query_one(ChoiceList).show(
                term, found.customers, tuple(match.active for match in found.matches), more=found.truncated
            )
        self._line.field.placeholder = term
        if self._line.holds(question.text):
            # A document need not stay readable on the screen, and `/` finds the line empty.
            self._line.field.value = ""
            self._rest()
        if stale and self._chosen is not None:
            view.panels.missed("")
        if not question.keep:
            self.query_one(LookupResult).scroll_home(animate=False)
        self._draw()
        self._load_recent()
        if question.write and self._chosen is not None:
            view.action_open_ticket()

    def _failed(self, question: TypedQuestion, sentence: str, *, again: bool, outage: bool = False) -> None:
        if question is not self._question:
            return
        self._question, self.last_text, self._again = None, question.text, again
        if question.keep:
            self.view.wait("")
            if again:
                self.view.panels.missed("")
            self.console.tell(sentence, severity="warning")
            return
        self._found = self._chosen = None
        self.view.clear()
        self._note = Content.assemble(("! ", "bold $warn"), data(sentence, "$warn"))
        if outage:
            self.view.panels.missed("")
            then = _("It is asked again as soon as HubSoft answers; enter tries at once.")
            self._note = Content("\n").join([self._note, Content.styled(then, "$quiet")])
        if self._line.holds(question.text):
            # It stays to be corrected, and the next question replaces it.
            self._line.field.select_all()
        self._draw()

    # -- what is in sight

    @property
    def showing(self) -> str:
        """What stands in the middle: `note`, `choices` or `customer`."""
        waits = self._question is not None and not self._question.keep
        if self._note is not None or (waits and time.monotonic() - self._asked_at >= HOLD_SECONDS):
            return "note"
        if self._found is None:
            return "note"
        return "choices" if self._chosen is None else "customer"

    @property
    def view(self) -> CustomerView:
        """The customer."""
        return self.query_one(CustomerView)

    @property
    def _line(self) -> QuestionLine:
        return self.query_one(QuestionLine)

    @property
    def _recent(self) -> RecentCustomers:
        return self.query_one(RecentCustomers)

    @property
    def _many(self) -> bool:
        """Whether the customer was chosen from several."""
        return self._found is not None and len(self._found.matches) > 1

    def _draw(self) -> None:
        showing = self.showing
        if showing != "choices" and isinstance(self.focused, ChoiceList):
            self.set_focus(self.query_one(LookupResult))
        for name in ("note", "choices", "customer"):
            self.query_one(f"#{name}").display = name == showing
        self.query_one(CustomerHead).display = showing == "customer"
        if showing == "choices" and isinstance(self.focused, LookupResult):
            self.set_focus(self.query_one(ChoiceList))
        if showing == "note":
            self.query_one("#note", Static).update(self._noted())
        if self.console.hub is not None:
            self._draw_waiting(self.console.hub.snapshot())
        self.redraw_frame()

    def _noted(self) -> Content:
        if self._note is not None:
            return self._note
        if self.console.trouble:
            return texts.troubled(self.console.trouble)
        starting = self.console.hub is None
        if starting and self._question is not None:
            return texts.waits_for_engine()
        return texts.welcome(self.console.hints(), starting=starting)

    def _draw_waiting(self, snapshot: Snapshot) -> None:
        if self._question is None or time.monotonic() - self._asked_at < HOLD_SECONDS:
            return
        waiting = snapshot.waiting.get(self._question.label)
        place = texts.place_in_line(waiting, time.monotonic() - self._asked_at)
        if self._question.keep:
            self.view.wait(place)
        else:
            self.query_one("#note", Static).update(texts.waiting(place))

    def _rest(self) -> None:
        """Have keys act on what was found."""
        self.set_focus(self.query_one(ChoiceList if self.showing == "choices" else LookupResult))

    def _load_recent(self) -> None:
        customer = self.view.customer if self.showing == "customer" else None
        self._recent.load(customer.document if customer is not None else "")

    def _draw_held(self) -> None:
        if self.composed:
            self._draw()

    def _draw_ages(self) -> None:
        if self.composed and self.showing == "customer" and not self.frozen:
            self.view.draw()

    def _choose(self, index: int) -> None:
        if self._found is None or not 0 <= index < len(self._found.matches):
            return
        self._chosen = index
        view = self.view
        view.put(self._found, index)
        view.load_tickets()
        self.query_one(LookupResult).scroll_home(animate=False)
        self._draw()
        self._load_recent()
        self._recent.remember(self._found.customers[index])

    # -- actions

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """A digit that is typed into a field begins no question."""
        if action == "digit" and isinstance(self.focused, Input):
            return False
        return super().check_action(action, parameters)

    def action_digit(self, digit: str) -> None:
        """Begin the next question."""
        self._line.write(digit)

    async def action_customer(self, name: str, *args: object) -> None:
        """Do something about the customer in sight, as its view declares it."""
        done = getattr(self.view, f"action_{name}")(*args)
        if isawaitable(done):
            await done

    def action_copy(self) -> None:
        """Copy the PIX of the marked invoice, else the customer in sight."""
        if self.showing != "customer" or not self.view.copies_invoice():
            super().action_copy()

    @action(
        "enter",
        N_("look up"),
        N_("Look up what is typed, or open the marked customer or invoice."),
        when=opens,
        job=FIND,
    )
    def action_choose(self) -> None:
        if isinstance(self.focused, RecentBar):
            self.focused.choose()
        elif isinstance(self.focused, QuestionInput):
            self.ask(self.focused.value)
        elif self.showing == "choices":
            self._choose(self.query_one(ChoiceList).selected)
        else:
            self.view.action_pay()

    @action(
        "slash",
        N_("search"),
        N_("Type the next question."),
        first=True,
        when=lambda screen: not isinstance(screen.focused, Input),
        job=FIND,
    )
    def action_search(self) -> None:
        self._line.ready()

    @action(
        "r",
        N_("refresh"),
        N_("Ask HubSoft again, whatever is remembered: 1 request."),
        when=lambda screen: screen.last_text or screen.console.trouble,
        job=FIND,
    )
    def action_refresh(self) -> None:
        if self.console.trouble:
            self.console.start_engine()
            return
        customer = self.view.customer
        keep = self.showing == "customer" and customer is not None
        text = customer.document if keep and customer and self._many else ""
        self.ask(text or self.last_text, refresh=True, keep=keep)

    @action(
        "h",
        N_("recent"),
        N_("Choose among the last customers: ← → and enter."),
        line=False,
        when=lambda screen: screen.composed and not screen.query_one(RecentCustomers).empty,
        job=FIND,
    )
    def action_recent(self) -> None:
        self._recent.focus()

    @action(
        "up,k,left",
        N_("previous"),
        N_("Mark the one before."),
        id="previous",
        args=(-1,),
        line=False,
        when=has_rows,
        job=FIND,
    )
    @action(
        "down,j,right",
        N_("next"),
        N_("Mark the one after."),
        id="next",
        args=(1,),
        line=False,
        when=has_rows,
        job=FIND,
    )
    def action_move(self, step: int) -> None:
        if isinstance(self.focused, RecentBar):
            self.focused.move(step)
        elif self.showing == "choices":
            self.query_one(ChoiceList).move(step)
        else:
            self.view.panels.move(step)

    @action(
        "escape",
        N_("back"),
        N_("Cancel what waits; else leave the line, or go back to the list."),
        when=lambda screen: screen.leads_back,
        job=FIND,
    )
    def action_back(self) -> None:
        if self._question is not None:
            self.workers.cancel_group(self, "lookup")
            kept, self._question = self._question.keep, None
            self.view.wait("")
            if not kept:
                self._note = Content.styled(_("Cancelled."), "$quiet") if self._found is None else None
            self._draw()
        elif not isinstance(self.focused, LookupResult | ChoiceList):
            self._rest()
        elif self.showing == "customer" and self.view.panels.in_invoices:
            self.view.panels.leave_invoices()
            self.redraw_frame()
        elif self.showing == "customer" and self._many:
            self._chosen = None
            self.view.hide()
            self._draw()
            self._load_recent()
        else:
            self.action_search()

    @property
    def leads_back(self) -> bool:
        """Whether something waits or can be left."""
        left = self.showing == "customer" and (self._many or self.view.panels.in_invoices)
        return self._question is not None or not isinstance(self.focused, LookupResult | ChoiceList) or left

    @on(CustomerPanels.Answered)
    def panel_came(self) -> None:
        """Offer what can be done with it."""
        self.redraw_frame()

    @on(CustomerView.Changed)
    def customer_changed(self, event: CustomerView.Changed) -> None:
        """Remember the customer as it is known anew: another language draws it again."""
        self._found = event.found
        if self._chosen is not None:
            self._recent.remember(event.found.customers[self._chosen])

    @on(ChoiceList.Chosen)
    def chosen(self, event: ChoiceList.Chosen) -> None:
        """Open the customer that was clicked."""
        event.stop()
        self._choose(event.index)

    @on(RecentBar.Chosen)
    def chosen_recent(self, event: RecentBar.Chosen) -> None:
        """Look a recent customer up again."""
        event.stop()
        self._line.field.value = ""
        self.ask(event.recent.term)
        self._rest()

    def on_screen_suspend(self) -> None:
        """Hide what is revealed: the screen is out of sight."""
        self.view.hide()
