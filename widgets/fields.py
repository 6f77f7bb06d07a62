"""Fields to type into: a question on one line, and one of several, narrowed as it is typed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from rich.cells import cell_len
from textual.containers import Horizontal
from textual.content import Content
from textual.message import Message
from textual.widgets import Input, Static

from hubsoft_tui.formats import fold
from hubsoft_tui.privacy import REPLACEMENT, clean
from hubsoft_tui.texts import _, ngettext, number
from hubsoft_tui.values import dataclass

from .line_widget import Drawn, cut, line

if TYPE_CHECKING:
    from collections.abc import Sequence

    from textual import events
    from textual.app import ComposeResult


def pasted(text: str) -> str:
    """Return the first line of a paste that holds anything, without control characters around or inside it."""
    for each in text.splitlines():
        if line := clean(each).replace(REPLACEMENT, "").strip():
            return line
    return ""


class QuestionInput(Input):
    """An input of one line. The cursor stands still: a blinking one sends bytes all day."""

    class Pasted(Message):
        """A whole line was pasted where nothing stood."""

        def __init__(self, text: str) -> None:
            super().__init__()
            self.text = text

    def __init__(
        self,
        *,
        placeholder: str = "",
        password: bool = False,
        value: str = "",
        id: str | None = None,  # noqa: A002 - Textual's name
    ) -> None:
        super().__init__(
            value, placeholder=placeholder, password=password, id=id, compact=True, select_on_focus=False
        )
        self.cursor_blink = False

    async def _on_key(self, event: events.Key) -> None:
        """Ignore the slash that goes to this line when one is here already: no question begins with it."""
        untouched = not self.value or self.selected_text == self.value
        if event.character == "/" and untouched and not self.password:
            event.prevent_default()
            event.stop()

    def _on_paste(self, event: events.Paste) -> None:
        """Take one clean line of what was pasted."""
        if line := pasted(event.text):
            whole = not self.value or self.selected_text == self.value
            self.replace(line, *sorted(self.selection))
            if whole:
                self.post_message(self.Pasted(line))
        event.prevent_default()
        event.stop()


class FilterLine(Horizontal):
    """A line that narrows what is shown as one types; in sight while it is typed into or holds anything."""

    DEFAULT_CSS = """
    FilterLine { display: none; height: 1; padding: 0 2; }
    FilterLine Static { width: 1; color: $account; }
    FilterLine QuestionInput { width: 1fr; }
    """

    class Typed(Message):
        """Another text is in the line."""

        def __init__(self, text: str) -> None:
            super().__init__()
            self.text = text

    class Done(Message):
        """What is typed is to hold; the line was left."""

    def compose(self) -> ComposeResult:
        """Compose the sign and the field."""
        yield Static("/", markup=False)
        yield QuestionInput(placeholder=_("every word typed must be there"))

    @property
    def field(self) -> QuestionInput:
        """Where the text is typed."""
        return self.query_one(QuestionInput)

    @property
    def text(self) -> str:
        """What is typed."""
        return self.field.value.strip()

    def begin(self) -> None:
        """Be ready for typing."""
        self.display = True
        self.screen.set_focus(self.field)

    def clear(self) -> None:
        """Narrow nothing any more."""
        self.field.value = ""
        self.display = False

    def on_input_changed(self, event: Input.Changed) -> None:
        """Tell what is typed."""
        event.stop()
        self.post_message(self.Typed(event.value))

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Leave the line."""
        event.stop()
        self.display = bool(self.text)
        self.post_message(self.Done())


LINES: Final = 6
"""Choices in sight at once."""


@dataclass(frozen=True, slots=True)
class ChoiceOption:
    """One choice: its id, what people call it, and what tells it apart."""

    id: int
    label: str
    note: str = ""


