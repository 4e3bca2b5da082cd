"""Projects and their keys: listed, made, renamed, switched off, deleted; and what that does."""

from __future__ import annotations

import re

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from models import Organization, Project, ProjectKey, RepositoryProject
from tests.clock import Clock
from tests.factories import NOW, make_event_row, make_issue, make_key, make_project, make_repository
from tests.sdk import envelope
from tests.webapp.settings.conftest import Lines, Post
from webapp.project_keys import REFUSED
from webapp.sdk_snippets import PLATFORMS, list_snippets

PAGE = "/o/acme/settings/projects/"
WEB = f"{PAGE}web/"


@pytest.fixture
def web(session: Session, organization: Organization) -> Project:
    project = make_project(session, organization, "web", name="The shop", platform="python")
    session.commit()
    return project


@pytest.fixture
def key(session: Session, web: Project) -> ProjectKey:
    key = make_key(session, web)
    session.commit()
    return key


def test_projects_are_listed_with_what_feeds_them(
    member: FlaskClient, session: Session, organization: Organization, web: Project
) -> None:
    for name, is_tracked in (("acme/web", True), ("acme/gone", False)):
        repository = make_repository(session, organization, name, is_tracked=is_tracked)
        session.add(RepositoryProject(repository_id=repository.id, project_id=web.id))
    issue = make_issue(session, web)
    make_event_row(session, issue, happened_at=NOW)
    make_project(session, organization, "empty")
    session.commit()

    page = member.get(PAGE).text

    row = " ".join(
        re.sub(r"<[^>]*>", " ", page.split("/projects/web/")[1].split("</tr>")[0]).split()
    )
    assert row.endswith("web The shop python acme/web 1 5 Jan 2026, 10:00")
    assert "acme/gone" not in page
    assert "New project" not in page  # of members
    assert "none" in page.split("/projects/empty/")[1]


def test_an_organization_without_projects_says_what_to_do(admin: FlaskClient) -> None:
    assert "No projects yet." in admin.get(PAGE).text


def test_a_project_is_made_with_a_key_and_a_line(
    admin: FlaskClient, session: Session, post: Post, lines: Lines
) -> None:
    answer = post(admin, PAGE, name="Mobile App", platform="javascript")

    assert (answer.status_code, answer.location) == (303, f"{PAGE}mobile-app/")
    project = session.scalars(select(Project)).one()
    assert (project.slug, project.name, project.platform) == (
        *("mobile-app", "Mobile App", "javascript"),
    )
    key = session.scalars(select(ProjectKey)).one()
    page = admin.get(answer.location).text
    assert f"http://{key.public_key}@127.0.0.1:8000/{project.id}" in page
    assert "@sentry/browser" in page
    assert lines() == [
        (
            "project_created",
            {"name": "Mobile App", "platform": "javascript", "subject": "mobile-app"},
        )
    ]


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        pytest.param({"name": "!!!"}, "is not a usable slug", id="no slug"),
        pytest.param({"name": "x", "slug": "Upper"}, "is not a usable slug", id="bad slug"),
        pytest.param({"name": "x", "slug": "web"}, "exists already", id="taken"),
        pytest.param({"name": "x" * 129, "slug": "x"}, "1 to 128 characters", id="long"),
        pytest.param({"name": "x", "platform": "y" * 65}, "at most 64 characters", id="platform"),
        pytest.param({}, "1 to 128 characters", id="empty"),
    ],
)
def test_a_project_that_cannot_be_is_refused_and_what_was_typed_stays(
    admin: FlaskClient,
    session: Session,
    web: Project,
    post: Post,
    lines: Lines,
    fields: dict[str, str],
    says: str,
) -> None:
    answer = post(admin, PAGE, **fields)

    assert answer.status_code in (400, 409)
    assert says in answer.text
    assert f'value="{fields.get("name", "")}"' in answer.text
    assert session.scalars(select(Project.slug)).all() == ["web"]
    assert lines() == []


def test_name_and_platform_change_and_the_slug_stays(
    admin: FlaskClient, session: Session, web: Project, post: Post, lines: Lines
) -> None:
    assert post(admin, WEB, name=" Shop ", platform="cobol", slug="other").location == WEB

    session.refresh(web)
    assert (web.slug, web.name, web.platform) == ("web", "Shop", "cobol")
    assert "cobol" in admin.get(WEB).text  # among what can be chosen, though nobody offers it
    assert [
        (data["subject"], data["setting"], data["before"], data["after"]) for _, data in lines()
    ] == [
        ("project web", "name", "The shop", "Shop"),
        ("project web", "platform", "python", "cobol"),
    ]
    assert post(admin, WEB, name="  ").status_code == 400
    assert post(admin, WEB, name="Shop", platform="cobol").status_code == 303
    assert len(lines()) == 2


