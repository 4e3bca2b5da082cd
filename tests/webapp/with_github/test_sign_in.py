"""Signing in with GitHub, over real HTTP against the stand-in: what works, and what must not."""

from __future__ import annotations

from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from config import Settings
from demo.github import Account, StandIn
from domain.login_links import create_login_link
from domain.secret_box import SecretBox
from models import Activity, Organization, User, UserSession
from tests.clock import Clock
from tests.webapp.conftest import SignIn, csrf_token
from tests.webapp.with_github.conftest import CALLBACK, Browser, OpenBrowser, Place


def test_visitors_are_offered_to_sign_in(browser: OpenBrowser) -> None:
    visitor = browser()

    assert 'href="/auth/github?next=/"' in visitor.get("/").text
    refused = visitor.get("/o/acme/releases/?q=1")
    assert refused.status_code == 401
    assert 'href="/auth/github?next=/o/acme/releases/?q%3D1"' in refused.text


def test_a_person_signs_in_and_comes_where_they_wanted_to_go(
    browser: OpenBrowser, place: Place, acme: Account, ana: Account
) -> None:
    place.github.join(acme, ana)
    place.install(acme)
    visitor = browser()

    answer = visitor.sign_in(ana, next_place="/o/acme/issues/")

    assert answer.location == "/o/acme/issues/"
    page = visitor.get(answer.location)
    assert page.status_code == 200
    assert "ana" in page.text
    user = place.user(ana)
    assert (user.login, user.name) == ("ana", "Ana Lima")


def test_the_request_to_github_has_state_and_proof(
    browser: OpenBrowser, github: StandIn, ana: Account
) -> None:
    visitor = browser()
    location = visitor.get("/auth/github").location
    query = parse_qs(urlsplit(location).query)

    assert location.startswith(f"{github.url}/login/oauth/authorize?")
    assert query["code_challenge_method"] == ["S256"]
    assert query["redirect_uri"] == [f"http://localhost{CALLBACK}"]
    assert len(query["state"][0]) >= 30
    # The stand-in refuses a code whose proof does not fit: what came back from there was proven.
    visitor.who = ana
    unproven = urlencode({name: values[0] for name, values in query.items()}).replace(
        query["code_challenge"][0], "x" * 43
    )
    back = visitor.visit_github(f"{github.url}/login/oauth/authorize?{unproven}")
    assert visitor.get(back).status_code == 400


@pytest.mark.parametrize(
    "wish",
    [
        "https://evil.example/",
        "//evil.example",
        "/\\evil.example",
        "/\t/evil.example",
        "javascript:alert(1)",
        "evil",
        "",
        "/" + "x" * 600,
    ],
)
def test_one_is_led_to_this_server_alone(browser: OpenBrowser, ana: Account, wish: str) -> None:
    assert browser().sign_in(ana, next_place=wish).location == "/"


def test_tokens_are_kept_encrypted_and_sessions_as_hashes(
    browser: OpenBrowser, place: Place, ana: Account, settings: Settings, session: Session
) -> None:
    visitor = browser(ana)

    user = place.user(ana)
    box = SecretBox(settings.secret_keys)
    assert user.access_token is not None
    assert "ghu_" not in user.access_token
    assert box.open(user.access_token).startswith("ghu_")
    assert user.refresh_token is not None
    assert box.open(user.refresh_token).startswith("ghr_")
    with visitor.client.session_transaction() as cookie:
        token = cookie["user"]
    row = session.scalars(select(UserSession)).one()
    assert token not in str(vars(row))


def refused(visitor: Browser, path: str, status: int) -> str:
    """The page that refuses; nobody is signed in by it."""
    page = visitor.get(path)
    assert page.status_code == status, page.text
    assert "not signed in" in page.text
    assert visitor.get("/account").status_code == 401
    return page.text


def test_a_callback_works_once(browser: OpenBrowser, ana: Account) -> None:
    visitor = browser()
    visitor.who = ana
    back = visitor.begin()
    assert visitor.get(back).status_code == 303
    visitor.post("/logout")

    assert "used already" in refused(visitor, back, 400)


def test_a_callback_that_another_browser_began_is_refused(
    browser: OpenBrowser, ana: Account, session: Session
) -> None:
    attacker, victim = browser(), browser()
    attacker.who = ana
    back = attacker.begin()

    assert "did not begin in this browser" in refused(victim, back, 400)
    assert session.scalars(select(User)).all() == []
    victim.who = ana
    victim.begin()  # one of their own under way makes no difference
    refused(victim, back, 400)


@pytest.mark.parametrize("path", ["", "?code=x", "?state=x&code=x", "?state=&code=", "?error=x"])
def test_a_callback_out_of_nowhere_is_refused(browser: OpenBrowser, path: str) -> None:
    refused(browser(), CALLBACK + path, 400)


def test_three_tabs_may_sign_in_at_once_in_any_order(browser: OpenBrowser, ana: Account) -> None:
    visitor = browser()
    visitor.who = ana
    lost, first, second, third = [visitor.begin(f"/o/{name}/") for name in "wxyz"]

    assert visitor.get(second).location == "/o/y/"
    # Signing in renews the session: the others have to begin anew.
    for late in (lost, first, third):
        assert visitor.get(late).status_code == 400


def test_a_sign_in_that_takes_too_long_is_refused(
    browser: OpenBrowser, ana: Account, clock: Clock
) -> None:
    visitor = browser()
    visitor.who = ana
    back = visitor.begin()
    clock.advance(minutes=10)

    refused(visitor, back, 400)


def test_saying_no_on_github(browser: OpenBrowser) -> None:
    visitor = browser()

    assert "did not allow it" in refused(visitor, visitor.begin(), 400)


