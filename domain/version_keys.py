"""Versions as bytes that sort as the versions do, so that a database can put them in order.

The order is that of sentry-api.md 3.3, which `domain.tags.make_order` gives as tuples.
"""

from __future__ import annotations

from collections.abc import Sequence

from domain.tags import Order, OrderPart
from domain.versions import find_order

NO_VERSION = b""  # before every key

_END = b"\x00"  # of a sequence: fewer parts are before more
_NOTHING, _DIGITS, _LETTERS = b"\x01", b"\x02", b"\x03"
_LONG = 0xFF  # the length does not fit into a byte: four follow


def semver_key_of(version: str) -> bytes:
    """What `Release.semver_key` holds for the name *version*; NO_VERSION if it has no place."""
    order = find_order(version)
    return NO_VERSION if order is None else encode_order(order)


def encode_order(order: Order) -> bytes:
    """Bytes that compare as *order* does, with those of every other order."""
    return encode_precedence(order) + _encode_part(order[3])


def encode_precedence(order: Order) -> bytes:
    """What all orders begin with that differ from *order* in nothing but the build code."""
    components, phase, parts, _ = order
    return encode_components(components) + _END + bytes([phase + 1]) + _encode(parts) + _END


def encode_components(components: Sequence[OrderPart]) -> bytes:
    """What all orders begin with whose components begin with these."""
    return _encode(components)


def _encode(parts: Sequence[OrderPart]) -> bytes:
    return b"".join(map(_encode_part, parts))


def _encode_part(part: OrderPart) -> bytes:
    kind, size, text = part
    if kind < 0:
        return _NOTHING
    if kind == 0:  # the length says where digits end
        return _DIGITS + _encode_size(size) + text.encode("ascii")
    # Nothing in the text may look like its end, which is before all that could follow instead.
    return (
        _LETTERS + text.encode(errors="surrogatepass").replace(b"\x00", b"\x00\xff") + b"\x00\x00"
    )


def _encode_size(size: int) -> bytes:
    return bytes([size]) if size < _LONG else bytes([_LONG]) + size.to_bytes(4, "big")
