"""Keep the translations: `update` extracts, merges and compiles them; `check` fails when they fall behind.

Texts are marked in the code by `_`, `ngettext`, `N_` and `say`. English is the language of the source, so
only the others have a catalogue. It carries no dates and line numbers: a diff shows nothing but texts.
"""

from __future__ import annotations

import gettext
import io
import re
import string
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_file
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

if TYPE_CHECKING:
    from collections.abc import Iterator

    from babel.messages.catalog import Message

ROOT: Final = Path(__file__).resolve().parent.parent
SOURCES: Final = ("app.py", "hubsoft_tui", "widgets")
DOMAIN: Final = "hubsoft_tui"
LANGUAGE: Final = "pt_BR"
KEYWORDS: Final = {"_": None, "N_": None, "say": None, "ngettext": (1, 2)}
_WIDTH = 110
_PERCENT = re.compile(r"%\((\w+)\)")


def catalogue_file(root: Path) -> Path:
    """Return where the catalogue that people edit is."""
    return root / "hubsoft_tui" / "locale" / LANGUAGE / "LC_MESSAGES" / f"{DOMAIN}.po"


def extract(root: Path) -> Catalog:
    """Return every marked text in the code, sorted by file."""
    found = Catalog(domain=DOMAIN, charset="utf-8")
    for path in _modules(root):
        place = path.relative_to(root).as_posix()
        for _line, message, comments, _context in extract_from_file(
            "python", path, keywords=KEYWORDS, comment_tags=("Translators:",), strip_comment_tags=True
        ):
            found.add(message, locations=[(place, 0)], auto_comments=comments)
    return found


def merge(root: Path) -> Catalog:
    """Return the catalogue with today's texts: translations kept, new texts empty, vanished texts dropped."""
    path = catalogue_file(root)
    catalogue = Catalog(locale=LANGUAGE, domain=DOMAIN, charset="utf-8", fuzzy=False)
    if path.exists():
        with path.open("rb") as file:
            catalogue = read_po(file, locale=LANGUAGE, domain=DOMAIN, abort_invalid=True)
    # Without fuzzy matching: a translation of another sentence is worse than none.
    catalogue.update(extract(root), no_fuzzy_matching=True)
    catalogue.obsolete.clear()
    catalogue.fuzzy = False
    return catalogue


def written(catalogue: Catalog) -> tuple[bytes, bytes]:
    """Return the catalogue as the .po and the .mo hold it."""
    source, compiled = io.BytesIO(), io.BytesIO()
    write_po(source, catalogue, width=_WIDTH, sort_by_file=True, include_lineno=False, omit_header=True)
    write_mo(compiled, catalogue)
    header = (
        f"# Brazilian Portuguese. `make texts` keeps this file; only `msgstr` is written by hand.\n"
        f'msgid ""\nmsgstr ""\n'
        f'"Language: {LANGUAGE}\\n"\n'
        f'"MIME-Version: 1.0\\n"\n'
        f'"Content-Type: text/plain; charset=utf-8\\n"\n'
        f'"Content-Transfer-Encoding: 8bit\\n"\n'
        f'"Plural-Forms: {catalogue.plural_forms}\\n"\n\n'
    )
    return header.encode() + source.getvalue().lstrip(b"\n"), compiled.getvalue()


def problems(root: Path) -> list[str]:
    """Say, a line each, what keeps the catalogue from being complete and up to date."""
    path = catalogue_file(root)
    if not path.exists():
        return [f"{path.relative_to(root)} does not exist: run `make texts`."]
    with path.open("rb") as file:
        kept = read_po(file, locale=LANGUAGE, domain=DOMAIN, abort_invalid=True)
    wanted = extract(root)
    new = [f"not in the catalogue, run `make texts`: {_name(m)}" for m in wanted if _absent(m, kept)]
    gone = [f"no longer in the code, run `make texts`: {_name(m)}" for m in kept if _absent(m, wanted)]
    wrong = [trouble for message in kept if message.id for trouble in _troubles(message)]
    return new + gone + wrong + list(_stale(path.with_suffix(".mo"), kept, root))


