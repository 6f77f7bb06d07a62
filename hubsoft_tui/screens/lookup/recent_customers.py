"""The customers looked up last, as they are kept on this home."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual import work

from widgets.customer.lists import RecentBar, RecentCustomer

from ..frame.console import ConsolePart

if TYPE_CHECKING:
    from hubsoft_tui.api.models import Customer


class RecentCustomers(ConsolePart, RecentBar):
    """The bar that asks for what it shows. A convenience: the lookup itself says what is wrong."""

    def load(self) -> None:
        """Show them anew, once the engine runs."""
        if self.console.hub is not None:
            self._load()

    @work(group="recent", exclusive=True, exit_on_error=False)
    async def _load(self) -> None:
        recent = await self.asked(lambda services: services.customers.recent(), failed=_silent)
        if recent is not None:
            self.show(
                tuple(RecentCustomer(each.term, each.name, each.document, each.active) for each in recent)
            )

    @work(group="remember", exit_on_error=False)
    async def remember(self, customer: Customer) -> None:
        """Put a customer in front."""
        await self.asked(lambda services: services.customers.remember(customer), failed=_silent)
        self.load()


def _silent(_sentence: str, _error: Exception) -> None:
    """Say nothing."""
