"""A bare application to put one widget on, with the console's themes."""

from datetime import datetime
from typing import Any

from textual.app import App

from hubsoft_tui.formats import BRASILIA
from widgets.themes import THEMES, semantic


def at_hubsoft(*parts: int) -> float:
    """Return the instant at which a clock at HubSoft shows year, month, day, hour, minute and second."""
    return datetime(*parts, tzinfo=BRASILIA).timestamp()  # type: ignore[misc,arg-type] # six numbers


class Stage(App[None]):
    """Shows the widgets it is given."""

    def __init__(self, *widgets, css=""):
        super().__init__()
        self._widgets = widgets
        self.animation_level = "none"
        for theme in THEMES:
            self.register_theme(theme)
        self.theme = THEMES[0].name

    def get_theme_variable_defaults(self):
        return semantic(self.current_theme)

    def compose(self):
        yield from self._widgets


def lines_of(widget):
    """Return what a drawn widget shows, as plain text."""
    return [widget.render_line(y).text for y in range(widget.content_size.height)]


class Repaints:
    """Counts the regions a widget asks to be painted again."""

    def __init__(self, widget, monkeypatch):
        self.regions: list[Any] = []
        real = widget.refresh

        def refresh(*regions, **options):
            self.regions.extend(regions or [None])
            return real(*regions, **options)

        monkeypatch.setattr(widget, "refresh", refresh)

    def take(self):
        """Return the regions since the last time, None standing for the whole widget."""
        taken, self.regions = self.regions, []
        return taken
