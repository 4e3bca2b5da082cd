"""Installing the App and coming back: forged addresses, either order, linking, asking an owner."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from demo.github import Account, StandIn
from domain.issues import create_issue
from domain.login_links import create_login_link
from jobs import drain
from models import Activity, Installation, Organization, Release, Repository, Work
from models.session import Database
from tests.clock import Clock
from tests.factories import make_organization, make_project
from tests.webapp.conftest import SignIn
from tests.webapp.with_github.conftest import Browser, OpenBrowser, Place


@pytest.fixture
def labs(session: Session) -> Organization:
    """A workspace that exists already."""
    organization = make_organization(session, "labs")
    session.commit()
    return organization


def go_to_github(visitor: Browser, workspace: str = "") -> str:
    """Press "Install the App"; where GitHub sends us back to, when it is installed."""
    query = {"workspace": workspace} if workspace else {}
    answer = visitor.client.get("/install", query_string=query)
    assert answer.status_code == 302, answer.text
    return visitor.visit_github(answer.location)


def arrive(visitor: Browser, back: str) -> tuple[int, str]:
    """Status of where the redirects within our server end, and the path or page there."""
    answer = visitor.get(back)
    while answer.status_code == 302 and answer.location.startswith("/installed"):
        answer = visitor.get(answer.location)
    return answer.status_code, answer.location or answer.text


def test_from_the_start_page_to_the_repositories(
    browser: OpenBrowser, place: Place, acme: Account, ana: Account
) -> None:
    place.github.join(acme, ana, "admin")
    place.github.pick_account(acme)
    visitor = browser(ana)
    assert 'href="/install"' in visitor.get("/").text

    back = go_to_github(visitor)
    place.settle()

    assert arrive(visitor, back) == (303, "/o/acme/repositories/")
    assert "acme/web" in visitor.get("/o/acme/repositories/").text
    assert place.standing(ana, "acme") == ("admin", "installer", True)


def test_the_browser_may_be_faster_than_the_webhook(
    browser: OpenBrowser, place: Place, acme: Account, ana: Account
) -> None:
    place.github.join(acme, ana, "admin")
    place.github.pick_account(acme)
    visitor = browser(ana)
    back = go_to_github(visitor)

    status, page = arrive(visitor, back)
    assert status == 200
    assert "acme</bdi> is being set up" in page
    again = re.search(r'href="(/installed[^"]+)"', page)
    assert again is not None
    waiting = visitor.get(again[1].replace("&amp;", "&"))
    assert waiting.headers["Refresh"].startswith("4; url=/installed?")
    late = visitor.get(f"{again[1].replace('&amp;', '&')}0")
    assert "may not get through" in late.text
    place.settle()

    assert arrive(visitor, waiting.headers["Refresh"].partition("url=")[2]) == (
        303,
        "/o/acme/repositories/",
    )


class Interrupted(Database):
    """The same database; before it is read for the *at*-th time, something happens elsewhere."""

    def __init__(self, database: Database, at: int, happens: Callable[[], None]) -> None:
        self.__dict__.update(vars(database))
        self._until, self._happens = at, happens

    @contextmanager
    def reading(self) -> Iterator[Session]:
        self._until -= 1
        if self._until == 0:
            self._happens()
        with super().reading() as session:
            yield session


@pytest.mark.parametrize("at", range(1, 6))
def test_the_webhook_may_come_at_any_moment_of_coming_back(
    browser: OpenBrowser, place: Place, acme: Account, ana: Account, at: int
) -> None:
    place.github.join(acme, ana, "admin")
    place.github.pick_account(acme)
    visitor = browser(ana)
    back = go_to_github(visitor)
    database = place.runtime.db

    place.runtime.db = Interrupted(database, at, place.settle)
    status, page = arrive(visitor, back)
    place.runtime.db = database

    assert (status, page) == (303, "/o/acme/repositories/") or (
        status == 200 and "acme</bdi> is being set up" in page
    )
    place.settle()
    assert arrive(visitor, back) == (303, "/o/acme/repositories/")


def test_signing_in_comes_in_between_if_need_be(
    browser: OpenBrowser, place: Place, acme: Account, ana: Account
) -> None:
    place.github.join(acme, ana)
    made = place.install(acme)
    visitor = browser()

    answer = visitor.get(f"/installed?installation_id={made.id}&setup_action=install")

    assert answer.location.startswith("/auth/github?next=/installed")
    visitor.who = ana
    back = visitor.visit_github(visitor.get(answer.location).location)
    answer = visitor.get(back)
    assert answer.location == f"/installed?installation_id={made.id}&setup_action=install"
    assert arrive(visitor, answer.location) == (303, "/o/acme/repositories/")


def test_authorization_during_the_installation_leads_there_too(
    browser: OpenBrowser, place: Place, acme: Account, ana: Account
) -> None:
    place.github.join(acme, ana)
    made = place.install(acme)
    visitor = browser(ana)

    back = visitor.get(f"/auth/github/callback?code=x&installation_id={made.id}&_scheme=x")

    assert arrive(visitor, back.location) == (303, "/o/acme/repositories/")


def test_a_forged_installation_is_refused(
    browser: OpenBrowser, place: Place, acme: Account, ana: Account, bob: Account
) -> None:
    place.github.join(acme, ana)
    made = place.install(acme)
    visitor = browser(bob)

    status, page = arrive(visitor, f"/installed?installation_id={made.id}&setup_action=install")

    assert status == 403
    assert "does not list this installation for you" in page
    assert "acme" not in page
    assert visitor.sees("acme") == 404
    assert place.standing(bob, "acme") is None


@pytest.mark.parametrize("number", ["", "x", "0", "-1", "9" * 19, "9" * 400, "1.5", "%00", "²"])
def test_no_installation_at_all(browser: OpenBrowser, ana: Account, number: str) -> None:
    assert browser(ana).get(f"/installed?installation_id={number}").status_code == 400


def test_who_does_not_own_the_organization_asks_an_owner(
    browser: OpenBrowser, place: Place, acme: Account, ana: Account
) -> None:
    place.github.join(acme, ana)
    place.github.pick_account(acme)
    visitor = browser(ana)

    status, page = arrive(visitor, go_to_github(visitor))

    assert status == 200
    assert "An owner has to approve it" in page


def test_github_does_not_answer(
    browser: OpenBrowser, place: Place, acme: Account, ana: Account
) -> None:
    place.github.join(acme, ana)
    made = place.install(acme)
    visitor = browser(ana)
    place.github.fail_next(503, path="/user/installations", times=2)

    status, page = arrive(visitor, f"/installed?installation_id={made.id}")

    assert status == 503
    assert "GitHub does not answer" in page


def make_admin(visitor: Browser, sign_in: SignIn, organization: Organization) -> None:
    sign_in(organization, visitor.client, role="admin")


@pytest.mark.parametrize("webhook_first", [True, False], ids=["webhook first", "browser first"])
def test_an_installation_is_linked_to_where_it_was_begun(
    browser: OpenBrowser,
    place: Place,
    acme: Account,
    ana: Account,
    labs: Organization,
    sign_in: SignIn,
    session: Session,
    webhook_first: bool,
) -> None:
    place.github.join(acme, ana, "admin")
    place.github.pick_account(acme)
    [web] = place.github.world.repositories.values()
    sha = web.git.commit({"a.txt": "a"}, message="Start")
    place.github.push(web, "refs/heads/main", sha)
    place.github.push(web, "refs/tags/v1.0.0", sha)
    visitor = browser(ana)
    make_admin(visitor, sign_in, labs)
    back = go_to_github(visitor, "labs")
    if not webhook_first:
        status, page = arrive(visitor, back)
        assert (status, "is being set up" in page) == (200, True)
        back = back.partition("&state=")[0]
    place.settle()

    assert arrive(visitor, back) == (303, "/o/labs/repositories/")

    drain(place.runtime)
    session.expire_all()
    releases = session.execute(select(Release.version, Release.organization_id)).all()
    assert releases == [("web@1.0.0", labs.id)]
    assert session.scalars(select(Organization.slug)).all() == ["labs"]
    assert session.scalars(select(Repository.organization_id)).all() == [labs.id]
    assert session.scalars(select(Repository.is_tracked)).all() == [True]
    assert set(session.scalars(select(Work.organization_id))) == {labs.id}
    linked = session.scalars(select(Activity).where(Activity.kind == "installation_linked")).one()
    assert (linked.actor, linked.data["account"], linked.data["from"]) == ("ana", "acme", "acme")
    session.commit()
    assert visitor.get("/o/labs/repositories/").status_code == 200
    assert place.standing(ana, "acme") is None


def test_linking_is_for_the_browser_that_began_it_once(
    browser: OpenBrowser,
    place: Place,
    acme: Account,
    ana: Account,
    bob: Account,
    labs: Organization,
    sign_in: SignIn,
) -> None:
    """An attacker's workspace must not get an installation by a link that its owner follows."""
    github = place.github
    github.join(acme, ana, "admin")
    attacker, owner = browser(bob), browser(ana)
    for one in (attacker, owner):
        make_admin(one, sign_in, labs)
    state = attacker.client.get("/install?workspace=labs").location.partition("state=")[2]
    made = place.install(acme, by=ana)

    for forged in (state, "x", "", f"{state}x"):
        path = f"/installed?installation_id={made.id}&setup_action=install&state={forged}"
        assert arrive(owner, path) == (303, "/o/acme/repositories/")


