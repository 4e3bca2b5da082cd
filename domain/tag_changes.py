"""A changed setting of tags takes effect on the tags that are there: in slices, in the background.

Tags that are taken now make releases, with their lists; those that are not taken any more keep
theirs, which shorten no other list from then on. In the end all is as if the setting had always
been so, but for the releases that stay.
"""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.provenance import Why
from domain.releases import list_projects_of, sync_release_of
from domain.tag_rules import find_tag_line
from domain.tag_updates import Move
from domain.upkeep import bring_up_to_date
from models import Head, Repository, Tag

TAGS_A_SLICE = 100


def apply_tag_rules(
    session: Session, repository_id: int, *, why: Why, limit: int = TAGS_A_SLICE
) -> bool:
    """Let the next tags and lists agree with the settings; whether more are left. Repeatable."""
    lock = {"key_share": True}
    repository = session.get(Repository, repository_id, with_for_update=lock)
    if repository is None or not repository.is_tracked:
        return False  # tracked again, all of its tags are looked at anyway
    tags = list_disagreeing(session, repository)
    for tag in tags[:limit]:
        sync_release_of(session, repository, tag, move=Move(), why=why)
    done = bring_up_to_date(session, repository, why=why)
    return len(tags) > limit or not done.is_finished


def list_disagreeing(session: Session, repository: Repository) -> list[Tag]:
    """Tags that should make a release and do not, or no longer should; the earliest first."""
    can_make = bool(list_projects_of(session, repository))
    rows = session.execute(
        select(Tag, Head.id, Head.is_withdrawn)
        .outerjoin(Head, Head.tag_id == Tag.id)
        .where(Tag.repository_id == repository.id, Tag.sha.is_not(None), Tag.made_at.is_not(None))
        .order_by(Tag.made_at, Tag.id)
    )
    return [
        tag
        for tag, head_id, is_withdrawn in rows
        if _disagrees(tag, repository.tag_pattern, is_withdrawn if head_id else None, can_make)
    ]


def _disagrees(tag: Tag, pattern: str | None, is_withdrawn: bool | None, can_make: bool) -> bool:
    """*is_withdrawn* is None where the tag has no head."""
    counts = find_tag_line(tag.name, pattern) is not None and not tag.is_deleted
    if is_withdrawn is None:
        return counts and can_make
    return counts == is_withdrawn
