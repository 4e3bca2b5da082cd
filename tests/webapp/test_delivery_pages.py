from __future__ import annotations

import json
from datetime import timedelta
from urllib.parse import quote

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from models import Activity, DeliveryState, Organization
from tests.clock import Clock
from tests.factories import (
    NOW,
    make_activity,
    make_delivery,
    make_organization,
    make_repository,
)
from tests.webapp.conftest import csrf_token
from tests.webapp.tenants import furnish


def test_deliveries_are_listed_newest_first_in_pages_by_state(
    member: FlaskClient, session: Session, organization: Organization
) -> None:
    for number in range(60):
        state = DeliveryState.failed if number % 10 == 0 else DeliveryState.done
        make_delivery(
            session, organization, event=f"event_{number}", state=state, reason=f"why {number}."
        )
    session.commit()

    first = member.get("/o/acme/deliveries/").text
    second = member.get(first.split('" rel="next"')[0].rpartition('href="')[2]).text
    failed = member.get("/o/acme/deliveries/?state=failed").text

    shown = [[n for n in range(60) if f"why {n}.<" in p] for p in (first, second, failed)]
    assert shown == [list(range(10, 60)), list(range(10)), list(range(0, 60, 10))]
    assert first.index("why 59.") < first.index("why 10.")
    assert member.get("/o/acme/deliveries/?state=nonsense").status_code == 400


def test_a_delivery_shows_its_payload_and_effects(
    member: FlaskClient, session: Session, organization: Organization
) -> None:
    delivery = make_delivery(
        session,
        organization,
        event="installation",
        action="created",
        ref="refs/tags/<v1>",
        reason="a <reason>",
        body=b'{"a":"<script>alert(1)</script>","name":"w\xc3\xa9b"}',
        effects={"releases": ["web@1.0.0"]},
    )
    session.commit()

    page = member.get(f"/o/acme/deliveries/{delivery.guid}").text

    assert "installation: created" in page
    assert "refs/tags/&lt;v1&gt;" in page
    assert "a &lt;reason&gt;" in page
    assert "{\n  &#34;a&#34;: &#34;&lt;script&gt;alert(1)&lt;/script&gt;&#34;," in page
    assert "wéb" in page
    assert "web@1.0.0" in page
    assert "Try again" not in page


def test_a_delivery_tells_what_it_brought_about(
    member: FlaskClient, session: Session, organization: Organization
) -> None:
    tenant = furnish(session, organization)
    make_activity(
        session,
        organization,
        kind="commits_set",
        rule="new-commits-by-graph",
        release_id=tenant.release.id,
        delivery_id=tenant.delivery.id,
        data={"commits": 2, "authors": 1},
    )
    session.commit()

    page = member.get(f"/o/acme/deliveries/{tenant.delivery.guid}").text

    assert (
        '<a href="/o/acme/releases/web@1.0.0"><bdi>web@1.0.0</bdi></a>: '
        "<strong>Commits counted:</strong> 2 commits by 1 author."
    ) in page
    assert "Nothing is recorded" not in page


PAYLOADS = {
    "not JSON": b"<b>nonsense",
    "not UTF-8": b"\xff\xfe\x00\x01",
    "half of a surrogate pair": rb'{"a": "\ud800"}',
    "deep": b"[" * 100_000,
    "long number": b"1" * 10_000,
    "large": b'"' + b"x" * 5_000_000 + b'"',
    "long": json.dumps(["<b>" * 10] * 20_000).encode(),
    "NUL": rb'{"a": "\u0000"}',
}


@pytest.mark.parametrize("content_type", ["application/json", "application/x-www-form-urlencoded"])
@pytest.mark.parametrize("body", PAYLOADS.values(), ids=PAYLOADS)
def test_any_payload_can_be_looked_at(
    member: FlaskClient,
    session: Session,
    organization: Organization,
    body: bytes,
    content_type: str,
) -> None:
    delivery = make_delivery(session, organization, body=body, content_type=content_type)
    session.commit()

    answer = member.get(f"/o/acme/deliveries/{delivery.guid}")

    assert answer.status_code == 200
    assert "<b>" not in answer.text
    assert len(answer.data) < 2_000_000


