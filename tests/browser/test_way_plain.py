"""The same way without JavaScript: set up, install, see the import end, change settings."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import making_pages
from tests.browser.way import Way, go_to, go_to_settings, opened_way


def test_the_way_needs_no_script(browser: Browser, tmp_path: Path) -> None:
    with opened_way(tmp_path) as way, making_pages(browser, way.url) as make_page:
        page = make_page(script=False)
        way.begin(page)
        way.register(page)
        page.get_by_role("link", name="Check again").click()
        with way.github.hold(f"/repositories/{way.web.id}/commits"):
            way.install(page)
            expect(page.get_by_role("row", name="acme/web")).to_contain_text("being imported")
        # The page loads itself anew.
        expect(page.get_by_role("row", name="acme/web")).to_contain_text("known since")
        expect(page.get_by_role("row", name="acme/tools")).to_contain_text("known since")

        _change_rules(page, way)
        _change_words(page)
        _make_a_token(page)
        way.tag(way.web, "v2.0.0", way.push(way.web, "Sell socks"))
        way.settle()
        go_to(page, "Releases")
        expect(page.get_by_role("rowheader").first).to_have_text("shop-2.0.0")
        page.locator("header summary").click()
        page.get_by_role("button", name="Sign out").click()
        expect(page.get_by_text("You are not signed in.")).to_be_visible()


def _change_rules(page: Page, way: Way) -> None:
    go_to_settings(page, "Repositories")
    page.get_by_role("link", name="acme/web").click()
    page.get_by_label("Version template").fill("shop-{version}")
    page.get_by_role("button", name="Preview").click()
    expect(page.get_by_role("row", name="v1.0.60")).to_contain_text("shop-1.0.60")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_label("Version template")).to_have_value("shop-{version}")
    expect(page.get_by_role("heading", name="The newest tags")).to_have_count(0)


def _change_words(page: Page) -> None:
    go_to_settings(page, "Resolution")
    page.get_by_label("resolved").uncheck()
    page.get_by_role("button", name="Preview").click()
    expect(page.get_by_text("Nothing is saved yet.")).to_be_visible()
    expect(page.get_by_label("resolved")).not_to_be_checked()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("status").filter(has_text="Saved.")).to_be_visible()
    expect(page.get_by_label("resolved")).not_to_be_checked()


def _make_a_token(page: Page) -> None:
    go_to_settings(page, "Tokens")
    page.get_by_role("button", name="Create token for CI").click()
    expect(page.get_by_label("Token", exact=True)).to_have_value(
        page.get_by_text("export SENTRY_AUTH_TOKEN=").inner_text().partition("=")[2]
    )
    expect(page.get_by_role("button", name="Copy")).to_have_count(0)
