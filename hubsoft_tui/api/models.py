"""What HubSoft knows, in the field's English words: immutable records, without passwords.

Instants are aware and in UTC-3 unless HubSoft said otherwise; money is `Decimal`; a text that HubSoft leaves
empty is None. Status prefixes, types and reasons are open sets: unknown values pass through as they came.
"""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final, NoReturn

import msgspec

from ..privacy import HIDDEN

CANCELLED: Final = "cancelado"
"""The status prefix of a service that has ended for good."""


class Model(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A record decoded from HubSoft: frozen, comparable, storable as JSON or MessagePack.

    Printed, logged or drawn in a traceback it shows its numbers alone: any text may be personal.
    """

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        values = ((name, getattr(self, name)) for name in self.__struct_fields__)
        return [(name, value) for name, value in values if isinstance(value, int | float)]

    def __repr__(self) -> str:
        return (
            f"{type(self).__name__}({', '.join(f'{name}={value}' for name, value in self.__rich_repr__())})"
        )


class Address(Model, frozen=True, kw_only=True):
    """Where a service is installed. `full` is the one-line form."""

    full: str | None = None
    street: str | None = None
    number: str | None = None
    complement: str | None = None
    district: str | None = None
    city: str | None = None
    state: str | None = None
    """Two letters, whichever of HubSoft's swapped `estado` and `uf` held them."""
    zip_code: str | None = None


class Connection(Model, frozen=True, kw_only=True):
    """The last RADIUS accounting record: what the line did last, which can be wrong."""

    online: bool | None = None
    since: datetime | None = None
    """When the current session began, or the last one ended."""
    ipv4: str | None = None
    nas_ip: str | None = None
    text: str | None = None
    """HubSoft's own sentence, e.g. how long the line has been up."""


class Service(Model, frozen=True, kw_only=True):
    """One plan of one customer (`id_cliente_servico`)."""

    id: int
    plan_id: int | None = None
    number: int | None = None
    name: str = ""
    price: Decimal | None = None
    status: str = ""
    """HubSoft's label, e.g. `Serviço Habilitado`."""
    status_prefix: str = ""
    """The machine's word for the status, e.g. `servico_habilitado`."""
    technology: str | None = None
    login: str | None = None
    reference: str | None = None
    ipv4: str | None = None
    ipv6: str | None = None
    mac: str | None = None
    device: str | None = None
    """`phy_addr`: the MAC or serial number by which HubSoft knows the customer's equipment (CPE)."""
    download: str | None = None
    upload: str | None = None
    interface: str | None = None
    equipment: str | None = None
    connection: Connection | None = None
    address: Address | None = None
    enabled_at: datetime | None = None
    cancelled_at: datetime | None = None
    suspended_at: datetime | None = None
    cancellation_reason: str | None = None

    @property
    def cancelled(self) -> bool:
        """Whether it has ended for good; HubSoft takes no ticket for it."""
        return self.status_prefix == CANCELLED


class Customer(Model, frozen=True, kw_only=True):
    """A customer with every service, as of the moment it was fetched."""

    id: int
    code: int | None = None
    """`codigo_cliente`, the number people use."""
    name: str = ""
    trade_name: str | None = None
    kind: str | None = None
    """`pf` (a person) or `pj` (a company)."""
    document: str = ""
    """CPF or CNPJ, letters and digits only, leading zeros kept."""
    phones: tuple[str, ...] = ()
    emails: tuple[str, ...] = ()
    registered_at: datetime | None = None
    born_on: date | None = None
    enabled: bool | None = None
    """The record itself (`ativo`), not the contract; None where the server does not say."""
    alerts: tuple[str, ...] = ()
    services: tuple[Service, ...] = ()
    incomplete: bool = False
    """A service, or another customer found beside this one, could not be read: what could be read does not tell
    that no contract is active."""
    listed: bool = False
    """Read from the list of all customers, which tells no alerts, nothing of the line and perhaps no address."""


class WorkOrder(Model, frozen=True, kw_only=True):
    """A visit or job (`ordem de serviço`)."""

    id: int
    number: str | None = None
    kind: str | None = None
    status: str | None = None
    closing_status: str | None = None
    description: str | None = None
    service_description: str | None = None
    closing_description: str | None = None
    opened_at: datetime | None = None
    planned_start: datetime | None = None
    planned_end: datetime | None = None
    started_at: datetime | None = None
    ended_at: datetime | None = None
    opened_by: str | None = None
    closed_by: str | None = None
    technicians: tuple[str, ...] = ()
    customer: str | None = None
    service: str | None = None


class Message(Model, frozen=True, kw_only=True):
    """One message inside a ticket."""

    id: int
    ticket_id: int | None = None
    text: str = ""
    written_at: datetime | None = None


class Thread(Model, frozen=True, kw_only=True):
    """The messages of one ticket; None where HubSoft left them out, which is not the same as none."""

    ticket_id: int
    messages: tuple[Message, ...] | None = None


class Ticket(Model, frozen=True, kw_only=True):
    """A ticket (`atendimento`), from either of HubSoft's two shapes; what a shape lacks is None."""

    id: int
    protocol: str = ""
    type: str | None = None
    type_id: int | None = None
    status: str | None = None
    status_id: int | None = None
    status_prefix: str | None = None
    opening: str | None = None
    """The opening description; only `cliente/atendimento` and the POST answer carry it."""
    closing: str | None = None
    closing_status: str | None = None
    closing_reason: str | None = None
    opened_at: datetime | None = None
    opened_on: date | None = None
    """The day alone, where HubSoft gives no time."""
    closed_at: datetime | None = None
    closed_on: date | None = None
    opened_by: str | None = None
    closed_by: str | None = None
    responsible: tuple[str, ...] = ()
    responsible_known: bool = False
    """Whether this shape says who has it; an empty `responsible` then means that no user has it."""
    sector: str | None = None
    contact_name: str | None = None
    contact_phone: str | None = None
    draft: bool = False
    deleted_at: datetime | None = None
    minutes_open: int | None = None
    remaining: str | None = None
    """HubSoft's own text for the time left (`tempo_restante`)."""
    remaining_percent: float | None = None
    service_id: int | None = None
    customer_id: int | None = None
    customer_code: int | None = None
    customer_name: str | None = None
    customer_document: str | None = None
    messages: tuple[Message, ...] = ()
    work_orders: tuple[WorkOrder, ...] = ()


class PaymentText(msgspec.Struct, frozen=True, array_like=True):
    """A PIX code, a typeable line or a link: only `whole` hands it out, and it is not pickled.

    Printed, formatted, logged or drawn in a traceback it is hidden: with it anyone sees and pays an invoice.
    """

    whole: str

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        return []

    def __repr__(self) -> str:
        return f"PaymentText({HIDDEN})"

    def __str__(self) -> str:
        return HIDDEN

    def __format__(self, spec: str) -> str:
        return format(HIDDEN, spec)

    def __reduce__(self) -> NoReturn:
        raise TypeError("What pays an invoice is not pickled.")


class Invoice(Model, frozen=True, kw_only=True):
    """An invoice (`fatura`)."""

    id: int
    number: str | None = None
    amount: Decimal | None = None
    paid_amount: Decimal | None = None
    due_on: date | None = None
    paid_on: date | None = None
    registered_on: date | None = None
    paid: bool | None = None
    status: str | None = None
    charge_kind: str | None = None
    typeable_line: PaymentText | None = None
    pix: PaymentText | None = None
    link: PaymentText | None = None
    items: tuple[str, ...] = ()

    @property
    def open(self) -> bool:
        """Whether it is still to be paid, as far as HubSoft says."""
        return self.paid is not True

    def days_late(self, today: date) -> int:
        """Return how many days it is overdue; 0 while it is not, when it is paid, or when no due day is known."""
        return max(0, (today - self.due_on).days) if self.open and self.due_on is not None else 0


class DeviceReading(Model, frozen=True, kw_only=True):
    """What a customer's equipment measured at one moment: optical power received and sent, as HubSoft gives it."""

    at: datetime | None = None
    rx: float | None = None
    tx: float | None = None


class Device(Model, frozen=True, kw_only=True):
    """A customer's equipment (CPE, ONT) that HubSoft manages, with the course of its signal, newest first."""

    id: int
    address: str | None = None
    """`phy_addr`: its MAC or serial number."""
    updated_at: datetime | None = None
    readings: tuple[DeviceReading, ...] = ()
    service_ids: tuple[int, ...] = ()
    """Whose it is; empty where the server does not say."""


class Receipt(Model, frozen=True, kw_only=True):
    """HubSoft's word that it did what was asked."""

    said: str = ""
    """HubSoft's sentence as it may be shown and logged."""
    until: date | None = None
    """For a trust unlock: the last day of it."""
    order: WorkOrder | None = None
    """For a visit: the work order as it is now."""


class Session(Model, frozen=True, kw_only=True):
    """One RADIUS session of a login; `ended_at` is None while it is open."""

    login: str | None = None
    started_at: datetime | None = None
    ended_at: datetime | None = None
    ipv4: str | None = None
    nas_ip: str | None = None
    nas_port: str | None = None
    mac: str | None = None
    download_mb: float | None = None
    upload_mb: float | None = None


class Choice(Model, frozen=True, kw_only=True):
    """One row of a `configuracao/*` table: an id and what people call it."""

    id: int
    label: str
    prefix: str | None = None
    extra: dict[str, Any] = {}
    """Other columns of the row, under English names, for the few screens that need them."""


class TokenGrant(Model, frozen=True, kw_only=True):
    """An answer of `oauth/token`. `lifetime` is in seconds."""

    access_token: str
    token_type: str = "Bearer"  # noqa: S105 - a scheme's name
    lifetime: float = 0.0


class RowProblem(Model, frozen=True, kw_only=True):
    """A row, or a part of one, that could not be used. `path` is like `clientes[3].servicos[0].valor`."""

    path: str
    reason: str


class Page(Model, frozen=True, kw_only=True):
    """Where a bulk answer stands: pages count from 0 whatever the route counts from."""

    number: int
    last: int
    total: int