def test_only_an_admin_begins_a_link(
    browser: OpenBrowser, place: Place, ana: Account, labs: Organization, sign_in: SignIn
) -> None:
    stranger, member, nobody = browser(ana), browser(ana), browser()
    sign_in(labs, member.client)

    assert stranger.get("/install?workspace=labs").status_code == 404
    assert member.get("/install?workspace=labs").status_code == 403
    assert nobody.get("/install?workspace=labs").status_code == 401


def test_an_admin_by_link_signs_in_before_linking(
    browser: OpenBrowser, labs: Organization, sign_in: SignIn
) -> None:
    visitor = browser()
    make_admin(visitor, sign_in, labs)

    answer = visitor.get("/install?workspace=labs")

    assert answer.location == "/auth/github?next=/install?workspace%3Dlabs"


def test_a_member_of_the_account_links_nothing(
    browser: OpenBrowser,
    place: Place,
    acme: Account,
    ana: Account,
    bob: Account,
    labs: Organization,
    sign_in: SignIn,
    session: Session,
) -> None:
    for user in (ana, bob):
        place.github.join(acme, user, "admin")
    made = place.install(acme, by=bob)
    visitor = browser(ana)
    make_admin(visitor, sign_in, labs)
    state = visitor.client.get("/install?workspace=labs").location.partition("state=")[2]

    path = f"/installed?installation_id={made.id}&setup_action=install&state={state}"
    status, page = arrive(visitor, path)

    assert status == 403
    assert "Nothing was linked" in page
    assert set(session.scalars(select(Organization.slug))) == {"labs", "acme"}


