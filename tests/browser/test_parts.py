"""The parts that pages are made of, all in one page: those too that no page uses yet."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask import render_template_string
from playwright.sync_api import Page, expect

from tests.browser.checks import check_both_schemes, check_fits_phone
from tests.browser.place import Place
from webapp import create_app
from webapp.context import shiplog
from webapp.headers import allow_forms_to

SOURCE = (Path(__file__).parent / "parts.html").read_text()


@pytest.fixture(scope="module")
def answer(place: Place) -> tuple[str, str]:
    """The page, and its Content-Security-Policy."""
    app = create_app(place.world.runtime)
    with app.test_request_context():
        allow_forms_to("https://github.example/settings/apps/new")
        response = app.process_response(app.make_response(render_template_string(SOURCE)))
    shiplog(app).committer.close()
    return response.get_data(as_text=True), response.headers["Content-Security-Policy"]


@pytest.fixture
def parts(browser_page: Page, answer: tuple[str, str]) -> Page:
    body, policy = answer
    headers = {"Content-Type": "text/html", "Content-Security-Policy": policy}
    browser_page.route("**/parts", lambda route: route.fulfill(body=body, headers=headers))
    browser_page.goto("/parts")
    return browser_page


def test_the_parts_are_for_everybody(parts: Page) -> None:
    check_both_schemes(parts)
    check_fits_phone(parts)


def test_what_was_refused_is_said_and_led_to(parts: Page) -> None:
    summary = parts.get_by_role("alert").filter(has_text="Nothing was changed.")
    expect(summary).to_be_focused()

    name = parts.get_by_label("Name required")
    expect(name).to_have_attribute("aria-invalid", "true")
    expect(name).to_have_accessible_description("Write a name.")
    summary.get_by_role("link", name="Write a name.").click()
    expect(name).to_be_focused()


def test_fields_hold_what_they_were_given(parts: Page) -> None:
    expect(parts.get_by_label("Words")).to_have_value("<b>\nTwo lines")
    expect(parts.get_by_label("Project")).to_have_value("web")
    expect(parts.get_by_label("One that came back")).to_be_checked()
    expect(parts.get_by_label("One that came back")).to_have_accessible_description(
        "Although it had been fixed."
    )
    expect(parts.get_by_label("Not at night")).to_be_checked()
    expect(parts.get_by_label("Monday")).not_to_be_checked()


def test_forms_lead_elsewhere_where_a_view_allows_it(answer: tuple[str, str]) -> None:
    assert "form-action 'self' https://github.example; " in answer[1]
