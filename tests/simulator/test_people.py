from __future__ import annotations

from brutils import is_valid_cnpj, is_valid_cpf

from hubsoft_tui.simulator.people import DEMO_COMPANY, HOSTILE_TEXT, cnpj, generate


def test_every_document_is_valid_and_unique() -> None:
    people = generate(3000, 7)
    assert len({person.document for person in people}) == 3000
    for person in people:
        valid = is_valid_cpf if len(person.document) == 11 else is_valid_cnpj
        assert valid(person.document), person


def test_some_companies_have_letters_in_their_document() -> None:
    companies = [person.document for person in generate(3000, 7) if len(person.document) == 14]
    with_letters = [document for document in companies if not document.isdigit()]
    assert 0 < len(with_letters) < len(companies) / 2


def test_the_check_digits_of_the_published_alphanumeric_example() -> None:
    assert cnpj("12ABC34501DE") == "12ABC34501DE35" == DEMO_COMPANY


def test_one_seed_is_one_provider_and_another_is_another() -> None:
    assert generate(300, 1) == generate(300, 1)
    assert generate(300, 1) != generate(300, 2)


def test_a_bigger_provider_begins_with_the_smaller_one() -> None:
    assert generate(300, 1) == generate(900, 1)[:300]


def test_statuses_come_in_realistic_shares() -> None:
    statuses = [status for person in generate(5000, 3) for status in person.statuses]
    share = statuses.count("servico_habilitado") / len(statuses)
    assert 0.82 < share < 0.88
    assert {"suspenso_debito", "suspenso_parcialmente", "cancelado", "bloqueio_temporario"} <= set(statuses)


def test_the_people_that_documents_name() -> None:
    by_document = {person.document: person for person in generate(10, 99)}
    assert by_document["86214941081"].name == "BIANCA COUTO"
    assert by_document["86214941081"].active
    assert by_document["86214941081"].code == 1204
    assert by_document["57893953098"].statuses == ("aguardando_instalacao",)
    assert by_document["10682083682"].statuses == ("suspenso_debito",)
    assert by_document[DEMO_COMPANY].active


def test_the_hostile_customer_is_there_only_when_asked_for() -> None:
    assert not any(person.hostile for person in generate(500, 7))
    hostile = [person for person in generate(500, 7, hostile=True) if person.hostile]
    assert [person.name for person in hostile] == [HOSTILE_TEXT]
    for needle in ("[red]x[/]", "[/foo]", "[@click=app.quit]y[/]", "\x1b]52;", "\x1b]0;", "\x9b", "\u202e"):
        assert needle in HOSTILE_TEXT
