"""Signing in with GitHub, what a user's token may ask, and registering the App by manifest."""

import json
from urllib.parse import parse_qsl, urlencode

from demo.github import paging, payloads
from demo.github.accounts import Account
from demo.github.acts import install_app
from demo.github.clock import utc
from demo.github.faults import FORBIDDEN
from demo.github.grants import REFRESH_LIFE, TOKEN_LIFE, GrantError
from demo.github.wire import ApiError, Json, Reply
from demo.github.world import Call

NAME_LENGTH = 34  # of an App


def authorize(call: Call) -> Reply:
    """`GET /login/oauth/authorize`: straight back, as whoever `browse_as` put at the browser."""
    query, grants = call.request.query, call.world.grants
    if query.get("client_id") != call.world.app.client_id:
        raise ApiError(404, "Not Found")
    target = query.get("redirect_uri", "")
    back = {"state": query["state"]} if "state" in query else {}
    if grants.browser is None:
        description = "The user has denied your application access."
        return _go(target, {"error": "access_denied", "error_description": description} | back)
    code = grants.make_code(grants.browser, target, query.get("code_challenge", ""))
    return _go(target, {"code": code} | back)


def get_tokens(call: Call) -> Reply:
    """`POST /login/oauth/access_token`: even errors have status 200, and the default is a form."""
    wish = _fields(call)
    try:
        answer = _exchange(call, wish)
    except GrantError as error:
        answer = {"error": str(error), "error_description": "It did not work.", "error_uri": ""}
    if "application/json" in call.request.headers.get("accept", ""):
        return Reply(answer)
    content_type = {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"}
    return Reply(body=urlencode(answer).encode(), headers=content_type)


def _exchange(call: Call, wish: dict[str, str]) -> Json:
    app, grants = call.world.app, call.world.grants
    known = (app.client_id, app.client_secret)
    if (wish.get("client_id"), wish.get("client_secret")) != known:
        raise GrantError("incorrect_client_credentials")
    if wish.get("grant_type") == "refresh_token":
        grant = grants.refresh(wish.get("refresh_token", ""))
    else:
        texts = (wish.get(name, "") for name in ("code", "redirect_uri", "code_verifier"))
        grant = grants.exchange(*texts)
    return {
        "access_token": grant.token,
        "expires_in": int(TOKEN_LIFE.total_seconds()),
        "refresh_token": grant.refresh_token,
        "refresh_token_expires_in": int(REFRESH_LIFE.total_seconds()),
        "token_type": "bearer",
        "scope": "",
    }


def get_user(call: Call) -> Reply:
    """`GET /user`."""
    user = _user(call)
    profile = ("company", "location", "email", "hireable", "bio")
    counts = ("public_repos", "public_gists", "followers", "following")
    made = utc(call.world.app.created_at)
    return Reply(
        user.json(call.roots)
        | {"name": user.name, "blog": "", "created_at": made, "updated_at": made}
        | dict.fromkeys(profile)
        | dict.fromkeys(counts, 0)
    )


def list_emails(call: Call) -> Reply:
    """`GET /user/emails`: all verified; needs a permission that our App has not by default."""
    user = _user(call)
    if "email_addresses" not in call.world.app.permissions:
        raise ApiError(403, FORBIDDEN)
    rows = [
        {"email": email, "primary": number == 0, "verified": True, "visibility": None}
        for number, email in enumerate(sorted(user.emails))
    ]
    return Reply(rows)


def list_user_installations(call: Call) -> Reply:
    """`GET /user/installations`: those of accounts that the user belongs to."""
    user, grants = _user(call), call.world.grants
    alive = call.world.installations.values()
    found = [item for item in list(alive) if grants.reaches(user, item.account)]
    page, headers = paging.cut(call, found)
    shown = [item.json(call.roots) for item in page]
    return Reply({"total_count": len(found), "installations": shown}, headers=headers)


def list_user_repositories(call: Call, number: int) -> Reply:
    """`GET /user/installations/{id}/repositories`: with the user's own rights in each."""
    user = _user(call)
    installation = call.world.installations.get(number)
    if installation is None or not call.world.grants.reaches(user, installation.account):
        raise ApiError(404, "Not Found")
    owns = user is installation.account
    admin = owns or call.world.grants.role(installation.account, user) == "admin"
    rights = dict.fromkeys(("admin", "maintain", "push", "triage"), admin) | {"pull": True}
    found = call.world.visible(installation)
    page, headers = paging.cut(call, found)
    shown = [item.json(call.roots) | {"permissions": rights} for item in page]
    return Reply({"total_count": len(found), "repositories": shown}, headers=headers)


def get_own_membership(call: Call, login: str) -> Reply:
    """`GET /user/memberships/orgs/{org}`, by the user's token."""
    user = _user(call)
    alive = list(call.world.installations.values())
    if not any(i.account.login.lower() == login.lower() and i.may("members=read") for i in alive):
        raise ApiError(403, FORBIDDEN)
    return _membership(call, login, user)


def get_membership(call: Call, login: str, user: str) -> Reply:
    """`GET /orgs/{org}/memberships/{user}`, by an installation's token."""
    found = call.world.accounts.by_login(user)
    if found is None or call.installation.account.login.lower() != login.lower():
        raise ApiError(404, "Not Found")
    return _membership(call, login, found)


def install(call: Call, slug: str) -> Reply:
    """`GET /apps/{slug}/installations/new`: on the account that `pick_account` named.

    A user who does not own the organization only asks for it; then there is no installation yet.
    """
    world, user, account = call.world, call.world.grants.browser, call.world.grants.picked
    if user is None or account is None or slug != world.app.slug or not world.app.setup_url:
        raise ApiError(404, "Not Found")
    state = {"state": call.request.query["state"]} if "state" in call.request.query else {}
    if user is not account and world.grants.role(account, user) != "admin":
        return _go(world.app.setup_url, {"setup_action": "request"} | state)
    made = install_app(world, account, by=user)
    back = {"installation_id": str(made.id), "setup_action": "install"}
    return _go(world.app.setup_url, back | state)


def register(call: Call, login: str = "") -> Reply:
    """`POST /settings/apps/new` (also of an organization): makes the App, back with a code.

    Here the browser confirms at once. The hook is pinged, before anybody has its secret.
    """
    world, manifest = call.world, json.loads(_fields(call).get("manifest", "{}"))
    name = str(manifest.get("name", ""))
    if not 0 < len(name) <= NAME_LENGTH or name in world.grants.taken_names:
        return Reply(body=b"Name is too long, missing, or already taken", status=422)
    world.app.configure(
        name=name,
        hook_url=manifest.get("hook_attributes", {}).get("url", world.app.hook_url),
        permissions=manifest.get("default_permissions", {}),
        events=manifest.get("default_events", []),
        setup_url=manifest.get("setup_url", ""),
        callback_urls=manifest.get("callback_urls", []),
    )
    if login:
        world.app.owner = world.accounts.add(login, type_="Organization")
    world.deliveries.queue("ping", payloads.ping(world), None)
    code = world.grants.make_manifest_code()
    state = {"state": call.request.query["state"]} if "state" in call.request.query else {}
    return _go(manifest["redirect_url"], {"code": code} | state)


def convert(call: Call, code: str) -> Reply:
    """`POST /app-manifests/{code}/conversions`: once, within an hour; all secrets of the App."""
    world, app = call.world, call.world.app
    if not world.grants.take_manifest_code(code):
        raise ApiError(404, "Not Found")
    return Reply(
        app.json(call.roots, len(world.installations))
        | {"pem": app.private_key_pem, "webhook_secret": app.webhook_secret}
        | {"client_secret": app.client_secret},
        201,
    )


def _membership(call: Call, login: str, user: Account) -> Reply:
    organization = call.world.accounts.by_login(login)
    role = call.world.grants.role(organization, user) if organization else None
    if organization is None or role is None:
        raise ApiError(404, "Not Found")
    url = f"{call.roots.api}/orgs/{organization.login}"
    pending = call.world.grants.is_invited(organization, user)
    return Reply(
        {
            "url": f"{url}/memberships/{user.login}",
            "state": "pending" if pending else "active",
            "role": role,
            "organization_url": url,
            "organization": organization.organization_json(call.roots),
            "user": user.json(call.roots),
        }
    )


def _user(call: Call) -> Account:
    if call.caller.user is None:
        raise ApiError(403 if call.caller.token else 401, FORBIDDEN)
    return call.caller.user


def _fields(call: Call) -> dict[str, str]:
    if "json" in call.request.headers.get("content-type", ""):
        return call.request.json()
    return dict(parse_qsl(call.request.body.decode(), keep_blank_values=True))


def _go(target: str, query: dict[str, str]) -> Reply:
    joint = "&" if "?" in target else "?"
    return Reply(None, 302, {"Location": target + joint + urlencode(query)})
