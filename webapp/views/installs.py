"""Installing the App on GitHub, and coming back: `/installed` is the App's setup URL.

An address can be forged, and so can the installation in it: what counts is whether GitHub lists it
for the visitor. The wish to have it in an organization that exists counts only as this browser
signed it, once, and only if the visitor is an admin on both sides.
"""

from __future__ import annotations

import secrets
from typing import Any

from flask import Blueprint, Response, abort, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from itsdangerous import BadData, URLSafeTimedSerializer
from werkzeug.exceptions import Conflict, Forbidden, NotFound, ServiceUnavailable

from domain.errors import InvalidError
from domain.installation_links import find_installation, link_installation
from domain.login_links import Membership
from domain.user_sessions import Visitor
from integrations.github.errors import GitHubError, TokenRefusedError
from models import Installation
from webapp.auth_client import app_page, oauth_settings
from webapp.context import shiplog
from webapp.places import this_place
from webapp.security import find_memberships, why_of
from webapp.visitors import check, current_visitor

bp = Blueprint("installs", __name__)
BEGUN = "installing"  # in the cookie: the states that have not come back yet
WISH = "linking"  # in the cookie: an installation, and the organization that shall have it
MOST_BEGUN = 3
BEGUN_SECONDS = 24 * 3600
LARGEST_ID = 2**63 - 1
FIRST_WAIT, LONGEST_WAIT = 3, 30  # seconds until the page looks again


class NoApp(NotFound):
    sentence = (
        "This server has no GitHub App yet. Whoever runs it registers one first; "
        "the README says how."
    )


class NotListed(Forbidden):
    sentence = (
        "GitHub does not list this installation for you. Sign in with the GitHub account that "
        "installed the App, or ask an owner of the account that it is installed on."
    )


class NotAdmin(Forbidden):
    sentence = (
        "Nothing was linked: that takes an admin of the organization and of the account that the "
        "App is installed on. Ask one who is both, or make the other an admin first."
    )


class NotAsked(ServiceUnavailable):
    sentence = "GitHub does not answer at the moment. Nothing is lost: try again in a minute."


class NotLinked(Conflict):
    def __init__(self, sentence: str) -> None:
        super().__init__()
        self.sentence = sentence


@bp.get("/install")
def begin() -> ResponseReturnValue:
    """Off to GitHub to install the App; `workspace` names the organization that shall have it."""
    runtime = shiplog().runtime
    page, organization_id = app_page(runtime), None
    if page is None:
        raise NoApp
    slug = request.args.get("workspace")
    if slug:
        with runtime.db.reading() as db:
            memberships = find_memberships(db)
        organization_id = _require_admin(memberships, slug).organization_id
        if current_visitor() is None and oauth_settings(runtime) is not None:
            return _sign_in_first()
    nonce = secrets.token_urlsafe(16)
    session[BEGUN] = [*session.get(BEGUN, []), nonce][-MOST_BEGUN:]
    state = _serializer().dumps([nonce, organization_id])
    return redirect(f"{page}/installations/new?state={state}")


@bp.get("/installed")
def arrive() -> ResponseReturnValue:
    """Back from GitHub: to the organization's repositories, as soon as the webhook has come."""
    if request.args.get("setup_action") == "request":
        return render_template("installation_requested.html")
    number = _installation_id()
    visitor = current_visitor()
    if visitor is None:
        return _sign_in_first()
    if "state" in request.args:
        _take_wish(number)
        action = request.args.get("setup_action")
        return redirect(url_for("installs.arrive", installation_id=number, setup_action=action))
    runtime = shiplog().runtime
    with runtime.db.reading() as db:
        was_known = find_installation(db, number) is not None
    account = _account_listed(visitor, number)
    with runtime.db.reading() as db:
        installation = find_installation(db, number)
        memberships = find_memberships(db)
    # What came only now was unknown when GitHub's list was applied: it made nobody a member of it.
    if account is None or installation is None or not was_known:
        return _wait(number, account)
    home = next((m for m in memberships if m.organization_id == installation.organization_id), None)
    if home is None:
        raise NotListed
    place = _link_as_wished(installation, home, memberships) or home
    return redirect(url_for("tenant.repositories.list_page", org=place.slug), code=303)


def _serializer() -> URLSafeTimedSerializer:
    keys = shiplog().runtime.settings.secret_keys
    return URLSafeTimedSerializer(list(reversed(keys)), salt="installing")  # the last one signs


def _sign_in_first() -> ResponseReturnValue:
    if oauth_settings(shiplog().runtime) is None:
        return render_template("installed_without_sign_in.html")
    return redirect(url_for("auth.begin", next=this_place()))


def _require_admin(memberships: list[Membership], slug: str) -> Membership:
    if not memberships and current_visitor() is None:
        abort(401)
    membership = next((one for one in memberships if one.slug == slug), None)
    if membership is None:
        abort(404)
    if not membership.is_admin:
        abort(403)
    return membership


def _installation_id() -> int:
    text = request.args.get("installation_id", "")
    if not (text.isascii() and text.isdigit() and len(text) < 20 and 0 < int(text) <= LARGEST_ID):
        abort(400)
    return int(text)


def _take_wish(number: int) -> None:
    """Keep which organization shall have the installation, if this browser began it so."""
    try:
        said: Any = _serializer().loads(request.args["state"], max_age=BEGUN_SECONDS)
        nonce, organization_id = said
    except (BadData, ValueError, TypeError):
        return
    begun = session.get(BEGUN, [])
    if nonce in begun:
        session[BEGUN] = [one for one in begun if one != nonce]
        if organization_id is not None:
            session[WISH] = [number, organization_id]


def _account_listed(visitor: Visitor, number: int) -> str | None:
    """On which account it is; None while GitHub cannot be asked. Raises NotListed."""
    try:
        access = check(visitor)
    except TokenRefusedError:
        abort(401)
    except GitHubError:
        raise NotAsked(retry_after=60) from None
    if access is None:
        return None
    for listed in access.installations:
        if listed.id == number:
            return listed.account.login
    raise NotListed


def _wait(number: int, account: str | None) -> ResponseReturnValue:
    """A page that looks again by itself, and less often with time."""
    text = request.args.get("looked", "0")
    looked = int(text) if text.isascii() and text.isdigit() and len(text) < 4 else 0
    again = url_for("installs.arrive", installation_id=number, looked=min(looked + 1, 999))
    page = render_template("being_set_up.html", account=account, again=again, looked=looked)
    response = Response(page, content_type="text/html; charset=utf-8")
    response.headers["Refresh"] = f"{min(FIRST_WAIT + looked, LONGEST_WAIT)}; url={again}"
    return response


def _link_as_wished(
    installation: Installation, home: Membership, memberships: list[Membership]
) -> Membership | None:
    """Link it to the organization from which it was begun; None if it was begun from nowhere."""
    wish = session.get(WISH)
    if wish is None or wish[0] != installation.github_id:
        return None
    session.pop(WISH)
    target = next((m for m in memberships if m.organization_id == wish[1]), None)
    if target is None or not target.is_admin or not home.is_admin:
        raise NotAdmin
    try:
        with shiplog().runtime.db.transaction() as db:
            link_installation(db, installation.id, target.organization_id, why_of(target))
    except InvalidError as error:
        raise NotLinked(str(error)) from None
    return target
