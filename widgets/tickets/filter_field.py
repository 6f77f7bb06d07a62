"""The line a filter is typed into: completes with tab, and says what is wrong and where."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widgets import Input

from hubsoft_tui.privacy import clean
from hubsoft_tui.texts import _

from ..line_widget import line
from .filters import EVERYTHING, Completion, FilterError, Vocabulary, complete, parse

if TYPE_CHECKING:
    from ..line_widget import Part


class TicketFilterField(Input):
    """`wanted` is the filter that holds: what is typed, without what cannot be read."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("tab", "complete(1)", show=False),
        Binding("shift+tab", "complete(-1)", show=False),
    ]

    def __init__(self) -> None:
        super().__init__(
            placeholder=_("words, or resp:sara sla<1h status:pending late"),
            compact=True,
            id="tickets-filter",
            select_on_focus=False,
        )
        self.cursor_blink = False
        self.wanted = EVERYTHING
        self._error: FilterError | None = None
        self._known: Vocabulary = {}
        self._options: Completion | None = None
        """What tab goes through, as found for what was typed."""
        self._at = -1
        self._completed = ""

    @property
    def valid(self) -> bool:
        """Whether what is typed is the filter that holds."""
        return self._error is None

    def learn(self, known: Vocabulary) -> None:
        """Complete values from `known`."""
        self._known = known

    def read(self, text: str) -> None:
        """Take over `text` as typed."""
        if text != self._completed:
            self._options, self._at = None, -1
        try:
            self.wanted, self._error = parse(text), None
        except FilterError as error:
            self.wanted, self._error = error.readable, error

    def action_complete(self, by: int) -> None:
        """Put the next completion of the last word in its place."""
        if self._options is None:
            self._options = complete(self.value, self._known)
        found = self._options
        if not found.options:
            return
        self._at = (self._at + by) % len(found.options) if self._at >= 0 or by > 0 else len(found.options) - 1
        typed = self.value[: found.start] + found.options[self._at]
        self._completed = typed
        self.value = typed
        self.cursor_position = len(typed)

    def hint(self) -> Content:
        """Say how the last word may go on, or what is wrong with the text."""
        found = self._options or complete(self.value, self._known)
        if found.options:
            parts: list[Part] = [(_("tab"), "$account"), "  "]
            for index, option in enumerate(found.options):
                parts += [(clean(option), "bold $title" if index == self._at else "$quiet"), "  "]
            return line(*parts)
        if self._error is None:
            return Content("")
        place = _("column {n}").format(n=self._error.position + 1)
        return line(("! ", "bold $warn"), (f"{place}: {clean(str(self._error))}", "$warn"))
