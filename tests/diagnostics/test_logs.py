"""The log: readable lines, no personal data, one owner, several writers, never the terminal."""

from __future__ import annotations

import json
import logging
import os
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

import pytest

from hubsoft_tui.diagnostics import logs
from hubsoft_tui.errors import StoreError
from hubsoft_tui.settings.tree import LogSettings

log = logging.getLogger("hubsoft_tui.services.customers.service")


@pytest.fixture
def file(tmp_path: Path) -> Iterator[Path]:
    yield logs.configure(tmp_path / "state" / "logs")
    logs.close()


def test_an_event_is_one_readable_line(file: Path) -> None:
    log.info("Looked up %s in %.1f s", "a customer", 0.25)
    log.debug("not this")
    [line] = file.read_text().splitlines()
    assert line.endswith("Looked up a customer in 0.2 s")
    assert " INFO    hubsoft_tui.services.customers.service [" in line
    assert line[:4].isdigit()
    assert line[19] == "."


def test_only_its_owner_reads_it(file: Path) -> None:
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700


def test_a_log_that_cannot_be_written_is_said_with_its_name(tmp_path: Path) -> None:
    in_the_way = tmp_path / logs.FILE_NAME
    in_the_way.mkdir()
    with pytest.raises(StoreError, match=f"{logs.FILE_NAME} cannot be written"):
        logs.configure(tmp_path)


def test_a_pipe_in_its_place_keeps_none_waiting(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / logs.FILE_NAME)
    with pytest.raises(StoreError, match="cannot be written"):
        logs.configure(tmp_path)


def test_nothing_personal_or_secret_is_in_it(file: Path) -> None:
    log.warning("cpf %s, phone %s, %s", "862.149.410-81", "(37) 99999-2968", {"senha": "hunter2"})
    try:
        raise ValueError("86214941081 with password=hunter2")
    except ValueError:
        log.exception("It failed for %s", "joao.silva@provider.example", stack_info=True)
    text = file.read_text()
    for secret in ("862", "99999", "hunter2", "joao.silva"):
        assert secret not in text
    assert "ValueError" in text


def test_no_text_passes_for_an_event_or_moves_a_terminal(file: Path) -> None:
    log.info("name: %s", "x\n2026-01-01 00:00:00.000 ERROR forged\x1b]0;title\x07\x9b\u202e\ud800")
    try:
        raise ValueError("first\nsecond\x1b[31m")
    except ValueError:
        log.exception("failed")
    first, second, *trace = file.read_text().splitlines()
    assert "forged" in first
    assert second.endswith("failed")
    assert all(line.startswith("    ") for line in trace)
    assert not {"\x1b", "\x9b", "\u202e"} & set(file.read_text())


