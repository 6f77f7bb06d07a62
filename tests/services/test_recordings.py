"""Recordings: read as written, small, whole after a kill, clear when damaged, and without a person in them."""

import os
import random
import zlib
from dataclasses import replace
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hubsoft_tui.core.types import (
    Badges,
    BudgetState,
    ClassLoad,
    Priority,
    RequestMark,
    SharedContact,
    SharedState,
    Waiting,
)
from hubsoft_tui.errors import InvalidInput, StoreError
from hubsoft_tui.services.hub import Hub
from hubsoft_tui.services.recordings import (
    TICKETS,
    Aliases,
    BoardFollower,
    RecordedBoard,
    RecordedFrame,
    Recorder,
    read_recording,
)
from hubsoft_tui.services.reports.figures import Sums
from hubsoft_tui.services.reports.types import BudgetUse, DayReport, LastHour, MinuteSums, SoFar
from hubsoft_tui.services.tickets.types import ChangeKind, Delta, SyncStatus, TicketState
from hubsoft_tui.simulator import Simulator
from hubsoft_tui.simulator.catalogue import STAFF
from hubsoft_tui.store.alerts import Alert
from tests.fuzzing import in_form
from tests.hubs import settings_for
from tests.screens.builders import WALL, request, snapshot
from tests.screens.tickets.fakes import change, ticket

counts = st.integers(0, 9999)
seconds = st.floats(0, 1e6, allow_nan=False)
rows = st.builds(
    lambda number, outcome, late: request(number, outcome=outcome, latency=late), counts,
    st.sampled_from(["ok", "timeout", ""]), st.none() | seconds,
)  # fmt: skip
snapshots = st.builds(
    lambda rows, used, marks, shared, course, badges: (
        Aliases()
        .frame(
            RecordedFrame(
                snapshot(
                    requests=rows,
                    budget=BudgetState(30, 30, 60.0, used, marks=tuple(marks), shared=shared),
                    badges=badges,
                    waiting={"BIANCA": Waiting(1, 2.0)},
                )
            )
        )
        .snapshot
    ),
    st.lists(rows, max_size=5),
    counts,
    st.lists(st.builds(RequestMark, seconds, st.sampled_from(Priority), st.booleans()), max_size=4),
    st.none() | st.builds(SharedState, st.sampled_from(SharedContact), seconds | st.just(float("inf"))),
    st.lists(seconds, max_size=4),
    st.builds(Badges, outbox=st.none() | counts, alerts=counts),
)
tickets = st.builds(
    lambda number, state, due, kind: Aliases().row(
        ticket(number, state=state, due_at=due, change=kind and change(number, ticket(number), kind))
    ),
    counts, st.sampled_from(TicketState), st.none() | seconds, st.none() | st.sampled_from(ChangeKind),
)  # fmt: skip
boards = st.builds(
    lambda rows, status: RecordedBoard(
        {row.id: row for row in rows}, tuple(row.change for row in rows if row.change), status
    ),
    st.lists(tickets, max_size=4),
    st.builds(SyncStatus, st.booleans(), st.none() | seconds),
)
frames = st.lists(
    st.builds(
        RecordedFrame,
        snapshots,
        st.none()
        | st.builds(
            lambda total, minutes: SoFar(
                DayReport(date(2026, 11, 26), 0.0, 1.0, Sums(questions=total)),
                LastHour(tuple(MinuteSums(at, Sums(requests=total)) for at in minutes)),
            ),
            counts,
            st.lists(seconds, max_size=3),
        ),
        st.lists(
            st.builds(Alert, counts, st.just("late"), seconds, seconds, seconds, seconds), max_size=2
        ).map(tuple),
        st.none() | boards,
    ),
    min_size=1,
    max_size=6,
)


def at(frame, second):
    return replace(frame, snapshot=replace(frame.snapshot, wall=WALL + second, at=100.0 + second))


def recorded(path: Path, frames):
    recorder = Recorder(path, WALL)
    for frame in frames:
        recorder.write(frame)
    recorder.close()
    return read_recording(path)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(frames)
def test_what_is_read_is_what_was_recorded(tmp_path, shown):
    path = tmp_path / "a.rec"
    path.unlink(missing_ok=True)
    shown = [at(frame, second) for second, frame in enumerate(shown)]
    found = recorded(path, shown)
    for frame in shown:
        place = found.place(frame.snapshot.wall)
        assert at(found.frame(place), 0) == at(frame, 0)
    assert found.frame(0) == shown[0]


def test_a_second_in_which_nothing_changed_is_not_written(tmp_path):
    frame = RecordedFrame(snapshot())
    assert len(recorded(tmp_path / "a.rec", [at(frame, second) for second in range(60)]).times) == 1


HEADER = b'{"hubsoft-tui":"recording","version":1,"began":1}'


