"""One customer as a person on the phone needs it: who, active or not, which services, and since when we know."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING, Final

from rich.cells import cell_len
from textual.content import Content

from hubsoft_tui.formats import age, day, money
from hubsoft_tui.privacy import clean, format_document, format_phone, mask_document, mask_phone
from hubsoft_tui.texts import N_, _
from hubsoft_tui.values import dataclass

from ..line_widget import Drawn, DrawnCell, cut, fit, line

if TYPE_CHECKING:
    from datetime import datetime

    from hubsoft_tui.api.models import Connection, Customer, Service

    from ..line_widget import Part

ON: Final = "●"
OFF: Final = "○"
_GAP: Final = "  "


@dataclass(frozen=True, slots=True)
class Head:
    """What stands on top of a result."""

    customer: Customer
    active: bool
    origin: str
    """Where the answer came from and how old it is."""
    stale: bool = False
    reason: str = ""
    """For a stale answer: why HubSoft could not be asked."""
    revealed: bool = False
    """Whether document and phones are shown whole."""
    way_to_whole: str = ""
    """For a customer from the list of all: the key that asks for what the list does not tell."""


def state(customer: Customer, active: bool) -> tuple[str, str]:
    """Return how a customer stands as (text, style): sign and words, so that no colour is needed."""
    sign, style = (ON, "bold $ok") if active else (OFF, "bold $bad")
    return f"{sign} {clean(standing(customer, active=active))}", style


def document_kind(document: str) -> str:
    """Return `CPF` or `CNPJ`, by length."""
    return "CPF" if len(document) == 11 else "CNPJ"


def written_document(document: str, *, revealed: bool) -> str:
    """Return a document as Brazilians write it: masked, or whole when revealed."""
    return clean(format_document(document) if revealed else mask_document(document))


def written_phone(phone: str, *, revealed: bool) -> str:
    """Return a phone as Brazilians write it: masked, or whole when revealed."""
    return clean(format_phone(phone) if revealed else mask_phone(phone))


def wrapped(text: str, width: int, most: int) -> list[str]:
    """Return `text` in at most `most` lines of `width` cells, broken between words; the last one is cut."""
    lines: list[str] = []
    current = ""
    for word in text.split():
        longer = f"{current} {word}" if current else word
        if current and cell_len(longer) > width:
            lines.append(current)
            current = word
        else:
            current = longer
    lines = [*lines, current] if current else lines
    if len(lines) > most:
        lines = [*lines[: most - 1], " ".join(lines[most - 1 :])]
    return [cut(each, width) for each in lines]


def _lacking(key: str) -> str:
    """Say what the list of all customers does not tell, and which key asks for it."""
    said = _("From the list of all customers, without alerts, the state of the line and the address.")
    asks = _("{key} asks for them: 1 request.").format(key=key) if key else ""
    return " ".join(filter(None, (said, asks)))


class CustomerHead(Drawn):
    """Name and state, large; document, code, since, phones; why the answer is old."""

    _head: Head | None = None

    def show(self, head: Head) -> None:
        """Draw `head`."""
        self._head = head
        self.redraw()

    def draw(self, width: int) -> list[Content]:
        """Return the lines."""
        head = self._head
        if head is None:
            return []
        lines = [self._title(head, width)]
        trade = clean(head.customer.trade_name or "")
        if trade and trade != clean(head.customer.name):
            lines.append(Content.styled(cut(trade, width), "$quiet"))
        lines.append(self._identity(head, width))
        if head.customer.listed:
            lines += [
                Content.styled(each, "$stale") for each in wrapped(_lacking(head.way_to_whole), width, 2)
            ]
        if head.reason:
            lines += [Content.styled(each, "$stale") for each in wrapped(clean(head.reason), width, 2)]
        return lines

    def _title(self, head: Head, width: int) -> Content:
        text, style = state(head.customer, head.active)
        # Reversed, because it is the answer most people call for.
        sign = (f" {text} ", f"{style} reverse")
        origin = (head.origin, "bold $stale" if head.stale else "$quiet")
        fixed = cell_len(sign[0]) + cell_len(origin[0]) + 2 * len(_GAP)
        name = cut(clean(head.customer.name) or _("(no name)"), max(12, width - fixed))
        left = line((name, "bold $title"), _GAP, sign)
        space = max(len(_GAP), width - left.cell_length - cell_len(origin[0]))
        return line(left, " " * space, origin).truncate(width, ellipsis=True)

    def _identity(self, head: Head, width: int) -> Content:
        customer = head.customer
        document = written_document(customer.document, revealed=head.revealed)
        parts: list[Part] = []
        if customer.document:
            parts.append(
                line(
                    (f"{document_kind(customer.document)} ", "$quiet"),
                    (document, "bold $mark" if head.revealed else ""),
                )
            )
        if customer.code is not None:
            parts.append(line((_("code") + " ", "$quiet"), str(customer.code)))
        if customer.registered_at is not None:
            parts.append(line((_("since") + " ", "$quiet"), day(customer.registered_at.date())))
        phones = [written_phone(phone, revealed=head.revealed) for phone in customer.phones]
        parts += [line((phone, "bold $mark" if head.revealed else "")) for phone in phones]
        if customer.enabled is False:
            parts.append(line((_("record disabled"), "$bad")))
        joined = Content("")
        for part in parts:
            longer = line(joined, _GAP if joined else "", part)
            if joined and longer.cell_length > width:
                break
            joined = longer
        return joined.truncate(width, ellipsis=True)


class CustomerNotices(Drawn):
    """What was begun for a customer and not sent, and HubSoft's alerts."""

    _drafts: tuple[tuple[str, str], ...] = ()
    _alerts: tuple[str, ...] = ()

    def show(self, drafts: tuple[tuple[str, str], ...], alerts: tuple[str, ...]) -> None:
        """Draw `drafts` as (what and when, what goes on with it), and `alerts`."""
        self._drafts, self._alerts = drafts, alerts
        self.display = bool(drafts or alerts)
        self.redraw()

    def draw(self, width: int) -> list[Content]:
        """Return the lines."""
        lines = [
            line((draft, "bold $account"), "  ", (way, "$quiet")).truncate(width, ellipsis=True)
            for draft, way in self._drafts
        ]
        for alert in self._alerts:
            first, *rest = wrapped(clean(alert), width - 2, 3) or [""]
            lines.append(line(("! ", "bold $warn"), (first, "$warn")))
            lines += [line("  ", (each, "$warn")) for each in rest]
        return lines


