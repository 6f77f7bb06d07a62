"""Documents and phones as people, spreadsheets and databases write them, read in one place for every door.

What is written becomes the same line whatever its dashes, digits and invisible characters are (`tidy`); then
`read_document` and `read_phone` tell which document or phone it is. A number that was written as one (`1000316769.0`,
`1.000316769E9`) gets its lost zeros back; what could be two different ones is refused, never guessed at.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Set
from enum import Enum, auto
from typing import Final

from ...values import dataclass

_CPF_FORM: Final = re.compile(r"[0-9]{11}")
_CNPJ_FORM: Final = re.compile(r"[0-9A-Z]{12}[0-9]{2}")
_AREA_CODE: Final = re.compile(
    r"1[1-9]|2[12478]|3[1-578]|4[1-9]|5[1345]|6[1-9]|7[134579]|8[1-9]|9[1-9]"  # the 67 in use
)
_HYPHENS: Final = "\u2212\u2043\u02d7"  # beside the category of dashes: the minus, a bullet, a modifier
_SLASHES: Final = "\u2044\u2215"
_PART: Final = r"[ .,/-]{0,3}"
_CPF_MASK: Final = re.compile(_PART.join([r"[0-9]{3}"] * 3 + [r"[0-9]{2}"]))
_CNPJ_MASK: Final = re.compile(
    _PART.join([r"[0-9A-Z]{2}", r"[0-9A-Z]{3}", r"[0-9A-Z]{3}", r"[0-9A-Z]{4}", r"[0-9]{2}"])
)
_LABEL: Final = re.compile(r"(?:CPF ?[/-] ?CNPJ|CPF|CNPJ) ?[:.=-]? ?(?=[0-9A-Z]{2})", re.IGNORECASE)
_DECIMAL: Final = re.compile(r"([0-9]+)[.,]0+")
_THOUSANDS: Final = re.compile(r"([0-9]{1,3}([., '])[0-9]{3}(?:\2[0-9]{3})+)(?:(?!\2)[.,]0+)?")
_SCIENTIFIC: Final = re.compile(r"([0-9])(?:[.,]([0-9]*))?E\+?0*([0-9]{1,2})", re.IGNORECASE)
_PHONE_FORM: Final = re.compile(r"[0-9 ()+./-]*[0-9]{2}\)?")


class Unreadable(Enum):
    """Why something is no document or phone."""

    EMPTY = auto()
    FORM = auto()  # other characters, or parts that stand where neither has them
    LENGTH = auto()
    ZEROS = auto()
    CPF_DIGITS = auto()  # its check digits
    CNPJ_DIGITS = auto()
    SHORTENED = auto()  # 1.00032E+09: a spreadsheet threw digits away
    TWO = auto()  # two readings, each of them valid


@dataclass(frozen=True, slots=True)
class WrittenDocument:
    """A valid CPF or CNPJ, bare, and whether zeros in front had to be put back."""

    value: str
    restored: bool = False

    def __repr__(self) -> str:
        return f"WrittenDocument({len(self.value)} characters)"


def tidy(text: str) -> str:
    """Return `text` as one line of plain characters.

    Every dash is a hyphen and every decimal digit one of 0 to 9; full-width letters are ASCII, any space and line end
    is one space, and what is invisible (zero-width, BOM, soft hyphen) is gone.
    """
    if text.isascii() and text.isprintable():
        return " ".join(text.split())
    text = unicodedata.normalize("NFKC", _plain(text))
    # The compatible form of a character can be a dash again, and parts that came together can compose.
    return unicodedata.normalize("NFKC", " ".join(_plain(text).split()))


def _plain(text: str) -> str:
    before, plain = " ", []
    for character in text:
        plain.append(_plain_character(character, before))
        before = character
    return "".join(plain)


def _plain_character(character: str, before: str) -> str:
    if character.isascii() and character.isprintable():
        return character
    kind = unicodedata.category(character)
    if kind == "Pd" or character in _HYPHENS:
        return "-"
    if kind == "Nd":
        return str(unicodedata.decimal(character))
    if character in _SLASHES:
        return "/"
    # A raised or circled number is a footnote's mark: behind a document it is no digit of it, and must not become one.
    if kind == "No":
        return "*" if before.isdecimal() else " "
    # Controls part words (a pasted line break does). Format, private and lone surrogates are nothing.
    if kind == "Cc":
        return " "
    return "" if kind[0] == "C" else character


def unwrapped(line: str) -> str:
    """Return a tidy line without what makes spreadsheets keep a number as text: `="…"`, an apostrophe in front."""
    if line[:1] not in set("='\"‘’´`“"):
        return line
    inner = line.strip("=\"'‘’´`“” ")
    return (
        inner
        if re.fullmatch(r"[0-9A-Za-z][0-9A-Za-z .,()+/-]*", inner) and re.search("[0-9]", inner)
        else line
    )


def as_number(line: str) -> str | None:
    """Return the digits of a tidy line that is a whole number as databases and spreadsheets write it.

    `1000316769.0`, `1.000.316.769,00`, `1.000316769E9`. None for digits alone and for everything else.
    """
    if found := _DECIMAL.fullmatch(line):
        return found[1]
    if found := _THOUSANDS.fullmatch(line):
        return digits_of(found[1])
    if found := _SCIENTIFIC.fullmatch(line):
        digits, places = found[2] or "", int(found[3])
        if len(digits) >= places and not digits[places:].strip("0"):
            return found[1] + digits[:places]
    return None


def read_document(text: str, length: int = 0) -> WrittenDocument | Unreadable:
    """Return the CPF or CNPJ that `text` is, or why it is none. `length` settles which: 11 or 14 characters."""
    line = unwrapped(tidy(text))
    line = unwrapped(_LABEL.sub("", line, count=1) if _LABEL.match(line) else line)
    if not line:
        return Unreadable.EMPTY
    characters = bare(line)
    if (number := as_number(line)) is not None:
        readings = _readings(number, length, number=True)
        # The same characters can be a document whose mask went wrong: then it is not known whose.
        feared = {characters} if readings and _is_document(characters, length) else set()
        return _chosen(readings, number, feared)
    if _SCIENTIFIC.fullmatch(line):
        return Unreadable.SHORTENED
    if line.isdigit():
        return _chosen(_readings(line, length), line)
    if _CPF_MASK.fullmatch(line) or _CNPJ_MASK.fullmatch(line.upper()):
        valid = _is_document(characters, length)
        return WrittenDocument(characters) if valid else _wrong(characters)
    return Unreadable.FORM


def _is_document(characters: str, length: int) -> bool:
    return (not length or len(characters) == length) and (is_cpf(characters) or is_cnpj(characters))


def _readings(digits: str, wanted: int, *, number: bool = False) -> set[WrittenDocument]:
    """Return every document that bare digits can be; a `number` has lost the zeros in front of it for certain."""
    length = len(digits)
    found = [(digits, False)] if length in {11, 14} else []
    if length == 14 and digits.startswith("000"):  # a column as wide as a CNPJ pads its CPFs
        found.append((digits[3:], False))
    if digits[:1] != "0":
        if 8 <= length <= 10:
            found.append((digits.zfill(11), True))
        # Twelve digits that were typed are as likely a CPF with one too many.
        if length == 13 or (number and length == 12):
            found.append((digits.zfill(14), True))
    return {WrittenDocument(*each) for each in found if _is_document(each[0], wanted)}


def _chosen(
    readings: set[WrittenDocument], digits: str, feared: Set[str] = frozenset()
) -> WrittenDocument | Unreadable:
    if len({each.value for each in readings} | feared) > 1:
        return Unreadable.TWO
    return next(iter(readings), None) or _wrong(digits)


def _wrong(characters: str) -> Unreadable:
    if not characters.strip("0"):
        return Unreadable.ZEROS
    if len(characters) == 11:
        return Unreadable.CPF_DIGITS
    return Unreadable.CNPJ_DIGITS if looks_like_cnpj(characters) else Unreadable.LENGTH


def read_phone(text: str) -> str | Unreadable:
    """Return area code and number of the Brazilian phone that `text` is, or why it is none."""
    line = unwrapped(tidy(text))
    digits = digits_of(line)
    if (number := as_number(line)) is not None:
        phone, other = local_phone(number), local_phone(digits)
        return Unreadable.TWO if phone and other and phone != other else phone or Unreadable.FORM
    if not _PHONE_FORM.fullmatch(line):  # a single digit at the end, and letters, belong to something else
        return Unreadable.FORM
    return local_phone(digits) or Unreadable.FORM


def without_ninth_digit(phone: str) -> bool:
    """Tell whether a local phone is a mobile's as it was written until 2016, without the 9 in front."""
    return len(phone) == 10 and phone[2] in "6789"


