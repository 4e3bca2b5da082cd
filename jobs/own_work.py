"""Long work for which nobody outside is asked.

Heads of named commits, events of accepted names, tags under a changed setting.
"""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy.orm import Session

from domain.alias_moves import move_some
from domain.named_commits import give_heads
from domain.provenance import Why
from domain.stray_commits import bring_home
from domain.tag_changes import apply_tag_rules
from integrations.github.work import WorkOutcome
from jobs.runtime import Runtime
from models import ReleaseAlias, Work, WorkKind


def run_own(runtime: Runtime, work_id: int) -> WorkOutcome | None:
    """Do the next slice of the work row, if it is of these kinds."""
    with runtime.db.reading() as session:
        work = session.get_one(Work, work_id)
        run, subject_id = _RUN.get(work.kind), work.subject_id
    if run is None:
        return None
    with runtime.db.transaction() as session:
        has_more = run(session, runtime, subject_id)
    return WorkOutcome(due_at=runtime.now() if has_more else None)


def _give_heads(session: Session, runtime: Runtime, repository_id: int) -> bool:
    """A slice brings one list's commits home, else gives heads: each takes its locks in order."""
    if bring_home(session, repository_id, why=Why(runtime.now(), source="completion")):
        return True
    return give_heads(session, repository_id, why=Why(runtime.now(), source="event"))


def _move_events(session: Session, runtime: Runtime, alias_id: int) -> bool:
    alias = session.get(ReleaseAlias, alias_id)
    actor = alias.actor if alias else None
    return move_some(session, alias_id, why=Why(runtime.now(), source="person", actor=actor))


def _apply_tag_rules(session: Session, runtime: Runtime, repository_id: int) -> bool:
    return apply_tag_rules(session, repository_id, why=Why(runtime.now(), source="settings"))


_RUN: dict[WorkKind, Callable[[Session, Runtime, int], bool]] = {
    WorkKind.heads: _give_heads,
    WorkKind.aliases: _move_events,
    WorkKind.tags: _apply_tag_rules,
}
