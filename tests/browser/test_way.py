"""From the first start to a release that resolves an issue, in a browser, with the real server."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.chromium import open_page
from tests.browser.way import Way, opened_way


@pytest.fixture
def way(tmp_path: Path) -> Iterator[Way]:
    with opened_way(tmp_path) as way:
        yield way


def test_from_the_set_up_link_to_a_release(browser: Browser, way: Way) -> None:
    page, troubles = open_page(browser, way.url)
    way.begin(page)
    way.register(page)
    _see_the_check_list(page)

    with way.github.hold(f"/repositories/{way.web.id}/commits") as gate:
        gate.let_through(5)
        way.install(page)
        page.evaluate("window.isTheSamePage = true")
        expect(page.get_by_role("link", name="acme/web")).to_be_visible()
        expect(page.get_by_role("link", name="acme/tools")).to_be_visible()
        expect(page.get_by_text("500 of about 1200 commits")).to_be_visible()
        gate.let_through(5)
        expect(page.get_by_text("1000 of about 1200 commits")).to_be_visible()
    expect(page.get_by_role("status")).to_have_text("All histories are imported.")
    expect(page.get_by_role("progressbar")).to_have_count(0)
    assert page.evaluate("window.isTheSamePage")

    _report_an_error(page)
    way.tag(way.web, "v1.13.0", way.push(way.web, "Show prices", "Fixes WEB-1: keep the cart"))
    way.settle()
    page.get_by_role("navigation", name="acme").get_by_role("link", name="Releases").click()
    page.get_by_role("link", name="web@1.13.0").click()
    _see_what_git_says(page, way, "v1.13.0", not_in="v1.12.0")
    page.get_by_role("link", name="WEB-1").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("CartError")
    expect(page.locator("main")).to_contain_text("Resolved in web@1.13.0")
    expect(page.locator("main")).to_contain_text("Fixes WEB-1")
    assert not troubles


def _see_the_check_list(page: Page) -> None:
    for name in ("GitHub answers", "Private key", "Webhook URL", "Permissions and events"):
        row = page.get_by_role("row").filter(has=page.get_by_role("rowheader", name=name))
        expect(row.get_by_text("works", exact=True)).to_be_visible()


def _report_an_error(page: Page) -> None:
    """As an application does that has the project's DSN."""
    page.get_by_role("link", name="Settings").click()
    page.get_by_role("link", name="Projects and keys").click()
    page.get_by_role("link", name="web", exact=True).first.click()
    dsn = page.get_by_label("DSN", exact=True).first.input_value()
    key, _, rest = dsn.removeprefix("http://").partition("@")
    host, _, project = rest.partition("/")
    event = {"exception": {"values": [{"type": "CartError", "value": "The cart is empty"}]}}
    address = f"http://{host}/api/{project}/store/?sentry_key={key}&sentry_version=7"
    answer = page.request.post(address, data=json.dumps(event))
    assert answer.ok, answer.text()


def _see_what_git_says(page: Page, way: Way, tag: str, *, not_in: str) -> None:
    said = way.web.git.rev_list([f"refs/tags/{tag}"], [f"refs/tags/{not_in}"])
    expect(page.get_by_role("heading", level=1)).to_contain_text("complete")
    shown = page.locator("ol.commits > li a code").all_text_contents()
    assert [sha[: len(text)] for sha, text in zip(said, shown, strict=True)] == shown
