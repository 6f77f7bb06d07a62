"""Lists of customers to choose from: what a search found, and the last ones this home looked up."""

from __future__ import annotations

from dataclasses import field
from typing import TYPE_CHECKING

from rich.cells import cell_len
from textual.content import Content
from textual.geometry import Region
from textual.message import Message

from hubsoft_tui.formats import fold
from hubsoft_tui.privacy import clean, mask_document
from hubsoft_tui.texts import _, ngettext, number
from hubsoft_tui.values import dataclass

from ..line_widget import Drawn, cut, fit, line
from .card import OFF, ON, state

if TYPE_CHECKING:
    from textual import events

    from hubsoft_tui.api.models import Customer


class ChoiceList(Drawn, can_focus=True):
    """Several customers: one line each, one selected; letters narrow them, digits begin another question."""

    class Chosen(Message):
        """A customer was clicked. `index` counts from 0."""

        def __init__(self, index: int) -> None:
            super().__init__()
            self.index = index

    def __init__(self) -> None:
        super().__init__(id="choices")
        self._customers: tuple[Customer, ...] = ()
        self._active: tuple[bool, ...] = ()
        self._heading = ""
        self._more = False
        self._typed = ""
        self._shown: list[int] = []
        self._marked = 0

    @property
    def selected(self) -> int:
        """The selected customer, counted from 0; -1 while none matches what is typed."""
        return self._shown[self._marked] if self._marked < len(self._shown) else -1

    def show(
        self, heading: str, customers: tuple[Customer, ...], active: tuple[bool, ...], *, more: bool
    ) -> None:
        """Draw `customers` under `heading`, the first selected; `more` says that HubSoft may know others."""
        self._heading, self._customers, self._active, self._more = heading, customers, active, more
        self.narrow("")

    def move(self, step: int) -> None:
        """Select the next or the previous one, and keep it in sight."""
        self._marked = min(max(self._marked + step, 0), max(0, len(self._shown) - 1))
        self.redraw()
        self.call_after_refresh(
            self.scroll_to_region_of, Region(0, self._marked + 2, self.content_size.width, 1)
        )

    def narrow(self, typed: str) -> None:
        """Show only those whose name, city or address holds every word of `typed`."""
        self._typed, self._marked = typed, 0
        words = fold(typed).split()
        self._shown = [
            index
            for index, customer in enumerate(self._customers)
            if all(word in fold(_searched(customer)) for word in words)
        ]
        self.redraw()

    def check_consume_key(self, key: str, character: str | None) -> bool:
        """Take letters: they narrow."""
        del key
        return character is not None and _narrows(character, begun=bool(self._typed))

    def on_key(self, event: events.Key) -> None:
        """Narrow."""
        if event.key == "backspace" and self._typed:
            self.narrow(self._typed[:-1])
        elif event.key == "escape" and self._typed:
            self.narrow("")
        elif event.character is not None and _narrows(event.character, begun=bool(self._typed)):
            self.narrow(self._typed + event.character)
        else:
            return
        event.stop()
        event.prevent_default()

    def scroll_to_region_of(self, region: Region) -> None:
        """Scroll what holds the list until `region` of it is in sight."""
        if self.parent is not None and hasattr(self.parent, "scroll_to_region"):
            offset = self.virtual_region.offset
            self.parent.scroll_to_region(region.translate(offset), animate=False)

    def draw(self, width: int) -> list[Content]:
        """Return the lines."""
        count = ngettext("{n} customer", "{n} customers", len(self._shown))
        lines = [
            line(
                (cut(clean(self._heading), width - 20), "bold $title"),
                "   ",
                (count.format(n=number(len(self._shown))), "$quiet"),
                ("   " + _("more may exist at HubSoft") if self._more else "", "$warn"),
            ).truncate(width, ellipsis=True),
            line(("▌", "bold $account"), self._typed)
            if self._typed
            else Content.styled(cut(_("letters narrow, ↑↓ mark, enter opens"), width), "$quiet"),
        ]
        if self._customers and not self._shown:
            lines.append(Content.styled(_("Nothing matches; backspace goes back."), "$warn"))
        signs = [
            state(customer, active) for customer, active in zip(self._customers, self._active, strict=True)
        ]
        cells = max((cell_len(text) for text, _style in signs), default=0) + 2
        selected = self.selected
        for index in self._shown:
            customer, sign, marked = self._customers[index], signs[index], index == selected
            city = _city(customer)
            place = 0 if width < 90 else 24
            code = fit("" if customer.code is None else str(customer.code), 8, right=True)
            room = max(10, width - 2 - cells - 20 - 10 - place)
            row = line(
                ("▸ " if marked else "  ", "bold $account"),
                (fit(sign[0], cells), sign[1]),
                (fit(clean(customer.name), room), "bold $title" if marked else ""),
                (fit(f"  {mask_document(customer.document)}", 20), "$quiet"),
                (code, "$quiet"),
                ("  " + fit(clean(city), place - 2) if place else "", "$quiet"),
            )
            lines.append(row.truncate(width).stylize("on $row") if marked else row.truncate(width))
        return lines

    def on_click(self, event: events.Click) -> None:
        """Choose the line under the mouse."""
        index = event.get_content_offset_capture(self).y - 2
        if 0 <= index < len(self._shown):
            self.post_message(self.Chosen(self._shown[index]))


