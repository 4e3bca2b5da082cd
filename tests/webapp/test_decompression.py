"""Unpacking: every encoding whole and in pieces, cut off, followed by rubbish, and as a bomb."""

from __future__ import annotations

import gzip
import random
import tracemalloc
import zlib
from collections.abc import Callable, Iterator

import brotli
import pytest

from domain.zstandard import zstd
from tests.sdk import ENCODERS
from webapp.decompression import (
    MAX_MEMBERS,
    OUTPUT_STEP,
    CorruptError,
    EncodingError,
    unpack,
)
from webapp.envelopes import MEGABYTE, capped
from webapp.plain_wsgi import TooLargeError

NOISE = random.Random(1).randbytes(200_000)  # noqa: S311
CONTENTS = {"empty": b"", "one byte": b"x", "text": b'{"a": 1}' * 9_000, "noise": NOISE}
Encode = Callable[[bytes], bytes]
each_encoding = pytest.mark.parametrize(("name", "encode"), ENCODERS.values(), ids=ENCODERS.keys())


def pieces(data: bytes, size: int) -> Iterator[bytes]:
    return (data[at : at + size] for at in range(0, len(data), size))


@each_encoding
@pytest.mark.parametrize("content", CONTENTS.values(), ids=CONTENTS.keys())
@pytest.mark.parametrize("size", [7, 4096, 10**7])
def test_whole(name: str, encode: Encode, content: bytes, size: int) -> None:
    out = list(unpack(pieces(encode(content), size), name))
    assert b"".join(out) == content
    assert max(map(len, out), default=0) <= 2 * OUTPUT_STEP


@each_encoding
@pytest.mark.parametrize("content", CONTENTS.values(), ids=CONTENTS.keys())
def test_cut_off(name: str, encode: Encode, content: bytes) -> None:
    packed = encode(content)
    for length in {0, 1, len(packed) // 2, len(packed) - 1} - {len(packed)}:
        with pytest.raises(CorruptError):
            list(unpack([packed[:length]], name))


@each_encoding
@pytest.mark.parametrize("after", [b"x", bytes(8), b"\n", NOISE])
@pytest.mark.parametrize("is_apart", [False, True])
def test_followed_by_something(name: str, encode: Encode, after: bytes, is_apart: bool) -> None:
    packed = encode(b"{}")
    with pytest.raises(CorruptError):
        list(unpack([packed, after] if is_apart else [packed + after], name))


@each_encoding
def test_damaged(name: str, encode: Encode) -> None:
    for rubbish in (b"{}", b"\x00" * 100, b"\xff" * 100, NOISE):
        with pytest.raises(CorruptError):
            list(unpack([rubbish], name))


@pytest.mark.parametrize("encoding", [None, "", "identity", "Identity "])
def test_as_it_is(encoding: str | None) -> None:
    assert list(unpack([b"a", b"b"], encoding)) == [b"a", b"b"]


@pytest.mark.parametrize("encoding", ["compress", "gzip, br", "*", "\xff"])
def test_unknown(encoding: str) -> None:
    with pytest.raises(EncodingError):
        unpack([], encoding)


def test_upper_case_and_the_old_name() -> None:
    for name in ("GZIP", "x-gzip"):
        assert b"".join(unpack([gzip.compress(b"a")], name)) == b"a"


@pytest.mark.parametrize(("name", "encode"), [("gzip", gzip.compress), ("zstd", zstd.compress)])
@pytest.mark.parametrize("size", [3, 10**6])
def test_members(name: str, encode: Encode, size: int) -> None:
    members = [encode(part) for part in (b"a", b"", b"bc" * 70_000)]
    assert b"".join(unpack(pieces(b"".join(members), size), name)) == b"a" + b"bc" * 70_000
    with pytest.raises(CorruptError):
        list(unpack(pieces(b"".join(members)[:-1], size), name))
    with pytest.raises(CorruptError):
        list(unpack([encode(b"") * (MAX_MEMBERS + 1)], name))


def zlib_bomb(megabytes: int) -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    return b"".join([*(packer.compress(bytes(MEGABYTE)) for _ in range(megabytes)), packer.flush()])


BOMBS = {
    "gzip": ("gzip", lambda: zlib_bomb(300)),
    "brotli": ("br", lambda: brotli.compress(bytes(300 * MEGABYTE), quality=5)),
    "zstd": ("zstd", lambda: zstd.compress(bytes(300 * MEGABYTE))),
}


@pytest.mark.slow
@pytest.mark.parametrize(("name", "make"), BOMBS.values(), ids=BOMBS.keys())
def test_bombs(name: str, make: Callable[[], bytes]) -> None:
    bomb = make()
    assert len(bomb) < MEGABYTE
    tracemalloc.start()
    with pytest.raises(TooLargeError):
        for _ in capped(unpack([bomb], name), 100 * MEGABYTE):
            pass
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < MEGABYTE


def test_a_window_that_is_too_large() -> None:
    options = {int(zstd.CompressionParameter.window_log): 27}
    packer = zstd.ZstdCompressor(options=options)
    packed = packer.compress(NOISE) + packer.flush()
    with pytest.raises(CorruptError):
        list(unpack([packed], "zstd"))
