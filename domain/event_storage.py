"""How an event is kept: its rendered JSON, compressed."""

from __future__ import annotations

import json
import sys
from typing import Any

from domain.event_data import EventData, render_bytes

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

LEVEL = 1  # half the time of zlib's first, and a seventh smaller; higher ones save little


def pack_event(event: EventData) -> bytes:
    return zstd.compress(render_bytes(event), LEVEL)


def unpack_event(data: bytes) -> dict[str, Any]:
    """What `parse_event` makes the same event of."""
    found: dict[str, Any] = json.loads(zstd.decompress(data))
    return found
