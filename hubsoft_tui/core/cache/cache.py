"""What was learnt, kept once: one record per customer, and for each question which records answer it.

An age limit belongs to the question, never to the record, so changing a lifetime takes effect at once for what
is already here. In front is an LRU in memory; behind it the record port keeps everything across restarts and
shares it with other processes.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Any, Generic, TypeVar

import cachetools
import msgspec

from ...errors import StoreError
from ..clock import Clock
from ..ports import RecordPort, RecordSource, StoredEntry

T = TypeVar("T")
logger = logging.getLogger(__name__)

ANSWER = "answer"
CUSTOMER = "customer"
BRIEF = "brief"
"""Rows of a roster: poorer than what a customer is looked up as, so they are no customer's record."""
STEP_SECONDS = 300.0
"""So far a clock may be set back without a word; what is of later than that is not believed."""
QUESTIONS_PER_RECORD = 4
"""A customer is asked for by document, code, login...: that many keys are remembered for each record."""


class Part(msgspec.Struct, frozen=True):
    """One record of an answer. `keys` are the questions this record alone answers (its document, its code)."""

    __repr__ = object.__repr__

    id: str
    kind: str
    value: object
    keys: tuple[str, ...] = ()


class _Index(msgspec.Struct, frozen=True, omit_defaults=True):
    """Which records answer a question; none means HubSoft said there is no such thing."""

    ids: tuple[str, ...]
    truncated: bool = False
    alone: bool = False
    """The question names one subject, so its age is its record's, whatever question brought that."""


class _CacheEntry(msgspec.Struct, Generic[T], frozen=True):
    __repr__ = object.__repr__

    value: T
    fetched_at: float
    fetched_now: float
    epoch: str


class CachedAnswer(msgspec.Struct, frozen=True):
    """What the cache holds for a question, however old. `age` and `fetched_at` are the oldest part's.

    Its text form shows nothing of a customer.
    """

    values: tuple[Any, ...]
    age: float
    fetched_at: float
    truncated: bool = False
    ids: tuple[str, ...] = ()
    """The records' own names, in the order of `values`."""

    __repr__ = object.__repr__

    @property
    def negative(self) -> bool:
        """HubSoft said there is no such thing."""
        return not self.values


