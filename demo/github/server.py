"""The stand-in itself: a server for the API, the acts that change the world behind it, deliveries."""

from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

from demo.github.acts import Installs, People, Repositories
from demo.github.app import App, Installation
from demo.github.clock import Clock
from demo.github.deliveries import Attempt, Delivery
from demo.github.faults import Fault, Gate
from demo.github.fortunes import Fortunes
from demo.github.payloads import ping
from demo.github.pushing import Pulls, Releases
from demo.github.routes import Router
from demo.github.wire import Roots, Server
from demo.github.world import LoggedCall, World


class StandIn(People, Installs, Repositories, Releases, Pulls, Fortunes):
    """GitHub as far as we use it: HTTP answers and signed deliveries, out of real bare repositories.

    Acts change the world at once and queue deliveries; nothing is sent until `send` or `send_all`.
    Use it as a context manager; `url` is the root of both the API and the web.
    """

    def __init__(self, directory: Path, port: int = 0) -> None:
        """Keep new repositories below *directory*; take a free port unless one is given."""
        directory.mkdir(parents=True, exist_ok=True)
        self.world = World(directory)
        self._server = Server(Router(self.world).answer, port)
        self.url = self._server.url
        self.world.roots = Roots(self.url, self.url)

    def __enter__(self) -> "StandIn":
        """Serve until the block ends."""
        self._server.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop serving."""
        self._server.stop()
        for repository in self.world.repositories.values():
            repository.git.close()

    @property
    def app(self) -> App:
        return self.world.app

    @property
    def clock(self) -> Clock:
        return self.world.clock

    @property
    def graphql_enabled(self) -> bool:
        return self.world.graphql_enabled

    @graphql_enabled.setter
    def graphql_enabled(self, enabled: bool) -> None:
        self.world.graphql_enabled = enabled

    # Deliveries

    @property
    def queued(self) -> list[Delivery]:
        """Return what waits to be sent, oldest first; shuffle it, drop from it, send parts of it."""
        return self.world.deliveries.queued

    @property
    def attempts(self) -> list[Attempt]:
        """Return everything that was tried, oldest first."""
        return self.world.deliveries.log

    def ping(self) -> Delivery | None:
        """Queue a ping of the App's webhook."""
        return self.world.deliveries.queue("ping", ping(self.world), None)

    def send(self, delivery: Delivery, target_url: str) -> Attempt:
        """Post one delivery, queued or not; it leaves the queue whatever the answer is."""
        return self.world.deliveries.send(delivery, target_url)

    def send_all(self, target_url: str) -> list[Attempt]:
        """Post everything that is queued now, in the order of the queue."""
        return [self.send(delivery, target_url) for delivery in list(self.queued)]

    def lose(self, delivery: Delivery) -> Attempt:
        """Let the delivery fail without sending it."""
        return self.world.deliveries.lose(delivery)

    def redeliver(self, guid: str) -> Delivery:
        """Queue a delivery again: same guid, same body."""
        return self.world.deliveries.requeue(guid)

    # What goes wrong

    def fail_next(
        self,
        status: int = 500,
        times: int = 1,
        path: str | None = None,
        headers: Mapping[str, str] | None = None,
        body: Any = None,
        cut: bool = False,
        reset: bool = False,
    ) -> None:
        """Spoil the next *times* answers to requests whose path contains *path*.

        *body* replaces the usual one (JSON, or text as it is); *cut* ends the connection after half
        the body (with status 200: of the true answer), *reset* before anything was sent. A 403 or 429
        with `Retry-After` reads as a secondary limit, with `X-RateLimit-Remaining: 0` as the primary.
        """
        fault = Fault(status, times, path, dict(headers or {}), body, cut, reset)
        self.world.faults.add(fault)

    def hold(self, path: str) -> Gate:
        """Answer requests whose path contains *path* only as the gate lets them through."""
        gate = Gate(path)
        self.world.gates.append(gate)
        return gate

    def limit(self, remaining: int, reset_in: float, resource: str = "core") -> None:
        """Leave every installation *remaining* requests until *reset_in* seconds from now."""
        self.world.limits.set(remaining, reset_in, resource)

    def be_ahead(self, seconds: float) -> None:
        """Tell a time that is so far ahead of the machine's, and judge JWTs by it."""
        self.world.ahead = seconds

    def take_name(self, name: str) -> None:
        """Let somebody else's App have the name."""
        self.world.grants.taken_names.add(name)

    def revoke_tokens(self, installation: Installation | None = None) -> None:
        """Make tokens invalid before their time: of one installation, or all."""
        self.world.tokens.revoke(installation)

    # What was asked

    @property
    def calls(self) -> list[LoggedCall]:
        """Return the requests to the API so far, oldest first."""
        return self.world.calls

    def count_calls(self, path: str = "") -> int:
        """Count the requests whose path contains *path*, token mints left out."""
        return sum(path in call.path and not call.mints_token for call in list(self.calls))

    def reset_calls(self) -> None:
        """Forget the requests so far."""
        self.world.calls.clear()
