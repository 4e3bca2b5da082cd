"""Who am I: what `sentry-cli info` and `login` ask (sentry-api.md 1.4)."""

from __future__ import annotations

from flask import g, jsonify
from flask.typing import ResponseReturnValue

from webapp.api.blueprint import caller, get


@get("/", None)
def show_root() -> ResponseReturnValue:
    """Nulls for a visitor without a token. `user` is null: tokens belong to no person yet."""
    auth = {"scopes": sorted(caller().scopes)} if "caller" in g else None
    return jsonify(version="0", auth=auth, user=None)
