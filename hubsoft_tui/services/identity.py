"""Names that are kept with what is remembered: of a credential, and of the person at this machine."""

from __future__ import annotations

import hashlib
import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..settings.tree import Profile


def account_of(profile: Profile) -> str:
    """Name a credential without showing it: what processes with the same one share is kept under this name."""
    parts = "\n".join((profile.url.lower().rstrip("/"), profile.client_id, profile.username.lower()))
    return hashlib.sha256(parts.encode()).hexdigest()[:16]


def current_person() -> str:
    """Name the user of this machine's account."""
    import getpass  # noqa: PLC0415 - heavy: a question from memory needs no person

    try:
        return getpass.getuser()
    except (KeyError, OSError):  # an account without a name, as containers have
        return str(os.getuid())
