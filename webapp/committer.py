"""Group commit: one thread writes what has gathered in one transaction, then releases the answers.

SQLite has one writer, and each durable commit waits for the disk: a commit for every request would
make requests queue for both. So request threads hand over what must be durable, and wait.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from itertools import groupby
from queue import Empty, SimpleQueue
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
ANSWER_WITHIN_SECONDS = 8.0  # GitHub waits for ten


class NotDurableError(ShiplogError):
    """It could not be stored durably now; asking again later may help."""


class _Waiting:
    """One item, and the request thread that waits for it."""

    __slots__ = ("abandoned", "committed", "item", "released", "result", "size", "write")

    def __init__(self, write: Callable[..., Sequence[Any]], item: Any, size: int) -> None:
        self.write, self.item, self.size = write, item, size
        self.result: Any = None
        self.committed = False
        self.abandoned = False
        self.released = threading.Lock()  # used as an event, at half an Event's cost
        self.released.acquire()


class Committer:
    """The thread and its connection; both begin with the first item, hence after any fork.

    *after_commit* is called in the thread after each transaction, once the answers are released,
    with every item and what its `write` returned for it.
    """

    def __init__(
        self,
        open_writer: Callable[[], DurableWriter],
        *,
        after_commit: Callable[[Sequence[tuple[Any, Any]]], None],
        answer_within: float = ANSWER_WITHIN_SECONDS,
    ) -> None:
        self._open_writer = open_writer
        self._after_commit = after_commit
        self._answer_within = answer_within
        self._queue: SimpleQueue[_Waiting | None] = SimpleQueue()
        self._writer: DurableWriter | None = None
        self._thread: threading.Thread | None = None
        self._starting = threading.Lock()

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
        if self._thread is None or not self._thread.is_alive():
            self._start()
        waiting = _Waiting(write, item, size)
        self._queue.put(waiting)
        if not waiting.released.acquire(timeout=self._answer_within):
            waiting.abandoned = True
            raise NotDurableError("the database did not take it in time")
        if not waiting.committed:
            raise NotDurableError("the database did not take it")
        result: ResultT = waiting.result
        return result

    def close(self) -> None:
        """Write what has been handed over, then end the thread."""
        if self._thread is not None:
            self._queue.put(None)
            self._thread.join()

    def _start(self) -> None:
        with self._starting:
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._run, name="committer", daemon=True)
                self._thread.start()

    def _run(self) -> None:
        while (batch := self._gather()) is not None:
            self._commit([waiting for waiting in batch if not waiting.abandoned])
            del batch  # or its bodies would be held until the next delivery comes
        self._forget_writer()

    def _gather(self) -> list[_Waiting] | None:
        """Wait for an item, then take what else has come; None when it is time to end."""
        first = self._queue.get()
        if first is None:
            return None
        batch, size = [first], first.size
        while len(batch) < BATCH_ITEMS and size < BATCH_BYTES:
            try:
                following = self._queue.get_nowait()
            except Empty:
                break
            if following is None:
                self._queue.put(None)
                break
            batch.append(following)
            size += following.size
        return batch

    def _commit(self, batch: list[_Waiting]) -> None:
        try:
            self._write_durably(batch)
        except STORAGE_ERRORS as error:
            log.error("not durable", items=len(batch), error=type(error).__name__, why=str(error))
            self._forget_writer()
        finally:  # whatever happens here, no request is left waiting
            for waiting in batch:
                waiting.released.release()
        if batch and batch[0].committed:
            self._after_commit([(waiting.item, waiting.result) for waiting in batch])

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
