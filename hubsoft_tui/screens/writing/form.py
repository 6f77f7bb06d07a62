"""A form that writes to HubSoft through the outbox: filled in, checked, looked at once more, put.

What is typed leaves a form in two ways only: it is in the outbox, or it is kept for the next time.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Final

from textual import events, on, work
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Button, Input, Static, TextArea

from hubsoft_tui.errors import HubSoftError, InvalidInput, SettingsError
from hubsoft_tui.formats import moment
from hubsoft_tui.services.outbox.types import Entry, EntryKind
from hubsoft_tui.settings import canned_texts, places
from hubsoft_tui.texts import N_, _
from widgets.customer.card import CustomerAside
from widgets.fields import ChoiceField, ChoiceOption, QuestionInput, TickField
from widgets.line_widget import data

from ..frame.actions import action
from ..frame.confirm import ConfirmScreen, PickScreen
from ..frame.console import silent
from ..frame.modal import STYLE, ConsoleModal
from .entry_page import ReviewScreen
from .text_field import LAST_TEXTS, TextField, text_of

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from textual.app import ComposeResult
    from textual.timer import Timer
    from textual.widget import Widget

    from hubsoft_tui.api.models import Choice, Customer
    from hubsoft_tui.services.container import Services
    from hubsoft_tui.services.outbox.types import Draft, Review
    from hubsoft_tui.store.drafts import KeptDraft, Value

FILL: Final = N_("Fill in the form")
END: Final = N_("Send, keep or empty it")

KEEP_SECONDS: Final = 0.5
"""How long what is typed may be in memory alone."""
BESIDE_COLUMNS: Final = 120
"""Terminal columns from which the customer stands beside the form."""
USES: Final = {EntryKind.OPEN: "ticket", EntryKind.MESSAGE: "message", EntryKind.CLOSE: "closing"}
"""What a form's kind is called in the file of canned texts."""


def not_asking(form: WriteForm) -> bool:
    """Tell whether the form may be left or sent: the outbox is not being asked."""
    return not form.busy


