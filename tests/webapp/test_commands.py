from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import Any

import pytest
from click.testing import Result
from flask import Flask
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from config import Settings
from domain.secret_box import SecretBox
from jobs import Runtime
from models import DeliveryState, Organization, User, Work
from models.session import Database
from tests.clock import Clock
from tests.factories import make_delivery, make_project, make_repository
from webapp import create_app


def run(app: Flask, *arguments: str) -> Result:
    return app.test_cli_runner().invoke(args=list(arguments))


def lines_of(app: Flask, *arguments: str) -> list[str]:
    result = run(app, *arguments)
    assert result.exit_code == 0, result.output
    assert result.stderr == ""
    return result.stdout.splitlines()


def document_of(app: Flask, *arguments: str) -> Any:
    return json.loads("\n".join(lines_of(app, *arguments, "--json")))


def test_organizations_and_projects_are_made(app: Flask) -> None:
    assert lines_of(app, "org", "create", "acme", "--name", "Acme Inc") == ["acme"]
    assert document_of(app, "org", "create", "labs") == {"slug": "labs", "name": "labs"}
    slug, dsn = lines_of(app, "project", "create", "--org", "acme", "web")
    assert slug == "web"
    assert re.fullmatch(r"DSN: http://[0-9a-f]{32}@127\.0\.0\.1:8000/[0-9]+", dsn)
    made = document_of(app, "project", "create", "--org", "acme", "api", "--platform", "python")
    assert made.pop("dsn").startswith("http://")
    assert made == {"organization": "acme", "slug": "api", "name": "api", "platform": "python"}


def test_issues_are_numbered_in_their_project(app: Flask, organization: Organization) -> None:
    for slug in ("web", "api"):
        run(app, "project", "create", "--org", "acme", slug)

    made = [
        lines_of(app, "issue", "create", "--org", "acme", "--project", slug, "Cart is empty")
        for slug in ("web", "web", "api")
    ]

    assert made == [["WEB-1"], ["WEB-2"], ["API-1"]]
    assert document_of(
        app, "issue", "create", "--org", "acme", "--project", "web", "Another one"
    ) == {"short_id": "WEB-3", "title": "Another one", "project": "web"}


def test_a_sign_in_link_works_in_a_browser(
    app: Flask, organization: Organization, clock: Clock
) -> None:
    [url] = lines_of(app, "login-link", "--org", "acme", "--role", "admin")
    assert url.startswith("http://127.0.0.1:8000/login/")
    assert app.test_client().get(url).status_code == 200

    document = document_of(app, "login-link", "--org", "acme")
    assert document["role"] == "member"
    assert document["expires_at"] == "2026-03-01T13:00:00Z"


def test_a_set_up_link_works_in_a_browser(app: Flask) -> None:
    [url] = lines_of(app, "setup-link")
    assert url.startswith("http://127.0.0.1:8000/setup/")
    assert app.test_client().get(url).status_code == 200

    document = document_of(app, "setup-link")

    assert document["expires_at"] == "2026-03-02T12:00:00Z"
    assert app.test_client().get(document["url"]).status_code == 200
    assert app.test_client().get(url).status_code == 410


def test_secrets_are_rotated(
    settings: Settings, database: Database, session: Session, clock: Clock
) -> None:
    def app_of(*keys: str) -> Flask:
        return create_app(Runtime(replace(settings, secret_keys=keys), database, now=clock))

    token = SecretBox(["old"]).seal("gho_secret")
    session.add(User(github_id=1, login="ana", name="", access_token=token, created_at=clock()))
    session.commit()
    counts = {"app_secrets": 0, "user_tokens": 1, "unreadable": 0}

    assert document_of(app_of("new", "old"), "secrets", "rotate") == counts
    assert document_of(app_of("new"), "secrets", "rotate") == counts
    lost = run(app_of("other"), "secrets", "rotate")

    assert lost.exit_code == 1
    assert lost.stdout.splitlines() == ["app secrets: 0", "user tokens: 0", "unreadable: 1"]
    assert "put the key that wrote them back" in lost.stderr
    assert "gho_secret" not in lost.output


