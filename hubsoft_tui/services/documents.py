"""Documents and phones as bare characters: what has the form of one, and what has valid check digits."""

from __future__ import annotations

import re
from typing import Final

_CNPJ_FORM: Final = re.compile(r"[0-9A-Z]{12}[0-9]{2}")
_AREA_CODE: Final = re.compile(
    r"1[1-9]|2[12478]|3[1-578]|4[1-9]|5[1345]|6[1-9]|7[134579]|8[1-9]|9[1-9]"  # the 67 in use
)


def digits_of(text: str) -> str:
    """Return the ASCII digits of `text`."""
    return re.sub(r"[^0-9]", "", text)


def bare(text: str) -> str:
    """Return a document without its mask, letters in upper case."""
    return re.sub(r"[ ./-]", "", text).upper()


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
    # brutils loads its tables of holidays and towns with the package: not before something was typed.
    from brutils.cpf import is_valid

    # ASCII first: brutils takes "²" for a digit, and fails on it.
    return digits.isascii() and bool(is_valid(digits))


def is_cnpj(characters: str) -> bool:
    """Tell whether bare `characters` are a CNPJ, numeric or alphanumeric, whose check digits match."""
    from brutils.cnpj import is_valid

    return _CNPJ_FORM.fullmatch(characters) is not None and bool(is_valid(characters))
