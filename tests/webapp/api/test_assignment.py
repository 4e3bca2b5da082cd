"""Issues assigned to members and teams, by every name that clients have for them."""

from __future__ import annotations

import pytest
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from domain.people import remove
from domain.people_identities import add_identity
from domain.provenance import Why
from models import Issue
from tests.factories import NOW, make_author, make_issue
from tests.webapp.api.conftest import Api
from tests.webapp.tenants import Tenant

ADMIN = Why(NOW, source="person", actor="ana")
REFUSAL = {"assignedTo": ["Cannot assign to non-team member"]}


@pytest.fixture
def issue(session: Session, own: Tenant) -> Issue:
    """`WEB-2`; the tenant's member goes by an address and a login, and wrote commits as another."""
    add_identity(session, own.member, "bea@acme.example", why=ADMIN)
    add_identity(session, own.member, "@Bea", why=ADMIN)
    make_author(
        session,
        own.organization,
        email="old@acme.example",
        member_id=own.member.id,
        matched_by="confirmed",
    )
    issue = make_issue(session, own.project)
    session.commit()
    return issue


def assign(api: Api, name: object) -> TestResponse:
    return api.send("PUT", "/issues/WEB-2/", {"assignedTo": name})


def found_by(api: Api, name: str) -> list[str]:
    rows = api.read("/organizations/acme/issues/", query=f"assigned:{name}")
    return [row["shortId"] for row in rows]


def test_to_a_member(api: Api, own: Tenant, issue: Issue) -> None:
    [listed] = api.read("/organizations/acme/members/")
    told = {
        "type": "user",
        "id": listed["id"],
        "name": own.member.name,
        "email": "bea@acme.example",
    }
    for name in (
        *(f"user:{listed['id']}", int(listed["id"]), "bea@acme.example", "BEA", "user:bea"),
        "old@acme.example",  # an author of commits, who is that member
    ):
        assign(api, None)
        assert assign(api, name).get_json()["assignedTo"] == told, name
    assert api.read("/issues/WEB-2/")["assignedTo"] == told
    for name in ("bea", "BEA@acme.example", "old@acme.example"):
        assert found_by(api, name) == ["WEB-2"]
    for name in ("none", "#web", "ana", "me"):
        assert "WEB-2" not in found_by(api, name)


def test_to_a_team(api: Api, own: Tenant, issue: Issue) -> None:
    listed = api.read("/organizations/acme/teams/")[-1]
    told = {"type": "team", "id": listed["id"], "name": own.team.name}
    for name in (f"team:{listed['id']}", "team:web", "#web", "#WEB"):
        assign(api, None)
        assert assign(api, name).get_json()["assignedTo"] == told, name
    assert found_by(api, "#web") == ["WEB-2"]
    assert "WEB-2" not in found_by(api, "none")

    assert assign(api, "bea").get_json()["assignedTo"]["type"] == "user"  # one assignee at a time
    assert found_by(api, "#web") == []


def test_whose_access_has_ended(api: Api, session: Session, own: Tenant, issue: Issue) -> None:
    """Nobody gives them issues any more; those that they have stay, until somebody takes them."""
    assign(api, "bea")
    remove(session, own.member, why=ADMIN)
    session.commit()

    assert api.read("/issues/WEB-2/")["assignedTo"]["name"] == own.member.name
    for name in ("bea", "old@acme.example", f"user:{own.member.id}"):
        answer = assign(api, name)
        assert (answer.status_code, answer.get_json()) == (400, REFUSAL)


def test_people_and_teams_of_others(api: Api, own: Tenant, other: Tenant, issue: Issue) -> None:
    for name in (
        *(f"user:{other.member.id}", f"team:{other.team.id}", other.author.email),
        other.member.name,
    ):
        answer = assign(api, name)
        assert (answer.status_code, answer.get_json()) == (400, REFUSAL), name
    assert api.read("/issues/WEB-2/")["assignedTo"] is None


def test_a_guess_is_nobody(api: Api, session: Session, own: Tenant, issue: Issue) -> None:
    """An author who merely has a member's name is assigned as who they are in commits."""
    make_author(
        session,
        own.organization,
        email="bea@home.example",
        member_id=own.member.id,
        matched_by="guessed",
    )
    session.commit()

    assert assign(api, "bea@home.example").get_json()["assignedTo"]["id"] == "bea@home.example"
    assert found_by(api, "bea") == []
    assert found_by(api, "bea@home.example") == ["WEB-2"]
