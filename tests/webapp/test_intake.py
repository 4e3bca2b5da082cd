"""The webhook intake, check by check, in the order that the interface promises."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from integrations.github.signature import sign
from models import Delivery, DeliveryState
from models.session import Database
from tests.clock import Clock
from tests.conftest import WEBHOOK_SECRET

GUID = "72d3162e-cc78-11e3-81ab-4c9367dc0958"
BODY = b'{"zen": "Keep it logically awesome."}'
URL = "/webhooks/github"


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


def headers(body: bytes = BODY, /, **changed: str | None) -> dict[str, str]:
    """The headers of a genuine delivery; None leaves one out."""
    genuine: dict[str, str | None] = {
        "Content-Type": "application/json",
        "X-GitHub-Event": "ping",
        "X-GitHub-Delivery": GUID,
        "X-Hub-Signature-256": sign(body, WEBHOOK_SECRET),
    }
    genuine |= {name.replace("_", "-"): value for name, value in changed.items()}
    return {name: value for name, value in genuine.items() if value is not None}


def stored(database: Database) -> Sequence[Delivery]:
    with database.reading() as session:
        return session.scalars(select(Delivery).order_by(Delivery.id)).all()


def test_a_genuine_delivery_is_stored_as_received(
    client: FlaskClient, database: Database, clock: Clock
) -> None:
    answer = client.post(URL, data=BODY, headers=headers())

    assert answer.status_code == 202
    assert answer.get_json() == {"delivery": GUID, "status": "stored"}
    [delivery] = stored(database)
    assert (delivery.guid, delivery.event, delivery.body) == (GUID, "ping", BODY)
    assert delivery.content_type == "application/json"
    assert delivery.state == DeliveryState.received
    assert delivery.received_at == delivery.due_at == clock.at
    assert (delivery.attempts, delivery.claimed_until, delivery.reason) == (0, None, None)


def test_a_form_is_stored_as_encoded(client: FlaskClient, database: Database) -> None:
    body = b"payload=%7B%22zen%22%3A+%22x%22%7D"
    type_ = "Application/X-WWW-Form-Urlencoded; charset=utf-8"
    answer = client.post(URL, data=body, headers=headers(body, Content_Type=type_))

    assert answer.status_code == 202
    [delivery] = stored(database)
    assert (delivery.body, delivery.content_type) == (body, "application/x-www-form-urlencoded")


@pytest.mark.parametrize("body", [b"{", b"\xff\x00\xfe", b"[]", b'{"action": "unheard of"}'])
def test_nothing_is_parsed(client: FlaskClient, database: Database, body: bytes) -> None:
    answer = client.post(URL, data=body, headers=headers(body, X_GitHub_Event="brand_new_event"))

    assert answer.status_code == 202
    assert [delivery.body for delivery in stored(database)] == [body]


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS"])
def test_other_methods(client: FlaskClient, method: str) -> None:
    answer = client.open(URL, method=method, data=BODY, headers=headers())

    assert (answer.status_code, answer.headers["Allow"]) == (405, "POST")


@pytest.mark.parametrize(
    "signature",
    [
        pytest.param(None, id="missing"),
        pytest.param("", id="empty"),
        pytest.param("sha256=", id="no digest"),
        pytest.param("sha1=" + "a" * 40, id="sha1 form"),
        pytest.param("sha1=" + sign(BODY, WEBHOOK_SECRET)[7:], id="sha1 name, right digest"),
        pytest.param(sign(BODY, WEBHOOK_SECRET)[:-1], id="one digit short"),
        pytest.param(sign(BODY, WEBHOOK_SECRET) + "0", id="one digit long"),
        pytest.param(sign(BODY, WEBHOOK_SECRET)[7:], id="digest alone"),
        pytest.param("sha256=" + sign(BODY, WEBHOOK_SECRET)[7:].upper(), id="upper case"),
        pytest.param("SHA256=" + sign(BODY, WEBHOOK_SECRET)[7:], id="upper-case name"),
        pytest.param(" " + sign(BODY, WEBHOOK_SECRET) + " x", id="text around"),
        pytest.param("sha256=" + "é" * 64, id="not ASCII"),
        pytest.param("sha256=" + "\u0663" * 64, id="digits of another script"),
        pytest.param(f"{sign(BODY, WEBHOOK_SECRET)},{sign(BODY, 'other')}", id="two joined"),
        pytest.param(sign(BODY, "other"), id="another secret"),
        pytest.param(sign(BODY + b" ", WEBHOOK_SECRET), id="another body"),
        pytest.param(sign(BODY, ""), id="empty secret"),
    ],
)
def test_not_proven_genuine(client: FlaskClient, database: Database, signature: str | None) -> None:
    sent = headers(X_Hub_Signature_256=signature)
    if signature is not None:
        sent["X-Hub-Signature-256"] = signature.encode().decode("latin-1")
    answer = client.post(URL, data=BODY, headers=sent)

    assert answer.status_code == 401
    assert stored(database) == []


@pytest.mark.parametrize(
    "changed",
    [
        pytest.param({"X_GitHub_Event": None}, id="no event"),
        pytest.param({"X_GitHub_Event": ""}, id="empty event"),
        pytest.param({"X_GitHub_Event": "Push!"}, id="event of other characters"),
        pytest.param({"X_GitHub_Event": "p" * 65}, id="long event"),
        pytest.param({"X_GitHub_Delivery": None}, id="no guid"),
        pytest.param({"X_GitHub_Delivery": ""}, id="empty guid"),
        pytest.param({"X_GitHub_Delivery": "1"}, id="short guid"),
        pytest.param({"X_GitHub_Delivery": "a" * 65}, id="long guid"),
        pytest.param({"X_GitHub_Delivery": GUID + "'; --"}, id="guid of other characters"),
        pytest.param({"Content_Type": None}, id="no content type"),
        pytest.param({"Content_Type": "text/plain"}, id="text"),
        pytest.param({"Content_Type": "multipart/form-data; boundary=x"}, id="multipart"),
    ],
)
def test_genuine_but_no_delivery(
    client: FlaskClient, database: Database, changed: dict[str, Any]
) -> None:
    answer = client.post(URL, data=BODY, headers=headers(**changed))

    assert answer.status_code == 400
    assert stored(database) == []


def test_an_empty_body(client: FlaskClient, database: Database) -> None:
    answer = client.post(URL, data=b"", headers=headers(b""))

    assert answer.status_code == 400
    assert stored(database) == []


def test_the_signature_is_judged_before_the_headers(client: FlaskClient) -> None:
    sent = headers(X_GitHub_Event=None, X_Hub_Signature_256=sign(BODY, "other"))

    assert client.post(URL, data=BODY, headers=sent).status_code == 401


def test_a_repeated_guid_keeps_the_first_body(client: FlaskClient, database: Database) -> None:
    client.post(URL, data=BODY, headers=headers())
    other = b'{"other": 1}'
    answer = client.post(URL, data=other, headers=headers(other))

    assert answer.status_code == 202
    assert answer.get_json() == {"delivery": GUID, "status": "repeated"}
    assert [delivery.body for delivery in stored(database)] == [BODY]


@pytest.mark.parametrize("state", list(DeliveryState))
def test_a_repeated_guid_revives_only_what_failed(
    client: FlaskClient, database: Database, clock: Clock, state: DeliveryState
) -> None:
    client.post(URL, data=BODY, headers=headers())
    first = clock.at
    with database.transaction() as session:
        delivery = session.scalars(select(Delivery)).one()
        delivery.state, delivery.attempts, delivery.reason = state, 8, "because"
    clock.advance(hours=1)

    assert client.post(URL, data=BODY, headers=headers()).status_code == 202

    [delivery] = stored(database)
    revived = (DeliveryState.received, 0, clock.at)
    untouched = (state, 8, first)
    expected = revived if state == DeliveryState.failed else untouched
    assert (delivery.state, delivery.attempts, delivery.due_at) == expected
    assert delivery.received_at == first
