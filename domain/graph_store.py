"""The stored commit graph of one repository, as `domain.graph` wants to see it.

Neighbours in the graph were mostly stored together, so a miss loads the rows around the one asked
for as well; the window doubles while a walk goes on. A release of ten commits costs a handful of
statements, however long the history is.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from domain.bulk import batches, update_each
from domain.graph import Closing, Node, SpanFact, close
from models import Commit, Span

FIRST_WINDOW = 64  # rows around a miss
LARGEST_WINDOW = 2048
MOST_KEPT = 50_000  # commits: some 25 MB

_COLUMNS = (
    Commit.id,
    Commit.sha,
    Commit.parents,
    Commit.rank,
    Commit.floor,
    Commit.span_id,
    Commit.committed_at,
)


class StoredGraph:
    """Facts of one repository, read through *session* and kept for the length of one task.

    No more than a bounded number is kept, however long the history is.
    """

    def __init__(self, session: Session, repository_id: int, *, most_kept: int = MOST_KEPT) -> None:
        self._most_kept = most_kept
        self.session = session
        self.repository_id = repository_id
        self._nodes: dict[str, Node] = {}
        self._absent: set[str] = set()
        self._window = FIRST_WINDOW

    def nodes(self, shas: Collection[str]) -> Mapping[str, Node]:
        missing = [sha for sha in shas if sha not in self._nodes and sha not in self._absent]
        if not missing:
            return {sha: self._nodes[sha] for sha in shas if sha in self._nodes}
        if self.kept > self._most_kept:
            self._forget()
            missing = list(shas)
        self._load(missing)
        return {sha: self._nodes[sha] for sha in shas if sha in self._nodes}

    def spans(self, shas: Collection[str]) -> Mapping[str, list[SpanFact]]:
        found: dict[str, list[SpanFact]] = {}
        for some in batches(list(shas)):
            query = select(Span.id, Span.before, Span.after, Span.listed).where(
                Span.repository_id == self.repository_id,
                Span.after.in_(some),
                Span.is_complete.is_(True),
            )
            for row in self.session.execute(query):
                found.setdefault(row.after, []).append(_span_fact(row))
        return found

    def close(self, heads: Collection[str]) -> Closing:
        """Close *heads* as far as the facts go, and store what was found."""
        closing = close(self, heads)
        if closing.ranks:
            self._store(closing)
        return closing

    @property
    def kept(self) -> int:
        """How many commits are kept, known or not."""
        return len(self._nodes) + len(self._absent)

    def _forget(self) -> None:
        """Begin anew: what is needed again is loaded again, in larger windows by now."""
        self._nodes.clear()
        self._absent.clear()

    def _load(self, shas: Sequence[str]) -> None:
        for some in batches(shas):
            rows = self._fetch(Commit.repository_id == self.repository_id, Commit.sha.in_(some))
            self._absent.update(set(some) - {row.sha for row in rows})
            around = [row.id for row in rows]
            if around:
                near = or_(*(self._near(low, high) for low, high in self._windows(around)))
                # A sum, or SQLite reads all of the repository by an index that it takes for better.
                self._fetch(Commit.repository_id + 0 == self.repository_id, near)

    def _windows(self, ids: list[int]) -> list[tuple[int, int]]:
        """Id ranges around *ids*, merged where they touch; at most a few, so the query stays small."""
        if len(ids) > 8:
            return [(min(ids), min(ids))]  # a wide front: what it needs is asked for by name
        size, self._window = self._window, min(self._window * 2, LARGEST_WINDOW)
        ranges: list[tuple[int, int]] = []
        for low, high in sorted((known - size, known + size) for known in ids):
            if ranges and low <= ranges[-1][1]:
                ranges[-1] = (ranges[-1][0], max(high, ranges[-1][1]))
            else:
                ranges.append((low, high))
        return ranges

    def _near(self, low: int, high: int) -> Any:
        return and_(Commit.id >= low, Commit.id <= high)

    def _fetch(self, *conditions: Any) -> list[Any]:
        rows: list[Any] = list(self.session.execute(select(*_COLUMNS).where(*conditions)))
        spans = self._spans_by_id({row.span_id for row in rows if row.span_id is not None})
        for row in rows:
            if row.sha not in self._nodes:
                self._nodes[row.sha] = _node(row, spans)
        return rows

    def _spans_by_id(self, ids: set[int]) -> dict[int, SpanFact]:
        found: dict[int, SpanFact] = {}
        for some in batches(sorted(ids)):
            query = select(Span.id, Span.before, Span.after, Span.listed).where(Span.id.in_(some))
            found.update({row.id: _span_fact(row) for row in self.session.execute(query)})
        return found

    def _store(self, closing: Closing) -> None:
        changed = list(closing.ranks.keys() | closing.floors.keys())
        known = self.nodes(changed)
        values = []
        for sha, node in known.items():
            rank, span = closing.ranks.get(sha, (node.rank, node.span))
            floor = closing.floors.get(sha)
            if node.floor is not None:
                floor = node.floor if floor is None else min(floor, node.floor)
            values.append(
                {
                    "id": node.id,
                    "rank": rank,
                    "floor": floor,
                    "span_id": span.id if span else None,
                }
            )
            self._nodes[sha] = Node(sha, node.parents, rank, floor, span, node.time, node.id)
        update_each(self.session, Commit, values)


def close_some(
    session: Session, repository_id: int, *, below: int | None, limit: int
) -> int | None:
    """Close the next *limit* commits of a history that was listed newest first, the oldest first.

    Goes on *below* the row id that the last call returned; None when there are no more. What
    cannot be closed yet is passed over.
    """
    query = (
        select(Commit.id, Commit.sha)
        .where(
            Commit.repository_id == repository_id,
            Commit.rank.is_(None),
            Commit.parents.is_not(None),
        )
        .order_by(Commit.id.desc())
        .limit(limit)
    )
    if below is not None:
        query = query.where(Commit.id < below)
    rows = session.execute(query).all()
    StoredGraph(session, repository_id).close([row.sha for row in rows])
    return rows[-1].id if len(rows) == limit else None


def _span_fact(row: Any) -> SpanFact:
    return SpanFact(row.id, row.before, row.after, tuple(row.listed.split()))


def _node(row: Any, spans: Mapping[int, SpanFact]) -> Node:
    return Node(
        row.sha,
        tuple(row.parents.split()) if row.parents is not None else None,
        row.rank,
        row.floor,
        spans[row.span_id] if row.span_id is not None else None,
        _seconds(row.committed_at),
        row.id,
    )


def _seconds(moment: datetime | None) -> float:
    return moment.timestamp() if moment is not None else 0.0
