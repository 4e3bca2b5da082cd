"""What bodies can hold that no route can use: always 400 with a sentence, never a failure of ours."""

from __future__ import annotations

import json
from typing import Annotated, Any, Literal

import pytest
from pydantic import AfterValidator, BaseModel, Field, ValidationError

from domain.errors import InvalidError
from tests.webapp.api.conftest import Api
from tests.webapp.tenants import Tenant
from webapp.api.blueprint import MAX_BODY
from webapp.api.messages import MOST_MESSAGES, field_messages
from webapp.api.validation import parse_json

RELEASES = "/api/0/organizations/acme/releases/"
NOT_AN_OBJECT = "The body has to be a JSON object."
NOT_STORABLE = "The body holds a number that is too large."
BODIES = {
    "empty": (b"", NOT_AN_OBJECT),
    "no JSON": (b"version=1", NOT_AN_OBJECT),
    "cut off": (b'{"version": "1"', NOT_AN_OBJECT),
    "a list": (b"[]", NOT_AN_OBJECT),
    "null": (b"null", NOT_AN_OBJECT),
    "text": (b'"text"', NOT_AN_OBJECT),
    "UTF-16": ('{"version": "1"}'.encode("utf-16"), NOT_AN_OBJECT),
    "Latin-1": ('{"version": "é"}'.encode("latin-1"), NOT_AN_OBJECT),
    "half a pair, raw": (b'{"version": "\xed\xa0\x80"}', NOT_AN_OBJECT),
    "deep lists": (b"[" * 10_000, NOT_AN_OBJECT),
    "deep objects": (b'{"a":' * 10_000 + b"1" + b"}" * 10_000, NOT_AN_OBJECT),
    "NaN": (b'{"version": NaN}', NOT_AN_OBJECT),
    "infinity": (b'{"version": -Infinity}', NOT_AN_OBJECT),
    "a million digits": (b'{"version": ' + 1_000_000 * b"9" + b"}", NOT_AN_OBJECT),
    "more than 64 bits": (b'{"projects": [9223372036854775808]}', NOT_STORABLE),
    "less than 64 bits": (b'{"projects": [-9223372036854775808]}', NOT_STORABLE),
    "beyond floats": (b'{"version": 1e999}', NOT_STORABLE),
}


def send(api: Api, body: bytes, **more: Any) -> tuple[int, Any]:
    answer = api.client.post(
        RELEASES, data=body, headers={"Authorization": f"Bearer {api.token}"}, **more
    )
    return answer.status_code, answer.get_json()


@pytest.mark.parametrize(("body", "sentence"), BODIES.values(), ids=BODIES)
def test_bodies_that_cannot_be_used(api: Api, body: bytes, sentence: str) -> None:
    assert send(api, body) == (400, {"detail": sentence})


@pytest.mark.parametrize(
    "text",
    [r'"\\u0000"', '"12345678901234567890"', '"e1234"', "9223372036854775807", r'"😀"', "1e300"],
)
def test_what_only_looks_like_it(text: str) -> None:
    assert parse_json(f'{{"a": [{text}]}}'.encode()) == {"a": [json.loads(text)]}


def test_halves_of_pairs_are_marked() -> None:
    assert parse_json(rb'{"a\ud800": ["\udc00b", "\ud83d\ude00"]}') == {"a�": ["�b", "😀"]}


def test_a_mark_of_the_encoding_is_no_matter() -> None:
    assert parse_json(b"\xef\xbb\xbf{}") == {}


def test_the_deepest_that_is_read() -> None:
    assert parse_json(b"[" * 190 + b"]" * 190)
    with pytest.raises(InvalidError):
        parse_json(b"[" * 250 + b"]" * 250)


def test_content_types_do_not_matter(api: Api, own: Tenant) -> None:
    body = json.dumps({"version": "web@2.0.0", "projects": ["web"]}).encode()

    for status, content_type in ((201, "text/plain"), (208, "application/x-www-form-urlencoded")):
        assert send(api, body, content_type=content_type)[0] == status


def test_a_packed_body(api: Api) -> None:
    status, told = send(api, b"...", environ_overrides={"HTTP_CONTENT_ENCODING": "gzip"})

    assert status == 415
    assert list(told) == ["detail"]


