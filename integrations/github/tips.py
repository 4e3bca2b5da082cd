"""Branches, tags and releases compared with GitHub's: what pushes did not tell us is learnt and recorded.

Nobody is told of what is pushed while the App is suspended, nor of more than three tags at once
(github.md 2 and 3). Three lists say what is different, however it came about; the commits of
several new tips come in one call. What a release then still lacks is left to the gaps job.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.branch_rules import is_branch_tracked
from domain.bulk import batches
from domain.commits import CommitData
from domain.graph_store import StoredGraph
from domain.repositories import resume_import
from domain.tag_updates import TagPosition, find_tag
from domain.upkeep import bring_up_to_date
from domain.work import make_gaps_due
from integrations.github.errors import (
    AccessDeniedError,
    GraphQLError,
    NotFoundOnGitHubError,
)
from integrations.github.fields import Fields, PayloadError
from integrations.github.payloads import ReleasePayload, parse_release
from integrations.github.published import describe_release, record_published
from integrations.github.ranges import OpenEnd, fetch_missing
from integrations.github.recording import find_known_tag, record_tag, record_with_links
from integrations.github.sides import SIDES_A_CALL, list_histories
from integrations.github.slices import Slice, WorkOutcome
from integrations.github.tag_lookup import list_tags_page
from models import Branch, Repository, Tag

TAGS_AT_ONCE = 50  # recorded in one transaction
MOST_NEW_BRANCHES = 50  # of which no push ever told, in one run; a busy fork has thousands
NO_GRAPHQL = (NotFoundOnGitHubError, AccessDeniedError, GraphQLError, PayloadError)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
TagState = tuple[str | None, datetime | None, datetime | None]
BranchState = tuple[str | None, datetime]


@dataclass(frozen=True)
class Known:
    """What we hold before GitHub is asked: a row that changes meanwhile knows better."""

    tags: dict[str, TagState]
    branches: dict[str, BranchState]


@dataclass(frozen=True)
class Shown:
    """What GitHub shows; a tag without position is known by its object alone."""

    branches: dict[str, str]
    objects: dict[str, str]
    positions: dict[str, TagPosition]
    published: list[ReleasePayload]  # the newest ones


@dataclass(frozen=True)
class Tip:
    """A branch whose commits we do not have, and a commit that they were probably added to."""

    branch: str
    sha: str
    base: str | None
    before: BranchState | None  # of our row, when the tip was seen to be new


def compare_tips(some: Slice) -> WorkOutcome:
    """Compare once; finished in one slice, which may as well run again."""
    with some.db.reading() as session:
        repository = session.get_one(Repository, some.subject_id)
        number, full_name = repository.number, repository.full_name
        is_known, known = repository.is_history_known, _load(session, repository)
    if not is_known:  # the import looks at everything anyway
        with some.db.transaction() as session:
            _, repository = some.lock(session)
            resume_import(session, repository, now=some.now())
        return WorkOutcome()
    shown = _fetch(some, number, full_name)
    tags = _record_tags(some, known, shown)
    tips, moved = _record_branches(some, known, shown)
    for few in batches(tips, SIDES_A_CALL):
        _learn(some, number, full_name, few)
    _record_published(some, shown.published)
    _finish(some, tags + moved + len(tips))
    return WorkOutcome()


def _load(session: Session, repository: Repository) -> Known:
    tags = session.execute(
        select(Tag.name, Tag.object_sha, Tag.deleted_at, Tag.pushed_at).where(
            Tag.repository_id == repository.id
        )
    )
    branches = session.execute(
        select(Branch.name, Branch.head_sha, Branch.pushed_at).where(
            Branch.repository_id == repository.id
        )
    )
    return Known(
        {name: (object_sha, deleted, pushed) for name, object_sha, deleted, pushed in tags},
        {name: (head_sha, pushed) for name, head_sha, pushed in branches},
    )


def _fetch(some: Slice, number: int, full_name: str) -> Shown:
    branches = {
        item.name("name", 255): item.object("commit").sha("sha")
        for item in _list(some, f"/repositories/{number}/branches")
        if len(str(item.value.get("name"))) <= 255
    }
    published = _list_published(some, number)
    try:
        positions = {position.name: position for position in _list_positions(some, full_name)}
    except NO_GRAPHQL:
        refs = _list(some, f"/repositories/{number}/git/matching-refs/tags/")
        objects = {
            ref.string("ref").removeprefix("refs/tags/"): ref.object("object").sha("sha")
            for ref in refs
        }
        return Shown(branches, objects, {}, published)
    objects = {name: one.object_sha for name, one in positions.items()}
    return Shown(branches, objects, positions, published)


def _list(some: Slice, path: str) -> Iterator[Fields]:
    try:
        for page in some.client.pages(path):
            yield from (Fields(item) for item in page)
    except NotFoundOnGitHubError as error:
        if error.status == 409:  # the repository is empty
            return
        raise AccessDeniedError(f"GitHub does not show the repository: {error}") from None


def _list_published(some: Slice, number: int) -> list[ReleasePayload]:
    """The latest hundred releases, drafts left out."""
    answer = some.client.get(f"/repositories/{number}/releases", per_page=100)
    releases = [parse_release(Fields(item)) for item in answer.data]
    return [release for release in releases if not release.is_draft]


def _record_published(some: Slice, published: Sequence[ReleasePayload]) -> None:
    """Titles and notes of which no delivery told. An older answer never replaces a newer one."""
    with some.db.transaction() as session:
        _, repository = some.lock(session)
        for payload in published:
            record_published(session, repository, payload, gone_at=None)
            tag = find_known_tag(session, repository, payload.tag_name)
            if tag is not None:
                describe_release(session, tag, payload)


def _list_positions(some: Slice, full_name: str) -> Iterator[TagPosition]:
    cursor: str | None = None
    while True:
        positions, cursor, _ = list_tags_page(some.client, full_name, cursor)
        yield from positions
        if cursor is None:
            return


def _record_tags(some: Slice, known: Known, shown: Shown) -> int:
    """Record the tags that are different; how many those are."""
    different = sorted(
        name
        for name in shown.objects.keys() | known.tags.keys()
        if _differs(known.tags.get(name), shown.objects.get(name))
    )
    for few in batches(different, TAGS_AT_ONCE):
        with some.db.transaction() as session:
            _, repository = some.lock(session)
            for name in few:
                _record_tag(some, session, repository, name, known, shown)
            bring_up_to_date(session, repository, why=some.why("completion"))
    return len(different)


def _differs(ours: TagState | None, object_sha: str | None) -> bool:
    if ours is None or object_sha is None:
        return (ours is not None and ours[0] is not None and ours[1] is None) or (
            object_sha is not None
        )
    return ours[0] != object_sha or _is_deleted(ours)


def _is_deleted(state: TagState) -> bool:
    _, deleted_at, pushed_at = state
    return deleted_at is not None and (pushed_at is None or deleted_at >= pushed_at)


def _record_tag(
    some: Slice, session: Session, repository: Repository, name: str, known: Known, shown: Shown
) -> None:
    """Let the tag stand where GitHub shows it; what is not certain is looked up by the gaps job."""
    tag, position = find_tag(session, repository, name), shown.positions.get(name)
    now_known = (tag.object_sha, tag.deleted_at, tag.pushed_at) if tag is not None else None
    if now_known != known.tags.get(name):
        return  # a push came in between: it knows better
    if position is not None:
        record_tag(session, repository, position, why=some.why("completion"))
    elif tag is not None:
        tag.look_up_ref(some.now())
    elif name in shown.objects:
        _add_in_doubt(some, session, repository, name)


def _add_in_doubt(some: Slice, session: Session, repository: Repository, name: str) -> None:
    session.add(
        Tag(
            repository_id=repository.id,
            name=name,
            is_made_exact=False,
            is_ref_in_doubt=True,
            check_due_at=some.now(),
        )
    )
    session.flush()


def _record_branches(some: Slice, known: Known, shown: Shown) -> tuple[list[Tip], int]:
    """Record the branches whose tips we have; those whose commits are to be learnt, and how many moved."""
    with some.db.transaction() as session:
        _, repository = some.lock(session)
        different = [
            name
            for name in _sort(repository, known, shown.branches)
            if known.branches.get(name, (None,))[0] != shown.branches[name]
        ]
        graph, tips, moved, new = StoredGraph(session, repository.id), [], 0, 0
        base = known.branches.get(repository.default_branch, (None,))[0]
        for name in different:
            sha = shown.branches[name]
            if not graph.close([sha]).open_ends:
                moved += _stand(session, repository, name, sha, known.branches.get(name))
                continue
            new += name not in known.branches
            if new <= MOST_NEW_BRANCHES or name in known.branches:
                before = known.branches.get(name)
                tips.append(Tip(name, sha, (before[0] if before else None) or base, before))
        for name, (head_sha, _) in known.branches.items():
            if head_sha is not None and name not in shown.branches:
                moved += _stand(session, repository, name, None, known.branches[name])
        return tips, moved


def _sort(repository: Repository, known: Known, shown: Mapping[str, str]) -> list[str]:
    """The default branch, then those that pushes told of, then others; only those that count."""
    followed = [name for name in shown if is_branch_tracked(repository, name)]
    first = repository.default_branch
    return sorted(followed, key=lambda name: (name != first, name not in known.branches, name))


def _stand(
    session: Session, repository: Repository, name: str, sha: str | None, before: BranchState | None
) -> bool:
    """Let the branch stand there, unless a push moved it meanwhile; whether it was moved.

    It keeps the time of its last push: that of the one we missed is not known, and a later push
    must not look like an earlier one.
    """
    branch = session.scalar(
        select(Branch).where(Branch.repository_id == repository.id, Branch.name == name)
    )
    if branch is None and before is None:
        session.add(Branch(repository_id=repository.id, name=name, head_sha=sha, pushed_at=EPOCH))
    elif branch is None or (branch.head_sha, branch.pushed_at) != before:
        return False
    else:
        branch.head_sha = sha
    session.flush()
    return True


def _learn(some: Slice, number: int, full_name: str, tips: Sequence[Tip]) -> None:
    """Fetch what the tips hold that we do not, in one call, and a few for those that are far ahead."""
    try:
        commits: Sequence[CommitData] = list_histories(
            some.client, full_name, [tip.sha for tip in tips]
        )
    except NO_GRAPHQL:
        commits = []
    for tip in tips:
        open_ends = _record(some, tip, commits)
        commits = []
        for end in open_ends:
            try:
                more = fetch_missing(some.client, number, OpenEnd(end, tip.base))
            except NotFoundOnGitHubError:
                continue  # force-pushed away since
            _record(some, tip, more)


def _record(some: Slice, tip: Tip, commits: Sequence[CommitData]) -> list[str]:
    """Write down what was learnt, and where the tip is; the commits whose parents are still missing."""
    with some.db.transaction() as session:
        _, repository = some.lock(session)
        why = some.why("completion")
        issue_ids = record_with_links(session, repository, commits, hosts=some.hosts, why=why)
        learnt = [commit.sha for commit in commits]
        bring_up_to_date(session, repository, why=why, issue_ids=issue_ids, learnt=learnt)
        _stand(session, repository, tip.branch, tip.sha, tip.before)
        return StoredGraph(session, repository.id).close([tip.sha]).open_ends


def _finish(some: Slice, different: int) -> None:
    with some.db.transaction() as session:
        work, repository = some.lock(session)
        calls, at = some.client.calls, some.now().isoformat()
        found = int(work.progress.get("found", 0)) + different
        work.progress = {**work.progress, "found": found, "calls": calls, "compared_at": at}
        if different:
            make_gaps_due(session, repository, at=some.now())
