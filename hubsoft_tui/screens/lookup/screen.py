"""Lookup: one line to type into, one customer to read while the customer is on the phone."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Final

from textual import on
from textual.content import Content
from textual.widgets import Input, Static

from hubsoft_tui.texts import N_, _
from widgets.customer.lists import ChoiceList, RecentBar
from widgets.question import QuestionInput

from .actions import LOOKUP_ACTIONS
from .asking import LookupAsking, Result
from .customer_view import CustomerView
from .question_line import QuestionLine
from .recent_customers import RecentCustomers

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from hubsoft_tui.core.types import Snapshot

    from ..frame.actions import Action

AGES_SECONDS: Final = 15.0
"""How often ages are looked at; they change by the minute."""


class LookupScreen(LookupAsking):
    """The lookup: its frame, and what its keys do."""

    AREA = "lookup"
    CSS_PATH = Path(__file__).parents[3] / "styles" / "lookup.tcss"
    ABOUT = N_(
        "Type a CPF, CNPJ, phone, name, customer code, login or ticket protocol and press enter. It is recognised and "
        "checked before anything is sent. Just type the next one's digits, before the answer too, or / for anything "
        "else. An answer that is fresh enough costs no request; its origin and age stand beside it. Documents and "
        "phones are masked; revealing them is recorded."
    )
    ACTIONS: ClassVar[tuple[Action, ...]] = LOOKUP_ACTIONS

    def __init__(self) -> None:
        super().__init__()
        for digit in "0123456789":
            # Not an action of the registry: it is typing. What is typed right behind it goes to the line too.
            self._bindings.bind(digit, f"digit('{digit}')", priority=True)

    # -- the frame

    def body(self) -> ComposeResult:
        """Compose the question, the result and the recent customers."""
        yield QuestionLine()
        with Result(id="result"):
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
        self.console.outbox_news.listeners.append(self.written_later)

    def relabelled(self) -> None:
        """Draw again after the language changed: the widgets are new."""
        if self._found is not None and self._chosen is not None:
            self.view.put(self._found, self._chosen)
        self._draw()
        self._recent.load()

    def engine_changed(self) -> None:
        """The engine runs, or could not start."""
        self._draw()
        self._recent.load()

    def show(self, snapshot: Snapshot) -> None:
        """Follow the place in line."""
        self.view.tick(snapshot)
        if self.showing == "customer" and self._question is None:
            self._ask_again(self.view.owed(snapshot))
        if self._question is not None:
            self._draw_waiting(snapshot)

    def _ask_again(self, owed: str | None) -> None:
        """Repeat, once, what an outage kept from the customer in sight: a panel, or the customer (an empty name)."""
        if owed == "":
            self.action_refresh()
        elif owed is not None:
            self.view.ask(owed, follow=False)

    def copied(self) -> tuple[str, str] | None:
        """Return the customer in sight."""
        return self.view.copied() if self.showing == "customer" else None

    # -- asking

    @on(QuestionLine.Asked)
    def take_question(self, event: QuestionLine.Asked) -> None:
        """Ask; the same text typed again after nobody or a failure goes past what is remembered."""
        event.stop()
        self.ask(event.text, refresh=event.typed and self._again and event.text.strip() == self._last.strip())

    def take_paste(self, text: str) -> None:
        """Look up what is pasted anywhere else on the screen."""
        self._line.paste(text)

    def begin_text(self, text: str) -> bool:
        """Begin the next question with it; enter asks."""
        self._line.write(text)
        return True

    # -- actions

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer only what would do something now."""
        needs = {
            "refresh": bool(self._last) or bool(self.console.trouble),
            "reveal": self.showing == "customer",
            "ask": self.showing == "customer",
            "new": self.showing == "customer",
            "message": self.showing == "customer",
            "close_ticket": self.showing == "customer",
            "move": self.showing != "note" or isinstance(self.focused, RecentBar),
            "choose": self.showing == "choices" or isinstance(self.focused, RecentBar | Input),
            "search": not isinstance(self.focused, Input),
            "digit": not isinstance(self.focused, Input),
            "back": self._question is not None
            or not isinstance(self.focused, Result)
            or (self.showing == "customer" and self._many),
            "recent": self.is_mounted and not self._recent.empty,
            "copy": self.showing == "customer",
        }
        return needs.get(action, True) and super().check_action(action, parameters)

    def action_search(self) -> None:
        """Go to the line, ready for the next question."""
        self._line.ready()

    def action_digit(self, digit: str) -> None:
        """Begin the next question."""
        self._line.begin(digit)

    def action_refresh(self) -> None:
        """Ask again, past what is remembered."""
        if self.console.trouble:
            self.console.start_engine()
            return
        customer = self.view.customer
        keep = self.showing == "customer" and customer is not None
        text = customer.document if keep and customer and self._many else ""
        self.ask(text or self._last, refresh=True, keep=keep)

    async def action_reveal(self) -> None:
        """Show the document whole for a while."""
        await self.view.reveal()

    def action_ask(self, name: str) -> None:
        """Ask for tickets, invoices, work orders or the connection."""
        self.view.ask(name)

    def action_recent(self) -> None:
        """Choose among the last customers."""
        self._recent.focus()

    def action_move(self, step: int) -> None:
        """Mark the one before or after, wherever one is."""
        if isinstance(self.focused, RecentBar):
            self.focused.move(step)
        elif self.showing == "choices":
            self.query_one(ChoiceList).move(step)
        else:
            self.view.move(step)

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
            self.view.wait("")
            if not kept:
                self._note = Content.styled(_("Cancelled."), "$quiet") if self._found is None else None
            self._draw()
        elif not isinstance(self.focused, Result):
            self.set_focus(self.query_one(Result))
        elif self.showing == "customer" and self._many:
            self._chosen = None
            self.view.hide()
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
        self._line.field.value = ""
        self.ask(event.recent.term)
        self.query_one(Result).focus()

    def on_screen_suspend(self) -> None:
        """Nothing stays revealed on a screen nobody looks at."""
        self.view.hide()