def test_a_used_code_is_refused(browser: OpenBrowser, ana: Account, github: StandIn) -> None:
    visitor = browser()
    visitor.who = ana
    back = visitor.begin()
    github.clock.advance(minutes=11)

    assert "took too long" in refused(visitor, back, 400)


def test_a_wrong_client_secret_is_named(
    browser: OpenBrowser, ana: Account, github: StandIn
) -> None:
    visitor = browser()
    visitor.who = ana
    back = visitor.begin()
    github.app.client_secret = "another"

    assert "client secret set here is wrong" in refused(visitor, back, 502)


PAGE = "<html>502 Bad Gateway</html>"
TROUBLE = {
    "token endpoint down": ({"status": 503, "path": "access_token", "times": 4}, 503),
    "token endpoint resets": ({"path": "access_token", "reset": True, "times": 4}, 503),
    "token endpoint cut": ({"status": 200, "path": "access_token", "cut": True}, 503),
    "token endpoint a page": ({"status": 200, "path": "access_token", "body": PAGE}, 502),
    "token endpoint a list": ({"status": 200, "path": "access_token", "body": []}, 502),
    "token endpoint empty": ({"status": 200, "path": "access_token", "body": {}}, 502),
    "token endpoint nulls": (
        {"status": 200, "path": "access_token", "body": {"access_token": None}},
        502,
    ),
    "token endpoint odd error": (
        {"status": 200, "path": "access_token", "body": {"error": "unsupported"}},
        502,
    ),
    "user down": ({"status": 502, "path": "/user", "times": 4}, 503),
    "user limited": ({"status": 429, "path": "/user", "headers": {"Retry-After": "60"}}, 503),
    "user refused": ({"status": 401, "path": "/user"}, 502),
    "user a page": ({"status": 200, "path": "/user", "body": PAGE}, 502),
    "user without id": ({"status": 200, "path": "/user", "body": {"login": "x"}}, 502),
    "user cut": ({"status": 200, "path": "/user", "cut": True}, 503),
    "installations down": ({"status": 503, "path": "/user/installations", "times": 4}, 503),
    "installations a list": ({"status": 200, "path": "/user/installations", "body": []}, 502),
    "installations null": (
        {"status": 200, "path": "/user/installations", "body": {"installations": None}},
        502,
    ),
    "emails a page": ({"status": 200, "path": "/user/emails", "body": PAGE}, 502),
}


@pytest.mark.parametrize("case", TROUBLE)
def test_githubs_trouble_is_a_page_with_a_remedy(
    browser: OpenBrowser, ana: Account, github: StandIn, case: str, session: Session
) -> None:
    fault, status = TROUBLE[case]
    visitor = browser()
    visitor.who = ana
    back = visitor.begin()
    github.fail_next(**fault)  # type: ignore[arg-type]

    assert "gain" in refused(visitor, back, status)  # try, or sign in, again
    assert session.scalars(select(User)).all() == []


def test_without_a_client_there_is_no_sign_in(app: Flask, place: Place) -> None:
    place.restart(client_secret=None)
    client = app.test_client()

    assert "login-link" in client.get("/").text
    assert "/auth/github" not in client.get("/").text
    for path in ("/auth/github", CALLBACK):
        page = client.get(path)
        assert page.status_code == 404
        assert "not set up" in page.text


def test_signing_in_rotates_the_session_and_keeps_links(
    app: Flask,
    browser: OpenBrowser,
    ana: Account,
    sign_in: SignIn,
    organization: Organization,
    session: Session,
) -> None:
    visitor = browser(ana)
    sign_in(organization, visitor.client)
    with visitor.client.session_transaction() as cookie:
        cookie["planted"] = 1
        before = dict(cookie)
    stolen = visitor.client.get_cookie("shiplog_session")
    assert stolen is not None

    visitor.sign_in()

    with visitor.client.session_transaction() as cookie:
        assert set(cookie) == {"_permanent", "links", "user"}
        assert cookie["links"] == before["links"]
        assert cookie["user"] != before["user"]
    assert len(session.scalars(select(UserSession)).all()) == 1
    thief = app.test_client()
    thief.set_cookie("shiplog_session", stolen.value)
    assert thief.get("/account").status_code == 401


def test_a_planted_session_is_not_taken_over(
    app: Flask, browser: OpenBrowser, ana: Account, bob: Account
) -> None:
    attacker = browser(bob)
    planted = attacker.client.get_cookie("shiplog_session")
    assert planted is not None
    victim = browser()
    victim.client.set_cookie("shiplog_session", planted.value)

    victim.sign_in(ana)

    assert attacker.get("/account").status_code == 401  # nobody is ana, nor bob any more
    assert ">ana<" in victim.get("/account").text


def test_a_link_keeps_the_person_who_is_signed_in(
    browser: OpenBrowser, ana: Account, organization: Organization, session: Session, clock: Clock
) -> None:
    visitor = browser(ana)
    token = create_login_link(session, organization, role="admin", now=clock())
    session.commit()

    form = visitor.get(f"/login/{token}")
    visitor.client.post(f"/login/{token}", data={"csrf_token": csrf_token(form.text)})

    assert visitor.get("/account").status_code == 200
    token = csrf_token(visitor.get("/").text)
    visitor.client.post("/o/acme/settings/general/", data={"csrf_token": token, "name": "Acme Ltd"})
    session.expire_all()
    assert set(session.scalars(select(Activity.actor))) == {"ana"}


def test_an_account_is_known_by_its_number(
    browser: OpenBrowser, ana: Account, place: Place, session: Session
) -> None:
    browser(ana)
    ana.login = "ana-lima"
    browser(ana)

    assert session.scalars(select(User.login)).all() == ["ana-lima"]