class CustomerAside(Drawn):
    """The customer beside a form: who, whether active, services that are not cancelled, alerts; masked."""

    def __init__(self, customer: Customer, active_statuses: frozenset[str]) -> None:
        super().__init__()
        self._customer = customer
        self._active = frozenset(
            each.id for each in customer.services if each.status_prefix in active_statuses
        )

    def draw(self, width: int) -> list[Content]:
        """Return the lines."""
        customer = self._customer
        lines = [Content.styled(each, "bold $title") for each in wrapped(clean(customer.name), width, 2)]
        lines.append(Content.styled(*state(customer, bool(self._active))))
        document = written_document(customer.document, revealed=False) if customer.document else ""
        code = "" if customer.code is None else _("code") + f" {customer.code}"
        lines.append(Content.styled(cut(_GAP.join(filter(None, (document, code))), width), "$quiet"))
        lines += [
            Content.styled(written_phone(each, revealed=False), "$quiet") for each in customer.phones[:2]
        ]
        for service in customer.services:
            if service.cancelled:
                continue
            active = service.id in self._active
            mark = (f"{ON} " if active else f"{OFF} ", "bold $ok" if active else "bold $bad")
            lines += [Content(""), line(mark, (cut(clean(service.name), width - 2), "bold"))]
            below = [_status(service), _line_state(service.connection)[0]]
            lines.append(Content(cut("  " + _GAP.join(filter(None, below)), width)))
            if service.address is not None and service.address.full:
                lines += [
                    Content.styled(f"  {each}", "$quiet")
                    for each in wrapped(clean(service.address.full), width - 2, 2)
                ]
        if customer.listed:
            lines += [
                Content(""),
                *(Content.styled(each, "$stale") for each in wrapped(_lacking(""), width, 4)),
            ]
        for alert in customer.alerts:
            lines += [
                Content(""),
                *(Content.styled(each, "$warn") for each in wrapped(clean(alert), width, 3)),
            ]
        return lines


