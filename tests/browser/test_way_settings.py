"""Settings changed in a browser, by those who may, and what becomes of that with the next push.

After the set-up, with the real server. The tests use different parts of one organization.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from playwright.sync_api import Browser, Locator, Page, StorageState, expect

from tests.browser.checks import check_both_schemes, check_fits_phone, tab_to
from tests.browser.chromium import open_page
from tests.browser.conftest import PageMaker, making_pages
from tests.browser.way import Way, go_to, go_to_settings, opened_way, report_an_error

OPERATORS = {
    "start page": "/",
    "check list": "/setup/",
    "another App": "/setup/?again=1",
    "set-up link": "/setup/nonsense",
    "account": "/account",
    "asked an owner": "/installed?setup_action=request",
    "nothing to see": "/o/zoo/releases/",
}
OF_ADMINS = ("tokens/", "audit/", "audit/lines.csv")
OF_ALL = ("general/", "github/", "repositories/", "projects/", "people/", "teams/", "resolution/")
POSTS = (
    "general/",
    "repositories/",
    "projects/",
    "projects/web/",
    "projects/web/keys/",
    "people/",
    "people/1/role",
    "people/1/access",
    "teams/",
    "tokens/",
    "resolution/",
    "resolution/preview",
    "github/1/share",
    "github/1/move",
    "repositories/1/tracking",
    "repositories/1/rules",
    "repositories/1/import",
)


@dataclass
class Settled:
    way: Way
    ana: StorageState  # who installed the App, and is the server's operator


@pytest.fixture(scope="module")
def settled(tmp_path_factory: pytest.TempPathFactory, browser: Browser) -> Iterator[Settled]:
    """The App is registered and installed on acme, whose history is imported."""
    with opened_way(tmp_path_factory.mktemp("way")) as way:
        page, troubles = open_page(browser, way.url)
        way.begin(page)
        way.register(page)
        way.install(page)
        way.settle()
        state = page.context.storage_state()
        page.context.close()
        assert not troubles
        yield Settled(way, state)


@pytest.fixture
def way(settled: Settled) -> Way:
    return settled.way


@pytest.fixture
def make_page(browser: Browser, settled: Settled) -> Iterator[PageMaker]:
    with making_pages(browser, settled.way.url) as make:
        yield make


@pytest.fixture
def ana(make_page: PageMaker, settled: Settled) -> Page:
    """Ana's page: the repositories of acme."""
    page = make_page(storage_state=settled.ana)
    page.goto("/o/acme/repositories/")
    return page


def row_of(page: Page, name: str) -> Locator:
    return page.get_by_role("row").filter(has=page.get_by_role("rowheader", name=name))


def see_in_audit_log(page: Page, *words: str) -> None:
    """The newest lines hold these, in one line."""
    go_to_settings(page, "Audit log")
    line = page.locator(".timeline > li").filter(has_text=re.compile(r"\bana\b"))
    for word in words:
        line = line.filter(has_text=word)
    expect(line.first).to_be_visible()


@pytest.mark.parametrize("address", OPERATORS.values(), ids=OPERATORS)
def test_a_page_is_for_everybody(make_page: PageMaker, settled: Settled, address: str) -> None:
    page = make_page(storage_state=settled.ana, expected_status=410)
    page.goto(address)

    expect(page.get_by_role("heading", level=1)).to_have_count(1)
    check_fits_phone(page)
    check_both_schemes(page)


def test_a_repository_that_is_untracked_is_left_alone_until_it_is_tracked(
    ana: Page, way: Way
) -> None:
    go_to_settings(ana, "Repositories")
    ana.get_by_role("button", name="Stop tracking acme/tools").click()
    expect(row_of(ana, "acme/tools")).to_contain_text("not tracked")
    way.tag(way.tools, "v3.0.0", way.push(way.tools, "A new tool"))
    way.settle()
    ana.goto("/o/acme/releases/?q=tools@")
    expect(ana.get_by_role("rowheader")).to_have_text(["tools@1.0.3"])

    go_to_settings(ana, "Repositories")
    ana.get_by_role("button", name="Track acme/tools").click()
    expect(
        row_of(ana, "acme/tools").get_by_role("cell", name="tracked", exact=True)
    ).to_be_visible()
    way.settle()
    ana.goto("/o/acme/releases/?q=tools@")
    expect(ana.get_by_role("rowheader")).to_have_text(["tools@3.0.0", "tools@1.0.3"])
    see_in_audit_log(ana, "acme/tools", "tracked")


