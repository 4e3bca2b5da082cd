from __future__ import annotations

from datetime import timedelta
from typing import Any
from urllib.parse import quote

import pytest
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from models import Activity, ApiToken, Deploy, Environment, ReleaseProject
from models.session import Database
from tests.clock import Clock
from tests.factories import make_project, make_release
from tests.webapp.api.conftest import Api, run_together
from tests.webapp.conftest import StatementCounter
from tests.webapp.tenants import Tenant

DEPLOYS = "/organizations/acme/releases/web@1.0.0/deploys/"
WHOLE = {
    "environment": "production",
    "name": "blue",
    "url": "https://ci.example.com/1",
    "dateStarted": "2026-02-01T10:00:00.123456789Z",
    "dateFinished": "2026-02-01T12:00:30+02:00",
}


def deploy(api: Api, path: str = DEPLOYS, **body: Any) -> dict[str, Any]:
    answer = api.post(path, {"environment": "production"} | body)
    assert answer.status_code == 201, answer.text
    found = answer.get_json()
    assert isinstance(found, dict)
    return found


def test_a_deploy_is_told_as_it_was_stated(api: Api, own: Tenant) -> None:
    made = deploy(api, **WHOLE)

    assert made == {
        "id": made["id"],
        "environment": "production",
        "name": "blue",
        "url": "https://ci.example.com/1",
        "dateStarted": "2026-02-01T10:00:00.123456Z",
        "dateFinished": "2026-02-01T10:00:30Z",
    }
    assert isinstance(made["id"], str)
    assert api.read(DEPLOYS) == [made]


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"name": None, "url": None, "dateStarted": None, "dateFinished": None},
        {"name": " ", "url": "", "unheard": [1]},
    ],
)
def test_what_is_left_out_is_null_but_never_the_end(
    api: Api, own: Tenant, clock: Clock, body: dict[str, Any]
) -> None:
    made = deploy(api, **body)

    assert (made["name"], made["url"], made["dateStarted"]) == (None, None, None)
    assert made["dateFinished"] == clock().isoformat().replace("+00:00", "Z")


def test_the_release_counts_it_and_keeps_its_own_date(
    api: Api, own: Tenant, session: Session
) -> None:
    own.release.released_at = None
    session.commit()
    path = "/organizations/acme/releases/web@1.0.0/"
    before = api.read(path)
    assert (before["deployCount"], before["lastDeploy"]) == (0, None)

    deploy(api, environment="staging", dateFinished="2026-02-02T10:00:00Z")
    last = deploy(api, environment="production", dateFinished="2026-02-01T10:00:00Z")

    after = api.read(path)
    assert (after["deployCount"], after["lastDeploy"]) == (2, last)
    assert after["dateReleased"] is None
    [listed] = api.read("/organizations/acme/releases/")
    assert (listed["deployCount"], listed["lastDeploy"]) == (2, last)


def test_the_timeline_says_who_deployed(api: Api, own: Tenant, session: Session) -> None:
    session.scalars(select(ApiToken)).one().name = "pipeline"
    session.commit()
    deploy(api, name="blue")

    activity = session.scalars(select(Activity).where(Activity.kind == "deployed")).one()
    assert activity.release_id == own.release.id
    assert activity.actor == "pipeline"
    assert activity.data == {
        "source": "api",
        "environment": "production",
        "name": "blue",
        "projects": ["web"],
    }


def test_an_environment_is_made_once_in_an_organization(
    api: Api, own: Tenant, other: Tenant, session: Session
) -> None:
    for name in ("production", " production ", "Production", "ünï prod-1", "production"):
        deploy(api, environment=name)

    rows = session.execute(select(Environment.organization_id, Environment.name)).all()
    assert sorted(tuple(row) for row in rows) == [
        (own.organization.id, name) for name in ("Production", "production", "ünï prod-1")
    ]


NOT_ALLOWED = "Invalid value for environment"
TOO_LONG = "Ensure this field has no more than 64 characters."
BLANK = "This field may not be blank."
NO_URL = "Enter a valid URL."
NO_MOMENT = "A moment is written as in 2026-01-05T11:00:00Z."
NOT_DATED: list[object] = [5, "5", "", "yesterday", True, []]
NUL = "Null characters are not allowed."


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        *(
            ("environment", name, NOT_ALLOWED)
            for name in ("none", ".", "..", " .. ", "a/b", "a\\b")
        ),
        *(("environment", f"a{end}b", NOT_ALLOWED) for end in "\n\r\f\v\u2028\x85"),
        ("environment", 65 * "x", TOO_LONG),
        ("environment", "", BLANK),
        ("environment", " ", BLANK),
        ("environment", "a\0", NUL),
        ("environment", 5, "Input should be a valid string"),
        ("name", 65 * "x", TOO_LONG),
        ("name", "\0", NUL),
        ("name", ["x"], "Input should be a valid string"),
        *(
            ("url", url, NO_URL)
            for url in ("x", "javascript:alert(1)", "http://", "http://[", "http://a b", "//a/b")
        ),
        ("url", "http://a/\0", NUL),
        *(
            (date, value, NO_MOMENT)
            for date in ("dateStarted", "dateFinished")
            for value in NOT_DATED
        ),
        ("dateFinished", "9999-12-31T23:59:59-12:00", "The year has to be from 1970 to 9998."),
        ("dateFinished", "1969-12-31", "The year has to be from 1970 to 9998."),
        ("projects", [], "This list may not be empty."),
        ("projects", None, "This list may not be empty."),
        ("projects", "web", "Input should be a valid list"),
    ],
)
def test_unusable_values_are_refused_and_leave_nothing(
    api: Api, own: Tenant, session: Session, field: str, value: object, message: str
) -> None:
    answer = api.post(DEPLOYS, WHOLE | {field: value})

    assert (answer.status_code, answer.get_json()) == (400, {field: [message]})
    assert_nothing_was_deployed(api, session)


