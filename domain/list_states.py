"""The states of a list of commits: complete, or incomplete with its cause and remedy, for people."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlalchemy.orm import Session

from domain.graph_store import StoredGraph
from domain.provenance import Why
from domain.release_lists import Changes, store_list
from models import Head, ListState, Repository

FIRST_RELEASE_COMMITS = 10  # shown while the history is not known, and of a first stated release

IMPORT_RUNNING = "tags only until the import is complete"
IMPORT_REMEDY = "The repository's history is being imported; the list completes itself."
IMPORT_PAUSED_REMEDY = (
    "The import is paused: an admin can resume it on the repository's settings page."
)
FIRST_RELEASE = f"first release: {IMPORT_RUNNING}"
GAPS = "some commits were not in any push; GitHub is being asked for them"
GAPS_REMEDY = "It completes itself as soon as GitHub answers."
TROUBLE = "GitHub could not be asked for what is missing"
TROUBLE_REMEDY = "It is tried again by itself; if access was lost, once it is given back."
DOUBT = "it is not known yet when an annotated tag was made; GitHub is being asked"


@dataclass
class Refreshed:
    """What `refresh` did: lists that changed, and whether GitHub has to be asked something."""

    changes: Changes = field(default_factory=Changes)
    has_open_ends: bool = False
    has_wants: bool = False  # something that only GitHub can say of a head that a client stated
    is_finished: bool = True  # False: stale heads are left, call again
    release_ids: set[int] = field(default_factory=set)  # of the heads that were computed


@dataclass(frozen=True)
class Task:
    """What computing lists of one repository takes, and where it leaves what it did."""

    session: Session
    repository: Repository
    graph: StoredGraph
    result: Refreshed
    why: Why

    def store(self, head: Head, commit_ids: Sequence[int]) -> None:
        store_list(self.session, head, commit_ids, changes=self.result.changes, why=self.why)

    def ids(self, shas: Sequence[str]) -> list[int]:
        """Row ids of those of *shas* that are known, in their order."""
        nodes = self.graph.nodes(shas)
        return [nodes[sha].id for sha in shas if sha in nodes]


def set_complete(task: Task, head: Head, commit_ids: Sequence[int], *, basis: str) -> None:
    """*commit_ids* is all there is."""
    was_complete = head.state == ListState.complete
    task.store(head, commit_ids)
    if not was_complete:  # an incomplete list resolves nothing: now all of it may
        task.result.changes.commit_ids.update(commit_ids)
    head.basis, head.state, head.cause, head.remedy = basis, ListState.complete, None, None
    task.session.flush()


def set_incomplete(task: Task, head: Head, cause: str, remedy: str, *, basis: str) -> None:
    """Whatever the list holds is not all, or not certain."""
    head.state, head.cause, head.remedy, head.basis = ListState.incomplete, cause, remedy, basis
    task.session.flush()


def show_latest(task: Task, head: Head) -> None:
    """Fill a list that is empty with the latest commits that are known."""
    if head.commit_count or head.hidden_count:
        return
    ids = latest_known(task.graph, head.sha)
    if ids:
        task.store(head, ids)


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
