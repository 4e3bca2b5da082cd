"""Every kind of page: accessible in light and dark, fit for a phone, of use without script."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.checks import check_both_schemes, check_fits_phone, weigh
from tests.browser.conftest import PageMaker
from tests.browser.place import FAILED, Place

MOST_BYTES = 150_000  # compressed, with all that the page loads
PAGES = {
    "home": "/",
    "releases": "/o/acme/releases/",
    "no releases": "/o/labs/releases/",
    "release": "/o/acme/releases/web@1.1.0",
    "since the last final version": "/o/acme/releases/web@1.2.0-rc.1?since=final",
    "issues": "/o/acme/issues/",
    "empty inbox": "/o/labs/issues/?status=inbox",
    "no issues found": "/o/acme/issues/?q=nothing",
    "issue without events": "/o/acme/issues/WEB-1",
    "issue with events": "/o/acme/issues/WEB-2",
    "doctor": "/o/acme/doctor",
    "deliveries": "/o/acme/deliveries/",
    "delivery": f"/o/acme/deliveries/{FAILED}",
    "repositories": "/o/acme/repositories/",
    "no repositories": "/o/labs/repositories/",
    "settings": "/o/acme/settings/general/",
    "tokens": "/tokens",
    "general settings": "/o/acme/settings/general/",
    "GitHub settings": "/o/acme/settings/github/",
    "no installation": "/o/labs/settings/github/",
    "settings of repositories": "/o/acme/settings/repositories/",
    "settings of no repositories": "/o/labs/settings/repositories/",
    "settings of a repository": "/o/acme/settings/repositories/1/",
    "import of a repository": "/o/acme/settings/repositories/1/import",
    "projects": "/o/acme/settings/projects/",
    "no projects": "/o/labs/settings/projects/",
    "project": "/o/acme/settings/projects/web/",
    "key to be deleted": "/o/acme/settings/projects/web/keys/1/delete",
    "people": "/o/acme/settings/people/",
    "nobody": "/o/labs/settings/people/",
    "person": "/o/acme/settings/people/1/",
    "authors": "/o/acme/settings/people/authors/",
    "teams": "/o/acme/settings/teams/",
    "no teams": "/o/labs/settings/teams/",
    "team": "/o/acme/settings/teams/shop/",
    "tokens of an organization": "/o/acme/settings/tokens/",
    "resolution": "/o/acme/settings/resolution/",
    "audit log": "/o/acme/settings/audit/",
    "API": "/api/docs",
}
# The longest page is cut before axe looks at it, which would take a minute; its parts are alike.
CUT = "document.querySelectorAll('main > section:nth-of-type(n+3)').forEach((one) => one.remove())"


@pytest.mark.parametrize("address", PAGES.values(), ids=PAGES)
def test_a_page_is_for_everybody(admin_page: Page, address: str) -> None:
    admin_page.goto(address)

    expect(admin_page.get_by_role("heading", level=1)).to_have_count(1)
    assert weigh(admin_page) < MOST_BYTES
    check_fits_phone(admin_page)
    if address == PAGES["API"]:
        admin_page.evaluate(CUT)
    check_both_schemes(admin_page)


@pytest.mark.parametrize("address", ["/", "/login/nonsense", "/o/acme/releases/", "/nothing"])
def test_a_page_for_strangers_is_for_everybody(make_page: PageMaker, address: str) -> None:
    page = make_page(expected_status=410)

    page.goto(address)

    expect(page.get_by_role("heading", level=1)).to_have_count(1)
    check_both_schemes(page)
    check_fits_phone(page)


def test_an_event_opened_up_is_for_everybody(admin_page: Page) -> None:
    admin_page.goto("/o/acme/issues/WEB-2")
    for summary in admin_page.locator("main summary").all():
        summary.click()
    for summary in admin_page.locator("header summary").all():
        summary.click()
        check_both_schemes(admin_page)
    check_fits_phone(admin_page)


def test_without_script_all_is_there(make_page: PageMaker, place: Place) -> None:
    """Signing in, searching, deciding of an issue: forms that lead to pages."""
    page = make_page(script=False)
    place.sign_in(page)
    for address in PAGES.values():
        page.goto(address)
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        expect(page.get_by_label("Theme")).to_be_hidden()

    page.goto("/o/acme/releases/")
    page.get_by_label("Version or tag").fill("1.0.0")
    page.get_by_role("button", name="Show").click()
    expect(page.locator("tbody tr")).to_have_count(1)

    page.goto("/o/acme/issues/WEB-3")
    page.get_by_role("button", name="Ignore").click()
    expect(page.get_by_text("Ignored until")).to_be_visible()
    page.get_by_role("button", name="Open again").click()
    expect(page.get_by_text("Ignored until")).to_have_count(0)

    page.locator("summary", has_text="Account").click()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_text("You are not signed in.")).to_be_visible()


def test_work_under_way_reloads_the_page_without_script(make_page: PageMaker, place: Place) -> None:
    page = make_page(script=False)
    place.sign_in(page)

    page.goto("/o/acme/repositories/")
    assert re.search(r'<noscript><meta http-equiv="refresh" content="\d+">', page.content())
    page.goto("/o/labs/repositories/")
    assert "http-equiv" not in page.content()