STATUS_MOST: Final = 28
"""Cells of a status beside the price; a longer one stands below, on as many lines as it takes."""
STATUS_LINES: Final = 6
NAME_LEAST: Final = 14
"""Cells below which a service's name is not cut for HubSoft's own word for its status."""


class ServiceList(DrawnCell):
    """Every service: state, name, price, HubSoft's own status, the line; technique and address below."""

    def __init__(self) -> None:
        super().__init__()
        self._services: tuple[Service, ...] = ()
        self._active: frozenset[int] = frozenset()
        self._selected = 0
        self._now = 0.0
        self._roomy = True

    def show(
        self,
        services: tuple[Service, ...],
        active: frozenset[int],
        *,
        selected: int,
        now: float,
        roomy: bool = True,
    ) -> None:
        """Draw `services`; `active` holds the ids of active ones, `now` is UTC epoch seconds.

        `selected` is marked when there is more than one; `roomy` shows addresses too.
        """
        self._services, self._active, self._selected = services, active, selected
        self._now, self._roomy = now, roomy
        self.redraw()

    def row_of(self, y: int) -> int | None:
        """Return which service stands on line `y`, or None."""
        top = 1
        for index, service in enumerate(self._services):
            height = len(self._rows(index, service, max(20, self.content_size.width)))
            if top <= y < top + height:
                return index
            top += height
        return None

    def draw(self, width: int) -> list[Content]:
        """Return the lines."""
        lines = [Content.styled(_("Services"), "bold $title")]
        if not self._services:
            lines.append(Content.styled(_("This customer has no services."), "$quiet"))
        for index, service in enumerate(self._services):
            lines += self._rows(index, service, width)
        return lines

    def _rows(self, index: int, service: Service, width: int) -> list[Content]:
        active = service.id in self._active
        marked = index == self._selected and len(self._services) > 1
        sign = ("▸" if marked else " ", "bold $account")
        mark = (f"{ON} " if active else f"{OFF} ", "bold $ok" if active else "bold $bad")
        cells = self._columns(width)
        first = line(
            sign,
            mark,
            (fit(clean(service.name), cells.name), "bold" if active else "$quiet"),
            _GAP,
            fit(_price(service), cells.price, right=True),
            *(
                (_GAP, (fit(_status(service), cells.status), "" if active else "$bad"))
                if cells.status
                else ()
            ),
            _GAP,
            _line_state(service.connection),
        )
        lines = [first.truncate(width, ellipsis=True)]
        if not cells.status and _status(service):
            below = wrapped(_status(service), width - 3, STATUS_LINES)
            lines += [line("   ", (each, "" if active else "$bad")) for each in below]
        details = [line("   ", (text, "$quiet")) for text in self._details(service, width - 3)]
        return [*lines, *details]

    def _columns(self, width: int) -> _Cells:
        """Share the width, the same for every row: the name gives way first, the line's state never.

        HubSoft's own status is whole; where the name would be too short for that it has a line below.
        """
        price = max(cell_len(_price(service)) for service in self._services)
        online = max(cell_len(_line_state(service.connection)[0]) for service in self._services)
        room = width - 3 - price - online - 2 * len(_GAP)
        name = min(max(cell_len(clean(service.name)) for service in self._services), max(10, room))
        wanted = max(cell_len(_status(service)) for service in self._services)
        left = room - len(_GAP) - wanted
        if wanted > STATUS_MOST or left < min(name, NAME_LEAST):
            return _Cells(name, price, 0)
        return _Cells(min(name, left), price, wanted)

    def _details(self, service: Service, width: int) -> list[str]:
        technique = [service.technology, service.interface or service.equipment, service.ipv4]
        words = [clean(each) for each in technique if each]
        if (up := self._since(service.connection)) is not None:
            words.append(up)
        lines = [cut(" · ".join(words), width)] if words else []
        if self._roomy and service.address is not None and service.address.full:
            lines += wrapped(clean(service.address.full), width, 2)
        return lines

    def _since(self, connection: Connection | None) -> str | None:
        if connection is None or connection.since is None or connection.online is None:
            return None
        seconds = self._now - _epoch(connection.since)
        return (_("up {time}") if connection.online else _("down {time}")).format(time=age(seconds))


