"""RADIUS sessions: `cliente/extrato_conexao`. They have no id; a row that says nothing is left out."""

from __future__ import annotations

from ..texts import _
from .models import Session
from .rows import BadRowError, Row


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
