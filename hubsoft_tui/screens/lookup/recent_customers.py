"""The customers looked up last, as they are kept on this home."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from textual import work

from hubsoft_tui.errors import HubSoftError
from widgets.customer.lists import RecentBar

from ..frame.console import Console
from . import questions

if TYPE_CHECKING:
    from hubsoft_tui.api.models import Customer


class RecentCustomers(RecentBar):
    """The bar that asks for what it shows. A convenience: the lookup itself says what is wrong."""

    @property
    def console(self) -> Console:
        """The application, as screens see it."""
        assert isinstance(self.app, Console)  # noqa: S101 - nothing else ever shows this bar
        return self.app

    def load(self) -> None:
        """Show them anew, once the engine runs."""
        if self.console.hub is not None:
            self._load()

    @work(group="recent", exclusive=True, exit_on_error=False)
    async def _load(self) -> None:
        with contextlib.suppress(HubSoftError):
            door = await self.console.door()
            self.show(await door.run(questions.recent()))

    @work(group="remember", exit_on_error=False)
    async def remember(self, customer: Customer) -> None:
        """Put a customer in front."""
        with contextlib.suppress(HubSoftError):
            door = await self.console.door()
            await door.run(questions.remember(customer))
        self.load()
