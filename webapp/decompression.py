"""Compressed bodies, unpacked as they come, so that nothing is held but what was asked for.

A few bytes can unpack to gigabytes; whoever reads stops when there is too much.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import brotli

from domain.errors import ShiplogError
from domain.zstandard import zstd

OUTPUT_STEP = 64 * 1024  # bytes, about
INPUT_STEP = 64 * 1024  # what follows the end of a gzip member is copied: never much at once
MAX_MEMBERS = 100  # of one gzip or zstd stream; each costs a decompressor, and can be empty
GZIP, ZLIB, RAW = 16 + zlib.MAX_WBITS, zlib.MAX_WBITS, -zlib.MAX_WBITS
# RFC 8878 asks decoders for 8 MB; a stream may name a window of up to 2 GB.
ZSTD_OPTIONS = {int(zstd.DecompressionParameter.window_log_max): 23}
Chunks = Iterable[bytes]


class EncodingError(ShiplogError):
    """The Content-Encoding is none of ours."""


class CorruptError(ShiplogError):
    """The body is not what its Content-Encoding says, or it ends too early."""


def unpack(chunks: Chunks, encoding: str | None) -> Iterator[bytes]:
    """The bytes that *chunks* stand for under this Content-Encoding, in pieces of moderate size.

    Raises EncodingError at once, CorruptError while reading: at the latest at the end, so that
    nothing may be used before that.
    """
    name = (encoding or "").strip().lower()
    decoder = DECODERS.get(name)
    if decoder is None:
        raise EncodingError(f"a body can be sent as {', '.join(NAMES)}")
    return decoder(chunks)


def _as_is(chunks: Chunks) -> Iterator[bytes]:
    return iter(chunks)


def _unzip(chunks: Chunks) -> Iterator[bytes]:
    """gzip, of one or more members (RFC 1952, 2.2)."""
    stream = zlib.decompressobj(GZIP)
    members = 1
    for data in _small(chunks):
        rest = data
        while rest:
            if stream.eof:
                members = _count_member(members)
                stream = zlib.decompressobj(GZIP)
            yield from _inflate(stream, rest)
            rest = stream.unused_data
    if not stream.eof:
        raise CorruptError("the gzip stream is cut off")


def _deflate(chunks: Chunks) -> Iterator[bytes]:
    """What HTTP calls deflate: a zlib stream, or from some clients one without its header."""
    stream: Any = None
    for data in _small(chunks):
        if stream is None:
            stream = zlib.decompressobj(ZLIB if data[0] & 0x0F == 8 else RAW)
        elif stream.eof:
            raise CorruptError("bytes follow the end of the deflate stream")
        yield from _inflate(stream, data)
        if stream.unused_data:
            raise CorruptError("bytes follow the end of the deflate stream")
    if stream is None or not stream.eof:
        raise CorruptError("the deflate stream is cut off")


def _inflate(stream: Any, data: bytes) -> Iterator[bytes]:
    try:
        while data and not stream.eof:
            yield stream.decompress(data, OUTPUT_STEP)
            data = stream.unconsumed_tail
    except zlib.error as error:
        raise CorruptError("the body does not unpack") from error


def _unbrotli(chunks: Chunks) -> Iterator[bytes]:
    stream = brotli.Decompressor()
    try:
        for data in _small(chunks):
            if stream.is_finished():
                raise CorruptError("bytes follow the end of the brotli stream")
            # Once the input is taken, it may still hold output back: until nothing comes.
            while (piece := stream.process(data, output_buffer_limit=OUTPUT_STEP)) or (
                not stream.can_accept_more_data()
            ):
                yield piece
                data = b""
    except brotli.error as error:
        raise CorruptError("the body does not unpack") from error
    if not stream.is_finished():
        raise CorruptError("the brotli stream is cut off")


def _unzstd(chunks: Chunks) -> Iterator[bytes]:
    """zstd, of one or more frames (RFC 8878, 3.1)."""
    stream = zstd.ZstdDecompressor(options=ZSTD_OPTIONS)
    frames = 1
    try:
        for data in _small(chunks):
            rest = data
            while rest:
                if stream.eof:
                    frames = _count_member(frames)
                    stream = zstd.ZstdDecompressor(options=ZSTD_OPTIONS)
                yield stream.decompress(rest, OUTPUT_STEP)
                while not stream.eof and not stream.needs_input:
                    yield stream.decompress(b"", OUTPUT_STEP)
                rest = stream.unused_data
    except zstd.ZstdError as error:
        raise CorruptError("the body does not unpack") from error
    if not stream.eof:
        raise CorruptError("the zstd stream is cut off")


def _small(chunks: Chunks) -> Iterator[bytes]:
    for chunk in chunks:
        yield from (chunk[at : at + INPUT_STEP] for at in range(0, len(chunk), INPUT_STEP))


def _count_member(members: int) -> int:
    if members == MAX_MEMBERS:
        raise CorruptError("the stream is made of too many")
    return members + 1


DECODERS: dict[str, Callable[[Chunks], Iterator[bytes]]] = {
    "": _as_is,
    "identity": _as_is,
    "gzip": _unzip,
    "x-gzip": _unzip,
    "deflate": _deflate,
    "br": _unbrotli,
    "zstd": _unzstd,
}
NAMES = ("gzip", "deflate", "br", "zstd", "identity")
