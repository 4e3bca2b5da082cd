"""Which of a release's heads count: a tag's and a client's may name the same repository.

membership.md, "Explicit lists": what a client states is the release's list until the client
changes or clears it; head given by a client and tag on different commits: the client's counts.
Where both agree and the client stated no range, the tag's list is the one.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.stored_lines import mark_line_stale
from models import Head, HeadOrigin, Release


def arrange_heads(session: Session, release: Release) -> None:
    """Derive which heads of *release* are superseded and which have a list; mark stale what changes.

    Read off the heads alone, so it may be called after any change of them, in any order.
    """
    session.flush()
    heads = session.scalars(
        select(Head).where(Head.release_id == release.id).order_by(Head.id)
    ).all()
    if all(head.origin == HeadOrigin.tag for head in heads):
        superseded: set[int] = set()
        has_stated_list = False
    else:
        superseded = _list_superseded(heads)
        has_stated_list = any(head.origin == HeadOrigin.commits for head in heads)
    for head in heads:
        is_superseded = head.id in superseded
        has_list = not is_superseded and (not has_stated_list or head.origin == HeadOrigin.commits)
        if head.is_superseded != is_superseded:
            head.is_superseded = is_superseded
            mark_line_stale(session, head.repository_id, head.line, Head.made_at >= head.made_at)
            head.is_stale = True
        if head.has_list != has_list:
            head.has_list = has_list
            head.is_stale = True
    session.flush()


def _list_superseded(heads: Sequence[Head]) -> set[int]:
    by_repository: defaultdict[int, list[Head]] = defaultdict(list)
    for head in heads:
        by_repository[head.repository_id].append(head)
    return {head.id for some in by_repository.values() for head in _superseded_among(some)}


def _superseded_among(heads: Sequence[Head]) -> list[Head]:
    """Of the heads of one repository: the stated one, or the tags'."""
    stated = [head for head in heads if head.origin != HeadOrigin.tag]
    tags = [head for head in heads if head.origin == HeadOrigin.tag]
    if not stated:
        return []
    [one] = stated
    is_explicit = one.origin == HeadOrigin.commits or one.stated_previous is not None
    agrees = any(tag.sha == one.sha and not tag.is_withdrawn for tag in tags)
    return [one] if agrees and not is_explicit else tags