def test_the_payload_of_a_form_is_read(
    member: FlaskClient, session: Session, organization: Organization
) -> None:
    delivery = make_delivery(
        session,
        organization,
        body=b"payload=" + quote('{"ref":"refs/heads/main"}').encode(),
        content_type="application/x-www-form-urlencoded",
    )
    session.commit()

    page = member.get(f"/o/acme/deliveries/{delivery.guid}").text

    assert "  &#34;ref&#34;: &#34;refs/heads/main&#34;" in page


def test_a_failed_delivery_is_made_due_again(
    admin: FlaskClient, session: Session, organization: Organization, clock: Clock
) -> None:
    delivery = make_delivery(
        session,
        organization,
        state=DeliveryState.failed,
        attempts=8,
        reason="GitHub did not answer",
        finished_at=NOW,
    )
    session.commit()
    address = f"/o/acme/deliveries/{delivery.guid}"
    page = admin.get(address).text
    assert "GitHub did not answer" in page

    assert admin.post(f"{address}/retry").status_code == 400  # without the form's token
    answer = admin.post(f"{address}/retry", data={"csrf_token": csrf_token(page)})

    assert (answer.status_code, answer.location) == (303, address)
    session.refresh(delivery)
    assert (delivery.state, delivery.attempts, delivery.due_at, delivery.finished_at) == (
        DeliveryState.received,
        0,
        clock(),
        None,
    )
    assert admin.get(f"{address}/retry").status_code == 405


@pytest.mark.parametrize("state", [DeliveryState.done, DeliveryState.ignored])
def test_what_did_not_fail_is_processed_again_with_a_line_in_the_audit_log(
    admin: FlaskClient,
    session: Session,
    organization: Organization,
    clock: Clock,
    state: DeliveryState,
) -> None:
    delivery = make_delivery(session, organization, state=state, finished_at=NOW)
    session.commit()
    address = f"/o/acme/deliveries/{delivery.guid}"
    page = admin.get(address).text
    assert "Process again" in page

    answer = admin.post(f"{address}/retry", data={"csrf_token": csrf_token(page)})

    assert answer.status_code == 303
    session.refresh(delivery)
    assert (delivery.state, delivery.due_at) == (DeliveryState.received, clock())
    [line] = session.scalars(select(Activity)).all()
    assert (line.kind, line.data["guid"], line.data["event"], line.data["was"]) == (
        *("delivery_retried", delivery.guid, "push", state.value),
    )
    assert line.actor == "an admin of the organization"


@pytest.mark.parametrize("state", [DeliveryState.received, DeliveryState.running])
def test_what_waits_or_runs_is_left_alone(
    admin: FlaskClient, session: Session, organization: Organization, state: DeliveryState
) -> None:
    delivery = make_delivery(session, organization, state=state, attempts=3)
    session.commit()
    address = f"/o/acme/deliveries/{delivery.guid}"
    assert "Process again" not in admin.get(address).text
    token = csrf_token(admin.get("/").text)

    answer = admin.post(f"{address}/retry", data={"csrf_token": token})

    assert answer.status_code == 400
    assert f"This delivery is {state.value}" in answer.text
    session.refresh(delivery)
    assert (delivery.state, delivery.attempts) == (state, 3)
    assert session.scalars(select(Activity)).all() == []


def test_all_that_failed_is_processed_again(
    admin: FlaskClient, session: Session, organization: Organization
) -> None:
    other = make_organization(session, "others")
    deliveries = [
        make_delivery(session, owner, state=state, attempts=8)
        for owner, state in (
            *((organization, DeliveryState.failed), (organization, DeliveryState.failed)),
            *((organization, DeliveryState.done), (other, DeliveryState.failed)),
        )
    ]
    session.commit()
    page = admin.get("/o/acme/deliveries/?state=done").text
    assert "2 failed." in page
    fields = {"csrf_token": csrf_token(page)}

    answer = admin.post("/o/acme/deliveries/retry-failed", data=fields)

    assert (answer.status_code, answer.location) == (303, "/o/acme/deliveries/")
    for delivery in deliveries:
        session.refresh(delivery)
    assert [delivery.state.value for delivery in deliveries] == [
        *("received", "received", "done", "failed"),
    ]
    assert [delivery.attempts for delivery in deliveries] == [0, 0, 8, 8]
    session.commit()
    after = admin.get(answer.location).text
    assert "Processed again: 2 failed deliveries." in after
    assert "failed.</strong>" not in after
    admin.post("/o/acme/deliveries/retry-failed", data=fields)  # nothing is left: no line
    [line] = session.scalars(select(Activity)).all()
    assert (line.kind, line.data["count"]) == ("deliveries_retried", 2)