def digits_of(text: str) -> str:
    """Return the ASCII digits of `text`."""
    return re.sub(r"[^0-9]", "", text)


def bare(text: str) -> str:
    """Return a document without its mask, letters in upper case."""
    return re.sub(r"[ .,/-]", "", text).upper()


def local_phone(digits: str) -> str:
    """Return area code and number of a Brazilian phone, or nothing: 10 digits, or 11 with the mobile's 9."""
    if len(digits) in {12, 13} and digits.startswith("55"):
        digits = digits[2:]
    elif len(digits) in {11, 12} and digits.startswith("0"):
        digits = digits[1:]
    if not _AREA_CODE.fullmatch(digits[:2]):
        return ""
    # Old records still have mobile phones without the 9 that came in 2012-2016.
    fits = (len(digits) == 11 and digits[2] == "9") or (len(digits) == 10 and digits[2] in "23456789")
    return digits if fits else ""


def looks_like_cnpj(characters: str) -> bool:
    """Tell whether bare `characters` have a CNPJ's form, numeric or alphanumeric."""
    return _CNPJ_FORM.fullmatch(characters) is not None and re.search(r"[0-9]", characters[:12]) is not None


def is_cpf(digits: str) -> bool:
    """Tell whether bare `digits` are a CPF whose check digits match."""
    return _CPF_FORM.fullmatch(digits) is not None and _check_digits_match(digits, weights=10)


def is_cnpj(characters: str) -> bool:
    """Tell whether bare `characters` are a CNPJ, numeric or alphanumeric, whose check digits match."""
    return _CNPJ_FORM.fullmatch(characters) is not None and _check_digits_match(characters, weights=8)


def _check_digits_match(characters: str, *, weights: int) -> bool:
    """Tell whether the last two are what modulo 11 makes of the others: the weights are 2, 3, … and begin again.

    Written here because the libraries that know it load holidays, numerals or TLS with it, see docs/dependencies.md;
    the tests compare it with one of them.
    """
    if len(set(characters)) == 1:
        return False  # 111.111.111-11 fits the rule, and is given to no person
    for end in (-2, -1):
        # A letter counts as its ASCII code less 48, so digits keep their value.
        total = sum((ord(c) - 48) * (2 + i % weights) for i, c in enumerate(reversed(characters[:end])))
        if ord(characters[end]) - 48 != -total % 11 % 10:
            return False
    return True
