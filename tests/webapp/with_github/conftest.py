"""Browsers that go to GitHub and back: our application, and the stand-in over real HTTP."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from config import Settings
from demo.github import Account, Installation, StandIn
from jobs import Runtime, drain
from models import Activity, Delivery, Member, Organization, User
from tests.webapp.conftest import csrf_token

PUBLIC_URL = "http://localhost"
CALLBACK = "/auth/github/callback"


@pytest.fixture
def github(tmp_path: Path) -> Iterator[StandIn]:
    with StandIn(tmp_path / "github") as github:
        yield github


@pytest.fixture
def settings(settings: Settings, github: StandIn) -> Settings:
    app = github.app
    app.setup_url = f"{PUBLIC_URL}/installed"
    ours = replace(
        settings.github,
        url=github.url,
        api_url=github.url,
        app_id=app.app_id,
        app_slug=app.slug,
        private_key=app.private_key_pem,
        webhook_secrets=(app.webhook_secret,),
        client_id=app.client_id,
        client_secret=app.client_secret,
    )
    return replace(settings, github=ours, public_url=PUBLIC_URL)


@dataclass
class Browser:
    """One browser, with its own cookies; `who` sits there when it comes to GitHub."""

    github: StandIn
    client: FlaskClient
    who: Account | None = None

    def get(self, path: str) -> TestResponse:
        return self.client.get(path)

    def post(self, path: str, form_at: str = "/account", **fields: str) -> TestResponse:
        token = csrf_token(self.client.get(form_at).text)
        return self.client.post(path, data={"csrf_token": token, **fields})

    def may_administer(self) -> bool:
        """Whether the settings of `acme` can be changed."""
        answer = self.post("/o/acme/settings/general/", name="Acme", track_new_repositories="on")
        assert answer.status_code in (303, 403)
        return answer.status_code == 303

    def begin(self, next_place: str = "/") -> str:
        """Press "Sign in with GitHub"; the path and query with which GitHub sends us back."""
        answer = self.client.get("/auth/github", query_string={"next": next_place})
        assert answer.status_code == 302, answer.text
        return self.visit_github(answer.location)

    def visit_github(self, url: str) -> str:
        """Go to GitHub; the path and query with which it sends us back."""
        assert url.startswith(f"{self.github.url}/")
        self.github.browse_as(self.who)
        connection = HTTPConnection(urlsplit(self.github.url).netloc, timeout=10)
        try:
            path = url.removeprefix(self.github.url)
            connection.request("GET", path, headers={"User-Agent": "browser"})
            answer = connection.getresponse()
            answer.read()
        finally:
            connection.close()
        assert answer.status == 302
        location = answer.headers["Location"]
        assert location.startswith(f"{PUBLIC_URL}/")
        return location.removeprefix(PUBLIC_URL)

    def sign_in(self, who: Account | None = None, next_place: str = "/") -> TestResponse:
        self.who = who or self.who
        answer = self.get(self.begin(next_place))
        assert answer.status_code == 303, answer.text
        return answer

    def sees(self, slug: str) -> int:
        """Status of the organization's releases."""
        return self.get(f"/o/{slug}/releases/").status_code


OpenBrowser = Callable[..., Browser]


@pytest.fixture
def browser(app: Flask, github: StandIn) -> OpenBrowser:
    """Opens a browser, at which *who* is signed in if anybody is given."""

    def open_browser(who: Account | None = None) -> Browser:
        browser = Browser(github, app.test_client(), who)
        if who is not None:
            browser.sign_in()
        return browser

    return open_browser


@dataclass
class Place:
    """GitHub and what we know of it."""

    github: StandIn
    runtime: Runtime
    app: Flask

    def settle(self) -> None:
        """Hand over what GitHub queued, signed, and work off all that is due."""
        client = self.app.test_client()
        for delivery in list(self.github.queued):
            self.github.queued.remove(delivery)
            answer = client.post(
                "/webhooks/github", data=delivery.body, headers=dict(delivery.headers)
            )
            assert answer.status_code == 202, answer.text
        drain(self.runtime)

    def restart(self, **changes: str | None) -> None:
        """Begin anew with other settings of GitHub, as a server does that is started again."""
        before = self.runtime.settings
        self.runtime.settings = replace(before, github=replace(before.github, **changes))  # type: ignore[arg-type]
        self.runtime.__post_init__()

    def install(self, account: Account, **how: object) -> Installation:
        made = self.github.install(account, **how)  # type: ignore[arg-type]
        self.settle()
        return made

    def user(self, account: Account) -> User:
        with self.runtime.db.reading() as session:
            return session.scalars(select(User).where(User.github_id == account.id)).one()

    def standing(self, account: Account, slug: str) -> tuple[str, str, bool] | None:
        """Role, why, and whether it holds."""
        with self.runtime.db.reading() as session:
            member = session.scalar(
                select(Member)
                .join(User, User.id == Member.user_id)
                .join(Organization, Organization.id == Member.organization_id)
                .where(User.github_id == account.id, Organization.slug == slug)
            )
            if member is None:
                return None
            return str(member.role), str(member.role_source), member.ended_at is None

    def audit(self, slug: str, *kinds: str) -> list[tuple[str, str | None, str | None]]:
        """Lines of these kinds: the kind, whom it is about, and the role."""
        with self.runtime.db.reading() as session:
            rows = session.scalars(
                select(Activity)
                .join(Organization, Organization.id == Activity.organization_id)
                .where(Organization.slug == slug, Activity.kind.in_(kinds))
                .order_by(Activity.id)
            )
            return [(row.kind, row.data.get("member"), row.data.get("role")) for row in rows]

    def deliveries(self, session: Session) -> list[Delivery]:
        return list(session.scalars(select(Delivery).order_by(Delivery.id)))


@pytest.fixture
def place(github: StandIn, runtime: Runtime, app: Flask) -> Iterator[Place]:
    yield Place(github, runtime, app)
    if runtime.github is not None:
        runtime.github.close()


@pytest.fixture
def acme(github: StandIn) -> Account:
    acme = github.account("acme", type="Organization")
    github.repository("acme", "web")
    return acme


@pytest.fixture
def ana(github: StandIn) -> Account:
    return github.user("ana", emails=["ana@acme.example"], name="Ana Lima")


@pytest.fixture
def bob(github: StandIn) -> Account:
    return github.user("bob")


@pytest.fixture
def visitor(browser: OpenBrowser, place: Place, acme: Account, ana: Account) -> Browser:
    """Ana's, signed in: a member of `acme`, where the App is installed."""
    place.github.join(acme, ana)
    place.install(acme)
    return browser(ana)
