"""Errors as pages: a status, one sentence, and nothing of what went wrong inside."""

from __future__ import annotations

from flask import Flask, Response, render_template, request
from werkzeug.exceptions import BadRequest, Conflict, HTTPException, NotFound

from domain.errors import AlreadyExistsError, InvalidError, NotFoundError, ShiplogError

STATUS_OF: dict[type[ShiplogError], type[HTTPException]] = {
    NotFoundError: NotFound,
    InvalidError: BadRequest,
    AlreadyExistsError: Conflict,
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
    status = next(page for kind, page in STATUS_OF.items() if isinstance(error, kind))
    return _page(status(), str(error) if status is not NotFound else None)


def _show(error: HTTPException) -> Response:
    return _page(error, None)


def _page(error: HTTPException, sentence: str | None) -> Response:
    code = error.code or 500
    text = sentence or SENTENCES.get(code) or error.name
    response = Response(
        render_template("error.html", code=code, name=error.name, sentence=text),
        status=code,
        content_type="text/html; charset=utf-8",
    )
    allowed = dict(error.get_headers(request.environ)).get("Allow")
    if allowed:
        response.headers["Allow"] = allowed
    return response
