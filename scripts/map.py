"""Print the map of the house: rooms, floors, arrows, circles, and modules that only one other uses.

`python scripts/map.py [-v]`. A room is what stands at the top: each child of `hubsoft_tui`, `widgets` and `app`.
`-v` names each module that only one other uses, from another folder and not to put parts together.
"""

from __future__ import annotations

import ast
import sys
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import click
import grimp

ROOT: Final = Path(__file__).resolve().parent.parent
PACKAGES: Final = ("hubsoft_tui", "widgets")
FRONT: Final = "hubsoft_tui"
"""The package's own names are imported when they are used: its root points at no room."""

ROOTS: Final = frozenset({"app", "hubsoft_tui.__main__", "hubsoft_tui.services.container"})
"""Where parts are put together: each is named there once, and lives elsewhere by its nature."""

Graph = Mapping[str, set[str]]


@dataclass(frozen=True, slots=True)
class HouseMap:
    """What the imports say. Each graph maps a name to the names it imports."""

    files: int
    lines: int
    at_root: tuple[str, ...]
    """Modules beside the rooms of `hubsoft_tui`."""
    rooms: Graph
    modules: Graph
    floors: tuple[tuple[str, ...], ...]
    """Rooms by floor, the lowest first."""
    circles: tuple[tuple[str, ...], ...]
    """Rooms that import each other, directly or around."""
    module_circles: tuple[tuple[str, ...], ...]
    single: tuple[tuple[str, str], ...]
    """Modules that exactly one other imports, and that other."""

    @property
    def apart(self) -> list[tuple[str, str]]:
        """Those of `single` whose user is in another folder and puts no parts together."""
        return [
            (name, user)
            for name, user in self.single
            if user not in ROOTS and _folder(name) not in {user, _folder(user)}
        ]


def draw() -> HouseMap:
    """Read the imports of the project."""
    links = _links()
    modules: dict[str, set[str]] = defaultdict(set)
    users: dict[str, set[str]] = defaultdict(set)
    rooms: dict[str, set[str]] = {}
    for source, targets in links.items():
        rooms.setdefault(_room(source), set())
        for target in targets:
            users[target].add(source)
            if source != FRONT:
                modules[source].add(target)
                if _room(source) != _room(target):
                    rooms[_room(source)].add(_room(target))
    circles = find_circles(rooms)
    files = [ROOT / "app.py", *(path for top in PACKAGES for path in (ROOT / top).rglob("*.py"))]
    return HouseMap(
        files=len(files),
        lines=sum(len(path.read_text(encoding="utf-8").splitlines()) for path in files),
        at_root=tuple(sorted(p.stem for p in (ROOT / FRONT).glob("*.py") if p.stem != "__init__")),
        rooms=rooms,
        modules=modules,
        floors=_floors(rooms, circles),
        circles=circles,
        module_circles=find_circles(modules),
        single=tuple(sorted((name, min(seen)) for name, seen in users.items() if len(seen) == 1)),
    )


def find_circles(graph: Graph) -> tuple[tuple[str, ...], ...]:
    """Return the names that reach each other, each circle once (Tarjan's strongly connected components)."""
    index: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    found: list[tuple[str, ...]] = []

    def visit(node: str) -> None:
        index[node] = low[node] = len(index)
        stack.append(node)
        for other in graph.get(node, ()):
            if other not in index:
                visit(other)
                low[node] = min(low[node], low[other])
            elif other in stack:
                low[node] = min(low[node], index[other])
        if low[node] == index[node]:
            start = stack.index(node)
            circle = stack[start:]
            del stack[start:]
            if len(circle) > 1:
                found.append(tuple(sorted(circle)))

    for node in graph:
        if node not in index:
            visit(node)
    return tuple(found)


def _floors(rooms: Graph, circles: Iterable[tuple[str, ...]]) -> tuple[tuple[str, ...], ...]:
    """Return rooms by floor: a room stands above everything it imports, a circle on one floor."""
    mates = {name: circle for circle in circles for name in circle}
    height: dict[str, int] = {}

    def climb(node: str) -> int:
        if node not in height:
            same = mates.get(node, (node,))
            below = {other for mate in same for other in rooms[mate]} - set(same)
            height.update(dict.fromkeys(same, 1 + max(map(climb, below), default=-1)))
        return height[node]

    levels: dict[int, list[str]] = defaultdict(list)
    for node in rooms:
        levels[climb(node)].append(node)
    return tuple(tuple(sorted(levels[level])) for level in sorted(levels))


def _links() -> dict[str, set[str]]:
    """Return which modules each module imports, in this project alone."""
    graph = grimp.build_graph(*PACKAGES, include_external_packages=True, cache_dir=None)
    modules = {name for name in graph.modules if name.partition(".")[0] in PACKAGES}
    known = modules | {"app"}
    links = {name: graph.find_modules_directly_imported_by(name) & known for name in modules}
    return links | {"app": _imports_of_app(modules)}


def _imports_of_app(modules: set[str]) -> set[str]:
    """Return the modules that `app.py` imports: grimp takes one module for an outside package."""
    found = set()
    for node in ast.walk(ast.parse((ROOT / "app.py").read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                full = f"{node.module}.{alias.name}"
                found.add(full if full in modules else node.module)
        elif isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
    return found & modules


def _room(module: str) -> str:
    parts = module.split(".")
    return ".".join(parts[:2]) if parts[0] == FRONT else parts[0]


def _folder(module: str) -> str:
    return module.rpartition(".")[0]


def main() -> None:
    """Print it."""
    sys.path.insert(0, str(ROOT))
    house = draw()
    around = [" <-> ".join(circle) for circle in (*house.circles, *house.module_circles)]
    click.echo(f"product files    {house.files}, {house.lines:,} lines")
    click.echo(f"rooms at the top {len(house.rooms)}")
    click.echo(f"modules at root  {len(house.at_root)}: {' '.join(house.at_root)}")
    click.echo(f"floors           {len(house.floors)}")
    click.echo(f"arrows           {sum(map(len, house.rooms.values()))}")
    numbers = f"{len(house.circles)} of rooms, {len(house.module_circles)} of modules"
    click.echo(f"circles          {numbers}: {'; '.join(around)}")
    click.echo(f"one user only    {len(house.single)}, of which from another folder {len(house.apart)}")
    for level, names in reversed(list(enumerate(house.floors))):
        click.echo(f"  floor {level:2}: {' '.join(name.removeprefix(f'{FRONT}.') for name in names)}")
    if "-v" in sys.argv:
        for name, user in house.apart:
            click.echo(f"  {name} <- {user}")


if __name__ == "__main__":
    main()