class WriteForm(ConsoleModal[Entry]):
    """The base of the forms. Subclasses compose `fields()` and say what is typed as a `draft()`."""

    AREA = "write"
    CSS_PATH: ClassVar[list[Path]] = [STYLE]  # type: ignore[assignment]

    KIND: ClassVar[EntryKind]
    """What it writes."""

    def __init__(
        self, about: str, title: str, subtitle: str, *, values: dict[str, Value], corrects: str = ""
    ) -> None:
        """`about` names what is written about, to find it again; `corrects` is the refused entry this replaces.

        `values` is what the form begins with.
        """
        super().__init__()
        self._about = about
        self._title = title
        self._subtitle = subtitle
        self._corrects = corrects
        self._pristine = values
        self.busy = self._done = False
        self._shown: KeptDraft | None = None
        """The draft that is this form's: it began with it, or kept it."""
        self._saving: Timer | None = None
        self.entries: tuple[Entry, ...] = ()
        """What it put into the outbox."""
        self.customer: Customer | None = None
        """The customer it is about, where the record is at hand: shown beside the form."""
        self.customer_code: int | None = None
        """Whose draft it is: one that is not sent is shown on that customer."""

    # -- for subclasses

    def placeholders(self) -> dict[str, str]:
        """Return what the placeholders of a canned text stand for here."""
        return {}

    def fields(self) -> ComposeResult:
        """Compose the fields, each with `field()`."""
        yield from ()

    def problems(self) -> dict[str, str]:
        """Return what is wrong, by field id, in the order of the form; no entry where nothing is."""
        raise NotImplementedError

    def hasty(self, field: str) -> str:
        """Return what is wrong with `field` whatever is typed next."""
        del field
        return ""

    def beside(self) -> tuple[str, tuple[str, ...]]:
        """Return what the last look says besides: what it is about, open tickets that may be the same."""
        return self._subtitle, ()

    def way_back(self) -> tuple[str, str]:
        """Return the customer it is about, and what leads back there: what to look up, or a protocol."""
        raise NotImplementedError

    def draft(self) -> Draft:
        """Return what is typed as a draft; called only without problems."""
        raise NotImplementedError

    def drafts(self) -> tuple[Draft, ...]:
        """Return everything that is written: several where one text goes into several tickets."""
        return (self.draft(),)

    # -- the frame

    def body(self) -> ComposeResult:
        """Compose the form, and the customer beside it."""
        with Horizontal(id="write-split"):
            with VerticalScroll(classes="page", can_focus=False):
                yield Static(data(self._title, "bold $title"), classes="heading")
                yield Static(data(self._subtitle, "$quiet"), id="write-subtitle", classes="line")
                yield from self.fields()
                with Horizontal(classes="buttons"):
                    yield Button(Content(_("Continue")), id="write-go", compact=True)
                yield Static(Content(""), id="write-report")
            if self.customer is not None:
                statuses = self.console.settings.customers.active_statuses
                with VerticalScroll(id="write-customer", can_focus=False):
                    yield CustomerAside(self.customer, frozenset(statuses))

    def field(self, label: str, widget: Widget) -> ComposeResult:
        """Compose one field under its label; what is wrong with it is said below."""
        with Vertical(classes="field"):
            with Horizontal(classes="row"):
                yield Static(data(label), classes="label")
                yield widget
            yield Static(Content(""), id=f"{widget.id}-problem", classes="problem")

    def on_mount(self) -> None:
        """Put in what was kept."""
        super().on_mount()
        self._load_last_texts()
        kept = self._shown = self.console.drafts.get(self._about)
        # A draft of another version may lack a field.
        self.fill(self._pristine if kept is None else {**self._pristine, **kept.values})
        if kept is not None:
            typed_at = moment(kept.at, time.time())
            self._say(_("This is what you typed at {time}.").format(time=typed_at), "$account")

    def on_resize(self) -> None:
        """Show the customer where there is room beside the form."""
        super().on_resize()
        for aside in self.query("#write-customer"):
            aside.display = self.app.size.width >= BESIDE_COLUMNS

    # -- what stands in the fields, by their ids; of a choice from HubSoft's lists its label too

    def values(self) -> dict[str, Value]:
        """Return what stands in the fields; before they are there what the form begins with."""
        found: dict[str, Value] = dict(self._pristine)
        found |= {str(field.id): field.text for field in self.query(TextField)}
        found |= {str(field.id): field.value for field in self.query(QuestionInput)}
        found |= {str(field.id): field.on for field in self.query(TickField)}
        for field in self.query(ChoiceField):
            found[str(field.id)] = field.chosen.id if field.chosen else None
            if f"{field.id}_label" in found:
                found[f"{field.id}_label"] = field.chosen.label if field.chosen else None
        return found

    def fill(self, values: dict[str, Value]) -> None:
        """Put `values` into the fields."""
        for text in self.query(TextField):
            text.write(str(values[str(text.id)] or ""))
        for typed in self.query(QuestionInput):
            typed.value = str(values[str(typed.id)] or "")
        for tick in self.query(TickField):
            tick.on = bool(values[str(tick.id)])
            tick.redraw()
        for field in self.query(ChoiceField):
            number = whole(values[str(field.id)])
            if f"{field.id}_label" in values:
                label = str(values[f"{field.id}_label"] or number)
                field.chosen = None if number is None else ChoiceOption(number, label)
                field.repaint()
            else:
                field.offer(field.options, number)

    # -- texts that were written before

    @work(exit_on_error=False)
    async def _load_last_texts(self) -> None:
        """Offer the last texts of this kind; without them the form does as well."""
        entries = await self.asked(lambda services: services.outbox.entries(), silent)
        texts = [text_of(entry.draft) for entry in entries or () if entry.kind is self.KIND]
        for field in self.query(TextField):
            field.last_texts = tuple(dict.fromkeys(text for text in texts if text))[:LAST_TEXTS]

    @action(
        "ctrl+t",
        N_("canned text"),
        N_("Choose a canned text by typing; it is written where you write, its placeholders filled."),
        first=True,
        when=not_asking,
        job=FILL,
    )
    @work(exit_on_error=False)
    async def action_canned(self) -> None:
        settings = self.console.settings
        own = places.find(home=settings.home or None).config / canned_texts.FILE
        paths = [own, *([places.expanded(settings.ui.canned_texts)] if settings.ui.canned_texts else [])]
        try:
            found = await asyncio.to_thread(canned_texts.read_canned, paths)
        except SettingsError as error:
            self._say(f"! {error}", "$warn")
            return
        texts = [each for each in found if USES[self.KIND] in each.uses]
        if not texts:
            self._say(
                _("There is no canned text for this. Write some into {path}.").format(path=own), "$account"
            )
            return
        options = [
            ChoiceOption(index, each.name, " ".join(each.text.split())) for index, each in enumerate(texts)
        ]
        chosen: int | None = await self.app.push_screen_wait(PickScreen(_("Which text?"), options))
        if chosen is not None:
            self._write(texts[chosen].text)

    def _write(self, text: str) -> None:
        """Write a canned text into the field for texts, behind what stands there."""
        written, missing = canned_texts.filled(text, self.placeholders())
        field = self.query(TextField).first()
        typed = field.text.rstrip()
        field.write(f"{typed}\n{written}" if typed else written)
        field.focus()
        if missing:
            names = ", ".join(f"{{{name}}}" for name in missing)
            self._say(_("Not known here and left out: {names}").format(names=names), "$warn")

    # -- what is typed is kept

    @property
    def unsent(self) -> str:
        """The form's title while something is typed here that was not sent."""
        return self._title if self.is_attached and self.values() != self._pristine else ""

    def keep(self) -> None:
        """Keep what is typed as a draft, or forget this form's own when nothing is typed any more."""
        self._stop_saving()
        self.take()
        self.console.save_drafts()

    def take(self) -> None:
        """Take what is typed as the draft; the disk has it once the console saved its drafts."""
        if self._done or not self.is_attached:
            return
        drafts, kept = self.console.drafts, self._shown
        values = self.values()
        if values != self._pristine:
            if kept is None or kept.values != values:
                drafts.keep(self._about, self.KIND.value, self.way_back(), values, self.customer_code)
                self._shown = drafts.get(self._about)
        elif kept is not None:
            self._drop()

    def _forget(self) -> None:
        """Forget the draft, if it is this form's."""
        self._stop_saving()
        self._drop()
        self.console.save_drafts()

    def _drop(self) -> None:
        if self._shown is not None and self.console.drafts.get(self._about) == self._shown:
            self.console.drafts.drop(self._about)
        self._shown = None

    def _keep_soon(self) -> None:
        if self._saving is None and not self._done:
            self._saving = self.set_timer(KEEP_SECONDS, self.keep)

    def _stop_saving(self) -> None:
        if self._saving is not None:
            self._saving.stop()
            self._saving = None

    # -- while one types

    @on(Input.Changed)
    @on(TextArea.Changed)
    def changed(self, event: Input.Changed | TextArea.Changed) -> None:
        """Say at once what no further letter mends; take a sentence back as soon as it is mended."""
        event.stop()
        self._keep_soon()
        self._judge(event.control.id or "")

    def on_descendant_blur(self, event: events.DescendantBlur) -> None:
        """Say what is wrong with a field that was left."""
        name = event.widget.id or ""
        if self.is_current and self.query(f"#{name}-problem"):
            self._show_problem(name, self.problems().get(name, ""))

    @on(ChoiceField.Chosen)
    def chosen(self, event: ChoiceField.Chosen) -> None:
        """Take a sentence back that a choice mended; a click goes on to the next field."""
        event.stop()
        self._keep_soon()
        self._judge(event.field.id or "")
        if event.field.has_focus:
            self.focus_next()

    @on(TickField.Turned)
    def turned(self, event: TickField.Turned) -> None:
        """Keep the choice."""
        event.stop()
        self._keep_soon()

    @action(
        "ctrl+s,f9",
        N_("continue"),
        N_("Check what is typed and show exactly what will be sent; nothing is sent yet."),
        first=True,
        when=not_asking,
        job=END,
    )
    def action_go(self) -> None:
        """Check and go on, after what was typed just before has reached its field."""
        (self.focused or self).call_later(self._begin)

    @action("tab", N_("next field"), N_("Go to the next field."), first=True, job=FILL)
    def action_next(self) -> None:
        self.focus_next()

    @action(
        "enter",
        N_("take"),
        N_("Take the marked option, or what is typed, and go to the next field."),
        line=False,
        first=True,
        # Enter is a new line where several are written.
        when=lambda form: isinstance(form.focused, ChoiceField | Input),
        job=FILL,
    )
    def action_take(self) -> None:
        """Go to the next field at once: what is typed right behind enter belongs there.

        The option is taken in the field's own queue, behind what was typed to find it.
        """
        field = self.focused
        self.focus_next()
        if isinstance(field, ChoiceField):
            field.call_later(field.take_marked)

    def _judge(self, name: str) -> None:
        if not self.query(f"#{name}-problem"):
            return
        shown = self.query_one(f"#{name}-problem").display
        problem = self.problems().get(name, "") if shown else self.hasty(name)
        self._show_problem(name, problem)

    def _show_problem(self, name: str, sentence: str) -> None:
        place = self.query_one(f"#{name}-problem", Static)
        place.display = bool(sentence)
        place.update(data(f"! {sentence}", "$warn") if sentence else Content(""))

    async def offer(
        self, field: ChoiceField, ask: Callable[[Services], Awaitable[tuple[Choice, ...]]]
    ) -> str:
        """Fill `field` with the rows that `ask` returns; return why that was not possible, or nothing."""
        trouble: list[str] = []
        rows = await self.asked(ask, lambda sentence, _error: trouble.append(sentence))
        if rows is not None:
            field.offer([ChoiceOption(row.id, row.label) for row in rows])
        return "".join(trouble)

    # -- going on

    @on(Button.Pressed, "#write-go")
    def press_go(self, event: Button.Pressed) -> None:
        """Continue."""
        event.stop()
        self.action_go()

    def _begin(self) -> None:
        if self.busy:
            return
        problems = self.problems()
        for name in [each.id.removesuffix("-problem") for each in self.query(".problem") if each.id]:
            self._show_problem(name, problems.get(name, ""))
        if problems:
            self.query_one(f"#{next(iter(problems))}").focus()
            return
        self.busy = True
        self._say("", "")
        self._go()

    @work(exit_on_error=False)
    async def _go(self) -> None:
        try:
            entry = await self._reviewed_and_put()
        finally:
            self.busy = False
        if entry is not None:
            self._done = True
            self._forget()
            self.dismiss(entry)

    async def _reviewed_and_put(self) -> Entry | None:
        """Show exactly what goes out and put it; None when the person went back, or it was not accepted."""
        drafts, corrects = self.drafts(), self._corrects

        async def looked_at(services: Services) -> list[Review]:
            return [await services.outbox.review(draft) for draft in drafts]

        reviews = await self.asked(looked_at, self._failed)
        if reviews is None:
            return None
        page = ReviewScreen(self._title, together(reviews), *self.beside())
        if not await self.app.push_screen_wait(page):
            return None
        checked = [review.checked for review in reviews]
        if corrects:
            return await self.asked(
                lambda services: services.outbox.correct(corrects, checked[0]), self._failed
            )
        entries = await self.asked(lambda services: services.outbox.put_all(checked), self._failed)
        self.entries = entries or ()
        return self.entries[0] if self.entries else None

    def _failed(self, sentence: str, error: Exception) -> None:
        """Say why it was not accepted; what is typed survives whatever happens."""
        if isinstance(error, HubSoftError) and not isinstance(error, InvalidInput):
            sentence = " ".join((sentence, _("What you typed is still here.")))
        self._say(f"! {sentence}", "$warn" if isinstance(error, InvalidInput) else "$bad")

    @action(
        "escape",
        N_("close, keep it"),
        N_("Close the form; what is typed is kept for the next time."),
        first=True,
        when=not_asking,
        job=END,
    )
    def action_leave(self) -> None:
        self.keep()
        self._done = True
        if self._shown is not None:
            self.console.tell(_("Kept as a draft. Open the form again to go on."))
        self.dismiss(None)

    @action(
        "ctrl+r", N_("start over"), N_("Empty the form, after a yes."), first=True, when=not_asking, job=END
    )
    def action_anew(self) -> None:
        if self.values() != self._pristine:
            self._empty()

    @work(exit_on_error=False)
    async def _empty(self) -> None:
        question = ConfirmScreen(_("Start over?"), _("What is typed in this form will be gone."))
        if await self.app.push_screen_wait(question):
            self._forget()
            self.fill(self._pristine)
            self._say("", "")

    def _say(self, text: str, style: str) -> None:
        self.query_one("#write-report", Static).update(data(text, style))
        self.query_one("#write-report").scroll_visible(animate=False)


def whole(value: Value) -> int | None:
    """Return a number that a draft holds; None for anything else."""
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def together(reviews: Sequence[Review]) -> Review:
    """Return one review of what is the same in all, with everything that was written before."""
    first = reviews[0]
    lines = tuple(line for line in first.lines if all(line in each.lines for each in reviews))
    similar = tuple(entry for review in reviews for entry in review.similar)
    return replace(first, lines=lines, similar=similar)
