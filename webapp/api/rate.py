"""How many requests a token may make, so that a loop that went wild leaves room for the others.

Counted in this process's memory, for each token; for each address where no usable token came. The
limit is far above what CI does, for `sentry-cli` does not try again after a 429.
"""

from __future__ import annotations

import math
import time
from collections import Counter
from collections.abc import Callable
from threading import Lock
from typing import cast

from flask import Flask, current_app, request
from werkzeug.exceptions import TooManyRequests

from domain.tokens import Caller

MOST, SECONDS = 1000, 10.0
_NAME = "shiplog_api_rate"


class Rate:
    """At most *most* requests of each caller in a window of *seconds*, the same for all."""

    def __init__(
        self,
        most: int = MOST,
        seconds: float = SECONDS,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._most, self._seconds, self._clock = most, seconds, clock
        self._lock = Lock()
        self._counts: Counter[str] = Counter()
        self._end = 0.0

    def count(self, who: str) -> float:
        """Count a request of *who*; the seconds to wait, 0 if it is within the limit."""
        with self._lock:
            now = self._clock()
            if now >= self._end:
                self._counts.clear()
                self._end = now + self._seconds
            self._counts[who] += 1
            return 0.0 if self._counts[who] <= self._most else self._end - now


def add_rate_limit(app: Flask, rate: Rate | None) -> None:
    """Have *rate*, by default the usual one, limit what calls `verify_rate`."""
    app.extensions[_NAME] = rate or Rate()


def verify_rate(found: Caller | None) -> None:
    """Count this request of *found*, or of its address; TooManyRequests with `Retry-After`."""
    who = f"token {found.token_id}" if found else f"address {request.remote_addr}"
    wait = cast("Rate", current_app.extensions[_NAME]).count(who)
    if wait:
        raise TooManyRequests(retry_after=math.ceil(wait))
