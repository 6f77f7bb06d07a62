"""Check-up: who of a list still has a contract; the cost before the start, the truth at the end."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from textual import on, work
from textual.content import Content
from textual.widgets import Static

from hubsoft_tui.services.checkup import export
from hubsoft_tui.services.checkup.types import Progress, RunState, plan_lines
from hubsoft_tui.texts import N_, _, ngettext, number
from widgets import checkup as words
from widgets.checkup import CheckupHead, ListTable, MemberTable, member_text
from widgets.fields import FilterLine
from widgets.table.table import VirtualTable

from .frame.actions import action
from .frame.table_screen import FIND, PathLine, TableScreen

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from textual.app import ComposeResult

    from hubsoft_tui.core.types import Snapshot
    from hubsoft_tui.services.checkup.types import ListOverview
    from hubsoft_tui.services.container import Services

    from .frame.actions import Action

RUN: Final = N_("Run a check-up")
LISTS: Final = N_("Lists of members")
RESULTS: Final = N_("Read the results")

SUBJECT: Final = "checkup"
FORGET_SECONDS: Final = 4.0


def _holds(screen: CheckupScreen) -> bool:
    return screen.shown is not None and screen.shown.held > 0


class CheckupScreen(TableScreen):
    """One list in sight, or the lists to choose from. What runs goes on whatever is shown."""

    AREA = "checkup"
    CSS_PATH = Path(__file__).parents[2] / "styles" / "checkup.tcss"
    ABOUT = N_(
        "A list of members is checked against their contracts. The plan says what it costs before anything is "
        "sent: pages of the roster, or one question each, whichever is fewer. ▼ lost the contract since the last "
        "check-up, ▲ has one again. (+9) beside inactive are members seen without a contract, certain once the "
        "roster is read to its end. Unknown means that HubSoft could not say; it never means inactive. A check-up "
        "goes on while you look at other screens, and after a pause or a crash it continues where it was."
    )
    AUTO_FOCUS = ""

    def __init__(self) -> None:
        super().__init__()
        self._seen: int | None = None
        """The service's version that is shown."""
        self._list_id: int | None = None
        self._version = -1
        self._progress = Progress()
        self._lists: tuple[ListOverview, ...] | None = None
        self._planned = False
        """The plan in sight is for the run that enter starts."""
        self._plan_trouble = ""
        self._pressed = ("", 0, 0.0)
        """What has to be pressed twice: the action, its list, and when it was pressed first."""

    # -- the frame

    def body(self) -> ComposeResult:
        """Compose the head, the lines to type into, and the tables."""
        yield CheckupHead(id="checkup-head")
        yield PathLine(".csv", ".txt", ".json")
        yield FilterLine()
        yield Static(Content(""), id="checkup-empty")
        yield ListTable(id="checkup-lists")
        yield MemberTable(id="checkup-members")

    def on_mount(self) -> None:
        """Say what this is until the lists have come."""
        super().on_mount()
        self._draw()

    def engine_changed(self) -> None:
        """The engine runs, or could not start."""
        if self.console.hub is not None:
            self._load()
        self._draw()

    def relabelled(self) -> None:
        """Fill the new widgets."""
        self._version = -1
        if self._lists:
            self._lists_table.set_rows(self._lists)
        self._draw()
        self.table.focus()
        if self.console.hub is not None:
            self._load()

    def show(self, snapshot: Snapshot) -> None:
        """Fetch what is new, when there is something new."""
        version = snapshot.badges.versions.get(SUBJECT, 0)
        if version != self._seen:
            self._seen = version
            self._load()

    def copied(self) -> tuple[str, str] | None:
        """Return the member under the cursor, the document masked."""
        row = None if self._choosing else self._members.item
        return None if row is None else (_("the member"), member_text(row))

    # -- what is in sight

    @property
    def _members(self) -> MemberTable:
        return self.query_one(MemberTable)

    @property
    def _lists_table(self) -> ListTable:
        return self.query_one(ListTable)

    @property
    def _choosing(self) -> bool:
        return self._list_id is None

    # News come while a list is being opened: they must not end what plans it.
    @work(group="checkup news", exclusive=True, exit_on_error=False)
    async def _load(self) -> None:
        first = self._lists is None
        await self._fetch()
        if first and self._lists and self._list_id is None:
            running = (each for each in self._lists if each.run and each.run.state is RunState.RUNNING)
            self.open(next(running, self._lists[0]).list.id)

    async def _fetch(self) -> None:
        list_id, version = self._list_id, self._version
        if list_id is None:
            lists = await self.asked(lambda services: services.checkup.lists())
            if lists is None:
                return
            self._lists = lists
            self._lists_table.set_rows(self._lists)
        else:
            delta = await self.asked(lambda services: services.checkup.changes(list_id, version))
            if delta is None:
                return
            progress = await self.asked(lambda services: services.checkup.progress(list_id))
            if progress is None or list_id != self._list_id:
                return
            if self._progress.running_here and not progress.running_here:
                self._ended(progress)
            self._version, self._progress = delta.version, progress
            if delta.whole or delta.rows:
                self._members.put(delta.rows, whole=delta.whole)
        self._draw()

    def open(self, list_id: int) -> None:
        """Put a list in sight, and plan its next check-up."""
        self._list_id, self._version = list_id, -1
        self._planned, self._plan_trouble = False, ""
        self._members.filter("")
        self._line.clear()
        self._progress = Progress()
        self._opened(list_id)

    @work(group="checkup", exclusive=True, exit_on_error=False)
    async def _opened(self, list_id: int) -> None:
        await self.asked(lambda services: services.checkup.reload(list_id))
        await self._fetch()
        self.table.focus()
        if not self._progress.running_here:
            await self._make_plan(list_id)

    async def _make_plan(self, list_id: int) -> None:
        await self.asked(lambda services: services.checkup.plan(list_id), self._plan_failed)
        self._planned = True
        await self._fetch()

    def _plan_failed(self, sentence: str, _error: Exception) -> None:
        self._plan_trouble = sentence

    def _ended(self, progress: Progress) -> None:
        self._planned = False
        self.console.tell(words.ended(progress), severity=words.severity(progress))

    def _draw(self) -> None:
        empty = self._choosing and (self._lists == () or bool(self.console.trouble))
        self.set_class(empty, "-empty")
        self.set_class(self._choosing and not empty, "-lists")
        if empty:
            note = (
                words.troubled(self.console.trouble) if self.console.trouble else words.welcome(self._sample)
            )
            self.query_one("#checkup-empty", Static).update(note)
        if not self._choosing:
            plan = self._progress.plan
            lines = [self._plan_trouble] if self._plan_trouble else plan_lines(plan) if plan else [_("…")]
            hint = words.hint(self._progress, planned=self._planned)
            head = self.query_one(CheckupHead)
            head.show(self._progress, lines, hint, time.time(), ahead=self._planned)
        self.redraw_frame()

    @property
    def _sample(self) -> str:
        """The list that the demo brings along, or an empty text."""
        sample = Path(self.console.settings.home or "/") / "membros.csv"
        return str(sample) if self.console.hints() and sample.is_file() else ""

    # -- asking the service

    @work(group="checkup-do", exclusive=True, exit_on_error=False)
    async def _do(self, ask: Callable[[Services], Awaitable[object]]) -> None:
        async def done(services: Services) -> bool:
            await ask(services)
            return True

        if await self.asked(done):
            self._load()

    # -- actions

    @property
    def shown(self) -> Progress | None:
        """The list in sight; None while lists are chosen from."""
        return None if self._choosing else self._progress

    @property
    def startable(self) -> bool:
        """Whether enter would open a list, or start the one in sight."""
        return bool(self._lists) if self._choosing else not self._progress.running_here

    @property
    def _starts(self) -> str:
        """What enter does now, in two words."""
        if self._choosing:
            return N_("open list")
        if self._progress.state in {RunState.PAUSED, RunState.INTERRUPTED}:
            return N_("go on")
        return N_("start") if self._planned else N_("plan again")

    def usable(self) -> tuple[Action, ...]:
        """Name enter by what it does now."""
        return tuple(
            replace(each, label=self._starts) if each.id == "checkup.start" else each
            for each in super().usable()
        )

    @property
    def stoppable(self) -> bool:
        """Whether the list in sight has a run of this process, or of none, that is not over."""
        state = self._progress.state
        return not self._choosing and state is not None and not state.over and not self._progress.who

    @property
    def choosing_from(self) -> tuple[ListOverview, ...]:
        """The lists to choose from; empty while one is in sight."""
        return (self._lists or ()) if self._choosing else ()

    @property
    def copies(self) -> bool:
        """Whether there is a member to copy."""
        return not self._choosing and self._progress.total > 0

    @action(
        "enter",
        N_("start"),
        N_(
            "Open the marked list; start the check-up whose plan is shown, or go on with the one that was left."
        ),
        when=lambda screen: screen.startable,
        job=RUN,
    )
    def action_start(self) -> None:
        if self._list_id is None:
            if (chosen := self._lists_table.selected) is not None:
                self.open(int(chosen))
            return
        list_id = self._list_id
        left = self._progress.state in {RunState.PAUSED, RunState.INTERRUPTED}
        if self._planned or left:
            self._planned = False
            self._do(lambda services: services.checkup.start(list_id))
        else:
            self._plan_again(list_id)

    @action(
        "p",
        N_("pause"),
        N_("Stop for now: everything decided is kept, and enter goes on from there."),
        when=lambda screen: screen.shown and screen.shown.running_here,
        job=RUN,
    )
    def action_pause(self) -> None:
        if (list_id := self._list_id) is not None:
            self._do(lambda services: services.checkup.pause(list_id))

    @action(
        "x", N_("cancel"), N_("End the check-up for good."), when=lambda screen: screen.stoppable, job=RUN
    )
    def action_cancel(self) -> None:
        if (list_id := self._list_id) is not None:
            self._do(lambda services: services.checkup.cancel(list_id))

    @action(
        "i",
        N_("import"),
        N_(
            "Import a list: a CSV with a column of documents. The same file again brings the list up to date."
        ),
        first=True,
        job=LISTS,
    )
    def action_import(self) -> None:
        begun = "" if self._lists else self._sample
        if not self._choosing and self._progress.list is not None:
            begun = self._progress.list.path
        self.query_one(PathLine).ask("import", _("Import list:"), begun)

    @action(
        "R",
        N_("release"),
        N_("Run the commands that are held since unusually many members lost the contract; press twice."),
        when=_holds,
        job=RUN,
    )
    def action_release(self) -> None:
        if (list_id := self._list_id) is not None and self._twice(
            "release", list_id, words.release_again(self._progress.held)
        ):
            self._do(lambda services: services.checkup.release(list_id))

    @action(
        "X",
        N_("drop"),
        N_("Never run the commands that are held; press twice. The results stay."),
        when=_holds,
        job=RUN,
    )
    def action_drop_held(self) -> None:
        if (list_id := self._list_id) is not None and self._twice(
            "drop", list_id, words.drop_again(self._progress.held)
        ):
            self._do(lambda services: services.checkup.drop_held(list_id))

    @action("l", N_("lists"), N_("Choose another list."), when=lambda screen: screen.shown, job=LISTS)
    def action_lists(self) -> None:
        self._line.clear()
        self._list_id = None
        self._load()
        self._draw()
        self.table.focus()

    @action(
        "e",
        N_("export"),
        N_("Write the results to a .csv or .json file that only you can read; documents are whole in it."),
        first=True,
        when=lambda screen: screen.shown and screen.shown.decided,
        job=RESULTS,
    )
    def action_export(self) -> None:
        if self._progress.list is not None:
            source = Path(self._progress.list.path)
            target = source.with_name(f"{source.stem}-results.csv")
            self.query_one(PathLine).ask("export", _("Export to:"), str(target))

    @action(
        "slash",
        N_("filter"),
        N_("Show only members that hold every word typed: a name, an id, a result, a status, changed."),
        first=True,
        when=lambda screen: screen.shown and not screen.typing,
        job=FIND,
    )
    def action_filter(self) -> None:
        super().action_filter()

    @action(
        "D",
        N_("forget list"),
        N_("Forget the marked list and its results; press twice. The file stays."),
        line=False,
        when=lambda screen: screen.choosing_from,
        job=LISTS,
    )
    def action_forget(self) -> None:
        chosen = self._lists_table.item
        if chosen is None:
            return
        list_id = chosen.list.id
        again = _("Press again to forget {list} and its results.").format(list=chosen.list.name)
        if self._twice("forget", list_id, again):
            self._do(lambda services: services.checkup.drop(list_id))

    @action(
        "escape", N_("back"), N_("Leave the field, clear the filter, or go back."), line=False, job=RESULTS
    )
    def action_close(self) -> None:
        if (field := self.query_one(PathLine)).is_open:
            field.leave()
        elif not self.leave_filter() and self._choosing and self._progress.list is not None:
            self.open(self._progress.list.id)

    @work(group="checkup-do", exclusive=True, exit_on_error=False)
    async def _plan_again(self, list_id: int) -> None:
        await self._make_plan(list_id)

    def _twice(self, what: str, list_id: int, again: str) -> bool:
        """Tell whether it was pressed a second time; the first time `again` is said."""
        before, which, at = self._pressed
        if (before, which) == (what, list_id) and time.monotonic() - at < FORGET_SECONDS:
            self._pressed = ("", 0, 0.0)
            return True
        self._pressed = (what, list_id, time.monotonic())
        self.console.tell(again, severity="warning")
        return False

    @property
    def table(self) -> VirtualTable[Any]:
        """The members, or the lists to choose from."""
        return self._lists_table if self._choosing else self._members

    @on(VirtualTable.RowSelected)
    def _chosen(self, event: VirtualTable.RowSelected) -> None:
        event.stop()
        if self.check_action("start", ()):
            self.action_start()

    # -- what is typed

    @on(PathLine.Left)
    def _entered(self, event: PathLine.Left) -> None:
        event.stop()
        self.table.focus()
        if event.value and event.purpose == "import":
            self._import(event.value)
        elif event.value and event.purpose == "export":
            self._export(event.value)

    @work(group="checkup-do", exclusive=True, exit_on_error=False)
    async def _import(self, path: str) -> None:
        found = await self.asked(lambda services: services.checkup.import_file(path))
        if found is None:
            return
        row, imported = found
        self.console.tell(words.imported(row, imported), severity=words.import_severity(imported))
        self._lists = await self.asked(lambda services: services.checkup.lists()) or self._lists
        self.open(row.id)

    @work(group="checkup-do", exclusive=True, exit_on_error=False)
    async def _export(self, path: str) -> None:
        list_id, progress = self._list_id, self._progress
        if list_id is None:
            return
        people = self.console.settings.ui.csv_for_people
        source = "" if progress.list is None else progress.list.path

        async def write(services: Services) -> tuple[Path, int]:
            file = await asyncio.to_thread(export.target, path, source)
            rows = (await services.checkup.changes(list_id)).rows
            document = export.document_of(progress, progress.plan, rows)
            await asyncio.to_thread(export.write, file, rows, document, people=people)
            return file, len(rows)

        if (written := await self.asked(write)) is not None:
            file, count = written
            text = ngettext("{n} member written to {file}.", "{n} members written to {file}.", count)
            self.console.tell(text.format(n=number(count), file=file))
