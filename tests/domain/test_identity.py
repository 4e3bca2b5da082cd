import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.identity import (
    AuthorKey,
    Noreply,
    is_bot,
    normalise_author,
    normalise_stated_author,
    parse_co_authors,
    parse_noreply,
)

ANY_TEXT = st.none() | st.text(st.characters(exclude_categories=[]))

EMAILS = {
    "plain": ("ana@acme.example", "ana@acme.example"),
    "upper case": ("Ana@ACME.example", "ana@acme.example"),
    "white space around": (" ana@acme.example\n", "ana@acme.example"),
    "no at sign": ("ana", "ana@localhost"),
    "long, no at sign": ("a" * 80, "a" * 65 + "@localhost"),
    "75 characters": ("a" * 73 + "@b", "a" * 73 + "@b"),
    "76 characters": ("a" * 74 + "@b", None),
    "longer in lower case": ("İ" * 37 + "@b", None),
    "nul": ("a\x00na@acme.example", "ana@acme.example"),
    "lone surrogate": ("a\udcffna@acme.example", "ana@acme.example"),
    "only what cannot be stored": ("\x00\ud800", "ana.example@localhost"),
    "empty": ("", "ana.example@localhost"),
    "missing": (None, "ana.example@localhost"),
    "several at signs": ("a@b@c", "a@b@c"),
}


@pytest.mark.parametrize(("email", "stored"), EMAILS.values(), ids=EMAILS.keys())
def test_addresses_of_commits(email: str | None, stored: str | None) -> None:
    author = normalise_author("Ana .Example!", email)
    assert (author and author.email) == stored


NAMES = {
    "plain": ("Ana", "Ana"),
    "missing": (None, ""),
    "white space": ("  Ana\n", "Ana"),
    "any script": ("Анна 🚢", "Анна 🚢"),
    "long": ("n" * 200, "n" * 128),
    "nul and surrogate": ("A\x00n\ud800a", "Ana"),
}


@pytest.mark.parametrize(("name", "stored"), NAMES.values(), ids=NAMES.keys())
def test_names_of_commits(name: str | None, stored: str) -> None:
    assert normalise_author(name, "a@b", "ana") == AuthorKey("a@b", stored, "ana")


def test_without_name_and_address_there_is_no_author() -> None:
    assert normalise_author("", " ") is None
    assert normalise_author("!?", None, "ana") is None


STATED = {
    "plain": ("Ana", "ANA@b", AuthorKey("ana@b", "Ana")),
    "long": ("Ana", "a" * 80 + "@b", AuthorKey("a" * 75, "Ana")),
    "only a name": ("Ana María-1", None, AuthorKey("anamaría-1@localhost", "Ana María-1")),
    "neither": (None, "", None),
}


@pytest.mark.parametrize(("name", "email", "author"), STATED.values(), ids=STATED.keys())
def test_authors_that_a_client_states(
    name: str | None, email: str | None, author: AuthorKey | None
) -> None:
    assert normalise_stated_author(name, email) == author


NOREPLY = {
    "id and login": ("123+Ana@users.noreply.github.com", "github.com", Noreply("ana", 123)),
    "old form": ("ana-b@users.noreply.github.com", "github.com", Noreply("ana-b")),
    "upper case": ("1+ANA@USERS.NOREPLY.GitHub.com", "github.com", Noreply("ana", 1)),
    "bot": (
        "49699333+dependabot[bot]@users.noreply.github.com",
        "github.com",
        Noreply("dependabot[bot]", 49699333),
    ),
    "own host": ("7+ana@users.noreply.git.acme.example", "git.acme.example", Noreply("ana", 7)),
    "another host": ("7+ana@users.noreply.git.acme.example", "github.com", None),
    "a host's dot is a dot": ("7+ana@users.noreply.githubxcom", "github.com", None),
    "web": ("noreply@github.com", "github.com", None),
    "plain": ("ana@acme.example", "github.com", None),
    "no login": ("7+@users.noreply.github.com", "github.com", None),
    "id is no number": ("x+ana@users.noreply.github.com", "github.com", None),
    "id too long": ("9" * 5000 + "+ana@users.noreply.github.com", "github.com", None),
    "other digits": ("٣+ana@users.noreply.github.com", "github.com", None),
    "empty": ("", "github.com", None),
}


