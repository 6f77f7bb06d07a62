"""One budget for all processes on a home: exact over their sum, in one order, whichever process dies or freezes."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from msgspec import structs

from hubsoft_tui.core.clock import SystemClock
from hubsoft_tui.core.limiter.gate import Permit, QueuePlace
from hubsoft_tui.core.limiter.ledger import Limits, QueueHead
from hubsoft_tui.core.types import Priority
from tests.core.limiter.gating import Process, enter_all, settle, worst_window
from tests.virtual import VirtualClock, run

ONE = Limits(per_window=1, caps=(1, 1, 1, 1), low_minimum=0)
ROOT = Path(__file__).parents[3]


def entering(process: Process, priority: Priority) -> asyncio.Task[Permit]:
    return asyncio.ensure_future(process.gate.enter(QueuePlace(priority)))


def told(
    home: Path, story: Callable[[VirtualClock, list[Process]], Awaitable[None]], limits: Limits = ONE
) -> None:
    """Run `story` with three processes on one home."""

    async def whole(clock: VirtualClock) -> None:
        processes = [Process(home, clock, limits) for _ in range(3)]
        await story(clock, processes)
        for process in processes:
            await process.leave()

    run(whole)


def test_the_order_is_one_over_all_processes(tmp_path: Path) -> None:
    async def story(clock: VirtualClock, processes: list[Process]) -> None:
        first, second, third = processes
        order: list[str] = []

        async def one(process: Process, name: str, priority: Priority) -> None:
            permit = await process.gate.enter(QueuePlace(priority))
            order.append(name)
            permit.done()

        (await first.gate.enter(QueuePlace(Priority.CRITICAL))).done()
        asked = [
            (first, "low", Priority.LOW),
            (second, "high 1", Priority.HIGH),
            (third, "high 2", Priority.HIGH),
            (second, "high 3", Priority.HIGH),
            (first, "high 4", Priority.HIGH),
            (third, "critical", Priority.CRITICAL),
        ]
        tasks = []
        for process, name, priority in asked:
            tasks.append(asyncio.ensure_future(one(process, name, priority)))
            await clock.sleep(0.1)
        await asyncio.gather(*tasks)
        assert order == ["critical", "high 1", "high 2", "high 3", "high 4", "low"]

    told(tmp_path, story)


def test_low_is_paced_and_counted_over_all_processes(tmp_path: Path) -> None:
    async def story(clock: VirtualClock, processes: list[Process]) -> None:
        permits = await asyncio.gather(*(entering(process, Priority.LOW) for process in processes))
        waits = sorted(permit.waited for permit in permits)
        assert waits == pytest.approx([0.0, 60 / 22, 120 / 22], abs=0.1)
        assert {process.gate.state().used for process in processes} == {3}
        assert sum(mark.mine for mark in processes[0].gate.state().marks) == 1

    told(tmp_path, story, Limits())


def test_accounts_do_not_share(tmp_path: Path) -> None:
    async def story(clock: VirtualClock, processes: list[Process]) -> None:
        await enter_all(processes[0].gate, Priority.HIGH)
        other = Process(tmp_path, clock, ONE, account="another")
        assert (await other.gate.enter(QueuePlace(Priority.HIGH))).waited == 0.0
        await other.leave()

    told(tmp_path, story)


def test_a_429_pauses_every_process(tmp_path: Path) -> None:
    async def story(clock: VirtualClock, processes: list[Process]) -> None:
        assert processes[0].gate.limited(20.0)
        await settle()
        assert not processes[1].gate.limited(20.0)
        assert (await processes[2].gate.enter(QueuePlace(Priority.CRITICAL))).waited == pytest.approx(
            20.0, abs=0.1
        )
        assert {process.gate.state().limit for process in processes} == {24}

    told(tmp_path, story, Limits())


def test_what_the_dead_hold_and_wait_for_is_given_back(tmp_path: Path) -> None:
    async def story(clock: VirtualClock, processes: list[Process]) -> None:
        dead, living, _ = processes
        await dead.gate.enter(QueuePlace(Priority.HIGH, lease=600.0))
        waiting = entering(dead, Priority.CRITICAL)
        dead.tasks.add(waiting)  # type: ignore[arg-type]
        survivor = entering(living, Priority.LOW)
        await clock.sleep(10.0)
        assert not survivor.done()
        dead.die()
        # Noticed within a second; from then on, a window.
        assert (await survivor).waited == pytest.approx(70.0, abs=1.1)
        assert {owner for owner, _ in living.port.read().queue} == set()
        processes[0] = Process(tmp_path, clock, ONE)

    told(tmp_path, story)


def test_a_frozen_waiter_is_passed_over_but_not_forgotten(tmp_path: Path) -> None:
    async def story(clock: VirtualClock, processes: list[Process]) -> None:
        frozen, living, _ = processes
        head = QueueHead(frozen.port.owner, Priority.CRITICAL, clock.now(), 1, clock.now())
        frozen.port.update(lambda ledger, _now: (ledger.posting(head.owner, [head], refresh=0.0), None))
        assert (await living.gate.enter(QueuePlace(Priority.HIGH))).waited == pytest.approx(3.0, abs=0.1)
        assert frozen.port.read().queue[head.owner, Priority.CRITICAL] == head

    told(tmp_path, story)


def test_an_older_waiter_elsewhere_delays_no_request_that_fits(tmp_path: Path) -> None:
    async def story(clock: VirtualClock, processes: list[Process]) -> None:
        slow, quick, _ = processes
        head = QueueHead(slow.port.owner, Priority.CRITICAL, clock.now() - 1.0, 2, clock.now())
        slow.port.update(lambda ledger, _now: (ledger.posting(head.owner, [head], refresh=0.0), None))
        assert (await quick.gate.enter(QueuePlace(Priority.CRITICAL))).waited == 0.0
        waiting = entering(quick, Priority.CRITICAL)
        await clock.sleep(2.0)
        assert not waiting.done()
        assert (await waiting).waited == pytest.approx(3.0, abs=0.1)

    told(tmp_path, story, Limits(per_window=3, caps=(3, 3, 3, 3), low_minimum=0))


def test_the_log_survives_a_restart(tmp_path: Path) -> None:
    async def story(clock: VirtualClock, processes: list[Process]) -> None:
        (await processes[0].gate.enter(QueuePlace(Priority.HIGH))).done()
        for process in processes:
            await process.leave()
        await clock.sleep(10.0)
        processes[:] = [Process(tmp_path, clock, ONE)]
        assert (await processes[0].gate.enter(QueuePlace(Priority.HIGH))).waited == pytest.approx(
            50.0, abs=0.1
        )

    told(tmp_path, story)


def test_after_a_reboot_what_was_sent_counts_as_sent_now(tmp_path: Path) -> None:
    async def story(clock: VirtualClock, processes: list[Process]) -> None:
        (await processes[0].gate.enter(QueuePlace(Priority.HIGH))).done()
        for process in processes:
            process.die()
        clock.reboot()
        clock.step_wall(-1e6)
        processes[:] = [Process(tmp_path, clock, ONE)]
        assert processes[0].gate.state().used == 1
        assert (await processes[0].gate.enter(QueuePlace(Priority.HIGH))).waited == pytest.approx(
            60.0, abs=0.1
        )

    told(tmp_path, story)


def counting(process: Process) -> list[float]:
    """Return the instants of the process's transactions, as they come."""
    taken, plain = list[float](), process.port.update

    def counted(step):
        taken.append(process.port._clock.now())
        return plain(step)

    process.port.update = counted  # type: ignore[method-assign]
    return taken


