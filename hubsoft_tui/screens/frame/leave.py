"""The question before leaving while something typed was not sent."""

from __future__ import annotations

from hubsoft_tui.texts import _

from .confirm import ConfirmScreen


class LeaveScreen(ConfirmScreen):
    """Enter leaves, escape goes back to what is typed."""

    def __init__(self) -> None:
        super().__init__(
            _("Leave the console?"),
            _("Something is typed that was not sent to HubSoft."),
        )
