"""Acts on their way: done at the stand-in, sent to the product, waited for."""

import sys
import time
from dataclasses import dataclass
from datetime import UTC, datetime

from demo.github import Delivery, Repository, StandIn
from demo.product import PATIENCE, Product, ProductError
from demo.replay import Act

MOST_WAITING = 200  # jobs, before the next deliveries are held back
ASK_EVERY = 50  # deliveries
TRIES = 5
QUIET = 10.0  # seconds between lines where there is no terminal
_LATEST = int(datetime(9999, 1, 1, tzinfo=UTC).timestamp())


@dataclass
class Courier:
    """Sends what the stand-in queues, no faster than the product works it off."""

    github: StandIn
    product: Product
    sent: int = 0

    def deliver(self) -> None:
        """Send everything that is queued, in order."""
        for delivery in list(self.github.queued):
            self._send(delivery)
            if self.sent % ASK_EVERY == 0:
                self.settle(MOST_WAITING)

    def _send(self, delivery: Delivery) -> None:
        """Send, again if need be, as people do by the button at GitHub."""
        target = f"{self.product.url}/webhooks/github"
        for attempt in range(TRIES):
            done = self.github.send(delivery, target)
            self.sent += 1
            if done.succeeded:
                return
            time.sleep(0.2 * 2**attempt)
            self.github.redeliver(delivery.guid)
        raise ProductError(f"{delivery.event}: answered {done.status_code} {done.status}")

    def settle(self, most: int = 0) -> None:
        """Wait until no more than *most* jobs are pending; raise ProductError if nothing moves."""
        best, moved = sys.maxsize, time.monotonic()
        while (pending := self.product.backlog().pending) > most:
            if pending != best:
                best, moved = pending, time.monotonic()
            if time.monotonic() - moved > 5 * PATIENCE:
                raise ProductError(f"{pending} jobs do not end; see {self.product.log}")
            progress(f"{pending} jobs to go")
            time.sleep(0.1)


def push(github: StandIn, repository: Repository, act: Act) -> None:
    """Do one act of a replay."""
    at = datetime.fromtimestamp(min(max(act.at, 0), _LATEST), UTC)
    github.push(repository, act.ref, act.sha, at=at)


class Progress:
    """Shows where we are: in place on a terminal, elsewhere by a line now and then."""

    def __init__(self) -> None:
        self._told = time.monotonic()

    def __call__(self, text: str) -> None:
        """Show *text* instead of what is shown; nothing clears it."""
        if sys.stdout.isatty():
            print(f"\r\x1b[K{text}", end="", flush=True)
        elif text and time.monotonic() - self._told > QUIET:
            self._told = time.monotonic()
            print(text, flush=True)


progress = Progress()