class CacheReader:
    """What is known, read: for one thread at a time. Its values are immutable and handed out as they are."""

    def __init__(
        self, source: RecordSource, clock: Clock, kinds: Mapping[str, Any], *, max_entries: int
    ) -> None:
        self._source = source
        self._clock = clock
        self._decoders = {kind: msgspec.json.Decoder(shape) for kind, shape in kinds.items()}
        self._decoders[ANSWER] = msgspec.json.Decoder(_Index)
        self._size(max_entries)

    def _size(self, max_entries: int) -> None:
        self.max_entries = max_entries
        self._records: cachetools.LRUCache[str, _CacheEntry[object]] = cachetools.LRUCache(max_entries)
        self._answers: cachetools.LRUCache[str, _CacheEntry[_Index]] = cachetools.LRUCache(
            max_entries * QUESTIONS_PER_RECORD
        )

    def find(self, key: str) -> CachedAnswer | None:
        """Return what is known about `key`, however old, or None."""
        if self._changed():
            # Another process wrote or cleared something: what is in memory may be older than what is there.
            self._records.clear()
            self._answers.clear()
        answer = self._answer(key)
        if answer is None:
            return None
        parts = self._parts(answer.value.ids)
        if parts is None:
            return None
        return self._found(answer, parts)

    def find_brief(self, key: str) -> CachedAnswer | None:
        """Return the roster's rows kept under `key` by `learn`, however old, or None."""
        entry: _CacheEntry[Any] | None = self._records.get(key)
        if entry is None and (loaded := self._load([key])):
            entry = self._records[key] = loaded[key]
        if entry is None:
            return None
        return self._whole(entry)

    def find_many(self, keys: Sequence[str], briefs: Sequence[str]) -> dict[str, CachedAnswer]:
        """Return what is known about each of `keys` and `briefs`, read in bulk; a few hundred at a time.

        For thousands of questions in a row: what is in memory stays as it is, and nothing counts as used.
        """
        loaded = self._load([f"{ANSWER}:{key}" for key in keys] + list(briefs))
        found = {key: self._whole(loaded[key]) for key in briefs if key in loaded}
        answers = {key: loaded[name] for key in keys if (name := f"{ANSWER}:{key}") in loaded}
        parts = self._load(list({id_ for answer in answers.values() for id_ in answer.value.ids}))
        for key, answer in answers.items():
            if all(id_ in parts for id_ in answer.value.ids):
                found[key] = self._found(answer, [parts[id_] for id_ in answer.value.ids])
        return found

    def _found(self, answer: _CacheEntry[_Index], parts: Sequence[_CacheEntry[Any]]) -> CachedAnswer:
        if answer.value.alone and len(parts) == 1:
            (part,) = parts
            return CachedAnswer(
                (part.value,), self._age(part), part.fetched_at, answer.value.truncated, answer.value.ids
            )
        dated: list[_CacheEntry[Any]] = list(parts)
        if not (answer.value.alone and parts):
            dated.append(answer)  # who belongs to the answer is as old as the answer
        oldest = min(dated, key=lambda entry: entry.fetched_at)
        return CachedAnswer(
            values=tuple(part.value for part in parts),
            age=max(self._age(entry) for entry in dated),
            fetched_at=oldest.fetched_at,
            truncated=answer.value.truncated,
            ids=answer.value.ids,
        )

    def _whole(self, entry: _CacheEntry[Any]) -> CachedAnswer:
        return CachedAnswer(tuple(entry.value), self._age(entry), entry.fetched_at)

    def _changed(self) -> bool:
        try:
            return self._source.changed()
        except StoreError as error:
            logger.warning("not read: %s", error)
            return False

    def _answer(self, key: str) -> _CacheEntry[_Index] | None:
        entry: _CacheEntry[_Index] | None = self._answers.get(key)
        if entry is None and (stored := self._load([f"{ANSWER}:{key}"])):
            entry = self._answers[key] = next(iter(stored.values()))
        return entry

    def _parts(self, ids: tuple[str, ...]) -> list[_CacheEntry[object]] | None:
        if len(ids) == 1 and (entry := self._records.get(ids[0])) is not None:
            return [entry]
        found = {id_: entry for id_ in ids if (entry := self._records.get(id_)) is not None}
        if missing := [id_ for id_ in ids if id_ not in found]:
            loaded = self._load(missing)
            self._records.update(loaded)
            found |= loaded
        return [found[id_] for id_ in ids] if len(found) == len(set(ids)) else None

    def _load(self, keys: list[str]) -> dict[str, _CacheEntry[Any]]:
        loaded: dict[str, _CacheEntry[Any]] = {}
        if not keys:
            return loaded
        try:
            found = self._source.load(keys)
        except StoreError as error:
            # A memory that cannot be read answers nothing; HubSoft still does.
            logger.warning("not read: %s", error)
            return loaded
        for key, stored in found.items():
            decoder = self._decoders.get(stored.kind)
            if decoder is None:
                continue  # written by a newer version: as good as not there
            try:
                value = decoder.decode(stored.body)
            except (msgspec.DecodeError, RecursionError):
                continue  # damaged, or of another version's shape: asked for again
            if stored.epoch != self._clock.epoch() and stored.fetched_at > self._clock.wall() + STEP_SECONDS:
                continue  # of a day to come: the clock was wrong then or is now, and nothing tells its age
            loaded[key] = _CacheEntry(value, stored.fetched_at, stored.fetched_now, stored.epoch)
        return loaded

    def _age(self, entry: _CacheEntry[Any]) -> float:
        """Seconds since it was fetched by whichever clock says more: one of them may have stepped."""
        age = max(0.0, self._clock.wall() - entry.fetched_at)
        if entry.epoch != self._clock.epoch():
            return age
        return max(age, self._clock.now() - entry.fetched_now)


