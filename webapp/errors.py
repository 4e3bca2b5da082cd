"""Errors as pages, or as JSON below `/api/`: a status, one sentence, nothing from inside.

The JSON holds the key `detail` alone, because `sentry-cli` prints the text of no other shape
(sentry-api.md 1.2). What passes by itself, such as a busy database, is a 503 with `Retry-After`,
which `sentry-cli` tries again.
"""

from __future__ import annotations

import sqlite3

import psycopg
import structlog
from flask import Flask, Response, jsonify, render_template, request
from sqlalchemy.exc import DataError, DBAPIError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from werkzeug.exceptions import (
    BadRequest,
    Conflict,
    HTTPException,
    NotFound,
    ServiceUnavailable,
)

from domain.errors import (
    AlreadyExistsError,
    AmbiguousError,
    AwayError,
    BusyError,
    FieldsInvalidError,
    InvalidError,
    NotFoundError,
    ShiplogError,
)
from models.revisions import is_current
from webapp.context import shiplog

log = structlog.get_logger(__name__)

UNSTORABLE = "The request holds text or a number that cannot be stored."
STATUS_OF: dict[type[ShiplogError], type[HTTPException]] = {
    NotFoundError: NotFound,
    InvalidError: BadRequest,
    AmbiguousError: BadRequest,
    AlreadyExistsError: Conflict,
    BusyError: Conflict,
}
API = "/api/"
RETRY_AFTER_SECONDS = 5
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
    415: "The body has to be sent as it is, without a Content-Encoding.",
    429: "Too many requests. Try again later.",
    500: "Something went wrong on our side. It has been logged.",
    503: "The database is busy. Try again in a moment.",
}
KEPT_HEADERS = ("Allow", "Retry-After", "WWW-Authenticate")


def add_error_pages(app: Flask) -> None:
    app.register_error_handler(HTTPException, _show)
    for kind in STATUS_OF:
        app.register_error_handler(kind, _show_ours)
    for trouble in (TimeoutError, PoolTimeoutError, DBAPIError, AwayError):
        app.register_error_handler(trouble, _show_trouble)


def _show_ours(error: ShiplogError) -> Response:
    if isinstance(error, FieldsInvalidError):
        response = jsonify(error.messages)
        response.status_code = 400
        return response
    status = next(page for kind, page in STATUS_OF.items() if isinstance(error, kind))
    return _page(status(), str(error) if status is not NotFound else None)


def _show(error: HTTPException) -> Response:
    return _page(error, getattr(error, "sentence", None))  # some know better what to say


def _show_trouble(error: Exception) -> Response:
    """503 for what passes by itself; all else goes on to be logged and answered with 500."""
    if isinstance(error, DataError):
        log.warning("a request holds what the database does not take")
        return _page(BadRequest(), UNSTORABLE)
    if not _passes(error):
        raise error
    log.warning("the database does not serve requests", error=type(error).__name__)
    return _page(_busy(), None)


def _busy() -> ServiceUnavailable:
    return ServiceUnavailable(retry_after=RETRY_AFTER_SECONDS)


def _passes(error: Exception) -> bool:
    """Whether the database is busy, away, or being migrated by a newer version of us."""
    if not isinstance(error, DBAPIError):
        return True  # waited in vain for the turn to write, or for a connection
    cause = error.orig
    if isinstance(cause, psycopg.OperationalError):
        return True
    if (
        isinstance(cause, sqlite3.OperationalError)
        and cause.sqlite_errorcode != sqlite3.SQLITE_ERROR
    ):
        return True  # that code is for SQL that does not fit the tables
    try:
        return not is_current(shiplog().runtime.db)
    except SQLAlchemyError:
        return True


def _page(error: HTTPException, sentence: str | None) -> Response:
    code = error.code or 500
    text = sentence or SENTENCES.get(code) or error.name
    if request.path.startswith(API):
        response = jsonify(detail=sentence or API_SENTENCES.get(code) or text)
        response.status_code = code
    else:
        try:
            response = _html(error, code, text)
        except AwayError:  # how to sign in cannot be said now; what follows needs no database
            error = _busy()
            response = _html(error, 503, SENTENCES[503])
    headers = dict(error.get_headers(request.environ))
    for name in KEPT_HEADERS:
        if name in headers:
            response.headers[name] = headers[name]
    return response


def _html(error: HTTPException, code: int, text: str) -> Response:
    return Response(
        render_template("error.html", code=code, name=error.name, sentence=text),
        status=code,
        content_type="text/html; charset=utf-8",
    )
