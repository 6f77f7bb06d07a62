"""A question's life on the lookup screen: asked, waiting in line, answered or failed; what is in sight meanwhile."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, ClassVar, Final

from textual import work
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from hubsoft_tui.core.types import Source
from hubsoft_tui.errors import HubSoftError, InvalidInput
from widgets.customer.lists import ChoiceList
from widgets.safety import data

from . import questions
from . import texts as words
from .customer_view import CustomerView
from .question_line import QuestionLine
from .questions import Question
from .recent_customers import RecentCustomers
from .writes import LookupWrites

if TYPE_CHECKING:
    from hubsoft_tui.core.types import Snapshot

    from .texts import Found

HOLD_SECONDS: Final = 0.15
"""An answer that comes sooner shows no waiting line: nothing flashes."""


class Result(VerticalScroll, inherit_bindings=False):
    """Where the answer stands. Arrows mark rows here, so only pages scroll."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("pageup", "page_up", show=False),
        Binding("pagedown", "page_down", show=False),
        Binding("home", "scroll_home", show=False),
        Binding("end", "scroll_end", show=False),
    ]


class LookupAsking(LookupWrites):
    """The asking part of the lookup. An answer is shown only while its question is the newest."""

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
        stale = found.lookup.source is Source.STALE
        self._chosen = 0 if len(found.lookup.customers) == 1 else None
        term = words.shown_term(found.lookup.term)
        view = self.view
        if self._chosen is not None:
            view.put(found, self._chosen)
            view.load_tickets()
        else:
            view.clear()
            self.query_one(ChoiceList).show(
                term, found.lookup.customers, found.active, more=found.lookup.truncated
            )
        self._line.field.placeholder = term
        if self._line.holds(question.text):
            # A document need not stay readable on the screen, and `/` finds the line empty.
            self._line.field.value = ""
            self.query_one(Result).focus()
        if stale and self._chosen is not None:
            view.missed("")
        if not question.keep:
            self.query_one(Result).scroll_home(animate=False)
        self._draw()
        self._recent.load()

    def _failed(self, question: Question, sentence: str, *, again: bool) -> None:
        if question is not self._question:
            return
        self._question, self._last, self._again = None, question.text, again
        if question.keep:
            self.view.wait("")
            if again:
                self.view.missed("")
            self.console.tell(sentence, severity="warning")
            return
        self._found = self._chosen = None
        self.view.clear()
        self._note = Content.assemble(("! ", "bold $warn"), data(sentence, "$warn"))
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
            self.view.wait(place)
        else:
            self.query_one("#note", Static).update(words.waiting(place))

    def _draw_ages(self) -> None:
        if self.showing == "customer" and not self.frozen:
            self.view.draw()

    def _choose(self, index: int) -> None:
        if self._found is None or not 0 <= index < len(self._found.active):
            return
        self._chosen = index
        view = self.view
        view.put(self._found, index)
        view.load_tickets()
        self.query_one(Result).scroll_home(animate=False)
        self._draw()
        self._recent.remember(self._found.lookup.customers[index])
