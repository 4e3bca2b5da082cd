"""Releases as clients state them: made or found again, changed, deleted (sentry-api.md 4.2 to 4.7).

Locks are taken in one order: organization, repositories by id, release. Every check precedes the
first write, and all writes of a request are one transaction.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, exists, or_, select, update
from sqlalchemy.orm import Session

from domain.assignees import find_assignee
from domain.bulk import batches, insert_missing
from domain.errors import (
    AlreadyExistsError,
    AmbiguousError,
    FieldsInvalidError,
    InvalidError,
    NotFoundError,
)
from domain.organizations import is_slug
from domain.paging import find_id
from domain.provenance import Why, record_activity
from domain.release_aliases import find_releases_by_alias
from domain.release_queries import get_release
from domain.releases import date_release, find_release, record_release
from domain.stated_commits import (
    Places,
    StatedCommit,
    add_repositories,
    find_places,
    order_commits,
    repository_name,
)
from domain.stated_heads import StatedRef, clear_stated, set_refs
from domain.stated_lists import set_commits, settle
from domain.stored_lines import mark_line_stale
from models import (
    Activity,
    Head,
    Issue,
    Project,
    Release,
    ReleaseCommit,
    ReleaseOwner,
    ReleaseProject,
    ReleaseStatus,
    Repository,
    RepositoryProject,
    Tag,
)

GONE = "Could not create the release it conflicts with existing data"
NO_PROJECTS = "A release that is not known yet needs at least one project."
SEEN_FIRST = "This release is referenced by active issues and cannot be removed."
NO_MEMBER = "User does not have access to this organization"
MOST_REPOSITORIES = 200  # that the commits of one request may name


@dataclass(frozen=True)
class Statement:
    """What a client says of a release; None: nothing of that. Without refs (`[]`): clear."""

    ref: str | None = None
    url: str | None = None
    released_at: datetime | None = None
    status: ReleaseStatus | None = None
    commits: Sequence[StatedCommit] = ()
    refs: Sequence[StatedRef] | None = None
    user_agent: str | None = None
    owner_id: int | None = None  # a member, of a release that is new


@dataclass(frozen=True)
class Stated:
    """The release, and whether it or one of its projects is new."""

    release: Release
    is_new: bool


def find_projects(session: Session, organization_id: int, names: Sequence[str]) -> list[Project]:
    """The projects of these slugs or ids; raises FieldsInvalidError if one is none."""
    ids = {number: name for name in names if (number := find_id(name)) is not None}
    found: dict[str, Project] = {}
    usable = {name for name in names if is_slug(name) or find_id(name) is not None}
    for some in batches(sorted(usable)):
        query = select(Project).where(
            Project.organization_id == organization_id,
            or_(Project.slug.in_(some), Project.id.in_(ids.keys() & map(find_id, some))),
        )
        for project in session.scalars(query):
            found |= {project.slug: project, ids.get(project.id, project.slug): project}
    if any(name not in found for name in names):
        raise FieldsInvalidError({"projects": ["Invalid project ids or slugs"]})
    return sorted({found[name] for name in names}, key=lambda project: project.slug)


def find_owner(session: Session, organization_id: int, name: str | None) -> int | None:
    """The member of that `user:<id>`, e-mail address or login; raises FieldsInvalidError."""
    if name is None:
        return None
    found = find_assignee(session, organization_id, name)
    if found is None or found.member_id is None:
        raise FieldsInvalidError({"owner": [NO_MEMBER]})
    return found.member_id


def state_release(
    session: Session,
    organization_id: int,
    version: str,
    said: Statement,
    *,
    projects: Sequence[Project],
    hosts: Collection[str],
    why: Why,
) -> Stated:
    """Make the release of that version, or find it again, by its tag as well, and let *said* act.

    Of a release that is there already only status, projects, commits and refs change. Raises
    FieldsInvalidError, AmbiguousError, or AlreadyExistsError if it is deleted in this moment.
    """
    known = _find(session, organization_id, version, projects)
    if known is None and not projects:
        raise FieldsInvalidError({"projects": [NO_PROJECTS]})
    places = _lock_repositories(session, organization_id, known, projects, said, why)
    known = _find(session, organization_id, version, projects)  # it may have come in meanwhile
    if known is not None:
        release, is_new = _lock(session, known.id), False
        if release is None:
            raise AlreadyExistsError(GONE)
    else:
        release, is_new = record_release(session, organization_id, version, why=why)
    if is_new:
        _describe_new(session, release, said, why)
    attached = _attach(session, release, projects)
    if release.stated_released_at is not None:
        _record_finalized(session, release, attached, why)
    _set_status(session, release, said.status, why)
    if attached and not is_new:
        settle(session, (), _commit_ids(session, release), (), why)
    _set_contents(session, release, said, places, hosts, why)
    return Stated(release, is_new or bool(attached))


def change_release(
    session: Session,
    organization_id: int,
    name: str,
    said: Statement,
    *,
    project: Project | None,
    hosts: Collection[str],
    why: Why,
) -> Release:
    """Let *said* act on the release of that version or tag; with *project* one that ships there.

    Raises NotFoundError and AmbiguousError.
    """
    project_id = project.id if project else None
    known = get_release(session, organization_id, name, project_id=project_id)
    places = _lock_repositories(session, organization_id, known, (), said, why)
    release = _lock(session, known.id)
    if release is None:
        raise NotFoundError(f"no release {name!r} in this organization")
    release.ref = said.ref or release.ref
    release.stated_url = said.url or release.stated_url
    if said.released_at is not None:
        projects = [project] if project else _list_projects(session, release)
        _finalize(session, release, said.released_at, projects, why)
    _set_status(session, release, said.status, why)
    _set_contents(session, release, said, places, hosts, why)
    return release


def delete_release(
    session: Session, organization_id: int, name: str, *, project: Project | None, why: Why
) -> None:
    """Forget the release with its heads, list and deploys; commits, tags and issues stay.

    What it resolved stays resolved, by its version. Lists of other releases that it shortened are
    computed again. Raises NotFoundError and AmbiguousError, and InvalidError while an issue was
    first seen in it (sentry-api.md 4.6).
    """
    project_id = project.id if project else None
    known = get_release(session, organization_id, name, project_id=project_id)
    _lock_repositories(session, organization_id, known, (), Statement(), why)
    release = _lock(session, known.id)
    if release is None:
        raise NotFoundError(f"no release {name!r} in this organization")
    if session.scalar(select(exists().where(Issue.first_release_id == release.id))):
        raise InvalidError(SEEN_FIRST)
    heads = session.scalars(select(Head).where(Head.release_id == release.id)).all()
    record_activity(
        session,
        why,
        "release_deleted",
        organization_id=organization_id,
        data={
            "version": release.version,
            "projects": [one.slug for one in _list_projects(session, release)],
        },
    )
    # What it did to issues is told in their timelines on.
    session.execute(
        update(Activity)
        .where(Activity.release_id == release.id, Activity.issue_id.is_not(None))
        .values(release_id=None)
    )
    session.flush()
    session.expunge_all()
    session.execute(delete(Release).where(Release.id == release.id))
    for head in heads:
        mark_line_stale(session, head.repository_id, head.line, Head.made_at >= head.made_at)
    settle(session, {head.repository_id for head in heads}, (), (), why)


def _find(
    session: Session, organization_id: int, version: str, projects: Sequence[Project]
) -> Release | None:
    """The release of that exact version; else the one that has a tag of that name, or an alias.

    Tags and aliases count within *projects*, or everywhere where none is named.
    """
    exact = find_release(session, organization_id, version)
    if exact is not None:
        return exact
    query = (
        select(Release)
        .join(Head, Head.release_id == Release.id)
        .join(Tag, Tag.id == Head.tag_id)
        .where(Release.organization_id == organization_id, Tag.name == version)
        .order_by(Release.version)
        .distinct()
    )
    if projects:
        shipped = select(ReleaseProject.release_id).where(
            ReleaseProject.project_id.in_([project.id for project in projects])
        )
        query = query.where(Release.id.in_(shipped))
    project_ids = [project.id for project in projects] or None
    found = session.scalars(query).all() or find_releases_by_alias(
        session, organization_id, version, project_ids=project_ids
    )
    if len(found) > 1:
        versions = ", ".join(release.version for release in found)
        raise AmbiguousError(f"{version!r} is the tag of several releases: {versions}")
    return found[0] if found else None


def _lock_repositories(
    session: Session,
    organization_id: int,
    release: Release | None,
    projects: Sequence[Project],
    said: Statement,
    why: Why,
) -> Places:
    """Find where the commits belong, and lock all repositories that the change is about.

    For a new release those that feed its projects as well: a tag of that name may be coming in.
    """
    project_ids = {project.id for project in projects}
    wanted = {ref.repository_id for ref in said.refs or ()}
    if release is not None:
        project_ids |= {project.id for project in _list_projects(session, release)}
        wanted |= set(
            session.scalars(select(Head.repository_id).where(Head.release_id == release.id))
        )
    else:
        feeding = select(RepositoryProject.repository_id).where(
            RepositoryProject.project_id.in_(project_ids)
        )
        wanted |= set(session.scalars(feeding))
    places = Places()
    if said.commits:
        _verify_number_of_names(said.commits, organization_id)
        places = find_places(session, organization_id, said.commits, project_ids=project_ids)
        add_repositories(session, organization_id, said.commits, places, why=why)
        wanted |= {*places.of_sha.values(), *places.of_name.values()}
    query = (
        select(Repository)
        .where(Repository.organization_id == organization_id, Repository.id.in_(sorted(wanted)))
        .order_by(Repository.id)
        .with_for_update(key_share=True)
    )
    session.scalars(query.execution_options(populate_existing=True)).all()
    return places


def _verify_number_of_names(commits: Sequence[StatedCommit], organization_id: int) -> None:
    names = {repository_name(commit, organization_id).lower() for commit in commits}
    if len(names) > MOST_REPOSITORIES:
        message = f"The commits may name at most {MOST_REPOSITORIES} repositories."
        raise FieldsInvalidError({"commits": [message]})


def _lock(session: Session, release_id: int) -> Release | None:
    query = select(Release).where(Release.id == release_id).with_for_update(key_share=True)
    return session.scalar(query.execution_options(populate_existing=True))


def _list_projects(session: Session, release: Release) -> list[Project]:
    return list(
        session.scalars(
            select(Project)
            .join(ReleaseProject, ReleaseProject.project_id == Project.id)
            .where(ReleaseProject.release_id == release.id)
            .order_by(Project.slug)
        )
    )


def _describe_new(session: Session, release: Release, said: Statement, why: Why) -> None:
    release.ref, release.stated_url = said.ref, said.url
    release.user_agent, release.stated_released_at = said.user_agent, said.released_at
    if said.owner_id is not None:
        session.add(ReleaseOwner(release_id=release.id, member_id=said.owner_id))
    date_release(session, release)
    record_activity(
        session,
        why,
        "release_created",
        organization_id=release.organization_id,
        release_id=release.id,
    )
    session.flush()


def _attach(session: Session, release: Release, projects: Sequence[Project]) -> list[Project]:
    """Ship the release in *projects* as well; those that are new."""
    rows = [{"release_id": release.id, "project_id": project.id} for project in projects]
    added = insert_missing(session, ReleaseProject, rows, returning=(ReleaseProject.project_id,))
    new = {row.project_id for row in added}
    return [project for project in projects if project.id in new]


def _finalize(
    session: Session, release: Release, at: datetime, projects: Sequence[Project], why: Why
) -> None:
    is_first = release.stated_released_at is None
    release.stated_released_at = at
    date_release(session, release)
    if is_first:
        _record_finalized(session, release, projects, why)


def _record_finalized(
    session: Session, release: Release, projects: Sequence[Project], why: Why
) -> None:
    for project in projects:
        record_activity(
            session,
            why,
            "release_finalized",
            organization_id=release.organization_id,
            release_id=release.id,
            data={"project": project.slug},
        )
    session.flush()


def _set_status(session: Session, release: Release, status: ReleaseStatus | None, why: Why) -> None:
    if status is None or status == release.status:
        return
    release.status = status
    kind = "release_archived" if status == ReleaseStatus.archived else "release_restored"
    record_activity(
        session, why, kind, organization_id=release.organization_id, release_id=release.id
    )
    session.flush()


def _set_contents(
    session: Session,
    release: Release,
    said: Statement,
    places: Places,
    hosts: Collection[str],
    why: Why,
) -> None:
    """Refs first: the commit of a ref is the head that its repository's list hangs on."""
    if said.refs:
        set_refs(session, release, said.refs, why=why, fills=not said.commits)
    elif said.refs is not None:
        clear_stated(session, release, why=why)
    if said.commits:
        commits = order_commits(said.commits)
        set_commits(session, release, commits, places, hosts=hosts, why=why)


def _commit_ids(session: Session, release: Release) -> list[int]:
    query = select(ReleaseCommit.commit_id).where(ReleaseCommit.release_id == release.id)
    return list(session.scalars(query))