def test_requests_that_come_apart_take_one_transaction_each_and_their_ends_go_with_the_next(
    tmp_path: Path,
) -> None:
    async def story(clock: VirtualClock, processes: list[Process]) -> None:
        process, watcher, _ = processes
        taken, ends = counting(process), list[float]()
        for _ in range(6):
            permit = await process.gate.enter(QueuePlace(Priority.HIGH))
            await clock.sleep(0.5)
            permit.done()
            ends.append(clock.now())
            await clock.sleep(4.0)
        # Half a window after the first end the driver told once what was there by then.
        assert len(taken) <= 7
        await clock.sleep(26.1)
        assert [slot.done for slot in watcher.port.read().slots.values()] == ends
        idle = len(taken)
        await clock.sleep(300.0)
        assert len(taken) == idle

    told(tmp_path, story, Limits())


def test_an_end_that_was_not_told_frees_no_slot_early_when_its_process_is_killed(tmp_path: Path) -> None:
    async def story(clock: VirtualClock, processes: list[Process]) -> None:
        dead, living, _ = processes
        permit = await dead.gate.enter(QueuePlace(Priority.HIGH))
        await clock.sleep(10.0)
        permit.done()
        await clock.sleep(5.0)
        dead.die()
        waiting = entering(living, Priority.HIGH)
        assert (await waiting).waited == pytest.approx(60.0, abs=0.1)
        processes[0] = Process(tmp_path, clock, ONE)

    told(tmp_path, story)


