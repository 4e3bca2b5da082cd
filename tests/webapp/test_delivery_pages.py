from __future__ import annotations

import json
from urllib.parse import quote

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from models import DeliveryState, Organization
from tests.clock import Clock
from tests.factories import NOW, make_activity, make_delivery
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


@pytest.mark.parametrize(
    "state", [state for state in DeliveryState if state != DeliveryState.failed]
)
def test_only_a_failed_delivery_is_retried(
    admin: FlaskClient, session: Session, organization: Organization, state: DeliveryState
) -> None:
    delivery = make_delivery(session, organization, state=state, attempts=3)
    session.commit()
    token = csrf_token(admin.get("/").text)

    answer = admin.post(f"/o/acme/deliveries/{delivery.guid}/retry", data={"csrf_token": token})

    assert answer.status_code == 400
    assert "only a failed one is retried" in answer.text
    session.refresh(delivery)
    assert (delivery.state, delivery.attempts) == (state, 3)


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
