from __future__ import annotations

import json
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import insert
from sqlalchemy.orm import Session

from models import (
    Commit,
    Head,
    ListState,
    Organization,
    Project,
    Release,
    ReleaseCommit,
    ReleaseProject,
    Repository,
)
from models.session import Database
from tests.factories import (
    NOW,
    make_commit,
    make_issue,
    make_organization,
    make_project,
    make_release,
    make_repository,
    make_resolution,
    make_sha,
)
from tests.webapp.conftest import StatementCounter


@pytest.fixture
def project(session: Session, organization: Organization) -> Project:
    return make_project(session, organization, "web")


@pytest.fixture
def repository(session: Session, organization: Organization) -> Repository:
    return make_repository(session, organization, "acme/web")


def run(app: Flask, *arguments: str) -> str:
    result = app.test_cli_runner().invoke(args=["release", *arguments])
    assert result.exit_code == 0, result.output
    return result.stdout


def listed(app: Flask, *arguments: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(
        run(app, "list", "--org", "acme", "--json", *arguments)
    )
    return found


def test_a_release_as_json(
    app: Flask, session: Session, repository: Repository, project: Project
) -> None:
    hidden = make_commit(session, repository, is_hidden=True)
    newest, oldest = make_commit(session, repository), make_commit(session, repository)
    release = make_release(
        session,
        repository,
        project,
        "web@1.0.0",
        tag="v1.0.0",
        commits=[newest, hidden, oldest],
        author_count=2,
        list_state=ListState.incomplete,
        head={
            "cause": "a gap",
            "remedy": "wait",
            "compared_with": "v0.9.0",
            "excluded": ["v0.8.0"],
        },
    )
    make_resolution(session, make_issue(session, project), release, newest)
    make_resolution(session, make_issue(session, project), release, newest, ended_at=NOW)
    session.commit()
    expected: dict[str, Any] = {
        "version": "web@1.0.0",
        "projects": ["web"],
        "repository": "acme/web",
        "released_at": "2026-01-05T10:00:00Z",
        "tags": [
            {
                "name": "v1.0.0",
                "repository": "acme/web",
                "sha": newest.sha,
                "made_at": "2026-01-05T10:00:00Z",
                "deleted": False,
            }
        ],
        "list": {
            "state": "incomplete",
            "cause": "a gap",
            "remedy": "wait",
            "basis": "graph",
            "compared_with": "v0.9.0",
            "excluded": ["v0.8.0"],
        },
        "commit_count": 2,
        "hidden_count": 1,
        "outside_count": 0,
        "author_count": 2,
        "resolved_issues": ["WEB-1"],
    }
    shas = [newest.sha, hidden.sha, oldest.sha]

    assert listed(app) == [expected]
    assert listed(app, "--commits") == [expected | {"commits": shas}]
    for name in ("web@1.0.0", "v1.0.0"):
        shown = json.loads(run(app, "show", name, "--org", "acme", "--json"))
        assert shown == expected | {"commits": shas}
    readable = run(app, "show", "v1.0.0", "--org", "acme")
    assert readable.startswith("web@1.0.0\n")
    assert all(words in readable for words in ("cause: a gap", "WEB-1", *shas))


def test_each_release_has_its_own_commits(
    app: Flask, session: Session, repository: Repository, project: Project
) -> None:
    for number in range(6):
        commits = [make_commit(session, repository) for _ in range(number % 3)]
        released_at = NOW if number % 2 else None
        make_release(
            session, repository, project, f"web@{number}", commits=commits, released_at=released_at
        )
    other = make_organization(session)
    theirs = make_repository(session, other)
    make_release(
        session,
        theirs,
        make_project(session, other),
        "web@9",
        commits=[make_commit(session, theirs)],
    )
    session.commit()

    releases = listed(app, "--commits")

    assert sorted(release["version"] for release in releases) == [f"web@{n}" for n in range(6)]
    for release in releases:
        one = json.loads(run(app, "show", release["version"], "--org", "acme", "--json"))
        assert release == one
        assert len(release["commits"]) == release["commit_count"]
    text = run(app, "list", "--org", "acme", "--commits")
    assert text.count("\n  ") == 6


def test_a_release_that_nothing_is_known_of(
    app: Flask, session: Session, organization: Organization
) -> None:
    session.add(
        Release(organization_id=organization.id, version="bare", created_at=NOW, released_at=None)
    )
    session.commit()

    [release] = listed(app, "--commits")

    assert (release["repository"], release["tags"], release["commits"]) == (None, [], [])
    assert release["list"]["state"] == "incomplete"
    assert release["list"]["excluded"] == []


def test_a_tag_of_several_releases_is_named_and_refused(
    app: Flask, session: Session, organization: Organization, project: Project
) -> None:
    for name in ("web", "api"):
        repository = make_repository(session, organization)
        make_release(session, repository, project, f"{name}@1.0.0", tag="v1.0.0")
    session.commit()

    result = app.test_cli_runner().invoke(args=["release", "show", "v1.0.0", "--org", "acme"])

    assert result.exit_code == 1
    assert result.stderr == (
        "Error: 'v1.0.0' is the tag of several releases: api@1.0.0, web@1.0.0\n"
    )


def test_thousands_of_releases_take_a_few_statements(
    app: Flask,
    database: Database,
    session: Session,
    organization: Organization,
    repository: Repository,
    project: Project,
) -> None:
    _fill(session, repository, project, releases=1500, commits=20)

    counter = StatementCounter()
    with counter.on(database):
        releases = listed(app, "--commits")

    assert len(counter.statements) <= 7
    assert [len(release["commits"]) for release in releases] == [20] * 1500
    assert len({sha for release in releases for sha in release["commits"]}) == 30_000


def _fill(
    session: Session, repository: Repository, project: Project, *, releases: int, commits: int
) -> None:
    numbers, each = range(1, releases + 1), range(commits)
    common = {"commit_count": commits, "hidden_count": 0, "outside_count": 0}
    session.execute(
        insert(Release),
        [
            {
                "id": n,
                "organization_id": project.organization_id,
                "version": f"web@{n}",
                "created_at": NOW,
                "author_count": 1,
                "list_state": ListState.complete,
                **common,
            }
            for n in numbers
        ],
    )
    session.execute(
        insert(ReleaseProject), [{"release_id": n, "project_id": project.id} for n in numbers]
    )
    session.execute(
        insert(Head),
        [
            {
                "id": n,
                "release_id": n,
                "repository_id": repository.id,
                "name": str(n),
                "line": "",
                "sha": make_sha(),
                "made_at": NOW,
                "is_withdrawn": False,
                "is_stale": False,
                "state": ListState.complete,
                "basis": "graph",
                "excluded": [],
                **common,
            }
            for n in numbers
        ],
    )
    session.execute(
        insert(Commit),
        [
            {
                "id": (n - 1) * commits + i + 1,
                "repository_id": repository.id,
                "sha": make_sha(),
                "message": "",
                "files_known": False,
                "is_hidden": False,
            }
            for n in numbers
            for i in each
        ],
    )
    session.execute(
        insert(ReleaseCommit),
        [
            {
                "head_id": n,
                "release_id": n,
                "commit_id": (n - 1) * commits + i + 1,
                "position": i,
            }
            for n in numbers
            for i in each
        ],
    )
    session.commit()
