from hubsoft_tui.core.types import Outcome
from hubsoft_tui.screens.demo_history import DAYS, record
from hubsoft_tui.settings.tree import Profile
from hubsoft_tui.store.database import open_database
from hubsoft_tui.store.trace_reader import MIGRATIONS, TraceReader

ALL = (0.0, 1e11)


def test_two_weeks_are_written_for_the_demos_account_and_end_before_today(tmp_path):
    profile = Profile("demo", "http://127.0.0.1:1")
    record(tmp_path / "trace.db", profile, lambda: False)
    database = open_database(tmp_path / "trace.db", MIGRATIONS)
    reader = TraceReader(database, profile.account)
    rows, sent = list(reader.questions(*ALL)), list(reader.sent(*ALL))
    database.close()
    assert len(rows) > 5000
    assert (DAYS - 1) * 86_400 < rows[-1].at - rows[0].at < DAYS * 86_400
    assert len(sent) == sum(row.outcome is Outcome.MISS for row in rows)
    assert any(row.changed for row in rows)


def test_a_demo_that_ends_stops_it(tmp_path):
    calls = iter([False, True])
    record(tmp_path / "trace.db", Profile("demo"), lambda: next(calls))
    database = open_database(tmp_path / "trace.db", MIGRATIONS)
    assert TraceReader(database, Profile("demo").account).count()[0] == 500
    database.close()
