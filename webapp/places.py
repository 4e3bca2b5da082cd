"""Where a visitor wanted to go, kept across signing in: addresses of this server alone."""

from __future__ import annotations

from urllib.parse import quote

from flask import request

LONGEST = 500  # a cookie has to hold some of them
START = "/"


def local_place(text: str | None) -> str:
    r"""*text* if it is a path of this server, else the start page.

    Browsers read `//host`, `/\host` and, past control characters, `/<tab>/host` as other servers.
    """
    if not text or len(text) > LONGEST or not text.startswith("/") or text.startswith("//"):
        return START
    if any(character == "\\" or not "!" <= character <= "~" for character in text):
        return START
    return text


def this_place() -> str:
    """The page that is asked for, to come back to; the start page where that makes no sense."""
    if request.method != "GET":
        return START
    raw = request.environ.get("RAW_URI")  # as sent: a decoded slash would be another address
    asked = raw if isinstance(raw, str) else quote(request.full_path.rstrip("?"), safe="/?&=%@:+")
    return local_place(asked)
