"""new(T) of each head, computed from the stored graph and kept up to date (membership.md).

The result depends on the graph and the tags alone. Whoever records facts marks heads stale and
calls `refresh`; what cannot be computed yet is left *incomplete* with its cause, and the commits
that GitHub must be asked about are returned.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from domain.bulk import batches
from domain.graph import NewCommits, first_reached
from domain.graph_store import StoredGraph
from domain.lines import Line, Point, widest
from domain.new_commits import find_new
from domain.provenance import Why
from domain.release_lists import Changes, refresh_release, store_list
from domain.tags import TagVersion, parse_tag
from models import Commit, Head, ListState, Release, Repository, Tag

MOST_CHANGES = 5_000  # commits entering lists in one transaction, but for one release's
LIKELY = 8  # lower versions among which the nearest mostly is
MOST_RIVALS = 12  # beyond that it is cheaper to ask for a date than to see whether it matters
FIRST_RELEASE_COMMITS = 10  # shown while the history is not known

IMPORT_RUNNING = "the history of the repository is not known yet"
IMPORT_REMEDY = "It is being imported; the list completes itself."
FIRST_RELEASE = f"first release: {IMPORT_RUNNING}"
GAPS = "some commits were not in any push; GitHub is being asked for them"
GAPS_REMEDY = "It completes itself as soon as GitHub answers."
A_DATE = "date"  # what a list needs that waits for the date of a tag
TROUBLE = "GitHub could not be asked for what is missing"
TROUBLE_REMEDY = "It is tried again by itself; if access was lost, once it is given back."
DOUBT = "it is not known yet when an annotated tag was made; GitHub is being asked"


@dataclass
class Refreshed:
    """What `refresh` did: lists that changed, and whether GitHub has to be asked something."""

    changes: Changes = field(default_factory=Changes)
    has_open_ends: bool = False
    is_finished: bool = True  # False: stale heads are left, call again


def mark_incomplete_stale(session: Session, repository_id: int) -> None:
    """Everything may have changed, as after an import: try all incomplete lists again."""
    session.flush()
    session.execute(
        update(Head)
        .where(Head.repository_id == repository_id, Head.state == ListState.incomplete)
        .values(is_stale=True)
    )


def mark_waiting_stale(session: Session, repository_id: int, learnt: Collection[str]) -> None:
    """More is known of the commits *learnt*: try the lists again that waited for one of them.

    Those that wait for the date of a tag as well: it may have come, or matter no longer.
    """
    session.flush()
    for some in batches(sorted({*learnt, A_DATE})):
        session.execute(
            update(Head)
            .where(Head.repository_id == repository_id, Head.needs.in_(some))
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


def describe_trouble(session: Session, repository_id: int, trouble: str) -> None:
    """Say on the incomplete heads why GitHub could not be asked; `refresh` says what else is."""
    session.execute(
        update(Head)
        .where(Head.repository_id == repository_id, Head.state == ListState.incomplete)
        .values(cause=f"{TROUBLE}: {trouble}", remedy=TROUBLE_REMEDY)
    )


def refresh(session: Session, repository: Repository, *, why: Why, limit: int = 100) -> Refreshed:
    """Compute at most *limit* stale heads of *repository* again, the earliest first."""
    session.flush()
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
    graph = StoredGraph(session, repository.id)
    lines: dict[str, Line] = {}
    changed: set[int] = set()
    for head in stale[:limit]:
        if len(result.changes.commit_ids) > MOST_CHANGES:
            result.is_finished = False
            break
        if head.line not in lines:
            lines[head.line] = load_line(session, repository.id, head.line)
        before = (head.state, head.commit_count, head.hidden_count)
        _refresh_head(session, repository, graph, lines[head.line], head, result, why)
        if before != (head.state, head.commit_count, head.hidden_count):
            changed.add(head.release_id)
    for release_id in sorted(changed | result.changes.release_ids):
        release = session.get_one(Release, release_id, with_for_update={"key_share": True})
        refresh_release(session, release, why=why)
    return result


def load_line(session: Session, repository_id: int, line: str) -> Line:
    """All heads of one line."""
    query = (
        select(
            Head.id,
            Head.name,
            Head.sha,
            Head.made_at,
            Head.is_withdrawn,
            Tag.is_made_exact,
            Tag.pushed_at,
            Commit.rank,
        )
        .outerjoin(Tag, Tag.id == Head.tag_id)
        .outerjoin(Commit, (Commit.repository_id == Head.repository_id) & (Commit.sha == Head.sha))
        .where(Head.repository_id == repository_id, Head.line == line)
    )
    rows = session.execute(query).all()
    points = [
        Point(
            row.id,
            row.name,
            row.sha,
            parsed.order,
            row.made_at,
            row.is_made_exact is not False,
            row.pushed_at,
            row.is_withdrawn,
        )
        for row in rows
        if (parsed := _parse(row.name)) is not None
    ]
    return Line(points, {row.sha: row.rank for row in rows})


@lru_cache(maxsize=20_000)
def _parse(name: str) -> TagVersion | None:
    return parse_tag(name)


def _refresh_head(
    session: Session,
    repository: Repository,
    graph: StoredGraph,
    line: Line,
    head: Head,
    result: Refreshed,
    why: Why,
) -> None:
    point = line[head.id]
    was_complete = head.state == ListState.complete
    head.is_stale, head.needs = False, None
    if not repository.is_history_known:
        is_first = next(line.lower(point), None) is None
        cause = FIRST_RELEASE if is_first else IMPORT_RUNNING
        _set_incomplete(session, graph, head, cause, IMPORT_REMEDY, result, why)
        return
    found = find_new(graph, line, point)
    if found.open_ends:
        result.has_open_ends = True
        head.needs = found.open_ends[0]
        _set_incomplete(session, graph, head, GAPS, GAPS_REMEDY, result, why)
        return
    nodes = graph.nodes(found.shas)
    ids = [nodes[sha].id for sha in found.shas]
    store_list(session, head, ids, changes=result.changes, why=why)
    if not was_complete:  # an incomplete list resolves nothing: now all of it may
        result.changes.commit_ids.update(ids)
    head.basis, head.state, head.cause, head.remedy = "graph", ListState.complete, None, None
    _compare(graph, head, line, point, found)
    doubtful = _find_doubtful(graph, line, point)
    if doubtful is not None:
        _look_up(session, doubtful, why.now)
        head.state, head.cause, head.remedy = ListState.incomplete, DOUBT, GAPS_REMEDY
        head.needs = A_DATE
    session.flush()


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
    by_sha: dict[str, Point] = {}
    for other in line.lower(point):
        by_sha.setdefault(other.sha, other)
    reached = _first_reached(graph, head.sha, list(by_sha))
    base = by_sha[reached] if reached else next(iter(by_sha.values()), None)
    names = _names(found.met, line, point)
    if base is None and found.ancestors:
        names = names or _names(found.ancestors, line, point)
    head.compared_with = base.name if base else (names[0] if names else None)
    head.excluded = [name for name in names if name != head.compared_with]


def _first_reached(graph: StoredGraph, sha: str, candidates: Sequence[str]) -> str | None:
    """`first_reached`, which mostly is among the first few: only then is the rest looked at."""
    best, rest = candidates[:LIKELY], candidates[LIKELY:]
    return first_reached(graph, sha, best) or (first_reached(graph, sha, rest) if rest else None)


def _names(shas: Iterable[str], line: Line, point: Point) -> list[str]:
    found = [other for sha in shas for other in line.earlier_on(sha, point)[-1:]]
    found.sort(key=lambda other: (other.order, other.key), reverse=True)
    return [other.name for other in found]


def _set_incomplete(
    session: Session,
    graph: StoredGraph,
    head: Head,
    cause: str,
    remedy: str,
    result: Refreshed,
    why: Why,
) -> None:
    """Show the latest commits that are known, and say that this is not all."""
    ids = [] if head.commit_count else latest_known(graph, head.sha)
    if ids:
        store_list(session, head, ids, changes=result.changes, why=why)
    head.state, head.cause, head.remedy, head.basis = ListState.incomplete, cause, remedy, "latest"
    session.flush()


def latest_known(graph: StoredGraph, sha: str, limit: int = FIRST_RELEASE_COMMITS) -> list[int]:
    """Row ids of the latest commits known to be reached by *sha*, newest first."""
    found: dict[str, tuple[float, int]] = {}
    frontier: Sequence[str] = [sha]
    while frontier and len(found) < 4 * limit:
        nodes = graph.nodes(frontier)
        found.update({name: (node.time, node.id) for name, node in nodes.items()})
        following: set[str] = set()
        for name, node in nodes.items():
            following.update(node.parents or ())
            for span in graph.spans([name]).get(name, ()):
                following.update((*span.listed[-limit:], span.before))
        frontier = sorted(following - found.keys() - {""})
    newest = sorted(found, key=lambda name: (name != sha, -found[name][0], name))
    return [found[name][1] for name in newest[:limit]]


def _look_up(session: Session, point: Point, now: datetime) -> None:
    """Have GitHub asked when the tag of *point* was made."""
    head = session.get_one(Head, point.head_id)
    if head.tag_id is not None:
        tag = session.get_one(Tag, head.tag_id)
        tag.check_due_at = tag.check_due_at or now
