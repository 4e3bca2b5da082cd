"""The API's description as a page: what its document says, for people, without any script."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from webapp.api.openapi import describe_api
from webapp.context import shiplog

Json = dict[str, Any]
bp = Blueprint("api_docs", __name__)
EXAMPLES: dict[str, Any] = {
    "org": "acme",
    "project": "web",
    "version": "web@1.0.0",
    "short_id": "WEB-1",
    "repository": "acme/shop",
    "commit": "1e6223108647a7bfc040ef0ca5c92f68ff0dd993",
    "environment": "production",
    "projects": ["web"],
    "name": "Web",
    "q": "WEB-1",
    "provider": "integrations:github",
    "installation": "1",
    "identifier": "acme/shop",
}
LIMITS = {
    "minLength": "at least {} long",
    "maxLength": "at most {} characters",
    "minItems": "at least {} items",
    "maxItems": "at most {} items",
    "minimum": "at least {}",
    "maximum": "at most {}",
    "pattern": "matches {}",
    "format": "{}",
}


@dataclass(frozen=True)
class Field:
    name: str
    kind: str
    shape: str | None  # the shape that *kind* names, which has a table of its own
    is_required: bool
    text: str
    limits: list[str]
    where: str = ""  # path or query


@dataclass(frozen=True)
class Reply:
    status: str
    text: str
    kind: str
    shape: str | None


@dataclass(frozen=True)
class Operation:
    name: str
    summary: str
    method: str
    path: str
    text: list[str]  # paragraphs
    scopes: list[str]
    parameters: list[Field]
    body: list[Field]
    replies: list[Reply]
    curl: str


@dataclass(frozen=True)
class Area:
    name: str
    operations: list[Operation] = field(default_factory=list)


@bp.get("/api/docs")
def show() -> ResponseReturnValue:
    document = describe_api(shiplog().runtime.settings.public_url)
    shapes = document["components"]["schemas"]
    return render_template(
        "api_docs.html",
        about=document["info"]["description"].split("\n\n"),
        server=document["servers"][0]["url"],
        areas=list_areas(document),
        shapes={name: list(_fields(shapes[name], shapes)) for name in sorted(shapes)},
        texts={name: shape.get("description", "") for name, shape in shapes.items()},
    )


def list_areas(document: Json) -> list[Area]:
    """The document's operations by tag, in its order."""
    areas = {tag["name"]: Area(tag["name"]) for tag in document["tags"]}
    for path, item in document["paths"].items():
        for method, operation in item.items():
            made = _operation(document, path, method.upper(), operation)
            areas[operation["tags"][0]].operations.append(made)
    return list(areas.values())


def _operation(document: Json, path: str, method: str, operation: Json) -> Operation:
    shapes = document["components"]["schemas"]
    body: Json = {}
    if "requestBody" in operation:
        body = _resolve(_schema_of(operation["requestBody"]), shapes)
    return Operation(
        name=operation["operationId"],
        summary=operation["summary"],
        method=method,
        path=path,
        text=operation["description"].split("\n\n"),
        scopes=operation.get("x-scopes", []),
        parameters=[_parameter(parameter) for parameter in operation["parameters"]],
        body=sorted(_fields(body, shapes), key=lambda field: not field.is_required),
        replies=[
            _reply(status, reply, document) for status, reply in operation["responses"].items()
        ],
        curl=_curl(document["servers"][0]["url"] + path, method, operation, body, shapes),
    )


def _parameter(parameter: Json) -> Field:
    schema = parameter["schema"]
    kind, shape = _kind(schema)
    return Field(
        parameter["name"],
        kind,
        shape,
        parameter["required"],
        parameter["description"],
        _limits(schema),
        parameter["in"],
    )


def _fields(schema: Json, shapes: Json) -> Iterator[Field]:
    required = schema.get("required", [])
    for name, part in schema.get("properties", {}).items():
        kind, shape = _kind(part)
        text = part.get("description", "") or (
            "" if shape else _resolve(part, shapes).get("description", "")
        )
        yield Field(name, kind, shape, name in required, text, _limits(part))