def _city(customer: Customer) -> str:
    return next((s.address.city for s in customer.services if s.address and s.address.city), "") or ""


def _searched(customer: Customer) -> str:
    places = [service.address.full for service in customer.services if service.address is not None]
    return " ".join(
        [customer.name, customer.trade_name or "", _city(customer), *(each or "" for each in places)]
    )


def _narrows(character: str, *, begun: bool) -> bool:
    return character.isalpha() or (begun and character in " -'.")


@dataclass(frozen=True, slots=True)
class RecentCustomer:
    """One of the last looked up."""

    term: str = field(repr=False)
    """What to look up to see it again; never shown."""
    name: str = field(repr=False)
    document: str = field(repr=False)
    active: bool

    def content(self, *, marked: bool) -> Content:
        """Return it as one piece of the line."""
        mark = ON if self.active else OFF
        return line(
            ("▸" if marked else "", "bold $account"),
            (f"{mark} ", "$ok" if self.active else "$bad"),
            (cut(_first_names(clean(self.name)), 18), "bold $title on $row" if marked else ""),
            " ",
            (mask_document(self.document), "$quiet"),
        )


class RecentBar(Drawn, can_focus=True):
    """The last customers in one line; with the focus here, left, right and enter choose one."""

    class Chosen(Message):
        """A recent customer was chosen."""

        def __init__(self, recent: RecentCustomer) -> None:
            super().__init__()
            self.recent = recent

    def __init__(self) -> None:
        super().__init__(id="recent")
        self._recent: tuple[RecentCustomer, ...] = ()
        self._selected = 0

    @property
    def empty(self) -> bool:
        """Whether the list of recent customers is empty."""
        return not self._recent

    def show(self, recent: tuple[RecentCustomer, ...]) -> None:
        """Draw `recent`, newest first."""
        if recent != self._recent:
            self._recent, self._selected = recent, 0
            self.redraw()

    def draw(self, width: int) -> list[Content]:
        """Return the line: as many as fit, starting so that the selected one is among them."""
        if not self._recent:
            return [Content("")]
        joined = line((_("Recent"), "$quiet"))
        for index, piece in self._pieces(width):
            marked = self.has_focus and index == self._selected
            joined = line(joined, "   ", piece.stylize("underline") if marked else piece)
        return [joined]

    def _pieces(self, width: int) -> list[tuple[int, Content]]:
        first = 0
        while True:
            room = width - len(_("Recent"))
            kept = []
            for index in range(first, len(self._recent)):
                piece = self._recent[index].content(marked=self.has_focus and index == self._selected)
                room -= piece.cell_length + 3
                if room < 0:
                    break
                kept.append((index, piece))
            last = kept[-1][0] if kept else first
            if self._selected <= last or first >= self._selected:
                return kept
            first += 1

    def on_focus(self) -> None:
        """Mark the selected one."""
        self.redraw()

    def on_blur(self) -> None:
        """Unmark it."""
        self.redraw()

    def move(self, step: int) -> None:
        """Select the next or the previous one."""
        self._selected = min(max(self._selected + step, 0), max(0, len(self._recent) - 1))
        self.redraw()

    def choose(self) -> None:
        """Choose the selected one."""
        if self._recent:
            self.post_message(self.Chosen(self._recent[self._selected]))

    def on_click(self, event: events.Click) -> None:
        """Choose the one under the mouse."""
        width = self.content_size.width
        x = event.get_content_offset_capture(self).x - len(_("Recent")) - 3
        for index, piece in self._pieces(width):
            if 0 <= x < piece.cell_length:
                self._selected = index
                self.choose()
                return
            x -= piece.cell_length + 3


def _first_names(name: str) -> str:
    words = name.split()
    return " ".join([words[0], words[-1]] if len(words) > 2 else words)
