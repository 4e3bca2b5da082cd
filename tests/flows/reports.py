"""Errors reported by what runs, in a flow: events in, the issue's state out."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from uuid import uuid4

from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.decisions import (
    ignore,
    resolve_in_commit,
    resolve_in_next_release,
    resolve_in_release,
    resolve_now,
    unresolve,
)
from domain.event_reading import Incoming
from domain.issues import get_issue
from domain.organizations import get_organization, get_project
from domain.provenance import Why
from models import Issue, Release, Repository, Resolution
from tests.events import digest
from tests.flows.world import World


class Reports:
    """Of one kind of error, in project `web`; all of it is one issue, `WEB-1`."""

    def __init__(self, world: World, short_id: str = "WEB-1") -> None:
        self.world, self.short_id = world, short_id

    def event(self, release: str | None, *, at: datetime | None = None) -> None:
        """An event of *release* comes in, by default one that happened just now."""
        self.world.tick()
        moment = at or self.world.clock()
        body = {
            "event_id": uuid4().hex,
            "message": "cart is empty",
            "timestamp": moment.isoformat(),
            "release": release,
        }
        with self.world.runtime.db.transaction() as session:
            organization = get_organization(session, "acme")
            project = get_project(session, organization.id, "web")
            now = self.world.clock()
            digest(session, project.id, [Incoming(body, received_at=now)], now=now)

    def decide(self, how: Callable[[Session, Issue, Why], None]) -> None:
        self.world.tick()
        with self.world.runtime.db.transaction() as session:
            organization = get_organization(session, "acme")
            issue, _ = get_issue(session, organization.id, self.short_id)
            how(session, issue, Why(now=self.world.clock(), source="person", actor="ana"))

    def resolve_now(self) -> None:
        self.decide(lambda session, issue, why: resolve_now(session, issue, why=why))

    def unresolve(self) -> None:
        self.decide(lambda session, issue, why: unresolve(session, issue, why=why))

    def ignore(self) -> None:
        self.decide(lambda session, issue, why: ignore(session, issue, why=why))

    def resolve_in_next_release(self) -> None:
        self.decide(lambda session, issue, why: resolve_in_next_release(session, issue, why=why))

    def resolve_in_release(self, version: str) -> None:
        def decide(session: Session, issue: Issue, why: Why) -> None:
            release = session.scalars(select(Release).where(Release.version == version)).one()
            resolve_in_release(session, issue, release, why=why)

        self.decide(decide)

    def resolve_in_commit(self, sha: str) -> None:
        def decide(session: Session, issue: Issue, why: Why) -> None:
            repository = session.scalars(
                select(Repository).where(Repository.github_id == self.world.web.id)
            ).one()
            resolve_in_commit(session, issue, repository, sha, why=why)

        self.decide(decide)

    @property
    def status(self) -> str:
        """resolved, unresolved, or regressed with what decided it: `regressed by graph`."""
        with self.world.runtime.db.reading() as session:
            organization = get_organization(session, "acme")
            issue, _ = get_issue(session, organization.id, self.short_id)
            if issue.substatus != "regressed":
                return str(issue.status)
            record = session.scalars(
                select(Resolution)
                .where(Resolution.issue_id == issue.id, Resolution.judged_by.is_not(None))
                .order_by(Resolution.id.desc())
            ).first()
            return f"regressed by {record.judged_by}" if record else "regressed"
