"""People, authors of commits, and teams, as admins change and members see them."""

from __future__ import annotations

from typing import TypeVar

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from domain.people import write_down
from domain.provenance import Why
from models import Author, Member, MemberIdentity, MemberRole, Organization, Team, TeamMember
from models.session import Database
from tests.factories import NOW, make_organization, make_project
from tests.webapp.conftest import StatementCounter, csrf_token

PEOPLE = "/o/acme/settings/people/"
TEAMS = "/o/acme/settings/teams/"
T = TypeVar("T")
ROOT = Why(NOW, source="person", actor="root")


def fields(client: FlaskClient, **given: str | list[str]) -> dict[str, str | list[str]]:
    return {"csrf_token": csrf_token(client.get("/").text), **given}


def fresh(session: Session, *rows: Author | Member) -> None:
    """Read *rows* anew, and leave the database to the application."""
    for row in rows:
        session.refresh(row)
    session.commit()


def read(session: Session, query: Select[T]) -> list[T]:
    found = list(session.scalars(query))
    session.commit()
    return found


@pytest.fixture
def ana(session: Session, organization: Organization) -> Member:
    member = write_down(session, organization.id, "Ana", why=ROOT)
    session.commit()
    return member


@pytest.fixture
def author(session: Session, organization: Organization) -> Author:
    row = Author(organization_id=organization.id, email="dev@x.example", name="ana", is_bot=False)
    session.add(row)
    session.commit()
    return row


def test_empty_pages_say_what_to_do(admin: FlaskClient) -> None:
    assert "Nobody has signed in with GitHub yet." in admin.get(PEOPLE).text
    assert "There are no teams." in admin.get(TEAMS).text
    assert "There are none of these." in admin.get(f"{PEOPLE}authors/").text


def test_somebody_is_written_down_with_an_address(
    admin: FlaskClient, session: Session, author: Author
) -> None:
    sent = fields(admin, name="Bea", identity="dev@x.example")
    answer = admin.post(PEOPLE, data=sent, follow_redirects=True)

    assert "Bea" in answer.text
    assert "dev@x.example" in answer.text
    fresh(session, author)
    assert (author.matched_by, read(session, select(Member.name))) == ("confirmed", ["Bea"])


def test_an_address_that_is_none_writes_nobody_down(admin: FlaskClient, session: Session) -> None:
    answer = admin.post(PEOPLE, data=fields(admin, name="Bea", identity="no thing"))
    assert answer.status_code == 400
    assert "neither an e-mail address nor a GitHub login" in answer.text
    assert read(session, select(Member)) == []


def test_an_admin_appoints_merges_and_removes(
    admin: FlaskClient, session: Session, organization: Organization, ana: Member
) -> None:
    bob = write_down(session, organization.id, "Bob", why=ROOT)
    session.commit()
    address = f"{PEOPLE}{ana.id}/"
    admin.post(f"{address}role", data=fields(admin, role="admin"))
    fresh(session, ana)
    assert ana.role == MemberRole.admin
    assert "nothing automatic changes it" in admin.get(address).text

    admin.post(f"{address}merge", data=fields(admin, other=str(bob.id)))
    assert read(session, select(Member.id)) == [ana.id]

    admin.post(f"{address}access", data=fields(admin, act="remove"))
    assert "Let them in again" in admin.get(address).text
    admin.post(f"{address}access", data=fields(admin, act="take-back"))
    assert "Remove Ana" in admin.get(address).text


def test_an_author_is_confirmed_and_taken_back(
    admin: FlaskClient, session: Session, ana: Member, author: Author
) -> None:
    page = f"{PEOPLE}authors/?kind=unmatched"
    assert "dev@x.example" in admin.get(page).text
    answer = admin.post(f"{PEOPLE}authors/{author.id}", data=fields(admin, member=str(ana.id)))
    assert answer.status_code == 303
    fresh(session, author)
    assert (author.member_id, author.matched_by) == (ana.id, "confirmed")
    [identity] = read(session, select(MemberIdentity))

    admin.post(f"{PEOPLE}{ana.id}/identities/{identity.id}/drop", data=fields(admin))
    admin.post(f"{PEOPLE}authors/{author.id}", data=fields(admin, member="nobody", kind="x"))
    fresh(session, author)
    assert (author.member_id, author.matched_by) == (None, "nobody")
    assert "nobody here" in admin.get(f"{PEOPLE}authors/?kind=nobody&q=DEV").text


