"""From signing in to a decision with the keyboard alone."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from tests.browser.checks import tab_to
from tests.browser.place import FAILED, Place


def press(page: Page, role: str, name: str) -> None:
    """Go to that link or button with Tab, and press Enter."""
    tab_to(page, page.get_by_role(role, name=name, exact=True).first)  # type: ignore[arg-type]
    page.keyboard.press("Enter")


def test_every_page_is_reached_by_keyboard(browser_page: Page, place: Place) -> None:
    page = browser_page
    page.goto(f"/login/{place.link()}")
    press(page, "button", "Sign in")
    page.wait_for_url("**/o/acme/releases/")

    press(page, "link", "web@1.1.0")
    page.wait_for_url("**/releases/web@1.1.0")
    press(page, "link", "WEB-1")
    page.wait_for_url("**/issues/WEB-1")
    press(page, "button", "Open again")
    expect(page.get_by_role("button", name="Resolve", exact=True)).to_be_visible()
    for area in ("doctor", "deliveries/", "repositories/", "issues/", "releases/"):
        press(page, "link", area.strip("/").capitalize())
        page.wait_for_url(f"**/o/acme/{area}")
    press(page, "link", "Settings")
    page.wait_for_url("**/o/acme/settings/general/")
    press(page, "link", "Deliveries")
    page.wait_for_url("**/o/acme/deliveries/")
    press(page, "link", "push")
    page.wait_for_url(f"**/deliveries/{FAILED}")
    press(page, "button", "Try again")
    expect(page.get_by_text("received", exact=True)).to_be_visible()
    press(page, "link", "API")
    page.wait_for_url("**/api/docs")


def test_the_first_key_offers_to_skip_the_navigation(admin_page: Page) -> None:
    admin_page.goto("/o/acme/releases/")
    skip = admin_page.get_by_role("link", name="Skip to the content")
    expect(skip).not_to_be_in_viewport()

    admin_page.keyboard.press("Tab")
    expect(skip).to_be_focused()
    expect(skip).to_be_in_viewport()
    admin_page.keyboard.press("Enter")
    admin_page.keyboard.press("Tab")

    expect(admin_page.get_by_label("Version or tag")).to_be_focused()


def test_organizations_are_switched_by_keyboard(admin_page: Page) -> None:
    admin_page.goto("/o/acme/issues/")
    tab_to(admin_page, admin_page.locator("summary", has_text="acme"))
    admin_page.keyboard.press("Enter")
    tab_to(admin_page, admin_page.get_by_role("link", name="Acme Laboratories"))
    admin_page.keyboard.press("Enter")

    admin_page.wait_for_url("**/o/labs/releases/")
    expect(admin_page.get_by_role("navigation", name="Acme Laboratories")).to_be_visible()
