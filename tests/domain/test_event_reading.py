"""Events out of the inbox: nothing secret stands in addresses, wherever these are."""

from __future__ import annotations

import json

import pytest

from domain.event_reading import KeptEvent, read_kept
from domain.event_secrets import hide_passwords
from domain.event_storage import pack_body
from tests.events import make_exception, make_frame
from tests.factories import NOW

ADDRESS = "postgres://shop:hush@db.example/web"


def test_passwords_in_addresses_are_hidden_wherever_they_stand() -> None:
    body = {
        "exception": [
            {
                **make_exception("E", make_frame(vars={"DATABASE_URL": f"'{ADDRESS}'"})),
                "value": f"cannot connect to {ADDRESS}",
            }
        ],
        "breadcrumbs": [{"message": ADDRESS, "data": {"a": ADDRESS}}],
        "extra": {"a": [ADDRESS]},
        "tags": {"a": ADDRESS},
        "contexts": {"a": {"b": "redis://:hush@cache"}},
    }
    kept = KeptEvent("a" * 32, NOW, None, pack_body(json.dumps(body).encode()))

    [read] = read_kept([kept], now=NOW)

    assert read.event.title == "E: cannot connect to postgres://shop:(hidden)@db.example/web"
    assert read.event.tags == {"a": "postgres://shop:(hidden)@db.example/web"}
    assert "hush" not in repr(read.event)


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        (rb'"amqp:\/\/a:hush@b\/c"', rb'"amqp:\/\/a:(hidden)@b\/c"'),
        (b'"git@github.com:acme/web, ssh://git@github.com"', None),
        (b'"http://localhost:8000/", "ana@acme.example"', None),
        (b'"http://localhost:8000/?mail=ana@acme.example"', None),
    ],
)
def test_only_passwords_are(text: bytes, kept: bytes | None) -> None:
    assert hide_passwords(text) == (kept or text)
