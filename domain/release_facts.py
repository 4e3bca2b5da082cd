"""What is known of releases, for pages and commands, in a few statements for any number of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from operator import itemgetter

from sqlalchemy import (
    ColumnElement,
    LargeBinary,
    Select,
    exists,
    func,
    literal_column,
    or_,
    select,
)
from sqlalchemy.orm import Session

from domain.short_ids import format_short_id
from models import (
    Activity,
    Commit,
    Head,
    Issue,
    ListState,
    Project,
    Release,
    ReleaseCommit,
    ReleaseProject,
    Repository,
    Resolution,
    Tag,
)

STREAMED_ROWS = 5000
NO_KEY = literal_column("''", LargeBinary())
MADE_BY_EVENT = "event-names-release"  # the rule by which an event makes a release
Ids = Sequence[int] | Select[int]


@dataclass(frozen=True)
class HeadFacts:
    """A head, its repository, and the tag that made it, if one did."""

    head: Head
    repository: Repository
    tag: Tag | None


@dataclass(frozen=True)
class ReleaseFacts:
    """A release with what belongs to it; projects and short ids sorted.

    Heads come oldest first, those without a list last.
    """

    release: Release
    projects: list[str]
    heads: list[HeadFacts]
    resolved_issues: list[str]

    @property
    def moment(self) -> datetime:
        return self.release.released_at or self.release.created_at

    @property
    def shown_head(self) -> HeadFacts | None:
        """The head that speaks for the release: an incomplete one says what is wrong."""
        listing = [facts for facts in self.heads if facts.head.has_list]
        wrong = (facts for facts in listing if facts.head.state == ListState.incomplete)
        return next(wrong, listing[0] if listing else None)


def moment_of_release(table: type[Release] = Release) -> ColumnElement[datetime]:
    """The time that orders releases: of the release, else of its row."""
    return func.coalesce(table.released_at, table.created_at)


def version_of_release() -> ColumnElement[bytes]:
    """What orders releases by version; a name that is none, or not yet looked at, is before all."""
    return func.coalesce(Release.semver_key, NO_KEY)


def is_stated() -> ColumnElement[bool]:
    """Whether a client or a tag made a `Release`, or a client spoke of it: not events alone."""
    made_by_event = exists().where(
        Activity.release_id == Release.id,
        Activity.kind == "release_created",
        Activity.rule == MADE_BY_EVENT,
    )
    said = (Release.stated_released_at, Release.stated_url, Release.ref, Release.user_agent)
    return or_(~made_by_event, *(column.is_not(None) for column in said))


def load_facts(session: Session, releases: Sequence[Release], ids: Ids) -> list[ReleaseFacts]:
    """Facts of *releases*, in their order. *ids* selects the same releases: a list, or a query."""
    projects = _list_projects(session, ids)
    heads = _list_heads(session, ids)
    resolved = _list_resolved(session, ids)
    return [
        ReleaseFacts(
            release=release,
            projects=projects[release.id],
            heads=heads[release.id],
            resolved_issues=resolved[release.id],
        )
        for release in releases
    ]


def load_all_facts(session: Session, organization_id: int) -> list[ReleaseFacts]:
    """Facts of every release of the organization, newest first."""
    releases = session.scalars(
        select(Release)
        .where(Release.organization_id == organization_id)
        .order_by(moment_of_release().desc(), Release.id.desc())
    ).all()
    ids = select(Release.id).where(Release.organization_id == organization_id)
    return load_facts(session, releases, ids)


def iterate_shas(session: Session, organization_id: int) -> Iterator[tuple[int, list[str]]]:
    """Release ids and their commits' shas, newest first, in the order of `load_all_facts`.

    One statement, read as it is consumed. Releases without commits are left out.
    """
    rows = session.execute(
        select(ReleaseCommit.release_id, Commit.sha)
        .join(Release, Release.id == ReleaseCommit.release_id)
        .join(Commit, Commit.id == ReleaseCommit.commit_id)
        .where(Release.organization_id == organization_id)
        .order_by(
            moment_of_release().desc(),
            ReleaseCommit.release_id.desc(),
            ReleaseCommit.position,
            ReleaseCommit.head_id,
        )
        .execution_options(yield_per=STREAMED_ROWS)
    )
    for release_id, group in groupby(rows, key=itemgetter(0)):
        yield release_id, list(dict.fromkeys(row[1] for row in group))


def list_shas(session: Session, release_id: int) -> list[str]:
    """The release's commits, newest first, hidden ones included."""
    shas = session.scalars(
        select(Commit.sha)
        .join(ReleaseCommit, ReleaseCommit.commit_id == Commit.id)
        .where(ReleaseCommit.release_id == release_id)
        .order_by(ReleaseCommit.position, ReleaseCommit.head_id)
    )
    return list(dict.fromkeys(shas))


def _list_projects(session: Session, ids: Ids) -> defaultdict[int, list[str]]:
    found: defaultdict[int, list[str]] = defaultdict(list)
    for release_id, slug in session.execute(
        select(ReleaseProject.release_id, Project.slug)
        .join(Project, Project.id == ReleaseProject.project_id)
        .where(ReleaseProject.release_id.in_(ids))
        .order_by(Project.slug)
    ):
        found[release_id].append(slug)
    return found


def _list_heads(session: Session, ids: Ids) -> defaultdict[int, list[HeadFacts]]:
    found: defaultdict[int, list[HeadFacts]] = defaultdict(list)
    for head, repository, tag in session.execute(
        select(Head, Repository, Tag)
        .join(Repository, Repository.id == Head.repository_id)
        .outerjoin(Tag, Tag.id == Head.tag_id)
        .where(Head.release_id.in_(ids))
        .order_by(Head.has_list.desc(), Head.made_at, Head.id)
    ):
        found[head.release_id].append(HeadFacts(head, repository, tag))
    return found


def _list_resolved(session: Session, ids: Ids) -> defaultdict[int, list[str]]:
    found: defaultdict[int, list[str]] = defaultdict(list)
    for release_id, slug, number in session.execute(
        select(Resolution.release_id, Project.slug, Issue.number)
        .join(Issue, Issue.id == Resolution.issue_id)
        .join(Project, Project.id == Issue.project_id)
        .where(Resolution.release_id.in_(ids), Resolution.ended_at.is_(None))
        .distinct()
        .order_by(Project.slug, Issue.number)
    ):
        if release_id is not None:
            found[release_id].append(format_short_id(slug, number))
    return found
