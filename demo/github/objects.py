"""Git's commit and tag objects, parsed: whatever the bytes are, text comes out."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone

ZERO = "0" * 40
_TIME = re.compile(rb"(-?\d+)\s+([+-])(\d\d)(\d\d)\s*$")
_NOWHEN = datetime.fromtimestamp(0, UTC)


@dataclass(frozen=True)
class Signature:
    """Who and when; name and e-mail may be empty, the time keeps its own offset."""

    name: str
    email: str
    at: datetime


@dataclass(frozen=True)
class Commit:
    """A commit as its object says it, the message without its last line ends."""

    sha: str
    tree: str
    parents: tuple[str, ...]
    author: Signature
    committer: Signature
    message: str


@dataclass(frozen=True)
class Tag:
    """An annotated tag; very old ones have no tagger."""

    sha: str
    name: str
    target: str
    target_type: str
    tagger: Signature | None
    message: str


def parse_commit(sha: str, content: bytes) -> Commit:
    """Parse a raw commit object; the message is decoded with the encoding that the commit declares."""
    headers, message, encoding = _parse(content)
    return Commit(
        sha,
        headers[b"tree"][0].decode(),
        tuple(parent.decode() for parent in headers.get(b"parent", [])),
        parse_signature(headers.get(b"author", [b""])[0], encoding),
        parse_signature(headers.get(b"committer", [b""])[0], encoding),
        message,
    )


def parse_tag(sha: str, content: bytes) -> Tag:
    """Parse a raw tag object."""
    headers, message, encoding = _parse(content)
    tagger = headers.get(b"tagger")
    return Tag(
        sha,
        decode(headers[b"tag"][0], encoding),
        headers[b"object"][0].decode(),
        headers[b"type"][0].decode(),
        parse_signature(tagger[0], encoding) if tagger else None,
        message,
    )


def parse_signature(line: bytes, encoding: str = "utf-8") -> Signature:
    """Parse `Name <e-mail> seconds offset`, of which any part may be missing or odd."""
    who, _, when = line.rpartition(b">")
    name, _, email = who.partition(b"<")
    return Signature(
        decode(name, encoding).strip(), decode(email, encoding).strip(), _parse_time(when)
    )


def decode(text: bytes, encoding: str) -> str:
    """Decode, with replacement characters where the bytes are not what they claim to be."""
    try:
        return text.decode(encoding, errors="replace")
    except LookupError:
        return text.decode(errors="replace")


def format_time(at: datetime) -> bytes:
    """Return git's `seconds offset` of an aware time."""
    return f"{int(at.timestamp())} {at:%z}"[:64].encode()


def _parse(content: bytes) -> tuple[dict[bytes, list[bytes]], str, str]:
    head, _, body = content.partition(b"\n\n")
    headers: dict[bytes, list[bytes]] = {}
    for line in head.split(b"\n"):
        if not line.startswith(b" "):  # those continue a signature, which nobody reads here
            key, _, value = line.partition(b" ")
            headers.setdefault(key, []).append(value)
    encoding = headers.get(b"encoding", [b"utf-8"])[0].decode("ascii", errors="replace")
    return headers, decode(body, encoding).rstrip("\n"), encoding


def _parse_time(text: bytes) -> datetime:
    found = _TIME.search(text)
    if not found:
        return _NOWHEN
    seconds, sign, hours, minutes = found.groups()
    offset = timedelta(hours=int(hours), minutes=int(minutes))
    try:
        zone = timezone(-offset if sign == b"-" else offset)
        return datetime.fromtimestamp(int(seconds), zone)
    except (ValueError, OverflowError, OSError):
        return _NOWHEN