def test_a_version_template_names_the_next_release(ana: Page, way: Way) -> None:
    go_to_settings(ana, "Repositories")
    ana.get_by_role("link", name="acme/web").click()
    ana.get_by_label("Tags that make releases").fill("v*, !*-beta*")
    ana.get_by_label("Version template").fill("shop-{version}")
    ana.get_by_role("button", name="Preview").click()
    expect(row_of(ana, "v1.0.60")).to_contain_text("shop-1.0.60")
    expect(row_of(ana, "v1.0.60")).to_contain_text("keeps the name web@1.0.60")
    check_fits_phone(ana)
    check_both_schemes(ana)
    ana.locator("#preview").get_by_role("button", name="Save").click()
    expect(ana.get_by_label("Version template")).to_have_value("shop-{version}")
    expect(ana.get_by_role("heading", name="The newest tags")).to_have_count(0)

    tip = way.push(way.web, "Sell socks")
    way.tag(way.web, "v2.0.0-beta.1", tip)
    way.tag(way.web, "v2.0.0", tip)
    way.settle()
    ana.goto("/o/acme/releases/?q=2.0.0")
    expect(ana.get_by_role("rowheader")).to_have_text(["shop-2.0.0"])
    ana.goto("/o/acme/releases/?q=web@1.0.60")
    expect(ana.get_by_role("rowheader")).to_have_text(["web@1.0.60"])
    see_in_audit_log(ana, "acme/web", "shop-{version}")


def test_a_new_project_takes_events(ana: Page, way: Way) -> None:
    go_to_settings(ana, "Projects and keys")
    ana.get_by_label("Name").fill("Mobile App")
    ana.get_by_label("Platform").select_option("python")
    ana.get_by_role("button", name="Create project").click()
    expect(ana.get_by_role("heading", level=2).first).to_contain_text("mobile-app")

    report_an_error(ana, "mobile-app", "TapError")
    way.settle()
    go_to(ana, "Issues")
    ana.get_by_role("link", name="MOBILE-APP-1").first.click()
    expect(ana.get_by_role("heading", level=1)).to_contain_text("TapError")
    see_in_audit_log(ana, "mobile-app")


def test_a_token_is_shown_once_and_opens_until_it_is_revoked(ana: Page, way: Way) -> None:
    def status() -> int:
        address = f"{way.url}/api/0/organizations/acme/releases/"
        headers = {"Authorization": f"Bearer {token}", "Cookie": ""}
        return ana.request.get(address, headers=headers).status

    go_to_settings(ana, "Tokens")
    ana.get_by_label("Name").first.fill("GitHub Actions")
    ana.get_by_role("button", name="Create token for CI").click()
    token = ana.get_by_label("Token", exact=True).input_value()
    check_fits_phone(ana)
    check_both_schemes(ana)
    assert token.startswith("sntrys_")
    assert status() == 200

    ana.get_by_role("link", name="I have copied it").click()
    expect(row_of(ana, "GitHub Actions")).to_contain_text(token[-4:])
    assert token not in ana.content()
    row_of(ana, "GitHub Actions").locator("summary").click()
    row_of(ana, "GitHub Actions").get_by_role("button", name="Revoke").click()
    expect(ana.get_by_role("status").filter(has_text="is revoked")).to_be_visible()
    assert status() == 401
    see_in_audit_log(ana, "GitHub Actions")


def test_words_that_resolve_are_previewed_and_then_hold(ana: Page, way: Way) -> None:
    report_an_error(ana, "tools", "HammerError")
    way.push(way.web, "Settles TOOLS-1: a better grip")
    way.settle()
    go_to_settings(ana, "Resolution")
    ana.get_by_label("More words").fill("settles")
    ana.get_by_role("button", name="Preview").click()
    expect(row_of(ana, "TOOLS-1")).to_contain_text("would appear")
    ana.get_by_role("button", name="Save").click()
    expect(ana.get_by_role("status").filter(has_text="Saved.")).to_be_visible()
    expect(ana.get_by_label("More words")).to_have_value("settles")

    way.push(way.web, "Settles TOOLS-1: a handle")
    way.settle()
    ana.goto("/o/acme/issues/TOOLS-1")
    named = ana.locator("section").filter(has=ana.get_by_role("heading", name="Named by"))
    expect(named).to_contain_text("Settles TOOLS-1: a handle")
    expect(named).not_to_contain_text("a better grip")
    see_in_audit_log(ana, "settles")


