"""What stands instead of a broken screen when the terminal is too small."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final

from textual.binding import Binding, BindingType
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from hubsoft_tui.texts import _

if TYPE_CHECKING:
    from collections.abc import Callable

    from textual.app import ComposeResult
    from textual.geometry import Size

SMALLEST: Final = (60, 15)
"""Columns and rows below which no screen is drawn."""


def too_small(size: Size) -> bool:
    """Tell whether `size` cannot hold a screen."""
    return size.width < SMALLEST[0] or size.height < SMALLEST[1]


class TooSmall(ModalScreen[None]):
    """One sentence; it goes when the terminal grows."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("q,ctrl+q", "app.quit", show=False),
        Binding("enter", "leave", show=False),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._leave: Callable[[], None] | None = None

    def compose(self) -> ComposeResult:
        """Compose the sentence."""
        yield Static(id="too-small")

    def on_mount(self) -> None:
        """Say it."""
        self.on_resize()

    def on_resize(self) -> None:
        """Say how much is missing, and what leaving would lose."""
        if self._leave is not None:
            text = _("Something is typed that was not sent to HubSoft. Enter leaves all the same.")
            self.query_one("#too-small", Static).update(Content(text))
            return
        text = _(
            "This terminal is {columns}×{rows}. The console needs {least_columns}×{least_rows}: enlarge it."
        ).format(
            columns=self.app.size.width,
            rows=self.app.size.height,
            least_columns=SMALLEST[0],
            least_rows=SMALLEST[1],
        )
        self.query_one("#too-small", Static).update(Content(text))

    def ask(self, leave: Callable[[], None]) -> None:
        """Have enter leave, and say what that loses."""
        self._leave = leave
        self.on_resize()

    def action_leave(self) -> None:
        """Leave all the same."""
        if self._leave is not None:
            self._leave()
