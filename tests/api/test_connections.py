"""Actions as requests, and what counts as HubSoft's word that one was done."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path

import pytest

from hubsoft_tui.api import connections, tickets
from hubsoft_tui.errors import BadAnswer, HubSoftError, NotOffered, Refused
from hubsoft_tui.formats import BRASILIA

SAMPLES = Path(__file__).parents[3] / "shared" / "hubsoft-api" / "samples"
START, END = (datetime(2026, 12, 1, hour, 30, tzinfo=BRASILIA) for hour in (14, 16))
RECORDED = {
    "cliente_desbloqueio_confianca.success": connections.trust_unlock(7, 3),
    "cliente_solicitar_desconexao.success": connections.disconnect(7),
    "cliente_reset_mac_addr.success": connections.clear_mac(7),
    "cliente_servico_suspender.success": connections.suspend(7, "suspenso_debito"),
    "ordem_servico_remove_agendamento": tickets.confirm_visit(1493),
}
REFUSED = {
    "cliente_reset_phy_addr.error_no_auth": connections.clear_physical_address(7),
    "rede_reiniciar_cpe.error_not_found": connections.restart_device("AA:BB:CC:DD:EE:FF"),
}


def recorded(name):
    file = SAMPLES / f"{name}.json"
    if not file.exists():
        pytest.skip("no recorded answers beside the repository")
    return file.read_bytes()


@pytest.mark.parametrize("name", RECORDED)
def test_recorded_success_is_a_receipt(name):
    done = RECORDED[name].read(recorded(name)).value
    assert "hubsoft" not in done.said
    assert done.until == (date(2018, 11, 26) if "desbloqueio" in name else None)


@pytest.mark.parametrize("name", REFUSED)
def test_recorded_refusal_keeps_its_words(name):
    with pytest.raises(Refused, match=r"não possui|não encontrado"):
        REFUSED[name].read(recorded(name))


@pytest.mark.parametrize(
    "body", [b"{}", b"[]", b"", b"<html>", b'{"status":null}', b'{"msg":"ok"}', b'{"login":"a"}']
)
def test_anything_less_than_success_is_no_receipt(body):
    with pytest.raises(BadAnswer):
        connections.disconnect(7).read(body)


def test_writes_are_never_repeatable_and_hide_the_equipment():
    address = "48:57:54:43:7D:38"
    made = [
        *RECORDED.values(),
        *REFUSED.values(),
        connections.restore_device(address),
        tickets.open_work_order(5),
    ]
    assert not any(each.repeatable for each in made)
    assert address not in repr(connections.restart_device(address))
    assert connections.restart_device("a/../b").path.endswith("rede/reiniciar_cpe/a%2F..%2Fb")


def test_new_time_of_a_visit_is_written_as_hubsoft_wants_it():
    assert tickets.reschedule_visit(5, START, END).body == {
        "id_ordem_servico": 5,
        "data_inicio_programado": "2026-12-01",
        "hora_inicio_programado": "14:30",
        "data_termino_programado": "2026-12-01",
        "hora_termino_programado": "16:30",
    }
    with pytest.raises(ValueError, match="ends before"):
        tickets.reschedule_visit(5, END, START)


def test_equipment_of_another_service_is_not_shown_and_parameters_are_not_kept():
    def cpe(number, service):
        history = [
            {"parametros": {"rx_signal": "-21.5", "wifi_password": "x"}, "created_at": "2026-11-20 10:00:00"}
        ]
        return {
            "id_cpe": number,
            "historico_parametros": history,
            "servicos": [{"id_cliente_servico": service}],
        }

    answer = {"status": "success", "cpes": [cpe(1, 7), cpe(2, 8)]}
    (found,) = connections.service_devices(7).decode(answer).value
    assert (found.id, found.readings[0].rx, found.readings[0].tx) == (1, -21.5, None)
    assert "wifi" not in repr(found)


@pytest.mark.parametrize("status", [404, 405])
def test_older_server_is_told_apart_for_reads_alone(status):
    with pytest.raises(NotOffered):
        connections.service_devices(7).read(b"<html>", status=status)
    with pytest.raises(HubSoftError) as told:
        connections.activate(7).read(b"<html>", status=status)
    assert type(told.value) is BadAnswer
