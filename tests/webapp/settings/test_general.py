"""The organization's name, and whether new repositories are tracked."""

from __future__ import annotations

from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from models import Activity, Organization
from tests.webapp.conftest import csrf_token

PAGE = "/o/acme/settings/general/"


def fields(client: FlaskClient, **given: str) -> dict[str, str]:
    return {"csrf_token": csrf_token(client.get("/").text), **given}


def test_a_change_is_saved_and_leaves_a_line_for_each_setting(
    admin: FlaskClient, session: Session, organization: Organization
) -> None:
    answer = admin.post(PAGE, data=fields(admin, name="Acme Ltd"))

    assert (answer.status_code, answer.headers["Location"]) == (303, PAGE)
    session.refresh(organization)
    assert (organization.name, organization.track_new_repositories) == ("Acme Ltd", False)
    lines = session.scalars(select(Activity).order_by(Activity.id)).all()
    assert [(line.data["setting"], line.data["before"], line.data["after"]) for line in lines] == [
        ("name", "Acme Inc", "Acme Ltd"),
        ("track new repositories", True, False),
    ]
    assert {line.actor for line in lines} == {"an admin of the organization"}


def test_the_same_again_changes_nothing(
    admin: FlaskClient, session: Session, organization: Organization
) -> None:
    same = fields(admin, name="Acme Inc", track_new_repositories="on")

    assert admin.post(PAGE, data=same).status_code == 303
    assert session.scalars(select(Activity)).all() == []


def test_a_name_that_cannot_be_is_refused(
    admin: FlaskClient, session: Session, organization: Organization
) -> None:
    for name in ("", "  ", "x" * 129):
        answer = admin.post(PAGE, data=fields(admin, name=name))
        assert answer.status_code == 400
        assert "A name has 1 to 128 characters." in answer.text
    session.refresh(organization)
    assert organization.name == "Acme Inc"


def test_members_look_but_do_not_change(
    member: FlaskClient, session: Session, organization: Organization
) -> None:
    assert "disabled" in member.get(PAGE).text
    assert member.post(PAGE, data=fields(member, name="Mine")).status_code == 403
    session.refresh(organization)
    assert organization.name == "Acme Inc"
