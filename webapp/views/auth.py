"""Sign in with GitHub: there, and back with a code. Every failure is a page that says what to do.

What has begun is kept in the signed cookie until it is used, once: a callback that this browser
did not begin, or that has been used, is refused.
"""

from __future__ import annotations

from typing import NoReturn

import structlog
from flask import Blueprint, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import NotFound

from domain.user_sessions import begin_user_session, drop_expired_sessions, end_session_of
from integrations.github.access import Access, fetch_access, record_sign_in
from integrations.github.auth import OAuthSettings, Tokens, begin_sign_in, fetch_tokens
from integrations.github.errors import (
    GitHubError,
    RateLimitedError,
    SignInError,
    UnreachableError,
)
from integrations.github.user_client import Profile, UserClient
from webapp.auth_client import oauth_settings, secret_box
from webapp.context import shiplog
from webapp.operators import is_operator
from webapp.places import START, local_place
from webapp.security import begin_github_session
from webapp.visitors import held_token

log = structlog.get_logger(__name__)
bp = Blueprint("auth", __name__, url_prefix="/auth/github")
BEGUN = "signing_in"  # in the cookie: attempts that have not come back yet
MOST_BEGUN = 3  # in as many tabs; a cookie has room for few
BEGUN_SECONDS = 600  # GitHub's codes live as long


class NotSetUp(NotFound):
    sentence = (
        "Signing in with GitHub is not set up on this server. "
        "Whoever runs it can make a sign-in link for you."
    )


class FailedError(Exception):
    """Signing in did not work; the message is for people, and says what to do."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


AGAIN = "Sign in again."
OF_CODES = {  # OAuth's names for why there are no tokens (github.md 4)
    "bad_verification_code": (400, f"This sign-in took too long, or was used already. {AGAIN}"),
    "incorrect_client_credentials": (
        502,
        "GitHub does not know this server: its client ID or client secret is wrong. "
        "Whoever runs the server has to correct them.",
    ),
    "redirect_uri_mismatch": (
        502,
        "GitHub does not lead back to this server. Whoever runs it has to add its callback URL, "
        "/auth/github/callback below PUBLIC_URL, to the GitHub App.",
    ),
}


@bp.get("")
def begin() -> ResponseReturnValue:
    """Off to GitHub; `next` is where to go afterwards."""
    runtime = shiplog().runtime
    attempt = begin_sign_in(_settings(), redirect_uri=_callback_url())
    now = int(runtime.now().timestamp())
    begun = [one for one in session.get(BEGUN, []) if one[3] + BEGUN_SECONDS > now]
    place = local_place(request.args.get("next"))
    session[BEGUN] = [*begun, [attempt.state, attempt.verifier, place, now]][-MOST_BEGUN:]
    return redirect(attempt.url)


@bp.get("/callback")
def callback() -> ResponseReturnValue:
    """Back from GitHub, with a code or with the reason why not."""
    settings = _settings()
    begun = _take_begun(request.args.get("state", ""))
    if begun is None and "installation_id" in request.args:
        # The App asks for authorization while it is installed: signing in begins here, then.
        said = {name: request.args.get(name) for name in ("installation_id", "setup_action")}
        return redirect(url_for("installs.arrive", **said))  # type: ignore[arg-type]
    place = begun[1] if begun else START
    try:
        if begun is None:
            _refuse_stranger()
        _verify_granted()
        tokens = _fetch_tokens(settings, begun[0])
        profile, access = _fetch_person(settings, tokens)
    except FailedError as error:
        log.info("sign-in failed", status=error.status, reason=str(error))
        page = render_template("sign_in_failed.html", sentence=str(error), place=place)
        return page, error.status
    _enter(tokens, profile, access)
    return redirect(place, code=303)


def _settings() -> OAuthSettings:
    settings = oauth_settings(shiplog().runtime)
    if settings is None:
        raise NotSetUp
    return settings


def _callback_url() -> str:
    """As the App has it registered: below PUBLIC_URL, by whatever name the visitor came here."""
    return shiplog().runtime.settings.public_url + url_for("auth.callback")


def _take_begun(state: str) -> tuple[str, str] | None:
    """Verifier and place of the attempt that *state* names, which is used up."""
    now = shiplog().runtime.now().timestamp()
    begun = session.get(BEGUN, [])
    for one in begun:
        if one[0] == state:
            session[BEGUN] = [other for other in begun if other is not one]
            return (one[1], one[2]) if one[3] + BEGUN_SECONDS > now else None
    return None


def _refuse_stranger() -> NoReturn:
    url = shiplog().runtime.settings.public_url
    raise FailedError(
        400,
        "This sign-in did not begin in this browser, took too long, or was used already. "
        f"{AGAIN} Should it not help: this server's address is {url}, cookies have to be allowed.",
    )


def _verify_granted() -> None:
    if request.args.get("error") == "access_denied":
        raise FailedError(400, "You did not allow it on GitHub, so you are not signed in.")
    if "error" in request.args or not request.args.get("code"):
        raise FailedError(400, f"GitHub did not let you in, and gave no code. {AGAIN}")


def _fetch_tokens(settings: OAuthSettings, verifier: str) -> Tokens:
    now = shiplog().runtime.now()
    code, back = request.args["code"], _callback_url()
    try:
        return fetch_tokens(settings, code=code, verifier=verifier, redirect_uri=back, now=now)
    except SignInError as error:
        unknown = (502, f"GitHub refuses to sign you in: {error.code}. {AGAIN}")
        raise FailedError(*OF_CODES.get(error.code, unknown)) from None
    except GitHubError as error:
        raise _trouble(error) from None


def _fetch_person(settings: OAuthSettings, tokens: Tokens) -> tuple[Profile, Access]:
    now = shiplog().runtime.now
    try:
        with UserClient(settings.api_url, tokens.access_token, now=now) as client:
            return client.fetch_profile(), fetch_access(client, with_emails=True)
    except GitHubError as error:
        raise _trouble(error) from None


def _trouble(error: GitHubError) -> FailedError:
    log.warning("GitHub failed at signing in", reason=str(error))
    if isinstance(error, (UnreachableError, RateLimitedError)):
        return FailedError(503, "GitHub does not answer at the moment. Try again in a minute.")
    return FailedError(502, "GitHub gave an answer that cannot be used. Try again in a minute.")


def _enter(tokens: Tokens, profile: Profile, access: Access) -> None:
    """Keep who it is; the session that this browser had with GitHub, if any, ends."""
    runtime, before = shiplog().runtime, held_token()
    now, box, by_operator = runtime.now(), secret_box(runtime), is_operator()
    with runtime.db.transaction() as db:
        user = record_sign_in(db, box, tokens, profile, access, is_operator=by_operator, now=now)
        if before is not None:
            end_session_of(db, before)
        drop_expired_sessions(db, now=now)
        agent = request.headers.get("User-Agent", "")
        token = begin_user_session(db, user.id, user_agent=agent, now=now)
    begin_github_session(token)
    log.info("signed in with GitHub", user=profile.login)
