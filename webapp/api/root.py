"""Who am I (what `sentry-cli info` and `login` ask, sentry-api.md 1.4), and what is there."""

from __future__ import annotations

from typing import Any

from flask import g, jsonify
from flask.typing import ResponseReturnValue

from webapp.api.answers import Root
from webapp.api.blueprint import caller, get
from webapp.api.openapi import describe_api
from webapp.context import shiplog


@get("/", None, is_public=True, answers={200: Root})
def show_root() -> ResponseReturnValue:
    """Nulls for a visitor without a token. `user` is null: tokens belong to no person yet."""
    auth = {"scopes": sorted(caller().scopes)} if "caller" in g else None
    return jsonify(version="0", auth=auth, user=None)


@get("/openapi.json", None, is_public=True, answers={200: dict[str, Any]})
def show_description() -> ResponseReturnValue:
    """This description, in OpenAPI 3.1."""
    return jsonify(describe_api(shiplog().runtime.settings.public_url))
