"""The provider's own tables: plans, statuses, ticket types, closing reasons, people, cities."""

from __future__ import annotations

from typing import Final

from ..values import dataclass


@dataclass(frozen=True, slots=True)
class SimPlan:
    """A plan that is sold (`servico`). Speeds are in Mbit/s."""

    id: int
    name: str
    price: float
    technology: str
    download: int
    upload: int


@dataclass(frozen=True, slots=True)
class TicketStatus:
    """A status a ticket can be in (`status_atendimento`)."""

    id: int
    label: str
    prefix: str
    opens_order: bool
    closed: bool = False
    colour: str = "md-blue-900-bg"

    @property
    def display(self) -> str:
        """The label as HubSoft shows it in lists."""
        return f"{self.label} (Abertura de OS)" if self.opens_order else self.label


@dataclass(frozen=True, slots=True)
class SimPlace:
    """A city with the way this provider's data spells it."""

    id: int
    name: str
    ibge: str
    zip_code: str
    latitude: float
    longitude: float


PLANS: Final = (
    SimPlan(2734, "COMBO 30MBPS + 30MBPS", 89.9, "FIBRA", 30, 30),
    SimPlan(2675, "212 MB - ULTRA FIBRA", 99.9, "FIBRA", 212, 106),
    SimPlan(2792, "FIBRA 300 MEGA", 109.9, "FIBRA", 300, 150),
    SimPlan(2799, "FIBRA 500 MEGA + TV", 139.9, "FIBRA", 500, 250),
    SimPlan(2801, "FIBRA 700 MEGA", 149.9, "FIBRA", 700, 350),
    SimPlan(2805, "GIGA EMPRESARIAL", 399, "FIBRA", 1000, 1000),
    SimPlan(1269, "RURAL 10 MEGA", 119.9, "WIRELESS", 10, 5),
    SimPlan(1292, "RURAL 20 MEGA", 149, "RADIO", 20, 10),
    SimPlan(1310, "LINK DEDICADO 100 MEGA", 1200, "Cabo UTP", 100, 100),
)
TECHNOLOGIES: Final = {"Cabo UTP": 3, "FIBRA": 2, "RADIO": 19, "WIRELESS": 1}

SERVICE_STATUSES: Final = {
    "servico_habilitado": (1, "Serviço Habilitado"),
    "cancelado": (2, "Cancelado"),
    "aguardando_instalacao": (3, "Aguardando Instalação"),
    "suspenso_debito": (4, "Suspenso por Débito"),
    "suspenso_parcialmente": (5, "Suspenso Parcialmente"),
    "suspenso_pedido_cliente": (6, "Suspenso a Pedido do Cliente"),
    "aguardando_migracao": (7, "Aguardando Migração"),
    "aguardando_assinatura_contrato": (8, "Aguardando Assinatura de Contrato"),
    "bloqueio_temporario": (41, "Bloqueio Temporário"),
}
# The share of services in each status, in thousandths: about what providers of this size report.
STATUS_WEIGHTS: Final = {
    "servico_habilitado": 850,
    "suspenso_debito": 45,
    "suspenso_parcialmente": 20,
    "cancelado": 55,
    "aguardando_instalacao": 12,
    "suspenso_pedido_cliente": 8,
    "bloqueio_temporario": 10,
}
CANCELLATION_REASONS: Final = ("Mudança de endereço", "Insatisfação com o serviço", "Inadimplência")

TICKET_TYPES: Final = {
    33: "SAC",
    109: "SEM ACESSO A INTERNET",
    111: "OSCILAÇÃO/QUEDAS DE CONEXÃO",
    112: "TÉCNICO - CONEXÃO LENTA",
    115: "FINANCEIRO - SEGUNDA VIA",
    118: "MUDANÇA DE ENDEREÇO",
    121: "ALTERAÇÃO DE PLANO",
    162: "VISITA TÉCNICA",
}
DEFAULT_TYPE: Final = 33

TICKET_STATUSES: Final = {
    status.id: status
    for status in (
        TicketStatus(22, "Pendente", "pendente", opens_order=True, colour="md-purple-900-bg"),
        TicketStatus(
            23, "Aguardando Análise", "aguardando_analise", opens_order=False, colour="md-deep-orange-A700-bg"
        ),
        TicketStatus(64, "BASE TÉCNICA", "base_tecnica", opens_order=True),
        TicketStatus(65, "NOVO ATENDIMENTO", "novo_atendimento", opens_order=False),
        TicketStatus(66, "EM TRATATIVA", "retornar_contato", opens_order=False),
        TicketStatus(134, "PENDENTE TESTE", "PENDENTE", opens_order=False),
        TicketStatus(24, "Resolvido", "resolvido", opens_order=False, closed=True, colour="md-green-900-bg"),
        TicketStatus(25, "Fechado", "fechado", opens_order=False, closed=True, colour="md-grey-900-bg"),
    )
}
OPEN_STATUSES: Final = tuple(status.id for status in TICKET_STATUSES.values() if not status.closed)
CLOSED_STATUSES: Final = tuple(status.id for status in TICKET_STATUSES.values() if status.closed)

