"""What the App asks about itself: installations, tokens, and its webhook's deliveries."""

from typing import Any

from demo.github import paging
from demo.github.app import Installation
from demo.github.clock import utc
from demo.github.deliveries import Attempt
from demo.github.wire import ApiError, Json, Reply
from demo.github.world import Call


def get_app(call: Call) -> Reply:
    """`GET /app`."""
    return Reply(call.world.app.json(call.roots, len(call.world.installations)))


def list_installations(call: Call) -> Reply:
    """`GET /app/installations`."""
    page, headers = paging.cut(call, list(call.world.installations.values()))
    return Reply([item.json(call.roots) for item in page], headers=headers)


def get_installation(call: Call, number: int) -> Reply:
    """`GET /app/installations/{id}`."""
    return Reply(_installation(call, number).json(call.roots))


def get_repository_installation(call: Call) -> Reply:
    """`GET /repos/{owner}/{repo}/installation`."""
    found = call.world.installation_for(call.repository)
    if found is None:
        raise ApiError(404, "Not Found")
    return Reply(found.json(call.roots))


def get_account_installation(call: Call, login: str) -> Reply:
    """`GET /orgs/{org}/installation` and `/users/{login}/installation`."""
    account = call.world.accounts.by_login(login)
    for installation in list(call.world.installations.values()):
        if installation.account is account:
            return Reply(installation.json(call.roots))
    raise ApiError(404, "Not Found")


def make_token(call: Call, number: int) -> Reply:
    """`POST /app/installations/{id}/access_tokens`, for all or for some repositories and rights."""
    installation = _installation(call, number)
    if installation.suspended_at:
        raise ApiError(403, "This installation has been suspended")
    wish = call.request.json()
    permissions = dict(wish.get("permissions") or {}) or dict(installation.permissions)
    if not all(installation.may(f"{name}={level}") for name, level in permissions.items()):
        raise ApiError(422, "The permissions requested are not granted to this installation.")
    names = {name.lower() for name in wish.get("repositories", [])}
    numbers = set(wish.get("repository_ids", []))
    visible = call.world.visible(installation)
    chosen = [item for item in visible if item.id in numbers or item.name.lower() in names]
    if len(chosen) < len(names | numbers):
        raise ApiError(
            422,
            "There is at least one repository that does not exist or is not accessible "
            "to the parent installation.",
        )
    only = frozenset(item.id for item in chosen) if chosen else None
    token = call.world.tokens.mint(installation, only, permissions)
    answer = {
        "token": token.text,
        "expires_at": utc(token.expires_at),
        "permissions": permissions,
        "repository_selection": "selected" if chosen else installation.selection,
    }
    if chosen:
        answer["repositories"] = [item.json(call.roots) for item in chosen]
    return Reply(answer, 201)


def get_hook_config(call: Call) -> Reply:
    """`GET /app/hook/config`: the secret is never shown."""
    config = {"content_type": "json", "insecure_ssl": "0", "secret": "********"}
    return Reply(config | {"url": call.world.app.hook_url})


def set_hook_config(call: Call) -> Reply:
    """`PATCH /app/hook/config`."""
    wish, app = call.request.json(), call.world.app
    app.hook_url = wish.get("url", app.hook_url)
    app.webhook_secret = wish.get("secret", app.webhook_secret)
    return get_hook_config(call)


def list_deliveries(call: Call) -> Reply:
    """`GET /app/hook/deliveries`: newest first; pages by cursor, which only `Link` tells."""
    query = call.request.query
    wanted = query.get("status")
    if wanted not in (None, "success", "failure"):
        raise ApiError(422, "Invalid status")
    found = [
        attempt
        for attempt in call.world.deliveries.recent()
        if wanted is None or attempt.succeeded == (wanted == "success")
    ]
    cursor = query.get("cursor", "")
    if cursor:
        if not cursor.startswith("v1_") or not cursor[3:].isdigit():
            raise ApiError(400, "Invalid cursor")
        found = [attempt for attempt in found if attempt.id < int(cursor[3:])]
    size = paging.number(call, "per_page", 30, 100)
    headers = {}
    if len(found) > size:
        status = f"&status={wanted}" if wanted else ""
        following = f"per_page={size}&cursor=v1_{found[size - 1].id}{status}"
        headers["Link"] = f'<{call.roots.api}/app/hook/deliveries?{following}>; rel="next"'
    return Reply([_item(attempt) for attempt in found[:size]], headers=headers)


def get_delivery(call: Call, number: int) -> Reply:
    """`GET /app/hook/deliveries/{id}`: with what was sent and answered."""
    attempt = _attempt(call, number)
    delivery = attempt.delivery
    answer: dict[str, Any] = {
        "url": call.world.app.hook_url,
        "request": {"headers": delivery.headers, "payload": delivery.payload},
        "response": {"headers": attempt.response_headers, "payload": attempt.response_body},
    }
    return Reply(_item(attempt) | answer)


def redeliver(call: Call, number: int) -> Reply:
    """`POST /app/hook/deliveries/{id}/attempts`: queued again, under the same guid."""
    call.world.deliveries.requeue(_attempt(call, number).delivery.guid)
    return Reply({}, 202)


def _installation(call: Call, number: int) -> Installation:
    found = call.world.installations.get(number)
    if found is None:
        raise ApiError(404, "Not Found")
    return found


def _attempt(call: Call, number: int) -> Attempt:
    for attempt in call.world.deliveries.recent():
        if attempt.id == number:
            return attempt
    raise ApiError(404, "Not Found")


def _item(attempt: Attempt) -> Json:
    delivery = attempt.delivery
    return {
        "id": attempt.id,
        "guid": delivery.guid,
        "delivered_at": utc(attempt.at),
        "redelivery": attempt.redelivery,
        "duration": attempt.duration,
        "status": attempt.status,
        "status_code": attempt.status_code,
        "event": delivery.event,
        "action": delivery.action,
        "installation_id": delivery.installation_id,
        "repository_id": delivery.repository_id,
        "throttled_at": None,
    }
