"""Events of the published SDKs and of `sentry-cli` end as issues: sent, digested, shown."""

from __future__ import annotations

import os
import subprocess
import sys
import urllib.parse
import urllib.request
from collections.abc import Sequence
from dataclasses import dataclass
from http.cookiejar import CookieJar
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import select

from domain.event_queries import ShownEvent, find_event, list_environments_seen, list_releases_seen
from domain.issues import short_id_of
from domain.login_links import create_login_link
from models import Issue, Organization, Project, Release, ReleaseProject, utcnow
from tests.contract.clients import SentryCli
from tests.contract.places import Place
from tests.sdk import Sender, make_sender
from tests.webapp.conftest import csrf_token
from tests.webapp.test_event_pages import text_of

pytestmark = pytest.mark.slow

PLAIN = """
import sentry_sdk, werkzeug.exceptions
sentry_sdk.init(release="web@2.0", server_name="web-1")
sentry_sdk.set_tag("team", "core")
def total(coupon):
    werkzeug.exceptions.abort(410)
def checkout(coupon):
    return total(coupon)
for user in (7, 7, 9):
    sentry_sdk.set_user({"id": user})
    try:
        checkout("SPRING")
    except werkzeug.exceptions.Gone:
        sentry_sdk.capture_exception()
sentry_sdk.flush(10)
"""
LOGGING = """
import logging, sentry_sdk
sentry_sdk.init(release="web@2.0")
logging.getLogger("shop").warning("only a breadcrumb")
for number in (5, 6):
    logging.getLogger("shop").error("order %s lost", number)
sentry_sdk.flush(10)
"""
FLASK = """
import flask, sentry_sdk
sentry_sdk.init(traces_sample_rate=1.0)
app = flask.Flask("shop")
@app.get("/cart")
def cart():
    return str(1 / 0)
assert app.test_client().get("/cart?q=1").status_code == 500
sentry_sdk.flush(10)
"""
NODE = """
const Sentry = require("@sentry/node");
Sentry.init({dsn: process.env.SENTRY_DSN, release: "web@2.0", environment: "staging"});
function checkout() { throw new TypeError("cart is empty"); }
try { checkout(); } catch (error) { Sentry.captureException(error); }
Sentry.close(10000).then((sent) => process.exit(sent ? 0 : 3));
"""


@dataclass
class Sent:
    """What a client sent to a project of its own, once the server has worked it off."""

    place: Place
    sender: Sender
    directory: Path

    @property
    def dsn(self) -> str:
        return self.sender.dsn(f"127.0.0.1:{self.place.server.port}")

    def run(self, script: str, *command: str) -> None:
        """Run a program that leaves when its client has sent what it has."""
        path = self.directory / "shop.py"
        path.write_text(script)
        environ = {"PATH": os.environ["PATH"], "SENTRY_DSN": self.dsn}
        done = subprocess.run(
            command or [sys.executable, path.name],
            cwd=self.directory,
            env=environ | {"SENTRY_ENVIRONMENT": "staging"},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, done

    def issues(self) -> Sequence[Issue]:
        self.place.server.wait_until_worked_off()
        assert (self.place.server.ready() or {})["failed_jobs"] == 0
        with self.place.db.reading() as session:
            of_project = Issue.project_id == self.sender.project_id
            return session.scalars(select(Issue).where(of_project).order_by(Issue.number)).all()

    def issue(self) -> Issue:
        [issue] = self.issues()
        return issue

    def newest(self, issue: Issue) -> ShownEvent:
        with self.place.db.reading() as session:
            found = find_event(session, issue.id)
        assert found is not None
        return found

    def seen(self, issue: Issue) -> tuple[list[tuple[str, int]], list[tuple[str, int]]]:
        """Releases and environments, with how many events came of each."""
        with self.place.db.reading() as session:
            releases = list_releases_seen(session, issue.id)
            environments = list_environments_seen(session, issue.id)
        return (
            [(one.name, one.count) for one in releases],
            [(one.name, one.count) for one in environments],
        )

    def releases(self) -> list[str]:
        """Versions that the project has a part in."""
        with self.place.db.reading() as session:
            return list(
                session.scalars(
                    select(Release.version)
                    .join(ReleaseProject, ReleaseProject.release_id == Release.id)
                    .where(ReleaseProject.project_id == self.sender.project_id)
                )
            )

    def page(self, issue: Issue) -> str:
        """The issue as a member sees it in the browser, who came by a login link."""
        with self.place.db.transaction() as session:
            project = session.get_one(Project, issue.project_id)
            organization = session.get_one(Organization, issue.organization_id)
            token = create_login_link(session, organization, now=utcnow())
        browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()))
        url = f"{self.place.url}/login/{token}"
        with browser.open(url, timeout=30) as form:
            fields = {"csrf_token": csrf_token(form.read().decode())}
        browser.open(url, urllib.parse.urlencode(fields).encode(), timeout=30).close()
        path = f"/o/{organization.slug}/issues/{short_id_of(issue, project)}"
        with browser.open(self.place.url + path, timeout=30) as page:
            return text_of(page.read().decode())


