"""RADIUS sessions: `cliente/extrato_conexao`. They have no id; a row that says nothing is left out."""

from __future__ import annotations

from datetime import date

from ..texts import _
from . import answers, scalars, verdicts
from .models import Session
from .operation import ROOT, Operation, given, window, within
from .rows import BadRowError, Row
from .search import MAX_LIST, SessionKey


def connection_sessions(
    busca: SessionKey | str,
    term: str,
    *,
    limit: int = MAX_LIST,
    start: date | None = None,
    end: date | None = None,
) -> Operation[tuple[Session, ...]]:
    """List RADIUS sessions by login, address or MAC; `limit` 1-50.

    Without a window HubSoft takes the last 30 days. Nothing found is an empty value.
    """
    key = SessionKey(busca)
    wire = given(term)
    if key is SessionKey.MAC:
        wire = given((scalars.document(wire) or "").lower())
    query = {"busca": key.value, "termo_busca": wire, "limit": within(limit, 1, MAX_LIST, "limit")}
    return Operation(
        name="cliente.extrato_conexao",
        method="GET",
        path=f"{ROOT}cliente/extrato_conexao",
        decode=lambda payload: answers.found(
            payload, "registros", session, limit=limit, things=verdicts.SESSIONS
        ),
        query=query | window(start, end),
    )


def session(row: Row) -> Session:
    """Decode one session. Raises BadRowError when it has neither a login nor a beginning."""
    found = Session(
        login=row.text("username"),
        started_at=row.instant("acctstarttime", "acctstarttimebr"),
        ended_at=row.instant("acctstoptime", "acctstoptimebr"),
        ipv4=row.text("framedipaddress"),
        nas_ip=row.text("nasipaddress"),
        nas_port=row.text("nasportid"),
        mac=row.text("callingstationid"),
        download_mb=row.real("download_megabytes"),
        upload_mb=row.real("upload_megabytes"),
    )
    if found.login is None and found.started_at is None:
        raise BadRowError(row.path, _("a session without login and beginning"))
    return found
