"""Tokens that are handed out once: of links, sessions and programs; kept as their SHA-256 alone."""

from __future__ import annotations

import hashlib
import secrets


def make_token() -> str:
    """A new token, 256 bits of chance, fit for a URL."""
    return secrets.token_urlsafe(32)


def digest(token: str) -> str:
    """The SHA-256 of *token* in hex digits, whatever text somebody sent in its place."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()