def test_a_waiter_is_announced_each_second_an_empty_queue_never(tmp_path: Path) -> None:
    async def story(clock: VirtualClock, processes: list[Process]) -> None:
        process, watcher, _ = processes
        (await process.gate.enter(QueuePlace(Priority.HIGH))).done()
        looks = counting(process)
        waiting = entering(process, Priority.HIGH)
        await settle()
        before = next(iter(watcher.port.read().queue.values()))
        await clock.sleep(50.0)
        assert len(looks) <= 53
        after = next(iter(watcher.port.read().queue.values()))
        assert structs.replace(after, seen=before.seen) == before
        assert clock.now() - after.seen <= 2.0
        (await waiting).done()
        await clock.sleep(31.0)
        looks.clear()
        await clock.sleep(1000.0)
        assert not looks

    told(tmp_path, story)


def worker(home: Path, mode: str, per_window: int, window: float) -> subprocess.Popen[str]:
    command = [
        sys.executable,
        "-m",
        "tests.core.limiter.gate_worker",
        str(home),
        mode,
        str(per_window),
        str(window),
    ]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)


def test_real_processes_keep_the_promise_through_kill_and_stop(tmp_path: Path) -> None:
    per_window, window = 10, 0.5
    workers = [worker(tmp_path, "spend", per_window, window) for _ in range(4)]
    try:
        for each in workers:
            assert each.stdout is not None
            each.stdout.readline()
        time.sleep(0.6)
        workers[0].kill()
        time.sleep(0.3)
        workers[1].send_signal(signal.SIGSTOP)
        time.sleep(0.8)
        workers[1].send_signal(signal.SIGCONT)
        time.sleep(0.6)
    finally:
        for each in workers:
            each.kill()
    notes = [each.communicate()[0].splitlines() for each in workers]
    arrivals = [float(line) for lines in notes for line in lines]
    assert len(arrivals) > 2 * per_window
    assert worst_window(arrivals, window) <= per_window


async def test_the_place_of_a_killed_process_is_given_back(tmp_path: Path) -> None:
    hoarder = worker(tmp_path, "hoard", 2, 0.3)
    assert hoarder.stdout is not None
    assert hoarder.stdout.readline() == "full\n"
    survivor = Process(
        tmp_path, SystemClock(), Limits(per_window=2, window=0.3, caps=(2, 2, 2, 2), low_minimum=0)
    )
    waiting = entering(survivor, Priority.LOW)
    await asyncio.sleep(0.1)
    assert not waiting.done()
    hoarder.kill()
    hoarder.communicate()
    # Its permits were leased for ten minutes, and it was first in the line.
    async with asyncio.timeout(30):
        await waiting
    await survivor.leave()
