"""What stands on the shared server is sealed: who reads the server learns sizes and times, no person and no secret."""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import zlib
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

NONCE: Final = 12
NAME_BYTES: Final = 16
WORTH_PACKING: Final = 256
PLAIN: Final = b"0"
PACKED: Final = b"1"


class Seal:
    """Seals values with keys derived from the client secret. A value opens only under the place it was sealed for."""

    def __init__(self, account: str, secret: str) -> None:
        self._seal = AESGCM(_key(account, secret, "seal"))
        self._names = _key(account, secret, "names")

    def name(self, text: str) -> str:
        """Return a name for a key: a document has few enough values to be guessed from a hash without a key."""
        digest = hmac.new(self._names, text.encode(), hashlib.sha256).digest()[:NAME_BYTES]
        return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()

    def sealed(self, value: bytes, place: str) -> bytes:
        """Seal `value` for one place."""
        head, body = (PACKED, zlib.compress(value, 1)) if len(value) >= WORTH_PACKING else (PLAIN, value)
        nonce = os.urandom(NONCE)
        return head + nonce + self._seal.encrypt(nonce, body, head + place.encode())

    def opened(self, value: bytes, place: str) -> bytes | None:
        """Return what was sealed for this place; None for anything else: it is as good as not there."""
        head, nonce, body = value[:1], value[1 : 1 + NONCE], value[1 + NONCE :]
        try:
            found = self._seal.decrypt(nonce, body, head + place.encode())
            return zlib.decompress(found) if head == PACKED else found
        except (InvalidTag, ValueError, zlib.error):
            return None

    def sealed_text(self, value: bytes, place: str) -> str:
        """Seal `value` as a text."""
        return base64.b64encode(self.sealed(value, place)).decode()

    def opened_text(self, text: str | bytes, place: str) -> bytes | None:
        """Return what was sealed as this text, as `opened` does."""
        try:
            return self.opened(base64.b64decode(text), place)
        except ValueError:
            return None


def _key(account: str, secret: str, use: str) -> bytes:
    derive = HKDF(hashes.SHA256(), 32, account.encode(), f"hubsoft-tui {use} 1".encode())
    return derive.derive(secret.encode())
