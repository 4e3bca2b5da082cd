"""The whole way in front of somebody new: a server as `make run` starts it, with nothing set up.

GitHub is the stand-in. Its web stands at another host name than the server, as the real one does:
cookies and the Content-Security-Policy are put to the test by that.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event, Thread
from urllib.parse import urlsplit

from playwright.sync_api import Page, expect

from demo.github import Account, Repository, StandIn
from tests.flows.histories import straight
from tests.server import Server

NAME = "Acme Releases"  # of the App


@dataclass
class Way:
    github: StandIn
    server: Server
    acme: Account
    ana: Account  # owns acme
    bo: Account  # is a member of it, as is cy
    cy: Account
    zoo: Account
    zoe: Account  # owns zoo
    web: Repository
    tools: Repository
    tells: Event = field(default_factory=Event)  # while it is set, deliveries are sent
    _moment: datetime = field(default_factory=lambda: datetime.now(UTC) - timedelta(hours=8))

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.port}"

    @property
    def github_url(self) -> str:
        return f"http://localhost:{urlsplit(self.github.url).port}"

    def setup_link(self) -> str:
        """As the first start printed it."""
        found = re.search(rf"{self.url}/setup/\S+", self.server.log.read_text())
        assert found is not None
        return found[0]

    def tip(self, repository: Repository) -> str:
        [sha] = repository.git.resolve(["refs/heads/main"])
        assert sha is not None
        return sha

    def push(self, repository: Repository, *messages: str) -> str:
        """Commits on the main branch, pushed together; the last one's sha."""
        parents = repository.git.resolve(["refs/heads/main"])
        for message in messages:
            self._moment += timedelta(minutes=1)
            content = {f"src/{self._moment:%H%M}.py": message}
            onto = [sha for sha in parents if sha]
            author = "Ana Lima <ana@acme.example>"
            sha = repository.git.commit(
                content, parents=onto, message=message, author=author, date=self._moment
            )
            parents = [sha]
        self.github.push(repository, "refs/heads/main", sha, at=self._moment)
        return sha

    def tag(self, repository: Repository, name: str, sha: str) -> None:
        self._moment += timedelta(minutes=1)
        self.github.push(repository, f"refs/tags/{name}", sha, at=self._moment)

    def settle(self) -> None:
        """Wait until all that GitHub has to tell has come, and is worked off."""
        self.server.wait_for(lambda: not self.github.queued, seconds=20)
        self.server.wait_until_worked_off()

    # What people do at the browser

    def begin(self, page: Page) -> None:
        """Use the set-up link."""
        page.goto(self.setup_link())
        page.get_by_role("button", name="Begin").click()
        expect(page).to_have_url(f"{self.url}/setup/")

    def register(self, page: Page) -> None:
        """Register the App at GitHub; back on the check list."""
        page.get_by_label("Organization").fill(self.acme.login)
        page.get_by_label("Name of the App").fill(NAME)
        page.get_by_role("button", name="Register the App").click()
        page.get_by_role("button", name="Go on to").click()
        expect(page).to_have_url(f"{self.url}/setup/")

    def leave_to_install(self, page: Page) -> None:
        """From the check list to GitHub and back, by way of signing in there."""
        self.sit_down(self.ana, picking=self.acme)
        page.get_by_role("link", name="Install the App on an account").click()

    def install(self, page: Page) -> None:
        """As before; arrives at the repositories."""
        self.leave_to_install(page)
        page.wait_for_url("**/o/acme/repositories/")

    def sit_down(self, person: Account, *, picking: Account | None = None) -> None:
        """Who is signed in to GitHub in all browsers from now on."""
        self.github.browse_as(person)
        self.github.pick_account(picking)

    def sign_in(self, page: Page, person: Account) -> None:
        self.sit_down(person)
        page.goto("/")
        page.get_by_role("link", name="Sign in with GitHub").click()
        page.wait_for_url(f"{self.url}/**")
        expect(page.locator("header summary", has_text=person.login)).to_be_visible()


def go_to(page: Page, area: str) -> None:
    """Follow the link in the navigation of acme."""
    page.get_by_role("navigation", name="acme").get_by_role("link", name=area).click()


def go_to_settings(page: Page, section: str) -> None:
    go_to(page, "Settings")
    page.get_by_role("navigation", name="Settings").get_by_role("link", name=section).click()


def report_an_error(page: Page, project: str, error: str = "CartError") -> None:
    """As an application does that has the project's DSN, which its page shows."""
    go_to_settings(page, "Projects and keys")
    page.get_by_role("rowheader", name=project).get_by_role("link").click()
    dsn = urlsplit(page.get_by_label("DSN", exact=True).first.input_value())
    event = {"exception": {"values": [{"type": error, "value": "The cart is empty"}]}}
    address = f"http://{dsn.hostname}:{dsn.port}/api{dsn.path}/store/"
    query = f"?sentry_key={dsn.username}&sentry_version=7"
    answer = page.request.post(address + query, data=json.dumps(event))
    assert answer.ok, answer.text()


@contextmanager
def opened_way(directory: Path, *, commits: int = 60, tags: int = 3) -> Iterator[Way]:
    """The server and GitHub while the block runs, and what GitHub has to tell, told at once.

    acme/web has so many *commits*, and *tags* at even distances: v1.1.0 if it is 100.
    """
    with StandIn(directory / "github") as github:
        way = _make(github, directory)
        straight(way.web.git, commits=commits, tags=tags)
        way.tells.set()
        way.server.start()
        is_over = Event()
        courier = Thread(target=_tell, args=(way, is_over), daemon=True)
        courier.start()
        try:
            yield way
        finally:
            is_over.set()
            courier.join()
            way.server.stop()


def _make(github: StandIn, directory: Path) -> Way:
    acme = github.account("acme", type="Organization")
    ana = github.user("ana", emails=["ana@acme.example"], name="Ana Lima")
    bo = github.user("bo", emails=["bo@acme.example"], name="Bo Sen")
    cy = github.user("cy", emails=["cy@acme.example"], name="Cy Ode")
    zoo = github.account("zoo", type="Organization")
    zoe = github.user("zoe", name="Zoe Young")
    github.join(acme, ana, "admin")
    github.join(acme, bo)
    github.join(acme, cy)
    github.join(zoo, zoe, "admin")
    github.repository(zoo, "cages")
    web, tools = (github.repository(acme, name) for name in ("web", "tools"))
    straight(tools.git, commits=3, tags=1)
    port = urlsplit(github.url).port
    environ = {
        "GITHUB_URL": f"http://localhost:{port}",
        "GITHUB_API_URL": github.url,
        "GITHUB_APP_ID": "",
        "GITHUB_WEBHOOK_SECRET": "",
        "SECRET_KEY": "",
    }
    data = directory / "data"
    data.mkdir()
    return Way(github, Server(data, environ=environ), acme, ana, bo, cy, zoo, zoe, web, tools)


def _tell(way: Way, is_over: Event) -> None:
    """Post deliveries as they are made, to where the App says."""
    while not is_over.wait(0.05):
        if way.tells.is_set():
            way.github.send_all(way.github.app.hook_url)