@pytest.mark.parametrize("is_chunked", [False, True])
def test_a_body_that_is_too_large(api: Api, is_chunked: bool) -> None:
    chunked = {"wsgi.input_terminated": True, "HTTP_TRANSFER_ENCODING": "chunked"}
    environ = chunked if is_chunked else {}
    status, told = send(api, b" " * (MAX_BODY + 1), environ_overrides=environ)
    assert (status, told) == (413, {"detail": "The request is too large."})

    status, told = send(api, b" " * (MAX_BODY - 1), environ_overrides=environ)
    assert (status, told) == (400, {"detail": NOT_AN_OBJECT})


def _refuse_latest(version: str) -> str:
    if version == "latest":
        raise ValueError("Release with name latest is not allowed")
    return version


class Part(BaseModel):
    id: Annotated[str, Field(max_length=4)]
    files: list[str] = []


class Body(BaseModel):
    version: Annotated[str, AfterValidator(_refuse_latest)]
    parts: list[Part] = []
    names: Annotated[list[int | str], Field(max_length=3)] = []
    kind: Literal["A", "B"] = "A"
    number: Annotated[int, Field(ge=1)] = 1
    is_it: bool = True
    url: Annotated[str, AfterValidator(str.strip), Field(max_length=3)] = ""


REQUIRED = "This field is required."
MISTAKES: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "missing": ({}, {"version": [REQUIRED]}),
    "null": ({"version": None}, {"version": ["This field may not be null."]}),
    "other type": ({"version": 1}, {"version": ["Expected a string."]}),
    "the field's own rule": (
        {"version": "latest"},
        {"version": ["Release with name latest is not allowed"]},
    ),
    "no list": ({"version": "1", "parts": {}}, {"parts": ["Expected a list."]}),
    "no object": (
        {"version": "1", "parts": [{"id": "a"}, 5]},
        {"parts": {"1": ["Expected an object."]}},
    ),
    "deep": (
        {"version": "1", "parts": [{"id": "a"}, {}, {"id": "abcde", "files": ["a", 1]}]},
        {
            "parts": {
                "1": {"id": [REQUIRED]},
                "2": {
                    "id": ["Ensure this field has no more than 4 characters."],
                    "files": {"1": ["Expected a string."]},
                },
            }
        },
    ),
    "a union, without the names of its branches": (
        {"version": "1", "names": [1, "a", []]},
        {"names": {"2": ["A valid integer is required.", "Expected a string."]}},
    ),
    "too many": (
        {"version": "1", "names": [1, 2, 3, 4]},
        {"names": ["Ensure this field has no more than 3 elements."]},
    ),
    "a choice": ({"version": "1", "kind": "C"}, {"kind": ["Expected 'A' or 'B'."]}),
    "a number": (
        {"version": "1", "number": 0},
        {"number": ["Ensure this value is greater than or equal to 1."]},
    ),
    "no number": ({"version": "1", "number": "x"}, {"number": ["A valid integer is required."]}),
    "no truth": ({"version": "1", "is_it": "perhaps"}, {"is_it": ["Expected true or false."]}),
    "a text that was trimmed first": (
        {"version": "1", "url": " abcd "},
        {"url": ["Ensure this field has no more than 3 characters."]},
    ),
}


def messages(body: Any, kind: type[BaseModel] = Body) -> dict[str, Any]:
    with pytest.raises(ValidationError) as caught:
        kind.model_validate(body)
    return field_messages(caught.value.errors(include_url=False), body)


@pytest.mark.parametrize(("body", "told"), MISTAKES.values(), ids=MISTAKES)
def test_words_for_mistakes(body: dict[str, Any], told: dict[str, Any]) -> None:
    assert messages(body) == told


def test_a_million_mistakes_are_not_all_told() -> None:
    told = messages({"version": "1", "parts": [{}] * 10_000})

    assert len(told["parts"]) == MOST_MESSAGES


def test_a_route_tells_them(api: Api, own: Tenant) -> None:
    commits = [{"id": "a"}, {"id": 65 * "a"}, {"message": "b"}]
    body = {"version": "latest", "commits": commits}

    assert send(api, json.dumps(body).encode()) == (
        400,
        {
            "version": ["Release with name latest is not allowed"],
            "projects": [REQUIRED],
            "commits": {
                "1": {"id": ["Ensure this field has no more than 64 characters."]},
                "2": {"id": [REQUIRED]},
            },
        },
    )
