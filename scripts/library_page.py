"""Keep `docs/library.md`: `update` writes it from the library's own docstrings; `check` fails when it fell behind."""

from __future__ import annotations

import ast
import inspect
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from hubsoft_tui import errors, library
from hubsoft_tui.api import models
from hubsoft_tui.core import types
from hubsoft_tui.services.customers import service

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import ModuleType

ROOT: Final = Path(__file__).resolve().parent.parent
NOTHING: Final = "–"
HEAD: Final = """\
# The library

<!-- Written by `make library` from the docstrings in hubsoft_tui. Edit those, not this page. -->

For programs beside the console: one engine in a background thread, with the token, the memory and the budget of every
program on this home. `hubsoft_tui` exports `HubSoft`, `AsyncHubSoft`, `Customer`, `Category`, `Priority`, `Settings`
and `HubSoftError`; everything else is imported from the module that its heading names.

```python
from hubsoft_tui import HubSoft, HubSoftError, Priority

with HubSoft.open() as hub:
    customer = hub.client_info("862.149.410-81")  # Customer, or None
    active = hub.client_info("862.149.410-81", full_data=False)  # bool
    found = hub.lookup("maria silva", priority=Priority.LOW, timeout=30.0)
```

```python
from hubsoft_tui import AsyncHubSoft

async with AsyncHubSoft.open() as hub:
    customer = await hub.client_info("862.149.410-81")
```
"""
CLIENTS: Final = ("HubSoft", "AsyncHubSoft")
ANSWERS: Final = ("Lookup", "Match")
CHOICES: Final = ("Priority", "Category", "Source")


def page() -> str:
    """Return the page as the docstrings want it."""
    parts = [HEAD, "## Clients", ""]
    known = _classes(library)
    for name in CLIENTS:
        parts += _client(known[name], known["_Client"])
    parts += ["## Answers", ""]
    for name in ANSWERS:
        parts += _record(_classes(service)[name], service)
    for name in CHOICES:
        parts += _choice(_classes(types)[name], types)
    parts += ["## Records", "", _about(models), ""]
    for each in _classes(models).values():
        if each.name != "Model":
            parts += _record(each, models)
    parts += [*_errors(), ""]
    return "\n".join(parts).rstrip() + "\n"


def problems(root: Path = ROOT) -> list[str]:
    """Say what keeps the page from being true; nothing when it is."""
    path = page_file(root)
    if not path.exists():
        return [f"{path.relative_to(root)} does not exist: run `make library`."]
    if path.read_text(encoding="utf-8") != page():
        return [f"{path.relative_to(root)} is older than the docstrings: run `make library`."]
    return []


def page_file(root: Path = ROOT) -> Path:
    """Return where the page is."""
    return root / "docs" / "library.md"


def _classes(module: ModuleType) -> dict[str, ast.ClassDef]:
    tree = ast.parse(inspect.getsource(module))
    return {each.name: each for each in tree.body if isinstance(each, ast.ClassDef)}


def _about(module: ModuleType) -> str:
    """Return what a module says beyond its first line."""
    return inspect.cleandoc(module.__doc__ or "").partition("\n\n")[2]


def _doc(node: ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) -> str:
    return ast.get_docstring(node) or ""


def _client(client: ast.ClassDef, base: ast.ClassDef) -> Iterator[str]:
    yield from (f"### {client.name}", "", _doc(client), "")
    overloads: dict[str, list[str]] = {}
    for each in (*base.body, *client.body):
        if not isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef) or each.name.startswith("_"):
            continue
        decorators = [ast.unparse(decorator) for decorator in each.decorator_list]
        if "overload" in decorators:
            overloads.setdefault(each.name, []).append(_signature(each))
            continue
        signatures = overloads.get(each.name) or [_signature(each, prop="property" in decorators)]
        yield from ("```python", *signatures, "```", "", _doc(each), "")


def _signature(function: ast.FunctionDef | ast.AsyncFunctionDef, *, prop: bool = False) -> str:
    word = "await " if isinstance(function, ast.AsyncFunctionDef) else ""
    returns = ast.unparse(function.returns) if function.returns else "None"
    if prop:
        return f"{function.name}: {returns}"
    arguments = ast.unparse(function.args).removeprefix("self, ").removeprefix("cls, ")
    return f"{word}{function.name}({'' if arguments in {'self', 'cls'} else arguments}) -> {returns}"


def _record(record: ast.ClassDef, module: ModuleType) -> Iterator[str]:
    yield from (f"### {record.name}", "", f"`{module.__name__}.{record.name}`: {_doc(record)}", "")
    yield from ("| field | type | what it is |", "|---|---|---|")
    for position, each in enumerate(record.body):
        if isinstance(each, ast.AnnAssign) and isinstance(each.target, ast.Name):
            yield _row(each.target.id, ast.unparse(each.annotation), _said(record.body, position))
        elif isinstance(each, ast.FunctionDef) and each.returns and not each.name.startswith("_"):
            yield _row(each.name, ast.unparse(each.returns), _doc(each))
    yield ""


def _choice(choice: ast.ClassDef, module: ModuleType) -> Iterator[str]:
    yield from (f"### {choice.name}", "", f"`{module.__name__}.{choice.name}`: {_doc(choice)}", "")
    lines = inspect.getsource(module).splitlines()
    for position, each in enumerate(choice.body):
        if isinstance(each, ast.Assign):
            beside = lines[each.lineno - 1].partition("  # ")[2]
            said = beside or _said(choice.body, position)
            yield f"- `{choice.name}.{ast.unparse(each.targets[0])}`" + (f": {said}" if said else "")
    yield ""


def _said(body: list[ast.stmt], position: int) -> str:
    """Return the docstring that follows a field."""
    after = body[position + 1] if position + 1 < len(body) else None
    if isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant):
        return inspect.cleandoc(str(after.value.value))
    return ""


def _row(name: str, kind: str, said: str) -> str:
    cells = (f"`{name}`", f"`{kind}`", said or NOTHING)
    return f"| {' | '.join(' '.join(cell.split()).replace('|', chr(92) + '|') for cell in cells)} |"


def _errors() -> Iterator[str]:
    yield from ("## Errors", "", (errors.__doc__ or "").partition("\n")[0], "")
    yield "From `hubsoft_tui.errors`. The number is the exit code of the commands."
    yield from ("", "```", _about(errors).rstrip(), "```", "")
    for each in _classes(errors).values():
        yield f"- `{each.name}`: {' '.join(_doc(each).split())}"


@click.group()
def main() -> None:
    """Keep the page of the library."""


@main.command()
def update() -> None:
    """Write the page."""
    page_file().write_text(page(), encoding="utf-8")
    click.echo(f"{page_file().relative_to(ROOT)} is written.")


@main.command()
def check() -> None:
    """Exit 1 when the page is not what the docstrings say."""
    if left := problems():
        click.echo("\n".join(left), err=True)
        sys.exit(1)
    click.echo("The page of the library: up to date.")


if __name__ == "__main__":
    main()
