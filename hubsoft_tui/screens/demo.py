"""The demo: a simulated HubSoft inside the console, with a home of its own that is thrown away.

Nothing of the person's is read or written: neither profile, token, cache nor keyring.
"""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import replace
from typing import TYPE_CHECKING

from hubsoft_tui.settings import Profile
from hubsoft_tui.texts import _

if TYPE_CHECKING:
    from hubsoft_tui.settings import Settings
    from hubsoft_tui.simulator import Simulator

HINTS = 3
"""How many documents the lookup screen offers to type."""


class Demo:
    """One simulator and its throw-away home. Everything here may take a moment: not for the event loop."""

    def __init__(self) -> None:
        self._simulator: Simulator | None = None
        self._home = ""

    def start(self, settings: Settings) -> Settings:
        """Start the simulator and return `settings` pointed at it."""
        from hubsoft_tui.simulator import Simulator

        self._home = tempfile.mkdtemp(prefix="hubsoft-tui-demo-")
        simulator = Simulator()
        simulator.start()
        self._simulator = simulator
        profile = Profile(
            name="demo",
            url=simulator.url,
            client_id=simulator.client_id,
            username=simulator.username,
            client_secret=simulator.client_secret,
            password=simulator.password,
            read_only=settings.profile.read_only,
        )
        return replace(settings, profile=profile, home=self._home)

    def close(self) -> None:
        """Stop the simulator and remove its home. Safe to call twice."""
        simulator, self._simulator = self._simulator, None
        if simulator is not None:
            simulator.close()
        if self._home:
            shutil.rmtree(self._home, ignore_errors=True)
            self._home = ""

    @property
    def scenario(self) -> str:
        """The scenario being played; empty while the simulator is not running."""
        return self._simulator.scenario if self._simulator is not None else ""

    @property
    def scenarios(self) -> tuple[str, ...]:
        """Every scenario that can be played."""
        from hubsoft_tui.simulator import SCENARIOS

        return tuple(SCENARIOS)

    def title(self, scenario: str) -> str:
        """Return a scenario's name for people."""
        from hubsoft_tui.simulator import SCENARIOS

        return _(SCENARIOS[scenario].title)

    def explain(self, scenario: str) -> str:
        """Return what happens in a scenario, as a sentence."""
        from hubsoft_tui.simulator import SCENARIOS

        return _(SCENARIOS[scenario].help)

    def play(self, scenario: str) -> None:
        """Switch to `scenario` at once."""
        if self._simulator is not None:
            self._simulator.set_scenario(scenario)

    def hints(self) -> tuple[str, ...]:
        """Return documents of simulated customers, to type: these people do not exist."""
        if self._simulator is None:
            return ()
        customers = self._simulator.customers
        active = [customer.document for customer in customers if customer.active]
        others = [customer.document for customer in customers if not customer.active]
        return (*active[: HINTS - 1], *others[:1])
