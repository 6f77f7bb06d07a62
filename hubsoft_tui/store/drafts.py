"""What a person typed into a form and has not sent yet: it survives the form, the console and the machine."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import field
from typing import Final

from ..values import dataclass
from .database import AccountStore, Database
from .rescue import decoded

Value = str | int | bool | None


@dataclass(frozen=True, slots=True)
class KeptDraft:
    """One form's values. What is personal stands in no text form of it."""

    about: str
    """What the form is found by again."""
    kind: str
    """What it writes: `open`, `message` or `close`."""
    subject: str = field(repr=False)
    """The customer's name, as far as it is known."""
    term: str = field(repr=False)
    """What leads back: what to look the customer up with, or the ticket's protocol."""
    values: dict[str, Value] = field(repr=False)
    at: float
    """When it was last typed into: UTC epoch seconds."""
    customer_code: int | None = None
    """Whose it is, where that is known: it is shown on that customer."""


@dataclass(frozen=True, slots=True)
class Dropped:
    """A draft that was sent or given up: what was typed until `at`, and nothing newer, is forgotten."""

    about: str
    at: float


MIGRATIONS: Final = (
    """
CREATE TABLE draft (
    account TEXT NOT NULL,
    about TEXT NOT NULL,
    kind TEXT NOT NULL,
    subject TEXT NOT NULL,
    term TEXT NOT NULL,
    content TEXT NOT NULL,
    at REAL NOT NULL,
    PRIMARY KEY (account, about)
);
""",
    "ALTER TABLE draft ADD COLUMN customer_code INTEGER;",
)
SENSES: Final = {
    "draft": "CASE WHEN json_valid(content) THEN json_type(content) = 'object' AND NOT EXISTS"
    " (SELECT 1 FROM json_each(content) WHERE type IN ('object', 'array', 'real')) END"
}


class SqliteDrafts(AccountStore):
    """The drafts of one credential."""

    def __init__(self, database: Database, account: str) -> None:
        super().__init__(database, account)
        # What is forgotten are people's phones and troubles: its pages are overwritten.
        database.read("PRAGMA secure_delete=ON")

    def all(self) -> tuple[KeptDraft, ...]:
        """Return every draft, newest first; one that cannot be read is left where it is."""
        rows = self._read(
            "SELECT about, kind, subject, term, content, at, customer_code FROM draft WHERE account = ?"
            " ORDER BY at DESC"
        )
        return tuple(
            KeptDraft(about, kind, subject, term, values, at, customer)
            for about, kind, subject, term, content, at, customer in rows
            if (values := decoded(content, dict[str, Value])) is not None
        )

    def write(self, changes: Sequence[KeptDraft | Dropped]) -> None:
        """Keep and forget, all or nothing."""
        with self._database.write() as connection:
            for each in changes:
                if isinstance(each, Dropped):
                    connection.execute(
                        "DELETE FROM draft WHERE account = ? AND about = ? AND at <= ?",
                        (self._account, each.about, each.at),
                    )
                    continue
                connection.execute(
                    "INSERT OR REPLACE INTO draft VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                    (
                        self._account, each.about, each.kind, each.subject, each.term,
                        json.dumps(each.values), each.at, each.customer_code,
                    ),
                )  # fmt: skip
