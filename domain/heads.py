"""Which heads of a release count: a client's word goes before a tag (membership.md)."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.tags import parse_tag
from models import Head, HeadOrigin, Release


def line_of_version(session: Session, release: Release, repository_id: int) -> str:
    """The line that a head without a tag stands on: that of the version's package."""
    parsed = parse_tag(release.version)
    return parsed.line if parsed else release.version


def arrange_heads(session: Session, release: Release) -> None:
    """Derive which heads of *release* count and which hold a list; mark stale what changes."""
    session.flush()
    heads = session.scalars(select(Head).where(Head.release_id == release.id)).all()
    stated = {head.repository_id for head in heads if head.origin != HeadOrigin.tag}
    is_listed = any(head.origin == HeadOrigin.commits for head in heads)
    for head in heads:
        head.is_superseded = head.origin == HeadOrigin.tag and head.repository_id in stated
        if head.origin == HeadOrigin.commits:
            has_list = True
        else:
            has_list = not is_listed and not head.is_superseded
        if has_list != head.has_list:
            head.has_list = has_list
            head.is_stale = head.is_stale or has_list
    session.flush()
