"""The reference a ticket carries in its description, and how it is found again in what HubSoft made of the text.

HubSoft has no key that makes a repeated request harmless, so the text itself must tell. HubSoft appends words of
its own, and may write in capitals, join lines or drop punctuation: only letters and digits are compared.
"""

from __future__ import annotations

import hashlib
import re
import secrets
import unicodedata
from typing import Final

from ...api.tickets import OPENING_SUFFIX

PREFIX: Final = "HT"
LETTERS: Final = "23456789BCDFGHJKLMNPQRSTVWXZ"
"""No vowels: no word comes out. Nothing that is mistaken for something else when it is read aloud."""
LENGTH: Final = 6
CUT_LENGTH: Final = 100
"""A text this long that ends early is taken for ours, cut off."""

_LINE: Final = re.compile(rf"[ \t]*\[ref {PREFIX}[{LETTERS}]{{{LENGTH}}}\][ \t]*", re.IGNORECASE)


def new_reference() -> str:
    """Return a new reference; one chance in 480 million, for one customer, that it was used before."""
    return PREFIX + "".join(secrets.choice(LETTERS) for _ in range(LENGTH))


def with_reference(description: str, reference: str) -> str:
    """Return `description` with the reference on a line of its own at the end."""
    return f"{description}\n[ref {reference}]"


def without_references(text: str) -> str:
    """Return `text` without the references of other tickets: a copied one would look like a double."""
    return _LINE.sub("", text)


def squeezed(text: str) -> str:
    """Return the letters and digits of `text`, without case and accents: what no reformatting changes."""
    plain = unicodedata.normalize("NFKD", text.casefold())
    return "".join(letter for letter in plain if letter.isalnum())


def carries(text: str | None, reference: str) -> bool:
    """Whether `text` holds the reference, whatever became of its case, spaces and punctuation."""
    return text is not None and squeezed(reference) in squeezed(text)


def says_the_same(theirs: str, ours: str) -> bool:
    """Whether `theirs` is our text as HubSoft would keep it: with its suffix, reformatted, or cut off."""
    kept, mine = squeezed(theirs), squeezed(ours)
    bare = kept.removesuffix(squeezed(OPENING_SUFFIX))
    before_bar = squeezed(theirs.rpartition("|")[0])
    return mine in {kept, bare, before_bar} or (len(bare) >= CUT_LENGTH and mine.startswith(bare))


def content_key(*parts: object) -> str:
    """Return what two drafts that say the same share: not readable, and blind to case and spaces."""
    words = "\x1f".join(squeezed(str(part)) for part in parts)
    return hashlib.sha256(words.encode()).hexdigest()[:24]
