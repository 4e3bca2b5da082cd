from __future__ import annotations

import pytest
from flask.testing import FlaskClient
from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from jobs import Runtime, drain
from models import Head, IssueRelease, Organization, Project, Release, ReleaseAlias, ReleaseProject
from models.session import Database
from tests.clock import Clock
from tests.events import digest, make_event
from tests.factories import NOW, make_issue, make_project, make_release, make_repository
from tests.webapp.conftest import StatementCounter, csrf_token

PAGE = "/o/acme/doctor"


@pytest.fixture
def project(session: Session, organization: Organization, clock: Clock) -> Project:
    """Its release web@1.0.0 is called otherwise by two events; one event names none."""
    project = make_project(session, organization, "web")
    repository = make_repository(session, organization)
    make_release(session, repository, project, "web@1.0.0", tag="v1.0.0")
    events = [make_event(release=name) for name in ("1.0.0", "1.0.0", None)]
    digest(session, project.id, events, now=clock())
    session.commit()
    return project


def form(client: FlaskClient, **fields: str) -> dict[str, str]:
    return {"csrf_token": csrf_token(client.get("/").text), **fields}


def versions(session: Session) -> list[str]:
    session.expire_all()
    found = list(session.scalars(select(Release.version).order_by(Release.version)))
    session.rollback()
    return found


def test_without_findings_the_page_says_so(member: FlaskClient) -> None:
    page = member.get(PAGE).text

    assert "Every release name in the events is known." in page
    assert "<table" not in page
    assert f'href="{PAGE}" aria-current="true">Doctor</a>' in page


def test_members_see_what_is_wrong(member: FlaskClient, project: Project) -> None:
    page = member.get(PAGE).text

    assert "“1.0.0” lacks the package before the version." in page
    assert "Set the SDK&#39;s option to release=&#34;web@1.0.0&#34;." in page
    assert "Events of the last 14 days say no release." in page
    assert "Accept as this" not in page
    assert "Admins can accept names." in page


def test_an_admin_accepts_a_name_and_takes_it_back(
    admin: FlaskClient, project: Project, session: Session, runtime: Runtime
) -> None:
    assert admin.get(PAGE).text.count(">Accept as this<") == 1

    fields = form(admin, project="web", name="1.0.0", version="web@1.0.0")
    answer = admin.post(f"{PAGE}/aliases", data=fields)
    assert (answer.status_code, answer.headers["Location"]) == (303, PAGE)
    drain(runtime)

    assert versions(session) == ["web@1.0.0"]
    page = admin.get(PAGE).text
    assert "lacks the package" not in page
    assert "by an admin" in page
    release = admin.get("/o/acme/releases/web@1.0.0").text
    assert "in web, <bdi>1.0.0</bdi> stands for this release." in release
    assert "the events of <bdi>1.0.0</bdi> are this release's." in release
    assert "By an admin of the organization." in release
    assert admin.get("/o/acme/releases/1.0.0").status_code == 200

    [alias_id] = session.scalars(select(ReleaseAlias.id))
    session.rollback()
    answer = admin.post(f"{PAGE}/aliases/{alias_id}/remove", data=form(admin))
    assert answer.status_code == 303
    assert "Accepted names" not in admin.get(PAGE).text
    assert admin.get("/o/acme/releases/1.0.0").status_code == 404
    assert admin.post(f"{PAGE}/aliases/{alias_id}/remove", data=form(admin)).status_code == 404


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"project": "web", "name": "1.0.0", "version": "web@9"}, 404),
        ({"project": "other", "name": "1.0.0", "version": "web@1.0.0"}, 404),
        ({"project": "web", "name": "web@1.0.0", "version": "web@1.0.0"}, 400),
        ({"project": "web", "name": "a\0b", "version": "web@1.0.0"}, 400),
        ({"project": "web\0", "name": "b", "version": "web@1.0.0"}, 400),
        ({"project": "web", "name": "b", "version": "web\0"}, 400),
        ({}, 404),
    ],
)
def test_what_cannot_be_accepted(
    admin: FlaskClient, project: Project, session: Session, fields: dict[str, str], status: int
) -> None:
    answer = admin.post(f"{PAGE}/aliases", data=form(admin, **fields))

    assert answer.status_code == status
    assert session.scalars(select(ReleaseAlias.id)).all() == []


def test_members_and_forged_forms_change_nothing(
    member: FlaskClient, project: Project, session: Session
) -> None:
    fields = {"project": "web", "name": "1.0.0", "version": "web@1.0.0"}

    assert member.post(f"{PAGE}/aliases", data=form(member, **fields)).status_code == 403
    assert member.post(f"{PAGE}/aliases/1/remove", data=form(member)).status_code == 403
    assert member.post(f"{PAGE}/aliases", data=fields).status_code == 400
    assert session.scalars(select(ReleaseAlias.id)).all() == []


def test_findings_come_in_pages(member: FlaskClient, project: Project, session: Session) -> None:
    repository = make_repository(session, session.get_one(Organization, project.organization_id))
    for number in range(100):
        make_release(session, repository, project, f"web@2.0.{number}")
    events = [make_event(release=f"2.0.{number}") for number in range(100)]
    digest(session, project.id, events, now=NOW)
    session.commit()

    first, second = member.get(PAGE).text, member.get(f"{PAGE}?page=2").text

    assert first.count('<th scope="row">') == 100
    assert second.count('<th scope="row">') == 2
    assert "102 findings" in first
    assert "No findings on this page" in member.get(f"{PAGE}?page=3").text
    assert member.get(f"{PAGE}?page=0").status_code == 400


@pytest.mark.slow
def test_ten_thousand_releases_take_as_many_statements(
    member: FlaskClient, project: Project, session: Session, database: Database
) -> None:
    repository = make_repository(session, session.get_one(Organization, project.organization_id))
    few, many = StatementCounter(), StatementCounter()
    with few.on(database):
        assert member.get(PAGE).status_code == 200
    fill_releases(session, project, repository.id, 10_000)

    with many.on(database):
        assert member.get(PAGE).status_code == 200

    assert len(many.statements) == len(few.statements) <= 14


def fill_releases(session: Session, project: Project, repository_id: int, size: int) -> None:
    """As many releases with a tag, and as many names that almost match them."""
    named = [
        {
            "organization_id": project.organization_id,
            "version": f"{at}{number}.0",
            "created_at": NOW,
        }
        for number in range(size)
        for at in ("web@5.", "5.")
    ]
    ids = list(
        session.scalars(insert(Release).returning(Release.id, sort_by_parameter_order=True), named)
    )
    links = [{"release_id": id_, "project_id": project.id} for id_ in ids]
    session.execute(insert(ReleaseProject), links)
    heads = [
        {"release_id": id_, "repository_id": repository_id, "name": f"v5.{number}.0", "line": "",
         "sha": f"{number:040x}", "made_at": NOW, "excluded": []}
        for number, id_ in enumerate(ids[::2])
    ]  # fmt: skip
    session.execute(insert(Head), heads)
    issue = make_issue(session, project)
    counts = [
        {
            "issue_id": issue.id,
            "release_id": id_,
            "first_seen": NOW,
            "last_seen": NOW,
            "event_count": 1,
        }
        for id_ in ids[1::2]
    ]
    session.execute(insert(IssueRelease), counts)
    session.commit()
