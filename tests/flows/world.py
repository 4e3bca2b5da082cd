"""The product and the stand-in for GitHub together: signed webhooks in, rows out, over real HTTP."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from demo.github import BareRepository, Installation, StandIn
from demo.github import Repository as RepositoryThere
from domain.issues import create_issue
from domain.organizations import get_organization, get_project
from domain.short_ids import format_short_id
from jobs import Runtime, drain
from models import (
    Activity,
    Commit,
    Delivery,
    Head,
    Issue,
    Project,
    Release,
    ReleaseCommit,
    Repository,
    Resolution,
    Tag,
    Work,
)
from tests.clock import Clock

SOON = timedelta(minutes=10)


@dataclass
class World:
    """One GitHub organization `acme` with a repository `web`, and our server, installed on it."""

    github: StandIn
    runtime: Runtime
    clock: Clock
    url: str  # of the server's webhook intake

    def __post_init__(self) -> None:
        self.acme = self.github.account("acme", type="Organization")
        self.web = self.github.repository("acme", "web")
        self.installation: Installation | None = None
        self.moment = self.clock()  # on GitHub; does not depend on how long work takes here

    @property
    def git(self) -> BareRepository:
        return self.web.git

    def install(self) -> None:
        self.installation = self.github.install(self.acme)
        self.settle()

    def settle(self) -> None:
        """Post what GitHub queued, signed; work off all that is due now or within minutes."""
        self.github.send_all(self.url)
        self.work_off()

    def work_off(self) -> None:
        for _ in range(50):
            drain(self.runtime)
            due_at = self.next_due()
            if due_at is None or due_at > self.clock() + SOON:
                return
            self.clock.at = max(due_at, self.clock())
        raise AssertionError("work never ends")

    def work_off_once(self) -> None:
        """Work off what is due now; what is due later stays."""
        drain(self.runtime)

    def next_due(self) -> datetime | None:
        with self.runtime.db.reading() as session:
            work = session.scalar(select(func.min(Work.due_at)).where(Work.failed_at.is_(None)))
            waiting = session.scalar(
                select(func.min(Delivery.due_at)).where(Delivery.state == "received")
            )
        return min((moment for moment in (work, waiting) if moment), default=None)

    # Acts on GitHub

    def tick(self) -> None:
        self.moment += timedelta(seconds=60)
        self.clock.at = max(self.clock.at, self.moment)

    def commit(
        self,
        message: str = "Change",
        *,
        onto: Sequence[str] = (),
        files: dict[str, str] | None = None,
        at: datetime | None = None,
        author: str = "Ana Lima <ana@acme.example>",
    ) -> str:
        """A commit object; no ref moves."""
        self.tick()
        content = files or {f"file-{self.moment.timestamp()}.txt": message}
        return self.git.commit(
            content, parents=list(onto), message=message, author=author, date=at or self.moment
        )

    def push(self, sha: str, branch: str = "main", *, force: bool = False) -> None:
        self.tick()
        self.github.push(self.web, f"refs/heads/{branch}", sha, force=force, at=self.moment)

    def tag(self, name: str, sha: str, *, annotated: bool = False, force: bool = False) -> None:
        self.tick()
        target = sha
        if annotated:
            target = self.git.tag_object(name, sha, date=self.moment)
        self.github.push(self.web, f"refs/tags/{name}", target, force=force, at=self.moment)

    def drop_tag(self, name: str) -> None:
        self.tick()
        self.github.push(self.web, f"refs/tags/{name}", None, at=self.moment)

    # What became of it here

    def issue(self, title: str = "Cart is empty", project: str = "web") -> str:
        """Write an issue down; its short id."""
        with self.runtime.db.transaction() as session:
            organization = get_organization(session, "acme")
            owner = get_project(session, organization.id, project)
            issue = create_issue(session, owner, title, now=self.clock())
            return format_short_id(owner.slug, issue.number)

    def resolved_in(self, short_id: str) -> str | None:
        """The version that the issue counts as fixed in; None while it is unresolved."""
        with self.runtime.db.reading() as session:
            issue = self._issue(session, short_id)
            record = session.scalar(
                select(Resolution).where(
                    Resolution.issue_id == issue.id, Resolution.ended_at.is_(None)
                )
            )
            assert issue.is_resolved == (record is not None)
            return record.release_version if record else None

    def _issue(self, session: Session, short_id: str) -> Issue:
        slug, _, _ = short_id.rpartition("-")
        for issue, project in session.execute(
            select(Issue, Project).join(Project, Project.id == Issue.project_id)
        ):
            if format_short_id(project.slug, issue.number) == short_id:
                return issue
        raise AssertionError(f"no issue {short_id} of {slug}")

    def commits_of(self, version: str) -> list[str]:
        """Shas in the release's list, newest first."""
        with self.runtime.db.reading() as session:
            return list(
                session.scalars(
                    select(Commit.sha)
                    .join(ReleaseCommit, ReleaseCommit.commit_id == Commit.id)
                    .join(Release, Release.id == ReleaseCommit.release_id)
                    .where(Release.version == version)
                    .order_by(ReleaseCommit.head_id, ReleaseCommit.position)
                )
            )

    def head_of(self, tag: str) -> Head:
        with self.runtime.db.reading() as session:
            return session.scalars(
                select(Head).join(Tag, Tag.id == Head.tag_id).where(Tag.name == tag)
            ).one()

    def release(self, version: str) -> Release:
        with self.runtime.db.reading() as session:
            return session.scalars(select(Release).where(Release.version == version)).one()

    def versions(self) -> list[str]:
        with self.runtime.db.reading() as session:
            return sorted(session.scalars(select(Release.version)))

    def activities(self, version: str) -> list[Activity]:
        """The timeline of a release, oldest first."""
        with self.runtime.db.reading() as session:
            release = session.scalars(select(Release).where(Release.version == version)).one()
            query = select(Activity).where(Activity.release_id == release.id)
            return list(session.scalars(query.order_by(Activity.id)))

    def issue_activities(self, short_id: str) -> list[Activity]:
        """The timeline of an issue, oldest first."""
        with self.runtime.db.reading() as session:
            issue = self._issue(session, short_id)
            query = select(Activity).where(Activity.issue_id == issue.id)
            return list(session.scalars(query.order_by(Activity.id)))

    def repository(self, there: RepositoryThere | None = None) -> Repository:
        github_id = (there or self.web).id
        with self.runtime.db.reading() as session:
            return session.scalars(
                select(Repository).where(Repository.github_id == github_id)
            ).one()

    def work(self, kind: str) -> list[Work]:
        with self.runtime.db.reading() as session:
            return list(session.scalars(select(Work).where(Work.kind == kind)))

    def deliveries(self) -> list[Delivery]:
        with self.runtime.db.reading() as session:
            return list(session.scalars(select(Delivery).order_by(Delivery.id)))

    def lists(self) -> dict[str, tuple[str, frozenset[str]]]:
        """State and commits of every head, by tag: what must not depend on the order of things."""
        with self.runtime.db.reading() as session:
            heads = list(session.execute(select(Head.id, Head.name, Head.state)))
            found: dict[str, tuple[str, frozenset[str]]] = {}
            for head in heads:
                shas = session.scalars(
                    select(Commit.sha)
                    .join(ReleaseCommit, ReleaseCommit.commit_id == Commit.id)
                    .where(ReleaseCommit.head_id == head.id)
                )
                found[head.name] = (str(head.state), frozenset(shas))
            return found
