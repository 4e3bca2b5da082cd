"""Issues that a text says it fixes: the grammar of sentry-api.md 9, OURS 23 to 25 included.

A *candidate* is a token shaped like a short id; it is an *id* if it names an issue. Messages come
from strangers and may be megabytes long, so every step is linear in the text.
"""

import re
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import NamedTuple
from urllib.parse import urlsplit

from domain.keywords import STANDARD, find_keywords, has_keyword
from domain.markup import strip_markup
from domain.short_ids import canonical_short_id
from domain.text import clean_text

_MAX_MATCHED_TEXT = 200
_MAX_URL = 2000

_CANDIDATE = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_-]*-[0-9A-Za-z]{1,13}")
_TOKEN = re.compile(r"(?P<token>(?<![\w-])(?=\w*+-)[\w-]++)")  # a whole word, with a hyphen in it
_OPENING = r"""(?P<opening>[#(\["'`\u201c\u2018]{0,4}+)"""
_CLOSING = re.compile(r"""[)\]"'`\u201d\u2019]{1,4}+""")
_DIRECT = re.compile(rf"\s*+{_OPENING}{_TOKEN.pattern}")
_LINE_BREAK = r"[^\S\n]*+(?:\n[^\S\n]*+(?!\n))?"  # or none; never a blank line
_JOINED = re.compile(
    rf"(?:{_LINE_BREAK}(?:[,&+/]|\band\b)){{1,3}}{_LINE_BREAK}{_OPENING}{_TOKEN.pattern}",
    re.IGNORECASE,
)
# All that matters inside a run of letters, digits, `_`, `-`, `,` and white space.
_EVENT = re.compile(
    rf"""(?P<related>\n[^\S\n]*+(?:refs?|see|re|related|relates|part[^\S\n]+of)(?![\w-]))
    |(?P<blank>\n[^\S\n]*+\n\s*+)
    |(?P<end>[^\w\s,-])
    |{_TOKEN.pattern}""",
    re.IGNORECASE | re.VERBOSE,
)
_URL = re.compile(r"""\s*+(https?://[^\s<>"'`]++)""", re.IGNORECASE)
_ISSUE_PATH = re.compile(r"/issues/([\w-]++)")
_ISSUE_NUMBER = re.compile(r"[1-9][0-9]{0,17}")

_Identify = Callable[[str], str | None]


@dataclass(frozen=True, slots=True)
class Reference:
    """One issue that a text says it fixes, by short id or, from a URL, by number."""

    short_id: str | None
    issue_number: int | None
    matched_text: str  # from keyword to id as the grammar read it; shown to say why


class _Id(NamedTuple):
    short_id: str
    start: int
    end: int  # closing wrapper included


class _Claim(NamedTuple):
    issue: str | int
    keyword: re.Match[str]
    start: int  # of the id or the URL
    end: int


def find_references(
    text: str | None,
    *,
    is_known: Callable[[str], bool],
    hosts: Collection[str] = (),
    keywords: Sequence[str] = STANDARD,
) -> list[Reference]:
    """Return each issue that *text* claims to fix, once, in the order of the claims.

    *is_known* says whether a short id, in canonical form, names an issue of the organization;
    *hosts* are this server's names, sub-domains count; *keywords* the words that claim a fix, as
    `verify_keywords` returns them. Issue numbers are the caller's to check.
    Search title and body of a pull request apart (OURS 23).
    """
    text = strip_markup(text or "")
    servers = {(urlsplit(f"//{host}").hostname or host).lower() for host in hosts}
    found: dict[str | int, Reference] = {}
    for claim in _list_claims(text, _make_identify(is_known), servers, keywords):
        if claim.issue not in found:
            found[claim.issue] = _make_reference(claim, text)
    return list(found.values())


def list_candidates(text: str | None, keywords: Sequence[str] = STANDARD) -> set[str]:
    """Return every short id, in canonical form, that `find_references` may ask about or name.

    More than it will name: one query for all of these answers its `is_known`.
    """
    text = strip_markup(text or "")
    if not has_keyword(text, keywords):
        return set()
    identify = _make_identify(lambda _: True)
    found = (identify(token) for token in set(_TOKEN.findall(text)))
    return {short_id for short_id in found if short_id}


