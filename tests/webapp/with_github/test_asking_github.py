"""Asking GitHub again what people may see: when, how often, and what its silence changes."""

from __future__ import annotations

from collections.abc import Callable
from itertools import repeat
from threading import Barrier, Thread

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from demo.github import Account, StandIn
from domain.secret_box import SecretBox
from integrations.github.errors import UnreachableError
from integrations.github.user_client import UserClient
from jobs import Runtime
from models import (
    Installation,
    Organization,
    User,
)
from models.session import Database
from tests.clock import Clock
from tests.webapp.conftest import SignIn, StatementCounter
from tests.webapp.with_github.conftest import Browser, OpenBrowser, Place
from webapp.silence import Silence

SILENCES = {
    "down": {"status": 503},
    "reset": {"reset": True},
    "forbidden": {"status": 403},
    "limited": {"status": 429, "headers": {"Retry-After": "60"}},
    "nonsense": {"status": 200, "body": "<html>"},
}


@pytest.mark.parametrize("case", SILENCES)
def test_githubs_silence_changes_nothing_for_a_day(
    organization: Organization, visitor: Browser, place: Place, clock: Clock, case: str
) -> None:
    place.github.fail_next(path="/user/installations", times=99, **SILENCES[case])  # type: ignore[arg-type]

    clock.advance(hours=23, minutes=59)
    assert visitor.sees("acme") == 200
    place.github.reset_calls()
    assert visitor.sees("acme") == 200  # not asked again within a minute
    assert place.github.count_calls() == 0
    clock.advance(minutes=1)
    page = visitor.get("/o/acme/releases/")
    assert page.status_code == 503
    assert "GitHub has not answered for a day" in page.text
    assert int(page.headers["Retry-After"]) > 0
    assert "closed for now" in visitor.get("/").text
    assert "closed for now" in visitor.get("/account").text

    place.github.world.faults.clear()
    clock.advance(minutes=1)
    assert visitor.sees("acme") == 200


def test_what_one_found_silent_nobody_else_waits_for(
    browser: OpenBrowser, place: Place, acme: Account, ana: Account, bob: Account, clock: Clock
) -> None:
    for user in (ana, bob):
        place.github.join(acme, user)
    place.install(acme)
    first, second = browser(ana), browser(bob)
    place.github.fail_next(503, path="/user/installations", times=99)
    clock.advance(hours=1)
    assert first.sees("acme") == 200
    place.github.reset_calls()

    assert second.sees("acme") == 200
    assert place.github.count_calls() == 0
    place.github.world.faults.clear()
    clock.advance(minutes=1)
    assert second.sees("acme") == 200
    assert place.github.count_calls("/user/installations") == 1


def test_who_has_more_to_ask_for_than_there_is_time_silences_nobody(
    browser: OpenBrowser,
    place: Place,
    acme: Account,
    ana: Account,
    clock: Clock,
    session: Session,
    runtime: Runtime,
) -> None:
    """Else whoever is a member of hundreds of organizations keeps all others from being checked."""
    place.github.join(acme, ana)
    place.install(acme)
    browser(ana)
    token = session.scalars(select(User.access_token)).one()
    assert token is not None
    secret = runtime.secret_box.open(token)
    silence = Silence(clock)
    for deadline, is_silent in ((0.2, False), (0.0, True)):
        with UserClient(place.github.url, secret, now=clock, deadline=deadline) as client:
            many = map(client.owns, repeat("acme"))
            with pytest.raises(UnreachableError) as met:
                list(many)
        silence.begin(met.value)
        assert silence.is_on() == is_silent


def test_silence_closes_nothing_that_a_link_opened(
    visitor: Browser, place: Place, clock: Clock, session: Session, sign_in: SignIn
) -> None:
    sign_in(session.scalars(select(Organization)).one(), visitor.client, role="admin")
    assert visitor.may_administer()  # the better role of both
    place.github.fail_next(503, path="/user/installations", times=9)
    clock.advance(days=2)

    assert visitor.sees("acme") == 200


