"""Moving a repository from one organization to another that its installation is shared with.

Events, issues and releases stay where they are. In the old organization the row stays with all
that it knows, marked as moved; in the new one it is listed, and its history is imported there.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from domain.bulk import insert_missing
from domain.errors import InvalidError, NotFoundError
from domain.installations import list_takers
from domain.organizations import lock_organization
from domain.provenance import Why, record_activity
from domain.repositories import (
    find_repository_by_github_id,
    regain_repository,
    track_repository,
    untrack_repository,
)
from models import Activity, Installation, Organization, Repository, Work, WorkKind

MOVED_AWAY = "repository_moved_away"
MOVED_HERE = "repository_moved_here"
OF_REPOSITORIES = (WorkKind.history, WorkKind.tips, WorkKind.gaps)


def move_repositories(
    session: Session, repository_ids: Sequence[int], *, from_id: int, to_id: int, why: Why
) -> list[Repository]:
    """Move each from the organization *from_id* to *to_id*; the rows in which they count now.

    Whoever asks is an admin of both, which the caller has checked. Repeatable: one that is there
    already is left alone. Raises NotFoundError, or InvalidError and then nothing may be committed.
    """
    if from_id == to_id:
        raise InvalidError("The repositories are in that workspace already.")
    for organization_id in sorted((from_id, to_id)):
        lock_organization(session, organization_id)
    return [
        move_repository(session, each, from_id=from_id, to_id=to_id, why=why)
        for each in sorted(set(repository_ids))
    ]


def move_repository(
    session: Session, repository_id: int, *, from_id: int, to_id: int, why: Why
) -> Repository:
    """One of `move_repositories`; both organizations are locked."""
    old = session.scalar(
        select(Repository)
        .where(Repository.organization_id == from_id, Repository.id == repository_id)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)  # as it is now that nobody else writes it
    )
    if old is None:
        raise NotFoundError("no such repository in this organization")
    if old.moved_to_id == to_id:
        return _there(session, old, to_id)
    installation = _verify_movable(session, old, to_id)
    was_tracked, was_accessible = old.is_tracked, old.is_accessible
    target = session.get_one(Organization, to_id)
    untrack_repository(session, old)
    _end_work(session, old)
    old.is_accessible, old.moved_to_id = False, to_id
    old.lost_reason = f"It was moved to the workspace {target.name}."
    _record(session, old, MOVED_AWAY, why, {"to": target.name, "was_tracked": was_tracked})
    new = _list_there(session, old, installation, target, why)
    if not was_accessible:
        new.is_accessible, new.lost_reason = False, "GitHub did not show it when it was moved here."
    session.flush()
    return new


def bring_back(session: Session, repository: Repository, *, why: Why) -> None:
    """Let a row that was moved away count again, and be tracked if it was tracked before."""
    repository.moved_to_id = None
    regain_repository(session, repository, now=why.now)
    if not repository.is_tracked and _was_tracked(session, repository):
        track_repository(session, repository, now=why.now)


def _verify_movable(session: Session, old: Repository, to_id: int) -> Installation:
    if old.moved_to_id is not None:
        raise InvalidError(f"{old.full_name} is in another workspace by now.")
    if old.github_id is None or old.installation_id is None:
        raise InvalidError(f"{old.full_name} is not shown by an installation of the GitHub App.")
    installation = session.get_one(Installation, old.installation_id)
    takers = list_takers(session, installation)
    if to_id not in takers:
        account = installation.account_login
        raise InvalidError(f"Share the installation on {account} with that workspace first.")
    return installation


def _there(session: Session, old: Repository, to_id: int) -> Repository:
    found = find_repository_by_github_id(session, to_id, old.number)
    if found is None:
        raise NotFoundError("the repository is gone from the workspace that it was moved to")
    return found


def _list_there(
    session: Session,
    old: Repository,
    installation: Installation,
    target: Organization,
    why: Why,
) -> Repository:
    row = {
        "organization_id": target.id,
        "installation_id": installation.id,
        "github_id": old.github_id,
        "full_name": old.full_name,
        "default_branch": old.default_branch,
        "is_tracked": False,
        "is_accessible": True,
        "is_archived": old.is_archived,
        "was_empty": False,
        "created_at": why.now,
    }
    is_new = bool(insert_missing(session, Repository, [row], returning=(Repository.id,)))
    new = _there(session, old, target.id)
    source = session.get_one(Organization, old.organization_id)
    _record(session, new, MOVED_HERE, why, {"from": source.name})
    new.installation_id, new.full_name = installation.id, old.full_name
    new.default_branch, new.is_archived = old.default_branch, old.is_archived
    if not is_new:
        bring_back(session, new, why=why)
    elif target.track_new_repositories:
        track_repository(session, new, now=why.now)
    return new


def _was_tracked(session: Session, repository: Repository) -> bool:
    """Whether it was tracked when it was moved away the last time."""
    told = session.scalar(
        select(Activity.data)
        .where(Activity.repository_id == repository.id, Activity.kind == MOVED_AWAY)
        .order_by(Activity.id.desc())
        .limit(1)
    )
    return bool(told and told.get("was_tracked"))


def _end_work(session: Session, repository: Repository) -> None:
    """Nothing is left to be asked for in the old organization; a slice that runs ends by itself."""
    session.execute(
        update(Work)
        .where(Work.kind.in_(OF_REPOSITORIES), Work.subject_id == repository.id)
        .values(due_at=None, failed_at=None, reason=None)
    )


def _record(
    session: Session, repository: Repository, kind: str, why: Why, data: dict[str, str | bool]
) -> None:
    record_activity(
        session,
        why,
        kind,
        organization_id=repository.organization_id,
        repository_id=repository.id,
        data=data,
    )
