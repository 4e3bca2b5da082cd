"""What the inbox keeps of an event, and what it is read back as."""

from __future__ import annotations

import pytest

from domain.event_storage import pack_body, unpack_body


@pytest.mark.parametrize(
    "body", [b"{}", b'{"message": "\xc3\xa9"}', b'{"a": "%s"}' % (b"x" * 10**6)]
)
def test_a_body_comes_back_as_it_was(body: bytes) -> None:
    assert unpack_body(pack_body(body)) == body


def test_a_body_takes_little_room() -> None:
    body = b'{"frames": [%s]}' % b", ".join([b'{"function": "total", "lineno": 7}'] * 100)
    assert len(pack_body(body)) < len(body) / 10


def test_a_body_that_an_older_program_kept_is_read() -> None:
    assert unpack_body(b'{"message": "it broke"}') == b'{"message": "it broke"}'
