"""new(T) of each head, computed from the stored graph and kept up to date (membership.md).

The result depends on the graph and the heads alone. Whoever records facts marks heads stale and
calls `refresh`; what cannot be computed yet is left *incomplete* with its cause, and the commits
that GitHub must be asked about are returned.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from itertools import islice

from sqlalchemy import func, or_, select, update
from sqlalchemy.orm import Session

from domain.bulk import batches
from domain.graph import NewCommits, first_reached
from domain.graph_store import StoredGraph
from domain.lines import Line, Point, widest
from domain.list_states import (
    DOUBT,
    FILES,
    FIRST_RELEASE,
    GAPS,
    GAPS_REMEDY,
    IMPORT_REMEDY,
    IMPORT_RUNNING,
    NOT_TRACKED,
    TRACK,
    TROUBLE,
    TROUBLE_REMEDY,
    Refreshed,
    Task,
    set_complete,
    set_incomplete,
    set_new,
    show_latest,
)
from domain.new_commits import find_new
from domain.provenance import Why
from domain.release_lists import recount, refresh_release
from domain.stated_ranges import (
    Want,
    refresh_first,
    refresh_range,
    refresh_unresolved,
    refresh_without_history,
)
from domain.stored_lines import load_line, scope_of, settle_dates
from models import Head, HeadOrigin, ListState, Release, Repository, Tag

MOST_CHANGES = 5_000  # commits entering lists in one transaction, but for one release's
LIKELY = 8  # lower versions among which the nearest mostly is
MOST_RIVALS = 12  # beyond that it is cheaper to ask for a date than to see whether it matters
A_DATE = "date"  # what a list needs that waits for the date of a tag


def mark_incomplete_stale(session: Session, repository_id: int) -> None:
    """Everything may have changed, as after an import: try all incomplete lists again."""
    session.flush()
    session.execute(
        update(Head)
        .where(Head.repository_id == repository_id, Head.state == ListState.incomplete)
        .values(is_stale=True)
    )


def mark_all_stale(session: Session, repository_id: int) -> None:
    """All lists of the repository are computed again."""
    session.flush()
    session.execute(update(Head).where(Head.repository_id == repository_id).values(is_stale=True))


def count_stale(session: Session, repository_id: int) -> int:
    """How many lists are to be computed."""
    stale = (Head.repository_id == repository_id, Head.is_stale.is_(True))
    return session.scalar(select(func.count(Head.id)).where(*stale)) or 0


def mark_waiting_stale(session: Session, repository_id: int, learnt: Collection[str]) -> None:
    """More is known of the commits *learnt*: try the lists again that waited for one of them.

    Those that wait for the date of a tag as well: it may have come, or matter no longer. So may
    what only GitHub could say of a head that a client stated.
    """
    session.flush()
    if learnt:  # with them, files may have come
        session.execute(
            update(Head)
            .where(Head.repository_id == repository_id, Head.wants == FILES)
            .values(is_stale=True)
        )
    for some in batches(sorted({*learnt, A_DATE})):
        wanted = Head.wants.is_not(None) & (Head.sha.in_(some) | Head.previous_sha.in_(some))
        for condition in (Head.needs.in_(some), wanted):
            session.execute(
                update(Head)
                .where(Head.repository_id == repository_id, condition)
                .values(is_stale=True)
            )


def list_open_ends(session: Session, repository: Repository) -> dict[str, str]:
    """Commits that GitHub must be asked about, with the name of a head that waits for each."""
    rows = session.execute(
        select(Head.needs, Head.name)
        .where(Head.repository_id == repository.id, Head.needs.is_not(None), Head.needs != A_DATE)
        .order_by(Head.made_at.desc(), Head.id)
    )
    return {row.needs: row.name for row in rows}


def describe_trouble(session: Session, repository: Repository, trouble: str) -> None:
    """Say on the heads that wait for GitHub why it could not be asked; `refresh` says what else is."""
    waiting = Head.state == ListState.incomplete
    if repository.is_history_known:
        waiting &= or_(Head.needs.is_not(None), Head.wants.is_not(None))
    session.execute(
        update(Head)
        .where(Head.repository_id == repository.id, waiting)
        .values(cause=f"{TROUBLE}: {trouble}", remedy=TROUBLE_REMEDY)
    )


def refresh(session: Session, repository: Repository, *, why: Why, limit: int = 100) -> Refreshed:
    """Compute at most *limit* stale heads of *repository* again, the earliest first."""
    session.flush()
    settle_dates(session, repository.id)
    result = Refreshed()
    stale = list(
        session.scalars(
            select(Head)
            .where(Head.repository_id == repository.id, Head.is_stale.is_(True))
            .order_by(Head.made_at, Head.id)
            .limit(limit + 1)
        )
    )
    result.is_finished = len(stale) <= limit
    task = Task(session, repository, StoredGraph(session, repository.id), result, why)
    lines: dict[tuple[str, frozenset[int]], Line] = {}
    changed: set[int] = set()
    for head in stale[:limit]:
        if len(result.changes.commit_ids) > MOST_CHANGES:
            result.is_finished = False
            break
        before = _shown(head)
        head.is_stale, head.needs, head.outside_count = False, None, 0
        result.release_ids.add(head.release_id)
        if not _refresh_without_line(task, head):
            key = (head.line, scope_of(session, head))
            if key not in lines:
                lines[key] = load_line(session, head)
            _refresh_on_line(task, lines[key], head)
        if before != _shown(head):
            changed.add(head.release_id)
    for release_id in sorted(changed | result.changes.release_ids):
        release = session.get_one(Release, release_id, with_for_update={"key_share": True})
        refresh_release(session, release, why=why)
    return result


def _shown(head: Head) -> tuple[ListState, int, int, int]:
    return (head.state, head.commit_count, head.hidden_count, head.outside_count)


def _refresh_without_line(task: Task, head: Head) -> bool:
    """Whether the list could be told without looking at what else is on the line."""
    if not head.has_list or head.origin == HeadOrigin.commits:
        task.graph.close([head.sha])  # what it contains is asked all the same
    if not head.has_list:
        head.wants = None
        set_complete(task, head, [], basis="graph")
    elif head.origin == HeadOrigin.commits:
        recount(task.session, head)
    elif head.wants == Want.resolve:
        refresh_unresolved(task, head)
    elif head.previous_sha is not None:
        refresh_range(task, head, head.previous_sha)
    else:
        return False
    return True


def _refresh_on_line(task: Task, line: Line, head: Head) -> None:
    point = line[head.id]
    if not task.repository.is_history_known:
        if head.origin == HeadOrigin.ref:
            refresh_without_history(task, head)
            return
        is_first = next(line.lower(point), None) is None
        show_latest(task, head)
        cause = FIRST_RELEASE if is_first else IMPORT_RUNNING
        set_incomplete(task, head, cause, IMPORT_REMEDY, basis="latest")
        return
    head.wants = None
    found = find_new(task.graph, line, point)
    if found.open_ends:
        task.result.has_open_ends = True
        head.needs = found.open_ends[0]
        show_latest(task, head)
        is_asked = task.repository.is_tracked
        why = (GAPS, GAPS_REMEDY) if is_asked else (NOT_TRACKED, TRACK)
        set_incomplete(task, head, *why, basis="latest")
        return
    if head.origin == HeadOrigin.ref and not found.met and next(line.lower(point), None) is None:
        refresh_first(task, head, found)
        return
    set_new(task, head, task.ids(found.shas))
    _compare(task.graph, head, line, point, found)
    doubtful = _find_doubtful(task.graph, line, point)
    if doubtful is not None:
        _look_up(task, doubtful)
        set_incomplete(task, head, DOUBT, GAPS_REMEDY, basis="graph")
        head.needs = A_DATE
    task.session.flush()


def _find_doubtful(graph: StoredGraph, line: Line, point: Point) -> Point | None:
    """The tag whose date must be asked for, because a list depends on it; None if none does.

    The more is excluded, the shorter a list gets: if it is as long with all rivals before it as
    with none, their order does not matter. So maintenance lines released side by side cost no
    call, and a back-filled tag costs one.
    """
    rivals = line.list_rivals(point)
    if not rivals:
        return None
    if len(rivals) > MOST_RIVALS:
        return widest([point, *rivals])
    for one in [point, *rivals]:
        others = line.list_rivals(one)
        if not _is_settled(graph, line, one, others):
            return widest([one, *others])
    return None


def _is_settled(graph: StoredGraph, line: Line, point: Point, rivals: list[Point]) -> bool:
    """Whether the list of *point* is the same wherever its *rivals* stand."""
    lengths = set()
    for before in (False, True):
        found = find_new(graph, line.placed(rivals, before=before), point)
        if found.open_ends:
            return False
        lengths.add(len(found.shas))
    return len(lengths) == 1


def _compare(graph: StoredGraph, head: Head, line: Line, point: Point, found: NewCommits) -> None:
    """Name the base line, for people: the best lower version descended from, else the best."""
    base = _first_reached(graph, head.sha, line.lower(point)) or next(line.lower(point), None)
    names = _names(found.met, line, point)
    if base is None and found.ancestors:
        names = names or _names(found.ancestors, line, point)
    head.compared_with = base.name if base else (names[0] if names else None)
    head.excluded = [name for name in names if name != head.compared_with]


def _first_reached(graph: StoredGraph, sha: str, candidates: Iterator[Point]) -> Point | None:
    """The first that *sha* descends from, mostly among the first few: else the rest is looked at."""
    for some in (islice(candidates, LIKELY), candidates):
        by_sha: dict[str, Point] = {}
        for point in some:
            by_sha.setdefault(point.sha, point)
        reached = first_reached(graph, sha, list(by_sha)) if by_sha else None
        if reached is not None:
            return by_sha[reached]
    return None


def _names(shas: Iterable[str], line: Line, point: Point) -> list[str]:
    found = [other for sha in shas for other in line.earlier_on(sha, point)[-1:]]
    found.sort(key=lambda other: (other.order, other.key), reverse=True)
    return [other.name for other in found]


def _look_up(task: Task, point: Point) -> None:
    """Have GitHub asked when the tag of *point* was made."""
    head = task.session.get_one(Head, point.head_id)
    if head.tag_id is not None:
        tag = task.session.get_one(Tag, head.tag_id)
        tag.check_due_at = tag.check_due_at or task.why.now
