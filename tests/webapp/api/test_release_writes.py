"""Releases as clients write them: made or found again, changed, archived, deleted."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from models import Organization
from tests.factories import make_project, make_repository
from tests.webapp.api.conftest import Api

RELEASES = "/organizations/acme/releases/"
HEAD, BEFORE = (
    "2da95dfb052f477380608d59d32b4ab9aa11bb22",
    "1e6223108647a7bfc040ef0ca5c92f68ff0dd993",
)


def test_the_walk_through_with_refs(api: Api, organization: Organization, session: Session) -> None:
    make_project(session, organization, "web")
    make_repository(session, organization, "acme/shop", is_tracked=True)
    session.commit()
    body: dict[str, Any] = {
        "version": "web@2.0.0",
        "projects": ["web"],
        "refs": [{"repository": "acme/shop", "commit": HEAD, "previousCommit": BEFORE}],
    }
    answer = api.send("POST", RELEASES, body)
    assert answer.status_code == 201, answer.text
    answer = api.send("POST", RELEASES, body)
    assert answer.status_code == 208, answer.text


def test_the_walk_through_with_commits(
    api: Api, organization: Organization, session: Session
) -> None:
    make_project(session, organization, "web")
    session.commit()
    body: dict[str, Any] = {
        "version": "web@2.0.0",
        "projects": ["web"],
        "commits": [
            {"id": HEAD, "repository": "acme/shop"},
            {"id": BEFORE, "repository": "acme/shop"},
        ],
    }
    answer = api.send("POST", RELEASES, body)
    assert answer.status_code == 201, answer.text
    release = answer.get_json()
    assert release["commitCount"] == 2
    assert release["lastCommit"]["id"] == HEAD
    assert release["commitList"]["basis"] == "explicit"
    assert release["commitList"]["state"] == "complete"
    assert api.send("POST", RELEASES, body).status_code == 208
    assert [commit["id"] for commit in api.read(RELEASES + "web@2.0.0/commits/")] == [HEAD, BEFORE]
