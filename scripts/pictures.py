"""Draw the pictures of the documents, `docs/screens/*.svg`, with the program itself on the simulator.

Run it after a change that people can see: `make pictures`. The people in them do not exist.
"""

from __future__ import annotations

import asyncio
import re
import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Final

from app import HubSoftConsole
from hubsoft_tui import texts
from hubsoft_tui.settings import Settings
from hubsoft_tui.simulator import Simulator

FOLDER: Final = Path(__file__).resolve().parent.parent / "docs" / "screens"
SIZE: Final = (120, 36)
LANGUAGES: Final = {"en": "", "pt_BR": ".pt-BR"}
PEOPLE: Final = ("106.820.836-82", "578.939.530-98", "12.ABC.345/01DE-35", "862.149.410-81")
# The SVG's fonts are fetched from elsewhere by whoever looks at it: their own monospace font serves as well.
FONTS: Final = re.compile(r"@font-face\s*{[^}]*}")


async def draw(language: str, suffix: str) -> None:
    """Draw every screen in one language."""
    texts.use(language)
    with Simulator(customers=400, latency=(0.02, 0.09)) as simulator, tempfile.TemporaryDirectory() as home:
        profile = replace(simulator.profile, name="main")
        app = HubSoftConsole(Settings(profile=profile, home=home))
        async with app.run_test(size=SIZE) as pilot:
            await app.settled.wait()
            for document in PEOPLE:
                await pilot.press("slash")
                await pilot.press(*document, "enter")
                await settle(0.6)
            for key in "tio":
                await pilot.press(key)
                await settle(0.3)
            save(app, f"lookup{suffix}")
            await pilot.press("4")
            await settle(1.5)
            save(app, f"monitor{suffix}")
            await pilot.press("6")
            await settle(1.0)
            save(app, f"requests{suffix}")
        app.close()
    app = HubSoftConsole(Settings(), unconfigured=True)
    async with app.run_test(size=SIZE) as pilot:
        await settle(0.3)
        save(app, f"first-run{suffix}")
    app.close()


async def settle(seconds: float) -> None:
    """Give the engine, and the view clock after it, time to answer."""
    await asyncio.sleep(seconds)


def save(app: HubSoftConsole, name: str) -> None:
    """Write one picture."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    picture = FONTS.sub("", app.export_screenshot(title="hubsoft-tui"))
    (FOLDER / f"{name}.svg").write_text(picture, encoding="utf-8")
    sys.stdout.write(f"{name}.svg {len(picture) // 1024} kB\n")


if __name__ == "__main__":
    for each, ending in LANGUAGES.items():
        asyncio.run(draw(each, ending))
