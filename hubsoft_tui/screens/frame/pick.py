"""A page to choose one of several: which ticket, which protocol."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual import on
from textual.containers import VerticalScroll
from textual.widgets import Static

from hubsoft_tui.texts import N_
from widgets.choice_field import ChoiceField, ChoiceOption
from widgets.safety import data

from .actions import action
from .confirm import STYLE
from .modal import ConsoleModal

if TYPE_CHECKING:
    from collections.abc import Sequence

    from textual.app import ComposeResult


class PickScreen(ConsoleModal[int]):
    """Ends with the id of the option taken."""

    AREA = "pick"
    CSS_PATH = STYLE

    def __init__(self, title: str, options: Sequence[ChoiceOption]) -> None:
        super().__init__()
        self._title = title
        self._options = options

    def body(self) -> ComposeResult:
        """Compose the options."""
        with VerticalScroll(classes="page", can_focus=False):
            yield Static(data(self._title, "bold $title"), classes="heading")
            yield ChoiceField(id="pick")

    def on_mount(self) -> None:
        """Open the options."""
        super().on_mount()
        field = self.query_one(ChoiceField)
        field.offer(self._options)
        field.focus()

    @on(ChoiceField.Chosen)
    def chosen(self, event: ChoiceField.Chosen) -> None:
        """End with what was taken."""
        event.stop()
        if event.field.chosen is not None:
            self.dismiss(event.field.chosen.id)

    @action("enter", N_("take"), N_("Take what is marked."))
    def action_take(self) -> None:
        """The field takes enter itself; this is for the key line."""
        self.query_one(ChoiceField).focus()

    @action("escape", N_("back"), N_("Go back; nothing happens."))
    def action_leave(self) -> None:
        """Go back."""
        self.dismiss(None)
