"""Tuning: every setting, what each value of one would cost and show, and trying, saving and undoing it."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Final, TypeVar

from textual import on, work
from textual.binding import Binding, BindingType
from textual.containers import Container, Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from hubsoft_tui.errors import HubSoftError
from hubsoft_tui.texts import N_, _
from widgets.fields import FilterLine, QuestionInput
from widgets.line_widget import line
from widgets.table.table import VirtualTable
from widgets.tuning import ForecastPanel, StepLine, TunableTable, difference_lines, name_of, shown

from .frame.actions import action
from .frame.base import one_page
from .frame.table_screen import TableScreen

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from textual.app import ComposeResult

    from hubsoft_tui.core.types import Snapshot
    from hubsoft_tui.services.container import Services
    from hubsoft_tui.services.tuning.types import Difference, Forecast, Tunable, Value, WaitForecast

LOOK: Final = N_("Look at values")
HOLD: Final = N_("Try and save")

T = TypeVar("T")

LOOK_AGAIN: Final = 30.0
"""Seconds after which a curve is read anew, if questions were asked since."""


class SaveTuned(ModalScreen[bool]):
    """Enter saves, escape leaves; dismissed with whether to save."""

    CSS_PATH = Path(__file__).parents[2] / "styles" / "tuning.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter,s", "dismiss(True)", show=False),
        Binding("escape,q", "dismiss(False)", show=False),
        Binding("ctrl+q", "app.quit", show=False),
    ]

    def __init__(self, tunables: tuple[Tunable, ...], changes: tuple[Difference, ...]) -> None:
        super().__init__()
        self._tunables = tunables
        self._changes = changes

    def compose(self) -> ComposeResult:
        """Compose the lines."""
        rows = difference_lines(
            self._tunables, [(each.key, each.before, each.after) for each in self._changes]
        )
        text = Content("\n").join(line(*row) for row in rows)
        with Vertical(id="tuning-save") as box:
            box.border_title = Content(_("What saving changes in tuned.toml"))
            box.border_subtitle = Content(_("enter saves · esc leaves it as it is"))
            yield Static(text)


def _at_table(screen: TuningScreen) -> bool:
    """Keep the letters for the field while one types there."""
    return not isinstance(screen.focused, Input)


class TuningScreen(TableScreen):
    """The table at the left, the chosen setting's curve at the right. Arrows look, `a` tries, `s` saves."""

    AREA = "tuning"
    CSS_PATH = Path(__file__).parents[2] / "styles" / "tuning.tcss"
    AUTO_FOCUS = "TunableTable"
    ABOUT = N_(
        "Choose a setting with the arrows up and down, and look at other values of it with left and right: nothing "
        "changes by looking. The curves say, from your own questions of the last two weeks, how many requests a "
        "day each value would have cost, and how many of the answers from memory had changed at HubSoft by then. "
        "● is the value in force, ▲ the one looked at, ◆ the recommended one. Trying holds at once, here only; "
        "saving writes it to tuned.toml, for every console on this computer."
    )

    def __init__(self) -> None:
        super().__init__()
        self._tunables: tuple[Tunable, ...] = ()
        self._looked: dict[str, Value] = {}
        """Values looked at that are not in force, by key."""
        self._forecasts: dict[str, Forecast | WaitForecast | None] = {}
        self._trouble = ""
        self._version: int | None = None
        self._asked = (-1, 0.0)
        """The questions of today and the instant when curves were last read."""

    def body(self) -> ComposeResult:
        """Compose the table, the chosen setting and its curve."""
        with Container(id="tuning"):
            with Container(id="tuning-left"):
                yield FilterLine()
                yield TunableTable(id="tuning-table")
                yield StepLine(id="tuning-step")
                field = QuestionInput(placeholder=_("a value: 8 h, 30 min, 40, 75%, on"), id="tuning-value")
                yield field
            yield ForecastPanel(id="tuning-forecast")

    def show(self, snapshot: Snapshot) -> None:
        """Read again what changed: a value, or, now and then, the trace."""
        super().show(snapshot)
        version = snapshot.badges.versions.get("tuning", 0)
        asked, at = self._asked
        if version != self._version or (
            snapshot.questions_today != asked and snapshot.wall - at >= LOOK_AGAIN
        ):
            self._version, self._asked = version, (snapshot.questions_today, snapshot.wall)
            self._forecasts.clear()
            self._read()

    def engine_changed(self) -> None:
        """Begin when the engine runs; say why when it does not."""
        if self.console.hub is None and self.console.trouble:
            self._trouble = self.console.trouble
            self._draw()

    def relabelled(self) -> None:
        """Fill the new widgets."""
        self.table.set_rows(self._tunables)
        self.table.focus()
        self._draw()

    def copied(self) -> tuple[str, str] | None:
        """Return the chosen setting as config.toml would say it."""
        tunable = self._tunable
        if tunable is None:
            return None
        return name_of(tunable.key), f"{tunable.key} = {shown(tunable, tunable.value)}"

    # -- what a person does

    @action(
        "left",
        N_("less"),
        N_("Look at the next smaller value."),
        id="less",
        args=(-1,),
        when=_at_table,
        job=LOOK,
    )
    @action(
        "right",
        N_("more"),
        N_("Look at the next larger value."),
        id="more",
        args=(1,),
        when=_at_table,
        job=LOOK,
    )
    def action_step(self, by: int) -> None:
        tunable, looked = self._tunable, self._looked_at
        if tunable is None or looked is None:
            return
        ladder = tunable.ladder
        place = bisect_right(ladder, looked) if by > 0 else bisect_left(ladder, looked) - 1
        if 0 <= place < len(ladder):
            self._look(ladder[place])

    @action(
        "a", N_("try"), N_("Let the value looked at hold at once, in this console."), when=_at_table, job=HOLD
    )
    def action_try(self) -> None:
        if self._tunable is not None and self._looked_at is not None:
            self._try(self._tunable, self._looked_at)

    @action("enter", N_("type"), N_("Type a value: 8 h, 30 min, 40, 75%, on."), when=_at_table, job=LOOK)
    def action_type(self) -> None:
        tunable, field = self._tunable, self._field
        if tunable is not None:
            field.value = ""
            field.display = True
            self.set_focus(field)

    @action("s", N_("save"), N_("Save what is tried; the change is shown first."), job=HOLD)
    def action_save(self) -> None:
        self._offer_to_save()

    @action(
        "r",
        N_("read again"),
        N_("Read the settings and the trace again. Sends no request."),
        line=False,
        job=HOLD,
    )
    def action_read(self) -> None:
        self._forecasts.clear()
        self._read()

    @action("x", N_("revert"), N_("Let the saved value hold again."), job=HOLD)
    def action_revert(self) -> None:
        if (tunable := self._tunable) is None:
            return
        self._looked.pop(tunable.key, None)
        if tunable.tried is None:
            self.console.tell(_("Nothing is tried here: the saved value holds."))
            self._draw()
            return
        self._change(
            lambda services: services.tuning.revert(tunable.key),
            lambda _done: _("The saved value holds again: {value}.").format(
                value=shown(tunable, tunable.saved)
            ),
        )

    @action("u", N_("undo"), N_("Take the last saving back."), when=_at_table, job=HOLD)
    def action_undo(self) -> None:
        self._change(lambda services: services.tuning.undo(), self._undone)

    @action("d", N_("default"), N_("Look at the default value."), job=LOOK)
    def action_default(self) -> None:
        if (tunable := self._tunable) is not None:
            self._look(tunable.default)

    @action("w", N_("recommended"), N_("Look at the recommended value."), job=LOOK)
    def action_advised(self) -> None:
        tunable = self._tunable
        forecast = self._forecasts.get(tunable.key) if tunable is not None else None
        recommended = getattr(forecast, "recommended", None)
        if tunable is None or recommended is None:
            self.console.tell(_("Nothing is recommended for this setting."), severity="warning")
        else:
            self._look(type(tunable.default)(recommended))

    @action("escape", N_("back"), N_("Leave the field, clear the filter, or look at what holds."), job=LOOK)
    def action_leave(self) -> None:
        if self._field.display:
            self._leave_field()
        elif not self.leave_filter() and (tunable := self._tunable) is not None:
            self._look(tunable.value)

    @on(Input.Submitted)
    def _entered(self, event: Input.Submitted) -> None:
        event.stop()
        text, tunable = event.value.strip(), self._tunable
        if text and tunable is not None:
            self._try(tunable, text, typed=True)
        else:
            self._leave_field()

    def _leave_field(self) -> None:
        if self._field.display:
            self._field.display = False
            self.table.focus()

    @on(VirtualTable.RowHighlighted)
    def _moved(self) -> None:
        self._draw()
        self._foretell()

    @on(VirtualTable.RowSelected)
    def _chosen(self) -> None:
        self.action_type()

    # -- inside

    @property
    def fills_in(self) -> bool:
        """Whether a value is typed."""
        return self.focused is self._field

    @property
    def table(self) -> TunableTable:
        """The settings."""
        return self.query_one(TunableTable)

    @property
    def _field(self) -> QuestionInput:
        return self.query_one("#tuning-value", QuestionInput)

    @property
    def _tunable(self) -> Tunable | None:
        return self.table.item

    @property
    def _looked_at(self) -> Value | None:
        tunable = self._tunable
        return None if tunable is None else self._looked.get(tunable.key, tunable.value)

    def _look(self, value: Value) -> None:
        tunable = self._tunable
        if tunable is None:
            return
        if value == tunable.value:
            self._looked.pop(tunable.key, None)
        else:
            self._looked[tunable.key] = value
        self._draw()
        forecast = self._forecasts.get(tunable.key)
        if forecast is not None and forecast.at(float(value)) is None:
            self._foretell(anew=True)

    def _try(self, tunable: Tunable, value: Value | str, *, typed: bool = False) -> None:
        self._looked.pop(tunable.key, None)
        self._change(
            lambda services: services.tuning.try_(tunable.key, value),
            lambda held: _("{name}: {value} holds now, in this console.").format(
                name=name_of(tunable.key), value=shown(tunable, held)
            ),
            typed=typed,
        )

    def _undone(self, changes: tuple[Difference, ...]) -> str:
        names = ", ".join(name_of(change.key) for change in changes)
        return _("Undone: {names}.").format(names=names)

    def _draw(self) -> None:
        tunable, looked = self._tunable, self._looked_at
        self.query_one(StepLine).show(tunable, looked)
        key = "" if tunable is None else tunable.key
        self.query_one(ForecastPanel).show(
            tunable,
            self._forecasts.get(key),
            looked,
            waiting=key not in self._forecasts,
            trouble=self._trouble,
        )

    @work(group="tuning-read", exclusive=True, exit_on_error=False)
    async def _read(self) -> None:
        found = await self.asked(lambda services: services.tuning.tunables(), self._failed)
        if found is not None:
            self._trouble, self._tunables = "", found
            self.table.set_rows(self._tunables)
        self._draw()
        self._foretell()

    def _refused(self, sentence: str, _error: Exception) -> None:
        self.console.tell(sentence, severity="error")

    def _failed(self, sentence: str, _error: Exception) -> None:
        self._trouble = sentence

    @work(group="tuning-forecast", exclusive=True, exit_on_error=False)
    async def _foretell(self, *, anew: bool = False) -> None:
        tunable, looked = self._tunable, self._looked_at
        if tunable is None or (tunable.key in self._forecasts and not anew):
            return
        key, also = tunable.key, float(looked) if looked is not None else None
        try:
            engine = await self.console.engine()
            found = await engine.run(lambda services: services.tuning.forecast(key, also))
        except HubSoftError as error:
            self._trouble = str(error)
        else:
            self._trouble = ""
            self._forecasts[key] = found
            now = self._looked.get(key)
            if found is not None and now is not None and now != also and found.at(float(now)) is None:
                self._foretell(anew=True)  # the value looked at changed during the request
        self._draw()

    @work(group="tuning-change", exit_on_error=False)
    async def _change(
        self, ask: Callable[[Services], Awaitable[T]], tell: Callable[[T], str], *, typed: bool = False
    ) -> None:
        """Change something and say so; a typed value that is refused stays in its field, to be corrected."""

        async def changed(services: Services) -> tuple[T, tuple[Tunable, ...]]:
            return await ask(services), await services.tuning.tunables()

        found = await self.asked(changed, self._refused)
        if found is None:
            return
        if typed:
            self._leave_field()
        done, self._tunables = found
        self._forecasts.clear()
        self.table.set_rows(self._tunables)
        self._draw()
        self._foretell()
        self.console.tell(tell(done))

    @work(group="tuning-save", exit_on_error=False)
    @one_page
    async def _offer_to_save(self) -> None:
        changes = await self.asked(lambda services: services.tuning.diff(), self._refused)
        if changes is None:
            return
        if not changes:
            self.console.tell(_("Nothing is tried, so there is nothing to save."), severity="warning")
        elif await self.app.push_screen_wait(SaveTuned(self._tunables, changes)):
            self._change(
                lambda services: services.tuning.save(),
                lambda _saved: _("Saved. u takes it back."),
            )
