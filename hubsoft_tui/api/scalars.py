"""Single values as HubSoft writes them, turned into ours: ids, money, instants, flags, texts, documents.

Each function takes whatever JSON held and returns the value, or None for HubSoft's ways of saying nothing
(null, an empty text, PHP's empty array). What cannot be read raises `UnreadableError`, which never holds the
value.
"""

from __future__ import annotations

import math
import re
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal, InvalidOperation
from typing import Final

from ..formats import BRASILIA
from ..privacy import clean

MAX_INTEGER: Final = 2**63 - 1
"""What SQLite and MessagePack can still hold."""

_MAX_MONEY: Final = 12
"""An amount has at most so many digits before the comma, and after it."""
_YEARS: Final = range(1800, 3000)
"""Beyond these lie mistakes, and the ends of the calendar, which arithmetic must not reach."""
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=timezone.utc)  # noqa: UP017 - one spelling with BRASILIA
_INTEGER: Final = re.compile(r"[+-]?[0-9]{1,19}\Z")
_ISO: Final = re.compile(
    r"([0-9]{4})-([0-9]{2})-([0-9]{2})"
    r"(?:[ T]([0-9]{2}):([0-9]{2})(?::([0-9]{2})(?:\.([0-9]{1,6})[0-9]*)?)?"
    r" ?(Z|[+-][0-9]{2}(?::?[0-9]{2})?)?)?\Z"
)
_BRAZILIAN: Final = re.compile(
    r"([0-9]{2})/([0-9]{2})/([0-9]{4})(?: ([0-9]{2}):([0-9]{2})(?::([0-9]{2}))?)?\Z"
)
_BREAKS: Final = re.compile(r"[\t\n\v\f\r]+")
_NOT_DOCUMENT: Final = re.compile(r"[^0-9A-Za-z]")
_NOT_DIGIT: Final = re.compile(r"[^0-9]")
_YES: Final = frozenset({"sim", "s", "true", "t", "1", "yes"})
_NO: Final = frozenset({"nao", "não", "n", "false", "f", "0", "no"})

# PHP names a zone only in answers about what was written a moment ago, and Brazil has had no summer time
# since 2019: fixed offsets do, and spare us the machine's zone files.
_ZONES: Final = {
    "UTC": 0,
    "Z": 0,
    "America/Noronha": -2,
    "America/Manaus": -4,
    "America/Cuiaba": -4,
    "America/Campo_Grande": -4,
    "America/Boa_Vista": -4,
    "America/Porto_Velho": -4,
    "America/Rio_Branco": -5,
    "America/Eirunepe": -5,
}


class UnreadableError(ValueError):
    """A value is not of the kind asked for. It carries no text: the value may be private."""


def empty(value: object) -> bool:
    """Tell whether HubSoft said nothing: null, an empty text, or PHP's empty array in place of anything."""
    return value is None or value in ("", [], {})


def text(value: object) -> str | None:
    """Read one line, cleaned of control and bidirectional characters; line breaks and tabs become a space."""
    if (raw := _raw(value)) is None:
        return None
    return clean(_BREAKS.sub(" ", raw)).strip() or None


def lines(value: object) -> str | None:
    """Read a text that may have several lines, cleaned; every line ends with a plain newline."""
    if (raw := _raw(value)) is None:
        return None
    return clean(raw.replace("\r\n", "\n").replace("\r", "\n"), multiline=True).strip() or None


def document(value: object) -> str | None:
    """Read a CPF or CNPJ: letters and digits only, upper case, leading zeros kept.

    A number has lost its leading zeros: they are put back to the length of a CPF, or else of a CNPJ.
    """
    if isinstance(value, int) and not isinstance(value, bool):
        if not 0 < value < 10**14:
            raise UnreadableError
        digits = str(value)
        return digits.zfill(11 if len(digits) <= 11 else 14)
    if empty(value):
        return None
    if not isinstance(value, str):
        raise UnreadableError
    return _NOT_DOCUMENT.sub("", value).upper() or None


def digits(value: str) -> str:
    """Keep the ASCII digits of `value`."""
    return _NOT_DIGIT.sub("", value)


def identity(value: object) -> int | None:
    """Read an id: a positive integer, as a number or as a text of digits."""
    number = integer(value)
    if number is not None and number < 1:
        raise UnreadableError
    return number


def integer(value: object) -> int | None:
    """Read an integer, as a number or as a text, within 64 bits."""
    if isinstance(value, bool):
        raise UnreadableError
    if isinstance(value, int):
        number = value
    elif empty(value):
        return None
    elif isinstance(value, str):
        if not _INTEGER.match(value.strip()):
            raise UnreadableError
        number = int(value)
    elif isinstance(value, float) and value.is_integer():
        number = int(value)
    else:
        raise UnreadableError
    if not -MAX_INTEGER <= number <= MAX_INTEGER:
        raise UnreadableError
    return number


def real(value: object) -> float | None:
    """Read a finite number, as a number or as a text."""
    if isinstance(value, bool):
        raise UnreadableError
    if empty(value):
        return None
    if not isinstance(value, int | float | str):
        raise UnreadableError
    try:
        number = float(value)
    except (ValueError, OverflowError):
        raise UnreadableError from None
    if not math.isfinite(number):
        raise UnreadableError
    return number


