"""Lookup: one line to type into, one customer to read while the customer is on the phone."""

from __future__ import annotations

import contextlib
import time
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Final

from textual import events, on, work
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.content import Content
from textual.widgets import Input, Static

from hubsoft_tui.errors import HubSoftError, InvalidInput
from hubsoft_tui.texts import N_, _
from widgets.customer_lists import ChoiceList, RecentBar
from widgets.question import QuestionInput, pasted
from widgets.safety import data

from . import lookup_questions as questions
from . import lookup_words as words
from .actions import AREAS
from .base import ConsoleScreen
from .customer_view import CustomerView
from .lookup_actions import LOOKUP_ACTIONS
from .lookup_questions import Question

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from hubsoft_tui.api.models import Customer
    from hubsoft_tui.core.types import Snapshot

    from .actions import Action
    from .lookup_words import Found

NEXT_DIGIT_SECONDS: Final = 0.3
"""How long a digit that is also a screen's key waits for another: two digits begin the next question."""

HOLD_SECONDS: Final = 0.15
"""An answer that comes sooner shows no waiting line: nothing flashes."""

AGES_SECONDS: Final = 15.0
"""How often ages are looked at; they change by the minute."""


class Result(VerticalScroll, inherit_bindings=False):
    """Where the answer stands. Arrows mark rows here, so only pages scroll."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("pageup", "page_up", show=False),
        Binding("pagedown", "page_down", show=False),
        Binding("home", "scroll_home", show=False),
        Binding("end", "scroll_end", show=False),
    ]


class LookupScreen(ConsoleScreen):
    """The lookup. An answer is shown only while its question is the newest."""

    AREA = "lookup"
    CSS_PATH = Path(__file__).parents[2] / "styles" / "lookup.tcss"
    ABOUT = N_(
        "Type a CPF, CNPJ, phone, name, customer code, login or ticket protocol and press enter. It is recognised and "
        "checked before anything is sent. After an answer just type the next one's digits, or / for anything else. An "
        "answer that is fresh enough costs no request; its origin and age stand "
        "beside it. Documents and phones are masked; revealing them is recorded."
    )
    ACTIONS: ClassVar[tuple[Action, ...]] = LOOKUP_ACTIONS

    def __init__(self) -> None:
        super().__init__()
        self._number = 0
        self._question: Question | None = None
        """The newest question while it waits."""
        self._asked_at = 0.0
        self._last = ""
        """The text of the last question that ended, to refresh or repeat it."""
        self._again = False
        """The last question found nobody or failed: enter on the same text asks HubSoft itself."""
        self._found: Found | None = None
        self._chosen: int | None = None
        self._note: Content | None = None
        self._digit = ""
        """A screen's key that may still turn out to begin the next question."""
        for digit in "0123456789":
            # Not an action of the registry: it is typing. Before the areas' keys, so that two digits are a question.
            self._bindings.bind(digit, f"digit('{digit}')", priority=True)

    # -- the frame

    def body(self) -> ComposeResult:
        """Compose the question, the result and the recent customers."""
        with Horizontal(id="question"):
            yield Static(Content("▌"), id="prompt")
            yield QuestionInput(id="term")
            yield Static(Content(""), id="kind")
        with Result(id="result"):
            yield Static(Content(""), id="note")
            yield ChoiceList()
            yield CustomerView()
        yield RecentBar()

    def on_mount(self) -> None:
        """Be ready for typing."""
        super().on_mount()
        self.set_interval(AGES_SECONDS, self._draw_ages)
        self._draw()
        self.query_one(QuestionInput).focus()

    def relabelled(self) -> None:
        """Draw again after the language changed: the widgets are new."""
        if self._found is not None and self._chosen is not None:
            self.query_one(CustomerView).put(self._found, self._chosen)
        self._draw()
        self._load_recent()

    def engine_changed(self) -> None:
        """The engine runs, or could not start."""
        self._draw()
        self._load_recent()

    def show(self, snapshot: Snapshot) -> None:
        """Follow the place in line."""
        self.query_one(CustomerView).tick(snapshot)
        if self._question is not None:
            self._draw_waiting(snapshot)

    def copied(self) -> tuple[str, str] | None:
        """Return the customer in sight."""
        return self.query_one(CustomerView).copied() if self.showing == "customer" else None

    # -- asking

    @on(Input.Submitted)
    def submit(self, event: Input.Submitted) -> None:
        """Ask what was typed; the same text again after nobody or a failure goes past what is remembered."""
        event.stop()
        text = event.value
        self.ask(text, refresh=self._again and text.strip() == self._last.strip())

    @on(Input.Changed)
    def typed(self, event: Input.Changed) -> None:
        """Say what the text is recognised as."""
        event.stop()
        kind = words.kind_of(event.value)
        self.query_one("#kind", Static).update(Content.styled(kind, "$ok") if kind else Content(""))

    @on(QuestionInput.Pasted)
    def pasted_into_the_line(self, event: QuestionInput.Pasted) -> None:
        """Look up what is pasted into the empty line."""
        event.stop()
        self.ask(event.text)

    def on_paste(self, event: events.Paste) -> None:
        """Look up what is pasted anywhere else on the screen."""
        if text := pasted(event.text):
            event.stop()
            self.query_one(QuestionInput).value = text
            self.ask(text)

    def ask(self, text: str, *, refresh: bool = False, keep: bool = False) -> None:
        """Ask `text`, instead of whatever was asked before; `keep` leaves the customer in sight meanwhile."""
        self._number += 1
        self._question = Question(text, f"lookup-{self._number}", refresh, keep)
        self._asked_at = time.monotonic()
        self._note = None
        self._ask(self._question)
        self.set_timer(HOLD_SECONDS, self._draw)
        self.redraw_frame()

    @work(group="lookup", exclusive=True, exit_on_error=False)
    async def _ask(self, question: Question) -> None:
        try:
            door = await self.console.door()
            found = await door.run(questions.customers(question))
        except HubSoftError as error:
            self._failed(question, str(error), again=not isinstance(error, InvalidInput))
        except Exception as error:  # noqa: BLE001 - a fault of ours must not end a phone call
            self._failed(question, self.console.unexpected(error), again=True)
        else:
            self._answered(question, found)

    def _answered(self, question: Question, found: Found) -> None:
        if question is not self._question:
            return
        if not found.lookup.found:
            self._failed(
                question, words.nobody(found.lookup, time.time() - found.lookup.fetched_at), again=True
            )
            return
        self._question, self._last, self._again = None, question.text, False
        self._found = found
        self._chosen = 0 if len(found.lookup.customers) == 1 else None
        term = words.shown_term(found.lookup.term)
        view = self.query_one(CustomerView)
        if self._chosen is not None:
            view.put(found, self._chosen)
            view.load_tickets()
        else:
            view.clear()
            self.query_one(ChoiceList).show(
                term, found.lookup.customers, found.active, more=found.lookup.truncated
            )
        field = self.query_one(QuestionInput)
        field.placeholder = term
        if field.value.strip() == question.text.strip():
            # A document need not stay readable on the screen, and `/` finds the line empty.
            field.value = ""
            self.query_one(Result).focus()
        if not question.keep:
            self.query_one(Result).scroll_home(animate=False)
        self._draw()
        self._load_recent()

    def _failed(self, question: Question, sentence: str, *, again: bool) -> None:
        if question is not self._question:
            return
        self._question, self._last, self._again = None, question.text, again
        if question.keep:
            self.query_one(CustomerView).wait("")
            self.console.tell(sentence, severity="warning")
            return
        self._found = self._chosen = None
        self.query_one(CustomerView).clear()
        self._note = Content.assemble(("! ", "bold $warn"), data(sentence, "$warn"))
        field = self.query_one(QuestionInput)
        if field.value.strip() == question.text.strip():
            # It stays to be corrected, and the next question replaces it.
            field.select_all()
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
    def _many(self) -> bool:
        """Whether the customer was chosen from several."""
        return self._found is not None and len(self._found.active) > 1

    def _draw(self) -> None:
        showing = self.showing
        for name in ("note", "choices", "customer"):
            self.query_one(f"#{name}").display = name == showing
        if showing == "note":
            self.query_one("#note", Static).update(self._noted())
        if self.console.hub is not None:
            self._draw_waiting(self.console.hub.snapshot())
        self.redraw_frame()

    def _noted(self) -> Content:
        if self._note is not None:
            return self._note
        if self.console.trouble:
            return words.troubled(self.console.trouble)
        return words.welcome(self.console.hints(), starting=self.console.hub is None)

    def _draw_waiting(self, snapshot: Snapshot) -> None:
        if self._question is None or time.monotonic() - self._asked_at < HOLD_SECONDS:
            return
        waiting = snapshot.waiting.get(self._question.label)
        place = words.place_in_line(waiting, time.monotonic() - self._asked_at)
        if self._question.keep:
            self.query_one(CustomerView).wait(place)
        else:
            self.query_one("#note", Static).update(words.waiting(place))

    def _draw_ages(self) -> None:
        if self.showing == "customer" and not self.frozen:
            self.query_one(CustomerView).draw()

    def _load_recent(self) -> None:
        if self.console.hub is not None:
            self._recent()

    @work(group="recent", exclusive=True, exit_on_error=False)
    async def _recent(self) -> None:
        try:
            door = await self.console.door()
            recent = await door.run(questions.recent())
        except HubSoftError:
            return  # the line of recent customers is a convenience; the lookup itself says what is wrong
        self.query_one(RecentBar).show(recent)

    # -- actions

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer only what would do something now."""
        needs = {
            "refresh": bool(self._last) or bool(self.console.trouble),
            "reveal": self.showing == "customer",
            "ask": self.showing == "customer",
            "move": self.showing != "note" or isinstance(self.focused, RecentBar),
            "choose": self.showing == "choices" or isinstance(self.focused, RecentBar | Input),
            "search": not isinstance(self.focused, Input),
            "digit": not isinstance(self.focused, Input),
            "back": self._question is not None
            or not isinstance(self.focused, Result)
            or (self.showing == "customer" and self._many),
            "recent": self.is_mounted and not self.query_one(RecentBar).empty,
            "copy": self.showing == "customer",
        }
        return needs.get(action, True) and super().check_action(action, parameters)

    def action_search(self) -> None:
        """Go to the line, ready for the next question."""
        field = self.query_one(QuestionInput)
        self.set_focus(field)
        field.select_all()

    def action_digit(self, digit: str) -> None:
        """Begin the next question; a single digit that is another screen's key goes there after a moment."""
        begun, self._digit = self._digit, ""
        if not begun and any(area.key == digit and area.id != self.AREA for area in AREAS):
            self._digit = digit
            self.set_timer(NEXT_DIGIT_SECONDS, self._go_after_all)
            return
        field = self.query_one(QuestionInput)
        self.set_focus(field)
        field.value = begun + digit
        field.cursor_position = len(field.value)

    async def _go_after_all(self) -> None:
        digit, self._digit = self._digit, ""
        for area in AREAS:
            if area.key == digit:
                await self.run_action(f"app.area('{area.id}')")

    def action_refresh(self) -> None:
        """Ask again, past what is remembered."""
        if self.console.trouble:
            self.console.start_engine()
            return
        customer = self.query_one(CustomerView).customer
        keep = self.showing == "customer" and customer is not None
        text = customer.document if keep and customer and self._many else ""
        self.ask(text or self._last, refresh=True, keep=keep)

    async def action_reveal(self) -> None:
        """Show the document whole for a while."""
        await self.query_one(CustomerView).reveal()

    def action_ask(self, name: str) -> None:
        """Ask for tickets, invoices, work orders or the connection."""
        self.query_one(CustomerView).ask(name)

    def action_recent(self) -> None:
        """Choose among the last customers."""
        self.query_one(RecentBar).focus()

    def action_move(self, step: int) -> None:
        """Mark the one before or after, wherever one is."""
        if isinstance(self.focused, RecentBar):
            self.focused.move(step)
        elif self.showing == "choices":
            self.query_one(ChoiceList).move(step)
        else:
            self.query_one(CustomerView).move(step)

    def action_choose(self) -> None:
        """Open the marked customer."""
        if isinstance(self.focused, RecentBar):
            self.focused.choose()
        elif isinstance(self.focused, QuestionInput):
            self.ask(self.focused.value)
        elif self.showing == "choices":
            self._choose(self.query_one(ChoiceList).selected)

    def action_back(self) -> None:
        """Cancel what waits; else leave the line, go back to the list, or return to the line."""
        if self._question is not None:
            self.workers.cancel_group(self, "lookup")
            kept, self._question = self._question.keep, None
            self.query_one(CustomerView).wait("")
            if not kept:
                self._note = Content.styled(_("Cancelled."), "$quiet") if self._found is None else None
            self._draw()
        elif not isinstance(self.focused, Result):
            self.set_focus(self.query_one(Result))
        elif self.showing == "customer" and self._many:
            self._chosen = None
            self.query_one(CustomerView).hide()
            self._draw()
        else:
            self.action_search()

    @on(ChoiceList.Chosen)
    def chosen(self, event: ChoiceList.Chosen) -> None:
        """Open the customer that was clicked."""
        event.stop()
        self._choose(event.index)

    @on(RecentBar.Chosen)
    def chosen_recent(self, event: RecentBar.Chosen) -> None:
        """Look a recent customer up again."""
        event.stop()
        self.query_one(QuestionInput).value = ""
        self.ask(event.recent.term)
        self.query_one(Result).focus()

    def _choose(self, index: int) -> None:
        if self._found is None or not 0 <= index < len(self._found.active):
            return
        self._chosen = index
        view = self.query_one(CustomerView)
        view.put(self._found, index)
        view.load_tickets()
        self.query_one(Result).scroll_home(animate=False)
        self._draw()
        customer = self._found.lookup.customers[index]
        self._remember(customer)

    @work(group="remember", exit_on_error=False)
    async def _remember(self, customer: Customer) -> None:
        with contextlib.suppress(HubSoftError):
            door = await self.console.door()
            await door.run(questions.remember(customer))
        self._load_recent()

    def on_screen_suspend(self) -> None:
        """Nothing stays revealed on a screen nobody looks at."""
        self.query_one(CustomerView).hide()
