"""Help: what this screen is for, and every key, from the registry."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Final

from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen

from hubsoft_tui.texts import N_, _
from widgets.customer.card import wrapped
from widgets.line_widget import Drawn, fit, line

from .actions import AREAS, EVERYWHERE, PAGES, Action, shown_key
from .console import Console

if TYPE_CHECKING:
    from textual.app import ComposeResult

_KEYS: Final = 10
_IDS: Final = 20
_REMAP: Final = N_(
    'The grey names are for config.toml: copy = "x" under [keys] gives copying the key x. What is listed without '
    "a key is in the palette."
)


class HelpScreen(ModalScreen[None]):
    """Every action by area, the present one first; esc closes."""

    CSS_PATH = Path(__file__).parents[3] / "styles" / "help.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,question_mark,f1,q", "dismiss", show=False),
        Binding("ctrl+q", "app.quit", show=False),
        Binding("ctrl+z", "app.stay", show=False),
        *(Binding(area.key, "app.in_front", id=area.action().id, show=False) for area in AREAS),
    ]

    def __init__(self, area: str, about: str) -> None:
        super().__init__()
        self._area = area
        self._about = about

    def compose(self) -> ComposeResult:
        """Compose one scrolled text."""
        with VerticalScroll(id="help") as box:
            box.border_title = Content(_("Help"))
            box.border_subtitle = Content(_("esc closes"))
            yield HelpText(self._area, self._about)

    def on_mount(self) -> None:
        """Let the arrows scroll at once."""
        self.query_one("#help").focus()


class HelpText(Drawn):
    """The text: sentences, then areas with key, meaning and id."""

    def __init__(self, area: str, about: str) -> None:
        super().__init__(id="help-text")
        self._area = area
        self._about = about

    def draw(self, width: int) -> list[Content]:
        """Return the lines."""
        names = {
            **{area.id: _(area.label) for area in AREAS},
            **{page: _(label) for page, label in PAGES.items()},
        }
        lines = [Content(each) for each in wrapped(_(self._about), width, 12)] if self._about else []
        order = [self._area, EVERYWHERE, *(name for name in names if name != self._area)]
        console = self.app
        assert isinstance(console, Console)  # noqa: S101 - nothing else ever shows help
        for area in order:
            actions = console.actions_of(area)
            if actions:
                title = _("Everywhere") if area == EVERYWHERE else names.get(area, "")
                lines += [Content(""), Content.styled(title, "bold $title")] if title else [Content("")]
            for action in actions:
                lines += _rows(action, console.keys_of(action), width)
        remap = wrapped(_(_REMAP), width, 4)
        return [*lines, Content(""), *(Content.styled(each, "$quiet") for each in remap)]


def _rows(action: Action, keys: tuple[str, ...], width: int) -> list[Content]:
    """Return an action's lines: key, meaning (as many lines as it takes), id."""
    room = width - _KEYS - 2 - _IDS
    first, *rest = wrapped(_(action.help), room, 6) or [""]
    key = " ".join(shown_key(each) for each in keys)
    return [
        line(
            (fit(key, _KEYS), "bold $account"),
            fit(first, room),
            "  ",
            (fit(action.id, _IDS, right=True), "$quiet"),
        ),
        *(Content(" " * _KEYS + each) for each in rest),
    ]
