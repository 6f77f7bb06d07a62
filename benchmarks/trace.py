"""What the trace costs: a question on the engine's hot path with and without it, a row on disk, a day added up."""

from __future__ import annotations

import random
import time
from dataclasses import replace
from datetime import date
from pathlib import Path

from benchmarks import fixture
from benchmarks.hit import awaited
from benchmarks.table import Table
from hubsoft_tui.core.telemetry.trace import QuestionRow, SentRow
from hubsoft_tui.core.types import Category, Outcome, Priority
from hubsoft_tui.services.container import Services
from hubsoft_tui.services.customers import questions
from hubsoft_tui.services.customers.terms import recognise
from hubsoft_tui.services.hub import Hub
from hubsoft_tui.services.reports.aggregate import add_up, stretch
from hubsoft_tui.settings.tree import Settings, TraceSettings
from hubsoft_tui.store.database import open_database
from hubsoft_tui.store.trace_reader import MIGRATIONS
from hubsoft_tui.store.trace_writer import TraceStore

DAY = date(2026, 11, 23)
BATCH = 1000
ROUNDS = 3


def asking(settings: Settings, document: str, calls: int) -> float:
    """Microseconds for one question answered from memory, in the engine's loop; the best of a few rounds."""

    async def inside(services: Services) -> float:
        question = questions.customer(recognise(document))
        await services.engine.ask(question)
        return await awaited(lambda: services.engine.ask(question), calls)

    hub = Hub(settings)
    hub.start()
    try:
        return hub.call(inside)
    finally:
        hub.close()


def compared(settings: Settings, document: str, calls: int) -> tuple[float, float]:
    """Ask with and without a trace in turn, so that both meet the same machine; return the best of each."""
    untraced = replace(settings, trace=TraceSettings(enabled=False))
    with_trace, without = float("inf"), float("inf")
    for _round in range(ROUNDS):
        without = min(without, asking(untraced, document, calls))
        with_trace = min(with_trace, asking(settings, document, calls))
    return without, with_trace


def rows_of(count: int) -> tuple[list[QuestionRow], list[SentRow]]:
    """One day: `count` questions of many customers, a fifth of which cost a request."""
    dice = random.Random(1)
    since = stretch(DAY).since
    asked, sent = [], []
    for number in range(count):
        at = since + 86_000 * number / count
        miss = dice.random() < 0.2
        outcome = Outcome.MISS if miss else Outcome.HIT
        category = dice.choice(tuple(Category))
        asked.append(
            QuestionRow(
                at, category, dice.getrandbits(63), Priority.HIGH, outcome, dice.random() * 3600, "lookup"
            )
        )
        if miss:
            sent.append(
                SentRow(
                    at, "cliente", Priority.HIGH, "lookup", 1, 0.1, dice.random(), 200, 2048, "ok", asked=True
                )
            )
    return asked, sent


def filed(path: Path, count: int) -> tuple[float, float, float, float]:
    """Write a day; return rows a second, bytes a row, seconds to add it up, and seconds to pass over its points."""
    asked, sent = rows_of(count)
    database = open_database(path, MIGRATIONS)
    store = TraceStore(database, "bench")
    began = time.perf_counter()
    for start in range(0, len(asked), BATCH):
        store.write(asked[start : start + BATCH], [], person="bench")
    writing = time.perf_counter() - began
    database.read("PRAGMA wal_checkpoint(TRUNCATE)")
    size = path.stat().st_size
    store.write([], sent, person="bench")
    began = time.perf_counter()
    add_up(store, stretch(DAY))
    adding = time.perf_counter() - began
    began = time.perf_counter()
    for _point in store.points(0.0, 1e11):
        pass
    passing = time.perf_counter() - began
    database.close()
    return count / writing, size / count, adding, passing


def run(*, quick: bool) -> list[Table]:
    """Measure the hot path, the file and the report."""
    calls, count = (300, 5_000) if quick else (10_000, 200_000)
    with fixture.served(50) as served, fixture.home() as folder:
        without, with_trace = compared(fixture.unlimited(served.profile, folder), served.documents[0], calls)
    with fixture.home() as folder:
        speed, size, adding, passing = filed(folder / "trace.db", count)
    rows = (
        ("a question from memory, no trace", f"{without:.2f} us"),
        ("a question from memory, traced", f"{with_trace:.2f} us"),
        ("so the trace costs a question", f"{with_trace - without:.2f} us"),
        ("written, in batches of 1000", f"{speed:,.0f} rows/s"),
        ("on disk", f"{size:.1f} bytes/row"),
        (f"a day of {count:,} questions added up", f"{adding * 1000:.0f} ms"),
        (f"a pass over {count:,} questions", f"{passing * 1000:.0f} ms"),
    )
    note = (
        f"The first two are the best of {ROUNDS} rounds of {calls:,} questions each, in turn, in the engine's own loop;"
        " writing goes on in a thread. A trace of 1,000,000 questions takes about 44 MB."
    )
    return [Table("Trace: what it costs", ("", "figure"), rows, (note,))]
