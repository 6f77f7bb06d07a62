"""What was typed into a search: recognised, normalised and validated before anything is sent.

`recognise` tells documents, phones, protocols, codes, names and logins apart; a prefix (`login:joao`,
`code:1204`) settles it where they look alike.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import field
from enum import Enum
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from ...errors import InvalidInput
from ...formats import Late
from ...privacy import mask_document, mask_phone
from ...texts import N_, Text, _, number, say
from ...values import dataclass
from .documents import (
    Unreadable,
    WrittenDocument,
    as_number,
    bare,
    digits_of,
    is_cnpj,
    is_cpf,
    looks_like_cnpj,
    read_document,
    read_phone,
    tidy,
    unwrapped,
    without_ninth_digit,
)

if TYPE_CHECKING:
    from collections.abc import Callable


class Kind(Enum):
    """What a term is; the value is how JSON says it."""

    CPF = "cpf"
    CNPJ = "cnpj"
    PHONE = "phone"
    NAME = "name"
    CODE = "code"
    LOGIN = "login"
    PROTOCOL = "protocol"


MAX_CHARACTERS: Final = 200
KEPT_TERMS: Final = 1024
"""How many of the last terms, and of the questions they make, are kept ready."""

_WORDS: Final = {
    Kind.CPF: N_("CPF"),
    Kind.CNPJ: N_("CNPJ"),
    Kind.PHONE: N_("phone"),
    Kind.NAME: N_("name"),
    Kind.CODE: N_("customer code"),
    Kind.LOGIN: N_("login"),
    Kind.PROTOCOL: N_("ticket protocol"),
}
# Both languages at once: an operator's habit does not change with the terminal's locale.
_PREFIXES: Final = {
    "cpf": Kind.CPF,
    "cnpj": Kind.CNPJ,
    "phone": Kind.PHONE,
    "fone": Kind.PHONE,
    "telefone": Kind.PHONE,
    "tel": Kind.PHONE,
    "name": Kind.NAME,
    "nome": Kind.NAME,
    "code": Kind.CODE,
    "cod": Kind.CODE,
    "codigo": Kind.CODE,
    "código": Kind.CODE,
    "login": Kind.LOGIN,
    "protocol": Kind.PROTOCOL,
    "protocolo": Kind.PROTOCOL,
    "prot": Kind.PROTOCOL,
}
_PREFIX: Final = re.compile(r"([^\W\d_]+) ?: ?(.*)")
_NUMERIC: Final = re.compile(r"[0-9 ()+.,/-]*[0-9][0-9 ()+.,/-]*|[0-9](?:[.,][0-9]*)?[eE]\+?[0-9]{1,3}")
_CPF_MASK: Final = re.compile(r"[0-9]{3}\.[0-9]{3}\.[0-9]{3} ?- ?[0-9]{2}")
_CNPJ_MASK: Final = re.compile(
    r"[0-9A-Za-z]{2}\.[0-9A-Za-z]{3}\.[0-9A-Za-z]{3} ?/ ?[0-9A-Za-z]{4} ?- ?[0-9]{2}"
)
_DOCUMENT_WITHIN: Final = re.compile(
    r"(?<![0-9A-Za-z])(?:[0-9]{3}\.?[0-9]{3}\.?[0-9]{3}-?[0-9]{2}"
    r"|[0-9A-Z]{2}\.?[0-9A-Z]{3}\.?[0-9A-Z]{3}/?[0-9A-Z]{4}-?[0-9]{2})(?![0-9A-Za-z])"
)
_PROTOCOL_FORM: Final = re.compile(r"[0-9]{15,20}")
_CODE_FORM: Final = re.compile(r"[0-9]{1,10}")
_LEAST_DIGITS: Final = 8
_TYPED_CODE_DIGITS: Final = 7
"""A longer number that is nothing else is a mistake, unless `#` or `code:` says that it is a code."""


@dataclass(frozen=True, slots=True)
class Term:
    """One recognised term. Its text form hides documents and phones."""

    kind: Kind
    value: str
    """Normalised: bare digits for numbers, upper case for a CNPJ, lower case for a login."""
    restored: bool = field(default=False, compare=False)
    """The document had lost the zeros in front, as numbers do; they were put back."""

    @property
    def shown(self) -> str:
        """The value for screens and logs: documents and phones masked."""
        if self.kind in {Kind.CPF, Kind.CNPJ}:
            return mask_document(self.value)
        return mask_phone(self.value) if self.kind is Kind.PHONE else self.value

    @property
    def typed(self) -> str:
        """What to type to get this very term again: the value, with a prefix where it needs one."""
        try:
            plain = recognise(self.value) == self
        except InvalidInput:
            plain = False
        return self.value if plain else f"{self.kind.value}:{self.value}"

    def __repr__(self) -> str:
        return f"Term({self.kind.value}, {self.shown!r})"


def describe(kind: Kind) -> str:
    """Return the kind's name for people, translated."""
    return _(_WORDS[kind])


