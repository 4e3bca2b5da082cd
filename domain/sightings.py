"""In which releases an issue was seen, with what decides whether these contain a fix."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.bulk import batches
from domain.graph import contains
from domain.graph_store import StoredGraph
from domain.release_facts import moment_of_release
from domain.versions import parse_version
from models import (
    Head,
    Issue,
    IssueRelease,
    IssueStatus,
    Release,
    ReleaseProject,
    ReleaseStatus,
    Resolution,
    ResolutionKind,
)

NEWEST = 10  # releases that say whether a project follows semantic versions
OF_THREE = 3
REGRESSED = "regressed"  # of an issue that an event opened again
Place = tuple[int, str]  # repository, sha


@dataclass(frozen=True)
class Shipped:
    """A release as far as regressions are concerned."""

    release_id: int
    version: str
    at: datetime  # of the release, else of its row
    heads: tuple[Place, ...]


@dataclass(frozen=True)
class Sighting:
    """Events of an issue in one release."""

    shipped: Shipped
    first_seen: datetime
    last_seen: datetime


class Graphs:
    """The graphs of several repositories, kept for the length of one task."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self._graphs: dict[int, StoredGraph] = {}

    def of(self, repository_id: int) -> StoredGraph:
        if repository_id not in self._graphs:
            self._graphs[repository_id] = StoredGraph(self.session, repository_id)
        return self._graphs[repository_id]

    def contains(self, heads: Collection[Place], place: Place) -> bool | None:
        """Whether one of *heads* reaches *place*; None if no head of its repository is closed."""
        answer: bool | None = None
        repository_id, sha = place
        for own, head in heads:
            if own != repository_id:
                continue
            graph = self.of(own)
            node = graph.nodes([head]).get(head)
            if head == sha:
                return True
            if node is None or node.rank is None:  # its reach is not known
                continue
            answer = answer or contains(graph, head, sha)
        return answer


def list_sightings(session: Session, issue_id: int) -> list[Sighting]:
    """Where the issue was seen, the earliest first."""
    rows = session.execute(
        select(IssueRelease.first_seen, IssueRelease.last_seen, Release)
        .join(Release, Release.id == IssueRelease.release_id)
        .where(IssueRelease.issue_id == issue_id)
        .order_by(IssueRelease.first_seen, Release.id)
    ).all()
    heads = list_heads(session, [release.id for _, _, release in rows])
    return [
        Sighting(
            Shipped(
                release.id,
                release.version,
                release.released_at or release.created_at,
                tuple(heads[release.id]),
            ),
            first_seen,
            last_seen,
        )
        for first_seen, last_seen, release in rows
    ]


def load_shipped(session: Session, release: Release) -> Shipped:
    """*release* with its heads."""
    heads = list_heads(session, [release.id])[release.id]
    return Shipped(
        release.id, release.version, release.released_at or release.created_at, tuple(heads)
    )


def list_heads(session: Session, release_ids: Sequence[int]) -> defaultdict[int, list[Place]]:
    """The commits that releases stand on, by release."""
    found: defaultdict[int, list[Place]] = defaultdict(list)
    for row in session.execute(
        select(Head.release_id, Head.repository_id, Head.sha)
        .where(Head.release_id.in_(release_ids), Head.is_superseded.is_(False))
        .order_by(Head.id)
    ):
        found[row.release_id].append((row.repository_id, row.sha))
    return found


def follows_semver(session: Session, project_id: int) -> bool:
    """Whether the project's newest releases are named as versions (sentry-api.md 3.3)."""
    newest = session.scalars(
        select(Release.version)
        .join(ReleaseProject, ReleaseProject.release_id == Release.id)
        .where(ReleaseProject.project_id == project_id, Release.status == ReleaseStatus.open)
        .order_by(moment_of_release().desc(), Release.id.desc())
        .limit(NEWEST)
    ).all()
    parsed = [parse_version(version).is_semver for version in newest]
    if len(parsed) < OF_THREE:
        return bool(parsed) and parsed[0]
    enough = len(parsed) < NEWEST or sum(parsed) >= OF_THREE
    return any(parsed[:OF_THREE]) and enough


def list_waiting(session: Session, release_ids: Collection[int]) -> set[int]:
    """Issues whose state may depend on what these releases contain.

    They were seen in one of them and count as fixed, or as back; or they wait for a release that
    holds a commit, or comes next.
    """
    found: set[int] = set()
    for some in batches(sorted(release_ids)):
        back = (Issue.status == IssueStatus.resolved) | (Issue.substatus == REGRESSED)
        found.update(
            session.scalars(
                select(IssueRelease.issue_id)
                .join(Issue, Issue.id == IssueRelease.issue_id)
                .where(IssueRelease.release_id.in_(some), back)
            )
        )
        projects = select(ReleaseProject.project_id).where(ReleaseProject.release_id.in_(some))
        found.update(
            session.scalars(
                select(Resolution.issue_id)
                .join(Issue, Issue.id == Resolution.issue_id)
                .where(
                    Issue.project_id.in_(projects),
                    Resolution.ended_at.is_(None),
                    Resolution.kind.in_((ResolutionKind.next, ResolutionKind.commit)),
                    Resolution.decided_by != "rule",
                )
            )
        )
    return found
