"""zstd, from the standard library where it has it, and how hard the project makes it try."""

from __future__ import annotations

import sys

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

__all__ = ["LEVEL", "zstd"]

LEVEL = 1  # half the time of zlib's first, and a seventh smaller; higher ones save little
