"""The line that goes to a screen, with a filter for it: `:tickets sara`, `:requests 503`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual import on
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Input, Static

from hubsoft_tui.formats import fold
from hubsoft_tui.texts import N_, _
from widgets.fields import QuestionInput
from widgets.safety import data

from .actions import AREAS, Area, action
from .confirm import STYLE
from .modal import ConsoleModal

if TYPE_CHECKING:
    from textual.app import ComposeResult
    from textual.screen import Screen

    from .console import Console


def areas_called(word: str) -> list[Area]:
    """Return the areas whose name begins with `word`, in either language; the one that is called so alone."""
    wanted = fold(word.strip().removeprefix(":"))
    named = [(area, {fold(name) for name in (area.id, area.label, _(area.label))}) for area in AREAS]
    exact = [area for area, names in named if wanted in names]
    return exact or [area for area, names in named if any(name.startswith(wanted) for name in names)]


def destination(text: str) -> tuple[Area | None, str]:
    """Return the area that `text` begins with (None when it is none, or several) and what stands behind it."""
    word, _space, rest = text.strip().partition(" ")
    areas = areas_called(word) if word.strip(":") else []
    return (areas[0] if len(areas) == 1 else None), rest.strip()


class DestinationScreen(ConsoleModal[tuple[Area, str]]):
    """Ends with the area and the filter for it."""

    AREA = "destination"
    CSS_PATH = STYLE

    def body(self) -> ComposeResult:
        """Compose the line."""
        with VerticalScroll(classes="page", can_focus=False):
            yield Static(data(_("Go to a screen"), "bold $title"), classes="heading")
            yield Static(
                data(_("Its name, or how it begins, then what to filter by: tickets sara"), "$quiet"),
                classes="line",
            )
            yield QuestionInput(id="prompt-line")
            yield Static(Content(""), id="prompt-report", classes="line")

    def on_mount(self) -> None:
        """Be ready for typing."""
        super().on_mount()
        self.query_one(QuestionInput).focus()
        self._say("")

    @action("tab", N_("complete"), N_("Complete the screen's name."), first=True)
    def action_complete(self) -> None:
        """Complete the name, where one screen alone begins so."""
        field = self.query_one(QuestionInput)
        area, rest = destination(field.value)
        if area is not None:
            name = _(area.label)
            field.value = f"{fold(name)} {rest}"
            field.cursor_position = len(field.value)

    @action("enter", N_("go"), N_("Go there."), first=True)
    def action_go(self) -> None:
        """Go there: after what was typed just before has reached the line."""
        self.query_one(QuestionInput).call_later(self._go)

    @action("escape", N_("back"), N_("Go back; nothing happens."))
    def action_leave(self) -> None:
        """Go back."""
        self.dismiss(None)

    @on(Input.Changed)
    def changed(self, event: Input.Changed) -> None:
        """Show which screens begin so."""
        event.stop()
        self._say(event.value)

    @on(Input.Submitted)
    def submitted(self, event: Input.Submitted) -> None:
        """Go there."""
        event.stop()
        self._go()

    def _go(self) -> None:
        text = self.query_one(QuestionInput).value
        area, rest = destination(text)
        if area is not None:
            self.dismiss((area, rest))
        else:
            self._say(text)

    def _say(self, text: str) -> None:
        word = text.strip().partition(" ")[0]
        areas = areas_called(word)
        names = "   ".join(fold(_(area.label)) for area in areas or AREAS)
        said = names if areas else _("No screen is called so. There are: {names}").format(names=names)
        self.query_one("#prompt-report", Static).update(data(said, "$quiet" if areas else "$warn"))


async def chosen_destination(console: Console) -> tuple[Area, str] | None:
    """Ask for a screen and a filter; None where nothing was chosen, or another page stands open."""
    page: Screen[tuple[Area, str]] = DestinationScreen()
    chosen: tuple[Area, str] | None = None
    with console.one_page() as free:
        if free:
            chosen = await console.push_screen_wait(page)
    return chosen
