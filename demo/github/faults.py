"""What goes wrong on purpose: injected failures, and budgets that run out."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Event, Lock, Semaphore
from typing import Any

from demo.github.clock import Clock
from demo.github.wire import ApiError, Reply

SECONDARY = (
    "You have exceeded a secondary rate limit. Please wait a few minutes before you try again."
)

FORBIDDEN = "Resource not accessible by integration"


class Gate:
    """Holds back the answers to requests whose path contains *path*; a context manager that opens it.

    Every `let_through` frees so many of them, waiting or still to come; once open, it holds nothing.
    """

    def __init__(self, path: str) -> None:
        self._path = path
        self._free = Semaphore(0)
        self._is_open = Event()

    def let_through(self, number: int = 1) -> None:
        self._free.release(number)

    def open(self) -> None:
        """Let through all that waits, and all that comes."""
        self._is_open.set()

    def hold(self, path: str) -> None:
        """Wait until the request may be answered."""
        if self._path not in path:
            return
        while not self._is_open.is_set() and not self._free.acquire(timeout=0.02):
            pass

    def __enter__(self) -> "Gate":
        return self

    def __exit__(self, *_: object) -> None:
        self.open()


@dataclass
class Fault:
    """A failure that waits for the next matching request."""

    status: int
    times: int
    path: str | None
    headers: dict[str, str]
    body: Any
    cut: bool
    reset: bool

    @property
    def names(self) -> dict[str, str]:
        """Return the headers by lower-case name."""
        return {name.lower(): value for name, value in self.headers.items()}


class Faults:
    """The failures still to come."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._waiting: list[Fault] = []

    def add(self, fault: Fault) -> None:
        self._waiting.append(fault)

    def clear(self) -> None:
        self._waiting.clear()

    def take(self, path: str) -> Fault | None:
        """Return the first failure for *path* (part of it matches) and count it down."""
        with self._lock:
            for fault in self._waiting:
                if fault.path is None or fault.path in path:
                    fault.times -= 1
                    if fault.times == 0:
                        self._waiting.remove(fault)
                    return fault
        return None


def spoil(fault: Fault, reply: Reply) -> Reply:
    """Return what *reply* becomes: another status, half of itself, or nothing."""
    if fault.reset:
        return Reply(broken="reset")
    # The failure stands for GitHub's own, so the budget's headers stay unless the fault names them.
    kept = {name: value for name, value in reply.headers.items() if name.lower() not in fault.names}
    reply.headers = kept | fault.headers
    reply.broken = "cut" if fault.cut else None
    if fault.status < 400 and fault.body is None:
        return reply
    text = fault.body if isinstance(fault.body, (str, bytes)) else json.dumps(_body(fault))
    raw = text.encode() if isinstance(text, str) else text
    return Reply(None, fault.status, reply.headers, raw, reply.broken)


def _body(fault: Fault) -> Any:
    if fault.body is not None:
        return fault.body
    if fault.status in (403, 429):
        if fault.names.get("x-ratelimit-remaining") == "0":
            return {"message": "API rate limit exceeded for installation."}
        if "retry-after" in fault.names:
            return {"message": SECONDARY}
    usual = {401: "Bad credentials", 403: FORBIDDEN, 404: "Not Found"}
    return {"message": usual.get(fault.status, "Server Error")}


@dataclass
class Budget:
    """Requests one caller has left until `reset`."""

    limit: int
    remaining: int
    reset: datetime

    def json(self) -> dict[str, int]:
        return {
            "limit": self.limit,
            "used": max(0, self.limit - self.remaining),
            "remaining": self.remaining,
            "reset": int(self.reset.timestamp()),
        }


@dataclass
class Limits:
    """The budgets of all callers; one caller has one per resource (`core`, `graphql`)."""

    clock: Clock
    limit: int = 5000
    _budgets: dict[tuple[str, str], Budget] = field(default_factory=dict)
    _start: Mapping[str, tuple[int, float]] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def set(self, remaining: int, reset_in: float, resource: str) -> None:
        """Give every caller this much of the resource, until *reset_in* seconds from now."""
        with self._lock:
            self._start = {**self._start, resource: (remaining, reset_in)}
            for key in [key for key in self._budgets if key[1] == resource]:
                del self._budgets[key]

    def budget(self, caller: str, resource: str) -> Budget:
        """Return the caller's budget, a fresh one when the old one's time is over."""
        now = self.clock.now()
        key = (caller, resource)
        if key not in self._budgets:
            remaining, seconds = self._start.get(resource, (self.limit, 3600))
            if caller == "app":  # limits are for installations; the App itself has its own
                remaining, seconds = self.limit, 3600
            self._budgets[key] = Budget(self.limit, remaining, now + timedelta(seconds=seconds))
        budget = self._budgets[key]
        if budget.reset <= now:
            budget.remaining, budget.reset = budget.limit, now + timedelta(hours=1)
        return budget

    def spend(self, caller: str, resource: str) -> None:
        """Take one request off; raise the primary rate limit's 403 when none is left."""
        with self._lock:
            budget = self.budget(caller, resource)
            if budget.remaining <= 0:
                raise ApiError(403, f"API rate limit exceeded for {caller}.")
            budget.remaining -= 1

    def refund(self, caller: str, resource: str) -> None:
        """Give back what a conditional request took that was answered 304."""
        with self._lock:
            self.budget(caller, resource).remaining += 1

    def headers(self, caller: str, resource: str) -> dict[str, str]:
        with self._lock:
            shown = self.budget(caller, resource).json()
        return {f"x-ratelimit-{name}": str(value) for name, value in shown.items()} | {
            "x-ratelimit-resource": resource
        }
