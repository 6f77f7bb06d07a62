"""The one way each that ages, durations, shares, sizes, amounts and instants are written, in both languages.

Every unit stands alone and short, so that columns of them line up. Ages and durations are in seconds. Instants
are shown in HubSoft's time, which is Brasília's, wherever the console runs.
"""

from __future__ import annotations

import math
import re
import unicodedata
from datetime import date, datetime, time, timedelta, timezone
from typing import TYPE_CHECKING, Final

from .texts import _, number

if TYPE_CHECKING:
    from collections.abc import Callable
    from decimal import Decimal

NOTHING: Final = "–"
"""What stands where a value does not exist (yet)."""

MINUTE: Final = 60.0
HOUR: Final = 3600.0
DAY: Final = 86_400.0
"""In seconds."""

_ACCENTS: Final = re.compile("[\u0300-\u036f]+")
_FORMULAS: Final = ("=", "+", "-", "@", "\t", "\r")
_BRAZILIAN: Final = str.maketrans(",.", ".,")

BRASILIA: Final = timezone(timedelta(hours=-3), "BRT")
"""HubSoft writes naive local times; every recorded row is exactly 3 h behind its epoch twin."""
ONE_DAY: Final = timedelta(days=1)


def at(instant: float) -> datetime:
    """Return an instant (UTC epoch seconds) as a clock at HubSoft shows it. Raises as `fromtimestamp` does."""
    return datetime.fromtimestamp(instant, BRASILIA)


def iso(instant: float, timespec: str = "seconds") -> str:
    """Return an instant for other programs: ISO 8601 with its offset."""
    return at(instant).isoformat(timespec=timespec)


def day_of(instant: float) -> date:
    """Return the day of an instant: it begins at three in the morning UTC."""
    return at(instant).date()


def start_of(day: date) -> float:
    """Return the instant (UTC epoch seconds) at which a day begins."""
    return datetime.combine(day, time(), BRASILIA).timestamp()


class Late:
    """A value in a sentence, written when the sentence is shown: in the language of that moment."""

    def __init__(self, write: Callable[[float], str], value: float) -> None:
        self._write = write
        self._value = value

    def __str__(self) -> str:
        return self._write(self._value)


