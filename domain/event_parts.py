"""The smaller parts of an event: message, request, user, breadcrumbs, time."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from domain.event_reader import Json, Reader
from domain.event_secrets import HIDDEN, hide_in_json, hide_in_query, is_secret

LONGEST_MESSAGE = 8192
LONGEST_TEXT = 2048
LONGEST_NAME = 200
MOST_PARAMETERS = 50
MOST_BREADCRUMBS = 100
MOST_HEADERS = 100
PEER = "{{auto}}"  # in the place of an address: whoever sent the event (contract 9)

OLDEST = timedelta(days=90)
AHEAD = timedelta(minutes=5)  # clocks of clients are never quite right
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LAST_SECOND = 253_402_300_799  # of the year 9999
_HOLE = re.compile(r"%%|%\((\w{1,100})\)[-#0+ .\d]{0,20}[a-zA-Z]|%[-#0+ .\d]{0,20}[a-zA-Z]")


@dataclass(frozen=True, slots=True)
class Message:
    """What was logged: as people read it, and as the program wrote it, if that differs."""

    text: str
    template: str | None = None
    parameters: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class User:
    id: str | None = None
    email: str | None = None
    username: str | None = None
    ip_address: str | None = None
    name: str | None = None

    @property
    def identity(self) -> str | None:
        """What tells this person from others; the first of id, e-mail, user name and address."""
        for kind in ("id", "email", "username", "ip_address"):
            if value := getattr(self, kind):
                return f"{kind}:{value}"
        return None


@dataclass(frozen=True, slots=True)
class Request:
    url: str | None = None
    method: str | None = None
    query: str | None = None
    headers: tuple[tuple[str, str], ...] = ()
    data: Any = None
    env: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Breadcrumb:
    happened_at: datetime | None = None
    type: str | None = None
    category: str | None = None
    level: str | None = None
    message: str | None = None
    data: Mapping[str, Any] = field(default_factory=dict)


def parse_moment(value: object) -> datetime | None:
    """Seconds since 1970, or RFC 3339 (without a zone: UTC); None for what names no moment."""
    if isinstance(value, str):
        value = value.strip()[:64]
        try:
            moment = datetime.fromisoformat(value)
            return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
        except (ValueError, OverflowError):
            pass
        try:
            value = float(value)
        except ValueError:
            return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    if not 0 <= value <= _LAST_SECOND:
        return None
    return _EPOCH + timedelta(microseconds=round(value * 1_000_000))


def clamp_moment(reader: Reader, value: object, now: datetime) -> datetime:
    """When the event happened; *now* where that is not said, long ago, or yet to come."""
    moment = parse_moment(value)
    if moment is None:
        return now
    if not now - OLDEST <= moment <= now + AHEAD:
        reader.note("timestamp")
        return now
    return moment


def parse_message(reader: Reader, body: Json) -> Message | None:
    """Of `logentry`, or of `message`, which may be a text or such an object."""
    for part in (body.get("logentry"), body.get("message")):
        if isinstance(part, dict):
            template = reader.text(part.get("message"), LONGEST_MESSAGE, "message")
            formatted = reader.text(part.get("formatted"), LONGEST_MESSAGE, "message")
            if template is None and formatted is None:
                continue
            parameters = part.get("params")
            text = formatted or format_message(template or "", parameters)
            text = reader.text(text, LONGEST_MESSAGE, "message") or ""
            names = _list_parameters(reader, parameters)
            return Message(text, template if template != text else None, names)
        text_only = reader.text(part, LONGEST_MESSAGE, "message")
        if text_only is not None:
            return Message(text_only)
    return None


def format_message(template: str, parameters: object) -> str:
    """Fill `%s`, `%d` and `%(name)s`, or `{}`; what has no parameter stays as it is written."""
    if isinstance(parameters, list):
        values = iter(parameters[:MOST_PARAMETERS])

        def fill_next(match: re.Match[str]) -> str:
            if match[0] == "%%":
                return "%"
            return match[0] if match[1] else _in_words(next(values, match[0]))

        if "%" in template:
            return _HOLE.sub(fill_next, template)
        for value in parameters[:MOST_PARAMETERS]:
            template = template.replace("{}", _in_words(value), 1)
        return template
    if isinstance(parameters, dict):

        def fill_named(match: re.Match[str]) -> str:
            if match[0] == "%%":
                return "%"
            return _in_words(parameters.get(match[1], match[0])) if match[1] else match[0]

        return _HOLE.sub(fill_named, template)
    return template


def _list_parameters(reader: Reader, parameters: object) -> tuple[str, ...]:
    if isinstance(parameters, dict):
        parameters = list(parameters.values())
    if not isinstance(parameters, list):
        return ()
    texts = (reader.text(_in_words(one), LONGEST_TEXT, "message") for one in parameters[:50])
    return tuple(text or "" for text in texts)


def _in_words(value: object) -> str:
    if isinstance(value, str):
        return value[:LONGEST_TEXT]
    return Reader().text(value, LONGEST_TEXT, "") or "…"


def parse_user(reader: Reader, value: object, *, peer: str | None) -> User | None:
    if not isinstance(value, dict):
        return None
    address = reader.text(value.get("ip_address"), 64, "user")
    user = User(
        id=reader.text(value.get("id"), LONGEST_NAME, "user"),
        email=reader.text(value.get("email"), LONGEST_NAME, "user"),
        username=reader.text(value.get("username"), LONGEST_NAME, "user"),
        ip_address=peer if address == PEER else address,
        name=reader.text(value.get("name"), LONGEST_NAME, "user"),
    )
    return user if user != User() else None


def parse_request(reader: Reader, value: object) -> Request | None:
    if not isinstance(value, dict):
        return None
    url = reader.text(value.get("url"), LONGEST_TEXT, "request")
    request = Request(
        url=hide_in_query(url) if url else None,
        method=reader.text(value.get("method"), 32, "request"),
        query=_parse_query(reader, value.get("query_string")),
        headers=tuple(sorted(_parse_headers(reader, value.get("headers")))),
        data=_parse_data(reader, value.get("data")),
        env=reader.mapping(value.get("env"), "request", longest=LONGEST_TEXT),
    )
    return request if request != Request() else None


def _parse_query(reader: Reader, value: object) -> str | None:
    """Of a text, an object or pairs."""
    if isinstance(value, dict | list):
        pairs = reader.pairs(value, MOST_HEADERS, "request")
        value = "&".join(f"{name}={_in_words(item)}" for name, item in pairs)
    text = reader.text(value, LONGEST_TEXT, "request")
    return hide_in_query(text) if text else None


def _parse_headers(reader: Reader, value: object) -> list[tuple[str, str]]:
    found = []
    for name, item in reader.pairs(value, MOST_HEADERS, "request"):
        if isinstance(item, list):
            item = ", ".join(map(_in_words, item[:MOST_HEADERS]))
        text = HIDDEN if is_secret(name) else reader.text(item, LONGEST_TEXT, "request")
        if text is not None:
            found.append((name, text))
    return found


def _parse_data(reader: Reader, value: object) -> Any:
    """Of an object, or of a body as it was sent: a form, or JSON as node's SDK leaves it."""
    if not isinstance(value, str):
        return reader.value(value, "request", longest=LONGEST_TEXT)
    if value.lstrip()[:1] in ("{", "["):
        with suppress(ValueError, RecursionError):
            return reader.value(msgspec.json.decode(value), "request", longest=LONGEST_TEXT)
        value = hide_in_json(value)
    text = reader.text(value, LONGEST_MESSAGE, "request")
    return hide_in_query(text) if text and "=" in text else text


