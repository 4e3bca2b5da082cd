"""The browser: where it is, and pages that remember what went wrong in them."""

from __future__ import annotations

import shutil
from typing import Any, Literal

from playwright.sync_api import Browser, ConsoleMessage, Page, Request, Response

NAMES = ("chromium", "chromium-browser", "google-chrome")
PHONE = {"width": 375, "height": 740}
DESKTOP = {"width": 1280, "height": 900}
TIMEOUT_MS = 10_000
POLICY_WATCH = """
document.addEventListener("securitypolicyviolation", (event) =>
  console.error("Content-Security-Policy: " + event.violatedDirective + " " + event.blockedURI));
"""


def find_chromium() -> str | None:
    return next((path for name in NAMES if (path := shutil.which(name))), None)


def open_page(
    browser: Browser,
    base_url: str,
    *,
    phone: bool = False,
    scheme: Literal["light", "dark"] = "light",
    script: bool = True,
    expected_status: int = 399,
    **given: Any,
) -> tuple[Page, list[str]]:
    """A page in a context of its own, and the list that its troubles are added to.

    Troubles: console errors, breaches of the Content-Security-Policy, exceptions in the script,
    requests that failed, and answers with a status above *expected_status*.
    """
    context = browser.new_context(
        base_url=base_url,
        viewport=PHONE if phone else DESKTOP,  # type: ignore[arg-type]
        color_scheme=scheme,
        java_script_enabled=script,
        **given,
    )
    context.set_default_timeout(TIMEOUT_MS)
    page = context.new_page()
    if script:
        page.add_init_script(POLICY_WATCH)
    return page, watch(page, expected_status)


def watch(page: Page, expected_status: int) -> list[str]:
    troubles: list[str] = []

    def note_message(message: ConsoleMessage) -> None:
        # An answer with an error status is told by note_answer, which knows what is expected.
        if message.type == "error" and "Failed to load resource" not in message.text:
            troubles.append(f"console of {page.url}: {message.text}")

    def note_answer(answer: Response) -> None:
        if answer.status > expected_status:
            troubles.append(f"{answer.status} for {answer.url}")

    def note_failure(request: Request) -> None:
        if request.failure != "net::ERR_ABORTED":  # the page was left before it had come
            troubles.append(f"{request.url} failed: {request.failure}")

    page.on("console", note_message)
    page.on("pageerror", lambda error: troubles.append(f"script of {page.url}: {error}"))
    page.on("response", note_answer)
    page.on("requestfailed", note_failure)
    return troubles
