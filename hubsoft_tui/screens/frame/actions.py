"""The one registry of what a person can do: it feeds keys, command palette, key line and help.

A screen declares an action on its method with `@action`; what works everywhere is declared here. An action's
`id` is what `[keys]` in config.toml names, so it never changes.
"""

from __future__ import annotations

import re
from dataclasses import field, replace
from typing import TYPE_CHECKING, Any, Final, TypeVar

from textual.actions import parse
from textual.binding import Binding

from hubsoft_tui.errors import SettingsError
from hubsoft_tui.texts import N_, _, say
from hubsoft_tui.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from textual.widget import Widget

F = TypeVar("F", bound="Callable[..., Any]")

EVERYWHERE: Final = ""
_DECLARED: Final = "declared_actions"


@dataclass(frozen=True, slots=True)
class Action:
    """One thing a person can do. `label` and `help` are marked with `N_` and translated when shown."""

    id: str
    """Stable, dotted after its area: `lookup.refresh`; `[keys]` remaps by it."""
    key: str
    """Textual key names, several with commas; the first is the one shown. Empty: palette only."""
    label: str
    """Two or three words, lower case: the key line's."""
    help: str
    """One sentence: what happens, and what it costs."""
    do: str
    """The Textual action: a method `action_<do>` of the screen, or `app.<do>` of the application."""
    writes: bool = False
    """Changes something at HubSoft: gone when the profile is read-only."""
    line: bool = True
    """Stands in the key line."""
    first: bool = False
    """Handled before the next key is looked at: what it focuses gets what is typed right behind it, even when
    a slow line delivers both in one packet."""
    when: Callable[[Any], object] | None = None
    """Whether it would do something now, of the screen it is on. None: always."""
    job: str = ""
    """What a person is about when they want it, marked with `N_`: help groups by it."""
    by: tuple[str, ...] = ()
    """Without a key of its own: ids of the actions whose keys, one after the other, come to the same."""
    name: str = field(init=False)
    """The method's name, without namespace and parameters."""
    args: tuple[object, ...] = field(init=False)
    """What the method is called with."""

    def __post_init__(self) -> None:
        """Read `do` once: the frame asks for its parts at every key."""
        _namespace, name, args = parse(self.do)
        object.__setattr__(self, "name", name)
        object.__setattr__(self, "args", args)

    def usable_on(self, screen: object) -> bool:
        """Tell whether it would do something now on `screen`, which shows it."""
        return self.when is None or bool(self.when(screen))

    def binding(self) -> Binding:
        """Return the action as a Textual binding."""
        return Binding(self.key, self.do, _(self.label), id=self.id, show=False, priority=self.first)


def action(
    key: str,
    label: str,
    help: str,  # noqa: A002 - the field's name
    *,
    id: str = "",  # noqa: A002 - the field's name
    args: tuple[object, ...] = (),
    writes: bool = False,
    line: bool = True,
    first: bool = False,
    when: Callable[[Any], object] | None = None,
    job: str = "",
) -> Callable[[F], F]:
    """Declare the method below, `action_<name>`, as an action; the fields are those of `Action`.

    Its id is the screen's area and `id`, which is `name` unless given. A method that does several things by a
    parameter carries one declaration for each, with the `args` it is called with.
    """

    def declare(method: F) -> F:
        name = method.__name__.removeprefix("action_")
        do = f"{name}({', '.join(map(repr, args))})" if args else name
        row = Action(id or name, key, label, help, do, writes, line, first, when, job)
        vars(method).setdefault(_DECLARED, []).insert(0, row)
        return method

    return declare


def actions_of(screen: type, area: str) -> tuple[Action, ...]:
    """Return the actions that the methods of `screen` declare, in their order; its own come first."""
    rows: dict[str, Action] = {}
    for cls in screen.__mro__:
        for method in vars(cls).values():
            for row in getattr(method, _DECLARED, ()):
                rows.setdefault(row.id, replace(row, id=f"{area}.{row.id}"))
    return tuple(rows.values())


def usable(screen: object, rows: Iterable[Action], name: str, args: tuple[object, ...]) -> bool:
    """Tell whether `screen` may do `name` with `args` now; without any, whether it may with each of its own."""
    return all(row.usable_on(screen) for row in rows if row.name == name and args in {(), row.args})


GO: Final = N_("Go somewhere")
LOOK: Final = N_("Read, copy and leave")


