"""httpx without its own command line, which is half of the time that its import takes, and 6 MB."""

from __future__ import annotations

import sys

_COMMAND = "httpx._main"

if "httpx" in sys.modules:
    import httpx
else:
    sys.modules[_COMMAND] = None  # type: ignore[assignment]  # how Python is told that there is none
    try:
        import httpx
    finally:
        del sys.modules[_COMMAND]

__all__ = ["httpx"]
