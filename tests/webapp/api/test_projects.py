from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from config import Settings
from domain.organizations import create_project
from domain.project_keys import ensure_key, make_dsn
from jobs import Runtime
from models import Organization, Project, ProjectKey, TeamProject
from models.session import Database
from tests.clock import Clock
from tests.factories import NOW, make_issue, make_project
from tests.webapp.api.conftest import Api, run_together
from tests.webapp.tenants import Tenant
from webapp import create_app
from webapp.context import shiplog

PROJECTS = "/organizations/acme/projects/"
KEYS = "/projects/acme/web/keys/"


def slugs(api: Api) -> list[str]:
    return [project["slug"] for project in api.read(PROJECTS)]


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ({"name": "Shop Front"}, ("shop-front", "Shop Front", None)),
        ({"name": " Shop ", "slug": "the-shop"}, ("the-shop", "Shop", None)),
        ({"name": "Shop", "slug": None, "platform": "python"}, ("shop", "Shop", "python")),
        ({"name": "Shop", "slug": "", "platform": "", "x": 1}, ("shop", "Shop", None)),
        ({"name": "日本", "slug": "jp"}, ("jp", "日本", None)),
        ({"name": 128 * "n", "slug": 50 * "s"}, (50 * "s", 128 * "n", None)),
    ],
)
def test_a_project_is_made_with_a_key(
    api: Api, organization: Organization, body: dict[str, Any], told: tuple[str, str, str | None]
) -> None:
    answer = api.post(PROJECTS, body)

    assert answer.status_code == 201, answer.text
    made = answer.get_json()
    assert (made["slug"], made["name"], made["platform"]) == told
    assert api.read(PROJECTS) == [made]
    assert api.read(f"/projects/acme/{made['slug']}/") == made
    [key] = api.read(f"/projects/acme/{made['slug']}/keys/")
    assert key["dsn"]["public"].endswith(f"/{made['id']}")


def test_who_looks_after_it_and_since_when_errors_come_in(
    api: Api, own: Tenant, session: Session
) -> None:
    session.add(TeamProject(team_id=own.team.id, project_id=own.project.id))
    make_project(session, own.organization, "idle")
    for days, count in ((5, 1), (3, 2), (9, 0)):  # the last was written down by a person
        moment = NOW - timedelta(days=days)
        make_issue(session, own.project, first_seen=moment, event_count=count)
    session.commit()

    idle, web = api.read(PROJECTS)
    assert (idle["firstEvent"], web["firstEvent"]) == (None, "2025-12-31T10:00:00Z")
    assert [team["slug"] for team in idle["teams"]] == ["acme"]
    assert [(team["slug"], team["id"]) for team in web["teams"]] == [
        ("acme", "0"),
        ("web", str(own.team.id)),
    ]
    assert api.read("/projects/acme/web/") == web


@pytest.mark.parametrize(
    ("body", "field", "words"),
    [
        ({}, "name", "This field is required."),
        ({"name": None}, "name", ""),
        ({"name": " "}, "name", "This field may not be blank."),
        ({"name": 129 * "n"}, "name", "Ensure this field has no more than 128 characters."),
        ({"name": "a\0"}, "name", "Null characters are not allowed."),
        ({"name": "日本"}, "slug", "No slug can be made of this name: state one."),
        ({"name": "123"}, "slug", "No slug can be made of this name: state one."),
        *(
            ({"name": "Shop", "slug": slug}, "slug", "Not a usable slug")
            for slug in ("A", "123", "a b", "-a", "a/b", 51 * "s", "ü")
        ),
        ({"name": "S", "platform": 65 * "p"}, "platform", "no more than 64 characters."),
        ({"name": "S", "platform": 5}, "platform", "Expected a string."),
    ],
)
def test_unusable_projects_are_refused(
    api: Api, organization: Organization, body: dict[str, Any], field: str, words: str
) -> None:
    answer = api.post(PROJECTS, body)

    assert answer.status_code == 400
    [(name, [message])] = answer.get_json().items()
    assert name == field
    assert words in message
    assert slugs(api) == []


def test_a_slug_that_is_taken_is_a_conflict(api: Api, own: Tenant, other: Tenant) -> None:
    for body in ({"name": "Web"}, {"name": "Other", "slug": "web"}):
        answer = api.post(PROJECTS, body)
        assert (answer.status_code, list(answer.get_json())) == (409, ["detail"])
    assert slugs(api) == ["web"]
    other.project.slug = "theirs"
    assert api.post(PROJECTS, {"name": "theirs"}).status_code == 201  # taken elsewhere only


