"""What of an event is nobody's business: values whose names say that they are secret.

Names decide, never values: a secret under an innocent name is stored, but for the password in an
address (`postgres://shop:…@db`), which stands in variables and messages alike. The environment of a
process, which `sentry-cli` sends as `extra.environ`, is secret as a whole
(sentry-cli-contract.md 9).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

HIDDEN = "(hidden)"

_SECRET = re.compile(
    r"passw|passphrase|pwd|secret|token|credential|cookie|jwt|csrf|xsrf|authorization"
    r"|(?:api|access|private|signing|encryption)[-_. ]?key"
    r"|session[-_. ]?(?:id|key)|(?:^|[-_. ])(?:auth|sid|dsn)(?:[-_. ]|$)",
    re.IGNORECASE,
)
# A name that the pattern finds holds one of these: looking for them takes a tenth of the time.
_HINTS = (
    *("pass", "pwd", "secret", "token", "credential", "cookie", "jwt", "srf", "auth", "key"),
    *("session", "sid", "dsn"),
)
_PAIR = re.compile(r"(?:(?<=[?&;])|^)([^=&;?#]{1,100})=([^&;#]*)")
_USER_INFO = re.compile(r"(?<=://)[^/@\s]{1,500}@")
_PASSWORD = re.compile(rb'(:\\?/\\?/[^/@\s"\\:?#]{0,100}:)[^/@\s"\\]{1,500}@')
_MEMBER = re.compile(
    r'"([^"\\]{1,100})"(\s{0,9}:\s{0,9})(?:"(?:[^"\\]|\\.){0,2000}(?:"|\\?$)|[^\s",\[\]{}]{1,500})'
)


@lru_cache(maxsize=4096)
def is_secret(name: str) -> bool:
    """Whether the value of that name, which is short, has to be hidden."""
    return _SECRET.search(name) is not None


def may_be_secret(names: Iterable[str]) -> bool:
    """False: none of these names, which are ASCII, is secret. True: look at each."""
    text = " ".join(names).lower()
    return any(hint in text for hint in _HINTS)


def hide_in_query(text: str) -> str:
    """*text*, an address or its query, without the values that its names call secret."""
    if "@" in text:
        text = _USER_INFO.sub(f"{HIDDEN}@", text)
    if "=" not in text:
        return text
    before, mark, query = text.partition("?")
    if not mark:
        before, query = "", text
    return before + mark + _PAIR.sub(_hide_pair, query)


def _hide_pair(match: re.Match[str]) -> str:
    return f"{match[1]}={HIDDEN}" if is_secret(match[1]) else match[0]


def hide_passwords(text: bytes) -> bytes:
    """The JSON *text* of an event, without the passwords in addresses, wherever these stand."""
    return _PASSWORD.sub(rb"\1(hidden)@", text) if b"@" in text else text


def hide_in_json(text: str) -> str:
    """*text*, JSON that may be cut off, without the simple values that its names call secret."""
    return _MEMBER.sub(_hide_member, text)


def _hide_member(match: re.Match[str]) -> str:
    return f'"{match[1]}"{match[2]}"{HIDDEN}"' if is_secret(match[1]) else match[0]
