"""Group commit: one request thread writes what has gathered in one transaction, for all of them.

SQLite has one writer, and each durable commit waits for the disk: a commit for every request would
make requests queue for both. So the first request *leads*: it writes its own item. What arrives
meanwhile waits; then the first of those leads, and writes all that waits by then. No thread of its
own does this, because handing an item over and waking up again costs more than the insert.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from itertools import groupby
from typing import Any, TypeVar

import psycopg
import structlog

from domain.errors import ShiplogError
from models.durable import STORAGE_ERRORS, DurableWriter

log = structlog.get_logger(__name__)
ItemT = TypeVar("ItemT")
ResultT = TypeVar("ResultT")

BATCH_ITEMS = 64
BATCH_BYTES = 32 * 1024 * 1024
WAIT_SECONDS = (
    5.0  # for a turn; the turn itself takes up to LOCK_WAIT_SECONDS, GitHub waits for ten
)


class NotDurableError(ShiplogError):
    """It could not be stored durably now; asking again later may help."""


class _Waiting:
    """One item, and the request thread that waits for it."""

    __slots__ = ("abandoned", "committed", "item", "leads", "result", "size", "woken", "write")

    def __init__(self, write: Callable[..., Sequence[Any]], item: Any, size: int) -> None:
        self.write, self.item, self.size = write, item, size
        self.result: Any = None
        self.leads = False
        self.committed = False
        self.abandoned = False
        self.woken = threading.Lock()  # used as an event, at half an Event's cost
        self.woken.acquire()


class Committer:
    """The queue and its one connection, which is opened with the first item, hence after any fork.

    *after_commit* is called after each transaction, once the other answers are released, with
    every item and what its `write` returned for it.
    """

    def __init__(
        self,
        open_writer: Callable[[], DurableWriter],
        *,
        after_commit: Callable[[Sequence[tuple[Any, Any]]], None],
        wait_seconds: float = WAIT_SECONDS,
    ) -> None:
        self._open_writer = open_writer
        self._after_commit = after_commit
        self._wait_seconds = wait_seconds
        self._mutex = threading.Lock()  # over the next two
        self._queue: deque[_Waiting] = deque()
        self._has_leader = False
        self._writer: DurableWriter | None = None  # of whoever leads

    def submit(
        self,
        write: Callable[[DurableWriter, Sequence[ItemT]], Sequence[ResultT]],
        item: ItemT,
        *,
        size: int,
    ) -> ResultT:
        """Have *write* store *item* (of *size* bytes), with others of its kind; what it returned.

        Returns only once that is durable. Raises NotDurableError.
        """
        waiting = _Waiting(write, item, size)
        if (
            self._must_wait(waiting)
            and not waiting.woken.acquire(timeout=self._wait_seconds)
            and self._give_up(waiting)
        ):
            raise NotDurableError("the database did not take it in time")
        if waiting.leads:
            self._lead(waiting)
        if not waiting.committed:
            raise NotDurableError("the database did not take it")
        result: ResultT = waiting.result
        return result

    def close(self) -> None:
        """Let those who wait be written, then close the connection."""
        while not self._try_to_lead():
            time.sleep(0.005)
        self._forget_writer()
        self._hand_over()

    def _must_wait(self, waiting: _Waiting) -> bool:
        with self._mutex:
            if self._has_leader:
                self._queue.append(waiting)
                return True
            self._has_leader = waiting.leads = True
            return False

    def _try_to_lead(self) -> bool:
        with self._mutex:
            if self._has_leader:
                return False
            self._has_leader = True
            return True

    def _give_up(self, waiting: _Waiting) -> bool:
        """Wait no longer; False if the turn to lead has come in this very moment."""
        with self._mutex:
            waiting.abandoned = not waiting.leads
            if waiting in self._queue:
                self._queue.remove(waiting)
            return waiting.abandoned

    def _lead(self, waiting: _Waiting) -> None:
        batch = self._gather(waiting)
        try:
            self._commit(batch)
        finally:  # whatever happens here, no request is left waiting
            self._hand_over()
            for other in batch:
                if other is not waiting:
                    other.woken.release()
        if waiting.committed:
            self._after_commit([(each.item, each.result) for each in batch])

    def _gather(self, first: _Waiting) -> list[_Waiting]:
        """*first*, and what else has come."""
        batch, size = [first], first.size
        with self._mutex:
            while self._queue and len(batch) < BATCH_ITEMS and size < BATCH_BYTES:
                following = self._queue.popleft()
                batch.append(following)
                size += following.size
        return batch

    def _hand_over(self) -> None:
        """The one who has waited for longest leads."""
        with self._mutex:
            following = self._queue.popleft() if self._queue else None
            self._has_leader = following is not None
            if following is not None:
                following.leads = True
        if following is not None:
            following.woken.release()

    def _commit(self, batch: list[_Waiting]) -> None:
        try:
            self._write_durably([waiting for waiting in batch if not waiting.abandoned])
        except STORAGE_ERRORS as error:
            log.error("not durable", items=len(batch), error=type(error).__name__, why=str(error))
            self._forget_writer()
        except BaseException:
            self._forget_writer()  # it may be in the middle of a transaction
            raise

    def _write_durably(self, batch: list[_Waiting]) -> None:
        is_used = self._writer is not None
        try:
            self._write_once(batch)
        except psycopg.OperationalError:
            if not is_used:
                raise
            self._forget_writer()  # the server closed an idle connection, or was restarted
            self._write_once(batch)
        for waiting in batch:
            waiting.committed = True

    def _write_once(self, batch: list[_Waiting]) -> None:
        if self._writer is None:
            self._writer = self._open_writer()
        self._writer.begin()
        for write, group in groupby(batch, key=lambda waiting: waiting.write):
            members = list(group)
            results = write(self._writer, [waiting.item for waiting in members])
            for waiting, result in zip(members, results, strict=True):
                waiting.result = result
        self._writer.commit()

    def _forget_writer(self) -> None:
        writer, self._writer = self._writer, None
        if writer is not None:
            writer.close()