def zeros_restored(term: Term) -> Text:
    """Say that a document had lost zeros, and as what it was read."""
    return say(
        "The document had lost its leading zeros; it was read as {kind} {document}.",
        kind=describe(term.kind),
        document=term.shown,
    )


def missing_digit(term: Term) -> str:
    """Say why a phone may not be found: it is a mobile's without its ninth digit. Else nothing."""
    if term.kind is not Kind.PHONE or not without_ninth_digit(term.value):
        return ""
    return _("This phone has no ninth digit: try it with a 9 behind the area code.")


def recognise(text: str) -> Term:
    """Return what `text` is. Raises InvalidInput, with a sentence saying what to do, and nothing else."""
    if not issubclass(type(text), str):  # a program's int has lost its zeros already
        given = type(text).__name__
        raise InvalidInput(
            say("Pass what is searched as text (str), not as {kind}: numbers lose their zeros.", kind=given)
        )
    return _recognised(text) if type(text) is str and len(text) <= MAX_CHARACTERS else _read(text)


def _read(text: str) -> Term:
    line = unwrapped(_one_line(text))
    if not line:
        raise InvalidInput(say("Type a CPF, CNPJ, phone, name, code, login or protocol."))
    if (prefix := _PREFIX.fullmatch(line)) and (kind := _PREFIXES.get(prefix[1].lower())):
        return _forced(kind, unwrapped(prefix[2]))
    if line.startswith("#"):
        return Term(Kind.CODE, _code(line))
    if _NUMERIC.fullmatch(line):
        return _from_number(line)
    characters = bare(line)
    if _CNPJ_MASK.fullmatch(line) or (
        looks_like_cnpj(characters) and (is_cnpj(characters) or characters == line)
    ):
        return _document(line, Kind.CNPJ)
    if document := _document_within(line):
        return document
    if " " in line or not re.search(r"[\d@./_:+]", line):
        return Term(Kind.NAME, _name(line))
    if len(digits_of(line)) >= _LEAST_DIGITS and not re.search(r"[^\W\d_]", line):
        raise InvalidInput(
            say(
                "This number has signs that no document or phone has. Type its digits; for a login, login: first."
            )
        )
    return Term(Kind.LOGIN, _login(line))


_recognised: Final = lru_cache(maxsize=KEPT_TERMS)(_read)
"""The same few customers are asked for again and again: an answer from memory costs less than reading the term."""


def _document_within(line: str) -> Term | None:
    """Return the one valid document that a pasted sentence holds: the rest of it is no name."""
    found = {bare(each) for each in _DOCUMENT_WITHIN.findall(line)}
    valid = [each for each in found if is_cpf(each) or is_cnpj(each)]
    if len(valid) != 1:
        return None
    return Term(Kind.CPF if is_cpf(valid[0]) else Kind.CNPJ, valid[0])


def _one_line(text: str) -> str:
    """Return the text as one tidy line, of a length that can be searched."""
    if len(text) > MAX_CHARACTERS and len(text.strip()) > MAX_CHARACTERS:
        raise _too_long(len(text))
    text = tidy(text)
    if len(text) > MAX_CHARACTERS:  # one character can stand for eighteen
        raise _too_long(len(text))
    return text


def _too_long(count: int) -> InvalidInput:
    return InvalidInput(
        say(
            "That is {count} characters; a search has at most {most}. Paste only what is searched.",
            count=Late(number, count),
            most=MAX_CHARACTERS,
        )
    )


def _from_number(line: str) -> Term:
    number = as_number(line)
    digits = number or digits_of(line)
    if number is None and (_CNPJ_MASK.fullmatch(line) or len(digits) == 14):
        return _document(line, Kind.CNPJ)
    if _CPF_MASK.fullmatch(line):
        return _document(line, Kind.CPF)
    if line.startswith("+") or "(" in line or ")" in line:
        return Term(Kind.PHONE, _phone(line))
    if len(digits) <= _TYPED_CODE_DIGITS and "E" not in line.upper():
        return Term(Kind.CODE, _code(number or line))
    if 15 <= len(digits) <= 20 and number is None:
        return Term(Kind.PROTOCOL, _protocol(line))
    return _document_or_phone(line, number)


