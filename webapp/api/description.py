"""The words and fixed shapes of the API's description."""

from __future__ import annotations

from typing import Any

from webapp.api.routes import Route

ABOUT = """\
What Shiplog knows of organizations, repositories, releases, commits and issues, for programs.
`sentry-cli` and scripts written for Sentry's API use it as they are.

Every request presents a token: `Authorization: Bearer <token>`, made with `flask token create`.
A token belongs to one organization; all others do not exist for it.

Moments are ISO 8601 in UTC. Fields of a request that are not described are ignored. A body may
hold at most 32 MB. Lists are paged: follow `rel="next"` of the `Link` header while it says
`results="true"`. An unknown address answers 404, a method that an address does not take 405 with
`Allow`; both need no token."""

PATH_TEXTS = {
    "org": "Slug or id of the organization.",
    "project": "Slug or id of the project.",
    "version": "Version or tag of the release, as one percent-encoded segment: "
    "`web%401.0%2B5` is `web@1.0+5`.",
    "repository_id": "Id of the repository.",
    "short_id": "Short id of the issue, as `WEB-1`; case does not matter.",
    "issue_id": "Id or short id of the issue.",
    "event_id": "Id of the event: 32 hex digits.",
    "team": "Slug or id of the team.",
}
FORMATS: dict[str, dict[str, Any]] = {"int": {"type": "integer", "minimum": 0}}
SUCCESS_TEXTS = {
    ("GET", 200): "What was asked for.",
    ("PUT", 200): "The thing as it is now.",
    ("POST", 201): "Made.",
    ("POST", 208): "Existed already, and is as asked for now.",
    ("DELETE", 202): "Taken away.",
    ("DELETE", 204): "Deleted.",
}
ERROR_TEXTS = {
    400: "A parameter cannot be used, or what is asked for is not allowed.",
    401: "No usable token came with the request.",
    403: "The token has none of the scopes that open this.",
    404: "It does not exist, or not for this token.",
    409: "Somebody else is changing it, or it exists already.",
    413: "The body is larger than 32 MB.",
    415: "The body is packed: it has a `Content-Encoding`.",
    429: "Too many requests with this token, or from this address without a usable one.",
    503: "The database is busy or being upgraded.",
}
BODY_TEXT = "The body, a parameter, or what is asked for cannot be used."
_ERROR = {
    "type": "object",
    "description": "One sentence.",
    "properties": {"detail": {"type": "string"}},
    "required": ["detail"],
    "additionalProperties": False,
}
_MESSAGES = {
    "type": "object",
    "description": "What is wrong with each field, nested as the body is; items of lists by "
    "position, from `0` on.",
    "minProperties": 1,
    "additionalProperties": {
        "anyOf": [
            {"type": "array", "items": {"type": "string"}, "minItems": 1},
            {"$ref": "#/components/schemas/Messages"},
        ]
    },
}
SCHEMAS: dict[str, dict[str, Any]] = {
    "Error": _ERROR,
    "Messages": _MESSAGES,
    "FieldErrors": {
        "description": "One sentence, or the messages of each field.",
        "anyOf": [
            {"$ref": "#/components/schemas/Error"},
            {"$ref": "#/components/schemas/Messages"},
        ],
    },
}


def describe_scopes(route: Route) -> str:
    """The sentence about who may ask; the scopes themselves are in `x-scopes` too."""
    if route.is_public:
        return "Needs no token."
    if route.scopes is None:
        return "Any token will do."
    return "Needs one of the scopes " + ", ".join(f"`{scope}`" for scope in sorted(route.scopes))
