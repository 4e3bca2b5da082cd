"""How events are kept, before and after they are digested: their JSON, compressed."""

from __future__ import annotations

from typing import Any

import msgspec

from domain.event_data import EventData, render_bytes
from domain.zstandard import LEVEL, zstd

_ZSTD = b"\x28\xb5\x2f\xfd"  # the first bytes of any frame (RFC 8878, 3.1.1); of no JSON


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


def pack_body(body: bytes) -> bytes:
    """An event's JSON as the inbox keeps it: a quarter of it, in the log and the table alike.

    Compressed while no lock is held. What SDKs compress is the whole envelope, in any way they
    like: that cannot be kept as it is.
    """
    return zstd.compress(body, LEVEL)


def unpack_body(kept: bytes) -> bytes:
    """The event's JSON; an older program kept it as it was."""
    return zstd.decompress(kept) if kept.startswith(_ZSTD) else kept
