"""One's own account: sessions, and the ways to end them."""

from __future__ import annotations

import re

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from demo.github import Account
from domain.setup_links import create_setup_link
from models import Organization, UserSession
from models.session import Database
from tests.clock import Clock
from tests.webapp.conftest import SignIn, StatementCounter, csrf_token
from tests.webapp.with_github.conftest import Browser, OpenBrowser
from webapp.browsers import describe_browser

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
CHROME = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/140.0.0.0 Safari/537.36"
)
SAFARI = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 "
    "(KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1"
)


@pytest.mark.parametrize(
    ("user_agent", "name"),
    [
        (FIREFOX, "Firefox on Linux"),
        (CHROME, "Chrome on Windows"),
        (f"{CHROME} Edg/140.0", "Edge on Windows"),
        (SAFARI, "Safari on iPhone"),
        ("Firefox/1", "Firefox"),
        ("curl/8.0", "curl/8.0"),
        ("", "unknown"),
        ("x" * 300, "x" * 60),
    ],
)
def test_browsers_have_names(user_agent: str, name: str) -> None:
    assert describe_browser(user_agent) == name


def ends(page: str) -> list[str]:
    """Where the buttons lead that end sessions, in the page's order."""
    return re.findall(r'action="(/account/sessions/\d+/end)"', page)


def test_the_page_lists_the_persons_own_sessions(
    browser: OpenBrowser, ana: Account, bob: Account, clock: Clock
) -> None:
    browser(bob)
    there = browser()
    there.client.environ_base["HTTP_USER_AGENT"] = FIREFOX
    there.sign_in(ana)
    clock.advance(hours=1)
    here = browser(ana)

    page = here.get("/account").text

    assert len(ends(page)) == 2
    assert page.index("this one") < page.index("Firefox on Linux")  # last used first
    assert "Ana Lima" in page
    assert "bob" not in page


def test_ending_another_session(browser: OpenBrowser, ana: Account) -> None:
    there, here = browser(ana), browser(ana)
    [_, other] = ends(here.get("/account").text)

    assert here.post(other).location == "/account"

    assert there.get("/account").status_code == 401
    assert here.get("/account").status_code == 200
    assert here.post(other).status_code == 404


def test_ending_this_session(browser: OpenBrowser, ana: Account) -> None:
    here = browser(ana)
    [this] = ends(here.get("/account").text)

    assert here.post(this).location == "/"

    page = here.get("/account")
    assert page.status_code == 401
    assert "Sign out" not in page.text


def test_nobody_ends_the_sessions_of_others(
    browser: OpenBrowser, ana: Account, bob: Account
) -> None:
    first, second = browser(ana), browser(bob)
    [of_ana] = ends(first.get("/account").text)

    assert second.post(of_ana).status_code == 404
    assert first.get("/account").status_code == 200


def test_signing_out_ends_this_browsers_session_alone(
    app: Flask, browser: OpenBrowser, ana: Account
) -> None:
    there, here = browser(ana), browser(ana)
    cookie = here.client.get_cookie("shiplog_session")
    assert cookie is not None

    assert here.post("/logout").status_code == 303

    assert there.get("/account").status_code == 200
    thief = app.test_client()
    thief.set_cookie("shiplog_session", cookie.value)
    assert thief.get("/account").status_code == 401


def test_signing_out_everywhere(
    browser: OpenBrowser,
    ana: Account,
    bob: Account,
    sign_in: SignIn,
    organization: Organization,
) -> None:
    there, here, other = browser(ana), browser(ana), browser(bob)
    sign_in(organization, here.client)
    assert here.sees("acme") == 200

    assert here.post("/account/sign-out-everywhere").location == "/"

    assert [one.get("/account").status_code for one in (here, there, other)] == [401, 401, 200]
    assert here.sees("acme") == 401  # links as well


def test_signing_out_everywhere_ends_the_operators_session_for_good(
    app: Flask, browser: OpenBrowser, ana: Account, session: Session, clock: Clock
) -> None:
    here, token = browser(ana), create_setup_link(session, now=clock())
    session.commit()
    form = csrf_token(here.get(f"/setup/{token}").text)
    here.client.post(f"/setup/{token}", data={"csrf_token": form})
    cookie = here.client.get_cookie("shiplog_session")
    assert cookie is not None
    assert here.get("/setup/").status_code == 200

    here.post("/account/sign-out-everywhere")

    thief = app.test_client()
    thief.set_cookie("shiplog_session", cookie.value)
    assert thief.get("/setup/").status_code == 401


@pytest.mark.parametrize(
    "path",
    [
        "/account/check",
        "/account/issues",
        "/account/sign-out-everywhere",
        "/account/sessions/1/end",
    ],
)
def test_forms_need_their_token(browser: OpenBrowser, ana: Account, path: str) -> None:
    here = browser(ana)

    assert here.client.post(path).status_code == 400
    assert here.get("/account").status_code == 200


def test_whoever_came_by_link_has_no_account(sign_in: SignIn, organization: Organization) -> None:
    client = sign_in(organization)
    token = csrf_token(client.get("/").text)

    assert client.get("/account").status_code == 401
    for path in ("check", "sign-out-everywhere", "sessions/1/end"):
        answer = client.post(f"/account/{path}", data={"csrf_token": token})
        assert answer.status_code == 401
    assert client.get("/o/acme/releases/").status_code == 200


def last_used(session: Session) -> object:
    session.expire_all()
    found = session.scalars(select(UserSession.last_used_at)).one()
    session.commit()
    return found


def test_use_is_noted_every_few_minutes(
    browser: OpenBrowser, ana: Account, clock: Clock, session: Session, database: Database
) -> None:
    here = browser(ana)
    began = clock()
    clock.advance(minutes=4)
    with StatementCounter().on(database) as counter:
        here.get("/account")
    assert not [text for text in counter.statements if text.startswith("UPDATE")]
    assert last_used(session) == began
    clock.advance(minutes=1)
    here.get("/account")

    assert last_used(session) == clock()


def test_a_session_ends_after_thirty_days_however_much_it_is_used(
    browser: OpenBrowser, ana: Account, clock: Clock, session: Session
) -> None:
    here: Browser = browser(ana)
    for _ in range(29):
        clock.advance(days=1)
        assert here.get("/account").status_code == 200
    clock.advance(days=1)

    assert here.get("/account").status_code == 401
    here.sign_in()
    assert len(session.scalars(select(UserSession)).all()) == 1  # what is over is forgotten
