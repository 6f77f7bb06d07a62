"""The last look before something is sent: exactly what goes out, and what may be open already."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from hubsoft_tui.privacy import clean
from hubsoft_tui.texts import N_, _, ngettext
from widgets.safety import data
from widgets.sent_lines import SentLines
from widgets.words import number

from .actions import Action
from .confirm import STYLE
from .modal import ConsoleModal

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from .outbox_questions import Review


class ReviewScreen(ConsoleModal[bool]):
    """Shows a `Review`; enter sends it, esc goes back to change it."""

    AREA = "review"
    CSS_PATH = STYLE
    ACTIONS: ClassVar[tuple[Action, ...]] = (
        Action("review.send", "enter", N_("send"), N_("Write it to the outbox and send it."), "send"),
        Action("review.back", "escape", N_("change it"), N_("Go back to the form."), "back"),
    )

    def __init__(self, title: str, review: Review) -> None:
        super().__init__()
        self._title = title
        self._review = review

    def body(self) -> ComposeResult:
        """Compose the page."""
        similar = self._review.similar
        with VerticalScroll(classes="page", id="review"):
            yield Static(data(self._title, "bold $title"), classes="heading")
            if similar:
                warning = ngettext(
                    "This customer has an open ticket that may be the same matter:",
                    "This customer has {n} open tickets that may be the same matter:",
                    len(similar),
                ).format(n=number(len(similar)))
                protocols = "   ".join(clean(each) for each in similar)
                yield Static(
                    Content.assemble(
                        ("! ", "bold $warn"), (warning, "bold $warn"), "\n  ", (protocols, "bold")
                    ),
                    classes="line",
                )
            yield Static(Content.styled(_("Exactly this goes to HubSoft:"), "$quiet"), classes="line")
            yield SentLines(self._review.lines)
            yield Static(
                Content.assemble(
                    (_("enter"), "bold $account"),
                    " ",
                    (_("sends it anyway") if similar else _("sends it"), "bold $title"),
                    "    ",
                    (_("esc"), "bold $account"),
                    " ",
                    (_("goes back to change it"), "$quiet"),
                ),
                classes="line",
            )

    def on_mount(self) -> None:
        """Let the arrows scroll a long text."""
        super().on_mount()
        self.query_one("#review").focus()

    def action_send(self) -> None:
        """Yes."""
        self.dismiss(True)

    def action_back(self) -> None:
        """Not yet."""
        self.dismiss(False)
