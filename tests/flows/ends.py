"""What must hold in the end, whatever happened on the way; the judge of lists is git itself."""

from __future__ import annotations

from collections import Counter

from sqlalchemy import select

from demo.clone import Clone
from demo.expected import expected_lists, lines
from demo.github import Repository as RepositoryThere
from models import Activity, Commit, Delivery, Head, ReleaseCommit, Repository, Resolution
from models.session import Database


def verify_worked_off(db: Database) -> None:
    """Every delivery is done or ignored, and held by nobody."""
    with db.reading() as session:
        rows = session.scalars(select(Delivery)).all()
    assert {(row.state, row.reason) for row in rows if not row.is_finished} == set()
    assert [row.guid for row in rows if row.claimed_until or row.finished_at is None] == []
    assert max(Counter(row.guid for row in rows).values()) == 1


def verify_lists(db: Database, there: RepositoryThere) -> None:
    """Every tag's list is complete and holds exactly what `git rev-list` gives."""
    expected = expected_lists(Clone(there.git.path))
    found: dict[str, tuple[str, frozenset[str]]] = {}
    with db.reading() as session:
        repository = session.scalars(
            select(Repository).where(Repository.github_id == there.id)
        ).one()
        for head in session.scalars(select(Head).where(Head.repository_id == repository.id)):
            shas = session.scalars(
                select(Commit.sha)
                .join(ReleaseCommit, ReleaseCommit.commit_id == Commit.id)
                .where(ReleaseCommit.head_id == head.id)
            )
            found[head.name] = (str(head.state), frozenset(shas))
    assert found == {name: ("complete", commits) for name, commits in expected.items()}


def verify_nothing_doubled(db: Database) -> None:
    """One open resolution an issue, one line for each thing that happened."""
    with db.reading() as session:
        records = session.scalars(select(Resolution)).all()
        activities = session.scalars(select(Activity)).all()
    held = Counter(record.issue_id for record in records if record.ended_at is None)
    assert set(held.values()) <= {1}
    told = Counter(
        (one.issue_id, one.kind, one.data["sha"])
        for one in activities
        if one.kind == "referenced_in_commit"
    )
    assert set(told.values()) <= {1}
    made = Counter(one.release_id for one in activities if one.kind == "release_created")
    assert set(made.values()) == {1}
    resolved = [one for one in activities if one.kind == "resolved_in_release"]
    assert len(resolved) == len(records)


def find_first_tag(there: RepositoryThere, fixes: set[str]) -> str | None:
    """The first tag of the main line that lists one of the commits *fixes*."""
    clone = Clone(there.git.path)
    expected = expected_lists(clone)
    for placed in lines(clone.tags()).get("", []):
        if expected[placed.tag.name] & fixes:
            return placed.tag.name
    return None


def find_fixes(there: RepositoryThere, short_id: str) -> set[str]:
    """The commits whose message says that they fix the issue."""
    clone = Clone(there.git.path)
    found = clone.run("log", "--all", "--format=%H", f"--grep=Fixes {short_id}$")
    return set(found.split())