@pytest.mark.parametrize(("email", "host", "account"), NOREPLY.values(), ids=NOREPLY.keys())
def test_parse_noreply(email: str, host: str, account: Noreply | None) -> None:
    assert parse_noreply(email, host) == account


BOTS = {
    "login": (AuthorKey("a@b", "Dependabot", "dependabot[bot]"), True),
    "name": (AuthorKey("support@acme.example", "renovate[bot]"), True),
    "address": (AuthorKey("1+dependabot[bot]@users.noreply.github.com", "Dependabot"), True),
    "upper case": (AuthorKey("a@b", "Renovate[BOT]"), True),
    "person": (AuthorKey("abbot@b", "Abbot", "abbot"), False),
    "mark in the middle": (AuthorKey("a@b", "a[bot]b"), False),
}


@pytest.mark.parametrize(("author", "bot"), BOTS.values(), ids=BOTS.keys())
def test_is_bot(author: AuthorKey, bot: bool) -> None:
    assert is_bot(author) is bot


ANA, BEN = ("Ana", "ana@acme.example"), ("Ben", "ben@acme.example")
TRAILERS = {
    "one": ("Fix\n\nCo-authored-by: Ana <ana@acme.example>", [ANA]),
    "several": (
        "Fix\n\nCo-authored-by: Ana <ana@acme.example>\nCo-Authored-By: Ben <ben@acme.example>\n",
        [ANA, BEN],
    ),
    "upper case": ("Fix\n\nCO-AUTHORED-BY:Ana<ana@acme.example>", [ANA]),
    "repeated": (
        "Co-authored-by: Ana <ana@acme.example>\nco-authored-by: A. <ANA@acme.example>",
        [ANA],
    ),
    "among other trailers": (
        "Fix\n\nCo-authored-by: Ana <ana@acme.example>\nSigned-off-by: X <x@y>\n"
        "(cherry picked from commit abcdef1)\n\nCo-authored-by: Ben <ben@acme.example>",
        [ANA, BEN],
    ),
    "as a squash writes it": (
        "* One\n\n---------\n\nCo-authored-by: Ana <ana@acme.example>",
        [ANA],
    ),
    "windows line ends": ("Fix\r\n\r\nCo-authored-by: Ana <ana@acme.example>\r\n", [ANA]),
    "without name": ("Co-authored-by: <ana@acme.example>", [("", "ana@acme.example")]),
    "no address": ("Co-authored-by: Ana <>", []),
    "no brackets": ("Co-authored-by: Ana ana@acme.example", []),
    "not at the end": ("Co-authored-by: Ana <ana@acme.example>\n\nMore text", []),
    "quoted": ("> Co-authored-by: Ana <ana@acme.example>", []),
    "empty": ("", []),
}


@pytest.mark.parametrize(("message", "authors"), TRAILERS.values(), ids=TRAILERS.keys())
def test_parse_co_authors(message: str, authors: list[tuple[str, str]]) -> None:
    assert parse_co_authors(message) == authors


@given(ANY_TEXT, ANY_TEXT, ANY_TEXT)
def test_no_author_raises_and_each_fits_its_columns(
    name: str | None, email: str | None, username: str | None
) -> None:
    for author in (normalise_author(name, email, username), normalise_stated_author(name, email)):
        if author:
            stored = f"{author.email}{author.name}{author.username}"
            assert "\x00" not in stored
            assert stored.encode()
            assert 0 < len(author.email) <= 75
            assert len(author.name) <= 128
            assert is_bot(author) in (True, False)


@given(st.text(st.characters(exclude_categories=[])))
def test_no_address_and_no_message_raises(text: str) -> None:
    parse_noreply(text)
    parse_co_authors(text)
    for name, email in parse_co_authors(f"Fix\n\nCo-authored-by: {text} <{text}>"):
        assert f"{name}{email}".encode()