def _document_or_phone(line: str, number: str | None) -> Term:
    """Tell 8 to 13 digits apart: a valid CPF, else a phone, else a document that lost its zeros or has a wrong digit.

    Digits alone were typed: ten of them are a phone rather than a CPF without its zero. A `number` was copied from
    somewhere that keeps neither: it is refused when it can be both.
    """
    found, phone = read_document(line), read_phone(line)
    document = found if isinstance(found, WrittenDocument) else None
    if found is Unreadable.TWO or phone is Unreadable.TWO or (number and document and isinstance(phone, str)):
        raise _two_readings()
    if document and not document.restored:
        return _term_of(document)
    if isinstance(phone, str):
        return Term(Kind.PHONE, phone)
    if document:
        return _term_of(document)
    digits = number or digits_of(line)
    if found is Unreadable.SHORTENED or len(digits) == 11:
        raise _no_document(found, digits, Kind.CPF)
    raise InvalidInput(_unknown_number(len(digits)))


def _term_of(document: WrittenDocument) -> Term:
    kind = Kind.CPF if len(document.value) == 11 else Kind.CNPJ
    return Term(kind, document.value, restored=document.restored)


def _two_readings() -> InvalidInput:
    return InvalidInput(
        say(
            "This can be read as two different documents or phones, each of them valid. Type the one that is meant "
            "with all its digits, points and hyphens."
        )
    )


def _unknown_number(count: int) -> Text:
    if count in {8, 9}:
        return say(
            "A phone needs its area code, e.g. (37) 99999-0000. For a customer code, write # before it."
        )
    return say(
        "{count} digits are no CPF (11), CNPJ (14), phone (10 or 11), protocol (15 to 20) or code.",
        count=count,
    )


def _forced(kind: Kind, text: str) -> Term:
    """Return the term that a prefix says it is."""
    if kind in {Kind.CPF, Kind.CNPJ}:
        return _document(text, kind, 11 if kind is Kind.CPF else 14)
    return Term(kind, _FORCED[kind](text))


def _document(text: str, kind: Kind, length: int = 0) -> Term:
    """Return the document that `text` must be; its kind was said when there is a `length`, else its form tells."""
    found = read_document(text, length)
    if isinstance(found, WrittenDocument):
        return _term_of(found)
    if found is Unreadable.TWO:
        raise _two_readings()
    raise _no_document(found, as_number(text) or bare(text), kind)


def _is_valid(characters: str, kind: Kind) -> bool:
    """Tell whether bare `characters` are a valid document of this kind."""
    return is_cpf(characters) if kind is Kind.CPF else is_cnpj(characters)


def _no_document(why: WrittenDocument | Unreadable, characters: str, kind: Kind) -> InvalidInput:
    if why is Unreadable.SHORTENED:
        return InvalidInput(
            say("A spreadsheet has shortened this number: copy the document from where it is whole.")
        )
    if kind is Kind.CPF and len(characters) != 11:
        return InvalidInput(say("A CPF has 11 digits; this has {count}.", count=len(characters)))
    if kind is Kind.CNPJ and len(characters) != 14:
        return InvalidInput(say("A CNPJ has 14 characters; this has {count}.", count=len(characters)))
    if _is_valid(characters, kind):
        return InvalidInput(
            say("The points and hyphens are not where a document has them. Type its digits alone.")
        )
    if kind is Kind.CPF:
        return InvalidInput(
            say("This is not a valid CPF: its check digits do not match. Correct the mistyped digit.")
        )
    return InvalidInput(
        say(
            "This is not a valid CNPJ: its check digits do not match. Look for a mistyped character; "
            "for a login, write login: before it."
        )
    )


def _phone(text: str) -> str:
    phone = read_phone(text)
    if phone is Unreadable.TWO:
        raise _two_readings()
    if not isinstance(phone, str):
        raise InvalidInput(say("This is not a Brazilian phone with its area code, e.g. (37) 99999-0000."))
    return phone


def _code(text: str) -> str:
    digits = text.lstrip("#").strip()
    number = digits.lstrip("0")
    if not _CODE_FORM.fullmatch(digits) or not number:
        raise InvalidInput(say("A customer code is a number of at most 10 digits, e.g. #1204."))
    return number


def _protocol(text: str) -> str:
    digits = text.replace(" ", "")
    if not _PROTOCOL_FORM.fullmatch(digits):
        raise InvalidInput(say("A ticket protocol has 15 to 20 digits and nothing else."))
    return digits


def _name(text: str) -> str:
    if sum(character.isalpha() for character in text) < 3:
        raise InvalidInput(say("A name needs at least 3 letters."))
    return text


def _login(text: str) -> str:
    login = _fold(text)
    if " " in login or not any(character.isalnum() for character in login):
        raise InvalidInput(say("A login is one word of letters or digits, without spaces."))
    return login


def _fold(text: str) -> str:
    # Twice: the lower case of a few letters is not a composed form.
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).lower()).lower()


_FORCED: Final[dict[Kind, Callable[[str], str]]] = {
    Kind.PHONE: _phone,
    Kind.NAME: _name,
    Kind.CODE: _code,
    Kind.LOGIN: _login,
    Kind.PROTOCOL: _protocol,
}
