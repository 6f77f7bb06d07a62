"""Liveness is a lock the kernel drops."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from hubsoft_tui.errors import StoreError
from hubsoft_tui.store.process_liveness import ProcessLiveness

SCRIPT = """
import sys, time
from pathlib import Path
from hubsoft_tui.store.process_liveness import ProcessLiveness
liveness = ProcessLiveness(Path(sys.argv[1]))
print(liveness.owner, flush=True)
time.sleep(60)
"""


def test_two_in_one_process_are_two_owners_alive_to_each_other(tmp_path: Path) -> None:
    one, two = ProcessLiveness(tmp_path), ProcessLiveness(tmp_path)
    assert one.owner != two.owner
    assert one.dead([two.owner, one.owner]) == set()
    two.close()
    two.close()
    assert one.dead([two.owner]) == {two.owner}
    one.close()


def test_a_stopped_process_is_alive_and_a_killed_one_is_not(tmp_path: Path) -> None:
    mine = ProcessLiveness(tmp_path)
    child = subprocess.Popen([sys.executable, "-c", SCRIPT, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    owner = child.stdout.readline().strip()
    assert mine.dead([owner]) == set()
    child.send_signal(signal.SIGSTOP)
    assert mine.dead([owner]) == set()
    child.kill()
    child.communicate()
    assert mine.dead([owner]) == {owner}
    assert not (tmp_path / f"{owner}.alive").exists()
    mine.close()


def test_what_the_dead_left_is_removed_and_the_living_stay(tmp_path: Path) -> None:
    living = ProcessLiveness(tmp_path)
    (tmp_path / "0123456789abcdef.alive").touch()
    ProcessLiveness(tmp_path).close()
    assert [path.stem for path in tmp_path.iterdir()] == [living.owner]
    living.close()
    assert list(tmp_path.iterdir()) == []


def test_files_and_folder_are_private(tmp_path: Path) -> None:
    liveness = ProcessLiveness(tmp_path / "state" / "alive")
    assert (tmp_path / "state" / "alive").stat().st_mode & 0o777 == 0o700
    assert (tmp_path / "state" / "alive" / f"{liveness.owner}.alive").stat().st_mode & 0o777 == 0o600
    liveness.close()


def test_a_newborn_whose_file_was_taken_for_stale_tries_again(tmp_path: Path, monkeypatch) -> None:
    plain = os.open
    removed: list[Path] = []

    def hasty(path, flags, mode=0o777, **where):
        opened = plain(path, flags, mode, **where)
        if flags & os.O_CREAT and not removed:
            removed.append(path)
            path.unlink()
        return opened

    monkeypatch.setattr(os, "open", hasty)
    liveness = ProcessLiveness(tmp_path)
    other = ProcessLiveness(tmp_path)
    assert removed
    assert other.dead([liveness.owner]) == set()
    liveness.close()
    other.close()


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StoreError, match="file"):
        ProcessLiveness(tmp_path / "file" / "alive")


def test_who_is_alone_notices_at_once_who_comes_and_goes(tmp_path: Path) -> None:
    one = ProcessLiveness(tmp_path)
    os.utime(tmp_path, (1.0, 1.0))  # so long ago that the look is remembered
    assert one.alone()
    assert one.alone()
    two = ProcessLiveness(tmp_path)
    assert not one.alone()
    two.close()
    assert one.alone()
    one.close()
