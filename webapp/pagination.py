"""Cursors in the `Link` header, and the size of a page (sentry-api.md 1.3)."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import quote, urlencode

from flask import Response, jsonify, request

from domain.errors import InvalidError
from domain.paging import parse_id
from domain.windows import Place, Window
from webapp.context import shiplog

MOST_A_PAGE = 100
_CURSOR = re.compile(r"(-?[0-9]{1,18}):(-?[0-9]{1,18}):([01])", re.ASCII)
_SIZE = re.compile(r"-?[0-9]{1,9}", re.ASCII)


def page_number(text: str) -> int:
    """The number of a page that people turn to, from 1 on; raises InvalidError."""
    number = parse_id(text)
    if not 1 <= number <= 1_000_000:
        raise InvalidError("there is no such page")
    return number


def page_size() -> int:
    """`per_page`; raises InvalidError."""
    text = request.args.get("per_page", "")
    if not text:
        return MOST_A_PAGE
    if _SIZE.fullmatch(text) is None:
        raise InvalidError("Invalid per_page parameter.")
    if not 1 <= int(text) <= MOST_A_PAGE:
        raise InvalidError("Invalid per_page value. Must be between 1 and 100.")
    return int(text)


def place_asked_for() -> Place | None:
    """`cursor`; an empty one is the first page, as `sentry-cli` sends it. Raises InvalidError."""
    text = request.args.get("cursor", "")
    if not text:
        return None
    match = _CURSOR.fullmatch(text)
    if match is None:
        raise InvalidError("Invalid cursor parameter.")
    return Place(int(match[1]), int(match[2]), is_backwards=match[3] == "1")


def page(window: Window[Any], items: list[dict[str, Any]]) -> Response:
    """*items* as JSON, with both relations in the `Link` header, previous first."""
    response = jsonify(items)
    response.headers["Link"] = ", ".join(
        [
            _link("previous", window.previous, Place(0, 0, is_backwards=True)),
            _link("next", window.following, Place(0, 0)),
        ]
    )
    return response


def _link(relation: str, place: Place | None, otherwise: Place) -> str:
    shown = place or otherwise
    cursor = f"{shown.value}:{shown.offset}:{int(shown.is_backwards)}"
    kept = urlencode([(n, v) for n, v in request.args.items(multi=True) if n != "cursor"])
    root = shiplog().runtime.settings.public_url
    results = "true" if place else "false"
    return (
        f'<{root}{quote(request.path, safe="/@:")}?{kept}&cursor={cursor}>; rel="{relation}"; '
        f'results="{results}"; cursor="{cursor}"'
    )
