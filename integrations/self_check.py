"""Whether our own public URL leads to us, asked by ourselves over HTTP."""

from __future__ import annotations

import requests

from domain.errors import ShiplogError

TIMEOUT = 3  # seconds for each socket operation
LARGEST = 4096  # bytes that are read of an answer


class SelfCheckError(ShiplogError):
    """What came in place of our answer, in a sentence with its remedy."""


def verify_reachable(public_url: str) -> None:
    """Ask *public_url* for its health; raises SelfCheckError.

    Redirects are not followed, as GitHub follows none.
    """
    try:
        with requests.get(
            f"{public_url}/healthz",
            timeout=TIMEOUT,
            allow_redirects=False,
            stream=True,
            headers={"User-Agent": "Shiplog"},
        ) as answer:
            body = answer.raw.read(LARGEST, decode_content=True)
    except (requests.RequestException, OSError, ValueError) as error:
        raise SelfCheckError(_describe(error)) from error
    if answer.is_redirect:
        target = answer.headers.get("Location", "elsewhere")
        raise SelfCheckError(
            f"It redirects to {target[:200]}, and GitHub follows no redirect: use that address."
        )
    if answer.status_code != 200 or b'"status"' not in body:
        raise SelfCheckError(
            f"Something else answers there (HTTP {answer.status_code}): let your proxy pass "
            "everything on to this server."
        )


def _describe(error: Exception) -> str:
    if isinstance(error, requests.Timeout):
        return "It does not answer in time from this server: check name, proxy and firewall."
    if isinstance(error, requests.exceptions.SSLError):
        return "Its certificate is not trusted from here: GitHub would refuse it as well."
    return "It cannot be reached from this server: check name, proxy and firewall."
