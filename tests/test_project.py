"""The repository as a whole: it names no machine and no secret, and what its papers say is true."""

from __future__ import annotations

import fnmatch
import re
import subprocess
import sys
import tomllib
from importlib.metadata import requires
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from hubsoft_tui import __version__
from hubsoft_tui.cli import main as cli
from hubsoft_tui.settings import layers as settings_layers
from scripts import library_page, settings_page

ROOT = Path(__file__).resolve().parent.parent
IGNORED = [line.rstrip("/") for line in (ROOT / ".gitignore").read_text(encoding="utf-8").split() if line]
PAPERS = ["README.md", "README.pt-BR.md", "CONTRIBUTING.md"]
PAPERS += [path.relative_to(ROOT).as_posix() for path in sorted((ROOT / "docs").glob("*.md"))]
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))

# Patterns that do not match themselves, so that this file is searched like any other.
NEVER = {
    "a package registry": r"pypi[.]org|python[h]osted[.]org|--(?:extra-)?index[-]url|--find[-]links|npm[j]s[.]",
    "a path of one machine": r"(?<![\w.:/])/(?:work|root|opt|Users)/\w",
    "a private key": r"BEGIN [A-Z ]*PRIVATE[ ]KEY",
    "an access key": r"AKIA[0-9A-Z]{16}|gh[pousr]_[A-Za-z0-9]{36}|glpat-[\w-]{20}",
    "a token": r"eyJ[\w-]{16,}\.[\w-]{16,}\.[\w-]{16,}",
}


def project_files() -> list[Path]:
    """Every file that belongs to the project: all but what .gitignore and git itself keep out."""
    found: list[Path] = []
    folders = [ROOT]
    while folders:
        for path in sorted(folders.pop().iterdir()):
            if path.name == ".git" or any(fnmatch.fnmatch(path.name, pattern) for pattern in IGNORED):
                continue
            if path.is_dir():
                folders.append(path)
            else:
                found.append(path)
    return found


def text_of(path: Path) -> str:
    return path.read_bytes().decode("utf-8", "replace")


@pytest.mark.parametrize("what", NEVER)
def test_no_file_holds(what: str) -> None:
    pattern = re.compile(NEVER[what])
    found = {
        f"{path.relative_to(ROOT)}: {match[0]}"
        for path in project_files()
        for match in pattern.finditer(text_of(path))
    }
    assert not found


def test_the_search_sees_the_project() -> None:
    names = {path.relative_to(ROOT).as_posix() for path in project_files()}
    assert {
        "Makefile",
        ".ci/run",
        "hubsoft_tui/cli/main.py",
        "tests/test_project.py",
        "pyproject.toml",
    } <= names
    assert not any(name.startswith(".venv/") or "__pycache__" in name for name in names)


def test_the_changelog_tells_of_this_version() -> None:
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert re.search(rf"^## \[{re.escape(__version__)}\]", changelog, re.MULTILINE)


