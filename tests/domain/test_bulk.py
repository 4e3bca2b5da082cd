"""Many rows at once: the same come out, few or many, and none of them stays behind in memory."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Sequence
from contextlib import closing
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from domain.bulk import insert_missing, update_each
from domain.event_counts import add_counts
from models import Event, IssueHour
from models.session import Database
from tests.factories import NOW, make_event_row, make_issue, make_organization, make_project

few_or_many = pytest.mark.parametrize("count", [1, 3, 60])


def make_rows(session: Session, count: int, **given: Any) -> list[dict[str, Any]]:
    """Events of a new issue, not stored; every other one lacks what may be absent."""
    issue = make_issue(session, make_project(session, make_organization(session)))
    return [
        {
            "project_id": issue.project_id,
            "issue_id": issue.id,
            "event_id": f"{number:032x}",
            "received_at": NOW + timedelta(microseconds=number),
            "happened_at": NOW,
            "release_name": None if number % 2 else f'web@{number} “ü”, {{a,b}} \\ "NULL"',
            "environment": "production",
            "level": "error",
            "title": "NULL" if number % 2 else "a\nb",
            "hash": "0" * 32,
            "tags": {"server": "é", "n": None, "deep": {"a": [1, True]}},
            "data": bytes(range(256)) * (number % 3),
            **given,
        }
        for number in range(count)
    ]


def stored(session: Session, names: list[str]) -> list[dict[str, Any]]:
    query = select(*(getattr(Event, name) for name in names)).order_by(Event.event_id)
    return [dict(row) for row in session.execute(query).mappings()]


@few_or_many
def test_rows_come_out_as_they_were(database: Database, count: int) -> None:
    with database.transaction() as session:
        rows = make_rows(session, count)
        given = insert_missing(session, Event, rows, returning=(Event.event_id,))
        assert {row.event_id for row in given} == {row["event_id"] for row in rows}
        assert insert_missing(session, Event, rows, returning=(Event.event_id,)) == []
    with database.reading() as session:
        assert stored(session, list(rows[0])) == rows


@few_or_many
def test_what_no_row_has_is_absent(database: Database, count: int) -> None:
    with database.transaction() as session:
        rows = make_rows(session, count, release_name=None, release_id=None)
        insert_missing(session, Event, rows)
    with database.reading() as session:
        assert stored(session, list(rows[0])) == rows


@pytest.mark.parametrize("count", [1, 60])
def test_a_text_that_is_too_long_is_refused_and_not_cut(database: Database, count: int) -> None:
    if database.is_sqlite:
        pytest.skip("SQLite has no longest text")
    with pytest.raises(DBAPIError, match="too long"), database.transaction() as session:
        insert_missing(session, Event, make_rows(session, count, level="x" * 17))


@few_or_many
def test_each_row_gets_values_of_its_own(database: Database, count: int) -> None:
    with database.transaction() as session:
        issue = make_issue(session, make_project(session, make_organization(session)))
        events = [make_event_row(session, issue) for _ in range(count + 1)]
        session.flush()
        changes = [
            {
                "id": event.id,
                "tags": {"number": number},
                "release_name": f"web@{number}" if number % 2 else None,
                "happened_at": NOW - timedelta(seconds=number),
                "data": b"%d" % number,
            }
            for number, event in enumerate(events[1:])
        ]
        update_each(session, Event, changes)
        other = events[0].id
    with database.reading() as session:
        found = stored(session, ["id", *list(changes[0])[1:]])
        assert [row for row in found if row["id"] != other] == changes
        assert [row["tags"] for row in found if row["id"] == other] == [{"server": "a"}]


class Text(str):
    """A text that can be watched: plain ones take no weak references."""


@pytest.mark.parametrize("returning", [(), (Event.event_id,)])
def test_no_statement_keeps_its_rows(database_url: str, returning: Sequence[Any]) -> None:
    """An engine keeps each statement that it compiled: one of its own meets these first."""
    with closing(Database(database_url)) as db:
        with db.transaction() as session:
            rows = make_rows(session, 60)
            for row in rows:
                row["title"] = Text("title")
            watched = [weakref.ref(row["title"]) for row in rows]
            insert_missing(session, Event, rows, returning=returning)
            ids = session.execute(select(Event.id).order_by(Event.event_id)).scalars().all()
            changes = [{"id": id_, "level": Text("info")} for id_ in ids]
            watched += [weakref.ref(change["level"]) for change in changes]
            update_each(session, Event, changes)
        del rows, row, changes
        gc.collect()

        assert not any(text() for text in watched)


def test_nothing_is_no_statement(database: Database) -> None:
    with database.transaction() as session:
        update_each(session, Event, [])
        assert insert_missing(session, Event, []) == []


@few_or_many
def test_counts_add_up(database: Database, count: int) -> None:
    with database.transaction() as session:
        issue = make_issue(session, make_project(session, make_organization(session)))
        session.flush()
        for times in (1, 2):
            rows = [
                {"issue_id": issue.id, "hour": hour, "event_count": times * hour}
                for hour in range(count)
            ]
            add_counts(session, IssueHour, rows)
        query = select(IssueHour.hour, IssueHour.event_count).order_by(IssueHour.hour)
        assert session.execute(query).all() == [(hour, 3 * hour) for hour in range(count)]
