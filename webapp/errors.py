"""Errors as pages, or as JSON below `/api/0/`: a status, one sentence, nothing from inside.

The JSON holds the key `detail` alone, because `sentry-cli` prints the text of no other shape
(sentry-api.md 1.2).
"""

from __future__ import annotations

from flask import Flask, Response, jsonify, render_template, request
from werkzeug.exceptions import BadRequest, Conflict, HTTPException, NotFound

from domain.errors import (
    AlreadyExistsError,
    AmbiguousError,
    BusyError,
    FieldsInvalidError,
    InvalidError,
    NotFoundError,
    ShiplogError,
)

STATUS_OF: dict[type[ShiplogError], type[HTTPException]] = {
    NotFoundError: NotFound,
    InvalidError: BadRequest,
    AmbiguousError: BadRequest,
    AlreadyExistsError: Conflict,
    BusyError: Conflict,
}
API = "/api/0"
API_SENTENCES = {
    401: "A usable API token is needed: Authorization: Bearer <token>.",
    403: "You do not have permission to perform this action.",
    404: "The requested resource does not exist",
}
SENTENCES = {
    400: "The request cannot be understood.",
    401: "Sign in to see this page.",
    403: "Only admins of the organization may do this.",
    404: "There is nothing here, or nothing that you may see.",
    405: "This address does not take such requests.",
    413: "The request is too large.",
    500: "Something went wrong on our side. It has been logged.",
}


def add_error_pages(app: Flask) -> None:
    app.register_error_handler(HTTPException, _show)
    for kind in STATUS_OF:
        app.register_error_handler(kind, _show_ours)


def _show_ours(error: ShiplogError) -> Response:
    if isinstance(error, FieldsInvalidError):
        response = jsonify(error.messages)
        response.status_code = 400
        return response
    status = next(page for kind, page in STATUS_OF.items() if isinstance(error, kind))
    return _page(status(), str(error) if status is not NotFound else None)


def _show(error: HTTPException) -> Response:
    return _page(error, None)


def _page(error: HTTPException, sentence: str | None) -> Response:
    code = error.code or 500
    text = sentence or SENTENCES.get(code) or error.name
    if request.path == API or request.path.startswith(f"{API}/"):
        response = jsonify(detail=sentence or API_SENTENCES.get(code) or text)
        response.status_code = code
    else:
        response = _html(error, code, text)
    headers = dict(error.get_headers(request.environ))
    for name in ("Allow", "WWW-Authenticate"):
        if name in headers:
            response.headers[name] = headers[name]
    return response


def _html(error: HTTPException, code: int, text: str) -> Response:
    return Response(
        render_template("error.html", code=code, name=error.name, sentence=text),
        status=code,
        content_type="text/html; charset=utf-8",
    )
