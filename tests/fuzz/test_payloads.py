"""Whatever bytes are signed, reading them gives a value or PayloadError, never anything else."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.github.fields import Fields, PayloadError, parse_body
from integrations.github.payloads import (
    parse_account,
    parse_api_commit,
    parse_pull_request,
    parse_push,
    parse_release,
    parse_repository,
)

TYPES = ["application/json", "application/x-www-form-urlencoded", "application/json; charset=x"]
KEYS = [
    *("action", "added", "after", "archived", "author", "before", "body", "commit", "commits"),
    *(
        "committer",
        "date",
        "default_branch",
        "draft",
        "email",
        "forced",
        "full_name",
        "head_commit",
    ),
    *("html_url", "id", "login", "merge_commit_sha", "merged", "message", "modified", "name"),
    *("number", "owner", "parents", "published_at", "pushed_at", "ref", "removed", "sha"),
    *("tag_name", "timestamp", "title", "updated_at", "user", "username"),
]
SCALARS: st.SearchStrategy[Any] = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(st.characters(), max_size=20),
    st.sampled_from(["0" * 40, "a" * 40, "2026-03-01T12:00:00Z", 10**400, 2**63, "\ud800\x00"]),
)
OBJECTS = st.dictionaries(
    st.sampled_from(KEYS),
    st.recursive(
        SCALARS,
        lambda inner: (
            st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=6)
        ),
        max_leaves=15,
    ),
)
READERS: dict[str, Callable[[Fields], object]] = {
    "account": parse_account,
    "commit of the API": parse_api_commit,
    "pull request": parse_pull_request,
    "push": parse_push,
    "release": parse_release,
    "repository": parse_repository,
}
BODIES: dict[str, bytes] = {
    "not JSON": b"{",
    "a number": b"1",
    "null": b"null",
    "not UTF-8": b'{"a": "\xff"}',
    "UTF-16": '{"a": 1}'.encode("utf-16"),
    "byte order mark": b'\xef\xbb\xbf{"a": 1}',
    "nested deeply": b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
    "lists nested deeply": b"[" * 1_000_000,
    "a number of too many digits": b'{"id": ' + b"9" * 10_000 + b"}",
    "form without payload": b"a=b",
    "form of many fields": b"&".join(b"a=b" for _ in range(1_000)),
    "form with broken escapes": b"payload=%7B%FF%7D",
    "empty": b"",
}


@pytest.mark.parametrize("content_type", TYPES)
@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES.keys())
def test_rubbish_is_said_to_be_no_json(body: bytes, content_type: str) -> None:
    with pytest.raises(PayloadError):
        parse_body(body, content_type)


@given(st.binary(max_size=200), st.sampled_from(TYPES))
def test_any_bytes(body: bytes, content_type: str) -> None:
    with suppress(PayloadError):
        parse_body(body, content_type)


@given(OBJECTS, st.sampled_from(TYPES))
def test_an_object_arrives_in_either_form(document: dict[str, Any], content_type: str) -> None:
    text = json.dumps(document)
    is_form = "form" in content_type
    body = urlencode({"payload": text}).encode() if is_form else text.encode()
    assert json.dumps(parse_body(body, content_type).value) == text


@pytest.mark.parametrize("reader", READERS.values(), ids=READERS.keys())
@given(document=OBJECTS)
def test_any_object(reader: Callable[[Fields], object], document: dict[str, Any]) -> None:
    with suppress(PayloadError):
        reader(Fields(document))