def test_repositories_are_listed_tracked_and_untracked(
    app: Flask, session: Session, organization: Organization
) -> None:
    make_repository(session, organization, "acme/web")
    make_project(session, organization, "shop")
    session.commit()
    assert lines_of(app, "repo", "list", "--org", "acme") == ["acme/web\tnot tracked\t"]

    assert lines_of(app, "repo", "track", "--org", "acme", "Acme/Web") == ["acme/web\ttracked\tweb"]
    assert session.scalars(select(Work)).one().due_at is not None
    session.commit()
    tracked = document_of(
        app, "repo", "track", "--org", "acme", "acme/web", "--project", "shop", "--project", "web"
    )
    assert tracked["projects"] == ["shop", "web"]
    assert (tracked["tracked"], tracked["import"]["is_running"]) == (True, True)
    untracked = document_of(app, "repo", "untrack", "--org", "acme", "acme/web")
    assert untracked["tracked"] is False
    assert [row["name"] for row in document_of(app, "repo", "list", "--org", "acme")] == [
        "acme/web"
    ]


def test_nothing_to_list(app: Flask, organization: Organization) -> None:
    for command in (["repo", "list"], ["release", "list"], ["delivery", "list"]):
        assert lines_of(app, *command, "--org", "acme") == []
        assert document_of(app, *command, "--org", "acme") == []


def test_deliveries_are_listed(app: Flask, session: Session, organization: Organization) -> None:
    first = make_delivery(session, organization, action="created", reason="one\nline")
    second = make_delivery(session, state=DeliveryState.failed, reason="no access")
    session.commit()

    assert [row["guid"] for row in document_of(app, "delivery", "list")] == [
        second.guid,
        first.guid,
    ]
    assert lines_of(app, "delivery", "list", "--org", "acme") == [
        f"{first.guid}\tpush.created\tdone\t1\tone line"
    ]
    [failed] = document_of(app, "delivery", "list", "--state", "failed")
    assert (failed["reason"], failed["received_at"]) == ("no access", "2026-01-05T10:00:00Z")


@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        ("org create Acme!", 1, "not a usable slug"),
        ("org create acme", 1, "exists already"),
        ("org create 123", 1, "not a usable slug"),
        ("org create", 2, "Missing argument"),
        ("org create a b", 2, "unexpected extra argument"),
        ("org destroy", 2, "No such command"),
        ("org create x --nonsense", 2, "No such option"),
        ("project create web", 2, "Missing option '--org'"),
        ("project create --org nobody web", 1, "no organization 'nobody'"),
        ("login-link", 2, "Missing option '--org'"),
        ("login-link --org nobody", 1, "no organization 'nobody'"),
        ("login-link --org acme --role king", 2, "Invalid value for '--role'"),
        ("issue create --org acme --project web Title", 1, "no project 'web'"),
        ("repo list --org nobody", 1, "no organization"),
        ("repo track --org acme acme/web", 1, "no repository 'acme/web'"),
        ("repo untrack --org acme acme/web", 1, "no repository 'acme/web'"),
        ("release list", 2, "Missing option '--org'"),
        ("release show v1 --org acme", 1, "no release 'v1'"),
        ("delivery list --state nonsense", 2, "Invalid value for '--state'"),
        ("delivery list --limit 0", 2, "Invalid value for '--limit'"),
    ],
)
def test_errors_are_one_line(
    app: Flask, organization: Organization, arguments: str, status: int, words: str
) -> None:
    result = run(app, *arguments.split())

    assert result.exit_code == status
    assert result.stdout == ""
    assert len(result.stderr.splitlines()) == 1
    assert words in result.stderr


def test_an_issue_needs_a_title(app: Flask, session: Session, organization: Organization) -> None:
    make_project(session, organization, "web")
    session.commit()

    result = run(app, "issue", "create", "--org", "acme", "--project", "web", " \n ")

    assert (result.exit_code, result.stderr) == (1, "Error: an issue needs a title\n")


def test_a_database_without_tables_is_one_line(app: Flask, database: Database) -> None:
    with database.engine.begin() as connection:
        connection.execute(text("ALTER TABLE delivery RENAME TO gone"))
    try:
        result = run(app, "delivery", "list")
    finally:
        with database.engine.begin() as connection:
            connection.execute(text("ALTER TABLE gone RENAME TO delivery"))

    assert result.exit_code == 1
    assert len(result.stderr.splitlines()) == 1
    assert "flask db upgrade" in result.stderr
