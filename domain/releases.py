"""Releases made by tags: names, heads, and what happens when a tag moves or goes away."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import ColumnElement, func, select, update
from sqlalchemy.orm import Session

from domain.bulk import insert_missing
from domain.errors import AlreadyExistsError
from domain.heads import arrange_heads
from domain.list_states import IMPORT_REMEDY, IMPORT_RUNNING
from domain.provenance import Why, record_activity
from domain.stored_lines import mark_line_stale, sort_in_stated
from domain.tag_rules import find_tag_line
from domain.tag_updates import Move
from domain.version_keys import semver_key_of
from domain.versions import parse_version, release_version
from models import (
    GitHubRelease,
    Head,
    HeadOrigin,
    Project,
    Release,
    ReleaseProject,
    Repository,
    RepositoryProject,
    Tag,
)


def list_projects_of(session: Session, repository: Repository) -> list[Project]:
    """The projects that *repository* feeds; the one of its own slug first, then oldest first."""
    projects = session.scalars(
        select(Project)
        .join(RepositoryProject, RepositoryProject.project_id == Project.id)
        .where(RepositoryProject.repository_id == repository.id)
        .order_by(Project.id)
    )
    own = repository.full_name.rpartition("/")[2].lower()
    return sorted(projects, key=lambda project: project.slug != own)


def find_release(session: Session, organization_id: int, version: str) -> Release | None:
    return session.scalar(
        select(Release).where(
            Release.organization_id == organization_id, Release.version == version
        )
    )


def lacks_semver_key() -> ColumnElement[bool]:
    """Whether nobody has yet looked at what version a `Release` is: an older program made it."""
    return Release.semver_key.is_(None)


def fill_semver_keys(session: Session, *, limit: int) -> int:
    """Give releases without a `semver_key` theirs, at most *limit*; how many there were."""
    rows = session.execute(
        select(Release.id, Release.version)
        .where(lacks_semver_key())
        .order_by(Release.id)
        .limit(limit)
    ).all()
    if rows:
        keys = [{"id": id_, "semver_key": semver_key_of(version)} for id_, version in rows]
        session.execute(update(Release), keys)
    return len(rows)


def sync_release_of(
    session: Session, repository: Repository, tag: Tag, *, move: Move, why: Why
) -> Head | None:
    """Make the release and head of *tag* agree with where the tag stands; mark stale what changes.

    None when there is nothing to make: the tag belongs to no line, or its commit is not known yet.
    A tag that was deleted, or that the repository's settings no longer take, keeps its release;
    its head is withdrawn and shortens no other list. Repeatable.
    """
    line = find_tag_line(tag.name, repository.tag_pattern)
    if tag.sha is None or tag.made_at is None:
        return None
    head = session.scalar(select(Head).where(Head.tag_id == tag.id))
    if head is None:
        return _make_head(session, repository, tag, line, why) if line is not None else None
    changed = move.is_new or (head.sha, head.made_at) != (tag.sha, tag.made_at)
    is_withdrawn = tag.is_deleted or line is None
    if changed or head.is_withdrawn != is_withdrawn:
        since = min(head.made_at, tag.made_at)
        mark_line_stale(session, repository.id, head.line, Head.made_at >= since)
        head.sha, head.made_at = tag.sha, tag.made_at
        head.is_stale = head.is_stale or changed
        if head.is_withdrawn != is_withdrawn:
            head.is_withdrawn = is_withdrawn
            _record_tag_change(session, head, tag, _what_happened(tag, line), why)
        arrange_heads(session, session.get_one(Release, head.release_id))
    if move.moved_from is not None:
        _record_tag_change(session, head, tag, "moved", why, moved_from=move.moved_from)
    session.flush()
    return head


def _what_happened(tag: Tag, line: str | None) -> str:
    """To a tag that counts no longer, or counts again."""
    if tag.is_deleted:
        return "deleted"
    if line is None:
        return "excluded"
    return "admitted" if tag.deleted_at is None else "restored"


def _make_head(
    session: Session, repository: Repository, tag: Tag, line: str, why: Why
) -> Head | None:
    projects = list_projects_of(session, repository)
    if not projects or tag.sha is None or tag.made_at is None:
        return None
    version = release_version(tag.name, projects[0].slug, repository.version_template)
    release = _find_namesake(session, repository, tag, projects)
    if release is None:
        release = _get_or_make_release(session, repository, version, why)
    rows = [{"release_id": release.id, "project_id": project.id} for project in projects]
    insert_missing(session, ReleaseProject, rows)
    mark_line_stale(session, repository.id, line, Head.made_at >= tag.made_at)
    head = Head(
        release_id=release.id,
        repository_id=repository.id,
        tag_id=tag.id,
        name=tag.name,
        line=line,
        sha=tag.sha,
        made_at=tag.made_at,
        is_withdrawn=tag.is_deleted,
        excluded=[],
        cause=None if repository.is_history_known else IMPORT_RUNNING,
        remedy=None if repository.is_history_known else IMPORT_REMEDY,
    )
    session.add(head)
    session.flush()
    for touched in sort_in_stated(session, repository, parse_version(release.version).package):
        mark_line_stale(session, repository.id, touched)
    arrange_heads(session, release)
    date_release(session, release)
    _adopt_github_release(session, repository, tag, release)
    return head


def _find_namesake(
    session: Session, repository: Repository, tag: Tag, projects: Sequence[Project]
) -> Release | None:
    """The release that a client made under the tag's own name, in one of *projects*.

    The tag joins it: later the tag would be an alias, and the same name makes no twin.
    """
    release = find_release(session, repository.organization_id, tag.name)
    if release is None:
        return None
    shared = select(ReleaseProject.release_id).where(
        ReleaseProject.release_id == release.id,
        ReleaseProject.project_id.in_([project.id for project in projects]),
    )
    return release if session.scalar(shared.limit(1)) is not None else None


def _get_or_make_release(
    session: Session, repository: Repository, version: str, why: Why
) -> Release:
    release, is_new = record_release(session, repository.organization_id, version, why=why)
    if is_new:
        record_activity(
            session,
            why,
            "release_created",
            organization_id=repository.organization_id,
            release_id=release.id,
            repository_id=repository.id,
            rule="tag-makes-release",
        )
    return release


def record_release(
    session: Session, organization_id: int, version: str, *, why: Why
) -> tuple[Release, bool]:
    """The release of that version, made if it is not there; and whether it was made now."""
    row = {
        "organization_id": organization_id,
        "version": version,
        "semver_key": semver_key_of(version),
        "created_at": why.now,
        "commit_count": 0,
        "hidden_count": 0,
        "author_count": 0,
        "list_state": "incomplete",
    }
    added = insert_missing(session, Release, [row], returning=(Release.id,))
    release = find_release(session, organization_id, version)
    if release is None:
        raise AlreadyExistsError("Could not create the release it conflicts with existing data")
    return release, bool(added)


def date_release(session: Session, release: Release) -> None:
    """A release is dated by the client that finalized it, else by its earliest tag."""
    made_at = session.scalar(
        select(func.min(Head.made_at)).where(
            Head.release_id == release.id, Head.origin == HeadOrigin.tag
        )
    )
    release.released_at = release.stated_released_at or made_at
    session.flush()


def _record_tag_change(
    session: Session, head: Head, tag: Tag, what: str, why: Why, *, moved_from: str | None = None
) -> None:
    release = session.get_one(Release, head.release_id)
    date_release(session, release)
    record_activity(
        session,
        why,
        f"tag_{what}",
        organization_id=release.organization_id,
        release_id=release.id,
        repository_id=head.repository_id,
        rule="tags-by-settings" if what in ("excluded", "admitted") else "tag-on-github",
        matched_text=tag.name,
        data={"tag": tag.name, "from": moved_from, "to": tag.sha},
    )


def _adopt_github_release(
    session: Session, repository: Repository, tag: Tag, release: Release
) -> None:
    """Title and notes of a release published on GitHub before its tag was known here."""
    published = session.scalar(
        select(GitHubRelease)
        .where(
            GitHubRelease.repository_id == repository.id,
            GitHubRelease.tag_name == tag.name,
            GitHubRelease.deleted_at.is_(None),
        )
        .order_by(GitHubRelease.id.desc())
    )
    if published is not None:
        release.name, release.notes, release.url = published.name, published.body, published.url
        session.flush()