def age(seconds: float | None) -> str:
    """Return how long ago or how much longer, in its largest whole unit: 12 s, 4 min, 22 h, 3 d."""
    if seconds is None or not math.isfinite(seconds):
        return NOTHING
    whole = max(0, int(seconds))
    if whole < MINUTE:
        return _("{n} s").format(n=whole)
    if whole < HOUR:
        return _("{n} min").format(n=number(whole // MINUTE))
    if whole < 2 * DAY:
        return _("{n} h").format(n=number(whole // HOUR))
    return _("{n} d").format(n=number(whole // DAY))


def ago(seconds: float | None) -> str:
    """Return the age of a record: `just now` under a minute, then `4 min old`.

    Seconds are left out on purpose: an age that changes every second repaints a screen where nothing happens.
    """
    if seconds is None or not math.isfinite(seconds):
        return NOTHING
    if seconds < MINUTE:
        return _("just now")
    return _("{age} old").format(age=age(seconds))


def duration(seconds: float | None) -> str:
    """Return a length of time with two units where the second one matters: 2 min 10 s, 1 d 3 h."""
    if seconds is None or not math.isfinite(seconds):
        return NOTHING
    whole = max(0, int(seconds))
    if whole >= DAY:
        first, rest = _("{n} d").format(n=number(whole // DAY)), whole % DAY // HOUR * HOUR
    elif whole >= HOUR:
        first, rest = _("{n} h").format(n=number(whole // HOUR)), whole % HOUR // MINUTE * MINUTE
    else:
        first, rest = age(whole), whole % MINUTE if whole >= MINUTE else 0
    return f"{first} {age(rest)}" if rest else first


def about(seconds: float) -> str:
    """Return an estimate, no finer than it is worth: 40 s, 2 min 10 s, 5 h 30 min; a second at least."""
    whole = max(1, round(seconds))
    return duration(whole if whole < MINUTE else whole // 10 * 10)


def wait(seconds: float | None) -> str:
    """Return time spent in a line, with tenths while they say something: 0.4 s, 12 s, 2 min 10 s."""
    if seconds is None or not math.isfinite(seconds):
        return NOTHING
    if seconds < 9.95:
        return _("{n} s").format(n=number(max(0.0, seconds), 1))
    return duration(round(seconds))


def countdown(seconds: float) -> str:
    """Return what is left as a clock shows it: 0:07, 1:12, 62:30."""
    minutes, rest = divmod(max(0, round(seconds)), int(MINUTE))
    return f"{minutes}:{rest:02d}"


def lifetime(seconds: float) -> str:
    """Return a chosen length of time as it is typed, where tenths say it all: 0.5 s, 30 s, 1.5 h, else 1 d 6 h."""
    if seconds < MINUTE:
        return _("{n} s").format(n=plain_number(seconds))
    unit, text = (
        (DAY, _("{n} d"))
        if seconds >= DAY
        else (HOUR, _("{n} h"))
        if seconds >= HOUR
        else (MINUTE, _("{n} min"))
    )
    exact = math.isclose(round(seconds / unit, 1) * unit, seconds)
    return text.format(n=plain_number(seconds / unit)) if exact else duration(seconds)


def plain_number(value: float, decimals: int = 1) -> str:
    """Return a number with decimals only where it has some: 8, 1.5."""
    rounded = round(value, decimals)
    return number(rounded, 0 if rounded == int(rounded) else decimals)


def latency(seconds: float | None) -> str:
    """Return how long an answer took: 42 ms, 1.2 s, 35 s."""
    if seconds is None or not math.isfinite(seconds):
        return NOTHING
    if seconds < 0.9995:
        return _("{n} ms").format(n=round(max(0.0, seconds) * 1000))
    return wait(seconds)


def size(count: float) -> str:
    """Return a number of bytes: 812 B, 12 kB, 3.4 MB (powers of a thousand)."""
    if not math.isfinite(count):
        return NOTHING
    if count < 999.5:
        return f"{number(max(0.0, count))} B"
    value = float(count)
    for unit in ("kB", "MB", "GB"):
        value /= 1000
        if value < 999.5 or unit == "GB":
            return f"{number(value, 1 if value < 9.95 else 0)} {unit}"
    raise AssertionError


def percent(ratio: float | None, decimals: int = 0) -> str:
    """Return a share as `91%`; 100% is only the whole and 0% only nothing: rounding reaches neither."""
    if ratio is None or not math.isfinite(ratio):
        return NOTHING
    shown = round(ratio * 100, decimals)
    step = 10.0**-decimals
    if shown >= 100 and ratio < 1:
        shown = 100 - step
    if shown <= 0 and ratio > 0:
        shown = step
    return f"{number(shown, decimals)}%"


def exact_percent(ratio: float) -> str:
    """Return a share that was chosen, with a tenth only where it has one: 90%, 0.5%."""
    return f"{plain_number(ratio * 100)}%"


def clock(epoch: float | None, *, seconds: bool = False) -> str:
    """Return the time of day at HubSoft of a UTC epoch instant: 14:02, or 14:02:31."""
    if not epoch or not math.isfinite(epoch):
        return NOTHING
    try:
        return at(epoch).strftime("%H:%M:%S" if seconds else "%H:%M")
    except (OverflowError, ValueError, OSError):  # an instant no calendar knows
        return NOTHING


def moment(epoch: float | None, now: float, *, brief: bool = False) -> str:
    """Return an instant at HubSoft: `14:02` today, `24/10 14:02` before (`brief`: 24/10), `24/10/2025` long ago."""
    if not epoch or not math.isfinite(epoch):
        return NOTHING
    try:
        then, today = at(epoch), at(now)
    except (OverflowError, ValueError, OSError):
        return NOTHING
    if then.date() == today.date():
        return then.strftime("%H:%M")
    if then.year != today.year:
        return day(then.date())
    return then.strftime("%d/%m" if brief else "%d/%m %H:%M")


def day_time(epoch: float | None) -> str:
    """Return an instant at HubSoft with its day, whichever it is: 24/10 14:02."""
    hour = clock(epoch)
    return hour if epoch is None or hour == NOTHING else f"{at(epoch):%d/%m} {hour}"


def money(amount: Decimal) -> str:
    """Return an amount of reais as Brazilians write it, in both languages: R$ 1.119,90."""
    text = f"{abs(amount):,.2f}".translate(_BRAZILIAN)
    return f"-R$ {text}" if amount < 0 and text != "0,00" else f"R$ {text}"


def day(date: date | None) -> str:
    """Return a date as day/month/year: 05/08/2017."""
    return NOTHING if date is None else f"{date.day:02}/{date.month:02}/{date.year:04}"


def inert_cell(cell: str) -> str:
    """Return a table's cell so that no spreadsheet takes it for a formula and runs it."""
    return f"'{cell}" if cell.startswith(_FORMULAS) else cell


def fold(text: str) -> str:
    """Return `text` as it is compared: without case and without accents."""
    if text.isascii():
        return text.lower()
    return _ACCENTS.sub("", unicodedata.normalize("NFKD", text.casefold()))
