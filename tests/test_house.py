"""The house keeps its order: no circles among rooms, one class for one name, nouns for modules, plain words."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
import textual.widgets

from scripts import map as house_map

pytestmark = pytest.mark.xdist_group("house")  # each file is read and parsed once

ROOT = Path(__file__).resolve().parent.parent
PRODUCT = [
    ROOT / "app.py",
    *(path for top in ("hubsoft_tui", "widgets") for path in (ROOT / top).rglob("*.py")),
]
EVERYTHING = sorted(
    [*PRODUCT, *(path for top in ("tests", "scripts", "benchmarks") for path in (ROOT / top).rglob("*.py"))]
)
PERSONS = re.compile(
    "|".join(
        rf"\b{word}\b"
        # Written apart, so that this file is searched like any other.
        for word in ("no" + "body", "some" + "body", "who" + "ever", "who" + "m", "of " + "ours", "by " + "itself",
                     "mean" + "while", "for " + "ever")
    ),
    re.IGNORECASE,
)  # fmt: skip
NOUNS = {"feed", "listing", "paging", "standing", "tuning"}
"""What a module may be named though it ends as verbs do."""
DRAWN = "what is drawn takes values, sends messages and is tested without a screen"
RESOURCE = "a resource of the API has a file, its request beside its answer"
ROOM = "tables of a database have a file, with their migrations"
MACHINES = "a port to the shared server: apart, so that each is read and tested alone"
ALONE = {
    "hubsoft_tui.api.invoices": RESOURCE,
    "hubsoft_tui.shared.flights": MACHINES,
    "hubsoft_tui.shared.news": MACHINES,
    "hubsoft_tui.shared.outages": MACHINES,
    "hubsoft_tui.shared.tokens": MACHINES,
    "hubsoft_tui.store.reports": ROOM,
    "widgets.checkup": DRAWN,
    "widgets.monitor.lately": DRAWN,
    "widgets.monitor.panels": DRAWN,
    "widgets.monitor.verdict": DRAWN,
    "widgets.report": DRAWN,
    "widgets.tuning": DRAWN,
}
"""Modules that exactly one of another folder imports, and why they do not live with it."""
TEXTUALS = {
    "CommandPalette", "Container", "Horizontal", "ModalScreen", "Screen", "Toast", "ToastRack", "Vertical",
    "VerticalScroll",
}  # fmt: skip
"""What the style sheets dress that is Textual's and none of its `widgets`."""
PLAIN = (
    "app.py", "benchmarks", "scripts", "widgets", "hubsoft_tui/__init__.py", "hubsoft_tui/__main__.py",
    "hubsoft_tui/_version.py", "hubsoft_tui/api", "hubsoft_tui/cli", "hubsoft_tui/core",
    "hubsoft_tui/diagnostics", "hubsoft_tui/errors.py", "hubsoft_tui/flags.py", "hubsoft_tui/formats.py",
    "hubsoft_tui/library.py", "hubsoft_tui/privacy.py", "hubsoft_tui/screens", "hubsoft_tui/services/alerts",
    "hubsoft_tui/services/checkup", "hubsoft_tui/services/container.py", "hubsoft_tui/services/hub.py",
    "hubsoft_tui/services/reports",
    "hubsoft_tui/services/serial_thread.py", "hubsoft_tui/services/storage.py", "hubsoft_tui/services/tuning",
    "hubsoft_tui/settings", "hubsoft_tui/simulator", "hubsoft_tui/store", "hubsoft_tui/terminal",
    "hubsoft_tui/texts.py", "tests/api", "tests/benchmarks", "tests/cli", "tests/clocks.py",
    "tests/conftest.py", "tests/core", "tests/diagnostics", "tests/e2e", "tests/fuzzing.py", "tests/hubs.py",
    "tests/raw_server.py", "tests/screens", "tests/scripts", "tests/services/alerts", "tests/services/checkup",
    "tests/services/reports", "tests/services/test_absence.py", "tests/services/test_hub.py",
    "tests/services/test_losses.py", "tests/services/test_metrics.py",
    "tests/services/test_outages.py", "tests/services/test_supervisor.py",
    "tests/services/test_trace.py", "tests/services/test_wire.py", "tests/services/tuning", "tests/settings",
    "tests/simulator", "tests/snapshots", "tests/store", "tests/strangers.py", "tests/terminal", "tests/test_app.py",
    "tests/test_first_screen.py", "tests/test_formats.py", "tests/test_house.py", "tests/test_imports.py",
    "tests/test_library.py", "tests/test_own_modules.py", "tests/test_privacy.py", "tests/test_project.py",
    "tests/virtual.py", "tests/widgets",
)  # fmt: skip
"""What is written in plain words: a room is added here once it is."""