@pytest.mark.parametrize("value", ["2026-02-30T00:00:00Z", "2026-02-01T25:00:00Z", "2026-0"])
def test_days_that_never_were_are_refused(api: Api, own: Tenant, value: str) -> None:
    answer = api.post(DEPLOYS, WHOLE | {"dateFinished": value})

    assert (answer.status_code, list(answer.get_json())) == (400, ["dateFinished"])


@pytest.mark.parametrize("value", [None, True, {}, 1.5, ""])
def test_a_project_has_a_name_or_a_number(api: Api, own: Tenant, value: object) -> None:
    answer = api.post(DEPLOYS, WHOLE | {"projects": ["web", value]})

    assert (answer.status_code, list(answer.get_json()["projects"])) == (400, ["1"])


def test_an_environment_is_required(api: Api, own: Tenant, session: Session) -> None:
    null = api.post(DEPLOYS, {"environment": None})
    assert (null.status_code, list(null.get_json())) == (400, ["environment"])
    answer = api.post(DEPLOYS, {"name": "blue"})

    assert (answer.status_code, answer.get_json()) == (
        400,
        {"environment": ["This field is required."]},
    )
    assert_nothing_was_deployed(api, session)


def assert_nothing_was_deployed(api: Api, session: Session) -> None:
    for table in (Environment, Deploy):
        assert session.scalar(select(func.count()).select_from(table)) == 0
    assert session.scalar(select(Activity.id).where(Activity.kind == "deployed")) is None
    session.commit()  # lets the server write
    release = api.read("/organizations/acme/releases/web@1.0.0/")
    assert (release["deployCount"], release["lastDeploy"]) == (0, None)


def test_projects_are_slugs_or_ids_of_the_release(
    api: Api, own: Tenant, other: Tenant, session: Session
) -> None:
    worker = make_project(session, own.organization, "worker")
    stranger = make_project(session, own.organization, "stranger")
    session.add(ReleaseProject(release_id=own.release.id, project_id=worker.id))
    session.commit()

    unknown = ["stranger", "nobody", stranger.id, other.project.id, str(other.project.id), "9" * 30]
    for name in unknown:
        answer = api.post(DEPLOYS, WHOLE | {"projects": ["web", name]})
        assert answer.status_code == 400
        text = f"Invalid projects ({name}) for release web@1.0.0"
        assert answer.get_json() == {"detail": text}
    both = api.post(DEPLOYS, WHOLE | {"projects": ["x", "web", "y"]}).get_json()
    assert both == {"detail": "Invalid projects (x, y) for release web@1.0.0"}
    assert_nothing_was_deployed(api, session)

    for names in (["web"], [own.project.id], [str(own.project.id)], ["web", own.project.id]):
        one = deploy(api, environment="one", projects=names)
        assert [found["id"] for found in api.read(DEPLOYS)] == [one["id"]]
    deploy(api, environment="two", projects=["worker"])
    deploy(api, environment="three")
    activities = session.scalars(select(Activity.data).where(Activity.kind == "deployed")).all()
    assert [data["projects"] for data in activities][-2:] == [["worker"], ["web", "worker"]]


def test_only_the_last_deploy_of_a_project_and_environment_is_listed(
    api: Api, own: Tenant, session: Session
) -> None:
    worker = make_project(session, own.organization, "worker")
    session.add(ReleaseProject(release_id=own.release.id, project_id=worker.id))
    session.commit()
    both = deploy(api, dateFinished="2026-02-01T10:00:00Z")
    web = deploy(api, dateFinished="2026-02-03T10:00:00Z", projects=["web"])
    staging = deploy(api, environment="staging", dateFinished="2026-02-02T10:00:00Z")
    assert api.read(DEPLOYS) == [web, staging, both]

    deploy(api, dateFinished="2026-01-01T10:00:00Z")  # told late: it is the last one of nothing
    assert api.read(DEPLOYS) == [web, staging, both]
    again = deploy(api, dateFinished="2026-02-03T10:00:00Z", projects=["web"])
    assert api.read(DEPLOYS) == [again, staging, both]
    all_again = deploy(api, dateFinished="2026-02-04T10:00:00Z")
    assert api.read(DEPLOYS) == [all_again, staging]


