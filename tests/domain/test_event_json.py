"""Reading the JSON of events: all that SDKs send is read, and alike by either reader."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest

from domain.event_data import parse_event
from domain.event_json import parse_body, parse_json
from domain.event_stack import Frame
from tests.events import make_body, make_exception, make_frame
from tests.factories import NOW


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


def frames_of(**frame: Any) -> list[Any]:
    text = json.dumps(make_body(exception={"values": [make_exception("E", make_frame(**frame))]}))
    found: list[Any] = parse_body(text.encode())["exception"]["values"][0]["stacktrace"]["frames"]
    return found


def test_frames_are_made_of_plain_json_at_once() -> None:
    assert all(isinstance(frame, Frame) for frame in frames_of(vars={"a": [1, {"b": None}]}))


UNUSUAL: dict[str, dict[str, Any]] = {
    "an empty name": {"module": ""},
    "a long name": {"function": "x" * 501},
    "no text": {"filename": 7},
    "not ASCII": {"function": "größe"},
    "NUL": {"function": "a\0b"},
    "a long line": {"context_line": "x" * 501},
    "many lines": {"pre_context": [str(number) for number in range(11)]},
    "a line that is none": {"post_context": [None]},
    "no lines": {"post_context": None},
    "no number": {"lineno": "7"},
    "a negative number": {"lineno": -1},
    "a large number": {"colno": 2**31},
    "nobody's code": {"in_app": None},
    "no variables": {"vars": None},
    "half a surrogate": {"context_line": "\ud800"},
}


@pytest.mark.parametrize("frame", UNUSUAL.values(), ids=UNUSUAL.keys())
def test_unusual_ones_are_looked_at_value_by_value(frame: dict[str, Any]) -> None:
    assert all(isinstance(one, dict) for one in frames_of(**frame))


@pytest.mark.parametrize(
    "frame",
    [
        *UNUSUAL.values(),
        *({"vars": {"password": "hush", "n": "1"}}, {"vars": {"v": "x" * 1001}}, {"vars": {}}),
        *({"lineno": 7.0}, {"lineno": 0}, {"context_line": ""}, {"pre_context": [""] * 10}),
        *({"vars": {str(number): "x" for number in range(101)}}, {"unheard": {"of": "it"}}),
    ],
)
def test_both_ways_give_the_same_event(frame: dict[str, Any]) -> None:
    body = make_body(exception={"values": [make_exception("E", make_frame(**frame))]})
    text = json.dumps(body).encode()
    assert parse_event(parse_body(text), now=NOW) == parse_event(json.loads(text), now=NOW)


@pytest.mark.parametrize(
    "exception",
    [
        *({"type": "E", "value": "v"}, make_exception("E"), {}, [make_exception("E")], "E", None),
        *({"values": [make_exception("E")], "type": "F"}, {"values": None}, {"values": [None]}),
        *({"values": [{"type": "E", "stacktrace": None}]}, {"values": [{"stacktrace": {}}]}),
    ],
)
def test_exceptions_of_any_shape_are_read_alike(exception: Any) -> None:
    text = json.dumps(make_body(exception=exception)).encode()
    assert parse_event(parse_body(text), now=NOW) == parse_event(json.loads(text), now=NOW)


@pytest.mark.parametrize("text", [b"[1]", b'[["a", 1]]', b"7", b"{", b"null", b'"\\u00e9"'])
def test_what_is_no_object_is_refused(text: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        parse_body(text)