def test_a_message_that_cannot_be_built_is_not_fatal(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    log.info("%d", "text")
    assert "could not be built" in file.read_text()
    assert capsys.readouterr().err == ""


def test_the_http_librarys_addresses_stay_out(file: Path) -> None:
    for name in ("httpcore.http11", "httpcore.connection"):
        logging.getLogger(name).info("GET https://host/?termo_busca=1")
        logging.getLogger(name).warning("from %s", name)
    assert len(file.read_text().splitlines()) == 2
    assert "termo" not in file.read_text()


def test_the_terminal_is_left_alone_unless_asked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    try:
        logs.configure(tmp_path)
        log.error("one")
        assert capsys.readouterr().err == ""
        logs.configure(tmp_path, stderr=True)
        log.error("two of 862.149.410-81")
        shown = capsys.readouterr().err
    finally:
        logs.close()
    assert "two of ***.149.410-**" in shown
    assert len((tmp_path / logs.FILE_NAME).read_text().splitlines()) == 2


def test_after_closing_nothing_is_printed_by_the_last_resort(file: Path) -> None:
    code = (
        "import logging; from hubsoft_tui.diagnostics import logs\n"
        f"logs.configure(__import__('pathlib').Path({str(file.parent)!r})); logs.close()\n"
        "logging.getLogger('hubsoft_tui.x').error('late')\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr == ""


@pytest.fixture
def writer() -> Iterator[Callable[[Path], logging.Logger]]:
    """Return a maker of loggers to one small rotated file, each as a process of its own would have."""
    handlers = []

    def make(path: Path) -> logging.Logger:
        handler = logs.PrivateFile(path, max_bytes=1000, kept=3)
        handlers.append(handler)
        handler.setFormatter(logging.Formatter("%(message)s"))
        logger = logging.Logger("small")
        logger.addHandler(handler)
        return logger

    yield make
    for handler in handlers:
        handler.close()


def test_it_is_rotated_and_every_part_is_private(
    tmp_path: Path, writer: Callable[[Path], logging.Logger]
) -> None:
    logger = writer(tmp_path / "log")
    for number in range(400):
        logger.info("%08d", number)
    files = sorted(tmp_path.iterdir())
    assert [path.name for path in files] == ["log", "log.1", "log.2", "log.3"]
    assert all(stat.S_IMODE(path.stat().st_mode) == 0o600 for path in files)
    assert all(path.stat().st_size <= 1000 for path in files)


def test_two_writers_lose_nothing_to_each_others_rotation(
    tmp_path: Path, writer: Callable[[Path], logging.Logger]
) -> None:
    first, second = writer(tmp_path / "log"), writer(tmp_path / "log")
    for number in range(40):
        first.info("a%07d", number)
        second.info("b%07d", number)
    lines = [line for path in tmp_path.iterdir() for line in path.read_text().splitlines()]
    assert len(lines) == 80
    assert len(set(lines)) == 80


def test_a_log_that_cannot_be_written_stops_nothing(
    tmp_path: Path, writer: Callable[[Path], logging.Logger], capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "log"
    logger = writer(path)
    path.unlink()
    path.mkdir()
    logger.info("lost")
    assert capsys.readouterr().err == ""


def test_an_unwritable_folder_is_said_to_be_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="cannot be written"):
        logs.configure(tmp_path / "file" / "logs")


def test_in_json_every_event_is_one_object_and_as_private(tmp_path: Path) -> None:
    file = logs.configure(tmp_path, LogSettings(format="json"))
    try:
        log.info("cpf %s\x1b]0;t\x07", "862.149.410-81")
        log.info("sent", extra={"fields": {"status": 200, "term": "86214941081", "message": "other"}})
        log.info("%d", "text")
        try:
            raise ValueError("86214941081 with password=hunter2\nnext")
        except ValueError:
            log.exception("failed")
        log.info("name: x\n{}")
    finally:
        logs.close()
    lines = file.read_text().splitlines()
    events = [json.loads(line) for line in lines]
    assert [event["level"] for event in events] == ["info", "info", "info", "error", "info"]
    assert events[0]["part"] == "hubsoft_tui.services.customers.service"
    assert datetime.fromisoformat(events[0]["at"]).tzinfo is not None
    assert (events[1]["status"], events[1]["message"]) == (200, "sent")
    assert "could not be built" in events[2]["message"]
    assert "ValueError" in events[3]["error"]
    for secret in ("862.149", "86214941081", "hunter2", "\x1b", "\\u001b"):
        assert secret not in file.read_text()


def test_a_part_can_log_more_or_less_than_the_rest(tmp_path: Path) -> None:
    levels = {"services": "debug", "core": "error", "store": "same"}
    file = logs.configure(tmp_path, LogSettings(level="warning", levels=levels))
    try:
        for part in ("services.customers", "core.engine", "store.records", "screens.lookup"):
            logger = logging.getLogger(f"hubsoft_tui.{part}")
            logger.debug("a word of %s", part)
            logger.warning("a warning of %s", part)
    finally:
        logs.close()
    assert [line.rpartition("] ")[2] for line in file.read_text().splitlines()] == [
        "a word of services.customers",
        "a warning of services.customers",
        "a warning of store.records",
        "a warning of screens.lookup",
    ]
    assert logging.getLogger("hubsoft_tui.services").level == logging.NOTSET, "closing takes it back"


def test_the_settings_say_how_large_it_grows(tmp_path: Path) -> None:
    file = logs.configure(tmp_path, LogSettings(max_bytes=64 * 1024, kept_files=1))
    try:
        for number in range(3000):
            log.info("an event that takes a line of its own, number %d", number)
    finally:
        logs.close()
    assert sorted(path.name for path in tmp_path.iterdir()) == [file.name, f"{file.name}.1"]
    assert all(path.stat().st_size <= 64 * 1024 for path in tmp_path.iterdir())
