"""The API's one blueprint: who calls, which organization, and which scopes open what.

A route is made by `get`, `post`, `put` or `delete` alone, so none can be without scopes. Order of
the checks: token (401), rate (429), organization of the token (404 for every other, as if it did
not exist), scopes (403), body (413, 400).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial, wraps
from typing import Any, ParamSpec, Protocol, TypeVar, cast

import structlog
from flask import Blueprint, Response, abort, g, request
from flask.typing import ResponseReturnValue
from pydantic import BaseModel
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session
from werkzeug.datastructures import WWWAuthenticate
from werkzeug.exceptions import Unauthorized

from domain.organizations import find_project_named, names_organization
from domain.provenance import Why
from domain.tokens import Caller, find_caller, note_use
from models import Organization, Project
from webapp.api.rate import verify_rate
from webapp.api.routes import ROUTES, Answers, Query, Route, is_list
from webapp.api.validation import parse_body
from webapp.context import shiplog
from webapp.security import close_page_session, open_page_session, page_session
from webapp.serving import give_memory_back

log = structlog.get_logger(__name__)
bp = Blueprint("api", __name__, url_prefix="/api/0")
LARGE_BODY = 1024 * 1024
ParamsT = ParamSpec("ParamsT")
BodyT = TypeVar("BodyT", bound=BaseModel)

# Any one of a set is enough (sentry-api.md 2.1). The table there leaves organizations, projects,
# members and teams open: these sets let a CI's tokens find what they may write to. Making projects
# and keys is left to those who may change a project, or the organization.
REPOSITORIES = frozenset({"org:read", "org:write", "org:admin", "org:integrations", "org:ci"})
CHANGE_REPOSITORIES = frozenset({"org:write", "org:admin", "org:integrations"})
DELETE_REPOSITORIES = frozenset({"org:admin", "org:integrations"})
ORGANIZATIONS = REPOSITORIES
RELEASES = frozenset(
    {"project:read", "project:write", "project:admin", "project:releases", "org:ci"}
)
PROJECTS = RELEASES | {"org:read", "org:write", "org:admin"}
KEYS = frozenset({"project:read", "project:write", "project:admin", "org:write", "org:admin"})
CHANGE_PROJECTS = KEYS - {"project:read"}
CHANGE_RELEASES = frozenset({"project:write", "project:admin", "project:releases", "org:ci"})
DELETE_RELEASES = frozenset({"project:admin", "project:releases"})
ISSUES = frozenset({"event:read", "event:write", "event:admin"})
CHANGE_ISSUES = frozenset({"event:write", "event:admin"})
MEMBERS = frozenset(
    {"member:read", "member:write", "member:admin", "org:read", "org:write", "org:admin"}
)
TEAMS = frozenset({"team:read", "team:write", "team:admin", "org:read", "org:write", "org:admin"})
USE_NOTED_WITHIN_SECONDS = 0.5
MAX_BODY = 32 * 1024 * 1024  # sentry-api.md 14
_PUBLIC: set[str] = set()  # endpoints that answer without a token too


class Decorator(Protocol):
    def __call__(
        self, view: Callable[ParamsT, ResponseReturnValue], /
    ) -> Callable[ParamsT, ResponseReturnValue]: ...


def get(
    rule: str,
    scopes: frozenset[str] | None,
    *,
    answers: Answers | None = None,
    query: Sequence[Query] = (),
    is_public: bool = False,
    is_paged: bool | None = None,
) -> Decorator:
    """Register a view for GET; *scopes* of which the caller needs one, None: any token will do.

    A slash at the end may be missing: clients take a redirect for an answer. The rest is for the
    API's description: *answers* are the types of what is answered, by status. Those of errors
    follow from the route; they are given only where it answers differently. A list is paged by
    `webapp.pagination`, unless *is_paged* says otherwise. An *is_public* route needs no token.
    """
    known = dict(answers or {})
    paged = is_list(known.get(200)) if is_paged is None else is_paged
    route = partial(Route, answers=known, query=query, is_public=is_public, is_paged=paged)
    return _route(partial(route, method="GET", rule=rule, scopes=scopes))


def post(
    rule: str,
    scopes: frozenset[str],
    *,
    body: type[BaseModel],
    answers: Answers | None = None,
    query: Sequence[Query] = (),
) -> Decorator:
    """As `get`, for POST. The view finds the validated *body* with `posted`."""
    route = partial(Route, body=body, answers=dict(answers or {}), query=query)
    return _route(partial(route, method="POST", rule=rule, scopes=scopes))


def put(
    rule: str,
    scopes: frozenset[str],
    *,
    body: type[BaseModel],
    answers: Answers | None = None,
    query: Sequence[Query] = (),
) -> Decorator:
    """As `post`, for PUT."""
    route = partial(Route, body=body, answers=dict(answers or {}), query=query)
    return _route(partial(route, method="PUT", rule=rule, scopes=scopes))


def delete(
    rule: str,
    scopes: frozenset[str],
    *,
    answers: Answers | None = None,
    query: Sequence[Query] = (),
) -> Decorator:
    """As `get`, for DELETE."""
    route = partial(Route, answers=dict(answers or {}), query=query)
    return _route(partial(route, method="DELETE", rule=rule, scopes=scopes))


def _route(make: Callable[..., Route]) -> Decorator:
    def decorate(
        view: Callable[ParamsT, ResponseReturnValue],
    ) -> Callable[ParamsT, ResponseReturnValue]:
        route = make(view=view)

        @wraps(view)
        def admitted(*args: ParamsT.args, **kwargs: ParamsT.kwargs) -> ResponseReturnValue:
            if route.scopes is not None and not route.scopes & caller().scopes:
                abort(403)
            if route.body is not None:
                g.posted = parse_body(route.body)
            return view(*args, **kwargs)

        bp.add_url_rule(
            route.rule, view_func=admitted, methods=[route.method], strict_slashes=False
        )
        ROUTES.append(route)
        if route.is_public:
            _PUBLIC.add(f"{bp.name}.{route.name}")
        return admitted

    return decorate


def posted(kind: type[BodyT]) -> BodyT:
    """The validated body of this request."""
    if not isinstance(g.posted, kind):
        raise TypeError(f"this route takes {type(g.posted).__name__}, not {kind.__name__}")
    return g.posted


def why() -> Why:
    """What brings a change about: this request, in the name of the token's name."""
    return Why(now=shiplog().runtime.now(), source="api", actor=caller().token_name)


