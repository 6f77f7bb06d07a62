"""The last look before something is sent: exactly what goes out, and what may be open already."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from hubsoft_tui.formats import clock
from hubsoft_tui.privacy import clean
from hubsoft_tui.texts import N_, _, ngettext, number
from widgets.outbox.rows import SentLines
from widgets.outbox.texts import state_word
from widgets.safety import data

from ..frame.actions import action
from ..frame.confirm import STYLE
from ..frame.modal import ConsoleModal

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from hubsoft_tui.services.outbox.types import Review


class ReviewScreen(ConsoleModal[bool]):
    """Shows a `Review`; enter sends it, esc goes back to change it."""

    AREA = "review"
    CSS_PATH = STYLE

    def __init__(
        self, title: str, review: Review, subject: str = "", still_open: tuple[str, ...] = ()
    ) -> None:
        """`still_open` are lines about open tickets that may be the same matter."""
        super().__init__()
        self._subject = subject
        self._open = still_open
        self._title = title
        self._review = review

    def body(self) -> ComposeResult:
        """Compose the page."""
        alike = self._alike()
        with VerticalScroll(classes="page", id="review"):
            yield Static(data(self._title, "bold $title"), classes="heading")
            if self._subject:
                yield Static(data(self._subject), classes="line")
            if alike:
                yield Static(Content("\n").join(alike), classes="line")
            yield Static(Content.styled(_("Exactly this goes to HubSoft:"), "$quiet"), classes="line")
            yield SentLines(self._review.lines)
            yield Static(
                Content.assemble(
                    (_("enter"), "bold $account"),
                    " ",
                    (_("sends it anyway") if alike else _("sends it"), "bold $title"),
                    "    ",
                    (_("esc"), "bold $account"),
                    " ",
                    (_("goes back to change it"), "$quiet"),
                ),
                classes="line",
            )

    def _alike(self) -> list[Content]:
        """Return what may be the same matter: entries that say the same, open tickets of the same kind."""
        lines = [
            Content.assemble(
                ("! ", "bold $warn"),
                (_("The same was written at {time}:").format(time=clock(entry.created_at)), "bold $warn"),
                "  ",
                (f"{entry.local_protocol}  {state_word(entry)[0]}  {clean(entry.protocol or '')}", "bold"),
            )
            for entry in self._review.similar
        ]
        if self._open:
            warning = ngettext(
                "There is an open ticket of this type:",
                "There are {n} open tickets of this type:",
                len(self._open),
            ).format(n=number(len(self._open)))
            lines.append(Content.assemble(("! ", "bold $warn"), (warning, "bold $warn")))
            lines += [Content.assemble("  ", data(each, "bold")) for each in self._open]
        return lines

    def on_mount(self) -> None:
        """Let the arrows scroll a long text."""
        super().on_mount()
        self.query_one("#review").focus()

    @action("enter", N_("send"), N_("Write it to the outbox and send it."))
    def action_send(self) -> None:
        """Yes."""
        self.dismiss(True)

    @action("escape", N_("change it"), N_("Go back to the form."))
    def action_back(self) -> None:
        """Not yet."""
        self.dismiss(False)
