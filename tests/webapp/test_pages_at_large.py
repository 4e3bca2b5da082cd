"""What holds for every page: headers, errors, and the number of SQL statements."""

from __future__ import annotations

from dataclasses import replace

import pytest
from flask import Flask, abort
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from config import GitHubSettings, Settings
from jobs import Runtime
from models import CommitCoAuthor, CommitFile, Organization
from models.session import Database
from tests.events import digest, make_event
from tests.factories import (
    NOW,
    make_activity,
    make_alias,
    make_author,
    make_commit,
    make_delivery,
    make_deploy,
    make_environment,
    make_issue,
    make_link,
    make_release,
    make_repository,
    make_resolution,
)
from tests.webapp.conftest import StatementCounter
from tests.webapp.tenants import Tenant, furnish
from webapp import create_app
from webapp.context import shiplog

PAGES = [
    "/",
    "/o/acme/releases/",
    "/o/acme/releases/?q=web&repository=acme/xyzzy&project=web",
    "/o/acme/releases/web@1.0.0",
    "/o/acme/issues/",
    "/o/acme/issues/WEB-1",
    "/o/acme/doctor",
    "/o/acme/deliveries/",
    "/o/acme/repositories/",
]
POLICY = (
    "default-src 'none'; script-src 'self'; connect-src 'self'; style-src 'self'; img-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)


@pytest.mark.parametrize("address", PAGES)
def test_the_number_of_statements_does_not_grow(
    member: FlaskClient,
    database: Database,
    session: Session,
    organization: Organization,
    address: str,
) -> None:
    tenant = furnish(session, organization)
    few, many = StatementCounter(), StatementCounter()
    with few.on(database):
        assert member.get(address).status_code == 200

    for number in range(20):
        _add_more(session, tenant, number)
    session.commit()
    with many.on(database):
        assert member.get(address).status_code == 200

    assert len(many.statements) == len(few.statements), "\n".join(many.statements)
    assert len(many.statements) <= 24  # of an issue, with everybody it can be assigned to


def _add_more(session: Session, tenant: Tenant, number: int) -> None:
    organization, project = tenant.organization, tenant.project
    repository = make_repository(session, organization)
    author = make_author(session, organization)
    commit = make_commit(session, repository, author_id=author.id)
    session.add(CommitCoAuthor(commit_id=commit.id, author_id=author.id))
    session.add(CommitFile(commit_id=commit.id, path="a", type="M"))
    release = make_release(
        session, repository, project, f"web@2.{number}", tag=f"v2.{number}", commits=[commit]
    )
    make_alias(session, project, release, f"alias-{number}")
    digest(session, project.id, [make_event(release=f"2.{number}.0")], now=NOW)
    make_resolution(session, make_issue(session, project), release, commit)
    make_resolution(session, tenant.issue, release, commit)
    make_link(session, tenant.issue, commit)
    make_delivery(session, organization)
    environment = make_environment(session, organization, f"e{number}")
    make_deploy(session, release, project, environment=environment)
    make_deploy(session, tenant.release, project, environment=environment)
    for subject in ({"issue_id": tenant.issue.id}, {"release_id": tenant.release.id}):
        make_activity(session, organization, **subject)


@pytest.mark.parametrize("address", [*PAGES, "/login/x", "/nothing", "/static/pages.css"])
def test_every_answer_is_protected(
    member: FlaskClient, session: Session, organization: Organization, address: str
) -> None:
    furnish(session, organization)

    answer = member.get(address)

    assert answer.headers["Content-Security-Policy"] == POLICY
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    if answer.mimetype == "text/html":
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.text.count("<script") == 1  # our own file
        for inline in ("<script>", "<style", "style=", "onclick", "onload"):
            assert inline not in answer.text
    answer.close()  # of a file


@pytest.mark.parametrize(
    ("method", "address", "status"),
    [
        ("GET", "/nothing", 404),
        ("GET", "/o/acme/nothing", 404),
        ("DELETE", "/", 405),
        ("GET", "/logout", 405),
        ("POST", "/logout", 400),
        ("GET", "/%00", 400),
        ("GET", "/?a=%00", 400),
        ("GET", "/o/acme/releases/?q=%00", 400),
    ],
)
def test_errors_are_plain_pages(
    member: FlaskClient, method: str, address: str, status: int
) -> None:
    answer = member.open(address, method=method)

    assert answer.status_code == status
    assert answer.mimetype == "text/html"
    assert "<h1>" in answer.text
    assert ("Allow" in answer.headers) is (status == 405)


def test_a_failure_of_ours_tells_nothing(app: Flask) -> None:
    app.testing = False

    @app.get("/broken")
    def broken() -> str:
        raise RuntimeError("the innermost")

    @app.get("/large")
    def large() -> str:
        abort(413)

    answer = app.test_client().get("/broken")

    assert answer.status_code == 500
    assert "innermost" not in answer.text
    assert "Something went wrong" in answer.text
    assert app.test_client().get("/large").status_code == 413


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/auth/github",
        "/installed?installation_id=5",
        "/install",
        "/account",
        "/o/acme/issues/",
    ],
)
def test_without_a_database_from_the_start_pages_ask_to_try_again(
    settings: Settings, path: str
) -> None:
    """Which App this is has not been read yet, so no page can say how to sign in."""
    away = Database("sqlite:////no-such-directory/x.db")
    nameless = replace(settings, github=GitHubSettings())
    app = create_app(Runtime(nameless, away))
    try:
        answer = app.test_client().get(path)
    finally:
        shiplog(app).committer.close()
        away.close()

    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
    assert "The database is busy." in answer.text