def packed(*lines):
    return zlib.compress(b"".join(b"%s\t%08x\n" % (line, zlib.crc32(line)) for line in lines), wbits=31)


def busy(seconds):
    """Yield a busy time, second by second: a request every other second, and the trace of all of them."""
    dice = random.Random(12)
    rows: list[Any] = []
    marks: list[Any] = []
    course: list[Any] = []
    minutes = [MinuteSums(WALL - 60.0 * (60 - n), Sums(requests=n, questions=3 * n)) for n in range(60)]
    follower = BoardFollower(Aliases())
    followed = [ticket(number, customer=f"{dice.random()}") for number in range(400)]
    follower.hear(Delta(1, tuple(followed), whole=True), SyncStatus())
    board = follower.board()
    for second in range(seconds):
        if second % 60 == 30:
            news = [
                replace(row, change=change(second * 9 + n, row, at=WALL + second))
                for n, row in enumerate(dice.sample(followed, 9))
            ]
            changes = tuple(row.change for row in news if row.change is not None)
            follower.hear(Delta(second, tuple(news), changes=changes), SyncStatus(next_at=WALL + second + 60))
            board = follower.board()
        if second % 2 == 0:
            number = len(rows) + 1
            rows.append(request(number, at=WALL + second, latency=dice.random(), size=dice.randrange(9999)))
            marks.append(RequestMark(100.0 + second + dice.random(), Priority(dice.randrange(4))))
            course.append(rows[-1].latency)
        if second % 60 == 0:
            minutes = [*minutes[1:], MinuteSums(WALL + second, Sums())]
        marks = [mark for mark in marks if mark.at > 100.0 + second - 60]
        so_far = None
        if second % 5 == 0:
            minutes[-1] = replace(minutes[-1], sums=Sums(requests=second % 60, questions=second % 60 * 3))
            total = Sums(questions=3 * second, requests=second, saved=2 * second)
            so_far = SoFar(
                DayReport(date(2026, 11, 26), 0.0, 1.0, total),
                LastHour(tuple(minutes), (BudgetUse("ana", "console", (("lookup", second % 30),)),)),
            )
        yield at(
            RecordedFrame(
                snapshot(
                    requests=rows[-500:],
                    budget=BudgetState(
                        30, 30, 60.0, len(marks), marks=tuple(marks),
                        lanes=(ClassLoad(), ClassLoad(dice.randrange(3)), ClassLoad(), ClassLoad(2, dice.random())),
                    ),
                    api=replace(snapshot().api, course=tuple(course[-60:]), p50=dice.random(), p95=dice.random()),
                ),
                so_far,
                board=board,
            ),
            second,
        )  # fmt: skip


@pytest.mark.long
def test_a_busy_hour_is_at_most_a_megabyte(tmp_path):
    seconds = in_form(1200, 3600)
    path = tmp_path / "hour.rec"
    recorder = Recorder(path, WALL)
    last, aliases = None, Aliases()
    for frame in busy(seconds):
        last = aliases.frame(replace(frame, so_far=frame.so_far or (last.so_far if last else None)))
        recorder.write(last)
    recorder.close()
    assert path.stat().st_size <= 1_000_000 * seconds / 3600
    found = read_recording(path)
    assert len(found.times) == seconds
    assert found.frame(seconds - 1) == last


def test_what_was_recorded_before_a_kill_is_read(tmp_path):
    path = tmp_path / "a.rec"
    recorder = Recorder(path, WALL)
    for second in range(5):
        recorder.write(at(RecordedFrame(snapshot(requests_today=second)), second))
    killed = path.read_bytes()  # as it is on disk: the end of the stream was not written
    (tmp_path / "killed.rec").write_bytes(killed)
    (tmp_path / "torn.rec").write_bytes(killed[:-9])
    recorder.close()
    assert len(read_recording(tmp_path / "killed.rec").times) == 5
    assert len(read_recording(tmp_path / "torn.rec").times) == 4


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "no recording"),
        (b"name,document\n", "no recording"),
        (zlib.compress(b'{"a": 1}\n', wbits=31), "no recording"),
        (packed(b'{"a": 1}'), "no recording"),
        (packed(b"[]"), "no recording"),
        (packed(b'{"hubsoft-tui":"recording","version":9,"began":1}'), "another version"),
        (packed(HEADER), "nothing yet"),
        (packed(HEADER, b"[]"), "damaged"),
        (packed(HEADER, b'{"wall":1,"at":1,"edit":{"=":{"snapshot":{"serial":"x"}}}}'), "damaged"),
        (zlib.compress(b"x" * 9999, wbits=31)[:-9], "no recording"),
    ],
)
def test_a_foreign_or_damaged_file_is_told(tmp_path, data, said):
    path = tmp_path / "a.rec"
    path.write_bytes(data)
    with pytest.raises(InvalidInput, match=said):
        read_recording(path)


def frames_of(recording):
    return [recording.frame(place) for place in range(len(recording.times))]


