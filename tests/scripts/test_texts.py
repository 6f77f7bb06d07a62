"""The check that keeps translations complete: each way to fall behind is told, and `update` mends what it can."""

from __future__ import annotations

import ast
import gettext
from typing import TYPE_CHECKING

import pytest

from scripts import texts

if TYPE_CHECKING:
    from pathlib import Path

SOURCE = """
from hubsoft_tui.texts import N_, _, ngettext, say

_("Nothing here.")
say("Page {page} of {pages}", page=1, pages=2)
N_("Late") + ngettext("one ticket", "{n} tickets", 2)
_(not_a_literal)
"""
DONE: dict[str, str | tuple[str, str]] = {
    "Nothing here.": "Nada aqui.",
    "Page {page} of {pages}": "Página {page} de {pages}",
    "Late": "Atrasado",
    "one ticket": ("um atendimento", "{n} atendimentos"),
}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A tree with one module and a complete catalogue."""
    package = tmp_path / "hubsoft_tui"
    package.mkdir()
    (package / "screen.py").write_text(SOURCE, encoding="utf-8")
    write(tmp_path, DONE)
    return tmp_path


def write(root: Path, translations: dict[str, str | tuple[str, str]]) -> None:
    path = texts.catalogue_file(root)
    path.parent.mkdir(parents=True, exist_ok=True)
    catalogue = texts.merge(root)
    for name, translation in translations.items():
        message = catalogue.get(name)
        assert message is not None
        message.string = translation
    source, compiled = texts.written(catalogue)
    path.write_bytes(source)
    path.with_suffix(".mo").write_bytes(compiled)


def test_a_complete_catalogue_has_no_problems(root: Path) -> None:
    assert texts.problems(root) == []


def test_what_is_written_is_what_gettext_reads(root: Path) -> None:
    with texts.catalogue_file(root).with_suffix(".mo").open("rb") as file:
        spoken = gettext.GNUTranslations(file)
    assert spoken.gettext("Late") == "Atrasado"
    assert [spoken.ngettext("one ticket", "{n} tickets", count) for count in (0, 1, 2)] == [
        "um atendimento",
        "um atendimento",
        "{n} atendimentos",
    ]


def test_writing_twice_changes_nothing(root: Path) -> None:
    path = texts.catalogue_file(root)
    assert texts.written(texts.merge(root))[0] == path.read_bytes()


def test_a_new_text_is_told_and_update_adds_it_empty(root: Path) -> None:
    (root / "hubsoft_tui" / "more.py").write_text('_("Brand new")', encoding="utf-8")
    assert texts.problems(root) == ["not in the catalogue, run `make texts`: 'Brand new'"]
    write(root, {})
    assert texts.problems(root) == ["untranslated: 'Brand new'"]


def test_a_vanished_text_is_told_and_update_drops_it(root: Path) -> None:
    (root / "hubsoft_tui" / "screen.py").write_text(SOURCE.replace('N_("Late") + ', ""), encoding="utf-8")
    assert texts.problems(root) == ["no longer in the code, run `make texts`: 'Late'"]
    write(root, {})
    assert texts.problems(root) == []


def test_a_text_that_gained_a_plural_is_new(root: Path) -> None:
    plural = SOURCE.replace('N_("Late")', 'ngettext("Late", "{n} late", 2)')
    (root / "hubsoft_tui" / "screen.py").write_text(plural, encoding="utf-8")
    assert "not in the catalogue, run `make texts`: 'Late'" in texts.problems(root)


@pytest.mark.parametrize(
    ("name", "translation", "problem"),
    [
        ("Page {page} of {pages}", "Página {pagina} de {pages}", "placeholders differ"),
        ("Page {page} of {pages}", "Página {page}", "placeholders differ"),
        ("Page {page} of {pages}", "Página {page de {pages}", "placeholders differ"),
        ("Nothing here.", "Nada {aqui}.", "placeholders differ"),
        ("Nothing here.", "Nada aqui.\n", "only one of the two ends its line"),
        ("one ticket", ("um atendimento", ""), "untranslated"),
        ("one ticket", ("{k} atendimento", "{n} atendimentos"), "placeholders differ"),
    ],
)
def test_a_malformed_translation_is_told(
    root: Path, name: str, translation: str | tuple[str, str], problem: str
) -> None:
    write(root, {name: translation})
    (said,) = texts.problems(root)
    assert said.startswith(problem)


def test_a_singular_may_spell_its_number_out(root: Path) -> None:
    write(root, {"one ticket": ("{n} atendimento", "{n} atendimentos")})
    assert texts.problems(root) == []


def test_a_fuzzy_translation_is_told(root: Path) -> None:
    path = texts.catalogue_file(root)
    path.write_text(
        path.read_text(encoding="utf-8").replace('msgid "Late"', '#, fuzzy\nmsgid "Late"'), encoding="utf-8"
    )
    assert "fuzzy: 'Late'" in texts.problems(root)


def test_a_mo_older_than_its_po_is_told(root: Path) -> None:
    path = texts.catalogue_file(root)
    path.write_text(path.read_text(encoding="utf-8").replace("Atrasado", "Em atraso"), encoding="utf-8")
    (said,) = texts.problems(root)
    assert "is older than the .po" in said


@pytest.mark.parametrize("suffix", [".po", ".mo"])
def test_a_missing_file_is_told(root: Path, suffix: str) -> None:
    texts.catalogue_file(root).with_suffix(suffix).unlink()
    (said,) = texts.problems(root)
    assert "does not exist" in said


def test_no_text_hides_where_the_extraction_does_not_look():
    """It looks into no f-string on Python 3.11, and not two calls deep: such a text would stay English unsaid."""
    known = {text for each in texts.extract(texts.ROOT) for text in _texts(each.id)}
    hidden = []
    for path in (
        texts.ROOT / "app.py",
        *(texts.ROOT / "hubsoft_tui").rglob("*.py"),
        *(texts.ROOT / "widgets").rglob("*.py"),
    ):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.JoinedStr):
                hidden += [f"{path.name}:{node.lineno}" for each in ast.walk(node) if _is_text(each)]
            elif isinstance(node, ast.Call) and _is_text(node) and isinstance(node.args[0], ast.Constant):
                hidden += [f"{path.name}:{node.lineno}"] if node.args[0].value not in known else []
    assert hidden == []


def _is_text(node: ast.AST) -> bool:
    called = node.func if isinstance(node, ast.Call) else None
    return isinstance(called, ast.Name) and called.id in {"_", "N_", "say", "ngettext"}


def _texts(message: str | tuple[str, ...] | list[str]) -> tuple[str, ...]:
    return (message,) if isinstance(message, str) else tuple(message)