def test_a_release_without_projects_can_be_deployed(
    api: Api, own: Tenant, session: Session
) -> None:
    session.delete(session.scalars(select(ReleaseProject)).one())
    session.commit()
    deploy(api, dateFinished="2026-02-01T10:00:00Z")
    last = deploy(api)

    assert api.read(DEPLOYS) == [last]
    answer = api.post(DEPLOYS, WHOLE | {"projects": ["web"]})
    assert answer.get_json() == {"detail": "Invalid projects (web) for release web@1.0.0"}


@pytest.mark.parametrize("version", ["a b", "x@1+5", "50%", "ünï-1", "a&b=c;d", "-v", "x%2Fy"])
def test_any_version_can_be_deployed(api: Api, own: Tenant, session: Session, version: str) -> None:
    make_release(session, own.repository, own.project, version)
    session.commit()
    path = f"/organizations/acme/releases/{quote(version, safe='@:&=;,()!$')}/deploys/"
    made = deploy(api, path)

    assert api.read(path) == [made]
    assert api.read(DEPLOYS) == []


def test_a_tag_is_an_alias_unless_several_releases_have_it(
    api: Api, own: Tenant, session: Session
) -> None:
    by_tag = "/organizations/acme/releases/v1.0.0/deploys/"
    made = deploy(api, by_tag)
    assert api.read(by_tag) == api.read(DEPLOYS) == [made]
    assert api.post("/organizations/acme/releases/v2/deploys/", WHOLE).status_code == 404

    api_project = make_project(session, own.organization, "api")
    repository = own.repository
    repository.full_name = "acme/web"
    make_release(session, repository, api_project, "api@1.0.0", tag="sub/v1.0.0")
    session.commit()
    in_folder = "/organizations/acme/releases/sub/v1.0.0/deploys/"
    assert api.read(in_folder) == []
    deploy(api, in_folder)
    assert len(api.read("/organizations/acme/releases/api@1.0.0/deploys/")) == 1


def test_pages_keep_their_place_among_deploys_of_one_moment(
    api: Api, own: Tenant, clock: Clock
) -> None:
    made = [
        deploy(
            api,
            environment=f"e{number}",
            dateFinished=(clock() - timedelta(minutes=number // 3)).isoformat(),
        )
        for number in range(8)
    ]
    order = [made[number]["id"] for number in (2, 1, 0, 5, 4, 3, 7, 6)]

    pages = list(api.pages(DEPLOYS, per_page=3, cursor=""))

    assert [[one["id"] for one in page] for page in pages] == [order[:3], order[3:6], order[6:]]


def test_deploys_at_once_are_all_counted(app: Flask, api: Api, own: Tenant) -> None:
    run_together(lambda: deploy(Api(app.test_client(), api.token), environment="new"), 4)

    release = api.read("/organizations/acme/releases/web@1.0.0/")
    [last] = api.read(DEPLOYS)
    assert (release["deployCount"], release["lastDeploy"]) == (4, last)


def test_a_deploy_takes_few_statements(
    api: Api, own: Tenant, session: Session, database: Database
) -> None:
    deploy(api)  # notes the token's use
    few, many = StatementCounter(), StatementCounter()
    with few.on(database):
        deploy(api)
    for _ in range(20):
        project = make_project(session, own.organization)
        session.add(ReleaseProject(release_id=own.release.id, project_id=project.id))
    session.commit()
    with many.on(database):
        deploy(api)

    assert len(few.statements) == len(many.statements) <= 12, "\n".join(many.statements)


def test_releases_are_narrowed_to_those_deployed_somewhere(
    api: Api, own: Tenant, session: Session
) -> None:
    worker = make_project(session, own.organization, "worker")
    session.add(ReleaseProject(release_id=own.release.id, project_id=worker.id))
    make_release(session, own.repository, worker, "web@2.0.0")
    make_release(session, own.repository, worker, "web@3.0.0")
    session.commit()
    deploy(api, environment="staging", projects=["web"])
    deploy(api, "/organizations/acme/releases/web@2.0.0/deploys/", environment="ünï +1")

    def versions(
        *environments: str, path: str = "/organizations/acme/releases/", **more: str
    ) -> set[str]:
        found = api.read(path, environment=list(environments), **more)
        return {release["version"] for release in found}

    assert versions("staging") == {"web@1.0.0"}
    assert versions("ünï +1") == {"web@2.0.0"}
    assert versions("staging", "ünï +1", "nowhere") == {"web@1.0.0", "web@2.0.0"}
    assert versions("Staging") == versions("production") == set()
    assert versions("") == versions() == {"web@1.0.0", "web@2.0.0", "web@3.0.0"}
    assert versions("staging", project="web") == {"web@1.0.0"}
    assert versions("staging", project="worker") == set()
    assert versions("staging", path="/projects/acme/web/releases/") == {"web@1.0.0"}