def test_every_requirement_is_pinned_and_the_pin_fits() -> None:
    pins = {}
    for line in (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            pin = Requirement(line)
            assert pin.url is None
            ((operator, version),) = ((each.operator, each.version) for each in pin.specifier)
            assert operator == "=="
            pins[canonicalize_name(pin.name)] = version
    groups = [PYPROJECT["project"]["dependencies"], *PYPROJECT["project"]["optional-dependencies"].values()]
    for wanted in map(Requirement, (line for group in groups for line in group)):
        assert wanted.specifier.contains(pins[canonicalize_name(wanted.name)], prereleases=True), wanted


def test_what_requirements_require_is_pinned_too() -> None:
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pinned = {canonicalize_name(Requirement(line).name) for line in lines if line and line[0] != "#"}
    waiting = [Requirement(line).name for line in PYPROJECT["project"]["dependencies"]]
    seen: set[str] = set()
    while waiting:
        name = canonicalize_name(waiting.pop())
        if name in seen:
            continue
        seen.add(name)
        for line in requires(name) or []:
            needed = Requirement(line)
            if needed.marker is None or needed.marker.evaluate({"extra": ""}):
                waiting.append(needed.name)
    assert seen <= pinned


def test_every_module_stands_on_a_floor() -> None:
    contracts = PYPROJECT["tool"]["importlinter"]["contracts"]
    layers = " ".join(next(each["layers"] for each in contracts if each["type"] == "layers"))
    placed = set(re.findall(r"hubsoft_tui\.(\w+)", layers)) | {"__init__", "__main__", "simulator"}
    there = {path.stem for path in (ROOT / "hubsoft_tui").glob("*.py")}
    there |= {path.parent.name for path in (ROOT / "hubsoft_tui").glob("*/__init__.py")}
    assert there == placed


@pytest.mark.parametrize("paper", PAPERS)
def test_what_the_papers_say_to_type_exists(paper: str) -> None:
    said = (ROOT / paper).read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    code = "\n".join(re.findall(r"```.*?```|`[^`\n]+`", said, re.DOTALL))
    assert set(re.findall(r"\bmake ([a-z][a-z-]*)", code)) <= targets
    commands = set(re.findall(r"\bhubsoft-tui ((?!.*=)[a-z]+)\b", code))
    assert commands <= set(cli.hubsoft.commands)


@pytest.mark.parametrize("paper", PAPERS)
def test_files_that_the_papers_name_exist(paper: str) -> None:
    said = (ROOT / paper).read_text(encoding="utf-8")
    named = {link for link in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", said) if "://" not in link}
    assert {name for name in named if not (ROOT / paper).parent.joinpath(name).exists()} == set()


@pytest.mark.parametrize("paper", PAPERS)
def test_headings_that_the_papers_point_at_exist(paper: str) -> None:
    said = (ROOT / paper).read_text(encoding="utf-8")
    for name, anchor in re.findall(r"\]\(([^)#:]*)#([^)]+)\)", said):
        other = (ROOT / paper).parent.joinpath(name) if name else ROOT / paper
        headings = re.findall(r"^#+ (.+)$", other.read_text(encoding="utf-8"), re.MULTILINE)
        assert anchor in {re.sub(r"[^\w -]", "", each).lower().replace(" ", "-") for each in headings}


@pytest.mark.parametrize("paper", [paper for paper in PAPERS if "BENCHMARKS" not in paper])
def test_settings_that_the_papers_name_exist(paper: str) -> None:
    said = (ROOT / paper).read_text(encoding="utf-8")
    sections = "|".join(map(re.escape, settings_layers.sections()))
    known = {*settings_layers.known_settings(), *settings_layers.inner_tables()}
    named = set(re.findall(rf"`((?:{sections})\.[a-z_.]+)(?: = [^`]+)?`", said))
    assert {name for name in named if not name.endswith(".py")} <= known


def test_the_page_of_settings_is_what_their_rules_say() -> None:
    assert settings_page.problems(ROOT) == []


def test_the_page_of_the_library_is_what_its_docstrings_say() -> None:
    assert library_page.problems(ROOT) == []


def test_the_hooks_run_what_make_runs() -> None:
    hooks = (ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8")
    for path in re.findall(r"(?:scripts|tests)/\w+\.py", hooks):
        assert (ROOT / path).exists()
    ran = subprocess.run(
        [sys.executable, "-m", "pre_commit", "validate-config", ".pre-commit-config.yaml"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (ran.returncode, ran.stdout + ran.stderr) == (0, "")


def test_the_portuguese_readme_tells_what_the_english_one_does() -> None:
    english, portuguese = (text_of(ROOT / name) for name in ("README.md", "README.pt-BR.md"))
    commands = set(re.findall(r"^hubsoft-tui (\w+)", english, re.MULTILINE))
    assert len(commands) > 10
    assert commands - set(re.findall(r"^hubsoft-tui (\w+)", portuguese, re.MULTILINE)) == set()
    pages = set(re.findall(r"\((docs/\w[\w-]*\.md)\)", english)) - {"docs/shared.md"}
    assert pages - set(re.findall(r"\((docs/\w[\w-]*\.md)\)", portuguese)) == set()
    calls = set(re.findall(r"hub\.\w+\(", english))
    assert calls - set(re.findall(r"hub\.\w+\(", portuguese)) == set()
    assert portuguese.count("\n- ") >= english.count("\n- ")
