"""Settings as rows, and one of them with its place between its bounds: what is default, saved and tried."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from textual.content import Content

from hubsoft_tui.formats import DAY, NOTHING, day_time, exact_percent, lifetime, plain_number, size
from hubsoft_tui.services.tuning.types import Tunable, Value
from hubsoft_tui.settings.layers import known_settings
from hubsoft_tui.settings.rules import BYTES, DAYS, MEGABYTES, SECONDS, plain
from hubsoft_tui.texts import _

from ..customer.card import wrapped
from ..line_widget import Drawn, line
from ..table.columns import Column
from ..table.table import VirtualTable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..line_widget import Part

_TRACK: Final = "─"
_IN_BYTES: Final = {BYTES: 1, MEGABYTES: 1_000_000}
_CARRIED: Final = frozenset({SECONDS, DAYS, *_IN_BYTES})
"""Units that a value is shown with, whatever it is."""


def name_of(key: str) -> str:
    """Return the short name of the setting `key`; its key where it has none."""
    known = known_settings().get(key)
    return _(known.rule.name) if known is not None and known.rule.name else key


def shown(tunable: Tunable, value: Value | None) -> str:
    """Return a value of `tunable` as people read it."""
    if value is None:
        return NOTHING
    if isinstance(value, bool):
        return _("on") if value else _("off")
    if tunable.rule.unit == SECONDS:
        return lifetime(value)
    if (factor := _IN_BYTES.get(tunable.rule.unit)) is not None:
        return size(round(value * factor))
    if tunable.rule.unit == DAYS:
        return lifetime(value * DAY)
    if _is_share(tunable):
        return exact_percent(value)
    return plain_number(value, 3 if isinstance(value, float) else 0)


class TunableTable(VirtualTable[Tunable]):
    """Every setting, one line each."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's name
        super().__init__(
            (
                Column("name", _("setting"), lambda each: name_of(each.key), minimum=19),
                Column("default", _("default"), _default, width=9, align="right", priority=2, style="$quiet"),
                Column("saved", _("stored"), _saved, width=9, align="right"),
                Column("tried", _("trying"), _tried, width=9, align="right", priority=1, style="bold $mark"),
            ),
            identify=lambda each: each.key,
            unknown=_("The engine is starting."),
            id=id,
        )


class StepLine(Drawn):
    """One setting: its name, what it does, its bounds, and the value looked at between them."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's name
        super().__init__(id=id)
        self._tunable: Tunable | None = None
        self._looked: Value | None = None

    def show(self, tunable: Tunable | None, looked: Value | None) -> None:
        """Draw `tunable` with the value that is looked at."""
        self._tunable, self._looked = tunable, looked
        self.redraw()

    def draw(self, width: int) -> list[Content]:
        """Return three to five lines."""
        tunable = self._tunable
        if tunable is None or self._looked is None:
            return [Content("")] * 4
        moved = self._looked != tunable.value
        value = shown(tunable, self._looked)
        bounds = _bounds(tunable)
        track = _track(tunable.ladder, self._looked, max(8, min(30, width - len(value) - len(bounds) - 8)))
        lines = [
            line((name_of(tunable.key), "bold $title"), (f"  {tunable.key}", "$quiet")).truncate(
                width, ellipsis=True
            ),
            line(
                ("◂", "$account"),
                (track, "$quiet"),
                ("▸ ", "$account"),
                (value, "bold $mark" if moved else "bold"),
                (f"   {bounds}" if bounds else "", "$quiet"),
            ).truncate(width, ellipsis=True),
        ]
        room = max(1, min(2, self.content_size.height - len(lines)))
        lines += [Content.styled(each, "$quiet") for each in wrapped(self._about(tunable), width, room)]
        return [*lines, *[Content("")] * (4 - len(lines))]

    def _about(self, tunable: Tunable) -> str:
        texts = [_(tunable.rule.does)]
        if (moved := tunable.moved) is not None:
            told = _("Self-tuning moved it on {day}, from {before} to {after}.").format(
                day=day_time(moved.at),
                before=shown(tunable, tunable.default if moved.before is None else moved.before),
                after=shown(tunable, tunable.default if moved.after is None else moved.after),
            )
            texts.insert(0, told)
        if tunable.pinned:
            texts.append(_("Set by {place}.").format(place=tunable.pinned))
        if not tunable.live:
            texts.append(_("It takes effect at the next start."))
        return " ".join(texts)


def _track(ladder: Sequence[Value], value: Value, width: int) -> str:
    """Return the ladder as a line with a dot where `value` is."""
    below = sum(1 for each in ladder if each < value)
    place = round(below / max(1, len(ladder) - 1) * (width - 1))
    place = min(max(0, place), width - 1)
    return _TRACK * place + "●" + _TRACK * (width - 1 - place)


def _bounds(tunable: Tunable) -> str:
    """Return the least and the most allowed, with the unit where the values do not carry theirs."""
    if isinstance(tunable.default, bool) or not tunable.ladder:
        return ""
    rule = tunable.rule
    ends = (rule.above if rule.low is None else rule.low, rule.high)
    reached = (tunable.ladder[0], tunable.ladder[-1])
    low, high = (shown(tunable, one if end is None else end) for end, one in zip(ends, reached, strict=True))
    beyond = "> " if rule.low is None and rule.above is not None else ""
    told = rule.unit if rule.unit not in _CARRIED and not _is_share(tunable) else ""
    unit = _(told) if told else ""
    return f"{beyond}{low} … {high} {unit}".rstrip()


def _is_share(tunable: Tunable) -> bool:
    high = tunable.rule.high
    return high is not None and high <= 1 and isinstance(tunable.default, float)


def _default(tunable: Tunable) -> str:
    return shown(tunable, tunable.default)


def _saved(tunable: Tunable) -> Content:
    text = shown(tunable, tunable.saved)
    return Content.styled(text, "" if tunable.saved != tunable.default else "$quiet")


def _tried(tunable: Tunable) -> str:
    return "" if tunable.tried is None else shown(tunable, tunable.tried)


def difference_lines(
    tunables: Sequence[Tunable], changes: Sequence[tuple[str, Value | None, Value | None]]
) -> list[list[Part]]:
    """Return what saving changes in the file, as its lines: what goes, what comes."""
    known = {each.key: each for each in tunables}
    lines: list[list[Part]] = []
    for key, before, after in changes:
        for sign, value, style in (("-", before, "$bad"), ("+", after, "$ok")):
            if value is not None:
                told = f"   {shown(known[key], value)}" if key in known else ""
                lines.append([(f"{sign} {key} = {plain(value)}", style), (told, "$quiet")])
    return lines
