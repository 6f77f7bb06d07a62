"""Snapshots draw the screens that their own tests drive."""

from tests.screens.conftest import styles_parsed_once

__all__ = ["styles_parsed_once"]