CLOSING_REASONS: Final = {
    70: ("Problema Resolvido", ()),
    71: ("Fechado Automático Atendimento", ()),
    72: ("Cliente Ausente", (162,)),
    73: ("Sinal Restabelecido", (109, 111, 112)),
    74: ("Segunda Via Enviada", (115,)),
}
AUTOMATIC_REASON: Final = 71

ORDER_TYPES: Final = {
    301: ("ABERTURA VIA API", "cliente_servico"),
    302: ("SUPORTE", "cliente_servico"),
    303: ("INSTALAÇÃO", "cliente_servico"),
    304: ("MANUTENÇÃO DE POP", "pop"),
    305: ("VIABILIDADE", "prospecto"),
}
ORDER_CLOSING_REASONS: Final = {152: "FECHAMENTO VIA API", 155: "CLIENTE AUSENTE", 158: "SERVIÇO EXECUTADO"}

# Names keep the blanks that panels let people type at the end.
STAFF: Final = {
    56: "Bianca Couto",
    122: "Guilherme Couto",
    4808: "André Lehrbach ",
    4856: "Claudia Maria Moura ",
    4843: "Gilson Junior ",
    5228: "Sara Borges ",
    7603: "Ana Júlia Prado",
}
API_USER: Final = (1045, "Integração API")
TECHNICIANS: Final = {4848: "Ramos", 4859: "Silas Aquino", 4860: "Marcos", 4866: "Caíque", 4825: "Luã Gama"}
PERIODS: Final = {
    1: ("Manhã", "manha", "08:00:00", "12:00:30"),
    2: ("Tarde", "tarde", "12:00:00", "18:00:00"),
    3: ("Noite", "noite", "18:00:00", "21:00:00"),
}

PLACES: Final = (
    SimPlace(2052, "SANTO ANTÔNIO DO MONTE", "3160306", "35560000", -20.086726, -45.290536),
    SimPlace(1597, "DIVINÓPOLIS", "3122306", "35500-000", -20.138917, -44.883889),
    SimPlace(1811, "NOVA SERRANA", "3145208", "35519-000", -19.856272, -45.010591),
    SimPlace(1902, "PERDIGÃO", "3149705", "35545-000", -19.942400, -45.078100),
    SimPlace(1718, "LAGOA DA PRATA", "3137205", "35590000", -20.022500, -45.543600),
)
STREETS: Final = (
    "RUA GERALDO RODRIGUES DA COSTA",
    "RUA JOÃO J FERNANDES",
    "PRAÇA GETÚLIO VARGAS",
    "AVENIDA PRIMEIRO DE JUNHO",
    "RUA ADAIR JUNQUEIRA GONTIJO",
    "RUA DOIS",
    "RUA RITA DOS SANTOS MESQUITA",
    "AVENIDA BRASIL",
    "RUA SÃO JOSÉ",
    "TRAVESSA DAS ACÁCIAS",
)
DISTRICTS: Final = ("CENTRO", "FONTE BOA", "SANTO AGOSTINHO", "BARRETOS", "SÃO GERALDO", "BELA VISTA")
ALERTS: Final = (
    "Existe um rompimento de fibra no bairro Centro que está afetando esse cliente",
    "Manutenção programada na madrugada de hoje, entre 02:00 e 05:00",
    "A equipe técnica já está a caminho para resolver o rompimento de fibra",
)
COMPLAINTS: Final = (
    "CLIENTE INFORMA QUE ESTÁ SEM ACESSO À INTERNET DESDE ONTEM",
    "Conexão lenta no período da noite",
    "Queda de conexão a cada dez minutos, luz LOS acesa",
    "Solicita segunda via da fatura",
    "Quer mudar de endereço na próxima semana",
    "VERIFICAR CONEXÃO",
    "Wi-Fi não chega no quarto, pede visita",
    "Pede aumento de velocidade",
)
NOTES: Final = (
    "Cliente retornou a ligação, aguarda visita",
    "Sinal verificado: -27 dBm na ONU",
    "Roteador reiniciado, em observação",
    "Encaminhado ao setor técnico",
    "Agendado com o cliente para amanhã de manhã",
)
