"""What can be said of a public URL without asking anybody: is it one that GitHub can reach?"""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Literal
from urllib.parse import urlsplit

from domain.errors import InvalidError

_LOCAL_ENDINGS = (".local", ".localhost", ".internal", ".lan", ".home", ".test", ".invalid")
_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True)
class UrlFinding:
    """One thing about the URL; with a problem GitHub will probably not get through."""

    says: str
    kind: Literal["problem", "note", "fine"]


def parse_public_url(text: str) -> str:
    """The host root that *text* names, without a slash at its end; raises InvalidError."""
    text = text.strip().rstrip("/")
    try:
        parts = urlsplit(text)
        usable = parts.scheme in _PORTS and bool(parts.hostname) and parts.username is None
        _ = parts.port  # raises when it is not a port number
    except ValueError:
        usable = False
    if not usable or parts.path or parts.query or parts.fragment or not text.isprintable():
        raise InvalidError("A public URL is http or https with a host and no path.")
    if any(character.isspace() for character in text) or len(text) > 200:
        raise InvalidError("A public URL has no spaces and at most 200 characters.")
    return text


def judge_public_url(url: str, *, github_url: str) -> list[UrlFinding]:
    """What speaks for and against *url*, in plain words, the worst first."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    is_public_github = urlsplit(github_url).hostname == "github.com"
    whose = "github.com" if is_public_github else "your GitHub server"
    found = []
    if place := _unreachable_place(host):
        remedy = (
            "Give the server a name on the internet, by a reverse proxy or a tunnel."
            if is_public_github
            else "That is fine where your GitHub server is in the same place."
        )
        text = f"{host} is {place}, which {whose} may not reach. {remedy}"
        found.append(UrlFinding(text, "problem" if is_public_github else "note"))
    if parts.scheme == "http":
        text = (
            "It is http: what people and GitHub send can be read on the way. "
            "Use https, with a reverse proxy that has a certificate."
        )
        found.append(UrlFinding(text, "note"))
    if not found:
        found.append(UrlFinding("It is https on a public name, as it should be.", "fine"))
    return found


def is_same_host(url: str, host: str) -> bool:
    """Whether *host*, as in a request's `Host` header, is where *url* leads."""
    parts, asked = urlsplit(url), urlsplit(f"//{host}")
    standard = {None, *_PORTS.values()}
    try:
        ports = (parts.port, asked.port)
    except ValueError:
        return False
    same_port = ports[0] == ports[1] or standard.issuperset(ports)
    return parts.hostname == asked.hostname and same_port


def _unreachable_place(host: str) -> str | None:
    """Which kind of place *host* names, if it is not one on the internet."""
    try:
        address = ip_address(host)
    except ValueError:
        if host == "localhost" or host.endswith(".localhost"):
            return "this machine itself"
        is_local = "." not in host or host.endswith(_LOCAL_ENDINGS)
        return "a name of your own network" if is_local else None
    return _place_of(address)


def _place_of(address: IPv4Address | IPv6Address) -> str | None:
    if address.is_loopback or address.is_unspecified:
        return "this machine itself"
    return None if address.is_global else "an address of a private network"
