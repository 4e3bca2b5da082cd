"""The proof that a delivery is GitHub's: `X-Hub-Signature-256` over the bytes as received. No I/O.

https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Sequence

from domain.errors import ShiplogError

# Exactly what GitHub sends. ASCII only: `compare_digest` refuses other text with a TypeError.
WELL_FORMED = re.compile(r"sha256=([0-9a-f]{64})", re.ASCII)


class SignatureError(ShiplogError):
    """The delivery is not proven to be GitHub's."""


def verify_signature(
    body: bytes | bytearray, header: str | None, *, secrets: Sequence[str]
) -> None:
    """Raise SignatureError unless *header* signs *body* under one of *secrets*.

    No secret means no delivery is accepted. Every secret is tried, so that the time taken does
    not tell which one matched.
    """
    if not secrets:
        raise SignatureError("no webhook secret is configured")
    if header is None:
        raise SignatureError("the signature is missing")
    match = WELL_FORMED.fullmatch(header)
    if match is None:
        raise SignatureError("the signature is malformed")
    given = match[1]
    matched = False
    for secret in secrets:
        matched |= hmac.compare_digest(hmac.digest(secret.encode(), body, "sha256").hex(), given)
    if not matched:
        raise SignatureError("the signature is wrong")


def sign(body: bytes | bytearray, secret: str) -> str:
    """The header's value for *body*, as GitHub makes it."""
    return "sha256=" + hmac.digest(secret.encode(), body, "sha256").hex()