def test_members_do_not_retry_all(
    member: FlaskClient, session: Session, organization: Organization
) -> None:
    delivery = make_delivery(session, organization, state=DeliveryState.failed)
    session.commit()
    page = member.get("/o/acme/deliveries/").text
    assert "Process all" not in page
    fields = {"csrf_token": csrf_token(page)}
    assert member.post("/o/acme/deliveries/retry-failed", data=fields).status_code == 403
    session.refresh(delivery)
    assert delivery.state == DeliveryState.failed


def test_deliveries_are_found_by_event_repository_and_guid(
    member: FlaskClient, session: Session, organization: Organization
) -> None:
    web, api = (make_repository(session, organization, f"acme/{name}") for name in ("web", "api"))
    for guid, event, repository, state in (
        ("aa11-1", "push", web, DeliveryState.done),
        ("aa11-2", "push", api, DeliveryState.failed),
        ("bb22-3", "create", web, DeliveryState.failed),
        ("cc%_-4", "installation", None, DeliveryState.done),
    ):
        make_delivery(
            session,
            organization,
            guid=guid,
            event=event,
            state=state,
            repository_id=repository.id if repository else None,
        )
    session.commit()

    def found(query: str) -> list[str]:
        page = member.get(f"/o/acme/deliveries/?{query}").text
        return [row.split('"')[0] for row in page.split('title="')[1:] if row[0] in "abc"]

    assert found("event=push") == ["aa11-2", "aa11-1"]
    assert found("repository=acme/web") == ["bb22-3", "aa11-1"]
    assert found("guid=AA11") == ["aa11-2", "aa11-1"]
    assert found("guid=%25") == []  # is no wildcard
    assert found("guid=cc%25_") == ["cc%_-4"]
    assert found("event=push&state=failed&repository=acme/api&guid=aa") == ["aa11-2"]
    assert found("event=nonsense") == []
    page = member.get("/o/acme/deliveries/?event=push&repository=acme/web&guid=aa").text
    assert "state=failed&amp;event=push&amp;repository=acme/web&amp;guid=aa" in page
    assert "Show all deliveries" in member.get("/o/acme/deliveries/?event=nonsense").text


def test_a_delivery_says_how_long_it_took(
    member: FlaskClient, session: Session, organization: Organization
) -> None:
    for seconds in (0, 3.21, 75, 7500, 200_000):
        finished = NOW + timedelta(seconds=seconds)
        delivery = make_delivery(session, organization, finished_at=finished)
    session.commit()

    page = member.get("/o/acme/deliveries/").text
    for words in ("0.0 s", "3.2 s", "75 s", "2 h", "2 days"):
        assert f'<td data-label="Took">{words}</td>' in page
    assert "<dt>Took</dt><dd>2 days</dd>" in member.get(f"/o/acme/deliveries/{delivery.guid}").text


def test_members_do_not_retry(
    member: FlaskClient, session: Session, organization: Organization
) -> None:
    delivery = make_delivery(session, organization, state=DeliveryState.failed, attempts=8)
    session.commit()
    address = f"/o/acme/deliveries/{delivery.guid}"
    page = member.get(address).text
    assert "An admin of the organization can have it tried again" in page
    assert "Try again" not in page

    for guid in (delivery.guid, "nothing"):
        answer = member.post(
            f"/o/acme/deliveries/{guid}/retry", data={"csrf_token": csrf_token(page)}
        )
        assert answer.status_code == 403
        assert "Only admins" in answer.text
    session.refresh(delivery)
    assert (delivery.state, delivery.attempts) == (DeliveryState.failed, 8)
