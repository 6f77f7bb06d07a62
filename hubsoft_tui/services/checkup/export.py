"""Results for other programs: CSV as spreadsheets open it, JSON as DESIGN has it. Documents are whole."""

from __future__ import annotations

import csv
import io
import json
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Final

from ...errors import InvalidInput, StoreError
from ...formats import clock, day, day_of, inert_cell, iso
from ...settings.places import expanded, whole, write_private
from ...texts import N_, _, say
from .types import CheckupPlan, MemberRow, Progress, Result, result_word, source_word

SUFFIXES: Final = (".csv", ".json")
_COLUMNS: Final = {
    "document": N_("document"),
    "name": N_("name"),
    "external_id": N_("external id"),
    "result": N_("result"),
    "service_status": N_("service status"),
    "service": N_("service"),
    "since": N_("since"),
    "before": N_("before"),
    "source": N_("source"),
    "known_at": N_("known at"),
    "why": N_("why"),
}
"""The columns of a CSV: the key that scripts go by, and the title for people."""


def target(name: str | Path, source: str | Path = "") -> Path:
    """Return the file that the results of the list `source` go to. Blocks; raises InvalidInput when it cannot be."""
    path = expanded(name)
    if path.suffix.lower() not in SUFFIXES:
        raise InvalidInput(say("{file} must end in .csv or .json: that chooses the format.", file=path))
    folder = whole(path).parent
    if path.is_dir():
        raise InvalidInput(say("{file} is a folder. Name a file to write.", file=path))
    if not folder.is_dir():
        raise InvalidInput(say("There is no folder {folder} to write to.", folder=folder))
    if source and _is_same(path, expanded(source)):
        raise InvalidInput(
            say("{file} is the list itself, which would be lost. Name another file.", file=path)
        )
    try:
        # Asking for permission is not enough: a disk may be full, or its owner unknown.
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise InvalidInput(
            say(
                "Nothing can be written to the folder {folder}: {reason}.",
                folder=folder,
                reason=error.strerror or type(error).__name__,
            )
        ) from error
    return whole(path)


def _is_same(one: Path, other: Path) -> bool:
    """Whether two names lead to one file, by whatever links."""
    try:
        return one.samefile(other)
    except OSError:
        return False


def write(path: Path, rows: Sequence[MemberRow], document: dict[str, Any], *, people: bool = False) -> None:
    """Write rows to a file of mode 0600, by its suffix; `document` is what JSON holds. Blocks; raises StoreError.

    A CSV is for scripts, or with `people` in the words and dates of the person who opens it.
    """
    text = json_text(document) if path.suffix.lower() == ".json" else csv_text(rows, people=people)
    # The mark tells spreadsheets that this is UTF-8.
    encoding = "utf-8" if path.suffix.lower() == ".json" else "utf-8-sig"
    try:
        write_private(path, text.encode(encoding))
    except StoreError as error:
        raise StoreError(
            say(
                "The results cannot be written to {file}: {reason}. They are kept: choose another place.",
                file=path,
                reason=getattr(error.__cause__, "strerror", None) or type(error.__cause__).__name__,
            )
        ) from error


def json_text(document: dict[str, Any]) -> str:
    """Return a document as JSON."""
    return json.dumps(document, ensure_ascii=False, indent=2, allow_nan=False) + "\n"


def csv_text(rows: Iterable[MemberRow], *, people: bool = False) -> str:
    """Return rows as CSV with semicolons: keys that never change, or with `people` their words and dates."""
    out = io.StringIO()
    writer = csv.writer(out, delimiter=";", lineterminator="\r\n")
    writer.writerow([_(title) if people else key for key, title in _COLUMNS.items()])
    for row in rows:
        writer.writerow(map(inert_cell, _cells(row, people=people)))
    return out.getvalue()


def _cells(row: MemberRow, *, people: bool) -> list[str]:
    decision, member = row.decision, row.member
    head = [member.document, member.name, member.external_id]
    if decision is None:
        return [*head, *[""] * (len(_COLUMNS) - len(head))]
    result, source, instant = (result_word, source_word, _local) if people else (_key, str, _instant)
    return [
        *head,
        result(decision.result),
        decision.status,
        decision.plan,
        instant(decision.since),
        "" if decision.was is None else result(decision.was),
        source(decision.source),
        instant(decision.fetched_at or None),
        decision.why,
    ]


def _key(result: Result) -> str:
    return result.value


def document_of(progress: Progress, plan: CheckupPlan | None, rows: Iterable[MemberRow]) -> dict[str, Any]:
    """Return the JSON document of a check-up; `rows` are the members it lists."""
    counts = {result.value: progress.counts.get(result, 0) for result in Result}
    return {
        **({"held": progress.held} if progress.held else {}),
        "total": progress.total,
        **counts,
        "requests": progress.received,
        "naive_requests": progress.total,
        "seconds": round(progress.seconds, 1),
        "plan": None if plan is None else _plan_document(plan),
        "members": [member_document(row) for row in rows],
    }


def plan_document_of(plan: CheckupPlan) -> dict[str, Any]:
    """Return the same document for a plan alone: null for what only a run can tell."""
    unknown = dict.fromkeys([*(result.value for result in Result), "seconds"])
    return {**document_of(Progress(total=plan.members), plan, ()), **unknown, "requests": plan.asked}


def _plan_document(plan: CheckupPlan) -> dict[str, Any]:
    return {
        "way": plan.way.value,
        "roster": None if plan.variant is None else plan.variant.value,
        "roster_customers": plan.total,
        "page_size": plan.page_size or None,
        "pages": plan.pages,
        "single_questions": plan.singles,
        "requests": plan.requests,
        "seconds": round(plan.seconds, 1),
        "remembered": plan.cached,
    }


def member_document(row: MemberRow) -> dict[str, Any]:
    """Return one member as the JSON document has it."""
    decision = row.decision
    return {
        "document": row.member.document,
        "name": row.member.name,
        "result": (Result.UNKNOWN if decision is None else decision.result).value,
        "service_status": (decision.status or None) if decision else None,
        "source": (decision.source or None) if decision else None,
    }


def _instant(epoch: float | None) -> str:
    return "" if epoch is None else iso(epoch)


def _local(epoch: float | None) -> str:
    return "" if epoch is None else f"{day(day_of(epoch))} {clock(epoch)}"
