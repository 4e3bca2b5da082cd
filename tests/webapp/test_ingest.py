"""The intake of events: who may send, what is stored, what is answered."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, update

from domain.event_storage import unpack_body
from models import ProjectKey, ReceivedState
from models.session import Database
from tests.clock import Clock
from tests.sdk import (
    ENCODERS,
    EVENT_ID,
    Sender,
    envelope,
    event,
    item,
    make_sender,
    stored_bodies,
    stored_events,
)
from tests.webapp.conftest import StatementCounter
from webapp.envelopes import MAX_EVENT
from webapp.metrics import ITEM_TYPES
from webapp.project_keys import KEPT_SECONDS, ProjectKeys, RefusedKeyError


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.fixture
def sender(database: Database) -> Sender:
    return make_sender(database)


def test_an_event_is_stored_as_received(
    client: FlaskClient, database: Database, sender: Sender, clock: Clock
) -> None:
    body = event(message="it broke", extra={"x": "é\u2028"})
    sent = envelope(item("event", body), event_id=EVENT_ID, sent_at="2026-03-01T12:00:00Z")
    answer = client.post(sender.url, data=sent, headers=sender.auth)

    assert (answer.status_code, answer.get_json()) == (200, {"id": EVENT_ID})
    assert answer.content_type == "application/json"
    [row] = stored_events(database)
    assert (row.project_id, row.event_id) == (sender.project_id, EVENT_ID)
    assert unpack_body(row.body) == body
    assert (row.state, row.attempts, row.size) == (ReceivedState.received, 0, len(body))
    assert row.received_at == row.due_at == clock.at
    assert row.peer == "127.0.0.1"


def test_what_is_kept_small_takes_as_long_to_read(
    client: FlaskClient, database: Database, sender: Sender
) -> None:
    body = event(extra={"x": [[]] * 100_000})
    client.post(sender.url, data=envelope(item("event", body)), headers=sender.auth)
    [row] = stored_events(database)
    assert (row.size, len(row.body) < 1000) == (len(body), True)


@pytest.mark.parametrize(
    "content_type",
    [None, "text/plain;charset=UTF-8", "application/x-www-form-urlencoded", "multipart/form-data"],
)
def test_no_content_type_matters(
    client: FlaskClient, database: Database, sender: Sender, content_type: str | None
) -> None:
    client.post(sender.url, data=envelope(), headers=sender.auth, content_type=content_type)
    assert stored_bodies(database) == [event()]


@pytest.mark.parametrize(("name", "encode"), ENCODERS.values(), ids=ENCODERS.keys())
def test_encodings(
    client: FlaskClient, database: Database, sender: Sender, name: str, encode: Any
) -> None:
    body = event(extra="x" * 300_000)
    sent = encode(envelope(item("event", body)))
    answer = client.post(sender.url, data=sent, headers=sender.auth | {"Content-Encoding": name})

    assert answer.status_code == 200
    assert stored_bodies(database) == [body]


def test_an_unknown_encoding(client: FlaskClient, sender: Sender) -> None:
    headers = sender.auth | {"Content-Encoding": "compress"}
    answer = client.post(sender.url, data=envelope(), headers=headers)
    assert answer.status_code == 415
    assert "zstd" in answer.headers["Accept-Encoding"]


def test_the_key_in_the_query(client: FlaskClient, sender: Sender) -> None:
    query = f"?sentry_version=7&sentry_key={sender.key}&sentry_client=sentry.javascript%2F11"
    assert client.post(sender.url + query, data=envelope()).status_code == 200


def test_the_key_in_the_envelope(client: FlaskClient, sender: Sender) -> None:
    assert client.post(sender.url, data=envelope(dsn=sender.dsn())).status_code == 200


def test_the_header_comes_before_the_query_and_that_before_the_envelope(
    client: FlaskClient, sender: Sender
) -> None:
    wrong, other = f"?sentry_key={'b' * 32}", envelope(dsn=f"http://{'c' * 32}@localhost/1")
    headers = {"X-Sentry-Auth": f"Sentry sentry_key={'b' * 32}"}
    right = f"?sentry_key={sender.key}"
    assert client.post(sender.url + wrong, data=other, headers=sender.auth).status_code == 200
    assert client.post(sender.url + right, data=other).status_code == 200
    assert client.post(sender.url + right, data=other, headers=headers).status_code == 403


@pytest.mark.parametrize(
    ("headers", "query", "header", "status"),
    [
        pytest.param({}, "", {}, 401, id="none"),
        pytest.param(
            {"X-Sentry-Auth": "Sentry sentry_version=7"}, "", {}, 401, id="header of none"
        ),
        pytest.param({}, "?sentry_version=7", {}, 401, id="query of none"),
        pytest.param({}, "?xsentry_key=1", {}, 401, id="another name"),
        pytest.param({}, "", {"dsn": "http://["}, 401, id="dsn that is no URL"),
        pytest.param({}, "", {"dsn": 7}, 401, id="dsn that is no text"),
        pytest.param({}, f"?sentry_key={'b' * 32}", {}, 403, id="unknown"),
        pytest.param({}, "?sentry_key=a", {}, 403, id="short"),
        pytest.param({}, "?sentry_key=" + "A" * 32, {}, 403, id="upper case"),
        pytest.param({}, "?sentry_key=%00" + "a" * 31, {}, 403, id="with NUL"),
        pytest.param({"X-Sentry-Auth": "Sentry sentry_key="}, "", {}, 403, id="empty"),
    ],
)
def test_without_a_usable_key(
    client: FlaskClient,
    database: Database,
    sender: Sender,
    headers: dict[str, str],
    query: str,
    header: dict[str, Any],
    status: int,
) -> None:
    answer = client.post(sender.url + query, data=envelope(**header), headers=headers)

    assert answer.status_code == status
    assert list(answer.get_json()) == ["detail"]
    assert answer.headers["X-Sentry-Error"] == answer.get_json()["detail"]
    assert stored_events(database) == []


def test_the_key_of_another_project_is_as_good_as_none(
    client: FlaskClient, database: Database, sender: Sender
) -> None:
    other = make_sender(database, "b" * 32)
    foreign = client.post(sender.url, data=envelope(), headers=other.auth)
    unknown = client.post(sender.url, data=envelope(), headers={"X-Sentry-Auth": "sentry_key=c"})
    assert foreign.status_code == unknown.status_code == 403
    assert foreign.data == unknown.data


def test_a_key_that_is_not_active(client: FlaskClient, database: Database) -> None:
    sender = make_sender(database, is_active=False)
    assert client.post(sender.url, data=envelope(), headers=sender.auth).status_code == 403


def test_a_busy_key_costs_no_query_an_event(
    client: FlaskClient, database: Database, sender: Sender
) -> None:
    client.post(sender.url, data=envelope(), headers=sender.auth)
    with StatementCounter().on(database) as counter:
        for _ in range(20):
            client.post(sender.url, data=envelope(), headers=sender.auth)
    assert counter.statements == []


@pytest.mark.parametrize("project", ["x", "1x", "-1", "1.0", "9" * 19, "\u0663"])
def test_a_project_id_that_is_none(client: FlaskClient, sender: Sender, project: str) -> None:
    answer = client.post(f"/api/{project}/envelope/", data=envelope(), headers=sender.auth)
    assert answer.status_code == 400


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "PATCH", "DELETE"])
def test_other_methods(client: FlaskClient, sender: Sender, method: str) -> None:
    answer = client.open(sender.url, method=method, headers=sender.auth)
    assert (answer.status_code, answer.headers["Allow"]) == (405, "POST, OPTIONS")


def test_a_browser_may_send_and_read_what_holds_it_back(
    client: FlaskClient, sender: Sender
) -> None:
    asked = client.options(sender.url)
    assert asked.status_code == 204
    assert asked.headers["Access-Control-Allow-Methods"] == "POST, OPTIONS"
    assert "x-sentry-auth" in asked.headers["Access-Control-Allow-Headers"]
    answers = [
        asked,
        client.post(sender.url, data=envelope(), headers=sender.auth),
        client.post(sender.url, data=b"{", headers=sender.auth),
        client.post(sender.url, data=envelope()),
        client.get(sender.url),
    ]
    assert [answer.status_code for answer in answers] == [204, 200, 400, 401, 405]
    for answer in answers:
        assert answer.headers["Access-Control-Allow-Origin"] == "*"
        assert "retry-after" in answer.headers["Access-Control-Expose-Headers"]
        assert "Access-Control-Allow-Credentials" not in answer.headers
    assert "Access-Control-Allow-Origin" not in client.get("/api/0/").headers


def test_an_event_sent_again_is_stored_once(
    client: FlaskClient, database: Database, sender: Sender
) -> None:
    answers = [
        client.post(sender.url, data=envelope(item("event", body)), headers=sender.auth)
        for body in (event(), event(message="other"), event(event_id=EVENT_ID.upper()))
    ]
    assert [answer.get_json() for answer in answers] == [{"id": EVENT_ID}] * 3
    assert stored_bodies(database) == [event()]


def test_two_projects_may_use_one_id(
    client: FlaskClient, database: Database, sender: Sender
) -> None:
    other = make_sender(database, "b" * 32)
    for one in (sender, other):
        client.post(one.url, data=envelope(), headers=one.auth)
    assert [row.project_id for row in stored_events(database)] == [
        sender.project_id,
        other.project_id,
    ]


def test_what_is_no_event_is_accepted_and_counted(
    client: FlaskClient, database: Database, sender: Sender
) -> None:
    made_up = [item(f"made_up_{number}", b"{}") for number in range(5)]
    sent = envelope(item("session", b"{}"), item("transaction", b"\n\n"), *made_up)
    answer = client.post(sender.url, data=sent, headers=sender.auth)

    assert (answer.status_code, answer.get_json()) == (200, {})
    assert stored_events(database) == []
    shown = client.get("/metrics").text
    assert 'shiplog_dropped_items_total{type="session"} 1.0' in shown
    assert 'shiplog_dropped_items_total{type="transaction"} 1.0' in shown
    assert 'shiplog_dropped_items_total{type="other"} 5.0' in shown
    assert "event" not in ITEM_TYPES


def test_an_event_among_other_items(
    client: FlaskClient, database: Database, sender: Sender
) -> None:
    attachment = item("attachment", b"\x00\xff\n{}\n" * 400_000, filename="core")
    sent = envelope(attachment, item("event", event()), attachment, item("client_report", b"{}"))
    assert client.post(sender.url, data=sent, headers=sender.auth).status_code == 200
    assert stored_bodies(database) == [event()]


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"\n\n", id="blank"),
        pytest.param(b"rubbish", id="rubbish"),
        pytest.param(b"\xff\xfe{}\n", id="not UTF-8"),
        pytest.param(b"[]\n", id="a list"),
        pytest.param(envelope(item("event", b"")), id="an empty event"),
        pytest.param(envelope(item("event", b"{")), id="a broken event"),
        pytest.param(envelope(item("event", b"[]")), id="an event that is a list"),
        pytest.param(envelope(item("event", b'{"a": NaN}')), id="an event with NaN"),
        pytest.param(envelope(item("event", b'{"a": "\xff"}')), id="an event that is no UTF-8"),
        pytest.param(envelope(item("event", b'{"a":' * 90_000)), id="a deep event"),
        pytest.param(envelope(item("event", event()), item("event", event())), id="two events"),
        pytest.param(envelope()[:-1], id="cut off"),
    ],
)
def test_what_is_no_envelope(
    client: FlaskClient, database: Database, sender: Sender, body: bytes
) -> None:
    answer = client.post(sender.url, data=body, headers=sender.auth)
    assert answer.status_code == 400
    assert list(answer.get_json()) == ["detail"]
    assert stored_events(database) == []


def test_a_large_event(client: FlaskClient, database: Database, sender: Sender) -> None:
    frame = len(event(extra=""))
    fits, too_large = (event(extra="x" * (MAX_EVENT - frame + over)) for over in (0, 1))
    for length in (len(too_large), None):
        sent = envelope(item("event", too_large, length=length))
        assert client.post(sender.url, data=sent, headers=sender.auth).status_code == 413
    assert stored_events(database) == []
    sent = envelope(item("event", fits))
    assert client.post(sender.url, data=sent, headers=sender.auth).status_code == 200


def test_one_event_alone(client: FlaskClient, database: Database, sender: Sender) -> None:
    url = f"/api/{sender.project_id}/store/"
    name, encode = ENCODERS["gzip"]
    headers = sender.auth | {"Content-Encoding": name}
    answer = client.post(url, data=encode(event()), headers=headers)

    assert (answer.status_code, answer.get_json()) == (200, {"id": EVENT_ID})
    assert stored_bodies(database) == [event()]
    assert client.post(url, data=b"[1]", headers=sender.auth).status_code == 400
    assert client.post(url, data=event()).status_code == 401
    large = event(extra="x" * MAX_EVENT)
    assert client.post(url, data=large, headers=sender.auth).status_code == 413


def test_nothing_an_event_says_is_logged(
    client: FlaskClient, sender: Sender, capsys: pytest.CaptureFixture[str]
) -> None:
    client.post(sender.url, data=envelope(item("event", event(a="my secret"))), headers=sender.auth)
    client.post(sender.url, data=b'{"a": "my secret"', headers=sender.auth)
    logged = "".join(capsys.readouterr())
    assert "events received" in logged
    assert "my secret" not in logged
    assert sender.key not in logged


def test_a_revoked_key_works_a_few_seconds_at_most(database: Database, sender: Sender) -> None:
    at = 0.0
    keys = ProjectKeys(database, clock=lambda: at)
    keys.require(sender.key, sender.project_id)
    with database.transaction() as session:
        session.execute(update(ProjectKey).values(is_active=False))
    keys.require(sender.key, sender.project_id)
    at = KEPT_SECONDS
    with pytest.raises(RefusedKeyError):
        keys.require(sender.key, sender.project_id)


def test_a_key_that_is_activated_works_as_soon(database: Database, sender: Sender) -> None:
    at = 0.0
    keys = ProjectKeys(database, clock=lambda: at)
    with database.transaction() as session:
        session.execute(update(ProjectKey).values(is_active=False))
    with pytest.raises(RefusedKeyError):
        keys.require(sender.key, sender.project_id)
    with database.transaction() as session:
        session.execute(update(ProjectKey).values(is_active=True))
    at = KEPT_SECONDS
    keys.require(sender.key, sender.project_id)


def test_the_use_of_a_key_is_noted_every_few_minutes_however_it_came(
    client: FlaskClient, database: Database, sender: Sender, clock: Clock
) -> None:
    def used() -> datetime | None:
        with database.reading() as session:
            return session.scalars(select(ProjectKey.last_used_at)).one()

    began = clock.at
    assert used() is None
    refused = client.post(sender.url, data=b"nonsense", headers=sender.auth)
    assert (refused.status_code, used()) == (400, None)
    client.post(sender.url, data=envelope(dsn=sender.dsn()))  # the key is in the body
    assert used() == began

    def use_again(**later: float) -> None:
        """With a fresh memory of keys, as after some seconds."""
        clock.advance(**later)
        keys = ProjectKeys(database, now=clock)
        keys.require(sender.key, sender.project_id)
        keys.note_use(sender.key)
        keys.note_use(sender.key)

    use_again(minutes=4)
    assert used() == began
    use_again(minutes=2)
    assert used() == clock.at
    keys = ProjectKeys(database, now=clock)
    keys.note_use("f" * 32)  # nobody asked whether it may send


def test_a_busy_key_costs_no_statement_an_event(
    client: FlaskClient, database: Database, sender: Sender
) -> None:
    client.post(sender.url, data=envelope(), headers=sender.auth)
    counter = StatementCounter()
    with counter.on(database):
        for _ in range(5):
            client.post(sender.url, data=envelope(), headers=sender.auth)
    assert [one for one in counter.statements if "project_key" in one] == []


def test_ids_are_found_or_made(client: FlaskClient, sender: Sender) -> None:
    dashed = "9ae4b1ac-c4ce-4e05-9d06-5d0f3f2a1a10"

    def id_of(header: dict[str, Any], body: dict[str, Any]) -> str:
        sent = envelope(item("event", json.dumps(body).encode()), **header)
        answer = client.post(sender.url, data=sent, headers=sender.auth)
        found: str = answer.get_json()["id"]
        return found

    assert id_of({"event_id": dashed}, {"event_id": EVENT_ID}) == dashed.replace("-", "")
    assert id_of({}, {"event_id": dashed.upper()}) == dashed.replace("-", "")
    assert id_of({"event_id": 7}, {"event_id": EVENT_ID}) == EVENT_ID
    assert id_of({"event_id": "x" * 32}, {"event_id": EVENT_ID}) == EVENT_ID
    made = [id_of({}, {"event_id": None}), id_of({}, {"event_id": "0" * 31}), id_of({}, {})]
    assert len(set(made)) == 3
    assert all(len(one) == 32 for one in made)
