from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.repositories import track_repository
from models import Organization, Work
from tests.factories import NOW, make_repository


def test_without_repositories_the_page_says_what_to_do(member: FlaskClient) -> None:
    assert "install the GitHub App" in member.get("/o/acme/repositories/").text


@pytest.mark.parametrize(
    ("work", "words"),
    [
        pytest.param({}, ["being imported"], id="begun"),
        pytest.param(
            {
                "progress": {
                    "commits": 300,
                    "expected_commits": 1000,
                    "tags": 4,
                    "phase": "commits",
                }
            },
            ["being imported", "300 of about 1000 commits", "4 tags", 'max="1000" value="300"'],
            id="under way",
        ),
        pytest.param(
            {"reason": "the rate limit is used up"},
            ["the rate limit is used up", "goes on"],
            id="delayed",
        ),
        pytest.param(
            {"failed_at": NOW, "reason": "no access"}, ["import given up", "no access"], id="failed"
        ),
        pytest.param(
            {"progress": {"commits": 5, "expected_commits": None, "phase": "<b>"}},
            ["5 commits", "&lt;b&gt;"],
            id="nothing expected",
        ),
    ],
)
def test_the_progress_of_an_import(
    member: FlaskClient,
    session: Session,
    organization: Organization,
    work: dict[str, Any],
    words: list[str],
) -> None:
    track_repository(session, make_repository(session, organization, "acme/web"), now=NOW)
    for name, value in work.items():
        setattr(session.scalars(select(Work)).one(), name, value)
    session.commit()

    page = member.get("/o/acme/repositories/").text

    for word in words:
        assert word in page


def test_tracked_or_not(member: FlaskClient, session: Session, organization: Organization) -> None:
    known = make_repository(
        session, organization, "acme/web", is_tracked=True, history_known_at=NOW
    )
    track_repository(session, known, now=NOW)
    make_repository(session, organization, "acme/gone", is_accessible=False, is_archived=True)
    session.commit()

    page = member.get("/o/acme/repositories/").text

    assert "known since" in page
    assert 'href="/o/acme/releases/?project=web"' in page
    assert "not tracked, no longer shown to us by GitHub, archived" in page
    assert page.index("acme/gone") < page.index("acme/web")
