"""The audit log: its lines in words, narrowed, in pages, and as files."""

from __future__ import annotations

import csv
import io
import json
import re
from html import unescape

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from domain.audit import EVENTS
from domain.keywords import STANDARD
from models import Organization
from models.session import Database
from tests.factories import make_activity, make_issue, make_organization, make_project
from tests.lists.plans import explaining, is_sorted
from tests.webapp.settings.conftest import Lines, Post
from tests.webapp.test_timelines import text_of
from webapp.audit_files import AT_ONCE

PAGE = "/o/acme/settings/audit/"
WORDS = [
    (
        "setting_changed",
        {"setting": "track new repositories", "before": True, "after": False},
        "Setting changed: track new repositories, from yes to no.",
    ),
    (
        "setting_changed",
        {"setting": "name", "before": "", "after": "Shop", "subject": "project web"},
        "Setting changed: name of project web, from nothing to Shop.",
    ),
    (
        "setting_changed",
        {"setting": "words", "before": list(STANDARD), "after": [*STANDARD[1:], "ships", "löst"]},
        "Setting changed: words: ships, löst added; fix removed.",
    ),
    (
        "setting_changed",
        {"setting": "globs", "before": None, "after": ["a/**", "b/**"]},
        "Setting changed: globs, from nothing to a/**, b/**.",
    ),
    (
        "project_created",
        {"subject": "web", "name": "Web", "platform": "python"},
        "Project created: web for python.",
    ),
    ("key_created", {"subject": "project web, key a"}, "Key created: project web, key a."),
    (
        "key_deleted",
        {"subject": "project web, key a"},
        "Key deleted: project web, key a. Events with it are refused.",
    ),
    (
        "token_created",
        {"subject": "user token", "scopes": ["a", "b"], "until": "2026-05-01T00:00:00+00:00"},
        "Token created: user token for a, b until 2026-05-01.",
    ),
    ("token_revoked", {"subject": "user token"}, "Token revoked: user token."),
    (
        "delivery_retried",
        {"guid": "0f7f1c2e-3a51", "event": "push", "was": "failed"},
        "Processed again: delivery 0f7f1c2e (push), which was failed.",
    ),
    (
        "deliveries_retried",
        {"count": 3},
        "Processed again: all failed deliveries, 3 in number.",
    ),
]


@pytest.mark.parametrize(("kind", "data", "sentence"), WORDS, ids=[row[0] for row in WORDS])
def test_each_line_is_a_sentence(
    admin: FlaskClient,
    session: Session,
    organization: Organization,
    kind: str,
    data: dict[str, object],
    sentence: str,
) -> None:
    make_activity(session, organization, kind=kind, data=data, actor="Ana <ana>")
    session.commit()

    page = text_of(admin.get(PAGE).text)

    assert f"{sentence} 5 Jan 2026, 10:00 · By Ana <ana>." in page
    [line] = json.loads(admin.get(f"{PAGE}lines.json").text)
    assert " ".join(line["what"].split()) == sentence


def test_every_event_of_the_log_has_words() -> None:
    assert {kind for kind, *_ in WORDS} >= EVENTS


def shown(page: str) -> list[int]:
    return [int(number) for number in re.findall(r"</strong> line (\d+)", page)]


def make_lines(session: Session, organization: Organization, count: int) -> None:
    for number in range(count):
        make_activity(
            session,
            organization,
            kind="setting_changed",
            data={
                "setting": f"line {number}",
                "before": 0,
                "after": 1,
                "subject": None if number % 10 else "Project_50%",
            },
            actor="Ana" if number % 2 else "Bo",
        )


def test_lines_are_narrowed_and_come_in_pages(
    admin: FlaskClient, session: Session, organization: Organization
) -> None:
    make_lines(session, organization, 60)
    make_activity(session, organization, kind="token_revoked", data={"subject": "x"}, actor="Ana")
    other = make_organization(session, "others")
    make_activity(session, other, kind="setting_changed", data={"setting": "line 99"})
    issue = make_issue(session, make_project(session, organization))
    make_activity(session, organization, kind="assigned", issue_id=issue.id, actor="Cleo")
    session.commit()

    first = admin.get(PAGE).text
    second = admin.get(unescape(first.split('" rel="next"')[0].rpartition('href="')[2])).text
    assert shown(first) + shown(second) == list(range(59, -1, -1))
    assert "Cleo" not in first
    assert "line 99" not in first + second

    def narrowed(query: str) -> list[int]:
        return shown(admin.get(f"{PAGE}?{query}").text)

    assert narrowed("person=Bo") == list(range(58, -1, -2))
    assert narrowed("kind=token_revoked") == []
    assert narrowed("subject=project_50%25") == [50, 40, 30, 20, 10, 0]
    assert narrowed("subject=line+7") == [7]
    assert narrowed("subject=_") == [50, 40, 30, 20, 10, 0]  # is no wildcard
    assert narrowed("person=Ana&subject=line+2") == [29, 27, 25, 23, 21]
    assert "Nothing to show here." in admin.get(f"{PAGE}?person=Nobody").text
    assert admin.get(f"{PAGE}?after=x").status_code == 400


