"""Events of a name that was accepted for another release are moved to it, a slice at a time.

Rows are locked in the order of the digest: issues, then what is counted of them. The release that
is emptied is locked last, by itself, so that nobody waits for another in a circle.
"""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import ColumnElement, delete, exists, select, update
from sqlalchemy.orm import Session

from domain.event_counts import add_counts
from domain.event_releases import RULE
from domain.event_tally import note_releases
from domain.provenance import Why, record_activity
from domain.releases import find_release
from models import (
    Activity,
    Deploy,
    Event,
    Head,
    Issue,
    IssueRelease,
    Project,
    Release,
    ReleaseAlias,
    ReleaseProject,
    ReleaseStatus,
    Resolution,
)

AT_ONCE = 500  # events, or issues, moved in one transaction


def move_some(session: Session, alias_id: int, *, why: Why, limit: int = AT_ONCE) -> bool:
    """Move the next events and counts to the release that the alias stands for; whether more are left.

    At the end the release that was made by events of that name alone is gone. One that has
    anything else (commits, deploys, a client's word) stays with its events. Repeatable.
    """
    alias = session.get(ReleaseAlias, alias_id)
    if alias is None:
        return False
    if _move_nameless(session, alias, limit):
        return True
    wrong = find_release(session, alias.organization_id, alias.name)
    if wrong is None or wrong.id == alias.release_id or not is_made_by_events_alone(session, wrong):
        return False
    if _move_events(session, alias, wrong, limit) or _move_counts(session, alias, wrong, limit):
        return True
    return _leave(session, alias, wrong, why)


def is_made_by_events_alone(session: Session, release: Release) -> bool:
    """Whether nobody but events ever said anything of the release."""
    own = Activity.release_id == release.id
    said = (
        exists().where(Head.release_id == release.id),
        exists().where(Deploy.release_id == release.id),
        exists().where(Resolution.release_id == release.id),
        exists().where(ReleaseAlias.release_id == release.id),
        exists().where(own, Activity.issue_id.is_(None), Activity.rule.is_distinct_from(RULE)),
        ~exists().where(own, Activity.rule == RULE),
    )
    stated = (release.stated_released_at, release.stated_url, release.ref, release.user_agent)
    is_untouched = release.status == ReleaseStatus.open and not any(stated)
    return is_untouched and not any(session.execute(select(*said)).one())


def _move_nameless(session: Session, alias: ReleaseAlias, limit: int) -> bool:
    """Events that had no release, because their name meant none or several: these are counted now."""
    named = (
        Event.project_id == alias.project_id,
        Event.release_name == alias.name,
        Event.release_id.is_(None),
    )
    issue_ids = set(session.scalars(select(Event.issue_id).where(*named).limit(limit)))
    if not issue_ids:
        return False
    _lock_issues(session, issue_ids)
    some = select(Event.id).where(*named, Event.issue_id.in_(issue_ids)).limit(limit)
    moved = session.execute(
        update(Event)
        .where(Event.id.in_(some), *named)
        .values(release_id=alias.release_id)
        .returning(Event.issue_id, Event.happened_at)
        .execution_options(synchronize_session=False)
    ).all()
    rows = [
        {
            "issue_id": issue_id,
            "release_id": alias.release_id,
            "first_seen": min(moments),
            "last_seen": max(moments),
            "event_count": len(moments),
        }
        for issue_id in issue_ids
        if (moments := [row.happened_at for row in moved if row.issue_id == issue_id])
    ]
    add_counts(session, IssueRelease, rows)
    note_releases(session, sorted(issue_ids))
    return True


def _move_events(session: Session, alias: ReleaseAlias, wrong: Release, limit: int) -> bool:
    some = select(Event.id).where(*_events_of(alias, wrong)).limit(limit)
    moved = session.execute(
        update(Event)
        .where(Event.id.in_(some))
        .values(release_id=alias.release_id)
        .returning(Event.id)
        .execution_options(synchronize_session=False)
    ).all()
    return bool(moved)


def _move_counts(session: Session, alias: ReleaseAlias, wrong: Release, limit: int) -> bool:
    query = select(IssueRelease.issue_id).where(_counts_of(alias, wrong))
    issue_ids = session.scalars(query.order_by(IssueRelease.issue_id).limit(limit)).all()
    if not issue_ids:
        return False
    _lock_issues(session, issue_ids)
    gone = session.execute(
        delete(IssueRelease)
        .where(IssueRelease.release_id == wrong.id, IssueRelease.issue_id.in_(issue_ids))
        .returning(
            IssueRelease.issue_id,
            IssueRelease.first_seen,
            IssueRelease.last_seen,
            IssueRelease.event_count,
        )
        .execution_options(synchronize_session=False)
    )
    rows = [row._asdict() | {"release_id": alias.release_id} for row in gone]
    add_counts(session, IssueRelease, rows)
    note_releases(session, sorted(issue_ids))
    return True


def _leave(session: Session, alias: ReleaseAlias, wrong: Release, why: Why) -> bool:
    """Take the emptied release out of the project, and remove it if it ships in no other.

    Whether events came in meanwhile, which have to be moved first.
    """
    session.get_one(Release, wrong.id, with_for_update=True, populate_existing=True)
    left = (exists().where(*_events_of(alias, wrong)), exists().where(_counts_of(alias, wrong)))
    if any(session.execute(select(*left)).one()):
        return True
    ships = ReleaseProject.release_id == wrong.id
    session.execute(delete(ReleaseProject).where(ships, _is_in(alias)))
    if session.scalar(select(exists().where(ships))) or not is_made_by_events_alone(session, wrong):
        return False
    session.execute(
        update(Activity)
        .where(Activity.release_id == wrong.id, Activity.issue_id.is_not(None))
        .values(release_id=alias.release_id)
    )
    record_activity(
        session,
        why,
        "release_merged",
        organization_id=alias.organization_id,
        release_id=alias.release_id,
        data={
            "version": wrong.version,
            "project": session.get_one(Project, alias.project_id).slug,
        },
    )
    session.flush()
    session.execute(delete(Release).where(Release.id == wrong.id))
    session.expire_all()
    return False


def _is_in(alias: ReleaseAlias) -> ColumnElement[bool]:
    return ReleaseProject.project_id == alias.project_id


def _events_of(alias: ReleaseAlias, wrong: Release) -> tuple[ColumnElement[bool], ...]:
    return (Event.project_id == alias.project_id, Event.release_id == wrong.id)


def _counts_of(alias: ReleaseAlias, wrong: Release) -> ColumnElement[bool]:
    issues = select(Issue.id).where(Issue.project_id == alias.project_id)
    return (IssueRelease.release_id == wrong.id) & IssueRelease.issue_id.in_(issues)


def _lock_issues(session: Session, ids: Collection[int]) -> None:
    query = select(Issue.id).where(Issue.id.in_(ids)).order_by(Issue.id)
    session.scalars(query.with_for_update(key_share=True)).all()