def _modules(root: Path) -> Iterator[Path]:
    for name in SOURCES:
        place = root / name
        yield from sorted(place.rglob("*.py")) if place.is_dir() else [place] if place.exists() else []


def _identities(message: Message) -> tuple[str, ...]:
    """Return the English forms: one, or singular and plural."""
    return tuple(message.id) if message.pluralizable else (str(message.id),)


def _translations(message: Message) -> tuple[str, ...]:
    """Return the translated forms; an empty one is not translated yet."""
    forms = message.string if message.pluralizable else (message.string,)
    return tuple(str(form or "") for form in forms or ())


def _absent(message: Message, catalogue: Catalog) -> bool:
    """Tell whether `catalogue` lacks the message, or has it with another plural."""
    if not message.id:
        return False
    other = catalogue.get(_identities(message)[0])
    return other is None or other.id != message.id


def _troubles(message: Message) -> Iterator[str]:
    identities, translations = _identities(message), _translations(message)
    if not translations or not all(translations):
        yield f"untranslated: {_name(message)}"
        return
    if message.fuzzy:
        yield f"fuzzy: {_name(message)}"
    fields = [_fields(text) for text in identities]
    # A singular may leave its number out ("one ticket"); what every form has, every translation has too.
    needed, allowed = set.intersection(*fields), set.union(*fields)
    for text in translations:
        if not needed <= _fields(text) <= allowed:
            yield f"placeholders differ, {sorted(_fields(text))} for {sorted(allowed)}: {_name(message)}"
        if text.endswith("\n") != identities[0].endswith("\n"):
            yield f"only one of the two ends its line: {_name(message)}"


def _fields(text: str) -> set[str]:
    """Return the names of the `{placeholders}` and `%(placeholders)s` in `text`."""
    try:
        braces = {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}
    except ValueError:
        # A text that is never formatted may hold a lone brace (a JSON example); then both have to.
        braces = {"a lone brace"}
    return braces | {f"%{name}" for name in _PERCENT.findall(text)}


def _stale(path: Path, kept: Catalog, root: Path) -> Iterator[str]:
    place = path.relative_to(root)
    if not path.exists():
        yield f"{place} does not exist: run `make texts`."
        return
    with path.open("rb") as file:
        compiled = gettext.GNUTranslations(file)
    for message in kept:
        identities, translations = _identities(message), _translations(message)
        if not message.id or not all(translations):
            continue
        if message.pluralizable:
            shown = tuple(compiled.ngettext(identities[0], identities[1], count) for count in (1, 2))
        else:
            shown = (compiled.gettext(identities[0]),)
        if shown != translations:
            yield f"{place} is older than the .po, run `make texts`: {_name(message)}"


def _name(message: Message) -> str:
    text = _identities(message)[0]
    return repr(text if len(text) <= 70 else f"{text[:67]}...")


@click.group()
def main() -> None:
    """Keep the translations."""


@main.command()
def update() -> None:
    """Extract the texts, merge them into the catalogue, compile it; list what waits for a translation."""
    path = catalogue_file(ROOT)
    path.parent.mkdir(parents=True, exist_ok=True)
    source, compiled = written(merge(ROOT))
    path.write_bytes(source)
    path.with_suffix(".mo").write_bytes(compiled)
    left = problems(ROOT)
    for line in left:
        click.echo(line)
    click.echo(f"{path.relative_to(ROOT)}: {len(left)} to do.")


@main.command()
def check() -> None:
    """Exit 1 when a text is missing, untranslated, fuzzy or malformed, or when the .mo is stale."""
    left = problems(ROOT)
    for line in left:
        click.echo(line, err=True)
    if left:
        sys.exit(1)
    click.echo("Translations: complete and up to date.")


if __name__ == "__main__":
    main()