def _reply(status: str, reply: Json, document: Json) -> Reply:
    if "$ref" in reply:
        reply = document["components"]["responses"][reply["$ref"].rpartition("/")[2]]
    kind, shape = _kind(_schema_of(reply)) if "content" in reply else ("no body", None)
    return Reply(status, reply["description"], kind, shape)


def _schema_of(part: Json) -> Json:
    schema: Json = part["content"]["application/json"]["schema"]
    return schema


def _resolve(schema: Json, shapes: Json) -> Json:
    while "$ref" in schema:
        schema = shapes[schema["$ref"].rpartition("/")[2]]
    return schema


def _kind(schema: Json) -> tuple[str, str | None]:
    """A type in words, and the one shape that it names, if any."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return name, name
    if "const" in schema:
        return json.dumps(schema["const"]), None
    if "enum" in schema:
        return " or ".join(json.dumps(value) for value in schema["enum"]), None
    if "anyOf" in schema:
        kinds = [_kind(part) for part in schema["anyOf"]]
        return " or ".join(kind for kind, _ in kinds), next((s for _, s in kinds if s), None)
    if schema.get("type") == "array":
        kind, shape = _kind(schema.get("items", {}))
        return f"list of {kind}", shape
    return schema.get("type", "anything"), None


def _limits(schema: Json) -> list[str]:
    parts = [schema, *schema.get("anyOf", []), schema.get("items", {})]
    found = [
        words.format(part[key])
        for part in parts
        for key, words in LIMITS.items()
        if key in part and (key, part[key]) != ("minLength", 1)
    ]
    return list(dict.fromkeys(found))


def _curl(url: str, method: str, operation: Json, body: Json, shapes: Json) -> str:
    """A request that can be pasted into a shell."""
    for parameter in operation["parameters"]:
        if parameter["in"] == "path":
            name = parameter["name"]
            value = quote(str(EXAMPLES.get(name, "1")), safe="")
            url = url.replace(f"{{{name}}}", value)
    start = "curl" if method == "GET" else f"curl -X {method}"
    is_public = {} in operation.get("security", [])
    parts = [start if is_public else f'{start} -H "Authorization: Bearer $TOKEN"']
    if "requestBody" in operation:
        data = json.dumps(_example(body, shapes)).replace("'", "'\\''")
        parts += ["-H 'Content-Type: application/json'", f"-d '{data}'"]
    last = f"'{url}'"
    return (" " if is_public else " \\\n  ").join([*parts, last])


def _example(schema: Json, shapes: Json) -> Any:
    """An object with the required fields; if none is, with those that say the most."""
    fields = schema.get("properties", {})
    names = schema.get("required") or _telling(fields)
    return {name: _example_value(name, _resolve(fields[name], shapes), shapes) for name in names}


def _telling(fields: Json) -> list[str]:
    """Those that we have examples of, else the one with few choices, else the first."""
    known = [name for name in fields if name in EXAMPLES]
    with_choices = [
        name
        for name, schema in fields.items()
        if any("enum" in part for part in schema.get("anyOf", [schema]))
    ]
    return known or with_choices[:1] or list(fields)[:1]


def _example_value(name: str, schema: Json, shapes: Json) -> Any:
    if name in EXAMPLES:
        return EXAMPLES[name]
    schema = _resolve(schema.get("anyOf", [schema])[0], shapes)
    if "enum" in schema:
        return schema["enum"][0]
    if schema.get("type") == "array":
        return [_example_value("", _resolve(schema.get("items", {}), shapes), shapes)]
    if schema.get("type") == "object":
        return _example(schema, shapes)
    if schema.get("format") == "date-time":
        return "2026-01-05T10:00:00Z"
    return {"integer": 1, "number": 1, "boolean": True}.get(schema.get("type", ""), "text")