def test_keys_are_made_renamed_and_switched(
    admin: FlaskClient, session: Session, key: ProjectKey, post: Post, lines: Lines
) -> None:
    address = f"{WEB}keys/{key.id}/"
    post(admin, f"{WEB}keys/", name="mobile")
    post(admin, address, name="server")
    post(admin, address, take="no")
    page = admin.get(WEB).text
    post(admin, address, take="yes")

    session.refresh(key)
    assert (key.name, key.is_active) == ("server", True)
    assert "refuses events" in page
    made = session.scalars(select(ProjectKey).order_by(ProjectKey.id)).all()[-1]
    assert made.name == "mobile"
    old, new, other = (
        f"project web, key {name} ({digits[:8]})"
        for name, digits in (
            *(("Default", key.public_key), ("server", key.public_key)),
            ("mobile", made.public_key),
        )
    )
    assert lines() == [
        ("key_created", {"subject": other}),
        (
            "setting_changed",
            {"setting": "name", "before": "Default", "after": "server", "subject": old},
        ),
        (
            "setting_changed",
            {"setting": "takes events", "before": True, "after": False, "subject": new},
        ),
        (
            "setting_changed",
            {"setting": "takes events", "before": False, "after": True, "subject": new},
        ),
    ]


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"name": ""}, "A key&#39;s name has 1 to 64 characters."),
        ({"name": "x" * 65}, "A key&#39;s name has 1 to 64 characters."),
        ({"take": "perhaps"}, "yes or no"),
    ],
)
def test_a_key_is_not_changed_into_nonsense(
    admin: FlaskClient, key: ProjectKey, post: Post, lines: Lines, fields: dict[str, str], says: str
) -> None:
    answer = post(admin, f"{WEB}keys/{key.id}/", **fields)
    assert (answer.status_code, says in answer.text) == (400, True)
    assert lines() == []


def test_deleting_a_key_is_asked_about_and_told(
    admin: FlaskClient, session: Session, web: Project, key: ProjectKey, post: Post, lines: Lines
) -> None:
    other = make_key(session, web, name="beta", last_used_at=NOW)
    session.commit()
    address = f"{WEB}keys/{other.id}/delete"

    page = admin.get(address).text
    assert "gets 403 within seconds" in page
    assert "last used" in page
    assert len(session.scalars(select(ProjectKey)).all()) == 2  # asking deletes nothing

    assert post(admin, address).location == WEB
    assert session.scalars(select(ProjectKey.id)).all() == [key.id]
    assert lines() == [
        ("key_deleted", {"subject": f"project web, key beta ({other.public_key[:8]})"})
    ]
    assert admin.get(address).status_code == post(admin, address).status_code == 404


def test_the_last_key_of_a_project_stays(
    admin: FlaskClient, session: Session, key: ProjectKey, post: Post
) -> None:
    address = f"{WEB}keys/{key.id}/delete"
    assert "This is the only key of the project." in admin.get(address).text
    answer = post(admin, address)
    assert (answer.status_code, "keeps one key" in answer.text) == (400, True)
    assert session.scalars(select(ProjectKey.id)).all() == [key.id]


def test_a_project_has_so_many_keys_and_no_more(
    admin: FlaskClient, session: Session, web: Project, post: Post
) -> None:
    for _ in range(50):
        make_key(session, web)
    session.commit()
    answer = post(admin, f"{WEB}keys/")
    assert (answer.status_code, "at most 50 keys" in answer.text) == (400, True)


def test_members_see_dsns_and_change_nothing(
    member: FlaskClient, session: Session, key: ProjectKey, post: Post, lines: Lines
) -> None:
    page = member.get(WEB).text
    assert f"http://{key.public_key}@127.0.0.1:8000/{key.project_id}" in page
    assert "sentry_sdk.init(" in page
    for word in ("Deactivate", "Delete", "Rename", "Create key", "Save"):
        assert word not in page

    one = f"{WEB}keys/{key.id}/"
    for address in (PAGE, WEB, f"{WEB}keys/", one, f"{one}delete"):
        assert post(member, address, name="Mine", take="no").status_code == 403
    assert member.get(f"{one}delete").status_code == 403
    assert lines() == []


def test_the_intake_refuses_a_deactivated_key_and_notes_the_use_of_others(
    app: Flask,
    admin: FlaskClient,
    session: Session,
    web: Project,
    key: ProjectKey,
    post: Post,
    clock: Clock,
) -> None:
    off = make_key(session, web, name="off")
    session.commit()
    post(admin, f"{WEB}keys/{off.id}/", take="no")

    def send(public_key: str) -> tuple[int, str]:
        answer = app.test_client().post(
            f"/api/{web.id}/envelope/?sentry_key={public_key}", data=envelope()
        )
        return answer.status_code, answer.get_json().get("detail", "")

    assert send(off.public_key) == (403, REFUSED)
    assert send(key.public_key) == (200, "")
    session.refresh(key)
    session.refresh(off)
    assert (key.last_used_at, off.last_used_at) == (clock.at, None)
    assert "Last used" in admin.get(WEB).text


@pytest.mark.parametrize("platform", [*PLATFORMS, None, "python-django", "cobol"])
def test_each_platform_has_something_to_copy(platform: str | None) -> None:
    dsn = "https://abc@s.example/7"
    first, *rest = list_snippets(platform, dsn=dsn, slug="web", org="acme", url="https://s.example")
    assert dsn in first.code
    assert ("sentry_sdk.init(" in first.code) == bool(platform and platform.startswith("python"))
    assert "SENTRY_URL=https://s.example SENTRY_ORG=acme SENTRY_PROJECT=web" in rest[-1].code
