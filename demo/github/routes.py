"""From a request to its answer: the table of paths, who may ask, budgets, faults, ETags."""

import hashlib
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from email.utils import formatdate
from functools import cache
from urllib.parse import urlencode

from werkzeug.exceptions import HTTPException
from werkzeug.routing import Map, Rule

from demo.github import commits, endpoints, graphql, hooks, refs, signin
from demo.github.auth import Caller, identify
from demo.github.faults import FORBIDDEN, spoil
from demo.github.paging import stable_url
from demo.github.repositories import Repository
from demo.github.wire import ApiError, Reply, Request
from demo.github.world import Call, LoggedCall, World

APP = "app"  # in place of a permission: only the App itself may ask, by JWT
ANYBODY = "anybody"

_PLAIN: list[tuple[str, str, str, Callable[..., Reply]]] = [
    ("GET", "/app", APP, hooks.get_app),
    ("GET", "/app/installations", APP, hooks.list_installations),
    ("GET", "/app/installations/<int:number>", APP, hooks.get_installation),
    ("POST", "/app/installations/<int:number>/access_tokens", APP, hooks.make_token),
    ("GET", "/orgs/<login>/installation", APP, hooks.get_account_installation),
    ("GET", "/users/<login>/installation", APP, hooks.get_account_installation),
    ("GET", "/app/hook/config", APP, hooks.get_hook_config),
    ("PATCH", "/app/hook/config", APP, hooks.set_hook_config),
    ("GET", "/app/hook/deliveries", APP, hooks.list_deliveries),
    ("GET", "/app/hook/deliveries/<int:number>", APP, hooks.get_delivery),
    ("POST", "/app/hook/deliveries/<int:number>/attempts", APP, hooks.redeliver),
    ("GET", "/installation/repositories", "metadata=read", endpoints.list_repositories),
    ("GET", "/rate_limit", ANYBODY, endpoints.get_rate_limit),
    ("GET", "/login/oauth/authorize", ANYBODY, signin.authorize),
    ("POST", "/login/oauth/access_token", ANYBODY, signin.get_tokens),
    ("GET", "/apps/<slug>/installations/new", ANYBODY, signin.install),
    ("POST", "/settings/apps/new", ANYBODY, signin.register),
    ("POST", "/organizations/<login>/settings/apps/new", ANYBODY, signin.register),
    ("POST", "/app-manifests/<code>/conversions", ANYBODY, signin.convert),
    ("GET", "/user", ANYBODY, signin.get_user),
    ("GET", "/user/emails", ANYBODY, signin.list_emails),
    ("GET", "/user/installations", ANYBODY, signin.list_user_installations),
    (
        "GET",
        "/user/installations/<int:number>/repositories",
        ANYBODY,
        signin.list_user_repositories,
    ),
    ("GET", "/user/memberships/orgs/<login>", ANYBODY, signin.get_own_membership),
    ("GET", "/orgs/<login>/memberships/<user>", "members=read", signin.get_membership),
    ("POST", "/graphql", "metadata=read", graphql.answer),
    ("POST", "/api/graphql", "metadata=read", graphql.answer),
]
_OF_REPOSITORY: list[tuple[str, str, str, Callable[..., Reply]]] = [
    ("GET", "", "metadata=read", endpoints.get_repository),
    ("GET", "/installation", APP, hooks.get_repository_installation),
    ("GET", "/compare/<path:basehead>", "contents=read", commits.compare),
    ("GET", "/commits", "contents=read", commits.list_commits),
    ("GET", "/commits/<path:ref>", "contents=read", commits.get_commit),
    ("GET", "/commits/<sha>/pulls", "pull_requests=read", endpoints.list_pulls_of_commit),
    ("GET", "/git/ref/<path:ref>", "contents=read", refs.get_ref),
    ("GET", "/git/matching-refs/<path:ref>", "contents=read", refs.matching_refs),
    ("GET", "/git/matching-refs/", "contents=read", refs.matching_refs),
    ("GET", "/git/tags/<sha>", "contents=read", refs.get_tag),
    ("GET", "/git/commits/<sha>", "contents=read", commits.get_git_commit),
    ("GET", "/tags", "metadata=read", refs.list_tags),
    ("GET", "/branches", "contents=read", refs.list_branches),
    ("GET", "/branches/<path:branch>", "contents=read", refs.get_branch),
    ("GET", "/contents/<path:path>", "contents=read", endpoints.get_contents),
    ("GET", "/releases", "contents=read", endpoints.list_releases),
    ("GET", "/releases/latest", "contents=read", endpoints.get_latest_release),
    ("GET", "/releases/<int:number>", "contents=read", endpoints.get_release),
    ("GET", "/releases/tags/<path:tag>", "contents=read", endpoints.get_release_of_tag),
    ("GET", "/pulls/<int:number>", "pull_requests=read", endpoints.get_pull),
]


@dataclass(frozen=True)
class Endpoint:
    """A function that answers, and what is needed to be answered by it."""

    needs: str
    function: Callable[..., Reply]


