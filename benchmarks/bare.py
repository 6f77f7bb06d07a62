"""The least a Textual program is: one line of text. `python -m benchmarks.bare`."""

from __future__ import annotations

from textual.app import App, ComposeResult
from textual.widgets import Static


class Bare(App[None]):
    """One Static."""

    def compose(self) -> ComposeResult:
        yield Static("A bare Textual program, for comparison.")


if __name__ == "__main__":
    Bare().run()
