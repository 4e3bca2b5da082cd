"""Headers of every answer: what a page may load, where its forms may lead, who may keep it.

Scripts, styles and images are our own files alone, and scripts reach nothing but this server.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import Flask, Response, g

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; connect-src 'self'; style-src 'self'; img-src 'self'; "
    "form-action {}; base-uri 'none'; frame-ancestors 'none'"
)


def allow_forms_to(address: str) -> None:
    """Let the forms of the page that is being answered lead to the site of *address* as well.

    Browsers ask for this also where a form of ours is answered with a redirect to that site.
    """
    parts = urlsplit(address)
    g.forms_lead_to = [*g.get("forms_lead_to", []), f"{parts.scheme}://{parts.netloc}"]


def protect(app: Flask) -> None:
    """Put the headers on all that *app* answers."""
    app.after_request(_put_headers)


def _put_headers(response: Response) -> Response:
    headers = response.headers
    forms = " ".join(["'self'", *g.get("forms_lead_to", [])])
    headers.setdefault("Content-Security-Policy", CONTENT_SECURITY_POLICY.format(forms))
    headers.setdefault("X-Content-Type-Options", "nosniff")
    headers.setdefault("Referrer-Policy", "same-origin")
    if response.mimetype == "text/html":  # of tenants, and different after signing out
        headers.setdefault("Cache-Control", "no-store")
    return response
