"""`flask token`: the text forms, exactly, and what is refused."""

from __future__ import annotations

import base64
import json
import re
from datetime import timedelta

import pytest
from flask import Flask

from models import Organization
from tests.clock import Clock
from tests.webapp.test_commands import document_of, lines_of, run
from webapp.moments import moment_text

CREATE = ("token", "create", "--org", "acme")


def test_a_user_token(app: Flask, organization: Organization) -> None:
    [token] = lines_of(app, *CREATE, "--scope", "project:read", "--scope", "org:read")

    assert re.fullmatch(r"sntryu_[0-9a-f]{64}", token)
    answer = app.test_client().get("/api/0/", headers={"Authorization": f"Bearer {token}"})
    assert answer.get_json()["auth"] == {"scopes": ["org:read", "project:read"]}


def test_an_organization_token(app: Flask, organization: Organization, clock: Clock) -> None:
    [token] = lines_of(app, *CREATE, "--org-token", "--scope", "org:ci", "--name", "CI")

    prefix, payload, secret = token.split("_")
    assert prefix == "sntrys"
    assert json.loads(base64.b64decode(payload, validate=True)) == {
        "iat": clock().timestamp(),
        "url": "http://127.0.0.1:8000",
        "region_url": "http://127.0.0.1:8000",
        "org": "acme",
    }
    assert len(secret) == 43
    assert len(base64.b64decode(secret + "=", validate=True)) == 32
    answer = app.test_client().get("/api/0/", headers={"Authorization": f"Bearer {token}"})
    assert answer.get_json() == {"version": "0", "auth": {"scopes": ["org:ci"]}, "user": None}


def test_every_token_is_another(app: Flask, organization: Organization) -> None:
    made = {document_of(app, *CREATE, "--org-token")["token"] for _ in range(3)}
    assert len(made) == 3


def test_tokens_are_listed_and_revoked(app: Flask, organization: Organization) -> None:
    [token] = lines_of(app, *CREATE, "--scope", "org:read", "--name", "laptop")
    [line] = lines_of(app, "token", "list", "--org", "acme")
    [told] = document_of(app, "token", "list", "--org", "acme")

    assert line == f"{told['id']}  …{token[-4:]}  user  org:read  laptop  never used"
    for _ in range(2):
        [state] = lines_of(app, "token", "revoke", "--org", "acme", str(told["id"]))
        assert state == f"token {told['id']} is revoked"
    [line] = lines_of(app, "token", "list", "--org", "acme")
    assert line.endswith("revoked")
    headers = {"Authorization": f"Bearer {token}"}
    assert app.test_client().get("/api/0/", headers=headers).status_code == 401


def test_a_token_that_expires(app: Flask, organization: Organization, clock: Clock) -> None:
    [token] = lines_of(app, *CREATE, "--org-token", "--days", "7")
    [told] = document_of(app, "token", "list", "--org", "acme")
    headers = {"Authorization": f"Bearer {token}"}
    assert app.test_client().get("/api/0/", headers=headers).status_code == 200
    assert told["expires_at"] == moment_text(clock() + timedelta(days=7))

    clock.at += timedelta(days=7, seconds=1)

    assert app.test_client().get("/api/0/", headers=headers).status_code == 401


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        (CREATE, 2, "Missing option '--scope'."),
        ((*CREATE, "--scope", "all"), 1, "'all' is no scope"),
        ((*CREATE, "--org-token", "--scope", "org:read"), 1, "the scope org:ci and no other"),
        (("token", "create", "--org", "none", "--org-token"), 1, "no organization 'none'"),
        (("token", "revoke", "--org", "acme", "77"), 1, "no token 77"),
        (("token", "revoke", "--org", "acme", "0"), 2, "ID"),
    ],
    ids=lambda value: " ".join(value[2:]) if isinstance(value, tuple) else "",
)
def test_what_cannot_be_is_one_line(
    app: Flask,
    organization: Organization,
    arguments: tuple[str, ...],
    status: int,
    message: str,
) -> None:
    result = run(app, *arguments)

    assert result.exit_code == status
    assert message in result.stderr
    assert result.stderr.count("\n") == 1
    assert result.stdout == ""
