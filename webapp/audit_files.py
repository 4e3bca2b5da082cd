"""The audit log as a file: CSV for spreadsheets, JSON for programs.

Lines are read a few hundred at a time, each time in a snapshot of its own: the log is only ever
added to at its other end, so nothing is missed or told twice.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from flask import current_app
from jinja2.environment import TemplateModule

from domain.activities import TimelineEntry
from domain.audit_log import AuditFilter, list_audit_lines
from models.session import Database
from webapp.moments import moment_text
from webapp.wording import describe_kind, describe_value

AT_ONCE = 500
COLUMNS = ("when", "who", "what", "kind", "subject", "from", "to")
# A spreadsheet takes a cell that begins so for a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True, slots=True)
class AuditFile:
    content_type: str
    write: Callable[[Database, int, AuditFilter], Iterator[str]]


def write_csv(db: Database, organization_id: int, narrowed: AuditFilter) -> Iterator[str]:
    """A heading, then a row a line."""
    words = _words()
    return _rows_as_csv(_read(db, organization_id, narrowed), words)


def write_json(db: Database, organization_id: int, narrowed: AuditFilter) -> Iterator[str]:
    """One array, an object a line of the log."""
    words = _words()
    return _rows_as_json(_read(db, organization_id, narrowed), words)


FILES = {
    "csv": AuditFile("text/csv; charset=utf-8", write_csv),
    "json": AuditFile("application/json", write_json),
}


def _rows_as_csv(entries: Iterator[TimelineEntry], words: TemplateModule) -> Iterator[str]:
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerow(COLUMNS)
    for entry in entries:
        row = _document(entry, words)
        for name in ("from", "to"):
            row[name] = describe_value(row[name]) if entry.kind == "setting_changed" else ""
        writer.writerow([_harmless(row[name]) for name in COLUMNS])
        yield buffer.getvalue()
        buffer.seek(0)
        buffer.truncate()
    yield buffer.getvalue()


def _rows_as_json(entries: Iterator[TimelineEntry], words: TemplateModule) -> Iterator[str]:
    before = "[\n"
    for entry in entries:
        yield before + json.dumps(_document(entry, words), ensure_ascii=False)
        before = ",\n"
    yield "[]\n" if before == "[\n" else "\n]\n"


def _read(db: Database, organization_id: int, narrowed: AuditFilter) -> Iterator[TimelineEntry]:
    after: str | None = None
    while True:
        with db.reading() as session:
            page = list_audit_lines(session, organization_id, narrowed, after=after, size=AT_ONCE)
        yield from page.rows
        after = page.following
        if after is None:
            return


def _words() -> TemplateModule:
    """The sentences of timelines, which are the pages' own."""
    return current_app.jinja_env.get_template("timeline.html").module


def _document(entry: TimelineEntry, words: TemplateModule) -> dict[str, Any]:
    sentence: Any = words
    return {
        "when": moment_text(entry.created_at),
        "who": entry.actor,
        "what": sentence.happened(entry).striptags(),
        "kind": describe_kind(entry.kind),
        "subject": entry.data.get("subject") or entry.repository,
        "from": entry.data.get("before"),
        "to": entry.data.get("after"),
    }


def _harmless(value: object) -> str:
    text = "" if value is None else str(value)
    return f"'{text}" if text.startswith(_FORMULA) else text