@dataclass(frozen=True, slots=True)
class _Cells:
    name: int
    price: int
    status: int
    """0 where it stands on the line below."""


def _price(service: Service) -> str:
    return money(service.price) if service.price is not None else ""


def _status(service: Service) -> str:
    """Return HubSoft's own status, whole; that it is a service's is known here."""
    return re.sub(r"(?i)^serviço\s+(?=\S)", "", clean(service.status or service.status_prefix))


def _line_state(connection: Connection | None) -> tuple[str, str]:
    if connection is None or connection.online is None:
        return ("", "")
    return (_("▲ online"), "$ok") if connection.online else (_("▼ offline"), "bold $bad")


def _epoch(instant: datetime) -> float:
    return instant.timestamp()


_DEBT: Final = N_("SUSPENDED (debt)")
_ASKED: Final = N_("SUSPENDED (on request)")
_SUSPENDED: Final = N_("SUSPENDED")
_BLOCKED: Final = N_("BLOCKED")
_INSTALLATION: Final = N_("AWAITING INSTALLATION")
_SIGNATURE: Final = N_("AWAITING SIGNATURE")
_AWAITING: Final = N_("AWAITING")
_INACTIVE: Final = N_("INACTIVE")
_CANCELLED: Final = N_("CANCELLED")

# The first whose every word is in a service's status counts for the service, and the first any service has for the
# customer: what can be mended on the phone stands before what is over.
_KINDS: Final = (
    (("suspens", "debito"), _DEBT),
    (("suspens", "financeir"), _DEBT),
    (("suspens", "inadimpl"), _DEBT),
    (("suspens", "pedido"), _ASKED),
    (("suspens",), _SUSPENDED),
    (("bloque",), _BLOCKED),
    (("bloqui",), _BLOCKED),
    (("aguardando", "instala"), _INSTALLATION),
    (("agendad", "instala"), _INSTALLATION),
    (("aguardando", "assinatura"), _SIGNATURE),
    (("aguardando",), _AWAITING),
)
_LAST: Final = ((("inativ",), _INACTIVE), (("cancel",), _CANCELLED))
MOST_CELLS: Final = 26
"""A status of the provider's own making is cut there."""


def standing(customer: Customer, *, active: bool) -> str:
    """Return how `customer` stands, translated; a status that is the provider's own is named as HubSoft names it."""
    if active:
        return _("ACTIVE")
    statuses = [_plain(f"{each.status_prefix} {each.status}") for each in customer.services]
    if (kind := _first(_KINDS, statuses)) is not None:
        return _(kind)
    own = [
        each
        for each, status in zip(customer.services, statuses, strict=True)
        if status and _first(_LAST, [status]) is None
    ]
    if own:
        return _named(own[0])
    return _(_first(_LAST, statuses) or _INACTIVE)


def _first(kinds: tuple[tuple[tuple[str, ...], str], ...], statuses: list[str]) -> str | None:
    for words, kind in kinds:
        if any(all(word in status for word in words) for status in statuses):
            return kind
    return None


def _named(service: Service) -> str:
    name = " ".join((service.status or service.status_prefix.replace("_", " ")).split()).upper()
    return name if len(name) <= MOST_CELLS else name[: MOST_CELLS - 1] + "…"


def _plain(text: str) -> str:
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return "".join(each for each in decomposed if not unicodedata.combining(each)).strip()
