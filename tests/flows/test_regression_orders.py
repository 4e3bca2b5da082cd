"""Generated histories: an issue's state depends on what releases contain, not on what came first."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count
from uuid import uuid4

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from domain.commits import CommitData
from domain.event_reading import Incoming
from domain.provenance import Why
from domain.tag_updates import TagPosition
from domain.upkeep import bring_up_to_date
from integrations.github.recording import record_tag, record_with_links
from models import Issue, Project, Repository, RepositoryProject
from models.session import Database
from tests.events import digest
from tests.examples import examples
from tests.factories import make_organization, make_project, make_repository

START = datetime(2026, 1, 1, tzinfo=UTC)
LATER = START + timedelta(days=30)
_numbers = count()


@dataclass(frozen=True)
class History:
    """Commits by number, each with its parents; one of them is the fix."""

    parents: list[list[int]]
    fix: int
    releases: dict[str, int]  # version → commit
    seen_in: list[str]  # versions whose code reported the error

    def reach(self, commit: int) -> set[int]:
        found, waiting = {commit}, [commit]
        while waiting:
            for parent in self.parents[waiting.pop()]:
                if parent not in found:
                    found.add(parent)
                    waiting.append(parent)
        return found

    @property
    def expected(self) -> str:
        holding = {version for version, at in self.releases.items() if self.fix in self.reach(at)}
        return "resolved" if holding and not holding & set(self.seen_in) else "unresolved"


@st.composite
def histories(draw: st.DrawFn) -> History:
    size = draw(st.integers(2, 9))
    parents = [
        draw(st.lists(st.integers(0, number - 1), min_size=1, max_size=2, unique=True))
        for number in range(1, size)
    ]
    versions = draw(
        st.lists(
            st.tuples(st.integers(1, 3), st.integers(0, 3)).map("{0[0]}.{0[1]}.0".format),
            min_size=1,
            max_size=4,
            unique=True,
        )
    )
    at = st.integers(0, size - 1)
    return History(
        parents=[[], *parents],
        fix=draw(at),
        releases={version: draw(at) for version in versions},
        seen_in=draw(st.lists(st.sampled_from(versions), max_size=3)),
    )


class Shop:
    """One organization with a project and a tracked repository whose history is known."""

    def __init__(self, database: Database, history: History) -> None:
        self.database, self.history = database, history
        self.number = next(_numbers)
        with database.transaction() as session:
            organization = make_organization(session)
            project = make_project(session, organization, "web")
            repository = make_repository(
                session, organization, is_tracked=True, history_known_at=START
            )
            session.add(RepositoryProject(repository_id=repository.id, project_id=project.id))
        self.project_id, self.repository_id = project.id, repository.id
        self.event(None, START)  # WEB-1, which the fix names

    def sha(self, commit: int) -> str:
        return f"{self.number:020x}{commit:020x}"

    def commits(self, numbers: list[int]) -> None:
        """They come in with their parents, as GitHub tells them."""
        told = [
            CommitData(
                sha=self.sha(number),
                message="Fixes WEB-1" if number == self.history.fix else "Change",
                committed_at=START + timedelta(hours=number),
                parents=tuple(self.sha(parent) for parent in self.history.parents[number]),
            )
            for number in numbers
        ]
        why = Why(now=LATER)
        with self.database.transaction() as session:
            repository = session.get_one(Repository, self.repository_id)
            issues = record_with_links(session, repository, told, hosts=(), why=why)
            learnt = [commit.sha for commit in told]
            bring_up_to_date(session, repository, why=why, issue_ids=issues, learnt=learnt)

    def tag(self, version: str) -> None:
        commit = self.history.releases[version]
        why = Why(now=LATER)
        position = TagPosition(
            name=f"v{version}",
            sha=self.sha(commit),
            object_sha=self.sha(commit),
            made_at=START + timedelta(hours=commit),
            is_exact=True,
        )
        with self.database.transaction() as session:
            repository = session.get_one(Repository, self.repository_id)
            record_tag(session, repository, position, why=why)
            bring_up_to_date(session, repository, why=why)

    def event(self, version: str | None, at: datetime) -> None:
        body = {
            "event_id": uuid4().hex,
            "message": "cart is empty",
            "timestamp": at.isoformat(),
            "release": version and f"web@{version}",
        }
        with self.database.transaction() as session:
            digest(session, self.project_id, [Incoming(body, received_at=LATER)], now=LATER)

    @property
    def status(self) -> str:
        with self.database.reading() as session:
            project = session.get_one(Project, self.project_id)
            return str(
                session.scalars(select(Issue.status).where(Issue.project_id == project.id)).one()
            )


@settings(
    max_examples=examples(60),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(history=histories(), data=st.data())
def test_any_order_of_arrival_ends_in_the_same_state(
    database: Database, history: History, data: st.DataObject
) -> None:
    half = len(history.parents) // 2
    numbers = list(range(len(history.parents)))
    happenings = [
        ("commits", numbers[:half]),
        ("commits", numbers[half:]),
        *(("tag", version) for version in history.releases),
        *(("event", version) for version in history.seen_in),
    ]
    shop = Shop(database, history)
    for what, of in data.draw(st.permutations(happenings)):
        if what == "commits" and isinstance(of, list):
            shop.commits(of)
        elif what == "tag" and isinstance(of, str):
            shop.tag(of)
        elif isinstance(of, str):
            shop.event(of, LATER - timedelta(hours=1))
    assert shop.status == history.expected


@settings(
    max_examples=examples(30),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(history=histories())
def test_a_release_that_reported_nothing_never_flips_an_issue(
    database: Database, history: History
) -> None:
    """It resolves one at most, if it has the fix."""
    *others, last = history.releases
    shop = Shop(database, history)
    shop.commits(list(range(len(history.parents))))
    for version in others:
        shop.tag(version)
    for version in history.seen_in:
        if version != last:
            shop.event(version, LATER - timedelta(hours=1))
    before = shop.status
    shop.tag(last)
    assert before == "unresolved" or shop.status == "resolved"
    if history.fix not in history.reach(history.releases[last]):
        assert shop.status == before
