"""Errors below `/api/`: JSON with one sentence, whatever happens, and when to come back."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text, update
from sqlalchemy.orm import Session

from jobs import Runtime
from models import Organization
from models.revisions import head
from models.session import Database
from tests.webapp.api.conftest import Api, MakeApi
from webapp import create_app
from webapp.api.rate import Rate
from webapp.context import shiplog


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/api/0/nothing/", 404),
        ("POST", "/api/0/nothing/", 404),
        ("GET", "/api/nothing", 404),
        ("GET", "/api/0//organizations/acme/", 404),
        ("PATCH", "/api/0/organizations/acme/", 405),
        ("POST", "/api/0/openapi.json", 405),
        ("GET", "/api/0/organizations/acme/%00/", 400),
    ],
)
def test_without_a_token(client: FlaskClient, method: str, path: str, status: int) -> None:
    answer = client.open(path, method=method)

    assert (answer.status_code, answer.mimetype) == (status, "application/json")
    assert list(answer.get_json()) == ["detail"]
    assert ("Allow" in answer.headers) == (status == 405)


def test_pages_stay_pages_and_small(client: FlaskClient) -> None:
    assert client.get("/nothing").mimetype == "text/html"
    large = client.post("/login/x", data={"csrf_token": 2_000_000 * "x"})
    assert (large.status_code, large.mimetype) == (413, "text/html")


def test_a_failure_of_ours(app: Flask, client: FlaskClient) -> None:
    app.add_url_rule("/api/broken", view_func=lambda: str(1 / 0))

    answer = client.get("/api/broken")

    assert answer.status_code == 500
    assert answer.get_json() == {"detail": "Something went wrong on our side. It has been logged."}


def verify_come_back_later(client: FlaskClient, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 503, answer.text
    assert answer.headers["Retry-After"] == "5"
    assert answer.get_json() == {"detail": "The database is busy. Try again in a moment."}


def test_no_turn_to_write(app: Flask, client: FlaskClient, database: Database) -> None:
    def write() -> str:
        with shiplog().runtime.db.transaction(within=0.01):
            return "written"

    app.add_url_rule("/api/writes", view_func=write)
    if not database.is_sqlite:
        pytest.skip("rows are locked there, not the whole database")
    with database.turn(1):
        verify_come_back_later(client, "/api/writes")
    assert client.get("/api/writes").text == "written"


def test_a_lock_that_somebody_else_holds(
    app: Flask, client: FlaskClient, database: Database, organization: Organization
) -> None:
    change = update(Organization).values(name="Other Inc")
    wait = "PRAGMA busy_timeout=1" if database.is_sqlite else "SET LOCAL lock_timeout = '1ms'"

    def write() -> str:
        with database.reading() as session:  # nothing of ours waits there for its turn
            session.execute(text(wait))
            session.execute(change)
        return "written"

    app.add_url_rule("/api/writes", view_func=write)
    with database.transaction() as session:
        session.execute(change)
        verify_come_back_later(client, "/api/writes")
    assert client.get("/api/writes").text == "written"


def test_tables_that_a_newer_version_changes(
    app: Flask, client: FlaskClient, database: Database
) -> None:
    def read() -> str:
        with database.reading() as session:
            session.execute(text("SELECT * FROM not_yet_here"))
        return "read"

    app.add_url_rule("/api/reads", view_func=read)
    verify_come_back_later(client, "/api/reads")

    with database.transaction() as session:
        session.execute(text("CREATE TABLE alembic_version (version_num VARCHAR(32))"))
        session.execute(text("INSERT INTO alembic_version VALUES (:it)"), {"it": head()})
    try:
        assert client.get("/api/reads").status_code == 500
    finally:
        with database.transaction() as session:
            session.execute(text("DROP TABLE alembic_version"))


class Seconds:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def seconds() -> Seconds:
    return Seconds()


@pytest.fixture
def limited(runtime: Runtime, seconds: Seconds) -> Iterator[Flask]:
    """Three requests in ten seconds."""
    app = create_app(runtime, api_rate=Rate(3, 10, clock=seconds))
    yield app
    shiplog(app).committer.close()


def test_a_loop_that_went_wild(
    limited: Flask, seconds: Seconds, make_api: MakeApi, session: Session
) -> None:
    one, other = (Api(limited.test_client(), make_api("org:read").token) for _ in range(2))
    assert [one.get("/organizations/").status_code for _ in range(3)] == [200, 200, 200]

    seconds.now += 2.5
    answer = one.get("/organizations/")

    assert answer.status_code == 429
    assert answer.headers["Retry-After"] == "8"
    assert answer.get_json() == {"detail": "Too many requests. Try again later."}
    assert one.get("/organizations/others/").status_code == 429
    assert other.get("/organizations/").status_code == 200
    seconds.now += 8
    assert one.get("/organizations/").status_code == 200


def test_bad_tokens_are_counted_by_address(limited: Flask, make_api: MakeApi) -> None:
    client = limited.test_client()
    bad = [Api(client, token) for token in ("x", "sntryu_" + 64 * "0", None, "y")]

    assert [api.get("/organizations/").status_code for api in bad] == [401, 401, 401, 429]
    assert Api(client, make_api("org:read").token).get("/organizations/").status_code == 200


def test_nothing_else_is_counted(limited: Flask) -> None:
    client = limited.test_client()
    for path, status in (("/healthz", 200), ("/", 200), ("/webhooks/github", 405)):
        assert [client.get(path).status_code for _ in range(5)] == 5 * [status]
