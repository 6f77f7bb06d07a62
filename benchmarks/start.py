"""Time to first paint, memory, and what a command costs: beside a bare Textual program, Python and httpx."""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks import fixture
from benchmarks.table import Table, ratio
from benchmarks.terminal import COLUMNS, ROWS, Start, Unpainted, start

ROOT = Path(__file__).resolve().parent.parent
DEMO = "hubsoft-tui --demo"
PROFILE = "hubsoft-tui, a profile of one's own"
BARE = "bare Textual (one Static)"
OTHERS = {"posting": ("posting",), "dolphie": ("dolphie", "--tab-setup")}
"""Programs people use, opened on nothing."""


@dataclass(frozen=True, slots=True)
class Figures:
    """Medians of several starts: milliseconds, MiB."""

    text: float
    painted: float
    memory: float


def run(*, quick: bool) -> list[Table]:
    """Start each program in turn, several times over."""
    rounds, weigh_at = (1, 1.5) if quick else (5, 5.0)
    commands: dict[str, Sequence[str]] = {
        BARE: (sys.executable, "-m", "benchmarks.bare"),
        DEMO: (sys.executable, "-m", "hubsoft_tui", "--demo"),
        PROFILE: (sys.executable, "-m", "hubsoft_tui"),
    }
    absent = [name for name in OTHERS if shutil.which(name) is None]
    commands |= {name: command for name, command in OTHERS.items() if name not in absent}
    starts: dict[str, list[Start]] = {name: [] for name in commands}
    failed: dict[str, str] = {}
    with fixture.home() as folder:
        environment = clean_environment(folder)
        for number in range(quick, rounds + 1):
            for name, command in commands.items():
                try:
                    seen = start(command, ROOT, environment, 0.0 if number == 0 else weigh_at)
                except Unpainted as error:
                    failed[name] = str(error)
                    continue
                if number:  # the first start finds nothing compiled and nothing in the disk's cache
                    starts[name].append(seen)
    painted = _table({name: _medians(seen) for name, seen in starts.items() if seen}, rounds, absent, failed)
    return [painted, _commands(3 if quick else 9)]


def _commands(rounds: int) -> Table:
    """Weigh what a command costs the processor, beside Python itself and beside httpx."""
    python, program = sys.executable, (sys.executable, "-m", "hubsoft_tui")
    with fixture.served(50) as served, fixture.home() as folder:
        environment = clean_environment(folder) | {
            "HUBSOFT_URL": served.profile.url,
            "HUBSOFT_CLIENT_ID": served.profile.client_id,
            "HUBSOFT_CLIENT_SECRET": served.profile.client_secret,
            "HUBSOFT_USERNAME": served.profile.username,
            "HUBSOFT_PASSWORD": served.profile.password,
        }
        lookup = (*program, "lookup", served.documents[0])
        commands: dict[str, Sequence[str]] = {
            "python -c pass": (python, "-c", "pass"),
            "python -c 'import httpx'": (python, "-c", "import httpx"),
            "hubsoft-tui --version": (*program, "--version"),
            "hubsoft-tui --help": (*program, "--help"),
            "hubsoft-tui lookup, from memory": lookup,
            "hubsoft-tui ticket list": (*program, "ticket", "list"),
            "hubsoft-tui lookup --refresh": (*lookup, "--refresh"),
        }
        _processor_seconds(lookup, environment)  # it is remembered from here on
        least = dict.fromkeys(commands, float("inf"))
        for _round in range(rounds):
            for name, command in commands.items():
                least[name] = min(least[name], _processor_seconds(command, environment))
    bare, httpx = least["python -c pass"], least["python -c 'import httpx'"]
    return Table(
        "Commands: processor time, user and system",
        ("", "ms", "of python -c pass", "of import httpx"),
        tuple(
            (name, f"{each * 1000:.0f}", ratio(each, bare), ratio(each, httpx))
            for name, each in least.items()
        ),
        (
            (
                f"The least of {rounds} runs in turn, with compiled bytecode; the simulator is a process of its own. "
                "Aim on a quiet machine: 80 ms for --version and --help, 250 ms for an answer from memory or from the "
                "mirror, 450 ms for one from HubSoft."
            ),
        ),
    )


def _processor_seconds(command: Sequence[str], environment: dict[str, str]) -> float:
    with subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL) as process:
        _pid, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"{command} ended with {process.returncode}")
    return used.ru_utime + used.ru_stime


def clean_environment(folder: Path) -> dict[str, str]:
    """Return an environment in which every program finds a new home, a colourful terminal and no proxy.

    The profile leads nowhere: nothing is asked before a person asks.
    """
    kept = {name: value for name, value in os.environ.items() if name in {"PATH", "VIRTUAL_ENV", "TMPDIR"}}
    home = str(folder)
    return {
        **kept,
        "HOME": home,
        "HUBSOFT_TUI_HOME": home,
        "LANG": "C.UTF-8",
        "TERM": "xterm-256color",
        "COLORTERM": "truecolor",
        "HUBSOFT_URL": "http://127.0.0.1:9",
        "HUBSOFT_CLIENT_ID": "1",
        "HUBSOFT_CLIENT_SECRET": "-",
        "HUBSOFT_USERNAME": "bench",
        "HUBSOFT_PASSWORD": "-",
    }


def _medians(starts: Sequence[Start]) -> Figures:
    return Figures(
        statistics.median(seen.first_text for seen in starts) * 1000,
        statistics.median(seen.painted for seen in starts) * 1000,
        statistics.median(seen.memory for seen in starts),
    )


def _table(figures: dict[str, Figures], rounds: int, absent: list[str], failed: dict[str, str]) -> Table:
    base = figures.get(BARE, Figures(0, 0, 0))
    rows = tuple(
        (
            name,
            f"{each.text:.0f}",
            ratio(each.text, base.text),
            f"{each.painted:.0f}",
            ratio(each.painted, base.painted),
            f"{each.memory:.1f}",
            ratio(each.memory, base.memory),
        )
        for name, each in figures.items()
    )
    about = (
        f"Medians of {rounds} starts in turn. First text: something to read. Painted: 90 % of the characters of the"
        " settled screen stand where they stay; on the demo the simulator is up by then, and its customers are"
        " offered. Memory: resident, children included. Aim: painted at most 2x, memory at most 1.6x on a profile and"
        " 1.8x on the demo."
    )
    notes = [about]
    if absent:
        notes.append(f"Not installed, so not measured: {', '.join(absent)}.")
    notes += [f"{name} could not be measured: {reason}." for name, reason in failed.items()]
    return Table(
        f"Start, in a pseudo-terminal of {COLUMNS}x{ROWS}",
        ("", "first text ms", "ratio", "painted ms", "ratio", "memory MiB", "ratio"),
        rows,
        tuple(notes),
    )
