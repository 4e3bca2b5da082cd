"""What is in the inbox or bookmarked is read in order, however many issues there are beside it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import insert, text
from sqlalchemy.orm import Session

from domain.issue_queries import SORTS, list_issues
from domain.issue_records import IssueFilter, list_issue_records
from domain.issue_search import parse_search
from models import Issue, IssueStatus, Organization
from models.session import Database
from tests.factories import NOW, make_organization, make_project
from tests.lists.plans import enters, explaining, is_sorted

ALL, SIZE = 4_000, 10
FLAGS = {"is:inbox": "is_inbox", "is:bookmarked": "is_bookmarked"}


@pytest.fixture
def organization(database: Database) -> Organization:
    """One issue in 50 is in the inbox, and one in 50 is bookmarked."""
    with Session(database.engine, expire_on_commit=False) as session:
        organization = make_organization(session)
        project = make_project(session, organization, "web")
        rows = [
            {
                "organization_id": organization.id,
                "project_id": project.id,
                "number": n,
                "title": "Something is broken",
                "status": IssueStatus.resolved,
                "created_at": NOW,
                "first_seen": NOW + timedelta(minutes=n * 7 % ALL),
                "last_seen": NOW + timedelta(minutes=n),
                "event_count": n * 11 % ALL,
                "is_inbox": n % 50 == 0,
                "is_bookmarked": n % 50 == 1,
            }
            for n in range(ALL)
        ]
        session.execute(insert(Issue), rows)
        session.commit()
        if not database.is_sqlite:  # does so itself after a while
            session.execute(text("ANALYZE"))
            session.commit()
        return organization


def test_pages_are_read_in_order(database: Database, organization: Organization) -> None:
    """One filled database for both lists and all orders, for people and for programs."""
    for words, flag in FLAGS.items():
        search = parse_search(words)
        for sort, column in SORTS.items():
            index = f"ix_issue_organization_id_{flag}_{column.key}_id"
            after = place = None
            for number in range(2):
                with database.reading() as session, explaining(database) as plans:
                    page = list_issues(
                        session, organization.id, search=search, sort=sort, after=after, size=SIZE
                    )
                    _expect(plans.only(), index, from_a_place=number > 0)
                    window = list_issue_records(
                        session,
                        organization.id,
                        narrowed=IssueFilter(search),
                        sort=sort,
                        place=place,
                        size=SIZE,
                    )
                    _expect(plans.only(), index, from_a_place=number > 0)
                after, place = page.following, window.following
                assert len(page.rows) == SIZE
                assert [row.id for row in page.rows] == [one.issue.id for one in window.rows]


def _expect(plan: str, index: str, *, from_a_place: bool) -> None:
    assert index in plan, plan
    assert not is_sorted(plan), plan
    if from_a_place:
        assert enters(plan), plan
