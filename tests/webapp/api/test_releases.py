"""Releases as programs read them: shapes, aliases, filters, and how a list came about."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import quote

import pytest
from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from domain.event_tally import note_releases
from models import (
    Commit,
    CommitFile,
    Head,
    IssueRelease,
    ListState,
    Organization,
    PullRequest,
    ReleaseCommit,
    ReleaseProject,
)
from tests.factories import (
    NOW,
    make_author,
    make_commit,
    make_issue,
    make_project,
    make_release,
    make_repository,
)
from tests.webapp.api.conftest import Api, links_of
from tests.webapp.tenants import Tenant

RELEASES = "/organizations/acme/releases/"
ONE = RELEASES + "web@1.0.0/"
MOMENT = "2026-01-05T10:00:00Z"


def versions(api: Api, path: str = RELEASES, **arguments: object) -> list[str]:
    return [release["version"] for release in api.read(path, **arguments)]


def test_a_release(api: Api, own: Tenant) -> None:
    release = api.read(ONE)
    last, authors = release.pop("lastCommit"), release.pop("authors")
    commit_list = release.pop("commitList")

    assert release == {
        "id": own.release.id,
        "version": "web@1.0.0",
        "status": "open",
        "shortVersion": "web@1.0.0",
        "versionInfo": {
            "package": "web",
            "description": "1.0.0",
            "buildHash": None,
            "version": {
                "raw": "1.0.0",
                "major": 1,
                "minor": 0,
                "patch": 0,
                "pre": None,
                "buildCode": None,
                "components": 3,
            },
        },
        "ref": None,
        "url": None,
        "dateReleased": MOMENT,
        "dateCreated": MOMENT,
        "data": {},
        "newGroups": 0,
        "owner": None,
        "commitCount": 2,
        "deployCount": 0,
        "lastDeploy": None,
        "firstEvent": None,
        "lastEvent": None,
        "currentProjectMeta": {},
        "userAgent": None,
        "projects": [
            {
                "id": own.project.id,
                "slug": "web",
                "name": "web",
                "newGroups": 0,
                "platform": None,
                "platforms": [],
                "hasHealthData": False,
            }
        ],
    }
    assert last is None
    assert [author["name"] for author in authors] == ["Ana xyzzy"]
    assert commit_list == {
        "state": "complete",
        "basis": "graph",
        "cause": None,
        "remedy": None,
        "comparedWith": None,
        "alsoExcluded": [],
        "hidden": 0,
        "outsidePaths": 0,
    }


def test_what_was_reported_of_it(api: Api, own: Tenant, session: Session) -> None:
    later = make_release(session, own.repository, own.project, "web@1.1.0")
    worker = make_project(session, own.organization, "worker")
    session.add(ReleaseProject(release_id=later.id, project_id=worker.id))
    session.add(ReleaseProject(release_id=own.release.id, project_id=worker.id))
    issues = [own.issue, make_issue(session, worker), make_issue(session, worker)]
    for issue, release, day in (
        (issues[0], own.release, 0),
        (issues[0], later, 5),
        (issues[1], own.release, 1),
        (issues[2], later, 3),
    ):
        session.add(
            IssueRelease(
                issue_id=issue.id,
                release_id=release.id,
                first_seen=NOW + timedelta(days=day),
                last_seen=NOW + timedelta(days=day, hours=1),
                event_count=1,
            )
        )
    session.flush()
    note_releases(session, [issue.id for issue in issues])
    session.commit()

    one, two = api.read(ONE), api.read(RELEASES + "web@1.1.0/")
    assert (one["firstEvent"], one["lastEvent"]) == (MOMENT, "2026-01-06T11:00:00Z")
    assert (two["firstEvent"], two["lastEvent"]) == ("2026-01-08T10:00:00Z", "2026-01-10T11:00:00Z")
    assert (one["newGroups"], two["newGroups"]) == (2, 1)
    assert {told["slug"]: told["newGroups"] for told in one["projects"]} == {"web": 1, "worker": 1}
    assert {told["slug"]: told["newGroups"] for told in two["projects"]} == {"web": 0, "worker": 1}
    del one["commitList"]
    assert one in api.read(RELEASES)


def test_its_commits(api: Api, own: Tenant, session: Session) -> None:
    [newest, _] = api.read(ONE + "commits/")
    session.add(
        PullRequest(
            repository_id=own.repository.id,
            number=7,
            title="Guard",
            body="Why",
            author_login="ana",
            merge_sha=newest["id"],
            updated_at=NOW,
        )
    )
    session.commit()
    [newest, older] = api.read(ONE + "commits/")
    pull, repository = newest.pop("pullRequest"), newest.pop("repository")
    author = newest.pop("author")

    assert older["author"] == {}
    assert older["pullRequest"] is None
    assert sorted(author) == ["email", "name"]
    assert (pull["id"], pull["externalUrl"]) == ("7", "https://github.com/acme/xyzzy/pull/7")
    assert newest == {
        "id": newest["id"],
        "message": "Fixes WEB-1: xyzzy",
        "dateCreated": MOMENT,
        "suspectCommitType": "",
        "releases": [
            {
                "version": "web@1.0.0",
                "shortVersion": "web@1.0.0",
                "ref": None,
                "url": None,
                "dateReleased": MOMENT,
                "dateCreated": MOMENT,
            }
        ],
    }
    assert repository == {
        "id": str(own.repository.id),
        "name": "acme/xyzzy",
        "url": "https://github.com/acme/xyzzy",
        "provider": {"id": "integrations:github", "name": "GitHub"},
        "status": "active",
        "dateCreated": MOMENT,
        "integrationId": None,
        "externalSlug": "acme/xyzzy",
        "externalId": str(own.repository.github_id),
    }
    assert api.read("/organizations/acme/repos/") == [repository]
    of_repository = api.read(f"/organizations/acme/repos/{own.repository.id}/commits/")
    assert {commit["id"] for commit in of_repository} == {newest["id"], older["id"]}


def test_commits_of_several_heads_come_once_by_position_in_both_directions(
    api: Api, own: Tenant, session: Session
) -> None:
    old = [make_commit(session, own.repository, message=f"old {i}") for i in range(3)]
    new = [make_commit(session, own.repository, message=f"new {i}") for i in range(3)]
    hidden = make_commit(session, own.repository, message="#skipsentry", is_hidden=True)
    release = make_release(
        session, own.repository, own.project, "web@2.0.0", tag="v2.0.0", commits=old
    )
    later = make_release(
        session,
        own.repository,
        own.project,
        "web@2.0.1",
        commits=[new[0], old[0], hidden, *new[1:]],
        head={"made_at": NOW + timedelta(days=1)},
    )
    session.flush()
    for table in (Head, ReleaseCommit):
        of_later = table.release_id == later.id
        session.execute(update(table).where(of_later).values(release_id=release.id))
    session.commit()
    expected = ["old 0", "new 0", "old 1", "old 2", "new 1", "new 2"]
    path = RELEASES + "web@2.0.0/commits/"

    assert [commit["message"] for commit in api.read(path)] == expected
    pages = list(api.pages(path, per_page=4))
    assert [[c["message"] for c in page] for page in pages] == [expected[:4], expected[4:]]
    cursor = links_of(api.get(path, per_page=4))["next"]["cursor"]
    second = api.get(path, per_page=2, cursor=cursor)
    back = list(
        api.pages(path, "previous", per_page=2, cursor=links_of(second)["previous"]["cursor"])
    )
    assert [[c["message"] for c in page] for page in back] == [expected[2:4], expected[:2]]


def test_files(api: Api, own: Tenant, session: Session) -> None:
    [newest, older] = api.read(ONE + "commits/")
    other = make_repository(session, own.organization, "acme/other")
    ids = {commit.sha: commit.id for commit in session.scalars(select(Commit))}
    for sha, path, kind in [
        (older["id"], "b.py", "M"),
        (newest["id"], "b.py", "A"),
        (newest["id"], "a.py", "D"),
    ]:
        session.add(CommitFile(commit_id=ids[sha], path=path, type=kind))
    session.commit()
    path = ONE + "commitfiles/"

    files = api.read(path)
    assert [(file["filename"], file["type"]) for file in files] == [
        ("a.py", "D"),
        ("b.py", "M"),
        ("b.py", "A"),
    ]
    assert sorted(files[0]) == sorted(
        ["id", "orgId", "author", "commitMessage", "filename", "type", "repoName"]
    )
    pages = list(api.pages(path, per_page=1))
    assert [file for page in pages for file in page] == files
    assert api.read(path, repo_name="Acme/Xyzzy") == files
    assert api.read(path, repo_id=own.repository.github_id) == files
    assert api.read(path, repo_id=other.github_id) == []
    for unknown in ({"repo_id": "0"}, {"repo_id": 30 * "9"}, {"repo_name": "acme/none"}):
        assert api.refused(path, **unknown)[0] == 404


def test_a_release_is_found_by_its_tag(api: Api, own: Tenant, session: Session) -> None:
    api_project = make_project(session, own.organization, "api")
    repository = make_repository(session, own.organization)
    make_release(session, repository, api_project, "api@1.0.0", tag="v1.0.0")
    make_release(session, repository, api_project, "sub@1.2.3", tag="sub/v1.2.3")
    session.commit()

    assert api.read("/projects/acme/web/releases/v1.0.0/")["version"] == "web@1.0.0"
    assert api.read("/projects/acme/api/releases/v1.0.0/")["version"] == "api@1.0.0"
    assert api.read(RELEASES + "sub%2Fv1.2.3/")["version"] == "sub@1.2.3"
    assert api.read(RELEASES + "sub%2Fv1.2.3/commits/") == []
    for last in ("", "commits/", "commitfiles/", "previous-with-commits/"):
        status, text = api.refused(RELEASES + "v1.0.0/" + last)
        assert status == 400
        assert "web@1.0.0" in text
        assert "api@1.0.0" in text
    assert api.refused("/projects/acme/api/releases/web@1.0.0/")[0] == 404


@pytest.mark.parametrize("version", ["a b", "x%2Fy", "a?b#c", "ünï-1", "1.0+5", "a&b=c;d", "-x"])
def test_a_version_is_decoded_once(api: Api, own: Tenant, session: Session, version: str) -> None:
    make_release(session, own.repository, own.project, version)
    session.commit()

    assert api.read(RELEASES + quote(version) + "/")["version"] == version


def test_lists_are_narrowed(api: Api, own: Tenant, session: Session) -> None:
    other = make_project(session, own.organization, "api")
    for number, project in enumerate([own.project, other, other], start=1):
        make_release(
            session,
            own.repository,
            project,
            f"{project.slug}@3.{number}",
            released_at=NOW + timedelta(days=number),
        )
    session.commit()

    assert versions(api) == ["api@3.3", "api@3.2", "web@3.1", "web@1.0.0"]
    assert versions(api, project="api") == ["api@3.3", "api@3.2"]
    assert versions(api, "/projects/acme/api/releases/") == ["api@3.3", "api@3.2"]
    assert versions(api, project=own.project.id) == ["web@3.1", "web@1.0.0"]
    assert versions(api, projectSlug=["api", "web"], query="3.1") == ["web@3.1"]
    assert versions(api, project=["-1", "api"], query="WEB@") == ["web@3.1", "web@1.0.0"]
    assert versions(api, query="100%") == []
    assert versions(api, status="archived") == []
    assert versions(api, status="open", sort="date", per_page=1) == ["api@3.3"]
    assert api.refused(RELEASES, status="lost") == (400, "invalid value for status")
    assert api.refused(RELEASES, sort="beauty") == (400, "invalid sort")
    assert api.refused(RELEASES, project="none")[0] == 404


def test_an_incomplete_list_says_why(api: Api, own: Tenant, session: Session) -> None:
    make_release(
        session,
        own.repository,
        own.project,
        "web@1.1.0",
        tag="v1.1.0",
        commits=[make_commit(session, own.repository)],
        head={
            "state": ListState.incomplete,
            "cause": "a cause",
            "remedy": "a remedy",
            "basis": "latest",
            "compared_with": "v1.0.0",
            "excluded": ["v0.9"],
        },
    ).list_state = ListState.incomplete
    bare = make_release(session, own.repository, own.project, "web@4")
    session.execute(delete(Head).where(Head.release_id == bare.id))
    session.commit()

    told = api.read(RELEASES + "web@1.1.0/")["commitList"]
    assert (told["state"], told["basis"]) == ("incomplete", "latest")
    assert (told["cause"], told["remedy"]) == ("a cause", "a remedy")
    assert (told["comparedWith"], told["alsoExcluded"]) == ("web@1.0.0", ["v0.9"])
    none = api.read(RELEASES + "web@4/")["commitList"]
    assert (none["state"], none["basis"]) == ("incomplete", None)
    assert none["cause"]
    assert none["remedy"]


def test_the_previous_release_with_commits(api: Api, own: Tenant, session: Session) -> None:
    path = "previous-with-commits/"
    assert api.read(ONE + path) == {}  # nothing says what its last commit is
    commit = make_commit(
        session, own.repository, author_id=make_author(session, own.organization).id
    )
    own.release.last_commit_id = commit.id
    elsewhere = make_project(session, own.organization, "api")
    for number, project in [(1, own.project), (2, elsewhere)]:
        release = make_release(
            session,
            own.repository,
            project,
            f"web@2.{number}",
            released_at=NOW + timedelta(days=number),
        )
        release.last_commit_id = commit.id if project is elsewhere else None
    session.commit()

    for version in ("web@1.0.0", "web@2.1"):
        previous = api.read(RELEASES + version + "/" + path)
        assert previous["version"] == "web@1.0.0"
        assert previous["lastCommit"]["id"] == commit.sha
        assert previous["commitList"]["state"] == "complete"
    session.add(ReleaseProject(release_id=release.id, project_id=own.project.id))
    session.commit()
    assert api.read(RELEASES + "web@2.1/" + path)["version"] == "web@1.0.0"
    assert api.read(RELEASES + "web@2.2/" + path)["version"] == "web@2.2"


def test_a_short_id(api: Api, own: Tenant, organization: Organization) -> None:
    found = api.read("/organizations/acme/shortids/web-1/")

    group = found.pop("group")
    assert found == {
        "organizationSlug": "acme",
        "projectSlug": "web",
        "groupId": str(own.issue.id),
        "shortId": "WEB-1",
    }
    assert group["statusDetails"] == {"inRelease": "web@1.0.0", "actor": None}
    for key in ("id", "shortId", "title", "lastSeen", "status", "level"):
        assert isinstance(group[key], str)
    assert api.refused("/organizations/acme/shortids/WEB-2/")[0] == 404
