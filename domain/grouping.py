"""Which events are one problem: a key for each event, and why, in words.

The first rule that applies decides: the fingerprint that the SDK set; types of the exceptions and
the application's own frames; type and message of an exception without frames; the message as the
program wrote it; the message without what varies; where it happened. Line numbers, build
directories, versions, digests and counters take no part.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass

from domain.event_data import EventData
from domain.event_stack import ExceptionData, Frame
from domain.stable_names import (
    find_root,
    parametrise,
    stable_function,
    stable_module,
    stable_path,
)

SHOWN = 5  # frames that an explanation names
MOST_FRAMES = 50
LONGEST_CONTEXT = 120  # a longer line is likely one of a bundle
_DEFAULT = re.compile(r"\{\{\s*default\s*\}\}")


@dataclass(frozen=True, slots=True)
class Grouping:
    """What an event has in common with others: `parts` make the `hash`, 32 hex digits."""

    rule: str
    parts: tuple[str, ...]
    explanation: str

    @property
    def hash(self) -> str:
        text = json.dumps([self.rule, *self.parts])
        return hashlib.sha256(text.encode()).hexdigest()[:32]


def group(event: EventData) -> Grouping:
    """The grouping of *event*; any event has one."""
    default = _group_by_content(event)
    said = event.fingerprint
    if not said or (len(said) == 1 and _DEFAULT.fullmatch(said[0])):
        return default
    parts: list[str] = []
    for part in said:
        parts += (default.rule, *default.parts) if _DEFAULT.fullmatch(part) else (part,)
    words = ", ".join(f"“{part}”" for part in said)
    explanation = f"the fingerprint that the SDK set: {words}"
    if any(_DEFAULT.fullmatch(part) for part in said):
        explanation += f", where the default stands for {default.explanation}"
    return Grouping("fingerprint", tuple(parts), explanation)


def _group_by_content(event: EventData) -> Grouping:
    if event.exceptions:
        return _by_stack(event) or _by_exception(event)
    if event.message is not None:
        return _by_message(event)
    place = event.culprit
    if place:
        crash = event.crash
        key = _frame_key(crash, "/") if crash else stable_path(place)
        return Grouping("place", (key,), f"where it happened: {place}")
    return Grouping("nothing", (event.platform or "",), "having neither error, message nor place")


def _by_stack(event: EventData) -> Grouping | None:
    """By the types in the chain, and the frames of the exception that reached the top."""
    frames = _relevant(event.frames)
    if not frames:
        return None
    root = find_root(_paths(frames), _paths(event.frames))
    keys = list(dict.fromkeys(_frame_key(frame, root) for frame in frames))  # recursion once
    keys = keys[-MOST_FRAMES:]
    types = _types(event.exceptions)
    shown = [_name(frame, root) for frame in frames]
    places = list(dict.fromkeys(reversed(shown)))
    words = ", ".join(places[:SHOWN])
    more = f" and {len(places) - SHOWN} more" if len(places) > SHOWN else ""
    whose = "the application's own frames" if frames[0].in_app else "the frames"
    kind = f"the type {' after '.join(reversed(types))} and " if types else ""
    return Grouping("stack", (*types, "", *keys), f"{kind}{whose}: {words}{more}")


def _by_exception(event: EventData) -> Grouping:
    """An exception without a single frame: the type alone would throw everything together."""
    types = _types(event.exceptions)
    value = parametrise((event.raised.value if event.raised else None) or "")
    kind = " after ".join(reversed(types)) or "no type"
    words = f"the type {kind} and the message “{value}” without what varies, as there are no frames"
    return Grouping("exception", (*types, "", value), words)


def _by_message(event: EventData) -> Grouping:
    message = event.message
    if message is None:
        raise ValueError("the event has no message")
    if message.template is not None:
        template = message.template
        return Grouping(
            "template", (template,), f"the message as the program wrote it: “{template}”"
        )
    text = parametrise(message.text)
    return Grouping("message", (text,), f"the message without what varies: “{text}”")


def _types(exceptions: Sequence[ExceptionData]) -> list[str]:
    types = [
        stable_module(one.type) or "" for one in exceptions if one.type and not one.is_synthetic
    ]
    return list(dict.fromkeys(types))


def _relevant(frames: Sequence[Frame]) -> list[Frame]:
    """The application's own frames; all of them where there are none."""
    usable = [frame for frame in frames if frame.module or frame.path or frame.function]
    return [frame for frame in usable if frame.in_app] or usable


def _paths(frames: Sequence[Frame]) -> list[str]:
    return [frame.path for frame in frames if frame.path]


def _frame_key(frame: Frame, root: str) -> str:
    function = stable_function(frame.function)
    parts = [_place(frame, root), function or ""]
    if function is None and (line := (frame.context_line or "").strip()):
        parts.append(" ".join(line.split()) if len(line) <= LONGEST_CONTEXT else "")
    return "\n".join(parts)


def _place(frame: Frame, root: str) -> str:
    """The module where it is dotted; a bare one, as node's, says less than the file."""
    module = stable_module(frame.module)
    path = frame.filename or frame.abs_path
    if module and ("." in module or "/" in module or path is None):
        return module
    return stable_path(path, root) if path else ""


def _name(frame: Frame, root: str) -> str:
    place, function = _place(frame, root), stable_function(frame.function)
    if place and function:
        return f"{function} in {place}"
    return function or place or "an unnamed function"
