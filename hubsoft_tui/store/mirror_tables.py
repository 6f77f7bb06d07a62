"""The tables of the tickets' mirror, as migrations: oldest first, never edited once released."""

from __future__ import annotations

from typing import Final

MIGRATIONS: Final = (
    """
CREATE TABLE mirror (
    account TEXT PRIMARY KEY,
    version INTEGER NOT NULL DEFAULT 0,
    changes INTEGER NOT NULL DEFAULT 0,
    began_at REAL,       -- when the first whole pass began
    synced_at REAL,
    looked_at REAL,
    tables_at REAL,
    page BLOB,
    last BLOB
) WITHOUT ROWID;
CREATE TABLE ticket (
    account TEXT NOT NULL,
    id INTEGER NOT NULL,
    protocol TEXT NOT NULL,
    state INTEGER NOT NULL,
    following INTEGER NOT NULL,
    type_id INTEGER,
    type TEXT,
    status_id INTEGER,
    status TEXT,
    status_prefix TEXT,
    opened_at REAL,
    closed_at REAL,
    deleted_at REAL,
    due_at REAL,
    draft INTEGER NOT NULL,
    opened_by TEXT,
    closed_by TEXT,
    responsible TEXT NOT NULL,
    sector TEXT,
    closing_status TEXT,
    closing_reason TEXT,
    service_id INTEGER,
    customer_id INTEGER,
    customer_code INTEGER,
    customer_name TEXT,
    customer_document TEXT,
    messages INTEGER,
    last_message INTEGER NOT NULL,
    first_seen REAL NOT NULL,
    confirmed_at REAL NOT NULL,
    change INTEGER NOT NULL,
    version INTEGER NOT NULL,
    PRIMARY KEY (account, id)
) WITHOUT ROWID;
CREATE INDEX ticket_version ON ticket (account, version);
CREATE INDEX ticket_following ON ticket (account, state, opened_at) WHERE following > 0;
CREATE INDEX ticket_protocol ON ticket (account, protocol);
CREATE INDEX ticket_opened ON ticket (account, opened_at, status_id, state);
CREATE INDEX ticket_closed ON ticket (account, closed_at) WHERE closed_at IS NOT NULL;
CREATE TABLE change (
    account TEXT NOT NULL,
    number INTEGER NOT NULL,
    ticket_id INTEGER NOT NULL,
    kind TEXT NOT NULL,
    before TEXT,
    after TEXT,
    at REAL,             -- when HubSoft says
    "by" TEXT,
    seen_at REAL NOT NULL,
    version INTEGER NOT NULL,
    PRIMARY KEY (account, number)
) WITHOUT ROWID;
CREATE INDEX change_ticket ON change (account, ticket_id);
CREATE INDEX change_version ON change (account, version);
CREATE TABLE message (
    account TEXT NOT NULL,
    ticket_id INTEGER NOT NULL,
    id INTEGER NOT NULL,
    text TEXT NOT NULL,
    written_at REAL,
    PRIMARY KEY (account, ticket_id, id)
) WITHOUT ROWID;
CREATE TABLE texts (
    account TEXT NOT NULL,
    ticket_id INTEGER NOT NULL,
    opening TEXT,
    closing TEXT,
    contact_name TEXT,
    contact_phone TEXT,
    work_orders BLOB,
    asked_at REAL,
    PRIMARY KEY (account, ticket_id)
) WITHOUT ROWID;
CREATE TABLE label (
    account TEXT NOT NULL,
    kind TEXT NOT NULL,
    id INTEGER NOT NULL,
    label TEXT NOT NULL,
    prefix TEXT,
    PRIMARY KEY (account, kind, id)
) WITHOUT ROWID;
CREATE TABLE spent (
    account TEXT NOT NULL,
    day TEXT NOT NULL,   -- local, YYYY-MM-DD
    requests INTEGER NOT NULL,
    naive INTEGER NOT NULL,
    PRIMARY KEY (account, day)
) WITHOUT ROWID;
CREATE TABLE sync_lease (
    account TEXT PRIMARY KEY,
    owner TEXT NOT NULL,
    until REAL NOT NULL,
    epoch TEXT NOT NULL
) WITHOUT ROWID;
""",
)
