"""Tests side by side, in forks of the process that has read them: `-n7`; `-n0` runs them in this process.

Reading 4,600 tests takes seconds of processor time: it is done once, and a worker more costs nothing. Each takes the
next tests when it has ended its own. Those of one file that are marked `together("name")` are one worker's, in order.
"""

from __future__ import annotations

import os
import struct
import sys
import traceback
from collections.abc import Iterable, Iterator
from multiprocessing import connection
from typing import Any, Final, NoReturn, cast

import pytest
from _pytest.capture import CaptureManager
from _pytest.terminal import TerminalReporter

NUMBER: Final = struct.Struct("i")
EARLY: Final = 0.7
"""Up to where in the order the groups stand: they mostly wait, and the rest must fill what they wait."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Take the number of workers."""
    # Pytest keeps small letters for itself; this one is known from pytest-xdist.
    parser.getgroup("general")._addoption(
        "-n", dest="workers", type=int, default=0, help="how many forks run tests"
    )


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop(session: pytest.Session) -> bool | None:
    """Run the tests in forks, if there are to be several."""
    option = session.config.option
    if option.workers < 2 or option.collectonly or option.usepdb or session.testsfailed:
        return None
    Forks(session).run(min(option.workers, len(session.items)))
    return True


def in_groups(items: Iterable[pytest.Item]) -> list[list[pytest.Item]]:
    """Return the tests in their order, with groups spread over the first part of it, the largest first."""
    alone: list[list[pytest.Item]] = []
    groups: dict[str, list[pytest.Item]] = {}
    for item in items:
        mark = item.get_closest_marker("together")
        if mark is None:
            alone.append([item])
        else:
            groups.setdefault(mark.args[0], []).append(item)
    largest = sorted(groups.values(), key=len, reverse=True)
    for place, group in reversed(list(enumerate(largest))):
        alone.insert(int(place * EARLY * len(alone) / len(largest)), group)
    return alone


class Forks:
    """The workers, seen from the process that waits for them."""

    def __init__(self, session: pytest.Session) -> None:
        self._session, self._config = session, session.config
        self._groups = in_groups(session.items)
        self._places = {item.nodeid: item.location for item in session.items}
        self._queue, self._more = os.pipe()
        self._died: list[str] = []

    def run(self, number: int) -> None:
        """Fork, hand out the tests and pass on what is reported, until every worker has ended."""
        self._config._tmp_path_factory.getbasetemp()  # type: ignore[attr-defined]
        sys.stdout.flush()
        sys.stderr.flush()
        reporter = cast("TerminalReporter", self._config.pluginmanager.getplugin("terminalreporter"))
        reporter.showfspath = False
        running = dict(self._forked(each) for each in range(number))
        os.close(self._queue)
        waiting = iter(range(len(self._groups)))
        self._hand_out(waiting, 2 * number)
        try:
            while running:
                for line in connection.wait(list(running)):
                    try:
                        news = cast("connection.Connection", line).recv()
                    except EOFError:
                        self._ended(running.pop(cast("connection.Connection", line)))
                        continue
                    if news is None:
                        self._hand_out(waiting, 1)
                    else:
                        self._pass_on(*news)
        finally:
            for pid in running.values():
                os.kill(pid, 9)
        self._nothing_is_forgotten()

    def _forked(self, number: int) -> tuple[connection.Connection, int]:
        heard, told = connection.Pipe(duplex=False)
        pid = os.fork()
        if pid == 0:
            heard.close()
            os.close(self._more)
            Worker(self._config, self._queue, told).work(self._groups, number)
        told.close()
        return heard, pid

    def _hand_out(self, waiting: Iterator[int], number: int) -> None:
        """Put so many groups where workers take them; at the end, or after the last failure allowed, say so."""
        stop = self._session.shouldfail or self._session.shouldstop
        for _ in range(number):
            group = None if stop else next(waiting, None)
            if group is None:
                if self._more >= 0:
                    os.close(self._more)
                    self._more = -1
                return
            os.write(self._more, NUMBER.pack(group))

    def _pass_on(self, nodeid: str, reports: list[dict[str, Any]]) -> None:
        """Tell pytest of a test as if it had run here."""
        hook = self._config.hook
        hook.pytest_runtest_logstart(nodeid=nodeid, location=self._places[nodeid])
        for data in reports:
            report = hook.pytest_report_from_serializable(config=self._config, data=data)
            hook.pytest_runtest_logreport(report=report)
        hook.pytest_runtest_logfinish(nodeid=nodeid, location=self._places.pop(nodeid))

    def _ended(self, pid: int) -> None:
        _, status = os.waitpid(pid, 0)
        if code := os.waitstatus_to_exitcode(status):
            self._died.append(f"worker {pid} ended with {code}")

    def _nothing_is_forgotten(self) -> None:
        """Fail what a worker took with it; stop as pytest does."""
        if self._session.shouldfail:
            raise self._session.Failed(self._session.shouldfail)
        if self._session.shouldstop:
            raise self._session.Interrupted(self._session.shouldstop)
        for nodeid, place in list(self._places.items()):
            why = f"did not come to its end: {', '.join(self._died) or 'no worker took it'}"
            report = pytest.TestReport(nodeid, place, {}, "failed", why, "call")
            self._config.hook.pytest_runtest_logreport(report=report)


class Worker:
    """A fork, seen from inside."""

    def __init__(self, config: pytest.Config, queue: int, line: connection.Connection) -> None:
        self._config, self._queue, self._line = config, queue, line
        self._reports: list[dict[str, Any]] = []

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Keep what is to be told of the test."""
        data = self._config.hook.pytest_report_to_serializable(config=self._config, report=report)
        self._reports.append(data)

    def work(self, groups: list[list[pytest.Item]], number: int) -> NoReturn:
        """Run tests until none is left, and end."""
        status = 1
        try:
            self._settle(number)
            group = self._taken(groups)
            while group:
                following = self._taken(groups)
                for item, after in zip(group, [*group[1:], *following[:1], None], strict=False):
                    self._run(item, after)
                group = following
            status = 0
        except KeyboardInterrupt:
            status = 2
        except BaseException:
            traceback.print_exc(file=sys.__stderr__)
        finally:
            os._exit(status)

    def _settle(self, number: int) -> None:
        """Have what a process has of its own: captured streams, a folder, no say in the terminal."""
        manager = self._config.pluginmanager
        capture = cast("CaptureManager", manager.getplugin("capturemanager"))
        capture.stop_global_capturing()
        capture.start_global_capturing()
        # What explains a failed comparison asks this writer for its colours.
        reporter = cast("TerminalReporter", manager.getplugin("terminalreporter"))
        reporter._tw._file = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115, PTH123 - to the end
        manager.register(self, "fork")
        factory: pytest.TempPathFactory = self._config._tmp_path_factory  # type: ignore[attr-defined]
        factory._basetemp = factory.getbasetemp() / f"w{number}"
        factory._basetemp.mkdir()

    def _taken(self, groups: list[list[pytest.Item]]) -> list[pytest.Item]:
        """Take the next group; an empty one says that none is left."""
        number = os.read(self._queue, NUMBER.size)
        if not number:
            return []
        self._line.send(None)
        return groups[NUMBER.unpack(number)[0]]

    def _run(self, item: pytest.Item, following: pytest.Item | None) -> None:
        self._reports = []
        self._config.hook.pytest_runtest_protocol(item=item, nextitem=following)
        self._line.send((item.nodeid, self._reports))
