from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from domain.event_data import EventData, parse_event, render_bytes
from domain.event_parts import format_message, parse_moment
from tests.events import make_body, make_exception, make_frame
from tests.factories import NOW


def parse(**given: Any) -> EventData:
    return parse_event(make_body(**given), now=NOW, peer="192.0.2.7")


def test_the_exception_raised_to_the_top_is_the_last() -> None:
    event = parse(exception={"values": [make_exception("KeyError"), make_exception("CartError")]})

    assert [one.type for one in event.exceptions] == ["KeyError", "CartError"]
    assert event.title == "CartError: list index out of range"
    assert event.kind == "error"


def test_the_culprit_is_the_innermost_frame_of_the_application() -> None:
    frames = [
        make_frame("serve", module="flask.app", in_app=False),
        make_frame("outer", module="shop.views"),
        make_frame("inner", module="shop.cart"),
        make_frame("get", module="redis.client", in_app=False),
    ]

    event = parse(exception=[make_exception("E", *frames)], transaction="/cart")

    assert event.culprit == "shop.cart in inner"
    assert [frame.function for frame in event.frames][-1] == "get"
    assert parse(exception=None, transaction="/cart").culprit == "/cart"
    assert parse(exception=None).culprit == ""


@pytest.mark.parametrize(
    ("path", "is_own"),
    [
        ("/srv/app/t.js", True),
        ("/srv/node_modules/x/t.js", False),
        ("C:\\x\\site-packages\\y.py", False),
        ("node:internal/x", False),
        (None, False),
    ],
)
def test_where_no_sdk_says_whose_frame_it_is(path: str | None, is_own: bool) -> None:
    frame = make_frame(in_app=None, filename=path, abs_path=None)

    [_, read] = parse(exception=[make_exception("E", frame)]).frames

    assert read.in_app is is_own


@pytest.mark.parametrize(
    ("given", "title"),
    [
        ({"exception": [{"type": "E", "value": "a\nb"}]}, "E: a"),
        ({"exception": [{"type": "E"}]}, "E"),
        ({"exception": [{"value": "v"}]}, "v"),
        ({"exception": {"type": "E", "value": "v"}}, "E: v"),
        ({"logentry": {"message": "Hello %s", "params": ["world"]}}, "Hello world"),
        ({"logentry": {"message": "a %s", "formatted": "a 5", "params": [5]}}, "a 5"),
        ({"logentry": {"formatted": "only"}}, "only"),
        ({"logentry": "text"}, "text"),
        ({"message": "text"}, "text"),
        ({"message": {"message": "text"}}, "text"),
        ({"transaction": "/cart"}, "/cart"),
        ({}, "An event without a message"),
        ({"message": "x" * 300}, "x" * 254 + "…"),
    ],
)
def test_titles(given: dict[str, Any], title: str) -> None:
    assert parse(**{"exception": None, **given}).title == title


@pytest.mark.parametrize(
    ("template", "parameters", "text"),
    [
        ("Hello %s", ["world"], "Hello world"),
        ("%d of %5.2f", [1, 2.5], "1 of 2.5"),
        ("%(a)s and %(b)s", {"a": 1}, "1 and %(b)s"),
        ("%(a)s", [1], "%(a)s"),
        ("%s", {"a": 1}, "%s"),
        ("{} and {}", ["a"], "a and {}"),
        ("100%% of %s and %s", ["a"], "100% of a and %s"),
        ("100% of it", None, "100% of it"),
        ("%s", [None], "…"),
        ("%s", "no list", "%s"),
    ],
)
def test_messages_are_filled_in(template: str, parameters: object, text: str) -> None:
    assert format_message(template, parameters) == text


