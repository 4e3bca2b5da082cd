"""Releases as programs are told of them, in a few statements for any number of releases."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from sqlalchemy import ColumnElement, Select, case, func, select
from sqlalchemy.orm import Session, aliased

from domain.assignees import Assignee, load_members
from domain.commit_records import CommitRecord, load_commit_records
from domain.deploys import DeployRecord, load_deploys
from domain.release_contents import find_versions_of_heads, names_compared
from domain.release_facts import NO_KEY, load_facts, moment_of_release, version_of_release
from domain.release_queries import ReleaseFilter, narrow
from domain.windows import Place, Window, beyond, cut, to_moment, to_number
from models import (
    Author,
    Commit,
    Issue,
    IssueRelease,
    ListState,
    Project,
    Release,
    ReleaseCommit,
    ReleaseOwner,
    ReleaseProject,
)

ValueT = TypeVar("ValueT")

NOTHING_ASSOCIATED = "no commits are associated with this release"
ASSOCIATE = "Tag a commit with this version, or set the release's commits."


@dataclass(frozen=True)
class ReportedOf:
    """A release's events in one project: when they happened, and how many issues they began."""

    project_id: int
    first_event: datetime
    last_event: datetime
    new_issues: int


@dataclass(frozen=True)
class ReleaseRecord:
    """A release with its projects by slug, its authors by name, its newest commit and deploy.

    And what was reported of it, one of each project that has events of it.
    """

    release: Release
    projects: list[Project]
    authors: list[Author]
    last_commit: CommitRecord | None
    last_deploy: DeployRecord | None
    reported: list[ReportedOf]
    owner: Assignee | None


@dataclass(frozen=True)
class CommitListRecord:
    """How a release's list of commits came about (sentry-api.md 4.2, OURS 6)."""

    state: ListState
    basis: str | None  # None: nothing is associated
    cause: str | None
    remedy: str | None
    compared_with: str | None  # version
    also_excluded: list[str]  # versions
    hidden: int
    outside: int  # of the paths that the release's projects take


def load_release_records(session: Session, releases: Sequence[Release]) -> list[ReleaseRecord]:
    """Records of *releases*, at most a page of them, in their order."""
    ids = [release.id for release in releases]
    projects = _list_projects(session, ids)
    authors = _list_authors(session, ids)
    last_ids = [release.last_commit_id for release in releases if release.last_commit_id]
    last = {record.commit.id: record for record in load_commit_records(session, last_ids)}
    deploys = load_deploys(session, [one.last_deploy_id for one in releases if one.last_deploy_id])
    reports = _find_reports(session, ids)
    owners = _load_owners(session, releases)
    return [
        ReleaseRecord(
            release=release,
            projects=projects[release.id],
            authors=authors[release.id],
            last_commit=last.get(release.last_commit_id) if release.last_commit_id else None,
            last_deploy=deploys.get(release.last_deploy_id) if release.last_deploy_id else None,
            reported=reports[release.id],
            owner=owners.get(release.id),
        )
        for release in releases
    ]


def list_release_records(
    session: Session,
    organization_id: int,
    *,
    narrowed: ReleaseFilter,
    place: Place | None,
    size: int,
) -> Window[ReleaseRecord]:
    """Releases, newest first by the moment of the release. A place holds a moment and a row's id.

    The row's own date cannot order them: an import makes all rows of a history at once.
    """
    query = narrow(select(Release), organization_id, narrowed)
    here = (to_moment(place.value), place.row_offset) if place else None
    found = _read(session, query, moment_of_release(), here, place, size)
    return _as_records(session, cut(found, place, size, _key))


def list_release_records_by_version(
    session: Session,
    organization_id: int,
    *,
    narrowed: ReleaseFilter,
    place: Place | None,
    size: int,
) -> Window[ReleaseRecord]:
    """Releases, highest version first; names that are no version last. A place holds a row's id."""
    query = narrow(select(Release), organization_id, narrowed)
    here = None
    if place:
        key = version_of_release()
        of_place = select(key).where(Release.organization_id == organization_id)
        row = session.execute(of_place.where(Release.id == place.row_id)).one_or_none()
        if row is None:  # deleted in the meantime
            return Window([], None, None)
        # SQLite puts the text '' of NO_KEY before the empty bytes of a name that is no version.
        here = (row[0] if isinstance(row[0], bytes) else NO_KEY, place.row_id)
    found = _read(session, query, version_of_release(), here, place, size)
    return _as_records(session, cut(found, place, size, lambda release: (release.id, 0)))


def _read(
    session: Session,
    query: Select[Release],
    first: ColumnElement[ValueT],
    here: tuple[ValueT | ColumnElement[ValueT], int] | None,
    place: Place | None,
    size: int,
) -> Sequence[Release]:
    """Releases from *here* on by *first*, highest first, or backwards; one more than fit."""
    ascending = place is not None and place.is_backwards
    if here is not None:
        query = query.where(beyond(first, Release.id, here, ascending=ascending))
    order = (first, Release.id) if ascending else (first.desc(), Release.id.desc())
    return session.scalars(query.order_by(*order).limit(size + 1)).all()


