"""Reading the JSON of events: all that SDKs send is read, and alike by either reader."""

from __future__ import annotations

import json
import math

import pytest

from domain.event_storage import parse_json


@pytest.mark.parametrize(
    "text",
    [
        *(b"{}", b'{"a": [1, -2, 1.5e3, true, null, "\\u00e9\xc3\xa9"]}', b' {"a": 1, "a": 2}\n'),
        *(b'{"a": 18446744073709551616}', b'{"a": "\\ud83d\\ude00"}'),
        b'{"a": %s}' % (b"[" * 500 + b"]" * 500),
        # What the first reader refuses.
        *(b'{"a": "\\ud800"}', b'{"a": "\\ude00\\u0041"}', b'{"a": 1e400}', b'{"a": -Infinity}'),
    ],
)
def test_json_is_read_as_the_standard_library_reads_it(text: bytes) -> None:
    assert parse_json(text) == json.loads(text)


def test_no_number_is_read_as_one() -> None:
    assert math.isnan(parse_json(b"NaN"))


@pytest.mark.parametrize("text", [b"", b"{", b'{"a": 01}', b'{"a": "\xff"}', b"{} {}", b"[1,]"])
def test_what_is_no_json_is_refused(text: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        parse_json(text)
