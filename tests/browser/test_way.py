"""From the first start to a release that resolves an issue, in a browser, with the real server."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Browser, Page, expect

from tests.browser.checks import check_both_schemes, check_fits_phone
from tests.browser.conftest import making_pages
from tests.browser.way import Way, go_to, opened_way, report_an_error


def test_from_the_set_up_link_to_a_release(browser: Browser, tmp_path: Path) -> None:
    with (
        opened_way(tmp_path, commits=1200, tags=12) as way,
        making_pages(browser, way.url) as make_page,
    ):
        page = make_page()
        page.goto("/")
        expect(page.get_by_text("No GitHub App is set up on this server yet.")).to_be_visible()
        way.begin(page)
        _see_for_everybody(page)
        way.register(page)
        _see_the_check_list(page)
        _install(page, way)

        report_an_error(page, "web")
        way.tag(way.web, "v1.13.0", way.push(way.web, "Show prices", "Fixes WEB-1: keep the cart"))
        way.settle()
        go_to(page, "Releases")
        page.get_by_role("link", name="web@1.13.0").click()
        _see_what_git_says(page, way, "v1.13.0", not_in="v1.12.0")
        page.get_by_role("link", name="WEB-1").click()
        expect(page.get_by_role("heading", level=1)).to_contain_text("CartError")
        expect(page.locator("main")).to_contain_text("Resolved in web@1.13.0")
        expect(page.locator("main")).to_contain_text("Words read: Fixes WEB-1")


def _see_for_everybody(page: Page) -> None:
    check_fits_phone(page)
    check_both_schemes(page)


def _see_the_check_list(page: Page) -> None:
    for name in ("GitHub answers", "Private key", "Webhook URL", "Permissions and events"):
        row = page.get_by_role("row").filter(has=page.get_by_role("rowheader", name=name))
        expect(row.get_by_text("works", exact=True)).to_be_visible()
    expect(page.locator("main").get_by_text("broken", exact=True)).to_have_count(0)
    _see_for_everybody(page)


def _install(page: Page, way: Way) -> None:
    """From the check list on; the page waits for GitHub's message, then shows the import move."""
    way.tells.clear()
    way.leave_to_install(page)
    expect(page.get_by_role("heading", level=1)).to_have_text("acme is being set up")
    _see_for_everybody(page)
    with way.github.hold(f"/repositories/{way.web.id}/commits") as gate:
        gate.let_through(5)
        way.tells.set()
        page.wait_for_url("**/o/acme/repositories/")
        page.evaluate("window.isTheSamePage = true")
        expect(page.get_by_role("link", name="acme/web")).to_be_visible()
        expect(page.get_by_role("link", name="acme/tools")).to_be_visible()
        expect(page.get_by_text("500 of about 1200 commits")).to_be_visible()
        gate.let_through(5)
        expect(page.get_by_text("1000 of about 1200 commits")).to_be_visible()
    expect(page.get_by_role("status")).to_have_text("All histories are imported.")
    expect(page.get_by_role("progressbar")).to_have_count(0)
    assert page.evaluate("window.isTheSamePage")


def _see_what_git_says(page: Page, way: Way, tag: str, *, not_in: str) -> None:
    said = way.web.git.rev_list([f"refs/tags/{tag}"], [f"refs/tags/{not_in}"])
    expect(page.get_by_role("heading", level=1)).to_contain_text("complete")
    shown = page.locator("ol.commits > li a code").all_text_contents()
    assert [sha[: len(text)] for sha, text in zip(said, shown, strict=True)] == shown
