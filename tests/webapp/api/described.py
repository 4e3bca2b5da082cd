"""Holds answers against the API's own description."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

import jsonschema_rs
from flask import Flask, Response, request

from webapp.api.openapi import describe_api

DOCUMENT = "http://localhost"


def watch(app: Flask) -> list[str]:
    """What answers of *app* there will be that its description does not name."""
    problems: list[str] = []

    @app.after_request
    def compare(response: Response) -> Response:
        rule = request.url_rule
        if rule is not None and rule.endpoint.startswith("api.") and request.method != "OPTIONS":
            path = re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule)
            found = find_problem(request.method, path, response)
            if found is not None:
                problems.append(f"{request.method} {request.path}: {found}")
        return response

    return problems


def find_problem(method: str, path: str, response: Response) -> str | None:
    """What is not as described in the answer, or None."""
    document = describe_api(DOCUMENT)
    responses = document["paths"][path][method.lower()]["responses"]
    described = responses.get(str(response.status_code))
    if described is None:
        return f"{response.status_code} is not described"
    if "$ref" in described:
        described = document["components"]["responses"][described["$ref"].rpartition("/")[2]]
    for name in described.get("headers", {}):
        if name not in response.headers:
            return f"{response.status_code} without {name}"
    if "content" not in described:
        return None if response.data == b"" else "a body is not described"
    if response.mimetype != "application/json":
        return f"{response.mimetype} is not described"
    validator = _validator(method, path, str(response.status_code))
    errors = [str(error) for error in validator.iter_errors(response.get_json())]
    return "; ".join(errors) or None


@lru_cache(maxsize=1000)
def _validator(method: str, path: str, status: str) -> jsonschema_rs.Draft202012Validator:
    document = describe_api(DOCUMENT)
    described = document["paths"][path][method.lower()]["responses"][status]
    if "$ref" in described:
        described = document["components"]["responses"][described["$ref"].rpartition("/")[2]]
    schema: dict[str, Any] = described["content"]["application/json"]["schema"]
    return jsonschema_rs.Draft202012Validator(
        {**schema, "components": document["components"]}, validate_formats=True
    )
