"""Whatever JSON arrives as an event, it is read, grouped, kept and read again as the same."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from domain.event_data import EventData, parse_event, render_bytes
from domain.event_json import parse_body
from domain.event_reading import Incoming
from domain.event_storage import unpack_event
from domain.grouping import group
from models import Event, Issue
from models.session import Database
from tests.events import digest
from tests.examples import examples
from tests.factories import NOW, make_organization, make_project

KEYS = [
    *("abs_path", "breadcrumbs", "category", "colno", "context_line", "contexts", "crashed"),
    *("culprit", "data", "dist", "email", "env", "environ", "environment", "event_id"),
    *("exception", "extra", "filename", "fingerprint", "formatted", "frames", "function"),
    *("handled", "headers", "id", "in_app", "ip_address", "level", "lineno", "logentry"),
    *("logger", "mechanism", "message", "method", "module", "modules", "name", "params"),
    *("password", "platform", "post_context", "pre_context", "query_string", "release"),
    *("request", "sdk", "server_name", "stacktrace", "synthetic", "tags", "threads"),
    *("timestamp", "transaction", "type", "url", "user", "username", "value", "values"),
    *("vars", "version", "_cut", "{{ default }}", ""),
]
SCALARS: st.SearchStrategy[Any] = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(st.characters(), max_size=20),
    st.sampled_from(
        [
            *("0" * 32, "2026-01-05T09:59:00Z", "{{auto}}", "{{ default }}", "\ud800\x00", "%s %("),
            *("https://a:b@c/?token=d", "/node_modules/", "C:\\a\\b.js", "$1$2", "x" * 10_000),
            *(10**400, 2**63, -1, 1e308, "<lambda>", "?", "=&=&?=", "\n", " "),
        ]
    ),
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=6)
    ),
    max_leaves=30,
)
FRAMES = st.fixed_dictionaries(
    {},
    optional=dict.fromkeys(
        ("abs_path", "context_line", "filename", "function", "in_app", "module", "vars"), VALUES
    ),
)
EXCEPTIONS = st.fixed_dictionaries(
    {"stacktrace": st.fixed_dictionaries({"frames": st.lists(FRAMES | VALUES, max_size=4)})},
    optional=dict.fromkeys(("type", "value", "module", "mechanism"), VALUES),
)
EVENTS = st.dictionaries(st.sampled_from(KEYS), VALUES, max_size=12) | st.fixed_dictionaries(
    {"exception": st.lists(EXCEPTIONS, max_size=3)},
    optional=dict.fromkeys(("fingerprint", "level", "tags", "timestamp", "user"), VALUES),
)


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(EVENTS)
def test_any_object_is_an_event(body: dict[str, Any]) -> None:
    event = parse_event(body, now=NOW, peer="192.0.2.7")
    text = render_bytes(event)

    assert len(event.title) <= 255
    assert "\0" not in event.title + event.culprit
    (event.title + event.culprit + event.environment + (event.release or "")).encode()
    assert NOW.year - 1 <= event.happened_at.year <= NOW.year
    assert group(event).hash == group(reread(text)).hash
    assert reread(text) == event


ASCII = st.text(st.characters(codec="ascii"), max_size=30)
PLAIN_FRAMES = st.fixed_dictionaries(
    {"in_app": st.booleans()},
    optional={
        **dict.fromkeys(("filename", "abs_path", "module", "function", "context_line"), ASCII),
        **dict.fromkeys(("lineno", "colno"), st.integers(-1, 2**31) | st.floats()),
        **dict.fromkeys(("pre_context", "post_context"), st.lists(ASCII, max_size=12)),
        "vars": st.dictionaries(ASCII | st.sampled_from(KEYS), ASCII | VALUES, max_size=4),
    },
)
PLAIN_EVENTS = st.fixed_dictionaries(
    {
        "exception": st.fixed_dictionaries(
            {
                "values": st.lists(
                    st.fixed_dictionaries(
                        {"stacktrace": st.fixed_dictionaries({"frames": st.lists(PLAIN_FRAMES)})},
                        optional=dict.fromkeys(("type", "value", "module", "mechanism"), VALUES),
                    ),
                    max_size=3,
                )
            }
        )
    },
    optional=dict.fromkeys(("fingerprint", "level", "tags", "timestamp", "user"), VALUES),
)


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(EVENTS | PLAIN_EVENTS, st.booleans())
def test_quickly_or_value_by_value_it_is_the_same_event(
    body: dict[str, Any], escaped: bool
) -> None:
    text = json.dumps(body, ensure_ascii=escaped).encode("utf-8", "surrogatepass")
    try:
        whole = json.loads(text)
    except ValueError:  # a half surrogate that is no UTF-8: never stored
        return
    quick, slow = parse_event(parse_body(text), now=NOW), parse_event(whole, now=NOW)

    assert quick == slow
    assert render_bytes(quick) == render_bytes(slow)
    assert group(quick) == group(slow)


def reread(text: bytes) -> EventData:
    return parse_event(json.loads(text), now=NOW)


# One database for all examples: each has a project of its own in it.
@settings(
    max_examples=examples(40),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(bodies=st.lists(EVENTS, min_size=1, max_size=4))
def test_any_objects_are_digested_once(database: Database, bodies: list[dict[str, Any]]) -> None:
    events = [Incoming(body) for body in bodies]
    with database.transaction() as session:
        project_id = make_project(session, make_organization(session)).id
        done = digest(session, project_id, events, now=NOW)
    with database.transaction() as session:
        again = digest(session, project_id, list(reversed(events)), now=NOW)

    assert (again.stored, again.repeated) == (0, len(events))
    with database.reading() as session:
        stored = select(func.count()).select_from(Event).where(Event.project_id == project_id)
        counted = select(func.sum(Issue.event_count)).where(Issue.project_id == project_id)
        assert session.scalar(stored) == session.scalar(counted) == done.stored
        for row in session.scalars(select(Event).where(Event.project_id == project_id)):
            assert parse_event(unpack_event(row.data), now=NOW).event_id == row.event_id
