"""The release doctor: names of releases in events that match no release, but almost match one.

Each finding says what is wrong, and the one thing to change. All of an organization is read in a
number of statements that does not grow with it; the comparing is done in memory.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, exists, func, or_, select
from sqlalchemy.orm import Session

from domain.organizations import list_projects
from domain.release_facts import is_stated
from domain.release_names import KnownRelease, KnownReleases, Match
from domain.versions import is_valid_version
from models import (
    Event,
    Head,
    HeadOrigin,
    Issue,
    IssueRelease,
    Project,
    Release,
    ReleaseAlias,
    ReleaseProject,
    Tag,
)

RECENT = timedelta(days=14)  # in which events without a release count
FORBIDDEN = "may name no release"


@dataclass(frozen=True)
class Finding:
    """A name in the events of a project (its slug) that is not that of the release it means.

    `release` is None for events without one. `problem` and `fix` are sentences, `candidates`
    versions, the best first. `can_be_accepted`: a candidate may be accepted for the name.
    """

    project: str
    release: str | None
    problem: str
    candidates: list[str]
    events: int
    fix: str
    can_be_accepted: bool = False


@dataclass(frozen=True, slots=True)
class _Name:
    """A name of a release in a project's events; `release_id` None: it means no release."""

    project_id: int
    name: str
    events: int
    release_id: int | None = None
    shas: tuple[str, ...] = ()  # at the release's heads, if it is one that was named after a commit
    is_stated: bool = False  # of a release that is known from elsewhere, too


@dataclass(frozen=True, slots=True)
class _Known:
    """A project's releases: those that have a commit, and others that a client stated."""

    with_commit: KnownReleases
    stated: KnownReleases

    def find(self, name: _Name) -> Match | None:
        if name.shas and name.release_id is not None:
            return self.with_commit.find_commit(name.shas, beside=name.release_id)
        found = self.with_commit.find(name.name)
        return found if found or name.is_stated else self.stated.find(name.name)

    @property
    def newest(self) -> str | None:
        return self.with_commit.newest or self.stated.newest


def find_problems(session: Session, organization_id: int, *, now: datetime) -> list[Finding]:
    """What is to be put right in the organization's projects, most events first."""
    projects = {project.id: project for project in list_projects(session, organization_id)}
    known = _load_known(session, organization_id)
    accepted = _list_accepted(session, organization_id)
    names = [*_list_of_releases(session, organization_id), *_list_nameless(session, projects)]
    found = [
        finding
        for name in names
        if (name.project_id, name.name) not in accepted
        and (finding := _judge(projects[name.project_id], known[name.project_id], name))
    ]
    for project_id, events in _count_without(session, projects, now - RECENT).items():
        found.append(_without_release(projects[project_id], known[project_id], events))
    return sorted(found, key=lambda one: (-one.events, one.project, one.release or ""))


def _judge(project: Project, known: _Known, name: _Name) -> Finding | None:
    match = known.find(name)
    if match is None and not is_valid_version(name.name):
        match = Match(FORBIDDEN, [])
    if match is None:
        return None
    return Finding(
        project=project.slug,
        release=name.name,
        problem=f"“{name.name}” {match.problem}.",
        candidates=match.candidates,
        events=name.events,
        fix=_fix(match.candidates),
        can_be_accepted=bool(match.candidates) and not name.shas,
    )


def _without_release(project: Project, known: _Known, events: int) -> Finding:
    return Finding(
        project=project.slug,
        release=None,
        problem=f"Events of the last {RECENT.days} days say no release.",
        candidates=[],
        events=events,
        fix=_fix([known.newest] if known.newest else [], is_example=True),
    )


def _fix(candidates: list[str], *, is_example: bool = False) -> str:
    """What to give the SDK, as its option is written."""
    if not candidates:
        return "Set the SDK's option “release” to the version of a release."
    option = f"release={json.dumps(candidates[0], ensure_ascii=False)}"
    if is_example:
        return f"Set the SDK's option “release” to what is deployed, such as {option}."
    if len(candidates) > 1:
        return f"Set the SDK's option to the release that is meant, such as {option}."
    return f"Set the SDK's option to {option}."


