"""Portuguese as a Brazilian call centre says it: one word for one thing, one mood for help, `45%`."""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages.pofile import read_po

import hubsoft_tui.screens
from hubsoft_tui.formats import percent
from hubsoft_tui.screens.frame.actions import AREAS, registry
from hubsoft_tui.texts import _, use
from scripts.texts import catalogue_file

ROOT = Path(__file__).resolve().parents[2]
FORBIDDEN = {
    r"\borçamento": "cota",
    r"\bdisjuntor": "proteção",
    r"\bpassadas?\b(?! podem)": "sincronização",
    r"\bsem dono\b": "sem responsável",
    r"\bcadastro (?!desativado)": "base de clientes",
    r"\brastro": "histórico",
    r"\bpoup(?:ar|a|e|ado|ada|adas|ou)\b": "economizar, economia",
    r"\bregistros? vencid|respostas? vencid|^vencidas$": "desatualizado",
    r"\b(?:[Ss]eguir|[Ss]egue um|[Ss]eguindo)\b|atendimentos? seguid|é seguido (?!:)": "acompanhar",
    r"\bpression": "tecle",
    r"\bencerrar? (?:um|o) atendimento": "fechar",
    r"\bfoi dado como|é dado como": "é considerado",
    r"\bolhad[oa]\b|\bolhar\b|\bOlhe\b": "ver, conferir",
    r"\bpergunt\w+ (?:pel|por)": "buscar, consultar",
    r"\bpergunt\w+ (?:de novo )?(?:ao|o) HubSoft": "consultar, buscar",
    r"\bcom quem o HubSoft deve": "com quem o atendente deve",
    r"\blembrad": "na memória",
    r"\bnão há\b$": "nenhum",
    r"\bem experiência": "em teste",
    r"\bperíodo quieto|hora calma|paciência|sincronia|sincr\.": "espera, horário noturno, sinc.",
    r"\bQuando encher": "Quando lotar",
    r"Não dá para|Não é possível (?!$)|não pode ser (?:gravad|escrit|lid|alcançad)|não podem ser gravad": (
        "Não foi possível"
    ),
    r"\bdepois de um sim|última olhada": "após confirmação, depois de conferir",
    r"\batendimentos? abertos? (?!de \{|desde)": "em aberto",
    r"\bunid[oa]s? a outro": "mesclado",
    r"\b(?:CRITICAL|HIGH|LOW)\b": "CRÍTICA, ALTA, BAIXA",
    r"[\d}] %": "45%, without a space",
    r"\bassociados?\b": "membro",
    r"\bperguntad": "consultado",
}
"""What no Portuguese text says, and what it says instead."""
IRREGULAR = {
    "Dizer": "Diz", "Fazer": "Faz", "Ir": "Vai", "Ler": "Lê", "Pedir": "Pede", "Sair": "Sai", "Ver": "Vê",
}  # fmt: skip


def translations() -> Iterator[str]:
    with catalogue_file(ROOT).open("rb") as file:
        for message in read_po(file, locale="pt_BR"):
            if message.id:
                yield from (message.string,) if isinstance(message.string, str) else message.string or ()


def third_person(infinitive: str) -> str:
    return IRREGULAR.get(infinitive) or infinitive[:-2] + ("a" if infinitive.endswith("ar") else "e")


@pytest.mark.parametrize("word", FORBIDDEN)
def test_one_word_stands_for_one_thing(word: str) -> None:
    found = [text for text in translations() if re.search(word, text)]
    assert found == [], f"say: {FORBIDDEN[word]}"


def test_help_is_in_the_infinitive_wherever_it_stands() -> None:
    for module in pkgutil.walk_packages(hubsoft_tui.screens.__path__, "hubsoft_tui.screens."):
        importlib.import_module(module.name)
    use("pt_BR")
    try:
        helps = [_(each.help) for each in (*registry, *AREAS)]
    finally:
        use("en")
    assert len(helps) > 150
    assert [text for text in helps if not re.match(r"(?:\w*[aei]r|Ir|Pôr)\b", text)] == []


def test_no_sentence_begins_as_if_something_else_did_it() -> None:
    texts = list(translations())
    infinitives = {text.split()[0].strip(".;,") for text in texts if re.match(r"\w*[aeiI]r\b", text)}
    beginnings = {third_person(each) for each in infinitives} - {"Para"}
    assert {"Abre", "Mostra", "Vai", "Diz"} <= beginnings
    sentences = [text for text in texts if text[:1].isupper() and len(text.split()) > 2]
    found = [text for text in sentences if re.split(r"\W", text)[0] in beginnings]
    assert found == []


def test_a_share_is_written_without_a_space() -> None:
    use("pt_BR")
    try:
        assert percent(0.45) == "45%"
    finally:
        use("en")