MOMENT = datetime(2026, 1, 5, 9, 0, 0, 250000, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "moment"),
    [
        (MOMENT.timestamp(), MOMENT),
        ("2026-01-05T09:00:00.25Z", MOMENT),
        ("2026-01-05T09:00:00.250000123Z", MOMENT),
        ("2026-01-05T10:00:00.25+01:00", MOMENT),
        ("2026-01-05T09:00:00.25", MOMENT),
        (str(MOMENT.timestamp()), MOMENT),
        (10**400, None),
        (-1, None),
        (float("nan"), None),
        (True, None),
        ("9" * 100, None),
        ("yesterday", None),
        ("0001-01-01T00:00:00+14:00", None),
        (None, None),
        ([], None),
    ],
)
def test_moments(value: object, moment: datetime | None) -> None:
    assert parse_moment(value) == moment


@pytest.mark.parametrize(
    ("offset", "is_kept"),
    [
        (timedelta(0), True),
        (timedelta(minutes=4), True),
        (timedelta(minutes=6), False),
        (timedelta(days=-89), True),
        (timedelta(days=-91), False),
    ],
)
def test_absurd_moments_count_as_now(offset: timedelta, is_kept: bool) -> None:
    event = parse(at=NOW + offset)

    assert event.happened_at == (NOW + offset if is_kept else NOW)
    assert ("timestamp" in event.cuts) is not is_kept


@pytest.mark.parametrize(
    ("given", "name", "expected"),
    [
        ({"level": None}, "level", "error"),
        ({"level": "Critical"}, "level", "fatal"),
        ({"level": "warn"}, "level", "warning"),
        ({"level": ["x"]}, "level", "error"),
        ({"environment": None}, "environment", "production"),
        ({"environment": " "}, "environment", "production"),
        ({"environment": "none"}, "environment", "production"),
        ({"environment": "a/b\nc"}, "environment", "a-b-c"),
        ({"tags": {"b": 1, "a": "x", "n": None}}, "tags", (("a", "x"), ("b", "1"))),
        ({"tags": [["a", True], ["b"], "c", ["d", [1]]]}, "tags", (("a", "true"),)),
        ({"tags": {"api_key": "x"}}, "tags", (("api_key", "(hidden)"),)),
        ({"fingerprint": ["a", 1, None, {}]}, "fingerprint", ("a", "1")),
        ({"fingerprint": "a"}, "fingerprint", ("a",)),
        ({"sdk": {"name": "s", "version": 2}}, "sdk", ("s", "2")),
        ({"sdk": []}, "sdk", (None, None)),
        ({"release": " web@1 "}, "release", " web@1 "),
        ({"release": 5}, "release", "5"),
        ({"release": {}}, "release", None),
        ({"server_name": "a\0b\ud800c"}, "server_name", "abc"),
        ({"extra": [1]}, "extra", {}),
        ({"event_id": "6B57-0000-" + "0" * 24}, "event_id", "6b57" + "0" * 28),
    ],
)
def test_parts(given: dict[str, Any], name: str, expected: object) -> None:
    assert getattr(parse(**given), name) == expected


def test_an_event_without_an_id_gets_the_same_one_each_time() -> None:
    body = make_body(NOW, event_id=None)

    one, again = parse_event(body, now=NOW), parse_event(dict(body), now=NOW)
    other = parse_event({**body, "message": "x"}, now=NOW)

    assert one.event_id == again.event_id != other.event_id
    assert len(one.event_id) == 32


def test_the_users_address_is_that_of_the_sender_where_the_sdk_asks_for_it() -> None:
    user = parse(user={"ip_address": "{{auto}}"}).user
    assert user is not None
    assert (user.ip_address, user.identity) == ("192.0.2.7", "ip_address:192.0.2.7")
    known = parse(user={"email": "a@b.example", "ip_address": "198.51.100.1"}).user
    assert known is not None
    assert known.identity == "email:a@b.example"
    assert parse(user={}).user is None
    assert parse(user="x").user is None


