"""Bodies of answers: every layer of compression undone, and all of it bounded."""

from __future__ import annotations

import gzip
import subprocess
import sys
import tracemalloc
import zlib
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hubsoft_tui.core.requests.decompression import MOST_VALUES, Body, OverfullError, UndecodableError
from tests.fuzzing import examples

LAYERS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "x-gzip": gzip.compress,
    "deflate": zlib.compress,
    "identity": bytes,
    "utf-8": bytes,
}


def read(data: bytes, encoding: str = "", *, most: int = 2**20, by: int = 65536) -> bytes:
    body = Body(encoding, most)
    for start in range(0, len(data), by):
        for _ in body.feed(data[start : start + by]):
            pass
    return body.read()


def raw_deflate(data: bytes) -> bytes:
    squeezer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return squeezer.compress(data) + squeezer.flush()


@examples(100)
@given(
    data=st.binary(max_size=5000),
    layers=st.lists(st.sampled_from(sorted(LAYERS)), max_size=4),
    by=st.integers(1, 99),
)
def test_what_was_compressed_comes_back_in_whatever_pieces_it_arrives(data, layers, by):
    squeezed = data
    for layer in layers:
        squeezed = LAYERS[layer](squeezed)
    assert read(squeezed, ", ".join(layers), by=by) == data


@pytest.mark.parametrize("by", [1, 2, 7, 65536])
def test_deflate_without_its_header_is_read_too(by):
    data = b"HubSoft " * 5000
    assert read(raw_deflate(data), "deflate", by=by) == data


def test_deflate_that_never_says_anything_is_not_kept():
    body, nothing = Body("deflate", 2**20), b"\x00\x00\x00\xff\xff" * 12_000
    tracemalloc.start()
    try:
        for piece in [b"\x78\x9c", *[nothing] * 40]:
            assert list(body.feed(piece)) == []
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert most < 500_000


@examples(100)
@given(
    data=st.binary(max_size=300), encoding=st.sampled_from(["gzip", "deflate", "gzip, deflate", "gzip,gzip"])
)
def test_what_was_not_compressed_is_told(data, encoding):
    try:
        read(data, encoding)
    except UndecodableError:
        return


@pytest.mark.parametrize("encoding", ["br", "zstd", "compress", "gzip, br", ", ".join(["gzip"] * 5)])
def test_what_was_not_asked_for_is_not_decoded(encoding):
    with pytest.raises(UndecodableError):
        Body(encoding, 2**20)


@pytest.mark.parametrize("layers", [1, 2, 3, 4])
@pytest.mark.parametrize("squeeze", [gzip.compress, zlib.compress, raw_deflate])
def test_a_bomb_of_any_layers_is_refused_at_the_limit(layers, squeeze):
    bomb = bytes(10_000_000)
    for _ in range(layers):
        bomb = squeeze(bomb)
    with pytest.raises(OverfullError) as caught:
        read(bomb, ",".join(["gzip" if squeeze is gzip.compress else "deflate"] * layers), most=2**20)
    assert not caught.value.values


def test_a_middle_layer_is_bounded_when_the_last_yields_nothing():
    endless_name = b"\x1f\x8b\x08\x08" + bytes(6) + b"a" * 3_000_000
    with pytest.raises(OverfullError):
        read(gzip.compress(endless_name), "gzip, gzip", most=2**20)


def test_values_are_counted_as_they_come():
    with pytest.raises(OverfullError) as caught:
        read(b"[" + b"{}," * (MOST_VALUES // 2 + 1), most=2**26)
    assert caught.value.values


def test_doubled_gzip_stays_below_two_hundred_megabytes():
    program = """
import gzip, pathlib, resource, zlib
from hubsoft_tui.core.requests.decompression import Body, OverfullError
outer = zlib.compressobj(9, wbits=31)
inner = zlib.compressobj(9, wbits=31)
block = bytes(2**20)
bomb = b"".join(outer.compress(inner.compress(block)) for _ in range(300))
bomb += outer.compress(inner.flush()) + outer.flush()
assert len(bomb) < 200_000, len(bomb)
try:
    for _ in Body("gzip, gzip", 64 * 2**20).feed(bomb):
        pass
except OverfullError:
    status = pathlib.Path("/proc/self/status")
    if status.exists():  # Linux counts in ru_maxrss what the test's own process held when it started this one
        print(int(status.read_text().partition("VmHWM:")[2].split()[0]) // 1024)
    else:
        print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
"""
    megabytes = int(
        subprocess.run([sys.executable, "-c", program], capture_output=True, check=True, text=True).stdout
    )
    assert megabytes < 200
