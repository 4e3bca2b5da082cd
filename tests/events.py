"""Events as SDKs send them, for tests: valid ones, of which a test changes what matters to it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import count
from typing import Any

from sqlalchemy.orm import Session

import domain.events
from domain.event_reading import Incoming, read_events
from domain.events import Digested
from tests.factories import NOW

_numbers = count(1)


def make_frame(function: str = "total", **given: Any) -> dict[str, Any]:
    return {
        "filename": "shop/cart.py",
        "abs_path": "/srv/app/shop/cart.py",
        "module": "shop.cart",
        "function": function,
        "lineno": 8,
        "in_app": True,
        "pre_context": ["def total(items):"],
        "context_line": "    return items[0].price",
        "post_context": [""],
        "vars": {"items": "[]"},
        **given,
    }


def make_exception(type: str = "IndexError", *frames: dict[str, Any]) -> dict[str, Any]:
    library = make_frame(
        "wsgi_app", filename="flask/app.py", module="flask.app", in_app=False, lineno=1511
    )
    return {
        "type": type,
        "value": "list index out of range",
        "mechanism": {"type": "flask", "handled": False},
        "stacktrace": {"frames": [library, *(frames or [make_frame()])]},
    }


def make_body(at: datetime | None = None, **given: Any) -> dict[str, Any]:
    """The JSON of an error in Python, five minutes ago, another event id at each call."""
    return {
        "event_id": f"{next(_numbers):032x}",
        "timestamp": (at or NOW - timedelta(minutes=5)).isoformat(),
        "platform": "python",
        "level": "error",
        "exception": {"values": [make_exception()]},
        **given,
    }


def make_event(at: datetime | None = None, **given: Any) -> Incoming:
    return Incoming(make_body(at, **given))


def digest(
    session: Session, project_id: int, events: Sequence[Incoming], *, now: datetime
) -> Digested:
    """Read and store, both at once."""
    return domain.events.digest(session, project_id, read_events(events, now=now), now=now)
