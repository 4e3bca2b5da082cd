"""The states of a list of commits: complete, or incomplete with its cause and remedy, for people."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlalchemy.orm import Session

from domain.graph_store import StoredGraph
from domain.path_scopes import Narrowed, find_scope, narrow
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
NOT_TRACKED = "the repository is not tracked, so its commits are not known"
TRACK = "Track the repository, or send the list of commits."
TROUBLE = "GitHub could not be asked for what is missing"
TROUBLE_REMEDY = "It is tried again by itself; if access was lost, once it is given back."
FILES_UNKNOWN = "the files of {} commits are not known yet; GitHub is being asked for them"
FILES_REMEDY = "Until then all of them are listed."
TOO_MANY_FILES = "the files of {} commits are not known, so paths cannot leave them out"
TOO_MANY_REMEDY = "All of them are listed: asking GitHub would take a call for each."
MOST_FILES_ASKED = 300  # calls for one release's list
FILES = "files"  # what a list wants that waits for the files of commits
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

    def narrow(self, head: Head, commit_ids: Sequence[int]) -> Narrowed:
        """The list by the paths that the release's projects take of the repository."""
        scope = find_scope(self.session, head)
        if scope is None:
            return Narrowed(list(commit_ids))
        return narrow(self.session, scope, commit_ids)

    def ids(self, shas: Sequence[str]) -> list[int]:
        """Row ids of those of *shas* that are known, in their order."""
        nodes = self.graph.nodes(shas)
        return [nodes[sha].id for sha in shas if sha in nodes]


def set_new(task: Task, head: Head, commit_ids: Sequence[int]) -> None:
    """*commit_ids* is new(head): the list holds those that touch the release's paths."""
    narrowed = task.narrow(head, commit_ids)
    head.outside_count = narrowed.outside
    unknown = len(narrowed.unknown)
    if not unknown:
        set_complete(task, head, narrowed.kept, basis="graph")
        return
    task.store(head, narrowed.kept)
    if unknown > MOST_FILES_ASKED:
        set_incomplete(task, head, TOO_MANY_FILES.format(unknown), TOO_MANY_REMEDY, basis="graph")
        return
    head.wants = FILES
    task.result.has_wants = True
    set_incomplete(task, head, FILES_UNKNOWN.format(unknown), FILES_REMEDY, basis="graph")


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
        store_narrowed(task, head, ids)


def store_narrowed(task: Task, head: Head, commit_ids: Sequence[int]) -> None:
    """A list that is not all there is, by the release's paths as far as files are known."""
    narrowed = task.narrow(head, commit_ids)
    head.outside_count = narrowed.outside
    task.store(head, narrowed.kept)


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
