"""A home with its files and its environment, as settings are read from it."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import pytest

from hubsoft_tui.errors import SettingsError
from hubsoft_tui.settings.files import Loaded, read
from hubsoft_tui.settings.places import Places, find

PROFILE = """
[profiles.main]
url = "https://api.provedor.example"
client_id = "89"
username = "api@provedor.example"
"""
SECRETS = {"HUBSOFT_CLIENT_SECRET": "a-client-secret", "HUBSOFT_PASSWORD": "a-password"}


@dataclass
class House:
    """One home, filled as a test wants it."""

    root: Path
    environment: dict[str, str] = field(default_factory=dict)

    @property
    def places(self) -> Places:
        return find({}, self.root)

    def write(self, name: str, content: str | bytes, mode: int = 0o600) -> Path:
        path = self.places.config / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        path.chmod(mode)
        return path

    def read(self, **arguments: object) -> Loaded:
        environment = {"HUBSOFT_TUI_HOME": str(self.root), **self.environment}
        return read(environment=environment, **arguments)  # type: ignore[arg-type]

    def wrong(self, **arguments: object) -> str:
        with pytest.raises(SettingsError) as caught:
            self.read(**arguments)
        return str(caught.value)
