"""Who wrote a commit, as far as its text tells (sentry-api.md 5.2, 10.2 and 10.5; github.md 7).

Names and addresses are set by whoever commits: they prove nothing and may hold anything, so
nothing here raises. Accounts are matched elsewhere.
"""

import re
from dataclasses import dataclass

from domain.text import clean_text

MAX_EMAIL = 75
MAX_NAME = 128
_MAX_LOCAL = 65  # plus `@localhost` makes MAX_EMAIL

_NOREPLY = re.compile(r"(?:([0-9]{1,18})\+)?([^@+\s]+)@users\.noreply\.([^@\s]+)", re.IGNORECASE)
_CO_AUTHOR = re.compile(r"co-authored-by[ \t]*:([^<]*)<([^<>]*)>\s*", re.IGNORECASE)
# What may stand among trailers: another one, its folded next line, git's and GitHub's additions.
_TRAILER_LINE = re.compile(r"[A-Za-z0-9-]+[ \t]*:|[ \t]|\(cherry[ -]picked from |-{3,}\s*$")


@dataclass(frozen=True, slots=True)
class AuthorKey:
    """An author as stored: the address is unique in an organization."""

    email: str  # lower case, at most 75 characters
    name: str  # at most 128 characters, may be empty
    username: str | None = None  # the login that the forge stated, if it did


@dataclass(frozen=True, slots=True)
class Noreply:
    """The account behind an address that GitHub made up; the id outlives renames of the login."""

    login: str  # lower case
    user_id: int | None = None


def normalise_author(
    name: str | None, email: str | None, username: str | None = None
) -> AuthorKey | None:
    """Return the author of a commit that git or GitHub reported; None if nothing usable is left.

    An address without `@` becomes local; one longer than 75 characters names nobody. Without an
    address the name stands in, so that all such commits do not share one author.
    """
    address = _clean_email(email)
    if not address:
        address = _email_from_name(name)
    elif "@" not in address:
        address = f"{address[:_MAX_LOCAL]}@localhost"
    if not address or len(address) > MAX_EMAIL:
        return None
    return AuthorKey(address, _clean_name(name), _clean_name(username) or None)


def normalise_stated_author(name: str | None, email: str | None) -> AuthorKey | None:
    """Return the author of a commit that an API client stated: long addresses are cut (5.2)."""
    address = _clean_email(email)[:MAX_EMAIL] or _email_from_name(name)
    return AuthorKey(address, _clean_name(name)) if address else None


def parse_noreply(email: str, host: str = "github.com") -> Noreply | None:
    """Read `ID+login@users.noreply.HOST`, or the older form without id; None for other addresses."""
    match = _NOREPLY.fullmatch(email.strip())
    if match is None or match[3].lower() != host.lower():
        return None
    return Noreply(match[2].lower(), int(match[1]) if match[1] else None)


def is_bot(author: AuthorKey) -> bool:
    """Say whether login, name or address carries GitHub's mark of a bot, `dependabot[bot]`."""
    local_part = author.email.rpartition("@")[0]
    names = (author.username or "", author.name, local_part)
    return any(name.lower().endswith("[bot]") for name in names)


def parse_co_authors(message: str) -> list[tuple[str, str]]:
    """Return name and e-mail of each `Co-authored-by` trailer at the end of *message*, in order.

    One entry for each address, ignoring case; pass it to `normalise_author`.
    """
    found: dict[str, tuple[str, str]] = {}
    for line in _list_trailer_lines(message):
        match = _CO_AUTHOR.fullmatch(line)
        email = clean_text(match[2]).strip() if match else ""
        if match and email:
            found.setdefault(email.lower(), (_clean_name(match[1]), email))
    return list(found.values())


def _list_trailer_lines(message: str) -> list[str]:
    """Return the last lines that could be trailers; blank ones between them do not end the search."""
    trailers = []
    for line in reversed(message.splitlines()):
        if line.strip() and not _TRAILER_LINE.match(line):
            break
        trailers.append(line)
    return trailers[::-1]


def _clean_email(email: str | None) -> str:
    return clean_text(email or "").strip().lower()


def _clean_name(name: str | None) -> str:
    return clean_text(name or "").strip()[:MAX_NAME]


def _email_from_name(name: str | None) -> str:
    local_part = re.sub(r"[^\w.-]", "", _clean_name(name).lower())[:_MAX_LOCAL]
    return f"{local_part}@localhost" if local_part else ""
