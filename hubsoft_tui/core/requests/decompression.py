"""The body of an answer as it arrives: every layer of compression undone in small pieces, and all of it bounded.

A few hundred bytes can stand for gigabytes, and a few megabytes of JSON for millions of objects. What is counted is
what comes out, so neither can take more memory than the bounds allow.
"""

from __future__ import annotations

import io
import zlib
from collections.abc import Iterator
from typing import Final

PIECE: Final = 64 * 1024
"""At most so many bytes come out of a layer at once."""
MOST_LAYERS: Final = 4
MOST_VALUES: Final = 2_000_000
"""Values of an answer (JSON). A page of hundreds of customers, each with all its relations, has a tenth of them."""

_GZIP: Final = zlib.MAX_WBITS | 16
_RAW: Final = -zlib.MAX_WBITS
_NOT_ASKED_FOR: Final = frozenset({"br", "zstd", "compress", "x-compress", "dcb", "dcz"})


class UndecodableError(Exception):
    """The body is compressed in a way that was not asked for, or wrongly."""


class OverfullError(Exception):
    """The body holds more than an answer may: too many bytes or, with `values`, too many values."""

    def __init__(self, *, values: bool = False) -> None:
        super().__init__()
        self.values = values


class _Layer:
    """One layer of gzip or deflate. What follows its end is ignored, as browsers do."""

    def __init__(self, coding: str) -> None:
        self._deflate = coding == "deflate"
        self._inflater = zlib.decompressobj(zlib.MAX_WBITS if self._deflate else _GZIP)
        self._seen = b""

    def pieces(self, data: bytes) -> Iterator[bytes]:
        """Yield what `data` brings to light, piece by piece."""
        if self._deflate:
            # Half the world calls deflate what has no zlib header; only the first bytes tell.
            self._deflate = len(self._seen) <= PIECE
            self._seen += data
        while not self._inflater.eof:
            try:
                piece = self._inflater.decompress(data, PIECE)
            except zlib.error:
                if not self._deflate:
                    raise UndecodableError from None
                self._deflate = False
                self._inflater, data = zlib.decompressobj(_RAW), self._seen
                continue
            data = self._inflater.unconsumed_tail
            if piece:
                self._deflate, self._seen = False, b""
                yield piece
            if not data and len(piece) < PIECE:
                return


class Body:
    """Collects one body. `most` is in bytes, `encoding` the header Content-Encoding."""

    def __init__(self, encoding: str, most: int) -> None:
        codings = [word for part in encoding.split(",") if (word := part.strip().lower())]
        if len(codings) > MOST_LAYERS or not _NOT_ASKED_FOR.isdisjoint(codings):
            raise UndecodableError
        # Other words (utf-8, none) are no compression, only a server's mistake.
        self._layers = [
            _Layer(each.removeprefix("x-"))
            for each in reversed(codings)
            if each in {"gzip", "x-gzip", "deflate"}
        ]
        self._sizes = [0] * len(self._layers)
        self._most = most
        self._values = 0
        self._bytes = io.BytesIO()

    def feed(self, data: bytes) -> Iterator[None]:
        """Take `data` in; yields after each piece, so that a loop can turn in between.

        Raises UndecodableError or OverfullError.
        """
        for piece in self._through(data, 0):
            room = self._most - self._bytes.tell()
            self._bytes.write(piece[:room])
            self._values += piece.count(b",") + piece.count(b"{") + piece.count(b"[")
            if len(piece) > room:
                raise OverfullError
            if self._values > MOST_VALUES:
                raise OverfullError(values=True)
            yield

    def read(self) -> bytes:
        """Return what came, without copying it."""
        return self._bytes.getvalue()

    def _through(self, data: bytes, place: int) -> Iterator[bytes]:
        if place == len(self._layers):
            yield data
            return
        for piece in self._layers[place].pieces(data):
            self._sizes[place] += len(piece)
            if self._sizes[place] > self._most:
                raise OverfullError
            yield from self._through(piece, place + 1)
