"""Heads that clients state by a ref: a commit of a repository, perhaps with where it begins."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from domain.bulk import insert_missing
from domain.heads import arrange_heads, line_of_version
from domain.provenance import Why
from domain.release_lists import refresh_release
from models import Commit, Head, HeadOrigin, ListState, Release


@dataclass(frozen=True, slots=True)
class StatedRef:
    """What a client says is the release's last commit in a repository: any revision, as sent."""

    repository_id: int
    commit: str
    previous: str | None = None  # the list begins after it


def set_refs(session: Session, release: Release, refs: Sequence[StatedRef], why: Why) -> None:
    """Make *refs* the heads that a client states of their repositories. Repeatable."""
    for ref in refs:
        head = session.scalar(
            select(Head).where(
                Head.release_id == release.id,
                Head.repository_id == ref.repository_id,
                Head.origin != HeadOrigin.tag,
            )
        )
        if head is not None and (head.stated, head.stated_previous) == (ref.commit, ref.previous):
            continue
        row = {"repository_id": ref.repository_id, "sha": ref.commit, "message": ""}
        flags = {"files_known": False, "is_hidden": False, "is_stated": True}
        insert_missing(session, Commit, [row | flags])
        if head is None:
            head = Head(
                release_id=release.id,
                repository_id=ref.repository_id,
                origin=HeadOrigin.ref,
                name=release.version,
                line=line_of_version(session, release, ref.repository_id),
                made_at=why.now,
                is_stale=False,
                excluded=[],
            )
            session.add(head)
        head.sha, head.stated, head.stated_previous = ref.commit, ref.commit, ref.previous
    arrange_heads(session, release)


def clear_stated(session: Session, release: Release, why: Why) -> None:
    """Forget the heads and the list that clients stated; what tags say holds again."""
    session.execute(
        delete(Head).where(Head.release_id == release.id, Head.origin != HeadOrigin.tag)
    )
    session.expire_all()
    arrange_heads(session, release)
    refresh_release(session, release, why=why)
    if session.scalar(select(Head.id).where(Head.release_id == release.id).limit(1)) is None:
        release.list_state = ListState.incomplete
    session.flush()