class Cache(CacheReader):
    """What is known and what is learnt. Lives in the engine's loop."""

    def __init__(
        self,
        port: RecordPort,
        clock: Clock,
        kinds: Mapping[str, Any],
        *,
        max_entries: int,
        max_briefs: int = 0,
    ) -> None:
        super().__init__(port, clock, kinds, max_entries=max_entries)
        self._port = port
        self._encoder = msgspec.json.Encoder()
        self._used: dict[str, None] = {}
        self.ahead = False
        """Something is in memory that could not be kept: what is on disk is not the newest."""
        self.evicted = 0
        self.max_briefs = max_briefs

    def resize(self, max_entries: int) -> None:
        """Hold at most this many records from now on; what is on disk is trimmed at the next cleaning."""
        if max_entries != self.max_entries:
            self._size(max_entries)

    def find(self, key: str) -> CachedAnswer | None:
        """Return what is known about `key`, however old, or None; it counts as used."""
        found = super().find(key)
        if found is not None:
            self.use(key, found.ids)
        return found

    def use(self, key: str, ids: Iterable[str]) -> None:
        """Count the answer to `key` and its records as used: what was not used for longest is dropped first."""
        self._used[f"{ANSWER}:{key}"] = None
        for id_ in ids:
            self._used[id_] = None

    def find_brief(self, key: str) -> CachedAnswer | None:
        """Return the roster's rows kept under `key` by `learn`, however old, or None; they count as used."""
        found = super().find_brief(key)
        if found is not None:
            self._used[key] = None
        return found

    def learn(self, briefs: Mapping[str, tuple[Any, ...]], *, sent_at: float, sent_now: float) -> None:
        """Remember rows of a roster, by the keys they answer; the request was sent at `sent_at` = `sent_now`.

        They go to disk alone: thousands at once must not push out of memory what people look at.
        """
        stored = []
        for key, rows in briefs.items():
            self._records.pop(key, None)
            entry = _CacheEntry(rows, fetched_at=sent_at, fetched_now=sent_now, epoch=self._clock.epoch())
            stored.append(self._stored(key, BRIEF, entry))
        try:
            self._port.save(stored)
        except StoreError as error:
            logger.warning("not kept on disk: %s", error)

    def entries(self, keys: Sequence[str]) -> list[StoredEntry]:
        """Return what is kept on disk under these keys."""
        try:
            return list(self._port.load(list(keys)).values())
        except StoreError as error:
            logger.warning("not read: %s", error)
            return []

    def kept(
        self,
        key: str,
        parts: Iterable[Part],
        *,
        sent_at: float,
        sent_now: float,
        alone: bool,
        truncated: bool,
    ) -> list[StoredEntry]:
        """Remember an answer whose request was sent at `sent_at` (epoch s) = `sent_now` (engine's clock).

        Returns what is to be kept of it beyond this process.
        """
        parts = tuple(parts)
        wrap: Callable[[Any], _CacheEntry[Any]] = partial(
            _CacheEntry, fetched_at=sent_at, fetched_now=sent_now, epoch=self._clock.epoch()
        )
        answers = {key: wrap(_Index(tuple(part.id for part in parts), truncated, alone))}
        for part in parts:
            for own in part.keys:
                answers.setdefault(own, wrap(_Index((part.id,), alone=True)))
        records = {part.id: wrap(part.value) for part in parts}
        kinds = {part.id: part.kind for part in parts}
        self._records.update(records)
        self._answers.update(answers)
        stored = [self._stored(id_, kinds[id_], entry) for id_, entry in records.items()]
        return stored + [self._stored(f"{ANSWER}:{name}", ANSWER, entry) for name, entry in answers.items()]

    def absorb(self, entries: Sequence[StoredEntry]) -> None:
        """Remember what another machine learnt."""
        try:
            self._port.save(list(entries))
        except StoreError as error:
            logger.warning("not kept on disk: %s", error)
            return
        for entry in entries:
            self._records.pop(entry.key, None)
            self._answers.pop(entry.key.removeprefix(f"{ANSWER}:"), None)

    def clean(self, *, keep_seconds: float) -> int:
        """Drop what is older than `keep_seconds` and what exceeds `max_entries`; return how many expired."""
        if self._used:
            self._touch()
        expired, evicted = self._port.clean(
            older_than=self._clock.wall() - keep_seconds,
            max_entries=self.max_entries,
            max_briefs=self.max_briefs,
        )
        self.evicted += evicted
        if expired or evicted:
            self._records.clear()
            self._answers.clear()
        return expired

    def customers(self, limit: int) -> list[tuple[str, float]]:
        """Return (record's name, seconds since it was fetched) of customers, the last used first.

        By the wall clock alone: for looking ahead, not for answering.
        """
        if self._used:
            self._touch()
        now = self._clock.wall()
        return [(name, max(0.0, now - fetched)) for name, fetched in self._port.recent(CUSTOMER, limit)]

    def record(self, name: str) -> object | None:
        """Return the record of that name, however old, or None."""
        parts = self._parts((name,))
        return parts[0].value if parts else None

    def outdate(self, names: Sequence[str] | None, seconds: float, before: float | None = None) -> None:
        """Let records (None: all) count as `seconds` old at least: what they tell of was changed.

        They can still be shown. No answer to what was asked before now (or `before`, on Clock.now) is kept in their
        place.
        """
        if names is None:
            self._records.clear()
        for name in names or ():
            self._records.pop(name, None)
        before = self._clock.now() if before is None else before
        try:
            self._port.outdate(
                None if names is None else list(names), to=self._clock.wall() - seconds, before=before
            )
        except StoreError as error:
            logger.warning("not outdated on disk: %s", error)

    def clear(self, before: float | None = None) -> int:
        """Forget everything, or what was asked for before `before` (Clock.now); return how many records went."""
        self._records.clear()
        self._answers.clear()
        self.ahead = False
        return self._port.clear(before)

    def count(self, used_since: float = 0.0) -> int:
        """How many customers are remembered that were used since then (epoch s), to about a cleaning's interval."""
        return self._port.count(used_since)

    def _touch(self) -> None:
        self._port.touch(list(self._used), self._clock.wall())
        self._used.clear()

    def _stored(self, key: str, kind: str, entry: _CacheEntry[Any]) -> StoredEntry:
        body = self._encoder.encode(entry.value)
        return StoredEntry(key, kind, body, entry.fetched_at, entry.fetched_now, entry.epoch)