def furnish_issue(session: Session, home: Organization, clock: Clock) -> None:
    create_issue(session, make_project(session, home, "cart"), "Broken", now=clock())


def furnish_link(session: Session, home: Organization, clock: Clock) -> None:
    create_login_link(session, home, now=clock())


def furnish_project(session: Session, home: Organization, clock: Clock) -> None:
    make_project(session, home, "by-hand")


@pytest.mark.parametrize(
    ("furnish", "words"),
    [
        (furnish_issue, "issues and projects"),
        (furnish_link, "sign-in links"),
        (furnish_project, "projects made by hand"),
    ],
)
def test_what_people_made_is_not_thrown_away(
    browser: OpenBrowser,
    place: Place,
    acme: Account,
    ana: Account,
    labs: Organization,
    sign_in: SignIn,
    session: Session,
    clock: Clock,
    furnish: object,
    words: str,
) -> None:
    place.github.join(acme, ana, "admin")
    place.github.pick_account(acme)
    visitor = browser(ana)
    make_admin(visitor, sign_in, labs)
    back = go_to_github(visitor, "labs")
    place.settle()
    home = session.scalars(select(Organization).where(Organization.slug == "acme")).one()
    furnish(session, home, clock)  # type: ignore[operator]
    session.commit()

    status, page = arrive(visitor, back)

    assert status == 409
    assert "Nothing was changed" in page
    for word in words.split(" and "):
        assert word in page
    session.expire_all()
    installation = session.scalars(select(Installation)).one()
    assert installation.organization_id == home.id


def test_without_an_app_there_is_nothing_to_install(
    browser: OpenBrowser, place: Place, ana: Account, github: StandIn
) -> None:
    place.restart(app_slug=None)
    visitor = browser(ana)

    assert visitor.get("/install").status_code == 404
    assert "/install" not in visitor.get("/").text


def test_without_sign_in_the_page_tells_of_links(place: Place, browser: OpenBrowser) -> None:
    place.restart(client_secret=None)

    page = browser().get("/installed?installation_id=5&setup_action=install")

    assert page.status_code == 200
    assert "login-link" in page.text


def test_nobody_gets_into_an_organization_by_having_its_name(
    place: Place, browser: OpenBrowser, github: StandIn, sign_in: SignIn, session: Session
) -> None:
    """One made by command waits for the account of that name only until people are in it."""
    make_organization(session, "waiting")
    sign_in(make_organization(session, "lived-in"), role="admin")
    seen: dict[str, int] = {}
    for login in ("waiting", "lived-in"):
        account = github.user(login)
        github.repository(login, "web")
        place.install(account)
        seen[login] = browser(account).sees(login)

    assert seen == {"waiting": 200, "lived-in": 404}
