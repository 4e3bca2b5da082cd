from __future__ import annotations

import pytest

from domain.errors import InvalidError
from domain.public_url import is_same_host, judge_public_url, parse_public_url

GITHUB = "https://github.com"


@pytest.mark.parametrize(
    ("url", "kinds", "words"),
    [
        ("https://ship.example.com", ["fine"], "as it should be"),
        ("https://8.8.8.8", ["fine"], "as it should be"),
        ("http://ship.example.com", ["note"], "It is http"),
        ("http://127.0.0.1:8000", ["problem", "note"], "this machine itself"),
        ("http://[::1]:8000", ["problem", "note"], "this machine itself"),
        ("https://0.0.0.0", ["problem"], "this machine itself"),
        ("https://localhost", ["problem"], "this machine itself"),
        ("https://10.1.2.3", ["problem"], "a private network"),
        ("https://192.168.0.9", ["problem"], "a private network"),
        ("https://[fd00::1]", ["problem"], "a private network"),
        ("https://169.254.1.1", ["problem"], "a private network"),
        ("https://ship", ["problem"], "your own network"),
        ("https://ship.local", ["problem"], "your own network"),
    ],
)
def test_what_github_can_reach(url: str, kinds: list[str], words: str) -> None:
    found = judge_public_url(url, github_url=GITHUB)

    assert [finding.kind for finding in found] == kinds
    assert words in found[0].says


def test_a_github_server_may_be_in_the_same_place() -> None:
    [finding] = judge_public_url("https://ship.local", github_url="https://github.acme.example")

    assert finding.kind == "note"
    assert "your GitHub server" in finding.says


@pytest.mark.parametrize(
    ("url", "host", "same"),
    [
        ("https://ship.example", "ship.example", True),
        ("https://ship.example", "SHIP.example:443", True),
        ("https://ship.example", "ship.example:80", True),  # a proxy that ends TLS may say so
        ("http://127.0.0.1:8000", "127.0.0.1:8000", True),
        ("http://127.0.0.1:8000", "localhost:8000", False),
        ("http://127.0.0.1:8000", "127.0.0.1:8001", False),
        ("https://ship.example", "other.example", False),
        ("https://ship.example", "ship.example:x", False),
    ],
)
def test_the_address_in_the_browser(url: str, host: str, same: bool) -> None:
    assert is_same_host(url, host) is same


def test_a_slash_at_the_end_is_no_path() -> None:
    assert parse_public_url(" https://ship.example/ ") == "https://ship.example"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "ship.example",
        "ftp://x",
        "https://",
        "https://u@x.example",
        "https://x/y",
        "http://x:y",
        "https://x?q",
        "https://x#f",
        "https://a b.example",
        "https://[x",
        "https://" + "x" * 300,
    ],
)
def test_what_is_no_public_url(text: str) -> None:
    with pytest.raises(InvalidError):
        parse_public_url(text)
