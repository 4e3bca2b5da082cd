"""Tokens: made and shown once, listed without their secret, revoked; by admins alone."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.tokens import ORG_SCOPE, SCOPES
from models import ApiToken, Organization, TokenKind
from tests.clock import Clock
from tests.factories import make_token
from tests.webapp.settings.conftest import Lines, Post
from webapp.token_words import RARE, USUAL, describe_scope

PAGE = "/o/acme/settings/tokens/"


def token_in(page: str) -> str:
    found = re.search(r'value="(sntry[us]_[^"]+)"', page)
    assert found is not None, page
    return found[1]


def opens(app: Flask, token: str, path: str = "/api/0/organizations/acme/releases/") -> int:
    headers = {"Authorization": f"Bearer {token}"}
    return app.test_client().get(path, headers=headers).status_code


def test_a_user_token_is_shown_once_and_opens_what_was_chosen(
    app: Flask, admin: FlaskClient, session: Session, post: Post, lines: Lines, clock: Clock
) -> None:
    chosen = ["project:read", "org:read"]
    answer = post(admin, PAGE, kind="user", name=" laptop ", scope=chosen, days="30")

    text = token_in(answer.text)
    assert (answer.status_code, answer.headers["Cache-Control"]) == (200, "no-store")
    assert text.startswith("sntryu_")
    assert (
        f"SENTRY_URL=http://127.0.0.1:8000\nexport SENTRY_ORG=acme\nexport SENTRY_AUTH_TOKEN={text}"
        in (answer.text)
    )
    assert "Location" not in answer.headers
    assert text not in str(answer.headers)  # nor in the session
    assert opens(app, text) == 200
    assert opens(app, text, "/api/0/organizations/acme/issues/") == 403

    row = session.scalars(select(ApiToken)).one()
    assert (row.name, row.kind, row.scopes) == ("laptop", TokenKind.user, sorted(chosen))
    assert row.expires_at == clock.at + timedelta(days=30)
    assert row.last_characters == text[-4:]
    [(kind, data)] = lines()
    assert kind == "token_created"
    assert data["subject"] == f"user token laptop (…{text[-4:]})"
    assert data["scopes"] == ["org:read", "project:read"]

    later = admin.get(PAGE).text
    assert text not in later
    assert f"ends in {text[-4:]}" in later
    assert text not in str(lines())


def test_an_organization_token_needs_no_other_setting(
    app: Flask, admin: FlaskClient, session: Session, post: Post
) -> None:
    answer = post(admin, PAGE, kind="org", name="CI", scope=["org:admin"])

    text = token_in(answer.text)
    assert text.startswith("sntrys_")
    assert f"export SENTRY_AUTH_TOKEN={text}" in answer.text
    assert "SENTRY_URL" not in answer.text
    assert opens(app, text) == 200
    row = session.scalars(select(ApiToken)).one()
    assert (row.scopes, row.expires_at) == ([ORG_SCOPE], None)


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        pytest.param({"kind": "user"}, "A token needs at least one scope.", id="no scope"),
        pytest.param(
            {"kind": "user", "scope": "root"}, "&#39;root&#39; is no scope", id="unknown scope"
        ),
        pytest.param({"kind": "user", "scope": ORG_SCOPE}, None, id="scope of CI"),
        pytest.param({"kind": "both", "scope": "org:read"}, "one of a person", id="kind"),
        pytest.param({"scope": "org:read"}, "one of a person", id="no kind"),
        *(
            pytest.param({"kind": "org", "days": days}, "from 1 to 3660", id=f"days {days}")
            for days in ("0", "-1", "3661", "soon", "1.5", "9" * 30)
        ),
    ],
)
def test_a_token_that_cannot_be_is_refused(
    admin: FlaskClient,
    session: Session,
    post: Post,
    lines: Lines,
    fields: dict[str, str],
    says: str | None,
) -> None:
    answer = post(admin, PAGE, **fields)
    if says is None:  # `org:ci` is a scope like others
        assert answer.status_code == 200
        return
    assert answer.status_code == 400
    assert says in answer.text
    assert session.scalars(select(ApiToken)).all() == []
    assert lines() == []


def test_what_was_chosen_stays_when_a_token_is_refused(admin: FlaskClient, post: Post) -> None:
    page = post(admin, PAGE, kind="user", name="x", scope=["event:read"], days="no").text
    checked = re.findall(r'value="([a-z:]+)" checked', page)
    assert checked == ["event:read"]
    assert 'value="x"' in page


def test_tokens_are_listed_with_their_state(
    admin: FlaskClient, session: Session, organization: Organization, clock: Clock
) -> None:
    make_token(session, organization, name="fresh", last_used_at=clock.at)
    make_token(session, organization, name="over", expires_at=clock.at - timedelta(seconds=1))
    make_token(session, organization, name="ended", revoked_at=clock.at)
    session.commit()

    page = admin.get(PAGE).text

    for name, state in (("fresh", "active"), ("over", "expired"), ("ended", "revoked")):
        row = page.split(f"<bdi>{name}</bdi>")[1].split("</tr>")[0]
        assert f">{state}</span>" in row
        assert ("Revoke" in row) == (state != "revoked")
    assert page.index("<bdi>ended</bdi>") < page.index("<bdi>fresh</bdi>")  # newest first


def test_a_revoked_token_opens_nothing(
    app: Flask, admin: FlaskClient, session: Session, post: Post, lines: Lines
) -> None:
    text = token_in(post(admin, PAGE, kind="org", name="CI").text)
    row = session.scalars(select(ApiToken)).one()
    address = f"{PAGE}{row.id}/revoke"

    answer = post(admin, address)

    assert (answer.status_code, answer.location) == (303, PAGE)
    assert opens(app, text) == 401
    assert post(admin, address).status_code == 303  # once more changes nothing
    assert [kind for kind, _ in lines()] == ["token_created", "token_revoked"]
    assert post(admin, f"{PAGE}{row.id + 1}/revoke").status_code == 404


def test_members_neither_see_nor_make_tokens(
    member: FlaskClient, session: Session, organization: Organization, post: Post
) -> None:
    token = make_token(session, organization)
    session.commit()

    assert member.get(PAGE).status_code == 403
    assert PAGE not in member.get("/o/acme/settings/general/").text
    assert post(member, PAGE, kind="org").status_code == 403
    assert post(member, f"{PAGE}{token.id}/revoke").status_code == 403
    session.refresh(token)
    assert token.revoked_at is None
    assert len(session.scalars(select(ApiToken)).all()) == 1


def test_every_scope_is_explained_once() -> None:
    offered = [*USUAL, *RARE]
    assert sorted([*offered, ORG_SCOPE]) == sorted(SCOPES)
    assert all(describe_scope(scope) for scope in SCOPES)
