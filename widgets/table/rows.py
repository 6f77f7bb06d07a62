"""The rows behind a table, and where it stands among them: kept by id, sorted by one key, filtered as one types.

Nothing is drawn here. Built for lists of 100,000: a change of one row costs a binary search, whatever the length.
"""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from hubsoft_tui.formats import fold

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

T = TypeVar("T")

SortKey = tuple[int, Any, int]


def collated(value: Any) -> Any:  # noqa: ANN401 - a sort key is whatever a column gives
    """Return `value` as it is sorted: text as people look for it, `DÉBORA` before `DIEGO`, whatever the case."""
    if isinstance(value, str):
        return fold(value).strip()
    return tuple(collated(each) for each in value) if isinstance(value, tuple) else value


class _Entry(Generic[T]):
    __slots__ = ("folded", "id", "item", "key", "shown")

    def __init__(self, identity: str, item: T, key: SortKey) -> None:
        self.id = identity
        self.item = item
        self.key = key
        self.folded: str | None = None
        self.shown = False


def _key_of(entry: _Entry[Any]) -> SortKey:
    return entry.key


class Rows(Generic[T]):
    """Items by id, in the order shown. `identify` gives an item's id, `describe` its searchable text."""

    def __init__(self, identify: Callable[[T], str], describe: Callable[[T], str]) -> None:
        self._identify = identify
        self._describe = describe
        self._entries: dict[str, _Entry[T]] = {}
        self._order: list[_Entry[T]] = []
        self._arrivals = 0
        self._by: Callable[[T], Any] | None = None
        self._descending = False
        self._terms: tuple[str, ...] = ()
        self._unwanted: tuple[str, ...] = ()
        self._wanted: Callable[[T], bool] | None = None

    def __len__(self) -> int:
        """Count the rows that pass the filter."""
        return len(self._order)

    def __iter__(self) -> Iterator[T]:
        """Go through the items that pass the filter, in the order shown."""
        return (entry.item for entry in (reversed(self._order) if self._descending else self._order))

    def __contains__(self, row_id: str) -> bool:
        """Whether there is such a row, filtered out or not."""
        return row_id in self._entries

    @property
    def total(self) -> int:
        """How many rows there are, filtered out ones too."""
        return len(self._entries)

    @property
    def filtered(self) -> bool:
        """Whether some rows may be hidden: by words, or as not wanted."""
        return bool(self._terms or self._unwanted) or self._wanted is not None

    def get(self, row_id: str) -> T | None:
        """Return the item of that id, filtered out or not."""
        entry = self._entries.get(row_id)
        return None if entry is None else entry.item

    def at(self, index: int) -> T:
        """Return the item at `index` of the order shown."""
        return self._at(index).item

    def id_at(self, index: int) -> str:
        """Return the id at `index` of the order shown."""
        return self._at(index).id

    def index_of(self, row_id: str | None) -> int | None:
        """Return where a row stands in the order shown, or None when it is not there or filtered out."""
        entry = self._entries.get(row_id) if row_id is not None else None
        if entry is None or not entry.shown:
            return None
        place = self._place(entry)
        return len(self._order) - 1 - place if self._descending else place

    def replace(self, items: Iterable[T]) -> None:
        """Hold `items` and nothing else, arrived in this order. Of a doubled id the last counts."""
        known = self._entries
        self._entries = {}
        self._arrivals = 0
        for item in items:
            row_id = self._identify(item)
            before = known.get(row_id)
            entry = _Entry(row_id, item, self._key(item, self._arrivals))
            self._arrivals += 1
            if before is not None and before.item is item:
                entry.folded = before.folded
            self._entries[row_id] = entry
        self._select(self._entries.values())

    def upsert(self, item: T, *, spare: bool = False) -> None:
        """Add `item`, or put it in the place of the one with its id.

        With `spare` a row in sight stays there though it passes the filter no longer, until `recheck`.
        """
        row_id = self._identify(item)
        entry = self._entries.get(row_id)
        if entry is None:
            entry = self._entries[row_id] = _Entry(row_id, item, self._key(item, self._arrivals))
            self._arrivals += 1
            self._insert(entry)
            return
        key = self._key(item, entry.key[2])
        in_sight, changed = entry.shown, key != entry.key
        if in_sight and changed:
            self._withdraw(entry)
        entry.item, entry.key, entry.folded = item, key, None
        if in_sight and (spare or self._matches(entry)):
            if changed:
                self._put(entry)
        elif in_sight and not changed:
            self._withdraw(entry)
        elif not in_sight:
            self._insert(entry)

    def remove(self, row_id: str) -> bool:
        """Take a row away; return whether there was one."""
        entry = self._entries.pop(row_id, None)
        if entry is None:
            return False
        if entry.shown:
            self._withdraw(entry)
        return True

    def sort(self, by: Callable[[T], Any] | None, *, descending: bool = False) -> None:
        """Order by a key (None values last when ascending; equal ones by arrival), or by arrival alone."""
        self._descending = descending
        if by is self._by:
            return
        self._by = by
        for entry in self._entries.values():
            entry.key = self._key(entry.item, entry.key[2])
        self._order.sort(key=_key_of)

    def filter(self, text: str | tuple[str, ...], without: tuple[str, ...] = ()) -> None:
        """Show only rows that hold every word of `text`, or each of several texts, and none of `without`.

        In any case, with or without accents.
        """
        terms = tuple(fold(text).split()) if isinstance(text, str) else tuple(map(fold, text))
        unwanted = tuple(map(fold, without))
        if unwanted != self._unwanted:
            self._terms, self._unwanted = terms, unwanted
            self._select(self._entries.values())
            return
        if terms == self._terms:
            return
        # Typing on narrows what is shown; only another word has to look at everything again.
        narrower = all(any(old in new for new in terms) for old in self._terms)
        candidates = list(self._order) if narrower else list(self._entries.values())
        self._terms = terms
        self._select(candidates)

    def ready(self, most: int) -> bool:
        """Prepare at most `most` rows for filtering; return whether all of them are. The first filter is felt else."""
        for entry in self._entries.values():
            if entry.folded is None:
                if not most:
                    return False
                entry.folded = fold(self._describe(entry.item))
                most -= 1
        return True

    def keep(self, wanted: Callable[[T], bool] | None) -> None:
        """Show only rows that are `wanted`, besides what `filter` asks; None: any."""
        self._wanted = wanted
        self._select(self._entries.values())

    def recheck(self, row_ids: Iterable[str] | None = None, *, spare: str | None = None) -> None:
        """Judge rows again (None: all of them): what is wanted may depend on more than the row.

        The row `spare` stays in sight if it is.
        """
        known = self._entries
        for row_id in list(known) if row_ids is None else row_ids:
            entry = known.get(row_id)
            if entry is None:
                continue
            if self._matches(entry):
                if not entry.shown:
                    self._put(entry)
            elif entry.shown and entry.id != spare:
                self._withdraw(entry)

    def _select(self, candidates: Iterable[_Entry[T]]) -> None:
        for entry in self._order:
            entry.shown = False
        self._order = [entry for entry in candidates if self._matches(entry)]
        for entry in self._order:
            entry.shown = True
        self._order.sort(key=_key_of)

    def _at(self, index: int) -> _Entry[T]:
        if not 0 <= index < len(self._order):
            raise IndexError(index)
        return self._order[len(self._order) - 1 - index if self._descending else index]

    def _key(self, item: T, arrival: int) -> SortKey:
        if self._by is None:
            return (0, 0, arrival)
        value = self._by(item)
        return (1, 0, arrival) if value is None else (0, collated(value), arrival)

    def _matches(self, entry: _Entry[T]) -> bool:
        if self._wanted is not None and not self._wanted(entry.item):
            return False
        if not self._terms and not self._unwanted:
            return True
        if entry.folded is None:
            entry.folded = fold(self._describe(entry.item))
        folded = entry.folded
        if self._unwanted and any(term in folded for term in self._unwanted):
            return False
        return all(term in folded for term in self._terms)

    def _insert(self, entry: _Entry[T]) -> None:
        if self._matches(entry):
            self._put(entry)

    def _put(self, entry: _Entry[T]) -> None:
        self._order.insert(self._place(entry), entry)
        entry.shown = True

    def _withdraw(self, entry: _Entry[T]) -> None:
        del self._order[self._place(entry)]
        entry.shown = False

    def _place(self, entry: _Entry[T]) -> int:
        return bisect_left(self._order, entry.key, key=_key_of)


