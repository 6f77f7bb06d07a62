"""The key that makes a trace's hashes worthless anywhere else: random, one for each home, readable by its owner."""

from __future__ import annotations

import contextlib
import os
import secrets
from pathlib import Path
from typing import Final

from .disk import make_private_folder, store_errors

KEY_BYTES: Final = 32


def home_key(path: Path) -> bytes:
    """Return the key kept in `path`, making one (0600) where there is none. Raises StoreError.

    Of several processes that begin at once all get the same one. A file that is no key is replaced: the
    subjects of older rows are then strangers to those of newer ones, which costs a few days of tuning.
    """
    with store_errors(path):
        with contextlib.suppress(FileNotFoundError):
            if len(key := path.read_bytes()) == KEY_BYTES:
                return key
            path.unlink(missing_ok=True)
        make_private_folder(path.parent)
        # Linked into place whole: another process must never read half a key.
        fresh = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
        handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(secrets.token_bytes(KEY_BYTES))
            with contextlib.suppress(FileExistsError):
                os.link(fresh, path)
        finally:
            fresh.unlink(missing_ok=True)
        return path.read_bytes()
