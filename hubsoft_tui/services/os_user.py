"""The account of the operating system that runs this process, for the audit trail and the reports."""

from __future__ import annotations

import getpass
import os


def current_person() -> str:
    """Name the user of this machine's account."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # an account without a name, as containers have
        return str(os.getuid())