def parse_breadcrumbs(reader: Reader, value: object) -> tuple[Breadcrumb, ...]:
    """The last hundred, the oldest first."""
    return tuple(
        Breadcrumb(
            happened_at=parse_moment(item.get("timestamp")),
            type=reader.text(item.get("type"), LONGEST_NAME, "breadcrumbs"),
            category=reader.text(item.get("category"), LONGEST_NAME, "breadcrumbs"),
            level=reader.text(item.get("level"), 32, "breadcrumbs"),
            message=_without_query(reader.text(item.get("message"), LONGEST_TEXT, "breadcrumbs")),
            data=_parse_data_of_crumb(reader, item.get("data")),
        )
        for item in reader.items(value, MOST_BREADCRUMBS, "breadcrumbs")
        if isinstance(item, dict)
    )


def _parse_data_of_crumb(reader: Reader, value: object) -> dict[str, Any]:
    data = reader.mapping(value, "breadcrumbs", longest=LONGEST_TEXT)
    return {
        name: hide_in_query(one)
        if name.endswith("query") and isinstance(one, str)
        else _without_query(one)
        for name, one in data.items()
    }


def _without_query(value: Any) -> Any:
    """An address, or a text with one, without the secrets in its query; anything else as it is."""
    return hide_in_query(value) if isinstance(value, str) and "?" in value else value


def render_message(message: Message | None) -> dict[str, Any] | None:
    if message is None:
        return None
    template = message.template or message.text
    return {"message": template, "formatted": message.text, "params": list(message.parameters)}


def render_user(user: User | None) -> dict[str, Any] | None:
    if user is None:
        return None
    kinds = ("id", "email", "username", "ip_address", "name")
    return {kind: getattr(user, kind) for kind in kinds}


def render_request(request: Request | None) -> dict[str, Any] | None:
    if request is None:
        return None
    return {
        "url": request.url,
        "method": request.method,
        "query_string": request.query,
        "headers": [list(pair) for pair in request.headers],
        "data": request.data,
        "env": request.env,
    }


def render_breadcrumbs(breadcrumbs: Sequence[Breadcrumb]) -> list[dict[str, Any]]:
    return [
        {
            "timestamp": crumb.happened_at.isoformat() if crumb.happened_at else None,
            "type": crumb.type,
            "category": crumb.category,
            "level": crumb.level,
            "message": crumb.message,
            "data": crumb.data,
        }
        for crumb in breadcrumbs
    ]
