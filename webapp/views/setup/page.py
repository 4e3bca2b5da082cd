"""The set-up page: the form that registers the App, or the check list of the one there is."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Blueprint, make_response, render_template, request
from flask.typing import ResponseReturnValue

from domain.app_registration import find_registration
from domain.errors import InvalidError
from domain.public_url import UrlFinding, is_same_host, judge_public_url, parse_public_url
from integrations.github.app_checks import Check, CheckState, install_url, list_checks
from integrations.github.app_facts import AppFacts
from integrations.github.manifest import EVENTS, NAME_LENGTH, PERMISSIONS, suggest_name
from jobs.app_settings import AppSettings
from models import AppRegistration
from webapp.app_check import find_arrived, find_ours
from webapp.context import shiplog
from webapp.operators import require_operator

bp = Blueprint("page", __name__)
DONE = {
    "key": "The new private key is in use: GitHub accepted it.",
    "secret": "The new webhook secret is accepted, and the old one still is.",
    "dropped": "The old webhook secret is no longer accepted.",
    "ping": "GitHub was asked to send its ping again; it arrives in a moment.",
}


@dataclass(frozen=True)
class Checked:
    """The check list, ready to be shown."""

    checks: list[Check]
    facts: AppFacts
    install_url: str

    @property
    def is_settled(self) -> bool:
        return all(check.state == CheckState.good for check in self.checks)


@bp.get("/")
def show() -> ResponseReturnValue:
    """For operators. Where an App is set up, its check list; `?again` shows the form even so."""
    require_operator()
    app = shiplog().runtime.app_settings()
    wants_form = "again" in request.args and (app is None or app.source == "registration")
    if app is None or wants_form:
        return show_form()
    return show_app(app)


@bp.get("/checks")
def checks() -> ResponseReturnValue:
    """The check list alone, for the script that refreshes it."""
    require_operator()
    app = shiplog().runtime.app_settings()
    if app is None:
        return "", 404
    return render_template("setup/checks.html", checked=check(app))


def show_form(error: str | None = None) -> ResponseReturnValue:
    """The form, as it was filled in if *error* says what is wrong with it."""
    runtime = shiplog().runtime
    url = runtime.settings.public_url
    with runtime.db.reading() as db:
        registration = find_registration(db)
    page = render_template(
        "setup/register.html",
        error=error,
        trouble=runtime.app_trouble(),
        registration=registration,
        public_url=url,
        findings=list_findings(url),
        browser_url=_browser_url(url),
        other=_other_url(),
        name=request.form.get("name", suggest_name(url)),
        name_length=NAME_LENGTH,
        organization=request.form.get("organization", ""),
        permissions=PERMISSIONS,
        events=EVENTS,
        github_url=runtime.settings.github.url,
    )
    return make_response(page, 400 if error else 200)


def show_app(app: AppSettings, error: str | None = None) -> ResponseReturnValue:
    """The App that there is, whether it works, and the forms that change its secrets."""
    runtime = shiplog().runtime
    url = runtime.settings.public_url
    registration: AppRegistration | None = None
    if app.source == "registration":
        with runtime.db.reading() as db:
            registration = find_registration(db)
    page = render_template(
        "setup/app.html",
        error=error,
        done=DONE.get(request.args.get("done", "")),
        app=app,
        registration=registration,
        secret_count=len(app.webhook_secrets),
        checked=check(app),
        public_url=url,
        findings=list_findings(url),
        browser_url=_browser_url(url),
        github_url=runtime.settings.github.url,
    )
    return make_response(page, 400 if error else 200)


def check(app: AppSettings) -> Checked:
    """Ask GitHub, which may take seconds, and only then the database."""
    parts = shiplog()
    facts = parts.app_check.facts(app)
    with parts.runtime.db.reading() as db:
        ours = find_ours(db, parts.runtime, app)
        arrived = find_arrived(db, parts.refusals, ours)
    return Checked(list_checks(ours, facts, arrived), facts, install_url(ours, facts))


def list_findings(url: str) -> list[UrlFinding]:
    """What can be said of *url*, our own request to it included."""
    parts = shiplog()
    found = judge_public_url(url, github_url=parts.runtime.settings.github.url)
    trouble = parts.app_check.trouble_of(url)
    if trouble is None:
        return [*found, UrlFinding("It leads to this server.", "fine")]
    return [*found, UrlFinding(trouble, "problem")]


def _browser_url(public_url: str) -> str | None:
    """The root under which the visitor reached us, if it is not *public_url*."""
    return None if is_same_host(public_url, request.host) else request.host_url.rstrip("/")


def _other_url() -> dict[str, object] | None:
    """What is to be said of another URL that the visitor asked about."""
    asked = request.args.get("url", "").strip()
    if not asked:
        return None
    try:
        url = parse_public_url(asked)
    except InvalidError as error:
        return {"url": asked, "error": str(error), "findings": []}
    return {"url": url, "error": None, "findings": list_findings(url)}