def test_the_first_team_is_that_of_everybody(api: Api, own: Tenant) -> None:
    everybody, made = api.read("/organizations/acme/teams/")
    assert everybody == {"slug": "acme", "id": "0", "name": "Acme Inc"}
    assert made == {"slug": "web", "id": str(own.team.id), "name": own.team.name}

    assert api.post("/teams/people/acme/projects/", {"name": "Shop"}).status_code == 404
    assert api.post("/teams/acme/people/projects/", {"name": "Shop"}).status_code == 404
    assert api.post("/teams/acme/acme/projects/", {}).status_code == 400
    assert slugs(api) == ["web"]
    assert api.post("/teams/acme/acme/projects/", {"name": "Shop"}).status_code == 201
    assert slugs(api) == ["shop", "web"]
    assert api.post("/teams/acme/web/projects/", {"name": "Till"}).status_code == 201
    assert slugs(api) == ["shop", "till", "web"]


def test_two_projects_of_one_slug_at_once_are_one(
    app: Flask, api: Api, organization: Organization, session: Session
) -> None:
    found: list[int] = []

    def make() -> None:
        found.append(Api(app.test_client(), api.token).post(PROJECTS, {"name": "S"}).status_code)

    run_together(make, 4)

    assert sorted(found) == [201, 409, 409, 409]
    assert session.scalar(select(func.count()).select_from(ProjectKey)) == 1


def test_a_project_of_before_gets_its_key_when_somebody_asks(
    app: Flask, api: Api, own: Tenant, session: Session
) -> None:
    assert session.scalar(select(func.count()).select_from(ProjectKey)) == 0
    session.commit()
    found: list[str] = []

    def ask() -> None:
        [key] = Api(app.test_client(), api.token).read(KEYS)
        found.append(key["public"])

    run_together(ask, 4)

    assert len(found) == 4
    assert len(set(found)) == 1
    [key] = session.scalars(select(ProjectKey)).all()
    assert (key.name, key.public_key, key.project_id) == ("Default", found[0], own.project.id)


def test_a_key_is_asked_for_again_and_stays(session: Session, organization: Organization) -> None:
    project = make_project(session, organization)
    first = ensure_key(session, project.id, now=NOW)
    made = create_project(session, organization.id, "made", now=NOW)

    assert ensure_key(session, project.id, now=NOW) == first
    assert len(ensure_key(session, made.id, now=NOW)) == 1
    session.rollback()


def test_keys_are_listed_and_made(api: Api, own: Tenant, clock: Clock) -> None:
    [default] = api.read(KEYS)
    assert re.fullmatch(r"[0-9a-f]{32}", default["public"])
    assert default == {
        "id": default["id"],
        "name": "Default",
        "public": default["public"],
        "isActive": True,
        "dateCreated": clock().isoformat().replace("+00:00", "Z"),
        "dsn": {"public": f"http://{default['public']}@127.0.0.1:8000/{own.project.id}"},
    }
    assert isinstance(default["id"], str)

    made = api.post(KEYS, {"name": "Browser"})
    assert made.status_code == 201
    for body in ({}, {"name": None}, {"name": " "}):
        nameless = api.post(KEYS, body).get_json()
        assert nameless["name"] == nameless["public"][:8]
    assert api.read(KEYS)[:2] == [default, made.get_json()]
    assert len({key["public"] for key in api.read(KEYS)}) == 5


@pytest.mark.parametrize("name", [65 * "n", "\0", 5, []])
def test_a_key_with_an_unusable_name_is_refused(api: Api, own: Tenant, name: object) -> None:
    answer = api.post(KEYS, {"name": name})

    assert (answer.status_code, list(answer.get_json())) == (400, ["name"])
    assert len(api.read(KEYS)) == 1


def test_a_dsn_keeps_scheme_and_port() -> None:
    key = ProjectKey(project_id=7, public_key="abc")

    assert make_dsn(key, public_url="https://shiplog.example") == "https://abc@shiplog.example/7"
    assert make_dsn(key, public_url="http://[::1]:8000") == "http://abc@[::1]:8000/7"


def test_a_dsn_begins_with_the_public_url(settings: Settings, database: Database) -> None:
    runtime = Runtime(replace(settings, public_url="https://s.example"), database)
    app = create_app(runtime)
    run = app.test_cli_runner().invoke
    run(args=["org", "create", "acme"])
    result = run(args=["project", "create", "--org", "acme", "web", "--platform", "python"])
    shiplog(app).committer.close()

    assert re.fullmatch(r"DSN: https://[0-9a-f]{32}@s\.example/\d+", result.output.splitlines()[-1])
    with database.reading() as session:
        [project] = session.scalars(select(Project)).all()
        assert project.platform == "python"
