"""What saving would change in tuned.toml, line by line, before it is done."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from hubsoft_tui.texts import _
from widgets.line_widget import line
from widgets.tuning.tunables import difference_lines

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from hubsoft_tui.services.tuning.types import Difference, Tunable


class SaveTuned(ModalScreen[bool]):
    """Enter saves, escape leaves; dismissed with whether to save."""

    CSS_PATH = Path(__file__).parents[2] / "styles" / "tuning.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter,s", "dismiss(True)", show=False),
        Binding("escape,q", "dismiss(False)", show=False),
        Binding("ctrl+q", "app.quit", show=False),
    ]

    def __init__(self, tunables: tuple[Tunable, ...], changes: tuple[Difference, ...]) -> None:
        super().__init__()
        self._tunables = tunables
        self._changes = changes

    def compose(self) -> ComposeResult:
        """Compose the lines."""
        rows = difference_lines(
            self._tunables, [(each.key, each.before, each.after) for each in self._changes]
        )
        text = Content("\n").join(line(*row) for row in rows)
        with Vertical(id="tuning-save") as box:
            box.border_title = Content(_("What saving changes in tuned.toml"))
            box.border_subtitle = Content(_("enter saves · esc leaves it as it is"))
            yield Static(text)