def _load_known(session: Session, organization_id: int) -> defaultdict[int, _Known]:
    """By project; releases that are named after their commit apart."""
    tags: defaultdict[int, set[str]] = defaultdict(set)
    shas: defaultdict[int, set[str]] = defaultdict(set)
    for release_id, sha, tag in session.execute(
        select(Head.release_id, Head.sha, Tag.name)
        .join(Release, Release.id == Head.release_id)
        .outerjoin(Tag, Tag.id == Head.tag_id)
        .where(Release.organization_id == organization_id, ~_names_commit())
    ):
        shas[release_id].add(sha)
        if tag is not None:
            tags[release_id].add(tag)
    with_commit: defaultdict[int, list[KnownRelease]] = defaultdict(list)
    stated: defaultdict[int, list[KnownRelease]] = defaultdict(list)
    for id_, version, moment, has_head, project_id in session.execute(
        select(
            Release.id,
            Release.version,
            func.coalesce(Release.released_at, Release.created_at),
            _has_head(),
            ReleaseProject.project_id,
        )
        .join(ReleaseProject, ReleaseProject.release_id == Release.id)
        .where(Release.organization_id == organization_id, or_(_has_head(), is_stated()))
    ):
        if id_ in shas or not has_head:
            newness = (moment.timestamp(), id_)
            known = (tuple(sorted(tags[id_])), tuple(sorted(shas[id_])))
            of_kind = with_commit if has_head else stated
            of_kind[project_id].append(KnownRelease(id_, version, *known, newness))
    made = {
        id_: _Known(KnownReleases(with_commit[id_]), KnownReleases(stated[id_]))
        for id_ in {*with_commit, *stated}
    }
    return defaultdict(lambda: _Known(KnownReleases([]), KnownReleases([])), made)


def _list_accepted(session: Session, organization_id: int) -> set[tuple[int, str]]:
    rows = session.execute(
        select(ReleaseAlias.project_id, ReleaseAlias.name).where(
            ReleaseAlias.organization_id == organization_id
        )
    )
    return {(row.project_id, row.name) for row in rows}


def _list_of_releases(session: Session, organization_id: int) -> Iterable[_Name]:
    """Releases of events that know no commit, or have the one that they are named after."""
    suspicious = or_(~_has_head(), _has_head(_names_commit()))
    shas: defaultdict[int, set[str]] = defaultdict(set)
    for release_id, sha in session.execute(
        select(Head.release_id, Head.sha)
        .join(Release, Release.id == Head.release_id)
        .where(Release.organization_id == organization_id, _names_commit())
    ):
        shas[release_id].add(sha)
    columns = (Release.id, Release.version, Issue.project_id, is_stated().label("is_stated"))
    for id_, version, project_id, stated, events in session.execute(
        select(*columns, func.sum(IssueRelease.event_count))
        .join(IssueRelease, IssueRelease.release_id == Release.id)
        .join(Issue, Issue.id == IssueRelease.issue_id)
        .where(Release.organization_id == organization_id, suspicious)
        .group_by(Release.id, Release.version, Issue.project_id)
    ):
        yield _Name(project_id, version, int(events), id_, tuple(sorted(shas[id_])), bool(stated))


def _list_nameless(session: Session, projects: Mapping[int, Project]) -> list[_Name]:
    """Names that mean no release, or several."""
    rows = session.execute(
        select(Event.project_id, Event.release_name, func.count())
        .where(
            Event.project_id.in_(projects),
            Event.release_id.is_(None),
            Event.release_name.is_not(None),
        )
        .group_by(Event.project_id, Event.release_name)
    )
    return [_Name(project_id, name, n) for project_id, name, n in rows if name is not None]


def _count_without(
    session: Session, projects: Mapping[int, Project], since: datetime
) -> dict[int, int]:
    rows = session.execute(
        select(Event.project_id, func.count())
        .where(
            Event.project_id.in_(projects),
            Event.release_id.is_(None),
            Event.release_name.is_(None),
            Event.received_at >= since,
        )
        .group_by(Event.project_id)
    )
    return dict(rows.all())


def _has_head(*conditions: ColumnElement[bool]) -> ColumnElement[bool]:
    return exists().where(Head.release_id == Release.id, *conditions)


def _names_commit() -> ColumnElement[bool]:
    """Whether a `Release` is named after the commit of its `Head`, or the beginning of it."""
    start = func.lower(Release.version)
    return (
        (Head.origin == HeadOrigin.ref)
        & (func.length(start) >= 7)
        & (Head.sha >= start)
        & (Head.sha < start + "g")
    )