def test_a_team_is_made_changed_and_deleted(
    admin: FlaskClient, session: Session, organization: Organization, ana: Member
) -> None:
    project = make_project(session, organization, "web")
    session.commit()
    made = admin.post(TEAMS, data=fields(admin, name="Back End"))
    assert made.headers["Location"] == f"{TEAMS}back-end/"
    sent = fields(admin, name="Backend", members=[str(ana.id)], projects=[str(project.id)])
    page = admin.post(f"{TEAMS}back-end/", data=sent, follow_redirects=True).text
    assert page.count(" checked") == 2
    assert "Backend" in admin.get(TEAMS).text

    admin.post(f"{TEAMS}back-end/delete", data=fields(admin))
    assert read(session, select(Team)) == []
    assert read(session, select(TeamMember)) == []


@pytest.mark.parametrize("name", ["", "acme", "!", "x" * 200, "twice"])
def test_a_team_that_cannot_be_is_refused(admin: FlaskClient, session: Session, name: str) -> None:
    admin.post(TEAMS, data=fields(admin, name="Twice"))
    assert admin.post(TEAMS, data=fields(admin, name=name)).status_code in (400, 409)
    assert read(session, select(Team.slug)) == ["twice"]


def test_what_another_organization_has_is_not_found(
    admin: FlaskClient, session: Session, organization: Organization, ana: Member
) -> None:
    other = make_organization(session, "other")
    stranger = write_down(session, other.id, "Eve", why=ROOT)
    team = Team(organization_id=other.id, slug="theirs", name="theirs", created_at=NOW)
    author = Author(organization_id=other.id, email="eve@x.example", name="", is_bot=False)
    session.add_all([team, author])
    session.commit()
    paths = [
        (f"{PEOPLE}{stranger.id}/role", {"role": "admin"}),
        (f"{PEOPLE}{stranger.id}/access", {"act": "remove"}),
        (f"{PEOPLE}{stranger.id}/identities", {"identity": "x@y.example"}),
        (f"{PEOPLE}{ana.id}/merge", {"other": str(stranger.id)}),
        (f"{PEOPLE}authors/{author.id}", {"member": str(ana.id)}),
        (f"{TEAMS}theirs/", {"name": "mine"}),
        (f"{TEAMS}theirs/delete", {}),
    ]
    for path, sent in paths:
        assert admin.post(path, data=fields(admin, **sent)).status_code == 404, path
    assert admin.get(f"{PEOPLE}{stranger.id}/").status_code == 404
    assert admin.get(f"{TEAMS}theirs/").status_code == 404


def test_members_look_but_do_not_change(
    member: FlaskClient, session: Session, ana: Member, author: Author
) -> None:
    for page in (PEOPLE, f"{PEOPLE}{ana.id}/", f"{PEOPLE}authors/?kind=guessed", TEAMS):
        shown = member.get(page)
        assert shown.status_code == 200
        assert shown.text.count('method="post"') == 1, page  # to sign out
    for path, sent in [
        (PEOPLE, {"name": "Bea"}),
        (f"{PEOPLE}{ana.id}/role", {"role": "admin"}),
        (f"{PEOPLE}authors/{author.id}", {"member": "nobody"}),
        (TEAMS, {"name": "Mine"}),
    ]:
        assert member.post(path, data=fields(member, **sent)).status_code == 403


def test_no_statement_a_person(
    admin: FlaskClient, session: Session, organization: Organization, database: Database
) -> None:
    counts = []
    for number in range(3):
        with StatementCounter().on(database) as counter:
            assert admin.get(PEOPLE).status_code == 200
        counts.append(len(counter.statements))
        for each in range(5):
            write_down(session, organization.id, f"P{number}-{each}", why=ROOT)
        session.commit()
    assert len(set(counts)) == 1