def test_rooms_and_modules_import_each_other_in_no_circle() -> None:
    house = house_map.draw()
    assert (house.circles, house.module_circles) == ((), ())


def test_what_one_module_imports_lives_with_it_or_has_a_reason() -> None:
    assert {name for name, _user in house_map.draw().apart} == set(ALONE)


def test_a_circle_would_be_found() -> None:
    graph = {"a": {"b"}, "b": {"c"}, "c": {"a", "d"}, "d": {"d"}, "e": {"a"}}
    assert house_map.find_circles(graph) == (("a", "b", "c"),)


def test_a_class_name_stands_once() -> None:
    names = Counter(
        node.name for path in PRODUCT for node in _tree(path).body if isinstance(node, ast.ClassDef)
    )
    assert {name for name, count in names.items() if count > 1} == set()


def test_modules_are_nouns() -> None:
    last = {str(path.relative_to(ROOT)): path.stem.rpartition("_")[2] for path in PRODUCT}
    verbs = {name for name, word in last.items() if word.endswith(("ing", "ed")) and word not in NOUNS}
    assert verbs == set()


def test_every_style_dresses_a_class_that_exists() -> None:
    ours = {node.name for path in PRODUCT for node in _tree(path).body if isinstance(node, ast.ClassDef)}
    dressed: set[str] = set()
    for sheet in (ROOT / "styles").glob("*.tcss"):
        rules = re.sub(r"/\*.*?\*/", "", sheet.read_text(encoding="utf-8"), flags=re.DOTALL)
        for selector in re.findall(r"([^{};]+)\{", rules):
            dressed.update(re.findall(r"(?<![\w.#$&:-])[A-Z]\w+", selector))
    strangers = {name for name in dressed - ours if not hasattr(textual.widgets, name)}
    assert strangers <= TEXTUALS


def test_the_walks_name_files_that_exist() -> None:
    walk = (
        (ROOT / "docs" / "how-it-works.md")
        .read_text(encoding="utf-8")
        .partition("## A CPF")[2]
        .partition("\n## ")[0]
    )
    folder, missing = Path(), set()
    for line in walk.splitlines():
        for name in re.findall(r"`([a-z_/]+\.py)`", line):
            top = ROOT if name.startswith("widgets/") else ROOT / "hubsoft_tui"
            folder = (top / name).parent if "/" in name else folder
            if not (folder / Path(name).name).is_file() and not (top / name).is_file():
                missing.add(name)
    assert missing == set()
    assert "core/engine.py" in walk


@pytest.mark.parametrize("room", PLAIN)
def test_the_subject_is_a_thing(room: str) -> None:
    found = {
        f"{path.relative_to(ROOT)}:{line}: {match[0]}"
        for path in EVERYTHING
        if path.is_relative_to(ROOT / room)
        for line, text in _said_to_readers(path)
        for match in PERSONS.finditer(text)
    }
    assert sorted(found) == []


@cache
def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def _apart(text: str) -> str:
    """Return the words of names one by one."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])|_", " ", text)


def _said_to_readers(path: Path) -> Iterator[tuple[int, str]]:
    """Yield (line, text) of names, comments, docstrings and log messages; what people see is not looked at."""
    source = path.read_text(encoding="utf-8")
    if not PERSONS.search(" ".join(_apart(source).split())):
        return
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            yield token.start[0], token.string
        elif token.type == tokenize.NAME:
            yield token.start[0], _apart(token.string)
    for node in ast.walk(_tree(path)):
        text: ast.expr | None = None
        if isinstance(node, ast.Expr):
            text = node.value
        elif isinstance(node, ast.Call) and _is_of_logger(node.func) and node.args:
            text = node.args[0]
        if isinstance(text, ast.Constant) and isinstance(text.value, str):
            yield text.lineno, " ".join(text.value.split())


def _is_of_logger(called: ast.expr) -> bool:
    return (
        isinstance(called, ast.Attribute)
        and isinstance(called.value, ast.Name)
        and called.value.id == "logger"
    )