class ChoiceField(Drawn, can_focus=True):
    """Shows the chosen option in one line; with the focus, the options to choose from below it."""

    class Chosen(Message):
        """An option was taken."""

        def __init__(self, field: ChoiceField) -> None:
            super().__init__()
            self.field = field

    def __init__(self, *, empty: str = "", id: str | None = None) -> None:  # noqa: A002 - Textual's name
        super().__init__(id=id)
        self._options: tuple[ChoiceOption, ...] = ()
        self._found: tuple[ChoiceOption, ...] = ()
        self._typed = ""
        self._marked = 0
        self._top = 0
        self._told = ""
        self._empty = empty
        self.chosen: ChoiceOption | None = None

    @property
    def options(self) -> tuple[ChoiceOption, ...]:
        """What there is to choose from."""
        return self._options

    def offer(self, options: Sequence[ChoiceOption], chosen: int | None = None) -> None:
        """Offer `options`; `chosen` is the id of the one taken already."""
        self._options, self._told = tuple(options), ""
        known = chosen if chosen is not None else self.chosen.id if self.chosen is not None else None
        self.chosen = next((each for each in self._options if each.id == known), self.chosen)
        self._narrow("")

    def tell(self, sentence: str) -> None:
        """Say why there is nothing to choose from (yet)."""
        self._told = sentence
        self.redraw()

    def check_consume_key(self, key: str, character: str | None) -> bool:
        """Take what is typed: it narrows the options."""
        del key
        return character is not None and character.isprintable()

    def draw(self, width: int) -> list[Content]:
        """Return the lines."""
        if not self.has_focus:
            return [self._line(width)]
        if not self._options:
            return [Content.styled(cut(self._told or self._empty, width), "$quiet")]
        typed = (
            line(("▌", "bold $account"), self._typed)
            if self._typed
            else Content.styled(_("type to narrow, ↑↓ mark, enter takes"), "$quiet")
        )
        count = ngettext("{n} choice", "{n} choices", len(self._found)).format(n=number(len(self._found)))
        lines = [line(typed, "  ", (count, "$quiet")).truncate(width, ellipsis=True)]
        if not self._found:
            return [*lines, Content.styled(_("Nothing matches; backspace goes back."), "$warn")]
        shown = self._found[self._top : self._top + LINES]
        lines += [self._option(each, index + self._top, width) for index, each in enumerate(shown)]
        return lines

    def _line(self, width: int) -> Content:
        if self.chosen is None:
            return Content.styled(cut(self._told or self._empty or _("nothing chosen"), width), "$quiet")
        note = f"  {clean(self.chosen.note)}" if self.chosen.note else ""
        return line((clean(self.chosen.label), ""), (note, "$quiet")).truncate(width, ellipsis=True)

    def _option(self, option: ChoiceOption, index: int, width: int) -> Content:
        marked = index == self._marked
        taken = self.chosen is not None and option.id == self.chosen.id
        label = clean(option.label)
        room = max(0, width - cell_len(label) - 6)
        drawn = line(
            ("▸ " if marked else "  ", "bold $account"),
            ("● " if taken else "  ", "$account"),
            (label, "bold $title" if marked else ""),
            (f"  {cut(clean(option.note), room)}" if option.note and room > 4 else "", "$quiet"),
        ).truncate(width, ellipsis=True, pad=True)
        return drawn.stylize("on $row") if marked else drawn

    def on_focus(self) -> None:
        """Open the options."""
        self._narrow("")
        self.repaint()

    def on_blur(self) -> None:
        """Close them."""
        self.repaint()

    def on_key(self, event: events.Key) -> None:
        """Mark, narrow or take."""
        if event.key in {"up", "down"}:
            self._mark(self._marked + (1 if event.key == "down" else -1))
        elif event.key == "enter":
            self.take_marked()
        elif event.key == "backspace":
            self._narrow(self._typed[:-1])
        elif event.is_printable and event.character is not None:
            self._narrow(self._typed + event.character)
        else:
            return
        event.stop()
        event.prevent_default()

    def on_click(self, event: events.Click) -> None:
        """Take the option under the mouse."""
        index = event.get_content_offset_capture(self).y - 1 + self._top
        if 0 <= index - self._top < LINES and index < len(self._found):
            self.take(index)

    @property
    def marked(self) -> ChoiceOption | None:
        """The option that enter would take."""
        return self._found[self._marked] if self._marked < len(self._found) else None

    def take_marked(self) -> None:
        """Take the marked option."""
        self.take(self._marked)

    def take(self, index: int) -> None:
        """Take the option at `index` of those that match; without any, go on as it is."""
        if 0 <= index < len(self._found):
            self.chosen = self._found[index]
        self.post_message(self.Chosen(self))

    def _mark(self, index: int) -> None:
        self._marked = min(max(0, index), max(0, len(self._found) - 1))
        self._top = min(max(self._top, self._marked - LINES + 1), self._marked)
        self.redraw()

    def _narrow(self, typed: str) -> None:
        self._typed = typed
        words = fold(typed).split()
        self._found = tuple(
            each for each in self._options if all(word in fold(f"{each.label} {each.note}") for word in words)
        )
        taken = self.chosen
        places = [
            index for index, each in enumerate(self._found) if taken is not None and each.id == taken.id
        ]
        self._top = 0
        self._mark(places[0] if places and not typed else 0)


class TickField(Drawn, can_focus=True):
    """A yes or no; space or enter turns it."""

    class Turned(Message):
        """It was turned, or passed with enter."""

        def __init__(self, field: TickField, *, on: bool) -> None:
            super().__init__()
            self.field = field
            self.on = on

    def __init__(self, label: str, *, on: bool = False, id: str | None = None) -> None:  # noqa: A002 - Textual's name
        super().__init__(id=id)
        self._label = label
        self.on = on

    def draw(self, width: int) -> list[Content]:
        """Return the line."""
        style = "bold $title" if self.has_focus else ""
        return [
            line((f"[{'x' if self.on else ' '}] ", "bold $account"), (cut(self._label, width - 4), style))
        ]

    def on_focus(self) -> None:
        """Show where keys go."""
        self.redraw()

    def on_blur(self) -> None:
        """Show that keys go elsewhere."""
        self.redraw()

    def on_key(self, event: events.Key) -> None:
        """Turn."""
        if event.key in {"space", "x"}:
            event.stop()
            event.prevent_default()
            self.turn()

    def on_click(self) -> None:
        """Turn."""
        self.turn()

    def turn(self) -> None:
        """Turn it."""
        self.on = not self.on
        self.redraw()
        self.post_message(self.Turned(self, on=self.on))
