"""Rubbish in one cell of any table of a home: nothing that reads it fails, and a person is told what was lost."""

from __future__ import annotations

import shutil
import sqlite3
import stat
import time
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hubsoft_tui.core.clock import Clock, SystemClock
from hubsoft_tui.services.hub import Hub
from hubsoft_tui.services.outbox.types import NewTicket
from hubsoft_tui.services.outbox.wire import draft_of
from hubsoft_tui.services.serial_thread import SerialThread
from hubsoft_tui.services.storage import State, open_reports, open_state
from hubsoft_tui.services.tickets import queries
from hubsoft_tui.services.tickets.types import BoardState
from hubsoft_tui.settings.tree import Settings
from hubsoft_tui.simulator import Simulator
from hubsoft_tui.store.drafts import KeptDraft
from hubsoft_tui.store.losses import LossBook, loss_text
from hubsoft_tui.store.mirror import Mirror, writing
from hubsoft_tui.store.state import Recent
from hubsoft_tui.store.tuning import Move
from tests.fuzzing import examples
from tests.hubs import BIANCA, documents, settings_for

RUBBISH = (
    "NULL", "'x'", "x'00ff'", "9223372036854775807", "-1", "1e999", "1.5", "99", "4102444800000", "'{broken'", "''",
    "'[]'", "'2026-13-45'", "cast(x'fffe' AS TEXT)", "'../../outbox.db'", "char(27) || '[31m'",
    "replace(hex(zeroblob(2000)), '0', '[')",
    "replace(hex(zeroblob(700)), '0', '[') || replace(hex(zeroblob(700)), '0', ']')",
    "cast('{}' AS BLOB)",
)  # fmt: skip


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> tuple[Settings, Path]:
    """A home on which each part of the program has worked: its settings, and where it is."""
    home = tmp_path_factory.mktemp("home")
    with Simulator(customers=60, tickets=12, latency=(0.0, 0.0)) as simulator:
        settings = settings_for(simulator, home)
        hub = Hub(settings, background=False)
        hub.start()
        try:
            hub.call(lambda services: worked(services, home, documents(simulator, 8)))
        finally:
            hub.close()
    with open_state(settings, SystemClock()) as state:
        fill(state)
    return settings, home


async def worked(services: Any, home: Path, members: list[str]) -> None:
    await services.customers.lookup(BIANCA)
    await services.tickets.sync()
    ticket = (await services.tickets.rows())[0]
    await services.tickets.detail(ticket.id)
    await services.tickets.keep_board(BoardState())
    (home / "members.csv").write_text("cpf\n" + "\n".join(members))
    (row, _imported) = await services.checkup.import_file(home / "members.csv")
    await services.checkup.start(row.id)
    await services.checkup.wait(row.id)
    draft = NewTicket(7001, "Sem acesso", "Bianca", "37999992968")
    await services.outbox.put_all([await services.outbox.check(draft)] * 2)


def fill(state: State) -> None:
    """Write what only people and bad days bring."""
    now = time.time()
    values: dict[str, Any] = {"description": "x"}
    state.drafts.write([KeptDraft(f"open {n}", "open", "B", BIANCA, values, now, 1) for n in range(2)])
    state.tuning.add([Move(now, "cache.client_data_ttl", 1800, 3600, "me", "why")] * 2)
    state.tuning.take_turn(now, 10.0)
    state.tuning.count_renewed("2026-11-26", spent=1, saved=2)
    state.tuning.stop(now)
    state.recent.remember(Recent(BIANCA, "Bianca", BIANCA, active=True, at=now))
    state.recent.audit("revealed", "x", "me", now)
    state.alerts.begin("api_down", value=1.0, limit=2.0, evidence=1.0, letter=lambda _alert: "{}")


def read_all(state: State, settings: Settings, clock: Clock) -> None:
    """Read what screens, commands and the engine read of each file."""
    state.ports.permits.follow()
    state.ports.permits.read()
    state.ports.tokens.load()
    state.recent.recent()
    state.recent.trail(0.0, 1e11)
    with closing(state.mirror()) as mirror:
        for row in queries.rows(mirror, mirror.followed()):
            repr(queries.detail(mirror, row.id))
        queries.delta(mirror, 0)
        queries.due_changes(mirror, 0)
        queries.board_of(mirror, "x")
        repr((mirror.statuses(0.0), mirror.labels(), mirror.due(0.0, back=10, ahead=10), mirror.earliest()))
        with writing(mirror) as draft:
            assert draft.number() > 0
    stores = state.checkups
    for each in stores.overviews():
        stores.checkups.members(each.list.id)
        if (run := stores.checkups.last_run(each.list.id)) is not None:
            list(stores.decisions.decisions(run.id))
            stores.decisions.counts(run.id)
    stores.rosters.sizes()
    stores.notices.pending()
    stores.notices.take(0.0)
    state.drafts.all()
    repr((state.tuning.moves(), state.tuning.last(), state.tuning.renewed("2026-11-26")))
    state.tuning.stopped_until()
    repr((state.alerts.holding(), state.alerts.recent(9), state.alerts.version(), state.alerts.claim(1.0)))
    state.outbox.recover(lambda row: row)
    for entry in state.outbox.rows():
        draft_of(entry)
    repr((state.outbox.due(), state.outbox.next_due(), state.outbox.tickets()))
    with closing(open_reports(settings, clock)) as reports:
        repr((reports.overview(reports.today()), reports.hour(), reports.last_answer()))