@dataclass(frozen=True, slots=True)
class Area:
    """One job's place: a mode with its own screens.

    Its key is the same on every screen and is never typed into a field: digits belong to questions. Not F1, which
    many terminals keep for their own help.
    """

    id: str
    key: str
    label: str
    help: str
    screen: str
    """The screen's class as `module:Class` of this package: imported when it is needed."""
    short: str
    """The label where there is little room: made by hand, since a cut word may stand for two areas."""

    def action(self) -> Action:
        """Return the action that goes there."""
        do = f"app.area('{self.id}')"
        return Action(f"area.{self.id}", self.key, self.label, self.help, do, line=False, job=GO)


AREAS: Final = (
    Area(
        "lookup",
        "f2",
        N_("Lookup"),
        N_("Look up a customer: contract, services, open tickets."),
        "lookup.screen:LookupScreen",
        N_("Look"),
    ),
    Area(
        "tickets",
        "f3",
        N_("Tickets"),
        N_("Watch every followed ticket and what happens to it."),
        "tickets.screen:TicketsScreen",
        N_("Tkts"),
    ),
    Area(
        "checkup",
        "f4",
        N_("Check-up"),
        N_("Check who of a list of members still has a contract."),
        "checkup:CheckupScreen",
        N_("Chk"),
    ),
    Area(
        "monitor",
        "f5",
        N_("Monitor"),
        N_("Watch the budget, the cache and HubSoft's health."),
        "monitor:MonitorScreen",
        N_("Monit"),
    ),
    Area(
        "tuning",
        "f6",
        N_("Tuning"),
        N_("See what a setting would do before it does it; try it, save it."),
        "tuning:TuningScreen",
        N_("Tune"),
    ),
    Area(
        "requests",
        "f7",
        N_("Requests"),
        N_("Read what was sent to HubSoft, one line per request."),
        "requests:RequestsScreen",
        N_("Reqs"),
    ),
    Area(
        "reports",
        "f8",
        N_("Reports"),
        N_("See what each day cost and saved, and take it along as a file."),
        "reports:ReportsScreen",
        N_("Rpts"),
    ),
)


PAGES: Final = {
    "alerts": N_("Alerts"),
    "outbox": N_("Outbox"),
    "drafts": N_("Drafts"),
    "write": N_("A form"),
    "review": N_("The last look before sending"),
    "sent": N_("What was just written"),
    "desk": N_("What can be done for a customer"),
    "invoice": N_("What an invoice is paid with"),
    "several": N_("What was just written to several"),
    "pick": N_("A choice"),
    "prompt": N_("A line to type"),
    "confirm": N_("A question"),
    "columns": N_("Columns"),
    "views": N_("Saved views"),
    "destination": N_("A screen to go to"),
    "replay": N_("Replay"),
}
"""What stands in front of an area, with keys of its own: the title help gives it."""


class Registry:
    """Every action, in the order help shows them."""

    def __init__(self) -> None:
        self._areas: dict[str, tuple[Action, ...]] = {}
        self._doing: dict[tuple[str, str], tuple[Action, ...]] = {}

    def declare(self, area: str, actions: Iterable[Action]) -> None:
        """Set the actions of `area`. Raises ValueError when an id or a key would mean two things there."""
        rows = tuple(actions)
        others = [row for name, known in self._areas.items() if name != area for row in known]
        ids = [row.id for row in (*rows, *others)]
        if doubled := {name for name in ids if ids.count(name) > 1}:
            raise ValueError(f"declared twice: {', '.join(sorted(doubled))}")
        self._areas[area] = rows
        self._doing.clear()
        if clashes := self.clashes({}):
            raise ValueError(f"one key, two actions: {clashes[0]}")

    def __iter__(self) -> Iterator[Action]:
        """Go through every action of every area."""
        for rows in self._areas.values():
            yield from rows

    def of(self, area: str) -> tuple[Action, ...]:
        """Return what is declared for `area` alone, or `EVERYWHERE`."""
        return self._areas.get(area, ())

    def at(self, area: str) -> tuple[Action, ...]:
        """Return what works in `area`: its own actions, then those that work everywhere."""
        return (*self.of(area), *(self.of(EVERYWHERE) if area else ()))

    def doing(self, area: str, name: str) -> tuple[Action, ...]:
        """Return what works in `area` by the method `action_<name>`: asked for every action at every key."""
        rows = self._doing.get((area, name))
        if rows is None:
            rows = self._doing[area, name] = tuple(row for row in self.at(area) if row.name == name)
        return rows

    def find(self, action_id: str) -> Action | None:
        """Return the action of that id."""
        return next((row for row in self if row.id == action_id), None)

    def clashes(self, keymap: Mapping[str, str]) -> list[tuple[str, str, str]]:
        """Return (key, first id, second id) wherever one key would do two things on one screen."""
        found: list[tuple[str, str, str]] = []
        for area in self._areas:
            taken: dict[str, str] = {}
            pairs = [(key, action.id) for action in self.at(area) for key in keys_of(action, keymap)]
            found += [(key, taken[key], name) for key, name in pairs if taken.setdefault(key, name) != name]
        return found

    def check(self, keymap: Mapping[str, str]) -> None:
        """Raise SettingsError when `[keys]` names an unknown action or gives one key to two."""
        for action_id in keymap:
            if self.find(action_id) is None:
                raise SettingsError(
                    say(
                        "[keys] names an action that does not exist: {id}. "
                        "The help screen (?) lists every action with its id.",
                        id=action_id,
                    )
                )
        for key, first, second in self.clashes(keymap):
            raise SettingsError(
                say(
                    "[keys] gives the key {key} to two actions, {first} and {second}. Choose another for one of them.",
                    key=key,
                    first=first,
                    second=second,
                )
            )


