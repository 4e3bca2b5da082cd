"""Events of SDKs as received: the inbox that a worker empties."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import Enum, Index, LargeBinary, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, keep_uncompressed


class ReceivedState(StrEnum):
    received = "received"
    running = "running"
    failed = "failed"


class ReceivedEvent(Base):
    """One event that was answered 200 and is not digested yet.

    The transaction that digests it deletes the row: what an event leaves is in the tables of issues
    and events, so this one holds the backlog alone and stays as small as that. There is no state for
    what is done, hence; what failed for good is kept for a while, so that nothing vanishes unseen.

    `body` is the event's JSON alone, compressed anew: whether what came unpacks, to how much, and
    whether it is JSON at all is settled before the answer, when the client can still be told. It is
    written twice, by the intake and by the claim (SQLite writes whole rows), and removed soon.

    `project_id` has no foreign key: rows are inserted many at once, and one whose project was
    deleted a moment ago must not keep the others out.
    """

    __tablename__ = "received_event"
    __table_args__ = (
        UniqueConstraint("project_id", "event_id"),  # SDKs send an event again when in doubt
        Index("ix_received_event_state_due_at", "state", "due_at"),
        Index("ix_received_event_project_id_size", "project_id", "size"),  # answers the backlog
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    project_id: Mapped[int]
    event_id: Mapped[str] = mapped_column(String(32))  # hex digits
    received_at: Mapped[datetime]
    peer: Mapped[str | None] = mapped_column(String(64))  # the sender's address, as we see it
    state: Mapped[ReceivedState] = mapped_column(
        Enum(ReceivedState, native_enum=False, length=16), default=ReceivedState.received
    )
    reason: Mapped[str | None] = mapped_column(Text)  # of the last failure
    attempts: Mapped[int] = mapped_column(default=0)
    due_at: Mapped[datetime]  # not before this moment
    claimed_until: Mapped[datetime | None]  # end of the lease of the worker that has it
    size: Mapped[int]  # of the JSON, in bytes: what digesting it takes
    body: Mapped[bytes] = mapped_column(LargeBinary)  # last: what is before it is read without it


keep_uncompressed(ReceivedEvent, "body")  # it is compressed by us
