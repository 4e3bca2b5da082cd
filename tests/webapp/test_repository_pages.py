from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.repositories import track_repository
from domain.work import make_gaps_due
from integrations.github.sync import list_repositories_later
from models import Installation, Organization, Work
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
            ["being imported", "300 of about 1000 commits", "4 tags", 'max="100" value="29"'],
            id="under way",
        ),
        pytest.param(
            {
                "progress": {
                    "commits": 300,
                    "expected_commits": 1000,
                    "pace": {
                        "since": "2026-01-05T10:00:00+00:00",
                        "from": 0,
                        "at": "2026-01-05T10:01:30+00:00",
                        "done": 300,
                    },
                },
            },
            ["about 4 min left", 'data-refresh=""'],
            id="with an estimate",
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


def test_gaps_that_could_not_be_filled_are_shown(
    member: FlaskClient, session: Session, organization: Organization
) -> None:
    repository = make_repository(
        session, organization, "acme/web", is_tracked=True, history_known_at=NOW
    )
    make_gaps_due(session, repository, at=NOW)
    work = session.scalars(select(Work)).one()
    work.failed_at, work.reason = NOW, "GitHub answered 502"
    session.commit()

    page = member.get("/o/acme/repositories/").text
    assert "filling gaps given up" in page
    assert "GitHub answered 502" in page

    work.failed_at, work.reason = None, "the rate limit is used up"
    session.commit()
    page = member.get("/o/acme/repositories/").text
    assert "gaps are being filled" in page
    assert "the rate limit is used up" in page


def test_a_listing_that_failed_is_shown(
    member: FlaskClient, session: Session, organization: Organization
) -> None:
    installation = Installation(
        organization_id=organization.id,
        github_id=1,
        account_id=1,
        account_login="Acme",
        created_at=NOW,
    )
    session.add(installation)
    session.flush()
    list_repositories_later(session, installation, at=NOW)
    session.commit()
    assert "The repositories of Acme are being listed" in member.get("/o/acme/repositories/").text

    work = session.scalars(select(Work)).one()
    work.failed_at, work.reason = NOW, "GitHub refuses"
    session.commit()
    page = member.get("/o/acme/repositories/").text
    assert "The repositories of Acme could not be listed.</strong> GitHub refuses" in page

    work.due_at, work.failed_at = None, None
    session.commit()
    assert "The repositories of Acme" not in member.get("/o/acme/repositories/").text
