"""The API's description in OpenAPI 3.1, out of the routes and the types that check requests."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from http import HTTPStatus
from typing import Any, Literal

from pydantic import TypeAdapter

from webapp.api.description import (
    ABOUT,
    BODY_TEXT,
    ERROR_TEXTS,
    FORMATS,
    PATH_TEXTS,
    SCHEMAS,
    SUCCESS_TEXTS,
    describe_scopes,
)
from webapp.api.routes import ROUTES, Query, Route

Json = dict[str, Any]
Key = tuple[str, str]  # a route's name, and "body" or the answer's status
PREFIX = "/api/0"
PAGING = (
    Query("cursor", "Where the page begins, from the `Link` header. Empty: the first page."),
    Query(
        "per_page",
        "How many items a page holds.",
        {"anyOf": [{"type": "integer", "minimum": 1, "maximum": 100}, {"const": ""}]},
    ),
)
HEADERS: dict[str, Json] = {
    "Link": {
        "description": "The pages before and after this one, previous first; `results` says "
        "whether there is any, `cursor` where it begins.",
        "required": True,
        "schema": {"type": "string"},
    },
    "Retry-After": {
        "description": "Seconds to wait.",
        "required": True,
        "schema": {"type": "integer", "minimum": 1},
    },
    "WWW-Authenticate": {
        "description": "`Bearer`.",
        "required": True,
        "schema": {"type": "string"},
    },
}
BAD_BODY, FIELD_ERRORS = "BadBody", "FieldErrors"
HEADER_OF_ERROR = {401: "WWW-Authenticate", 429: "Retry-After", 503: "Retry-After"}


@lru_cache(maxsize=8)
def describe_api(public_url: str) -> Json:
    """The whole document, made once: the routes of a process do not change. Not to be altered."""
    schemas, definitions = _schemas(ROUTES)
    paths: dict[str, Json] = {}
    for route in ROUTES:
        operation = _operation(route, schemas)
        paths.setdefault(PREFIX + route.path, {})[route.method.lower()] = operation
    tags = sorted({route.tag for route in ROUTES})
    return {
        "openapi": "3.1.0",
        "info": {"title": "Shiplog", "version": "0", "description": ABOUT},
        "servers": [{"url": public_url}],
        "security": [{"token": []}],
        "tags": [{"name": tag} for tag in tags],
        "paths": dict(sorted(paths.items())),
        "components": {
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
            "schemas": {**definitions, **SCHEMAS},
            "responses": {
                **{_name(status): _error(status) for status in ERROR_TEXTS},
                BAD_BODY: {
                    **_error(400),
                    "description": BODY_TEXT,
                    "content": _refer(FIELD_ERRORS),
                },
            },
            "headers": HEADERS,
        },
    }


def _schemas(routes: list[Route]) -> tuple[dict[Key, Json], dict[str, Json]]:
    """The JSON Schema of each body and answer, and what they refer to."""
    if not routes:
        return {}, {}
    mode: Literal["validation", "serialization"]
    inputs: list[tuple[Key, Literal["validation", "serialization"], TypeAdapter[Any]]] = []
    for route in routes:
        for key, mode, kind in _types(route):
            inputs.append((key, mode, TypeAdapter(kind)))
    found, rest = TypeAdapter.json_schemas(inputs, ref_template="#/components/schemas/{model}")
    return {key: schema for (key, _), schema in found.items()}, rest.get("$defs", {})


def _types(route: Route) -> Iterator[tuple[Key, Literal["validation", "serialization"], Any]]:
    if route.body is not None:
        yield (route.name, "body"), "validation", route.body
    for status, kind in route.answers.items():
        if kind is not None:
            yield (route.name, str(status)), "serialization", kind


def _operation(route: Route, schemas: dict[Key, Json]) -> Json:
    told: Json = {
        "operationId": route.name,
        "summary": route.name.replace("_", " ").capitalize(),
        "description": "\n\n".join(filter(None, [route.text, describe_scopes(route)])),
        "tags": [route.tag],
        "parameters": list(_parameters(route)),
        "responses": _responses(route, schemas),
    }
    if route.body is not None:
        body = _content(schemas[route.name, "body"])
        told["requestBody"] = {"required": True, "content": body}
    if route.scopes is not None:
        told["x-scopes"] = sorted(route.scopes)
    if route.is_public:
        told["security"] = [{}, {"token": []}]
    return told


def _parameters(route: Route) -> Iterator[Json]:
    for name, converter in route.places:
        text = PATH_TEXTS.get(name, f"Which {name.replace('_', ' ')}.")
        schema = FORMATS.get(converter, {"type": "string", "minLength": 1})
        yield {"name": name, "in": "path", "required": True, "description": text, "schema": schema}
    for query in (*route.query, *(PAGING if route.is_paged else ())):
        schema = {"type": "array", "items": dict(query.schema)} if query.repeats else query.schema
        yield {
            "name": query.name,
            "in": "query",
            "required": False,
            "description": query.text,
            "schema": dict(schema),
        }


def _responses(route: Route, schemas: dict[Key, Json]) -> Json:
    told: Json = {str(s): _answer(route, s, schemas) for s in route.answers}
    if not any(status < 400 for status in route.answers):
        told["2XX"] = {"description": "Success."}  # all that is known of such a route
    for status in _errors(route):
        name = BAD_BODY if status == 400 and route.body is not None else _name(status)
        told.setdefault(str(status), {"$ref": f"#/components/responses/{name}"})
    return dict(sorted(told.items()))


def _answer(route: Route, status: int, schemas: dict[Key, Json]) -> Json:
    phrase = HTTPStatus(status).phrase
    answer: Json = {"description": SUCCESS_TEXTS.get((route.method, status), f"{phrase}.")}
    if route.answers[status] is not None:
        answer["content"] = _content(schemas[route.name, str(status)])
    if status == 200 and route.is_paged:
        answer["headers"] = {"Link": {"$ref": "#/components/headers/Link"}}
    return answer


def _errors(route: Route) -> Iterator[int]:
    """The errors that a route of this kind may answer."""
    yield from (400, 401, 429, 503)
    if route.scopes is not None:
        yield 403
    if route.places:
        yield 404
    if route.is_writing:
        yield 409
    if route.body is not None:
        yield from (413, 415)


def _error(status: int) -> Json:
    told: Json = {"description": ERROR_TEXTS[status], "content": _refer("Error")}
    if header := HEADER_OF_ERROR.get(status):
        told["headers"] = {header: {"$ref": f"#/components/headers/{header}"}}
    return told


def _content(schema: Json) -> Json:
    return {"application/json": {"schema": schema}}


def _refer(name: str) -> Json:
    return _content({"$ref": f"#/components/schemas/{name}"})


def _name(status: int) -> str:
    return HTTPStatus(status).phrase.replace(" ", "")