class Viewport:
    """A cursor and a first line over `Rows`. The cursor belongs to a row's id, never to a place.

    With `follow` the cursor starts on the last arrival and goes with it until it is moved off.
    """

    def __init__(self, rows: Rows[Any], *, follow: bool = False) -> None:
        self._rows = rows
        self._follow = follow
        self._anchor: str | None = None
        self._cursor_id: str | None = None
        self.following = follow
        """The cursor is on the last arrival and goes with it."""
        self.arrivals_last = True
        """The order shown is the order of arrival: only then is there an end to follow."""
        self.cursor = 0
        self.top = 0
        self.height = 1
        """Lines that show rows."""

    @property
    def selected(self) -> str | None:
        """The id under the cursor, or None when no row is in sight."""
        return self._cursor_id if self._rows.index_of(self._cursor_id) is not None else None

    def go(self, index: int) -> None:
        """Put the cursor on the row at `index`, or the nearest there is, and bring it into sight."""
        if not len(self._rows):
            return
        self._put(min(max(0, index), len(self._rows) - 1))
        self.following = self._at_end()
        self.reveal()

    def page(self, by: int) -> None:
        """Move cursor and view by `by` screenfuls."""
        step = max(1, self.height - 1) * by
        self.look_at(self.top + step)
        self.go(self.cursor + step)

    def look_at(self, top: int) -> None:
        """Show the rows from `top` on, as far as there are rows to show."""
        spare = self._spare if self._follow else 0
        self.top = min(max(0, top), max(0, len(self._rows) - self.height + spare))
        self._anchor = self._rows.id_at(self.top) if len(self._rows) else None

    def reveal(self) -> None:
        """Bring the cursor into sight, moving the view as little as that takes.

        While following, the page turns by a third of the screen instead: moving by a line for every arrival
        would send the whole screen again each time.
        """
        if self.cursor < self.top:
            self.look_at(self.cursor)
        elif self.cursor >= self.top + self.height:
            spare = self._spare if self.following else 0
            self.look_at(self.cursor - self.height + 1 + spare)

    def settle(self) -> None:
        """Find cursor and view again after rows came, went or changed: what is in sight stays where it is.

        A cursor whose row left takes the row that came in its place.
        """
        count = len(self._rows)
        if not count:
            self.top = 0
            return
        offset = self.cursor - self.top
        in_sight = 0 <= offset < self.height
        if self.following:
            self._put(count - 1)
        else:
            found = self._rows.index_of(self._cursor_id)
            self._put(min(self.cursor, count - 1) if found is None else found)
        if in_sight and not self.following:
            self.look_at(self.cursor - offset)
            return
        anchor = self._rows.index_of(self._anchor)
        self.look_at(self.top if anchor is None else anchor)
        if self.following:
            self.reveal()

    def turned(self, *, arrivals_last: bool) -> None:
        """Go where the cursor's row is after the order was turned or changed."""
        self.arrivals_last = arrivals_last
        found = self._rows.index_of(self._cursor_id)
        if found is not None:
            self._put(found)
        self.following = self._at_end()
        self.look_at(self.top)
        self.reveal()

    def _put(self, index: int) -> None:
        self.cursor = index
        self._cursor_id = self._rows.id_at(index)

    def _at_end(self) -> bool:
        return self._follow and self.arrivals_last and self.cursor == len(self._rows) - 1

    @property
    def _spare(self) -> int:
        return self.height // 3
