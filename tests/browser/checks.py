"""What must hold for every page; each check fails with what is wrong and where."""

from __future__ import annotations

import gzip
from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Locator, Page

from tests.browser.chromium import DESKTOP, PHONE

GRAVE = ("serious", "critical")
MOST_TABS = 80
# What sticks out to the right, left aside what a scrolling region of its own holds.
STICKING_OUT = """() => {
  const width = document.documentElement.clientWidth;
  const scrolls = (one) => one && (/(auto|scroll|hidden)/.test(getComputedStyle(one).overflowX) || scrolls(one.parentElement));
  return [...document.body.querySelectorAll("*")]
    .filter((one) => one.getBoundingClientRect().right > width + 1 && !scrolls(one.parentElement))
    .map((one) => one.outerHTML.slice(0, 120));
}"""

# The browser may still draw the page at the width that it had before.
WIDTH_WHEN_RESIZED = """(width) => new Promise((tell) => {
  const look = () => innerWidth === width ? tell(document.documentElement.scrollWidth) : requestAnimationFrame(look);
  look();
})"""


def check_accessible(page: Page) -> None:
    """No serious or critical violation that axe finds, as the page stands."""
    found: list[dict[str, Any]] = Axe().run(page).response["violations"]
    grave = [one for one in found if one["impact"] in GRAVE]
    assert not grave, f"{page.url}:\n" + "\n".join(_describe(one) for one in grave)


def _describe(violation: dict[str, Any]) -> str:
    nodes = "\n".join(
        f"    {node['html'][:160]}\n      {node['failureSummary']}"
        for node in violation["nodes"][:5]
    )
    return f"  {violation['id']}: {violation['help']}\n{nodes}"


def check_both_schemes(page: Page) -> None:
    """Accessible in light and in dark, which shows too low a contrast."""
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        check_accessible(page)
    page.emulate_media(color_scheme="light")


def check_fits_phone(page: Page) -> None:
    """At the width of a phone nothing sticks out sideways."""
    page.set_viewport_size(PHONE)  # type: ignore[arg-type]
    wide = page.evaluate(WIDTH_WHEN_RESIZED, PHONE["width"]) > PHONE["width"]
    assert not wide, f"{page.url} scrolls sideways: {page.evaluate(STICKING_OUT)}"
    page.set_viewport_size(DESKTOP)  # type: ignore[arg-type]


def tab_to(page: Page, target: Locator) -> None:
    """Press Tab until *target* has the focus, and see that it shows."""
    for _ in range(MOST_TABS):
        page.keyboard.press("Tab")
        if target.evaluate("one => one === document.activeElement"):
            style = target.evaluate("one => getComputedStyle(one).outlineStyle")
            assert style != "none", f"{target} has the focus, but nothing shows it"
            return
    raise AssertionError(f"{target} cannot be reached with the Tab key")


def weigh(page: Page) -> int:
    """Bytes of the page and of all that it loads, each compressed as a proxy does."""
    loaded = page.evaluate("performance.getEntriesByType('resource').map((one) => one.name)")
    assert {"pages.css", "pages.js"} <= {address.rpartition("/")[2] for address in loaded}
    bodies = [page.request.get(address).body() for address in {page.url, *loaded}]
    return sum(len(gzip.compress(body)) for body in bodies)
