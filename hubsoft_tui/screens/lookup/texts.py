"""What the lookup screen says: origins, places in line, no customer found, and the summary that is copied."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.content import Content

from hubsoft_tui.core.types import Health, Source
from hubsoft_tui.errors import InvalidInput
from hubsoft_tui.formats import age, ago, clock, day, money
from hubsoft_tui.privacy import clean, format_document
from hubsoft_tui.texts import _, language, ngettext, number
from widgets.customer.card import document_kind, state, written_document, written_phone
from widgets.line_widget import data

if TYPE_CHECKING:
    from hubsoft_tui.api.models import Customer
    from hubsoft_tui.core.types import Snapshot, Waiting
    from hubsoft_tui.services.customers.service import Lookup
    from hubsoft_tui.services.customers.terms import Term

MINUTE = 60.0
WELL = frozenset({Health.ONLINE, Health.SLOW})
SLOW = 2.0
"""Seconds from which a wait says how long it lasts: a still sentence looks hung."""


def origin(source: Source, seconds: float) -> str:
    """Return where an answer came from and how old it is. Seconds are not counted: they would never stand still."""
    fresh = seconds < MINUTE
    if source is Source.API:
        return _("from HubSoft just now") if fresh else _("from HubSoft, {age} old").format(age=age(seconds))
    if source is Source.CACHE:
        return (
            _("from cache, less than 1 min old")
            if fresh
            else _("from cache, {age} old").format(age=age(seconds))
        )
    if fresh:
        return _("kept from before, less than 1 min old")
    return _("kept from before, {age} old").format(age=age(seconds))


def brief_origin(source: Source, seconds: float) -> str:
    """Return how old an answer is, where there is no room for more; an answer kept from before says so."""
    return _("kept, {age}").format(age=ago(seconds)) if source is Source.STALE else ago(seconds)


def silence(snapshot: Snapshot) -> str:
    """Return since when HubSoft has not answered; nothing while it answers, or when that is not known."""
    api = snapshot.api
    if api.health in WELL or api.last_good is None:
        return ""
    since = api.since if api.health is Health.OFFLINE else api.last_good
    return _("HubSoft has not answered since {time}.").format(time=clock(since))


def recovered(snapshot: Snapshot, since: float) -> bool:
    """Tell whether HubSoft is well and has answered after `since` (UTC epoch seconds)."""
    api = snapshot.api
    return api.health in WELL and api.last_good is not None and api.last_good > since


def place_in_line(waiting: Waiting | None, seconds: float = 0.0) -> str:
    """Return where a question stands and when it starts; `seconds` is how long it was asked ago."""
    if waiting is None or waiting.position == 0:
        here = _("HubSoft has the question.")
        return here if seconds < SLOW else f"{here} {number(int(seconds))} s"
    if waiting.attempt > 1:
        return _("HubSoft failed; attempt {n} follows.").format(n=waiting.attempt)
    place = _("{nth} in line, starts in about {time}").format(
        nth=_ordinal(waiting.position), time=age(max(1.0, waiting.starts_in + 0.5))
    )
    if waiting.passes:
        before = ngettext(
            "it goes before {n} background request", "it goes before {n} background requests", waiting.passes
        )
        place = f"{place}; {before.format(n=waiting.passes)}"
    return f"{place}."


def _ordinal(n: int) -> str:
    if language() == "pt_BR":
        return f"{n}º"
    ending = "th" if 10 <= n % 100 <= 20 else {1: "st", 2: "nd", 3: "rd"}.get(n % 10, "th")
    return f"{n}{ending}"


def kind_of(text: str) -> str:
    """Return what `text` would be looked up as, or nothing while it is nothing yet."""
    from hubsoft_tui.services.customers.terms import describe, recognise  # noqa: PLC0415 - first frame

    try:
        if not text.strip():
            return ""
        term = recognise(text)
        kind = describe(term.kind)
        return _("{kind}, its zeros put back").format(kind=kind) if term.restored else kind
    except InvalidInput:
        return ""


def shown_term(term: Term) -> str:
    """Return what was looked up, masked."""
    from hubsoft_tui.services.customers.terms import describe  # noqa: PLC0415 - first frame

    return f"{describe(term.kind)} {clean(term.shown)}"


def welcome(hints: tuple[str, ...], *, starting: bool) -> Content:
    """Return what to do on an empty screen; in the demo also documents to type."""
    lines = [
        Content.styled(_("Whom are you talking to?"), "bold $title"),
        Content(
            _("Type a CPF, CNPJ, phone, name, customer code, login or ticket protocol, and press enter.")
        ),
        Content.styled(_("Pasting one anywhere on this screen looks it up at once."), "$quiet"),
    ]
    if hints:
        tries = "   ".join(format_document(hint) for hint in hints)
        lines += [
            Content(""),
            Content.assemble((_("Simulated customers to try:"), "$quiet"), "  ", (tries, "bold $mark")),
            Content.styled(
                _("ctrl+p, then Demo: … switches the scenario: an outage, a rate limit, slow answers."),
                "$quiet",
            ),
        ]
    elif starting:
        lines += [Content(""), Content.styled(_("The engine is starting; you can type already."), "$quiet")]
    return Content("\n").join(lines)


def waits_for_engine() -> Content:
    """Return what becomes of a question that was asked before the engine runs."""
    return Content.styled(_("The engine is starting; the question is asked as soon as it runs."), "$quiet")


def troubled(sentence: str) -> Content:
    """Return why the engine does not run, and what to do."""
    return Content("\n").join(
        [
            Content.assemble(("! ", "bold $warn"), data(sentence, "$warn")),
            Content.styled(_("esc, then r tries again."), "$quiet"),
        ]
    )


def waiting(place: str) -> Content:
    """Return a question's place in line, large enough to be read from the side."""
    return Content("\n").join(
        [Content.styled(place, "bold $account"), Content.styled(_("esc cancels"), "$quiet")]
    )