@cache
def build_map() -> Map:
    """Build the table, once for all stand-ins; everything of a repository answers by its name and by its id."""
    rows = list(_PLAIN)
    for method, path, needs, function in _OF_REPOSITORY:
        rows.append((method, f"/repos/<owner>/<repo>{path}", needs, function))
        rows.append((method, f"/repositories/<int:repository_id>{path}", needs, function))
    rules = [
        Rule(path, methods=[method], endpoint=Endpoint(needs, function))
        for method, path, needs, function in rows
    ]
    return Map(rules, strict_slashes=False, merge_slashes=False)


class Router:
    """Answers requests out of a world, and logs them."""

    def __init__(self, world: World) -> None:
        """Build the table of paths."""
        self._world = world
        self._map = build_map().bind("")

    def answer(self, request: Request) -> Reply:
        """Answer one request, whatever comes; faults are applied last."""
        world, caller = self._world, Caller()
        for gate in list(world.gates):
            gate.hold(request.path)
        resource = "graphql" if request.path.endswith("/graphql") else "core"
        spent = False
        try:
            if not request.headers.get("user-agent"):
                raise ApiError(403, "Request forbidden by administrative rules.")
            now = time.time() + world.ahead
            caller = identify(request, world.app, world.tokens, world.grants, now=now)
            if request.path != "/rate_limit" and caller != Caller():
                world.limits.spend(str(caller), resource)
                spent = True
            reply = self._dispatch(request, caller)
        except ApiError as error:
            reply = error.reply()
        fault = world.faults.take(request.path)
        if request.method == "GET" and reply.status == 200 and fault is None:
            self._tag(request, reply)
            if reply.status == 304 and spent:
                world.limits.refund(str(caller), resource)
        reply.headers |= world.limits.headers(str(caller), resource)
        reply.headers["Date"] = formatdate(time.time() + world.ahead, usegmt=True)
        reply.headers["X-GitHub-Media-Type"] = "github.v3; format=json"
        reply = spoil(fault, reply) if fault else reply
        self._log(request, reply, caller)
        return reply

    def _dispatch(self, request: Request, caller: Caller) -> Reply:
        try:
            endpoint, matched = self._map.match(request.path, request.method)
        except HTTPException:
            raise ApiError(404, "Not Found") from None
        assert isinstance(endpoint, Endpoint)  # noqa: S101 - werkzeug says Any
        arguments = dict(matched)
        call = Call(self._world, request, caller)
        if caller.app is None and endpoint.needs == APP:
            raise ApiError(401, "A JSON web token could not be decoded")
        if "repo" in arguments or "repository_id" in arguments:
            repository, moved = self._find(arguments)
            if repository is None or not (call.sees(repository) or endpoint.needs == APP):
                raise ApiError(404, "Not Found")
            call = replace(call, found=repository)
            if moved:
                return _redirect(call)
        _check_permission(caller, endpoint.needs)
        return endpoint.function(call, **arguments)

    def _find(self, arguments: dict[str, object]) -> tuple[Repository | None, bool]:
        """Take the repository out of the arguments; say whether its URL is out of date."""
        if "repository_id" in arguments:
            number = int(str(arguments.pop("repository_id")))
            return self._world.repositories.get(number), False
        owner, name = str(arguments.pop("owner")), str(arguments.pop("repo"))
        return self._world.find_repository(owner, name)

    def _tag(self, request: Request, reply: Reply) -> None:
        digest = hashlib.sha256(reply.encoded()).hexdigest()
        reply.headers |= {
            "ETag": f'W/"{digest}"',
            "Cache-Control": "private, max-age=60, s-maxage=60",
        }
        known = request.headers.get("if-none-match", "").split(",")
        if digest in {tag.strip().removeprefix("W/").strip('"') for tag in known}:
            reply.status, reply.body = 304, b""

    def _log(self, request: Request, reply: Reply, caller: Caller) -> None:
        status = 0 if reply.broken == "reset" else reply.status
        now = self._world.clock.now()
        self._world.calls.append(
            LoggedCall(request.method, request.path, dict(request.query), status, str(caller), now)
        )


def _redirect(call: Call) -> Reply:
    query = urlencode(dict(call.request.query))
    url = stable_url(call) + (f"?{query}" if query else "")
    body = {"message": "Moved Permanently", "url": url}
    return Reply(body, 301, {"Location": url})


def _check_permission(caller: Caller, needs: str) -> None:
    if needs in (APP, ANYBODY):
        return
    if caller.token is None:
        raise ApiError(403, FORBIDDEN) if caller.app else ApiError(401, "Requires authentication")
    name, _, level = needs.partition("=")
    granted = caller.token.permissions.get(name) or name == "metadata"
    if not granted or not caller.token.installation.may(needs):
        raise ApiError(403, FORBIDDEN, headers={"X-Accepted-GitHub-Permissions": f"{name}={level}"})
