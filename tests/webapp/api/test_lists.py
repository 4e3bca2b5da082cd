"""What every list and every route keeps to: cursors, sizes, statements, hostile input."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from flask import Flask, abort
from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.project_keys import create_key
from models import Commit, CommitFile, Head, ReleaseCommit
from models.session import Database
from tests.factories import (
    NOW,
    make_author,
    make_commit,
    make_deploy,
    make_environment,
    make_event_row,
    make_issue,
    make_project,
    make_release,
    make_repository,
    make_resolution,
)
from tests.webapp.api.conftest import Api, MakeApi, links_of
from tests.webapp.api.test_access import BODIES, ROUTES, WRITES, address
from tests.webapp.conftest import StatementCounter
from tests.webapp.tenants import Tenant

LISTS = [route for route in ROUTES if route.startswith("list_")]


def add_more(session: Session, tenant: Tenant, number: int) -> None:
    organization, project = tenant.organization, make_project(session, tenant.organization)
    repository = make_repository(session, organization, is_tracked=True)
    author = make_author(session, organization)
    commits = [
        make_commit(
            session,
            tenant.repository,
            author_id=author.id,
            committed_at=None if number == 3 else NOW + timedelta(minutes=number % 5),
        )
    ]
    session.add(CommitFile(commit_id=commits[0].id, path=f"p{number % 3}", type="M"))
    release = make_release(session, repository, tenant.project, f"web@2.{number}", commits=commits)
    release.released_at = NOW + timedelta(minutes=number // 2)
    release.last_commit_id = commits[0].id
    make_resolution(session, make_issue(session, project), release, commits[0])
    create_key(session, tenant.project.id, now=NOW)
    environment = make_environment(session, organization, f"e{number}")
    for deployed, at in ((release, tenant.project), (tenant.release, project)):
        make_deploy(
            session,
            deployed,
            at,
            environment=environment,
            finished_at=NOW + timedelta(minutes=number // 3),
        )
    _list_in_release(session, tenant, commits[0], number)
    moment = NOW + timedelta(minutes=number // 2)
    make_issue(session, tenant.project, last_seen=moment, assigned_to=author.email)
    make_event_row(session, tenant.issue, happened_at=moment)


def _list_in_release(session: Session, tenant: Tenant, commit: Commit, number: int) -> None:
    head = session.scalars(select(Head).where(Head.release_id == tenant.release.id)).one()
    session.add(
        ReleaseCommit(
            head_id=head.id,
            commit_id=commit.id,
            release_id=tenant.release.id,
            position=10 + number,
        )
    )


@pytest.mark.parametrize("route", ROUTES)
def test_the_number_of_statements_does_not_grow(
    api: Api, own: Tenant, database: Database, session: Session, route: str
) -> None:
    path = address(route, own)
    api.read(path)  # notes the token's use
    few, many = StatementCounter(), StatementCounter()
    add_more(session, own, 0)
    session.commit()
    with few.on(database):
        api.read(path)
    for number in range(1, 21):
        add_more(session, own, number)
    session.commit()
    with many.on(database):
        api.read(path)

    assert len(many.statements) == len(few.statements), "\n".join(many.statements)
    assert len(many.statements) <= 13


@pytest.mark.parametrize("route", LISTS)
def test_pages_in_both_directions_are_the_list(
    api: Api, own: Tenant, session: Session, route: str
) -> None:
    for number in range(7):
        add_more(session, own, number)
    session.commit()
    path = address(route, own)
    whole = api.read(path)

    pages = list(api.pages(path, per_page=3, cursor=""))
    assert [item for page in pages for item in page] == whole
    assert all(len(page) == 3 for page in pages[:-1])
    assert links_of(api.get(path))["previous"]["results"] == "false"
    assert links_of(api.get(path))["next"]["results"] == "false"

    answer = api.get(path, per_page=3)
    while (link := links_of(answer)["next"])["results"] == "true":
        answer = api.get(path, per_page=3, cursor=link["cursor"])
    link = links_of(answer)["previous"]
    if link["results"] == "true":
        back = list(api.pages(path, "previous", per_page=3, cursor=link["cursor"]))
        assert [item for page in reversed(back) for item in page] == [
            item for page in pages[:-1] for item in page
        ]


def test_the_header_names_both_relations_and_repeats_what_was_asked(
    api: Api, own: Tenant, session: Session
) -> None:
    add_more(session, own, 1)
    session.commit()
    answer = api.get("/organizations/acme/releases/", per_page=1, query="web", cursor="")

    links = links_of(answer)
    assert list(links) == ["previous", "next"]
    address = urlsplit(links["next"]["url"])
    assert address.netloc == "127.0.0.1:8000"
    assert address.path == "/api/0/organizations/acme/releases/"
    assert parse_qs(address.query) == {
        "per_page": ["1"],
        "query": ["web"],
        "cursor": [links["next"]["cursor"]],
    }


@pytest.mark.parametrize("route", LISTS)
@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ({"per_page": "x"}, "Invalid per_page parameter."),
        ({"per_page": 5000 * "9"}, "Invalid per_page parameter."),
        ({"per_page": "0"}, "Invalid per_page value. Must be between 1 and 100."),
        ({"per_page": "-1"}, "Invalid per_page value. Must be between 1 and 100."),
        ({"per_page": "101"}, "Invalid per_page value. Must be between 1 and 100."),
        ({"cursor": "x"}, "Invalid cursor parameter."),
        ({"cursor": "1:2"}, "Invalid cursor parameter."),
        ({"cursor": "1:2:3"}, "Invalid cursor parameter."),
        ({"cursor": "1:2:0\n"}, "Invalid cursor parameter."),
        ({"cursor": "٣:0:0"}, "Invalid cursor parameter."),
        ({"cursor": 30 * "9" + ":0:0"}, "Invalid cursor parameter."),
    ],
)
def test_unusable_places_and_sizes(
    api: Api, own: Tenant, route: str, arguments: dict[str, str], text: str
) -> None:
    assert api.refused(address(route, own), **arguments) == (400, text)


@pytest.mark.parametrize("route", LISTS)
def test_made_up_places_break_nothing(api: Api, own: Tenant, route: str) -> None:
    numbers = ["0", "1", "-1", "100", str(2**31), 18 * "9", "-" + 18 * "9"]
    for value in numbers:
        for offset in numbers:
            for backwards in "01":
                cursor = f"{value}:{offset}:{backwards}"
                answer = api.get(address(route, own), cursor=cursor)
                assert answer.status_code in (200, 400), cursor
                assert answer.mimetype == "application/json"


HOSTILE = ["%00", "a%00b", "%FF%FE", "%ED%A0%80", "%0D%0A", ".." , "%2E%2E", 30 * "9", "-1",
           5000 * "9", "%25", "'\"<>", "%C3%BC", "%20", "٣", "latest", "a" * 300]  # fmt: skip


@pytest.mark.parametrize("route", ROUTES)
def test_hostile_names_are_not_found(api: Api, own: Tenant, route: str) -> None:
    names = {"org": "acme", "project": "web", "version": "web@1.0.0", "short_id": "WEB-1"}
    names |= {"repository": str(own.repository.id), "issue": "WEB-1", "event": own.event_id}
    for part in names:
        if f"{{{part}}}" not in ROUTES[route][0]:
            continue
        for text in HOSTILE:
            if (route, part, text) == ("show_issue_event", "event", "latest"):
                continue  # means the newest
            answer = api.get(ROUTES[route][0].format_map({**names, part: text}))
            assert answer.status_code in (400, 404), (part, text)
            assert answer.mimetype == "application/json"
            assert list(answer.get_json()) == ["detail"]


@pytest.mark.parametrize("route", WRITES)
def test_nothing_is_written_to_hostile_names(api: Api, own: Tenant, route: str) -> None:
    method, rule, _ = WRITES[route]
    names = {"org": "acme", "project": "web", "version": "web@1.0.0", "team": "acme"}
    names |= {"repository": str(own.repository.id), "issue": "WEB-1"}
    for part in names:
        if f"{{{part}}}" not in rule:
            continue
        for text in HOSTILE:
            place = rule.format_map({**names, part: text})
            answer = api.send(method, place, BODIES.get(route, {}))
            assert answer.status_code in (400, 404), (part, text)
            assert list(answer.get_json()) == ["detail"]


@pytest.mark.parametrize("route", LISTS)
def test_hostile_arguments_break_nothing(api: Api, own: Tenant, route: str) -> None:
    names = ["query", "status", "sort", "project", "projectSlug", "integration_id"]
    for name in [*names, "repo_id", "repo_name", "environment", "start", "statsPeriod"]:
        for text in ["", "\0", "a\0", "%", "\\", 30 * "9", "-1", "é", "\ud7ff", "x" * 3000]:
            answer = api.get(address(route, own), **{name: text})
            assert answer.status_code in (200, 400, 404), (name, text)
            assert answer.mimetype == "application/json"


def test_errors_are_json_with_one_key(app: Flask, make_api: MakeApi) -> None:
    @app.get("/api/0/broken/")
    def broken() -> str:
        raise RuntimeError("with details inside")

    @app.get("/api/0/large/")
    def large() -> str:
        abort(413)

    api = make_api("org:read")
    app.config["PROPAGATE_EXCEPTIONS"] = False
    status, text = api.refused("/broken/")
    assert status == 500
    assert "inside" not in text
    assert api.refused("/large/")[0] == 413
    for unknown in ("/nothing/", "/users/me/regions/", "/organizations/acme/nothing/"):
        assert api.refused(unknown) == (404, "The requested resource does not exist")
    assert app.test_client().get("/api").mimetype == "text/html"


def test_a_missing_slash_at_the_end_is_no_redirect(api: Api, own: Tenant) -> None:
    for route in ROUTES:
        path = address(route, own)
        assert api.read(path.rstrip("/")) == api.read(path)


def test_the_root_says_what_a_token_may_do(make_api: MakeApi, app: Flask) -> None:
    api = make_api("project:read", "org:read")

    auth = {"scopes": ["org:read", "project:read"]}
    assert api.read("/") == {"version": "0", "auth": auth, "user": None}
    nobody = Api(app.test_client(), None)
    assert nobody.read("/") == {"version": "0", "auth": None, "user": None}


def test_organizations_and_projects(api: Api, own: Tenant) -> None:
    [organization] = api.read("/organizations/")
    assert api.read("/organizations/acme/") == organization
    for key in ("isEarlyAdopter", "require2FA", "requireEmailVerification"):
        assert organization[key] is False
    assert organization["id"] == str(own.organization.id)
    assert organization["features"] == []
    assert organization["dateCreated"].endswith("Z")
    [project] = api.read("/organizations/acme/projects/")
    assert api.read("/projects/acme/web/") == project
    assert (project["id"], project["slug"]) == (str(own.project.id), "web")
    assert project["team"] == {"id": "0", "slug": "acme", "name": "Acme Inc"}


def test_repositories_are_narrowed(api: Api, own: Tenant, session: Session) -> None:
    make_repository(session, own.organization, "acme/untracked")
    make_repository(session, own.organization, "acme/gone", is_tracked=True, is_accessible=False)
    session.commit()

    def names(**arguments: object) -> list[tuple[str, str]]:
        found = api.read("/organizations/acme/repos/", **arguments)
        return [(one["name"], one["status"]) for one in found]

    assert names() == names(status="active") == [("acme/xyzzy", "active")]
    assert names(status="hidden") == [("acme/gone", "hidden"), ("acme/untracked", "hidden")]
    assert names(status="deleted") == names(query="nothing") == names(integration_id="x") == []
    assert names(query="XYZ") == names()
    assert api.refused("/organizations/acme/repos/", status="lost")[0] == 400