def _as_records(session: Session, window: Window[Release]) -> Window[ReleaseRecord]:
    records = load_release_records(session, window.rows)
    return Window(records, window.previous, window.following)


def describe_commit_list(session: Session, release: Release) -> CommitListRecord:
    """How the list of *release* came about; of several heads, the one that is incomplete speaks."""
    [facts] = load_facts(session, [release], [release.id])
    shown = facts.shown_head
    is_complete = shown is not None and release.list_state == ListState.complete
    is_empty = not (release.commit_count or release.hidden_count or release.outside_count)
    if shown is None or (is_empty and not is_complete):
        head = shown.head if shown else None
        return CommitListRecord(
            state=ListState.incomplete,
            basis=None,
            cause=(head and head.cause) or NOTHING_ASSOCIATED,
            remedy=(head and head.remedy) or ASSOCIATE,
            compared_with=None,
            also_excluded=[],
            hidden=0,
            outside=release.outside_count,
        )
    versions = find_versions_of_heads(session, [shown])
    names = [versions.get((shown.repository.id, name), name) for name in names_compared(shown.head)]
    has_base = bool(shown.head.compared_with)
    return CommitListRecord(
        state=release.list_state,
        basis=shown.head.basis,
        cause=shown.head.cause,
        remedy=shown.head.remedy,
        compared_with=names[0] if has_base else None,
        also_excluded=names[1:] if has_base else names,
        hidden=release.hidden_count,
        outside=release.outside_count,
    )


def find_previous_with_commits(session: Session, release: Release) -> Release | None:
    """The newest release not later than *release* that shares a project and has a last commit.

    *release* itself counts: a list that is there already stays untouched (sentry-api.md 5.7).
    """
    shared, own = aliased(ReleaseProject), aliased(ReleaseProject)
    moment = moment_of_release()
    here = (release.released_at or release.created_at, release.id + 1)
    return session.scalar(
        select(Release)
        .where(
            Release.organization_id == release.organization_id,
            Release.last_commit_id.is_not(None),
            beyond(moment, Release.id, here, ascending=False),
            select(shared.release_id)
            .join(own, own.project_id == shared.project_id)
            .where(own.release_id == release.id, shared.release_id == Release.id)
            .correlate(Release)
            .exists(),
        )
        .order_by(moment.desc(), Release.id.desc())
        .limit(1)
    )


def _key(release: Release) -> tuple[int, int]:
    return to_number(release.released_at or release.created_at), release.id


def _list_projects(session: Session, ids: Sequence[int]) -> defaultdict[int, list[Project]]:
    found: defaultdict[int, list[Project]] = defaultdict(list)
    for release_id, project in session.execute(
        select(ReleaseProject.release_id, Project)
        .join(Project, Project.id == ReleaseProject.project_id)
        .where(ReleaseProject.release_id.in_(ids))
        .order_by(Project.slug)
    ):
        found[release_id].append(project)
    return found


def _find_reports(session: Session, ids: Sequence[int]) -> defaultdict[int, list[ReportedOf]]:
    """What was reported of each release, one a project."""
    found: defaultdict[int, list[ReportedOf]] = defaultdict(list)
    is_new = case((Issue.first_release_id == IssueRelease.release_id, 1), else_=0)
    for row in session.execute(
        select(
            IssueRelease.release_id,
            Issue.project_id,
            func.min(IssueRelease.first_seen).label("first"),
            func.max(IssueRelease.last_seen).label("last"),
            func.sum(is_new).label("new"),
        )
        .join(Issue, Issue.id == IssueRelease.issue_id)
        .where(IssueRelease.release_id.in_(ids))
        .group_by(IssueRelease.release_id, Issue.project_id)
    ):
        found[row.release_id].append(ReportedOf(row.project_id, row.first, row.last, row.new))
    return found


def _load_owners(session: Session, releases: Sequence[Release]) -> dict[int, Assignee]:
    """By the release's id, of the few that have one."""
    ids = [release.id for release in releases]
    rows = session.execute(
        select(ReleaseOwner.release_id, ReleaseOwner.member_id).where(
            ReleaseOwner.release_id.in_(ids)
        )
    ).all()
    if not rows:
        return {}
    members = load_members(session, releases[0].organization_id, {row.member_id for row in rows})
    return {row.release_id: members[row.member_id] for row in rows}


def _list_authors(session: Session, ids: Sequence[int]) -> defaultdict[int, list[Author]]:
    """Authors of the listed commits, hidden ones apart; one an e-mail address."""
    pairs = (
        select(ReleaseCommit.release_id, Commit.author_id)
        .join(Commit, Commit.id == ReleaseCommit.commit_id)
        .where(ReleaseCommit.release_id.in_(ids), Commit.is_hidden.is_(False))
        .distinct()
        .subquery()
    )
    found: defaultdict[int, list[Author]] = defaultdict(list)
    for release_id, author in session.execute(
        select(pairs.c.release_id, Author)
        .join(Author, Author.id == pairs.c.author_id)
        .order_by(Author.name, Author.id)
    ):
        found[release_id].append(author)
    return found
