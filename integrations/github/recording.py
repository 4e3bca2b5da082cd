"""What pushes and answers tell, written down: commits with the issues they name, tags, spans."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.commits import CommitData, record_commits
from domain.issue_links import link_commits
from domain.named_commits import note_learnt
from domain.provenance import Why
from domain.releases import sync_release_of
from domain.tag_updates import TagPosition, get_or_add_tag, record_position
from models import Branch, Head, Repository, Tag


def record_with_links(
    session: Session,
    repository: Repository,
    commits: Sequence[CommitData],
    *,
    hosts: Collection[str],
    why: Why,
) -> set[int]:
    """Record *commits* and link the issues that the new ones name; returns those issues."""
    recorded = record_commits(session, repository, commits)
    note_learnt(session, repository, (commit.sha for commit in recorded.new), now=why.now)
    return link_commits(session, repository, recorded.new, hosts=hosts, why=why)


def record_tag(
    session: Session, repository: Repository, position: TagPosition, *, why: Why
) -> Head | None:
    """Record where a tag stands and make its release agree; the release's head, if it has one."""
    tag = get_or_add_tag(session, repository, position.name)
    move = record_position(tag, position, now=why.now)
    session.flush()
    return sync_release_of(session, repository, tag, move=move, why=why)


def record_branch(
    session: Session, repository: Repository, name: str, head_sha: str | None, pushed_at: datetime
) -> None:
    """The tip of a branch, unless a later push was seen already."""
    branch = session.scalar(
        select(Branch).where(Branch.repository_id == repository.id, Branch.name == name)
    )
    if branch is None:
        branch = Branch(repository_id=repository.id, name=name, pushed_at=pushed_at)
        session.add(branch)
    elif branch.pushed_at > pushed_at:
        return
    branch.head_sha, branch.pushed_at = head_sha, pushed_at
    session.flush()


def find_known_tag(session: Session, repository: Repository, name: str) -> Tag | None:
    """The tag, if where it stands is known."""
    return session.scalar(
        select(Tag).where(
            Tag.repository_id == repository.id, Tag.name == name, Tag.sha.is_not(None)
        )
    )