def together(times: int, what: Callable[[int], object]) -> None:
    barrier = Barrier(times)

    def run(number: int) -> None:
        barrier.wait()
        what(number)

    threads = [Thread(target=run, args=(number,)) for number in range(times)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


@pytest.mark.parametrize("age", [1, 25], ids=["open meanwhile", "closed until answered"])
def test_parallel_requests_ask_once_and_refresh_once(
    visitor: Browser, place: Place, ana: Account, clock: Clock, age: int
) -> None:
    """The old pair dies with the refresh: a second refresh would sign the person out."""
    github = place.github
    cookie = visitor.client.get_cookie("shiplog_session")
    assert cookie is not None
    before = place.user(ana).refresh_token
    for part in (clock, github.clock):
        part.advance(hours=8 + age)
    github.reset_calls()
    seen: dict[int, int] = {}

    def look(number: int) -> None:
        client = place.app.test_client()
        client.set_cookie("shiplog_session", cookie.value)
        seen[number] = client.get("/o/acme/releases/").status_code

    together(6, look)

    assert set(seen.values()) == {200}
    assert github.count_calls("access_token") == 1
    assert github.count_calls("/user/installations") == 1
    after = place.user(ana)
    assert after.refresh_token != before
    assert after.checking_until is None
    clock.advance(minutes=15)
    assert visitor.sees("acme") == 200


def test_a_refreshed_pair_is_kept_even_if_asking_fails_afterwards(
    visitor: Browser, place: Place, ana: Account, clock: Clock
) -> None:
    github = place.github
    for part in (clock, github.clock):
        part.advance(hours=9)
    github.fail_next(503, path="/user/installations", times=2)
    assert visitor.sees("acme") == 200
    clock.advance(minutes=2)

    assert visitor.sees("acme") == 200
    assert place.user(ana).memberships_at == clock()


def test_tokens_that_do_not_expire_are_not_refreshed(
    visitor: Browser, place: Place, clock: Clock, session: Session
) -> None:
    session.execute(
        update(User).values(access_expires_at=None, refresh_token=None, refresh_expires_at=None)
    )
    session.commit()
    clock.advance(days=20)

    assert visitor.sees("acme") == 200
    assert place.github.count_calls("access_token") == 1


@pytest.mark.parametrize("is_told", [True, False], ids=["delivery", "token refused"])
def test_a_revoked_authorization_signs_out_everywhere(
    browser: OpenBrowser,
    place: Place,
    acme: Account,
    ana: Account,
    bob: Account,
    clock: Clock,
    is_told: bool,
) -> None:
    for user in (ana, bob):
        place.github.join(acme, user)
    place.install(acme)
    here, there, other = browser(ana), browser(ana), browser(bob)

    place.github.revoke_authorization(ana)
    if is_told:
        place.settle()
    else:
        place.github.queued.clear()
        clock.advance(minutes=15)
        page = here.get("/o/acme/releases/")
        assert page.status_code == 401
        assert "does not let Shiplog ask for you" in page.text

    assert (here.sees("acme"), there.sees("acme"), other.sees("acme")) == (401, 401, 200)
    stored = place.user(ana)
    assert (stored.access_token, stored.refresh_token) == (None, None)
    here.sign_in()
    assert here.sees("acme") == 200


def test_revoking_twice_and_by_strangers_is_harmless(
    place: Place, browser: OpenBrowser, ana: Account, bob: Account, session: Session
) -> None:
    browser(ana)
    place.github.revoke_authorization(ana)
    place.github.revoke_authorization(ana)
    place.github.revoke_authorization(bob)
    place.settle()

    assert [(str(row.state), row.reason) for row in place.deliveries(session)] == [
        ("done", None),
        ("done", None),
        ("ignored", "nobody of that account has signed in"),
    ]


def test_a_lost_secret_key_asks_to_sign_in_again(
    visitor: Browser, clock: Clock, session: Session
) -> None:
    session.execute(update(User).values(access_token=SecretBox(["another"]).seal("x")))
    session.commit()
    clock.advance(minutes=15)

    assert visitor.sees("acme") == 401


def test_a_check_that_died_is_taken_over(
    browser: OpenBrowser,
    place: Place,
    acme: Account,
    ana: Account,
    clock: Clock,
    session: Session,
) -> None:
    visitor = browser(ana)
    place.github.join(acme, ana)
    place.install(acme)
    clock.advance(minutes=20)
    session.execute(update(User).values(checking_until=clock()))
    session.commit()

    assert visitor.sees("acme") == 200


def test_a_page_costs_at_most_two_statements_more(
    browser: OpenBrowser,
    place: Place,
    acme: Account,
    ana: Account,
    database: Database,
    session: Session,
    sign_in: SignIn,
) -> None:
    place.github.join(acme, ana)
    place.install(acme)
    person, both = browser(ana), browser(ana)
    organization = session.scalars(select(Organization)).one()
    linked = sign_in(organization)
    sign_in(organization, both.client)
    counts = []
    for client in (linked, person.client, both.client):
        with StatementCounter().on(database) as counter:
            assert client.get("/o/acme/repositories/").status_code == 200
        counts.append(len(counter.statements))

    assert counts == [counts[0], counts[0] + 1, counts[0] + 2]


def test_github_is_asked_once_for_signing_in(
    browser: OpenBrowser, place: Place, acme: Account, ana: Account, clock: Clock
) -> None:
    place.github.join(acme, ana)
    place.install(acme)
    place.github.reset_calls()
    visitor = browser(ana)
    asked = [call.path for call in place.github.calls if call.path.startswith("/user")]
    assert asked == ["/user", "/user/installations", "/user/emails"]

    place.github.reset_calls()
    clock.advance(minutes=15)
    for _ in range(3):
        visitor.sees("acme")
    assert [call.path for call in place.github.calls] == ["/user/installations"]


def test_what_was_granted_is_known(
    place: Place,
    acme: Account,
    ana: Account,
    session: Session,
    github: StandIn,
) -> None:
    made = place.install(acme, by=ana)
    row = session.scalars(select(Installation)).one()
    assert (row.account_type, row.repository_selection) == ("Organization", "all")
    assert row.permissions == {"metadata": "read", "contents": "read", "pull_requests": "read"}
    assert (row.installed_by_id, row.installed_by_login) == (ana.id, "ana")
    session.commit()

    github.accept_permissions(made, {**github.app.permissions, "members": "read"})
    place.settle()
    session.refresh(row)
    assert (row.permissions or {})["members"] == "read"
    assert row.installed_by_login == "ana"
