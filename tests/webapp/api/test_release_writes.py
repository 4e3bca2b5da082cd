"""Releases as clients write them: made or found again, changed, archived, deleted."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from domain.people import merge_members, write_down
from domain.people_identities import add_identity
from domain.provenance import Why
from domain.releases import sync_release_of
from domain.tag_updates import Move
from models import (
    Activity,
    Base,
    Commit,
    Head,
    Organization,
    Project,
    Release,
    Repository,
    RepositoryProject,
    Resolution,
    Tag,
)
from models.session import Database
from tests.factories import (
    NOW,
    make_activity,
    make_project,
    make_release,
    make_repository,
    make_sha,
    make_tag,
)
from tests.webapp.api.conftest import Api
from tests.webapp.tenants import Tenant

RELEASES = "/organizations/acme/releases/"
OF_WEB = "/projects/acme/web/releases/"
HEAD, BEFORE = (
    "2da95dfb052f477380608d59d32b4ab9aa11bb22",
    "1e6223108647a7bfc040ef0ca5c92f68ff0dd993",
)
LATER = "2026-11-21T18:47:44.509710261+02:00"


@pytest.fixture
def web(session: Session, organization: Organization) -> Project:
    project = make_project(session, organization, "web")
    session.commit()
    return project


@pytest.fixture
def shop(session: Session, organization: Organization, web: Project) -> Repository:
    """A tracked repository that feeds `web`."""
    repository = make_repository(session, organization, "acme/shop", is_tracked=True)
    session.add(RepositoryProject(repository_id=repository.id, project_id=web.id))
    session.commit()
    return repository


def post(api: Api, code: int = 201, path: str = RELEASES, /, **body: Any) -> Any:
    answer = api.send("POST", path, body)
    assert answer.status_code == code, answer.text
    return answer.get_json()


def put(api: Api, name: str, code: int = 200, path: str = RELEASES, /, **body: Any) -> Any:
    answer = api.send("PUT", f"{path}{name}/", body)
    assert answer.status_code == code, answer.text
    return answer.get_json()


def rows(session: Session) -> dict[str, int]:
    """How many rows each table has now."""
    session.rollback()
    counts = {
        table.name: session.scalar(select(func.count()).select_from(table)) or 0
        for table in Base.metadata.sorted_tables
    }
    session.rollback()
    return counts


def happened(session: Session) -> list[tuple[str, str | None]]:
    """Kinds of what was recorded, with the project where one is told."""
    session.rollback()
    found = [
        (one.kind, one.data.get("project"))
        for one in session.scalars(select(Activity).order_by(Activity.id))
    ]
    session.rollback()
    return found


def test_the_walk_through_with_refs(api: Api, shop: Repository, session: Session) -> None:
    body = {
        "version": "web@2.0.0",
        "projects": ["web"],
        "refs": [{"repository": "Acme/SHOP", "commit": HEAD, "previousCommit": BEFORE}],
    }
    answer = post(api, **body)

    assert (answer["version"], answer["dateReleased"], answer["lastCommit"]) == (
        "web@2.0.0",
        None,
        None,
    )
    assert answer["userAgent"].startswith("Werkzeug/")
    assert answer["commitList"].keys() >= {"state", "basis", "cause"}
    [head] = session.scalars(select(Head)).all()
    assert (head.repository_id, head.sha, head.stated_previous) == (shop.id, HEAD, BEFORE)
    before = rows(session)
    again = post(api, 208, **body)
    assert again == answer
    assert rows(session) == before


@pytest.mark.parametrize(
    "said",
    [
        {"refs": [{"repository": "acme/shop", "commit": HEAD, "previousCommit": "0" * 40}]},
        {"refs": [{"repository": "acme/shop", "commit": f"{'0' * 40}..{HEAD}"}]},
        {"headCommits": [{"repository": "acme/shop", "currentId": HEAD, "previousId": "0" * 40}]},
    ],
)
def test_the_zeros_that_a_push_of_a_new_branch_begins_with_are_no_commit(
    api: Api, shop: Repository, session: Session, said: dict[str, Any]
) -> None:
    post(api, version="web@2.0.0", projects=["web"], **said)

    [head] = session.scalars(select(Head)).all()
    assert (head.sha, head.stated_previous, head.previous_sha) == (HEAD, None, None)


def test_what_a_new_release_is_told(api: Api, web: Project, session: Session) -> None:
    told = post(
        api,
        version="1.0 beta",
        projects=[web.id],
        ref="main",
        url="https://ci.example/1?a=b",
        dateReleased=LATER,
        dateStarted="rubbish is not looked at",
        owner=None,
        unheardOf=1,
    )

    assert (told["ref"], told["url"]) == ("main", "https://ci.example/1?a=b")
    assert told["dateReleased"] == "2026-11-21T16:47:44.509710Z"
    assert [project["slug"] for project in told["projects"]] == ["web"]
    assert happened(session) == [("release_created", None), ("release_finalized", "web")]
    same = post(
        api,
        208,
        version="1.0 beta",
        projects=["web"],
        ref="x",
        url="https://x.y",
        dateReleased=LATER,
    )
    assert same == told
    assert api.read(RELEASES + "1.0%20beta/") == told


def test_who_owns_a_new_release(
    api: Api, web: Project, session: Session, organization: Organization
) -> None:
    """A member, by any name that the API has for them; of a release that is there nothing changes."""
    why = Why(NOW, source="person", actor="root")
    ana, bo = (write_down(session, organization.id, name, why=why) for name in ("Ana", "Bo"))
    add_identity(session, ana, "ana@acme.example", why=why)
    add_identity(session, ana, "@ana", why=why)
    session.commit()
    expected = {"type": "user", "id": str(ana.id), "name": "Ana", "email": "ana@acme.example"}
    names = ("ana", "ANA@acme.example", f"user:{ana.id}", str(ana.id), ana.id)
    for number, name in enumerate(names):
        told = post(api, version=f"1.{number}", projects=["web"], owner=name)
        assert told["owner"] == expected
        assert api.read(f"{RELEASES}1.{number}/")["owner"] == expected
    assert post(api, 208, version="1.0", projects=["web"], owner=bo.id)["owner"] == expected
    assert post(api, version="2.0", projects=["web"], owner="")["owner"] is None
    merge_members(session, bo, ana, why=why)
    session.commit()
    assert api.read(f"{RELEASES}1.0/")["owner"]["name"] == "Bo"


def test_projects_are_added_and_never_taken_away(
    api: Api, web: Project, session: Session, organization: Organization
) -> None:
    api_project = make_project(session, organization, "api")
    session.commit()
    post(api, version="1", projects=["web"])
    both = post(api, 201, version="1", projects=[str(api_project.id)])
    post(api, 208, version="1", projects=[])
    of_project = post(api, 208, OF_WEB, version="1", projects=["nonsense"], refs="not read here")

    assert [project["slug"] for project in both["projects"]] == ["api", "web"]
    assert both["dateCreated"] == of_project["dateCreated"]
    assert (
        post(api, 201, "/projects/acme/api/releases/", version="2")["projects"][0]["slug"] == "api"
    )
    assert api.send("POST", "/projects/acme/nowhere/releases/", {"version": "3"}).status_code == 404


REFUSED: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({}, {"version": ["This field is required."], "projects": ["This field is required."]}),
    (
        {"version": None, "projects": None},
        {"version": ["This field may not be null."], "projects": ["This field may not be null."]},
    ),
    *(
        ({"version": name}, {"version": [f"Release with name {name} is not allowed"]})
        for name in (
            "latest",
            " LATEST ",
            "",
            "  ",
            ".",
            "..",
            "a/b",
            "a\\b",
            "a\nb",
            "a\tb",
            "a\0b",
        )
    ),
    ({"version": "v" * 201}, {"version": ["Ensure this field has no more than 200 characters."]}),
    (
        {"projects": []},
        {"projects": ["A release that is not known yet needs at least one project."]},
    ),
    ({"projects": ["web", "nowhere"]}, {"projects": ["Invalid project ids or slugs"]}),
    ({"projects": ["there"]}, {"projects": ["Invalid project ids or slugs"]}),
    ({"projects": [True]}, {"projects": ["Invalid project ids or slugs"]}),
    ({"projects": ["9" * 400]}, {"projects": ["Invalid project ids or slugs"]}),
    ({"projects": "web"}, {"projects": ["Expected a list of items."]}),
    ({"owner": "nobody"}, {"owner": ["User does not have access to this organization"]}),
    ({"owner": 99}, {"owner": ["User does not have access to this organization"]}),
    ({"owner": "team:1"}, {"owner": ["User does not have access to this organization"]}),
    ({"owner": ["x"]}, {"owner": ["Expected a string."]}),
    ({"status": "gone"}, {"status": ["Invalid status gone"]}),
    ({"url": "javascript:alert(1)"}, {"url": ["Enter a valid URL."]}),
    ({"url": "http://["}, {"url": ["Enter a valid URL."]}),
    ({"ref": "r" * 201}, {"ref": ["Ensure this field has no more than 200 characters."]}),
    *(
        (
            {"dateReleased": said},
            {"dateReleased": ["A moment is written as in 2026-01-05T11:00:00Z."]},
        )
        for said in ("soon", 5, "0001-01-01T00:00:00+14:00", "2026-02-30T00:00:00Z")
    ),
    ({"commits": None}, {"commits": ["This field may not be null."]}),
    ({"refs": None}, {"refs": ["This field may not be null."]}),
    (
        {"commits": [{"id": "a", "patch_set": [{"path": "a", "type": "R"}]}]},
        {
            "commits": {
                "0": {"patch_set": {"0": {"type": ["Commit patch_set type R is not supported."]}}}
            }
        },
    ),
    (
        {"commits": [{"id": "a", "patch_set": ["a", None]}, 5]},
        {
            "commits": {
                "0": {
                    "patch_set": {
                        "0": ["Expected an object."],
                        "1": ["This field may not be null."],
                    }
                },
                "1": ["Expected an object."],
            }
        },
    ),
    (
        {"commits": [{"id": "a" * 65, "repository": "r" * 65}, {}]},
        {
            "commits": {
                "0": {
                    "id": ["Ensure this field has no more than 64 characters."],
                    "repository": ["Ensure this field has no more than 64 characters."],
                },
                "1": {"id": ["This field is required."]},
            }
        },
    ),
    (
        {"commits": [{"id": str(number), "repository": str(number)} for number in range(201)]},
        {"commits": ["The commits may name at most 200 repositories."]},
    ),
    *(
        (
            {"refs": [{"repository": "acme/shop", "commit": said}]},
            {"refs": {"0": {"commit": [message]}}},
        )
        for said, message in {
            "..a": "Commit cannot begin or end with ..",
            "a..": "Commit cannot begin or end with ..",
            "a...b": "A range of commits is written with one .. in it.",
            "a..b..c": "A range of commits is written with one .. in it.",
            "a" * 65: "Commit too long - max is 64 chars",
            "a" * 65 + "..b": "Start or end commit too long - max is 64 chars each",
            "": "This field may not be blank.",
        }.items()
    ),
    (
        {"refs": [{"repository": name, "commit": HEAD} for name in ("a/b", "acme/shop", "c/d")]},
        {"refs": ["Invalid repository names: a/b,c/d"]},
    ),
    (
        {"headCommits": [{"repository": "others/plugh", "currentId": HEAD, "previousId": None}]},
        {"refs": ["Invalid repository names: others/plugh"]},
    ),
]


def test_what_is_refused_leaves_nothing_behind(
    api: Api, shop: Repository, other: Tenant, session: Session
) -> None:
    other.project.slug = "there"
    session.commit()
    before = rows(session)
    for body, messages in REFUSED:
        whole = body if not body else {"version": "1", "projects": ["web"], **body}
        answer = api.send("POST", RELEASES, whole)
        assert (answer.status_code, answer.get_json()) == (400, messages), body
    assert rows(session) == before


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b"[" * 100_000, b'"\xff"', b"\xff\xfe{\0}\0"])
def test_what_is_no_object_is_refused(api: Api, web: Project, body: bytes) -> None:
    headers = {"Authorization": f"Bearer {api.token}"}
    answer = api.client.post(f"/api/0{RELEASES}", headers=headers, data=body)

    assert (answer.status_code, answer.get_json()) == (
        400,
        {"detail": "The body has to be a JSON object."},
    )


def test_a_tag_is_an_alias(api: Api, own: Tenant, session: Session) -> None:
    elsewhere = make_project(session, own.organization, "api")
    make_release(session, own.repository, own.project, "web@1.2", tag="v1.2")
    session.commit()

    assert post(api, 208, version="v1.2", projects=["web"])["version"] == "web@1.2"
    assert post(api, 208, OF_WEB, version="v1.2")["version"] == "web@1.2"
    assert post(api, 208, version="v1.2", projects=[], status="archived")["status"] == "archived"
    assert put(api, "v1.2", ref="main")["ref"] == "main"
    twin = post(api, 201, version="v1.2", projects=[elsewhere.id])  # no tag of that project
    assert twin["version"] == "v1.2"
    assert post(api, 201, version="v1.2", projects=["web"])["version"] == "v1.2"  # exact wins


def test_a_tag_of_several_releases_is_refused_with_their_names(
    api: Api, own: Tenant, session: Session
) -> None:
    second = make_repository(session, own.organization, is_tracked=True)
    make_release(session, second, own.project, "api@1.0.0", tag="v1.0.0")
    session.commit()
    before = rows(session)
    answer = post(api, 400, version="v1.0.0", projects=["web"])

    assert answer == {"detail": "'v1.0.0' is the tag of several releases: api@1.0.0, web@1.0.0"}
    assert put(api, "v1.0.0", 400, ref="x") == answer
    assert api.send("DELETE", RELEASES + "v1.0.0/").status_code == 400
    assert rows(session) == before


def test_a_tag_joins_the_release_of_its_own_name(
    api: Api, shop: Repository, session: Session, organization: Organization
) -> None:
    make_project(session, organization, "api")
    session.commit()
    post(api, version="v1.0.0", projects=["web"], dateReleased=LATER)
    post(api, version="v2.0.0", projects=["api"])
    made = [make_tag(session, shop, name) for name in ("v1.0.0", "v2.0.0")]
    for tag in made * 2:
        sync_release_of(session, shop, tag, move=Move(is_new=True), why=Why(now=NOW))
    session.commit()

    assert {release["version"] for release in api.read(RELEASES)} == {
        "v1.0.0",
        "v2.0.0",
        "web@2.0.0",
    }
    joined = session.scalars(
        select(Release.version).join(Head, Head.release_id == Release.id).order_by(Release.version)
    ).all()
    assert joined == ["v1.0.0", "web@2.0.0"]
    assert api.read(RELEASES + "v1.0.0/")["dateReleased"].startswith("2026-11-21")  # as stated
    assert api.read(RELEASES + "web@2.0.0/")["dateReleased"] == "2026-01-05T10:00:00Z"


def test_archiving_and_restoring(api: Api, own: Tenant, session: Session) -> None:
    def listed(**arguments: str) -> list[str]:
        return [release["version"] for release in api.read(RELEASES, **arguments)]

    def set_status(status: str, *, by_post: bool) -> str:
        told = (
            post(api, 208, version="web@1.0.0", projects=[], status=status)
            if by_post
            else put(api, "web@1.0.0", status=status)
        )
        return str(told["status"])

    for by_post in (True, False):
        assert set_status("archived", by_post=by_post) == "archived"
        assert set_status("archived", by_post=by_post) == "archived"
        assert (listed(), listed(status="archived")) == ([], ["web@1.0.0"])
        assert api.read(OF_WEB) == []
        assert set_status("open", by_post=by_post) == "open"
        assert (listed(), listed(status="archived")) == (["web@1.0.0"], [])
    kinds = [kind for kind, _ in happened(session) if kind.startswith("release_")]
    assert kinds == ["release_archived", "release_restored"] * 2


def test_a_change_changes_what_it_names(api: Api, web: Project, session: Session) -> None:
    post(api, version="1", projects=["web"], ref="main", url="https://ci.example/1")
    before, untouched = rows(session), api.read(RELEASES + "1/")
    nothing: dict[str, Any] = {
        "ref": None,
        "url": "",
        "dateReleased": None,
        "status": "",
        "commits": [],
        "refs": None,
    }
    assert put(api, "1", **nothing, version="2", projects=["nowhere"]) == untouched
    assert put(api, "1", commits=None, headCommits=None) == untouched
    assert rows(session) == before
    changed = put(api, "1", 200, OF_WEB, ref="next", url="http://ci.example/2")

    assert changed == untouched | {"ref": "next", "url": "http://ci.example/2"}
    assert put(api, "1", 400, status="gone") == {"status": ["Invalid status gone"]}
    assert put(api, "1", 400, refs=[{"repository": "a/b", "commit": "c"}]) == {
        "refs": ["Invalid repository names: a/b"]
    }
    assert api.send("PUT", RELEASES + "2/", {}).status_code == 404


def test_finalizing_is_recorded_once_for_each_project(
    api: Api, web: Project, session: Session, organization: Organization
) -> None:
    make_project(session, organization, "api")
    session.commit()
    post(api, version="1", projects=["web", "api"])
    first = put(api, "1", dateReleased=LATER, projects=["web"])
    second = put(api, "1", dateReleased="2026-11-22T00:00:00Z")

    assert first["dateReleased"] == "2026-11-21T16:47:44.509710Z"
    assert second["dateReleased"] == "2026-11-22T00:00:00Z"
    finalized = [project for kind, project in happened(session) if kind == "release_finalized"]
    assert finalized == ["api", "web"]


def test_a_project_that_joins_later_is_told_that_it_is_released(
    api: Api, web: Project, session: Session, organization: Organization
) -> None:
    make_project(session, organization, "api")
    session.commit()
    post(api, version="1", projects=["web"], dateReleased=LATER)
    post(api, 201, version="1", projects=["api", "web"], dateReleased="2020-01-01T00:00:00Z")

    finalized = [project for kind, project in happened(session) if kind == "release_finalized"]
    assert finalized == ["web", "api"]


def test_its_pages(api: Api, shop: Repository, member: FlaskClient) -> None:
    post(api, version="1", projects=["web"])
    post(api, version="2", projects=["web"], refs=[{"repository": "acme/shop", "commit": HEAD}])
    post(api, version="3", projects=["web"], commits=[{"id": HEAD, "message": "Hello there"}])

    for page in ("/", "/1", "/2", "/3"):
        shown = member.get(f"/o/acme/releases{page}")
        assert shown.status_code == 200, page
    assert "Hello there" in shown.text


def test_many_at_once_make_one(app: Flask, api: Api, shop: Repository, session: Session) -> None:
    """Locks are taken in one order: none waits in a circle, and one alone makes the release."""
    sent = [{"id": HEAD, "repository": "b"}, {"id": BEFORE, "repository": "a"}]

    def ask(number: int) -> int:
        commits = sent if number % 2 else sent[::-1]
        body = {"version": "1", "projects": ["web"], "commits": commits}
        return Api(app.test_client(), api.token).send("POST", RELEASES, body).status_code

    with ThreadPoolExecutor(4) as pool:
        codes = list(pool.map(ask, range(8)))
    assert sorted(codes) == [201] + [208] * 7
    assert rows(session)["head"] == 2
    assert rows(session)["repository"] == 3


def test_a_release_that_somebody_else_keeps_is_busy(
    app: Flask, api: Api, own: Tenant, database: Database
) -> None:
    headers = {"Authorization": f"Bearer {api.token}"}
    api.read(RELEASES)  # its use is noted now, and need not be in the next minute
    with database.transaction() as session:
        session.get_one(Release, own.release.id, with_for_update=True)
        with ThreadPoolExecutor(1) as pool:
            client = app.test_client()
            path = f"/api/0{RELEASES}web@1.0.0/"
            answer = pool.submit(client.put, path, headers=headers, json={"ref": "x"}).result()

    assert (answer.status_code, answer.get_json()) == (
        409,
        {"detail": "Release commits are currently being processed"},
    )
    assert put(api, "web@1.0.0", ref="x")["ref"] == "x"


def test_clearing(api: Api, shop: Repository, session: Session) -> None:
    post(api, version="1", projects=["web"], commits=[{"id": HEAD, "author_name": "Ana"}])
    cleared = put(api, "1", refs=[])

    assert (cleared["commitCount"], cleared["lastCommit"], cleared["authors"]) == (0, None, [])
    assert cleared["commitList"]["basis"] is None
    assert session.scalars(select(Head)).all() == []
    assert session.scalars(select(Commit.sha)).all() == [HEAD]
    session.rollback()
    kept = put(api, "1", refs=[], headCommits=[{"repository": "acme/shop", "currentId": HEAD}])
    assert kept["commitList"]
    assert session.scalars(select(Head.sha)).all() == [HEAD]


def test_deleting(api: Api, own: Tenant, session: Session) -> None:
    late = make_release(session, own.repository, own.project, "web@1.1.0", tag="v1.1.0")
    head = session.scalars(select(Head).where(Head.release_id == late.id)).one()
    head.made_at = NOW + timedelta(days=1)
    make_activity(
        session,
        own.organization,
        kind="resolved_in_release",
        issue_id=own.issue.id,
        release_id=own.release.id,
        rule="release-contains-fix",
    )
    commits = session.scalars(select(Commit.sha)).all()
    session.commit()
    answer = api.send("DELETE", RELEASES + "web@1.0.0/")

    assert (answer.status_code, answer.data) == (204, b"")
    assert api.send("DELETE", RELEASES + "web@1.0.0/").status_code == 404
    assert api.get(RELEASES + "web@1.0.0/").status_code == 404
    session.expire_all()
    assert session.scalars(select(Commit.sha)).all() == commits
    assert session.scalars(select(Tag.name).order_by(Tag.name)).all() == ["v1.0.0", "v1.1.0"]
    [resolution] = session.scalars(select(Resolution)).all()
    assert (resolution.release_id, resolution.release_version) == (None, "web@1.0.0")
    assert resolution.ended_at is None
    assert session.scalars(select(Head.name)).all() == ["v1.1.0"]
    assert "release_deleted" in [kind for kind, _ in happened(session)]
    told = session.scalars(select(Activity.kind).where(Activity.issue_id == own.issue.id)).all()
    assert "resolved_in_release" in told


@pytest.mark.parametrize("path", [RELEASES, OF_WEB])
def test_a_release_in_which_an_issue_was_first_seen_is_not_deleted(
    api: Api, own: Tenant, session: Session, path: str
) -> None:
    own.issue.first_release_id = own.release.id
    session.commit()
    before = rows(session)
    answer = api.send("DELETE", path + "web@1.0.0/")

    assert answer.status_code == 400
    assert answer.get_json() == {
        "detail": "This release is referenced by active issues and cannot be removed."
    }
    assert rows(session) == before


def test_deleting_through_a_project(api: Api, own: Tenant, session: Session) -> None:
    make_project(session, own.organization, "api")
    session.commit()

    assert api.send("DELETE", "/projects/acme/api/releases/web@1.0.0/").status_code == 404
    assert api.send("PUT", "/projects/acme/api/releases/web@1.0.0/", {}).status_code == 404
    assert api.send("DELETE", OF_WEB + "v1.0.0/").status_code == 204
    assert session.scalars(select(Release.id)).all() == []


def test_hostile_names_find_nothing(api: Api, own: Tenant) -> None:
    for name in ("%00", "%ED%A0%80", "x" * 3000, "..%2F..%2Fetc", make_sha()):
        for method in ("PUT", "DELETE"):
            assert api.send(method, f"{RELEASES}{name}/", {}).status_code in (400, 404), name


@pytest.mark.parametrize("name", ["\0b^c", "a\0", "\ud800", "x" * 5000, "9" * 40])
def test_a_name_that_no_project_can_have_is_refused(api: Api, web: Project, name: str) -> None:
    answer = api.send("POST", RELEASES, {"version": "1", "projects": ["web", name]})

    assert answer.status_code == 400
    assert answer.get_json() == {"projects": ["Invalid project ids or slugs"]}