def cells(home: Path) -> list[tuple[str, str, str]]:
    """Name each column of each table that holds something: file, table, column."""
    found = []
    for file in sorted([*(home / "state").glob("*.db"), *(home / "cache").glob("*.db")]):
        with closing(sqlite3.connect(file)) as connection:
            for (table,) in connection.execute(
                "SELECT name FROM sqlite_master WHERE type = 'table'"
            ).fetchall():
                if connection.execute(f'SELECT count(*) FROM "{table}"').fetchone()[0]:
                    columns = connection.execute(f'PRAGMA table_info("{table}")').fetchall()
                    found += [(str(file.relative_to(home)), table, column[1]) for column in columns]
    return found


def spoil(file: Path, table: str, column: str, rubbish: str) -> bool:
    """Put rubbish into one cell; False where the table itself does not take it."""
    with closing(sqlite3.connect(file, isolation_level=None)) as connection:
        keys = [row[1] for row in connection.execute(f'PRAGMA table_info("{table}")') if row[5]] or ["rowid"]
        names = ", ".join(f'"{key}"' for key in keys)
        first = f'SELECT {names} FROM "{table}" LIMIT 1'
        try:
            changed = connection.execute(
                f'UPDATE "{table}" SET "{column}" = {rubbish} WHERE ({names}) = ({first})'
            )
        except sqlite3.Error:
            return False
        return changed.rowcount == 1


@examples(12, 2000)
@given(data=st.data())
def test_rubbish_in_a_cell_ends_nothing(base, tmp_path_factory, data):
    settings, whole = base
    home = tmp_path_factory.mktemp("spoilt")
    shutil.copytree(whole, home, dirs_exist_ok=True)
    name, table, column = data.draw(st.sampled_from(cells(whole)))
    rubbish = data.draw(st.sampled_from(RUBBISH))
    spoilt = spoil(home / name, table, column, rubbish)
    mine = replace(settings, home=str(home))
    for _again in range(2):
        with open_state(mine, SystemClock()) as state:
            read_all(state, mine, SystemClock())
    losses = [loss for loss in LossBook([home / "state", home / "cache"]).open() if loss.kind == "rows"]
    assert len(losses) <= spoilt
    for loss in losses:
        assert Path(loss.file).name == Path(name).name
        with closing(sqlite3.connect(loss.aside)) as aside:
            assert aside.execute(f'SELECT count(*) FROM "{table}"').fetchone()[0] == loss.rows
    shutil.rmtree(home)


@pytest.mark.parametrize(
    ("cell", "rubbish"),
    [
        (("state/tickets.db", "ticket", "opened_at"), "'yesterday'"),
        (("state/tickets.db", "ticket", "state"), "7"),
        (("state/checkups.db", "member", "known"), "'perhaps'"),
        (("state/drafts.db", "draft", "content"), "'{broken'"),
        (("state/tuning.db", "move", "before"), "'{broken'"),
        (("state/outbox.db", "entry", "draft"), "'not a draft'"),
        (("state/state.db", "recent", "name"), "cast(x'fffe' AS TEXT)"),
    ],
)
def test_one_row_that_cannot_be_read_is_set_aside_alone_and_told(base, tmp_path, cell, rubbish):
    settings, whole = base
    name, table, column = cell
    shutil.copytree(whole, tmp_path, dirs_exist_ok=True)
    before = count(tmp_path / name, table)
    assert spoil(tmp_path / name, table, column, rubbish)
    mine = replace(settings, home=str(tmp_path))
    with open_state(mine, SystemClock()) as state:
        read_all(state, mine, SystemClock())
        (loss,) = state.losses.open()
    assert (loss.kind, loss.rows, Path(loss.file).name) == ("rows", 1, Path(name).name)
    assert stat.S_IMODE(Path(loss.aside).stat().st_mode) == 0o600
    assert "could not be read" in str(loss_text(loss))
    assert count(tmp_path / name, table) == before - 1
    assert count(Path(loss.aside), table) == 1


@pytest.mark.parametrize(
    ("table", "column", "rubbish"), [("slot", "started", "'x'"), ("budget", "throttle", "'{'")]
)
def test_a_budget_with_one_bad_cell_is_lost_so_that_nothing_is_overspent(
    base, tmp_path, table, column, rubbish
):
    settings, whole = base
    shutil.copytree(whole, tmp_path, dirs_exist_ok=True)
    assert spoil(tmp_path / "state" / "budget.db", table, column, rubbish)
    with open_state(replace(settings, home=str(tmp_path)), SystemClock()) as state:
        (loss,) = state.losses.open()
        assert loss.kind == "damaged"
        assert state.ports.permits.read().throttle.lost_at is not None


async def test_a_row_that_becomes_rubbish_while_its_file_is_open_is_taken_out_then(base, tmp_path):
    settings, whole = base
    shutil.copytree(whole, tmp_path, dirs_exist_ok=True)
    with open_state(replace(settings, home=str(tmp_path)), SystemClock()) as state:
        thread = SerialThread("tickets", state.mirror, SystemClock(), closed=Mirror.close)

        async def opened() -> list[float]:
            return await thread.run(
                lambda mirror: sorted(each.opened_at or 0.0 for each in mirror.followed())
            )

        before = await opened()
        file = tmp_path / "state" / "tickets.db"
        with closing(sqlite3.connect(file, isolation_level=None)) as connection:
            connection.execute("UPDATE ticket SET opened_at = 'x' WHERE opened_at = ?", (before[0],))
        assert await opened() == before[1:]
        assert [loss.kind for loss in state.losses.open()] == ["rows"]
        await thread.close()


def count(file: Path, table: str) -> int:
    with closing(sqlite3.connect(file)) as connection:
        return int(connection.execute(f'SELECT count(*) FROM "{table}"').fetchone()[0])