def test_secrets_are_hidden_before_anything_is_kept() -> None:
    event = parse(
        extra={"environ": {"HOME": "hush-1"}, "a": {"db_password": "hush-2", "author": "Ana"}},
        contexts={"app": {"Authorization": "hush-3"}},
        request={
            "url": "https://ana:hush-4@shop.example/?token=hush-5&page=2",
            "query_string": [["api_key", "hush-6"], ["page", "2"]],
            "headers": [["Cookie", "hush-7"], ["X-Api-Key", "hush-8"], ["Accept", "a"]],
            "cookies": "hush-9",
            "data": {"session_id": "hush-10", "card": {"secret": ["hush-11"]}},
            "env": {"auth": "hush-12"},
        },
        breadcrumbs=[{"data": {"access_token": "hush-13"}}],
        exception=[make_exception("E", make_frame(vars={"password": "hush-14", "n": "1"}))],
        tags=[["jwt", "hush-15"]],
    )

    text = render_bytes(event).decode()

    assert "hush" not in text
    assert "Ana" in text
    assert event.request is not None
    assert event.request.url == "https://(hidden)@shop.example/?token=(hidden)&page=2"
    assert event.request.query == "api_key=(hidden)&page=2"
    assert dict(event.request.headers)["Accept"] == "a"
    assert event.extra["environ"] == "(hidden)"


SECRETS = (
    *("password", "PassPhrase", "db_pwd", "secret", "Token", "credentials", "cookie", "jwt"),
    *(
        "_csrf",
        "XSRF",
        "Authorization",
        "apikey",
        "private-key",
        "session_id",
        "sid",
        "dsn",
        "AUTH",
    ),
)


@pytest.mark.parametrize("name", SECRETS)
def test_a_secret_among_plain_variables_is_hidden(name: str) -> None:
    for names in ((name,), ("coupon", name, "total"), (name, "x" * 190, "y" * 190, "z" * 190)):
        frame = make_frame(vars=dict.fromkeys(names, "hush"))
        kept = parse(exception=[make_exception("E", frame)]).frames[-1].variables
        assert kept == dict.fromkeys(names, "hush") | {name: "(hidden)"}


def test_what_is_beyond_the_bounds_is_an_empty_object() -> None:
    many = {f"extra{number}": ["x" * 4000] * 100 for number in range(4)}
    event = parse(contexts=many, extra={"a": "b"}, modules={})
    assert (event.extra, event.cuts) == ({}, ("contexts", "extra"))


def test_a_form_in_the_body_hides_its_secrets() -> None:
    event = parse(request={"data": "password=hush&name=Ana"})
    assert event.request is not None
    assert event.request.data == "password=(hidden)&name=Ana"


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ('{"user": {"password": "hush", "pin": 1}}', {"user": {"password": "(hidden)", "pin": 1}}),
        ('[{"token": ["hush"]}]', [{"token": "(hidden)"}]),
        ('{"a": "b", "password": "hush \\" hush", "c": "d', None),
        ('{"a": "b", "c": "d", "password" : "hush', None),
        ('{"a": "b", "c": "d", "api_key":4711hush, "e', None),
    ],
)
def test_json_in_the_body_hides_its_secrets(sent: str, kept: Any) -> None:
    event = parse(request={"data": sent})
    assert event.request is not None
    assert "hush" not in render_bytes(event).decode()
    if kept is None:  # it was cut off: what can be read of it stays
        assert event.request.data.startswith('{"a": "b", ')
    else:
        assert event.request.data == kept


def test_addresses_in_breadcrumbs_hide_their_secrets() -> None:
    crumb = {
        "message": "GET https://api.example/?access_token=hush&page=2",
        "data": {"url": "https://api.example/?token=hush", "http.query": "sid=hush&a=1", "n": 1},
    }
    [found] = parse(breadcrumbs=[crumb]).breadcrumbs
    assert found.message == "GET https://api.example/?access_token=(hidden)&page=2"
    assert found.data == {
        "url": "https://api.example/?token=(hidden)",
        "http.query": "sid=(hidden)&a=1",
        "n": 1,
    }


DEEP: dict[str, Any] = {}
for _ in range(500):
    DEEP = {"a": DEEP}