def test_a_page_is_read_in_order_out_of_its_index(
    admin: FlaskClient, session: Session, database: Database, organization: Organization
) -> None:
    if not database.is_sqlite:
        pytest.skip("PostgreSQL sorts a few hundred rows rather than going through an index")
    make_lines(session, organization, 300)
    session.commit()
    with explaining(database) as plans:
        admin.get(PAGE)
    pages = [plan for plan in plans.texts if "repository" in plan]
    assert len(pages) == 1
    assert "ix_activity_audit" in pages[0]
    assert not is_sorted(pages[0])


def test_files_hold_all_lines_that_match(
    admin: FlaskClient, session: Session, organization: Organization
) -> None:
    count = AT_ONCE + 20
    make_lines(session, organization, count)
    make_activity(
        session,
        organization,
        kind="setting_changed",
        data={"setting": "name", "before": "=1+1", "after": 'a, "b"'},
        actor="@Ana",
    )
    session.commit()

    answer = admin.get(f"{PAGE}lines.csv")
    assert answer.headers["Content-Disposition"] == (
        'attachment; filename="audit-acme-2026-03-01.csv"'
    )
    assert answer.headers["Cache-Control"] == "no-store"
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert len(rows) == count + 1
    assert rows[0] == {
        "when": "2026-01-05T10:00:00Z",
        "who": "'@Ana",
        "what": 'Setting changed: name, from =1+1 to a, "b".',
        "kind": "setting changed",
        "subject": "",
        "from": "'=1+1",
        "to": 'a, "b"',
    }
    assert [row["who"] for row in rows[1:5]] == ["Ana", "Bo", "Ana", "Bo"]

    lines = json.loads(admin.get(f"{PAGE}lines.json?person=Bo").text)
    assert len(lines) == count // 2
    assert {line["who"] for line in lines} == {"Bo"}
    assert (lines[0]["from"], lines[0]["to"]) == (0, 1)
    assert json.loads(admin.get(f"{PAGE}lines.json?person=Nobody").text) == []
    assert admin.get(f"{PAGE}lines.xml").status_code == 404


def test_members_do_not_see_it(member: FlaskClient) -> None:
    for address in (PAGE, f"{PAGE}lines.csv", f"{PAGE}lines.json"):
        assert member.get(address).status_code == 403


def test_what_is_done_on_pages_is_in_it(admin: FlaskClient, post: Post) -> None:
    post(admin, "/o/acme/settings/general/", name="Acme Ltd", track_new_repositories="1")
    page = text_of(admin.get(PAGE).text)
    assert "Setting changed: name, from Acme Inc to Acme Ltd." in page
    assert "By an admin of the organization." in page


def test_what_commands_and_the_api_do_is_in_it(
    app: Flask, admin: FlaskClient, session: Session, organization: Organization, lines: Lines
) -> None:
    run = app.test_cli_runner().invoke
    text = run(args=["token", "create", "--org", "acme", "--scope", "project:write"]).stdout.strip()
    run(args=["project", "create", "--org", "acme", "web"])
    for path, name in (("organizations/acme/projects/", "Api"), ("projects/acme/web/keys/", "k")):
        answer = app.test_client().post(
            f"/api/0/{path}", json={"name": name}, headers={"Authorization": f"Bearer {text}"}
        )
        assert answer.status_code == 201
    run(args=["token", "revoke", "--org", "acme", "1"])

    assert [kind for kind, _ in lines()] == [
        *("token_created", "project_created", "project_created", "key_created", "token_revoked"),
    ]
    page = admin.get(PAGE).text
    assert text not in page
    assert "By the command line. It was given as a command on the server." in text_of(page)
    assert "It was asked for through the API." in text_of(page)