@pytest.fixture
def sent(place: Place, tmp_path: Path) -> Sent:
    return Sent(place, make_sender(place.db, uuid4().hex), tmp_path)


def frames_of(event: ShownEvent) -> list[tuple[str | None, bool]]:
    """Functions and whether they are the application's own, the outermost call first."""
    return [(frame.function, frame.in_app) for frame in event.data.frames]


def test_an_exception_in_python(sent: Sent) -> None:
    sent.run(PLAIN)
    issue = sent.issue()

    said = "Gone: 410 Gone: The requested URL"
    assert issue.title.startswith(said)
    assert (issue.level, issue.type, issue.event_count, issue.user_count) == (
        "error",
        "error",
        3,
        2,
    )
    assert issue.culprit == "__main__ in total"
    event = sent.newest(issue)
    frames = frames_of(event)
    own = ["<module>", "checkout", "total"]
    assert frames == [*((name, True) for name in own), ("abort", False), ("__call__", False)]
    assert dict(event.data.tags)["team"] == "core"
    assert (event.release, event.row.environment) == ("web@2.0", "staging")
    assert sent.seen(issue) == ([("web@2.0", 3)], [("staging", 3)])
    assert sent.releases() == ["web@2.0"]

    page = sent.page(issue)
    for words in (said, "return total(coupon)", "'SPRING'", "shop.py:", "web-1"):
        assert words in page, words


def test_what_is_logged(sent: Sent) -> None:
    """Two messages of one template are one issue, called by the newest."""
    sent.run(LOGGING)
    issue = sent.issue()

    assert (issue.title, issue.level, issue.type) == ("order 6 lost", "error", "default")
    assert issue.event_count == 2
    event = sent.newest(issue)
    assert event.data.logger == "shop"
    assert event.data.breadcrumbs[0].message == "only a breadcrumb"
    assert "only a breadcrumb" in sent.page(issue)


def test_an_exception_in_flask(sent: Sent) -> None:
    """Its transactions and sessions leave nothing."""
    sent.run(FLASK)
    issue = sent.issue()

    assert (issue.title, issue.event_count) == ("ZeroDivisionError: division by zero", 1)
    event = sent.newest(issue)
    assert event.data.raised is not None
    assert (event.data.raised.mechanism, event.data.raised.is_handled) == ("flask", False)
    own = [function for function, in_app in frames_of(event) if in_app]
    assert own[-1] == "cart"
    assert event.data.transaction == "cart"
    page = sent.page(issue)
    for words in ("return str(1 / 0)", "GET http://localhost/cart", "Not caught by the program"):
        assert words in page, words


def test_an_event_of_sentry_cli(sent: Sent, major: str) -> None:
    sentry_cli = SentryCli(
        major, sent.directory, sent.directory, {"SENTRY_DISABLE_UPDATE_CHECK": "1"}
    )
    sentry_cli.works(
        *("send-event", "-m", "Hello %s", "-a", "world", "-r", "web@2.0", "-l", "warning"),
        *("-t", "team:core", "-E", "staging", "-u", "id:9", "-p", "python"),
        SENTRY_DSN=sent.dsn,
    )
    issue = sent.issue()

    assert (issue.title, issue.level, issue.event_count) == ("Hello world", "warning", 1)
    assert issue.user_count == 1
    event = sent.newest(issue)
    assert dict(event.data.tags)["team"] == "core"
    assert sent.seen(issue) == ([("web@2.0", 1)], [("staging", 1)])
    assert sent.releases() == ["web@2.0"]
    page = sent.page(issue)
    assert "Hello world" in page
    assert os.environ["PATH"] not in page  # the environment of its process is nobody's business


def test_an_exception_in_node(sent: Sent, node_modules: Path) -> None:
    (sent.directory / "node_modules").symlink_to(node_modules / "node_modules")
    path = sent.directory / "shop.js"
    path.write_text(NODE)
    sent.run("", "node", path.name)
    issue = sent.issue()

    assert (issue.title, issue.event_count) == ("TypeError: cart is empty", 1)
    event = sent.newest(issue)
    assert frames_of(event)[-1] == ("checkout", True)
    assert sent.seen(issue) == ([("web@2.0", 1)], [("staging", 1)])
    assert sent.releases() == ["web@2.0"]
    page = sent.page(issue)
    assert "throw new TypeError" in page
    assert "shop.js:" in page