def _make_identify(is_known: Callable[[str], bool]) -> _Identify:
    """Return a function from a token to the short id of the issue it names, if it names one."""

    @cache
    def identify(token: str) -> str | None:
        token = token.strip("-")
        short_id = canonical_short_id(token) if _CANDIDATE.fullmatch(token) else None
        return short_id if short_id and is_known(short_id) else None

    return identify


def _list_claims(
    text: str, identify: _Identify, servers: Collection[str], words: Sequence[str]
) -> Iterator[_Claim]:
    """Yield what each keyword claims, up to the next keyword: that one begins a run of its own."""
    keywords, denied = find_keywords(text, words)
    ends = [*(keyword.start() for keyword in keywords[1:]), len(text)]
    url_end = 0
    for keyword, end in zip(keywords, ends, strict=False):
        if keyword.start() < url_end:  # A word inside a URL; without this, URLs could nest.
            continue
        if url := _URL.match(text, keyword.end()):
            url_end = url.end()
            issue = _read_url(url[1], servers, identify)
            if issue is not None:
                yield _Claim(issue, keyword, url.start(1), url_end)
        else:
            for found in _read_run(text, keyword, end, identify, denied):
                yield _Claim(found.short_id, keyword, found.start, found.end)


def _read_run(
    text: str, keyword: re.Match[str], limit: int, identify: _Identify, denied: Collection[int]
) -> Iterator[_Id]:
    """Yield the ids between a keyword and the end of what it speaks of, at most *limit*."""
    position = keyword.end()
    found = _match_id(_DIRECT, text, position, limit, identify)
    if found is None and keyword["scope"]:
        return
    while True:
        while found:
            yield found
            position = found.end
            found = _match_id(_JOINED, text, position, limit, identify)
        event = _EVENT.search(text, position, limit)
        if event is None or event["related"] or event["end"]:
            return
        position = event.end()
        if event["blank"]:
            found = _match_id(_TOKEN, text, position, limit, identify)
            if found is None:
                return
        elif short_id := identify(event["token"]):
            if event.start() in denied:
                return
            found = _Id(short_id, event.start(), position)


def _match_id(
    pattern: re.Pattern[str], text: str, position: int, limit: int, identify: _Identify
) -> _Id | None:
    """Return the id that stands right here, in its wrapper if *pattern* allows one.

    A bracket or quote must be closed after the id or after others joined to it: `(A-1 and A-2)`
    is a list of ids, `"A-1 not found"` is something else.
    """
    match = pattern.match(text, position, limit)
    short_id = identify(match["token"]) if match else None
    if match is None or short_id is None:
        return None
    end = match.end("token")
    opening = match.groupdict().get("opening") or ""
    if opening.strip("#"):
        closing = _CLOSING.match(text, end, limit)
        joined = None if closing else _JOINED.match(text, end, limit)
        if closing:
            end = closing.end()
        elif joined is None or identify(joined["token"]) is None:
            return None
    return _Id(short_id, match.start("token"), end)


def _read_url(url: str, servers: Collection[str], identify: _Identify) -> str | int | None:
    """Return the issue that a URL on one of *servers* names, by number or by short id."""
    if len(url) > _MAX_URL:
        return None
    try:
        parts = urlsplit(url)
        host = (parts.hostname or "").rstrip(".")
    except ValueError:  # Brackets that hold no IPv6 address.
        return None
    if not any(host == server or host.endswith(f".{server}") for server in servers):
        return None
    for segment in _ISSUE_PATH.findall(parts.path):
        issue = int(segment) if _ISSUE_NUMBER.fullmatch(segment) else identify(segment)
        if issue is not None:
            return issue
    return None


def _make_reference(claim: _Claim, text: str) -> Reference:
    start = claim.keyword.start()
    matched = text[start : claim.end]
    if len(matched) > _MAX_MATCHED_TEXT:
        matched = f"{claim.keyword[0]} … {text[claim.start : claim.end]}"
    matched = clean_text(matched, _MAX_MATCHED_TEXT)
    if isinstance(claim.issue, int):
        return Reference(None, claim.issue, matched)
    return Reference(claim.issue, None, matched)
