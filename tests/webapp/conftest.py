"""A browser's view of the application: signed in or not, pages as text."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event
from sqlalchemy.orm import Session

from domain.login_links import create_login_link
from models import Organization
from models.session import Database
from tests.clock import Clock
from tests.factories import make_organization

SignIn = Callable[..., FlaskClient]


class StatementCounter:
    """Counts what is executed on a database, transactions' own statements apart."""

    def __init__(self) -> None:
        self.statements: list[str] = []

    @contextmanager
    def on(self, database: Database) -> Iterator[StatementCounter]:
        def note(_conn: object, _cursor: object, statement: str, *_rest: object) -> None:
            if not statement.startswith("BEGIN"):
                self.statements.append(statement)

        event.listen(database.engine, "before_cursor_execute", note)
        try:
            yield self
        finally:
            event.remove(database.engine, "before_cursor_execute", note)


@pytest.fixture
def session(database: Database) -> Iterator[Session]:
    """For preparing rows: `session.commit()` lets the application see them."""
    with Session(database.engine, expire_on_commit=False) as session:
        yield session


@pytest.fixture
def organization(session: Session) -> Organization:
    organization = make_organization(session, "acme", name="Acme Inc")
    session.commit()
    return organization


@pytest.fixture
def sign_in(app: Flask, session: Session, clock: Clock) -> SignIn:
    """Signs a browser in by a link, as a person does: open it, press the button."""

    def sign_in(
        organization: Organization, client: FlaskClient | None = None, *, role: str = "member"
    ) -> FlaskClient:
        client = client or app.test_client()
        token = create_login_link(session, organization, role=role, now=clock())
        session.commit()
        form = client.get(f"/login/{token}")
        answer = client.post(f"/login/{token}", data={"csrf_token": csrf_token(form.text)})
        assert answer.status_code == 303, answer.text
        return client

    return sign_in


@pytest.fixture
def member(sign_in: SignIn, organization: Organization) -> FlaskClient:
    """A browser that is signed in to `acme`."""
    return sign_in(organization)


@pytest.fixture
def admin(sign_in: SignIn, organization: Organization) -> FlaskClient:
    """A browser that is signed in to `acme` as an admin."""
    return sign_in(organization, role="admin")


def csrf_token(page: str) -> str:
    """The token in a page's first form."""
    found = re.search(r'name="csrf_token" value="([^"]+)"', page)
    assert found is not None, page
    return found[1]