def test_an_admin_is_appointed(ana: Page, make_page: PageMaker, way: Way) -> None:
    cy = make_page(expected_status=403)
    way.sign_in(cy, way.cy)
    cy.goto("/o/acme/settings/tokens/")
    expect(cy.get_by_text("Only admins of the organization may do this.")).to_be_visible()

    go_to_settings(ana, "People")
    ana.get_by_role("link", name="cy", exact=True).click()
    ana.get_by_label("What they may do").select_option("admin")
    ana.get_by_role("button", name="Save").click()
    expect(ana.locator("main")).to_contain_text("An admin said so; nothing automatic changes it.")
    cy.goto("/o/acme/settings/tokens/")
    expect(cy.get_by_role("button", name="Create token for CI")).to_be_visible()
    see_in_audit_log(ana, "cy", "admin")


def test_somebody_of_another_organization_sees_nothing(
    ana: Page, make_page: PageMaker, way: Way
) -> None:
    zoe = make_page(expected_status=404)
    way.sign_in(zoe, way.zoe)
    expect(zoe.get_by_role("heading", level=1)).to_have_text("No organizations yet")
    way.sit_down(way.zoe, picking=way.zoo)
    zoe.get_by_role("link", name="Install the App").click()
    zoe.wait_for_url("**/o/zoo/repositories/")
    expect(zoe.get_by_role("link", name="zoo/cages")).to_be_visible()

    assert "acme" not in zoe.content()
    expect(zoe.locator("header summary")).to_have_count(1)  # her own menu; no switcher
    zoe.goto("/")
    assert "acme" not in zoe.content()
    zoe.goto("/o/zoo/releases/?q=web@1.0.60")
    expect(zoe.get_by_role("rowheader")).to_have_count(0)
    for page in ("releases/", "releases/web@1.0.60", "issues/", "repositories/", "settings/audit/"):
        answer = zoe.goto(f"/o/acme/{page}")
        assert answer is not None
        assert answer.status == 404
        expect(zoe.get_by_role("heading", level=1)).to_have_text("Not Found")
        assert "web@1" not in zoe.locator("main").inner_text()
    ana.goto("/")
    assert "zoo" not in ana.content()


def test_a_member_looks_and_changes_nothing(make_page: PageMaker, way: Way) -> None:
    bo = make_page(expected_status=403)
    way.sign_in(bo, way.bo)
    pages = [*OF_ALL, "projects/web/", "repositories/1/", "people/1/"]
    for page in pages:
        bo.goto(f"/o/acme/settings/{page}")
        expect(bo.get_by_role("heading", level=1)).to_have_text("Settings")
        controls = "form[method=post] :is(button, select, textarea, input:not([type=hidden]))"
        expect(bo.locator(f"main {controls}:enabled")).to_have_count(0)
        check_fits_phone(bo)
    for page in OF_ADMINS:
        answer = bo.request.get(f"{way.url}/o/acme/settings/{page}")
        assert answer.status == 403, page

    token = bo.locator("header [name=csrf_token]").input_value()
    for address in POSTS:
        form: dict[str, str | float | bool] = {"csrf_token": token, "name": "Bo's"}
        answer = bo.request.post(f"{way.url}/o/acme/settings/{address}", form=form)
        assert answer.status == 403, address
        assert "Only admins of the organization may do this." in answer.text()


def test_signing_in_and_a_setting_by_keyboard(make_page: PageMaker, way: Way) -> None:
    def press(role: str, name: str, key: str = "Enter") -> None:
        tab_to(page, page.get_by_role(role, name=name, exact=True).first)  # type: ignore[arg-type]
        page.keyboard.press(key)

    way.sit_down(way.ana)
    page = make_page()
    page.goto("/")
    press("link", "Sign in with GitHub")
    page.wait_for_url(f"{way.url}/")
    press("link", "acme")
    page.wait_for_url("**/o/acme/releases/")
    press("link", "Settings")
    page.wait_for_url("**/settings/general/")

    tab_to(page, page.get_by_label("Name"))
    page.keyboard.press("Control+A")
    page.keyboard.type("Acme Limited")
    tab_to(page, page.get_by_label("Track new repositories"))
    page.keyboard.press("Space")
    press("button", "Save", "Space")
    expect(page.get_by_role("status").filter(has_text="Saved.")).to_be_visible()
    expect(page.get_by_label("Name")).to_have_value("Acme Limited")
    expect(page.get_by_label("Track new repositories")).not_to_be_checked()
    page.get_by_label("Name").fill("acme")
    page.get_by_label("Track new repositories").check()
    page.keyboard.press("Enter")
    expect(page.get_by_label("Track new repositories")).to_be_checked()
    see_in_audit_log(page, "Acme Limited")