def none_found(found: Lookup, seconds: float) -> str:
    """Return that no customer was found, and when that was checked."""
    from hubsoft_tui.services.customers.terms import describe, missing_digit  # noqa: PLC0415 - first frame

    head = _("No customer with this {kind}.").format(kind=describe(found.term.kind))
    if found.source is Source.API and seconds < MINUTE:
        checked = _("Checked HubSoft just now.")
    elif found.source is Source.STALE:
        checked = _("Checked {age} ago; HubSoft does not answer now.").format(age=age(max(MINUTE, seconds)))
    else:
        checked = _("Checked HubSoft {age} ago; enter asks again.").format(age=age(seconds))
    return " ".join(filter(None, [head, checked, missing_digit(found.term)]))


def summary(customer: Customer, *, active: bool, services: frozenset[int], revealed: bool, known: str) -> str:
    """Return a customer as plain lines for a message or a ticket. The document is whole only when revealed."""
    lines = [f"{customer.name}  {state(customer, active)[0]}"]
    identity = []
    if customer.document:
        identity.append(
            f"{document_kind(customer.document)} {written_document(customer.document, revealed=revealed)}"
        )
    if customer.code is not None:
        identity.append(_("code") + f" {customer.code}")
    if customer.registered_at is not None:
        identity.append(_("since") + f" {day(customer.registered_at.date())}")
    identity += [written_phone(phone, revealed=revealed) for phone in customer.phones]
    lines.append("  ".join(identity))
    lines += [f"! {alert}" for alert in customer.alerts]
    for service in customer.services:
        price = money(service.price) if service.price is not None else ""
        mark = "●" if service.id in services else "○"
        parts = [f"{mark} {service.name}", price, service.status, service.technology, service.ipv4]
        lines.append("  ".join(part for part in parts if part))
    if customer.listed:
        known = ", ".join((known, _("without alerts and the state of the line")))
    return "\n".join([*lines, known])
