"""The JSON of events: read whole, whatever it holds; and quickly where nothing in it is unusual.

Frames are nine tenths of most events. Where an event's text is plain and its frames are as SDKs
write them, they are made while the JSON is taken apart, and need no second look.
"""

from __future__ import annotations

import json
from typing import Annotated, Any, TypedDict

import msgspec

from domain.event_stack import FRAMES_KEPT, Frame


class _Stack(TypedDict, total=False):
    frames: Annotated[list[Frame], msgspec.Meta(max_length=sum(FRAMES_KEPT))]


class _Exception(TypedDict, total=False):
    type: Any
    value: Any
    module: Any
    mechanism: Any
    stacktrace: _Stack


class _Exceptions(TypedDict):
    values: list[_Exception]  # without them the object is itself the exception: another reads it


class _Body(TypedDict, total=False):
    """What is read of an event, by `domain.event_data`."""

    event_id: Any
    timestamp: Any
    level: Any
    environment: Any
    platform: Any
    release: Any
    dist: Any
    logger: Any
    server_name: Any
    transaction: Any
    culprit: Any
    message: Any
    logentry: Any
    exception: _Exceptions
    threads: Any
    stacktrace: Any
    tags: Any
    user: Any
    request: Any
    breadcrumbs: Any
    fingerprint: Any
    sdk: Any
    contexts: Any
    extra: Any
    modules: Any
    _cut: Any


_decode_body = msgspec.json.Decoder(_Body).decode
_FAULTS = (msgspec.DecodeError, ValueError, RecursionError)


def parse_body(text: bytes) -> dict[str, Any]:
    """An event's JSON object for `parse_event`; frames may be `Frame` already.

    Raises ValueError or RecursionError if it is none.
    """
    # Without escapes ASCII is plain: no NUL, no half surrogate, nothing to be made clean.
    if text.isascii() and b"\\u" not in text:
        try:
            return dict(_decode_body(text))
        except _FAULTS:
            pass
    found = parse_json(text)
    if not isinstance(found, dict):
        raise ValueError("an event is a JSON object")
    return found


def parse_json(text: bytes) -> Any:
    """The value that *text* is the JSON of; ValueError or RecursionError if it is none.

    Of the two readers the second takes half surrogates, NaN and numbers beyond all bounds as well,
    which some SDKs send; the first needs half the time.
    """
    try:
        return msgspec.json.decode(text)
    except _FAULTS:
        return json.loads(text)
