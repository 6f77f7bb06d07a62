"""Small pages over a screen: a yes, a line to type, a choice, and the line that goes to a screen with a filter."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Generic, TypeVar

from textual import on, work
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Input, Static

from hubsoft_tui.formats import fold
from hubsoft_tui.texts import N_, _
from widgets.fields import ChoiceField, ChoiceOption, QuestionInput
from widgets.line_widget import data

from .actions import AREAS, Area, action
from .modal import STYLE, ConsoleModal

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from textual.app import ComposeResult
    from textual.screen import Screen

    from hubsoft_tui.services.container import Services

    from .console import Console

T = TypeVar("T")


class ConfirmScreen(ConsoleModal[bool]):
    """A question that enter answers with yes. Nothing happens without it."""

    AREA = "confirm"
    CSS_PATH = STYLE

    def __init__(self, title: str, *lines: str) -> None:
        super().__init__()
        self._title = title
        self._lines = lines

    def body(self) -> ComposeResult:
        """Compose the question."""
        with VerticalScroll(classes="page box", can_focus=False):
            yield Static(data(self._title, "bold $title"), classes="heading")
            for each in self._lines:
                yield Static(data(each), classes="line")

    @action("enter", N_("yes, do it"), N_("Do what the page asks about."), id="yes", args=(True,))
    @action("escape", N_("back"), N_("Go back; nothing happens."), id="no", args=(False,))
    def action_answer(self, yes: bool) -> None:
        self.dismiss(yes)


class LeaveScreen(ConfirmScreen):
    """Enter leaves, escape goes back to what is typed."""

    def __init__(self, *, kept: bool) -> None:
        """`kept` tells whether the next start finds what is typed as a draft."""
        super().__init__(
            _("Leave the console?"),
            _("Something is typed that was not sent to HubSoft. It is kept as a draft.")
            if kept
            else _("Something is typed that was not sent to HubSoft."),
        )


class SmallPage(ConsoleModal[T], Generic[T]):
    """A page that ends with nothing when it is left."""

    CSS_PATH = STYLE

    @action("escape", N_("back"), N_("Go back; nothing happens."))
    def action_leave(self) -> None:
        self.dismiss(None)


class LinePage(SmallPage[T], Generic[T]):
    """A line to type, and what is said below it. Subclasses say what comes of what is typed."""

    PLACE: ClassVar[str] = "page box"
    """The style classes of its place."""

    def __init__(self, title: str, hint: str, value: str = "") -> None:
        """`value` stands in the line already; what is typed replaces it."""
        super().__init__()
        self._title = title
        self._hint = hint
        self._value = value

    def body(self) -> ComposeResult:
        """Compose the line."""
        with VerticalScroll(classes=self.PLACE, can_focus=False):
            yield Static(data(self._title, "bold $title"), classes="heading")
            yield Static(data(self._hint, "$quiet"), classes="line")
            yield QuestionInput(id="prompt-line", value=self._value)
            yield Static(Content(""), id="prompt-report", classes="line")

    def on_mount(self) -> None:
        """Be ready for typing."""
        super().on_mount()
        line = self.query_one(QuestionInput)
        line.focus()
        line.select_all()

    @action("enter", N_("go"), N_("Use what is typed."), first=True)
    def action_go(self) -> None:
        """Use what is typed: after what was typed just before has reached the line."""
        line = self.query_one(QuestionInput)
        line.call_later(lambda: self.use(line.value))

    @on(Input.Submitted)
    def submitted(self, event: Input.Submitted) -> None:
        """Use what is typed."""
        event.stop()
        self.use(event.value)

    def use(self, text: str) -> None:
        """End with what comes of `text`, or say why it does not."""
        raise NotImplementedError

    def say(self, text: str, style: str) -> None:
        """Say something below the line."""
        self.query_one("#prompt-report", Static).update(data(text, style))


class PromptScreen(LinePage[T], Generic[T]):
    """Asks the services by what is typed; their answer ends the page, and an error leaves the line as it was."""

    AREA = "prompt"

    def __init__(
        self,
        title: str,
        hint: str,
        ask: Callable[[str], Callable[[Services], Awaitable[T]]],
        *,
        value: str = "",
    ) -> None:
        super().__init__(title, hint, value)
        self._ask = ask
        self._busy = False

    def use(self, text: str) -> None:
        """Ask."""
        if not self._busy:
            self._busy = True
            self.say(_("Asking HubSoft…"), "$account")
            self._run(text)

    @work(exit_on_error=False)
    async def _run(self, text: str) -> None:
        found = await self.asked(
            self._ask(text), failed=lambda sentence, _error: self.say(f"! {sentence}", "$warn")
        )
        self._busy = False
        if found is not None:
            self.dismiss(found)


class PickScreen(SmallPage[int]):
    """Ends with the id of the option taken."""

    AREA = "pick"

    def __init__(self, title: str, options: Sequence[ChoiceOption]) -> None:
        super().__init__()
        self._title = title
        self._options = options

    def body(self) -> ComposeResult:
        """Compose the options."""
        with VerticalScroll(classes="page box", can_focus=False):
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


class DestinationScreen(LinePage[tuple[Area, str]]):
    """Ends with the area and the filter for it."""

    AREA = "destination"
    PLACE = "page"

    def __init__(self) -> None:
        hint = _("Its name, or how it begins, then what to filter by: tickets sara")
        super().__init__(_("Go to a screen"), hint)

    def on_mount(self) -> None:
        """Show every screen."""
        super().on_mount()
        self._show_areas("")

    @action("tab", N_("complete"), N_("Complete the screen's name."), first=True)
    def action_complete(self) -> None:
        field = self.query_one(QuestionInput)
        area, rest = destination(field.value)
        if area is not None:
            name = _(area.label)
            field.value = f"{name.lower()} {rest}"
            field.cursor_position = len(field.value)

    @on(Input.Changed)
    def changed(self, event: Input.Changed) -> None:
        """Show which screens begin so."""
        event.stop()
        self._show_areas(event.value)

    def use(self, text: str) -> None:
        """Go there."""
        area, rest = destination(text)
        if area is not None:
            self.dismiss((area, rest))
        else:
            self._show_areas(text)

    def _show_areas(self, text: str) -> None:
        areas = areas_called(text.strip().partition(" ")[0])
        names = "   ".join(_(area.label).lower() for area in areas or AREAS)
        said = names if areas else _("No screen is called so. There are: {names}").format(names=names)
        self.say(said, "$quiet" if areas else "$warn")


async def chosen_destination(console: Console) -> tuple[Area, str] | None:
    """Ask for a screen and a filter; None where nothing was chosen, or another page stands open."""
    page: Screen[tuple[Area, str]] = DestinationScreen()
    chosen: tuple[Area, str] | None = None
    with console.one_page() as free:
        if free:
            chosen = await console.push_screen_wait(page)
    return chosen
