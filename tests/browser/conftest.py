"""Chromium, a server with something to show, and a page of its own for each test."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, StorageState, expect, sync_playwright

from tests.browser.chromium import TIMEOUT_MS, find_chromium, open_page
from tests.browser.place import Place, opened_place

HERE = Path(__file__).parent
PageMaker = Callable[..., Page]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """All that is here needs Chromium, and takes its time."""
    for item in items:
        if item.path.is_relative_to(HERE):
            item.add_marker(pytest.mark.browser)
            item.add_marker(pytest.mark.slow)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One Chromium for each test process; it is not downloaded, but the system's own."""
    path = find_chromium()
    if path is None:
        pytest.skip("NO CHROMIUM, so no browser test ran. Debian: apt-get install chromium")
    expect.set_options(timeout=TIMEOUT_MS)
    with sync_playwright() as playwright:
        # Chromium's sandbox needs rights that containers and root seldom give it.
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """A server with an organization of every kind of page, shared by the tests of a module."""
    with opened_place(tmp_path_factory.mktemp("place")) as place:
        yield place


@contextmanager
def making_pages(browser: Browser, url: str) -> Iterator[PageMaker]:
    """Opens pages, each as in a new browser; the test fails on whatever went wrong in one.

    Arguments are those of `tests.browser.chromium.open_page`.
    """
    opened = []

    def make(**given: object) -> Page:
        page, troubles = open_page(browser, url, **given)  # type: ignore[arg-type]
        opened.append((page, troubles))
        return page

    yield make
    found = []
    for page, troubles in opened:
        page.context.close()
        found += troubles
    assert not found, "\n".join(found)


@pytest.fixture
def make_page(browser: Browser, place: Place) -> Iterator[PageMaker]:
    """Opens pages of the place's server, as `making_pages` does."""
    with making_pages(browser, place.url) as make:
        yield make


@pytest.fixture
def browser_page(make_page: PageMaker) -> Page:
    """A page in a fresh context, signed in to nothing."""
    return make_page()


@pytest.fixture(scope="module")
def admin_cookies(browser: Browser, place: Place) -> StorageState:
    """The session of an admin of `acme` and `labs`, signed in to once for a module's tests."""
    page, troubles = open_page(browser, place.url)
    place.sign_in(page)
    state = page.context.storage_state()
    page.context.close()
    assert not troubles
    return state


@pytest.fixture
def admin_page(make_page: PageMaker, admin_cookies: StorageState) -> Page:
    """A page that is signed in to `acme` and `labs`, as an admin; tests here do not sign out."""
    return make_page(storage_state=admin_cookies)
