"""Exceptions, threads and their frames, out of an event and back into its JSON.

Exceptions are in the order of SDKs, the oldest first: the last was raised to the top. So are
frames, the outermost call first: the last is where it happened (sentry-cli-contract.md 9).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

import msgspec

from domain.event_reader import Json, Reader, is_plain

MOST_EXCEPTIONS = 20
MOST_THREADS = 50
FRAMES_KEPT = (50, 150)  # of a stack: the outermost, and those next to the crash
MOST_LINES = 10  # of source, before that of a frame and after it
LONGEST_LINE = 500
LONGEST_VARIABLE = 1000
LONGEST_NAME = 500
LONGEST_VALUE = 8192

_INSTALLED = re.compile(
    r"(?:^|[/\\])(?:site-packages|dist-packages|node_modules|vendor|gems)[/\\]"
    r"|^(?:node:|<|/usr/|/rustc/|\[native)"
)


_Name = Annotated[str, msgspec.Meta(min_length=1, max_length=LONGEST_NAME)]
_Number = Annotated[int, msgspec.Meta(ge=0, lt=2**31)]
_Line = Annotated[str, msgspec.Meta(max_length=LONGEST_LINE)]
_Lines = Annotated[tuple[_Line, ...], msgspec.Meta(max_length=MOST_LINES)]


class Frame(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    omit_defaults=True,
    gc=False,
    rename={"line": "lineno", "column": "colno", "variables": "vars"},
):
    """One call. `in_app`: the application's own code, as far as the SDK knows.

    A struct rather than a dataclass: an event has many of them, and it is made and written as JSON,
    in the shape that SDKs send, without a step in Python for each of its fields. The bounds are
    those that `_parse_frame` keeps; they are looked at where frames are made out of JSON.
    """

    filename: _Name | None = None
    abs_path: _Name | None = None
    module: _Name | None = None
    function: _Name | None = None
    line: _Number | None = None
    column: _Number | None = None
    in_app: bool  # always written: where it is absent, the path would decide anew
    context_line: _Line | None = None
    pre_context: _Lines = ()
    post_context: _Lines = ()
    variables: Mapping[str, Any] = msgspec.field(default_factory=dict)

    @property
    def path(self) -> str | None:
        return self.filename or self.abs_path

    @property
    def name(self) -> str:
        """The place in a few words, `app.cart in total`."""
        place = self.module or self.path
        return " in ".join(part for part in (place, self.function) if part)


@dataclass(frozen=True, slots=True)
class ExceptionData:
    type: str | None = None
    value: str | None = None
    module: str | None = None
    mechanism: str | None = None
    is_handled: bool | None = None
    is_synthetic: bool = False  # the SDK made it up: its type says nothing
    frames: tuple[Frame, ...] = ()
    source: str | None = None  # where it stands in another one: `__cause__`, `exceptions[0]`

    @property
    def is_of_group(self) -> bool:
        """Whether it is one of several in another exception, rather than its cause."""
        return self.source is not None and self.source.endswith("]")


@dataclass(frozen=True, slots=True)
class ThreadData:
    id: str | None = None
    name: str | None = None
    is_crashed: bool = False
    is_current: bool = False
    frames: tuple[Frame, ...] = ()


def parse_exceptions(reader: Reader, value: object) -> tuple[ExceptionData, ...]:
    """Of a list, `{"values": list}` or a single exception; the last ones if there are many."""
    if isinstance(value, dict) and "values" not in value:
        value = [value]
    items = reader.items(value, MOST_EXCEPTIONS, "exceptions")
    found = (_parse_exception(reader, item) for item in items if isinstance(item, dict))
    return tuple(one for one in found if one.type or one.value or one.frames)


def _parse_exception(reader: Reader, item: Json) -> ExceptionData:
    mechanism = item.get("mechanism")
    mechanism = mechanism if isinstance(mechanism, dict) else {}
    handled = mechanism.get("handled")
    return ExceptionData(
        type=reader.text(item.get("type"), LONGEST_NAME, "exceptions"),
        value=reader.text(item.get("value"), LONGEST_VALUE, "exceptions"),
        module=reader.text(item.get("module"), LONGEST_NAME, "exceptions"),
        mechanism=reader.text(mechanism.get("type"), LONGEST_NAME, "exceptions"),
        is_handled=handled if isinstance(handled, bool) else None,
        is_synthetic=mechanism.get("synthetic") is True,
        frames=parse_frames(reader, item.get("stacktrace")),
        source=reader.text(mechanism.get("source"), LONGEST_NAME, "exceptions"),
    )


def parse_threads(reader: Reader, value: object) -> tuple[ThreadData, ...]:
    items = reader.items(value, MOST_THREADS, "threads", newest=False)
    return tuple(
        ThreadData(
            id=reader.text(item.get("id"), LONGEST_NAME, "threads"),
            name=reader.text(item.get("name"), LONGEST_NAME, "threads"),
            is_crashed=item.get("crashed") is True,
            is_current=item.get("current") is True,
            frames=parse_frames(reader, item.get("stacktrace")),
        )
        for item in items
        if isinstance(item, dict)
    )


def parse_frames(reader: Reader, stacktrace: object) -> tuple[Frame, ...]:
    """Of a long stack both ends are kept: a runaway recursion fills the middle."""
    frames = stacktrace.get("frames") if isinstance(stacktrace, dict) else None
    if not isinstance(frames, list):
        return ()
    first, last = FRAMES_KEPT
    if len(frames) > first + last:
        reader.note("frames")
        frames = frames[:first] + frames[-last:]
    return tuple(
        _parse_frame(reader, frame) if isinstance(frame, dict) else _with_bounds(reader, frame)
        for frame in frames
        if isinstance(frame, dict | Frame)
    )


def _with_bounds(reader: Reader, frame: Frame) -> Frame:
    """A frame that was made out of plain JSON: only its variables may hold anything."""
    if not frame.variables:
        return frame
    variables = reader.mapping(frame.variables, "variables", longest=LONGEST_VARIABLE)
    if variables is frame.variables:
        return frame
    return msgspec.structs.replace(frame, variables=variables)


def _parse_frame(reader: Reader, frame: Json) -> Frame:
    get = frame.get
    names = (get("filename"), get("abs_path"), get("module"), get("function"))
    filename, abs_path, module, function = reader.texts(names, LONGEST_NAME, "frames")
    before, line, after = _parse_source(reader, get)
    return Frame(
        filename=filename,
        abs_path=abs_path,
        module=module,
        function=function,
        line=_number(get("lineno")),
        column=_number(get("colno")),
        in_app=_is_own(frame),
        context_line=line,
        pre_context=before,
        post_context=after,
        variables=reader.mapping(get("vars"), "variables", longest=LONGEST_VARIABLE),
    )


def _parse_source(
    reader: Reader, get: Callable[[str], object]
) -> tuple[tuple[str, ...], str | None, tuple[str, ...]]:
    """The lines before that of the frame, that line, and those after it."""
    before, line, after = get("pre_context"), get("context_line"), get("post_context")
    before = before[-MOST_LINES:] if isinstance(before, list) else ()
    after = after[:MOST_LINES] if isinstance(after, list) else ()
    if is_plain([*before, line, *after], LONGEST_LINE):  # looked at together, as nearly always
        return tuple(before), str(line), tuple(after)
    return (
        reader.lines(before, LONGEST_LINE, "source"),
        reader.line(line, LONGEST_LINE, "source"),
        reader.lines(after, LONGEST_LINE, "source"),
    )


def _is_own(frame: Json) -> bool:
    """What the SDK says; where it does not, whether the file lies outside of what is installed."""
    said = frame.get("in_app")
    if isinstance(said, bool):
        return said
    path = frame.get("abs_path") or frame.get("filename")
    return isinstance(path, str) and _INSTALLED.search(path[:LONGEST_NAME]) is None


def _number(value: object) -> int | None:
    if value is None:
        return None
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        return None
    return value if 0 <= value < 2**31 else None


def render_exceptions(exceptions: Sequence[ExceptionData]) -> list[dict[str, Any]]:
    """As SDKs send them: what `parse_exceptions` reads."""
    return [
        {
            "type": one.type,
            "value": one.value,
            "module": one.module,
            "mechanism": {
                "type": one.mechanism,
                "handled": one.is_handled,
                **({"synthetic": True} if one.is_synthetic else {}),
                **({"source": one.source} if one.source else {}),
            },
            "stacktrace": render_frames(one.frames),
        }
        for one in exceptions
    ]


def render_threads(threads: Sequence[ThreadData]) -> list[dict[str, Any]]:
    return [
        {
            "id": thread.id,
            "name": thread.name,
            "crashed": thread.is_crashed,
            "current": thread.is_current,
            "stacktrace": render_frames(thread.frames),
        }
        for thread in threads
    ]


def render_frames(frames: Sequence[Frame]) -> dict[str, Any] | None:
    return {"frames": frames} if frames else None