def caller() -> Caller:
    """Who presented the token."""
    return cast("Caller", g.caller)


def organization() -> Organization:
    """The organization that the address names, which is the caller's."""
    return caller().organization


def db() -> Session:
    """What the answer is read from; nothing is written through it."""
    return page_session()


def get_project(name: str) -> Project:
    """The organization's project of that slug or id; 404."""
    return find_project_named(db(), organization().id, name) or abort(404)


@bp.url_value_preprocessor
def _take_organization(_endpoint: str | None, values: dict[str, Any] | None) -> None:
    g.organization_named = values.pop("org", None) if values else None


@bp.before_request
def _admit() -> None:
    request.max_content_length = MAX_BODY
    header = request.headers.get("Authorization")
    if header is None and request.endpoint in _PUBLIC:
        verify_rate(None)
        return
    found = _find_caller(header or "")
    verify_rate(found)
    if found is None:
        raise Unauthorized(www_authenticate=WWWAuthenticate("bearer"))
    g.caller = found
    if found.is_use_due:
        _note_use(found)
    if g.organization_named is not None:
        _require_organization(found.organization, g.organization_named)


def _find_caller(header: str) -> Caller | None:
    scheme, _, token = header.strip().partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        return None
    open_page_session()
    return find_caller(page_session(), token.strip(), now=shiplog().runtime.now())


def _require_organization(own: Organization, named: str) -> None:
    if not names_organization(own, named):
        abort(404)


def _note_use(found: Caller) -> None:
    """Reading must go on while the database is too busy to remember that a token is used."""
    runtime = shiplog().runtime
    try:
        with runtime.db.transaction(within=USE_NOTED_WITHIN_SECONDS) as session:
            note_use(session, found.token_id, now=runtime.now())
    except (DBAPIError, TimeoutError):
        log.warning("a token's use was not noted", token=found.token_id)


@bp.after_request
def _forbid_caching(response: Response) -> Response:
    response.headers.setdefault("Cache-Control", "no-store")
    return response


@bp.teardown_request
def _forget_large_body(_error: BaseException | None) -> None:
    """A list of 10,000 commits takes 25 MB while it is worked on, and heaps keep what they got."""
    if (request.content_length or 0) >= LARGE_BODY:
        g.pop("posted", None)
        give_memory_back()


bp.teardown_request(close_page_session)
