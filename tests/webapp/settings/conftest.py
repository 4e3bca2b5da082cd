"""Forms of the settings, sent as a browser does."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from models import Activity
from tests.webapp.conftest import csrf_token

Post = Callable[..., TestResponse]
Lines = Callable[[], list[tuple[str, dict[str, Any]]]]


@pytest.fixture
def post(session: Session) -> Post:
    """`post(client, address, **fields)`: with the token that the forms carry.

    What the test has read before is let go of: on SQLite it would keep others from writing.
    """

    def post(client: FlaskClient, address: str, **fields: Any) -> TestResponse:
        session.commit()
        token = csrf_token(client.get("/").text)
        return client.post(address, data={"csrf_token": token, **fields})

    return post


@pytest.fixture
def lines(session: Session) -> Lines:
    """`lines()`: kind and data of what is in the audit log, oldest first, without the source."""

    def lines() -> list[tuple[str, dict[str, Any]]]:
        session.commit()
        found = session.scalars(select(Activity).order_by(Activity.id)).all()
        return [
            (line.kind, {name: value for name, value in line.data.items() if name != "source"})
            for line in found
        ]

    return lines