def test_no_byte_of_a_recording_changes_unnoticed(tmp_path):
    path = tmp_path / "a.rec"
    whole = recorded(path, [at(RecordedFrame(snapshot(requests_today=n)), n) for n in range(3)])
    data = path.read_bytes()
    for place in range(10, len(data), 7):
        path.write_bytes(data[:place] + bytes([data[place] ^ 0x55]) + data[place + 1 :])
        try:
            found = frames_of(read_recording(path))
        except InvalidInput:
            continue
        assert found == frames_of(whole)[: len(found)]


def test_a_missing_file_and_an_existing_one_are_told(tmp_path):
    with pytest.raises(InvalidInput, match="There is no file"):
        read_recording(tmp_path / "none.rec")
    with pytest.raises(InvalidInput, match="cannot be read"):
        read_recording(tmp_path)
    (tmp_path / "a.rec").touch()
    with pytest.raises(InvalidInput, match="exists already"):
        Recorder(tmp_path / "a.rec", WALL)


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no /dev/full here")  # noqa: PTH110
def test_a_full_disk_is_a_sentence(tmp_path):
    recorder = Recorder(tmp_path / "a.rec", WALL)
    full = os.open("/dev/full", os.O_WRONLY)
    assert recorder._file is not None
    os.dup2(full, recorder._file)
    os.close(full)
    with pytest.raises(StoreError, match="disk is full"):
        recorder.write(RecordedFrame(snapshot()))
    recorder.close()


def test_the_board_is_followed_without_people():
    told = ticket(1, customer="BIANCA COUTO", responsible=("Sara", "Ana"), customer_document="86214941081")
    took = change(7, told, ChangeKind.RESPONSIBLE, before="Sara", after="Ana, Sara", by="Caíque")
    told = replace(told, type="SAC 86214941081", change=took)
    wrote = change(8, told, ChangeKind.MESSAGE, after="Bianca called again", by="Sara")
    follower = BoardFollower(Aliases())
    assert follower.board() is None
    follower.hear(Delta(3, (told,), changes=(took, wrote), whole=True), SyncStatus(trouble="Bianca!"))
    board = follower.board()
    row, (moved, said) = board.rows[1], board.changes
    assert (row.customer, row.responsible, row.type) == ("C-1", ("R-1", "R-2"), "SAC ***")
    assert (row.protocol, row.status, row.due_at) == (told.protocol, told.status, told.due_at)
    assert (row.customer_document, row.customer_code) == (None, None)
    assert (moved.before, moved.after, moved.by, moved.customer) == ("R-1", "R-2, R-1", "R-3", "C-1")
    assert (said.after, said.by, said.customer) == (None, "R-1", "C-1")
    assert board.status.trouble == ""
    assert follower.board() is board
    follower.hear(Delta(4, removed=(1,)), SyncStatus())
    assert not follower.board().rows


def test_of_very_many_tickets_the_open_and_the_newest_are_recorded(tmp_path):
    rows = [
        ticket(n, state=TicketState.OPEN if n % 2 else TicketState.CLOSED, customer=str(n))
        for n in range(4 * TICKETS)
    ]
    follower = BoardFollower(Aliases())
    follower.hear(Delta(1, tuple(rows), whole=True), SyncStatus())
    board = follower.board()
    assert sorted(board.rows) == list(range(1, 2 * TICKETS, 2))
    path = tmp_path / "a.rec"
    recorded(path, [RecordedFrame(snapshot(), board=board)])
    assert path.stat().st_size < 300_000


def asked(term, services):
    return services.customers.lookup(term)


def said(row):
    """Return the words of HubSoft's own lists in a ticket: a customer may be called as one of them."""
    return f"{row.type} {row.status}".split()


def test_no_customer_is_in_a_recording(tmp_path):
    with Simulator() as simulator:
        hub = Hub(settings_for(simulator, tmp_path), program="console")
        hub.start()
        path = tmp_path / "a.rec"
        recorder = Recorder(path, WALL)
        people = simulator.customers[:12]
        try:
            hub.call(lambda services: services.tickets.sync())
            with hub.watch():
                for person in people:
                    for term in (person.document, person.name, person.phone):
                        hub.call(partial(asked, term))
                    hub.call(recorder.look)
                    snapshots = iter(hub.snapshot, None)
                    recorder.take(next(each for each in snapshots if each.requests_today))
        finally:
            recorder.close()
            hub.close()
        text = zlib.decompress(path.read_bytes(), wbits=31).decode()
        assert len(read_recording(path).frame(0).board.rows) > 100
        words = {word for board in read_recording(path).frame(0).board.rows.values() for word in said(board)}
        for person in simulator.customers:
            for secret in (person.document, person.name, *person.name.split()[:1], person.phone):
                assert secret not in text or secret in words
        for name in STAFF.values():
            assert name.strip() not in text
