"""How an event is kept: its rendered JSON, compressed; and how JSON of events is read."""

from __future__ import annotations

import json
from typing import Any

import msgspec

from domain.event_data import EventData, render_bytes
from domain.zstandard import LEVEL, zstd


class Packer:
    """Compresses one event after the other; not for several threads at once."""

    def __init__(self) -> None:
        self._compressor = zstd.ZstdCompressor(LEVEL)

    def pack(self, event: EventData) -> bytes:
        return self._compressor.compress(render_bytes(event), zstd.ZstdCompressor.FLUSH_FRAME)


def unpack_event(data: bytes) -> dict[str, Any]:
    """What `parse_event` makes the same event of."""
    found: dict[str, Any] = msgspec.json.decode(zstd.decompress(data))
    return found


def parse_json(text: bytes) -> Any:
    """The value that *text* is the JSON of; ValueError or RecursionError if it is none.

    Of the two readers the second takes half surrogates, NaN and numbers beyond all bounds as well,
    which some SDKs send; the first needs half the time.
    """
    try:
        return msgspec.json.decode(text)
    except (msgspec.DecodeError, ValueError, RecursionError):
        return json.loads(text)
