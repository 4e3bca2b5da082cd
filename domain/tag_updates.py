"""Where tags stand: facts about them arrive twice, late and in any order.

Pushes carry GitHub's time of the push and what the ref held before, so that of two positions the
newer one is known, mostly without asking. Where it is not (several within one second, or a push
that contradicts what GitHub showed), the tag is marked to be looked up.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.bulk import insert_missing
from models import Repository, Tag


@dataclass(frozen=True, slots=True)
class TagPosition:
    """A tag on a commit. `pushed_at` None: not from a push, GitHub showed it just now."""

    name: str
    sha: str
    object_sha: str
    made_at: datetime  # exact, or the commit's date if the tagger's is not known
    is_exact: bool
    before_sha: str | None = None  # what the ref held before; None: nothing, or not known
    pushed_at: datetime | None = None


def find_tag(session: Session, repository: Repository, name: str) -> Tag | None:
    return session.scalar(select(Tag).where(Tag.repository_id == repository.id, Tag.name == name))


def get_or_add_tag(session: Session, repository: Repository, name: str) -> Tag:
    """The row of the tag *name*, which may know nothing yet."""
    tag = find_tag(session, repository, name)
    if tag is None:
        row = {
            "repository_id": repository.id,
            "name": name,
            "is_made_exact": False,
            "is_ref_in_doubt": False,
        }
        insert_missing(session, Tag, [row])
        tag = find_tag(session, repository, name)
    if tag is None:
        raise RuntimeError(f"tag {name!r} was neither there nor could be added")
    return tag


@dataclass(frozen=True, slots=True)
class Move:
    """What a position changed: whether anything, and the commit that the tag moved away from."""

    is_new: bool = False
    moved_from: str | None = None


def record_position(tag: Tag, position: TagPosition, *, now: datetime) -> Move:
    """Let *tag* stand where *position* says, unless what is known is newer.

    Marks the tag to be looked up when it cannot be told which is newer.
    """
    if tag.object_sha == position.object_sha and tag.sha == position.sha:
        return _learn(tag, position)
    if position.pushed_at is None or tag.object_sha is None:
        return _stand(tag, position)
    newer = _is_newer(tag, position)
    if newer is None:
        tag.look_up_ref(now)
    return _stand(tag, position) if newer else Move()


def _is_newer(tag: Tag, position: TagPosition) -> bool | None:
    """Whether *position* came after what *tag* says; None if that cannot be told."""
    if tag.pushed_at is not None and position.pushed_at is not None:
        if position.pushed_at > tag.pushed_at:
            return True
        if position.pushed_at < tag.pushed_at:
            return False
    if position.before_sha is not None and position.before_sha == tag.object_sha:
        return True
    if tag.before_sha is not None and tag.before_sha == position.object_sha:
        return False
    return None


def _stand(tag: Tag, position: TagPosition) -> Move:
    moved_from = tag.sha if tag.sha != position.sha else None
    tag.sha, tag.object_sha = position.sha, position.object_sha
    tag.before_sha, tag.pushed_at = position.before_sha, position.pushed_at
    tag.made_at, tag.is_made_exact = position.made_at, position.is_exact
    tag.settle()
    if position.pushed_at is None:
        tag.deleted_at = None  # GitHub shows it
    return Move(is_new=True, moved_from=moved_from)


def _learn(tag: Tag, position: TagPosition) -> Move:
    """The same position from another source: it may know the date, or be a later push of it."""
    before = (tag.is_made_exact, tag.pushed_at)
    if position.is_exact and not tag.is_made_exact:
        tag.made_at, tag.is_made_exact = position.made_at, True
    tag.settle()
    if position.pushed_at is None:
        tag.deleted_at = None
    elif tag.pushed_at is None or position.pushed_at > tag.pushed_at:
        tag.pushed_at, tag.before_sha = position.pushed_at, position.before_sha
    return Move(is_new=before != (tag.is_made_exact, tag.pushed_at))


def record_deletion(
    tag: Tag, *, before_sha: str | None, deleted_at: datetime, now: datetime
) -> None:
    """The tag is gone as of *deleted_at*; it keeps its last position. Late news changes nothing."""
    if tag.deleted_at is None or deleted_at > tag.deleted_at:
        tag.deleted_at = deleted_at
    same_moment = tag.pushed_at is not None and tag.pushed_at == deleted_at
    if same_moment and before_sha != tag.object_sha:
        tag.look_up_ref(now)  # deleted and made again within a second, in this order or that
    elif tag.is_deleted:
        tag.settle()