def money(value: object) -> Decimal | None:
    """Read an amount, as a number, as `119.9`, or as Brazilians write it: `1.119,90`, `R$ 20`.

    Amounts from a million millions upwards are mistakes, not money.
    """
    if isinstance(value, bool):
        raise UnreadableError
    if isinstance(value, float | int):
        written = repr(value) if isinstance(value, float) or abs(value) < MAX_INTEGER else ""
    elif empty(value):
        return None
    elif isinstance(value, str):
        written = value.strip().removeprefix("R$").strip()
        if "," in written:
            written = written.replace(".", "").replace(",", ".")
    else:
        raise UnreadableError
    if not 0 < len(written) <= 32:
        raise UnreadableError
    try:
        amount = Decimal(written)
    except InvalidOperation:
        raise UnreadableError from None
    # An exponent like 1e-999999 would be a megabyte once written out, and one like 1e999999999 stops arithmetic
    # itself: the exponent is looked at before anything is computed.
    if not amount.is_finite():
        raise UnreadableError
    if not amount:
        return Decimal(0)
    if not -_MAX_MONEY <= amount.adjusted() < _MAX_MONEY:
        raise UnreadableError
    return amount


def flag(value: object) -> bool | None:
    """Read true or false, as JSON has it, as 1 or 0, or as `sim`, `Não` and their like."""
    if isinstance(value, bool):
        return value
    if empty(value):
        return None
    if isinstance(value, int) and value in (0, 1):
        return value == 1
    if isinstance(value, str):
        word = value.strip().lower()
        if word in _YES:
            return True
        if word in _NO:
            return False
    raise UnreadableError


def moment(value: object) -> datetime | date | None:
    """Read a point in time in any of HubSoft's formats: an aware instant, or a day if no time was given.

    Numbers are epoch milliseconds. What names no zone is Brasília's (UTC-3).
    """
    found = _moment(value)
    if found is not None and found.year not in _YEARS:
        raise UnreadableError
    return found


def instant(value: object) -> datetime | None:
    """Read a point in time; a day alone counts from its midnight in Brasília."""
    found = moment(value)
    if found is None or isinstance(found, datetime):
        return found
    return datetime(found.year, found.month, found.day, tzinfo=BRASILIA)


def day(value: object) -> date | None:
    """Read a day; of a point in time, the day where it was written."""
    found = moment(value)
    return found.date() if isinstance(found, datetime) else found


def _raw(value: object) -> str | None:
    if isinstance(value, str):
        return value
    if empty(value):
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise UnreadableError
    if isinstance(value, int) and abs(value) > MAX_INTEGER**2:
        raise UnreadableError  # longer than any number HubSoft writes; Python refuses to print the longest
    return str(value)


def _moment(value: object) -> datetime | date | None:
    if isinstance(value, str):
        return _written_moment(value.strip())
    if isinstance(value, bool):
        raise UnreadableError
    if isinstance(value, int | float):
        return _from_milliseconds(value)
    if empty(value):
        return None
    if isinstance(value, dict) and isinstance(written := value.get("date"), str):
        found = _written_moment(written.strip())
        if isinstance(found, datetime) and found.tzinfo is BRASILIA:
            return found.replace(tzinfo=_zone(value.get("timezone")))
        return found
    raise UnreadableError


def _written_moment(written: str) -> datetime | date | None:
    if not written or written.startswith("0000-00-00"):
        return None
    try:
        if found := _ISO.match(written):
            year, month, the_day, hour, minute, second, fraction, offset = found.groups()
            if hour is None:
                return date(int(year), int(month), int(the_day))
            micro = int(fraction.ljust(6, "0")) if fraction else 0
            clock = (int(hour), int(minute), int(second or 0), micro)
            return datetime(int(year), int(month), int(the_day), *clock, tzinfo=_offset(offset))
        if found := _BRAZILIAN.match(written):
            the_day, month, year, hour, minute, second = found.groups()
            if hour is None:
                return date(int(year), int(month), int(the_day))
            clock = (int(hour), int(minute), int(second or 0), 0)
            return datetime(int(year), int(month), int(the_day), *clock, tzinfo=BRASILIA)
    except ValueError:
        raise UnreadableError from None
    if _INTEGER.match(written):
        return _from_milliseconds(int(written))
    raise UnreadableError


def _from_milliseconds(value: float) -> datetime:
    try:
        return (_EPOCH + timedelta(milliseconds=value)).astimezone(BRASILIA)
    except (OverflowError, ValueError):
        raise UnreadableError from None


def _offset(written: str | None) -> timezone:
    if written is None or written in ("-03", "-03:00", "-0300"):
        return BRASILIA
    if written == "Z":
        return timezone.utc  # noqa: UP017 - one spelling with BRASILIA
    bare = written[1:].replace(":", "")
    ahead = timedelta(hours=int(bare[:2]), minutes=int(bare[2:] or 0))
    if ahead >= timedelta(days=1):
        raise UnreadableError
    return timezone(-ahead if written[0] == "-" else ahead)


def _zone(name: object) -> timezone:
    if not isinstance(name, str):
        return BRASILIA
    if (hours := _ZONES.get(name)) is not None:
        return timezone(timedelta(hours=hours))
    if re.match(r"[+-][0-9]{2}:?[0-9]{2}\Z", name):
        return _offset(name)
    return BRASILIA