LARGE: dict[str, tuple[dict[str, Any], str]] = {
    "frames": (
        {"exception": [make_exception("E", *(make_frame(f"f{n}") for n in range(5000)))]},
        "frames",
    ),
    "exceptions": ({"exception": [make_exception(f"E{n}") for n in range(500)]}, "exceptions"),
    "breadcrumbs": ({"breadcrumbs": [{"message": str(n)} for n in range(999)]}, "breadcrumbs"),
    "tags": ({"tags": {str(n): "x" for n in range(999)}}, "tags"),
    "long tag": ({"tags": {"a": "x" * 999}}, "tags"),
    "message": ({"message": "x" * 10**6}, "message"),
    "variables": (
        {"exception": [make_exception("E", make_frame(vars={"v": "x" * 10**6}))]},
        "variables",
    ),
    "extra": ({"extra": {"v": ["x" * 9000] * 999}}, "extra"),
    "deep": ({"extra": DEEP}, "extra"),
    "wide": ({"extra": {str(n): {str(m): m for m in range(999)} for n in range(999)}}, "extra"),
    "threads": ({"threads": [{"id": n} for n in range(999)]}, "threads"),
    "modules": ({"modules": {str(n): "1" for n in range(999)}}, "modules"),
    "headers": ({"request": {"headers": {str(n): "x" for n in range(999)}}}, "request"),
    "long name": ({"server_name": "x" * 999}, "server_name"),
}


@pytest.mark.parametrize(("given", "part"), LARGE.values(), ids=LARGE.keys())
def test_what_is_too_much_is_cut_and_said(given: dict[str, Any], part: str) -> None:
    event = parse(**given)

    assert part in event.cuts
    assert len(render_bytes(event)) < 2_000_000
    assert json.loads(render_bytes(event))["event_id"] == event.event_id


def test_what_a_client_says_was_cut_is_read_as_all_else_that_it_sends() -> None:
    said = ["frames", "\ud800\0x", {"password": "hush"}, ["y"], 7, *map(str, range(999))]
    event = parse(_cut=said)

    assert {"frames", "x"} < set(event.cuts)
    assert len(event.cuts) < 60
    assert b"hush" not in render_bytes(event)
    assert parse_event(json.loads(render_bytes(event)), now=NOW) == event


def test_of_a_long_stack_both_ends_are_kept() -> None:
    frames = [make_frame(f"f{number}") for number in range(999)]

    kept = parse(exception=[{"type": "E", "stacktrace": {"frames": frames}}]).frames

    assert (kept[0].function, kept[-1].function, len(kept)) == ("f0", "f998", 200)


def test_a_stack_of_its_own_counts_as_the_running_thread() -> None:
    stack = {"frames": [make_frame("loop")]}
    crashed = {"id": 2, "crashed": True, "stacktrace": {"frames": [make_frame("die")]}}

    assert parse(exception=None, stacktrace=stack).culprit == "shop.cart in loop"
    assert parse(exception=None, threads=[{"id": 1}, crashed]).culprit == "shop.cart in die"


def test_a_rendered_event_is_read_as_the_same() -> None:
    event = parse(
        exception=[make_exception("E", make_frame(context_line="", lineno=0, vars={}))],
        user={"id": 9, "ip_address": "{{auto}}"},
        request={"url": "https://a/?token=1", "data": {"a": [1, None, True]}, "env": {"b": "c"}},
        breadcrumbs={"values": [{"timestamp": 1.5, "message": "m", "data": {"a": 1}}]},
        threads={"values": [{"id": 1, "current": True}]},
        logentry={"message": "n %s", "params": ["x" * 9999]},
        contexts={"a": {"b": [1.5, 10**30, float("inf")]}},
        tags={"a": "b"},
        fingerprint=["a"],
        modules={"flask": "3"},
        sdk={"name": "s"},
        extra={"environ": {}, "x": "y" * 9999},
    )

    assert parse_event(json.loads(render_bytes(event)), now=NOW) == event
