"""What the one script adds: refreshing, sending in place, keys, copying, the theme."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from tests.browser.checks import (
    check_accessible,
    check_both_schemes,
    check_fits_phone,
    tab_to,
)
from tests.browser.conftest import PageMaker
from tests.browser.place import Place


def test_progress_refreshes_itself_until_the_work_is_done(admin_page: Page, place: Place) -> None:
    place.set_import("acme/old-monolith", commits=1300)
    admin_page.goto("/o/acme/repositories/")
    admin_page.evaluate("window.isTheSamePage = true")
    expect(admin_page.get_by_text("1300 of about 5000 commits")).to_be_visible()
    expect(admin_page.get_by_text("about 6 min left")).to_be_visible()

    place.set_import("acme/old-monolith", commits=4900)
    expect(admin_page.get_by_text("4900 of about 5000 commits")).to_be_visible()
    expect(admin_page.get_by_text("less than a minute left")).to_be_visible()
    place.set_import("acme/old-monolith", commits=5000, is_running=False)
    expect(admin_page.get_by_role("status")).to_have_text("All histories are imported.")

    expect(admin_page.get_by_role("progressbar")).to_have_count(0)
    expect(admin_page.locator("[data-refresh]")).to_have_count(0)
    assert admin_page.evaluate("window.isTheSamePage")
    check_accessible(admin_page)


def test_refreshing_goes_on_after_the_server_was_away(make_page: PageMaker, place: Place) -> None:
    page = make_page(expected_status=503)
    place.sign_in(page)
    place.set_import("acme/old-monolith", commits=1300)
    page.goto("/o/acme/repositories/")

    page.route("**/repositories/", lambda route: route.fulfill(status=503, body="busy"), times=1)
    place.set_import("acme/old-monolith", commits=1400)

    expect(page.get_by_text("1400 of about 5000 commits")).to_be_visible()


def test_a_decision_is_sent_in_place(admin_page: Page) -> None:
    admin_page.goto("/o/acme/issues/WEB-2")
    admin_page.evaluate("window.isTheSamePage = true")

    admin_page.get_by_role("button", name="Ignore").click()
    expect(admin_page.get_by_text("Ignored until")).to_be_visible()
    admin_page.get_by_role("button", name="Open again").click()
    expect(admin_page.get_by_text("Ignored until")).to_have_count(0)

    assert admin_page.evaluate("window.isTheSamePage")


def test_many_issues_are_decided_of_by_keyboard(admin_page: Page) -> None:
    def apply(decision: str) -> None:
        tab_to(page, page.get_by_label("What to do with the selected issues"))
        page.keyboard.type(decision)
        tab_to(page, page.get_by_role("button", name="Apply"))
        page.keyboard.press("Enter")

    page = admin_page
    page.goto("/o/acme/issues/?status=unresolved")
    page.evaluate("window.isTheSamePage = true")
    everything = page.get_by_label("Select all on this page")
    tab_to(page, everything)
    page.keyboard.press("Space")
    expect(page.get_by_text("2 selected")).to_be_visible()
    check_both_schemes(page)
    check_fits_phone(page)
    tab_to(page, page.get_by_role("checkbox", name="WEB-3"))
    page.keyboard.press("Space")
    expect(page.get_by_text("1 selected")).to_be_visible()
    assert everything.evaluate("one => one.indeterminate && !one.checked")

    apply("Resolve in the newest")
    expect(page.get_by_text("1 issue resolved in web@1.2.0-rc.1.")).to_be_in_viewport()
    expect(page.get_by_role("button", name="Apply")).to_be_focused()
    expect(page.get_by_role("rowheader")).to_have_text("WEB-3")
    page.get_by_role("checkbox", name="WEB-3").press("Space")
    apply("Resolve")
    expect(page.get_by_text("No issues to show here.")).to_be_visible()
    expect(page.locator("[data-focus]", has_text="1 issue resolved.")).to_be_focused()
    assert page.evaluate("window.isTheSamePage")

    page.goto("/o/acme/issues/?status=resolved")
    for short_id in ("WEB-2", "WEB-3"):
        page.get_by_role("checkbox", name=short_id).check()
    apply("Open")
    expect(page.get_by_text("2 issues opened again.")).to_be_visible()


def test_an_answer_that_is_an_error_is_shown_in_place(make_page: PageMaker, place: Place) -> None:
    page = make_page(expected_status=400)
    place.sign_in(page)
    page.goto("/o/acme/issues/WEB-2")
    page.locator("[value='ignore']").evaluate("one => { one.value = 'nonsense'; }")

    page.get_by_label("Ignore it").select_option("for good")
    page.get_by_role("button", name="Ignore").click()

    expect(page.get_by_role("heading", name="Bad Request")).to_be_visible()


def test_the_slash_leads_to_the_search_and_escape_closes_a_menu(admin_page: Page) -> None:
    admin_page.goto("/o/acme/issues/")
    admin_page.keyboard.press("/")
    search = admin_page.get_by_label("Search")
    expect(search).to_be_focused()
    admin_page.keyboard.type("a/b")
    expect(search).to_have_value("a/b")

    account = admin_page.locator("summary", has_text="Account")
    sign_out = admin_page.get_by_role("button", name="Sign out")
    account.click()
    expect(sign_out).to_be_visible()
    admin_page.keyboard.press("Escape")
    expect(sign_out).to_be_hidden()
    expect(account).to_be_focused()


def test_a_button_copies(make_page: PageMaker) -> None:
    page = make_page(permissions=["clipboard-read", "clipboard-write"])
    page.goto("/tokens")

    page.get_by_role("button", name="Copy For CI").click()

    expect(page.locator("#announcer")).to_have_text("Copied")
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied == page.get_by_label("For CI", exact=True).input_value()


def test_a_theme_is_kept(browser_page: Page) -> None:
    def background() -> str:
        found: str = browser_page.evaluate("getComputedStyle(document.body).backgroundColor")
        return found

    browser_page.goto("/")
    light = background()
    browser_page.get_by_label("Theme").select_option("dark")
    assert background() != light
    browser_page.goto("/tokens")
    assert background() != light
    expect(browser_page.get_by_label("Theme")).to_have_value("dark")
    browser_page.get_by_label("Theme").select_option("as the system")
    assert background() == light