def keys_of(action: Action, keymap: Mapping[str, str]) -> tuple[str, ...]:
    """Return the keys of `action` under `keymap`, the shown one first; empty when it has none."""
    return tuple(key.strip() for key in keymap.get(action.id, action.key).split(",") if key.strip())


_NAMES: Final = {
    "question_mark": "?",
    "slash": "/",
    "escape": "esc",
    "plus": "+",
    "minus": "-",
    "full_stop": ".",
    "comma": ",",
    "colon": ":",
    "up": "↑",
    "down": "↓",
    "left": "←",
    "right": "→",
    "pageup": "pgup",
    "pagedown": "pgdn",
}


_FUNCTION: Final = re.compile(r"f\d{1,2}")


def shown_key(key: str) -> str:
    """Return how a key is written for people: `?` for `question_mark`."""
    if key == "space":
        return _("space")
    return key.upper() if _FUNCTION.fullmatch(key) else _NAMES.get(key, key)


def typed_into(focused: Widget | None, key: str) -> bool:
    """Tell whether `key` would be typed into the focused widget instead of acting."""
    character = {"space": " "}.get(key, shown_key(key))
    return focused is not None and len(character) == 1 and focused.check_consume_key(key, character)


DRAFTS: Final = Action(
    "drafts",
    "W",
    N_("drafts"),
    N_("List what was begun and not sent: go on with it, or discard it."),
    "app.drafts",
    writes=True,
    line=False,
    job=GO,
)

SHARED: Final = (
    *(area.action() for area in AREAS),
    Action(
        "copy",
        "y",
        N_("copy"),
        N_("Copy what the screen shows to your clipboard (OSC 52)."),
        "copy",
        when=lambda screen: screen.copies,
        job=LOOK,
    ),
    Action(
        "freeze",
        "space",
        N_("freeze"),
        N_("Hold the view still to read it; the engine goes on. Again to go on."),
        "freeze",
        job=LOOK,
    ),
    Action(
        "go",
        "colon",
        N_("go to"),
        N_("Go to a screen with a filter for it: tickets sara, requests 503."),
        "app.go",
        line=False,
        job=GO,
    ),
    Action(
        "outbox",
        "b",
        N_("outbox"),
        N_("Show what is written to HubSoft: sent, waiting, refused."),
        "app.outbox",
        line=False,
        job=GO,
    ),
    DRAFTS,
    Action(
        "losses",
        "",
        N_("lost files"),
        N_("Show what was damaged or gone on disk, and acknowledge it."),
        "app.losses",
        line=False,
        job=GO,
    ),
    Action(
        "palette",
        "ctrl+p",
        N_("palette"),
        N_("Search every action by name."),
        "app.command_palette",
        job=LOOK,
    ),
    Action(
        "help",
        "question_mark,f1",
        N_("help"),
        N_("Explain this screen and its keys."),
        "app.help",
        job=LOOK,
    ),
    Action(
        "quit",
        "q,ctrl+q",
        N_("quit"),
        N_("Leave the console; what it remembers stays on disk."),
        "app.quit",
        job=LOOK,
    ),
)

PLAYING: Final = (
    Action("replay.back", "left", N_("back"), N_("Go back half a minute."), "app.play('back')"),
    Action("replay.forward", "right", N_("forward"), N_("Go forward half a minute."), "app.play('forward')"),
    Action("replay.slower", "minus", N_("slower"), N_("Play slower."), "app.play('slower')"),
    Action(
        "replay.faster",
        "plus",
        N_("faster"),
        N_("Play faster, up to a minute a second."),
        "app.play('faster')",
    ),
)
"""What plays a recording, on every screen of it."""

registry: Final = Registry()
registry.declare(EVERYWHERE, SHARED)
registry.declare("replay", PLAYING)
