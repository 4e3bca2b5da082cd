"""Which release an event means, by the name that its SDK sent (sentry-api.md 4.8).

The exact version; else a tag within the event's project; else the commit, in full or as a unique
beginning of seven digits or more, that a release of the project has as its head; else an alias
that a person accepted for the project's events. An alias decides as well where several releases
answer to the tag or commit, which otherwise leaves the event without a release, and it goes before
a release of that very name that knows no commit. Where nothing answers, a release is made.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, select, update
from sqlalchemy.orm import Session

from domain.bulk import insert_missing, table_of
from domain.named_commits import (
    Place,
    find_commits,
    make_heads_due,
    repositories_of,
    start_of_sha,
)
from domain.provenance import Why, record_activity
from domain.release_aliases import find_aliased, find_without_head
from domain.release_facts import MADE_BY_EVENT
from domain.version_keys import semver_key_of
from domain.versions import is_valid_version
from models import Activity, Head, Project, Release, ReleaseProject, Tag

RULE = MADE_BY_EVENT


def resolve_releases(
    session: Session, project: Project, names: Mapping[str, datetime], *, now: datetime
) -> dict[str, int]:
    """Ids of the releases that *names* mean; a name that means none, or several, is left out.

    *names* hold the time of the earliest event that carries them: a release that is made here
    is created then, unreleased. A release of that very version gets the project attached.
    """
    wanted = sorted(name for name in names if is_valid_version(name))
    aliased = find_aliased(session, project, names)
    exact = _find_exact(session, project, wanted)
    passed = find_without_head(session, {exact[name] for name in aliased.keys() & exact.keys()})
    found = {name: id_ for name, id_ in exact.items() if id_ not in passed}
    others = {name for name in wanted if name not in found}
    several = _find_by_tag(session, project, others)
    commits = find_commits(session, others - several.keys(), repositories_of(project))
    several |= _find_by_sha(session, project, commits)
    found |= {name: min(ids) for name, ids in several.items() if len(ids) == 1}
    found = aliased | found
    missing = sorted(others - several.keys() - found.keys())
    _have_heads_given(session, project, {*missing, *exact}, commits, now)
    of_name = {id_ for name, id_ in exact.items() if found[name] == id_}
    of_name |= _make(session, project, {name: names[name] for name in missing}, now, found)
    rows = [{"release_id": id_, "project_id": project.id} for id_ in sorted(of_name)]
    insert_missing(session, ReleaseProject, rows)
    seen: dict[int, datetime] = {}
    for name, id_ in found.items():
        seen[id_] = min(names[name], seen.get(id_, names[name]))
    _date_earlier(session, seen, now)
    return found


def _date_earlier(session: Session, seen: Mapping[int, datetime], now: datetime) -> None:
    """A release that an event made began with the earliest event, whichever came in first."""
    rows = session.execute(
        select(Release.id, Release.created_at)
        .join(Activity, Activity.release_id == Release.id)
        .where(
            Release.id.in_(seen),
            Release.created_at > min(seen.values(), default=now),
            Activity.kind == "release_created",
            Activity.rule == RULE,
        )
    ).all()
    table = table_of(Release)
    changes: list[dict[str, Any]] = [
        {"row_id": id_, "at": seen[id_]} for id_, created_at in rows if seen[id_] < created_at
    ]
    if changes:
        session.execute(
            update(table)
            .where(table.c.id == bindparam("row_id"))
            .values(created_at=bindparam("at", type_=table.c.created_at.type)),
            sorted(changes, key=lambda change: change["row_id"]),
        )


def _find_exact(session: Session, project: Project, names: Collection[str]) -> dict[str, int]:
    if not names:
        return {}
    rows = session.execute(
        select(Release.version, Release.id).where(
            Release.organization_id == project.organization_id, Release.version.in_(names)
        )
    )
    return dict(rows.all())


def _find_by_tag(session: Session, project: Project, names: Collection[str]) -> dict[str, set[int]]:
    found: defaultdict[str, set[int]] = defaultdict(set)
    if names:
        for name, release_id in session.execute(
            select(Tag.name, Head.release_id)
            .join(Head, Head.tag_id == Tag.id)
            .join(ReleaseProject, ReleaseProject.release_id == Head.release_id)
            .where(Tag.name.in_(names), ReleaseProject.project_id == project.id)
        ):
            found[name].add(release_id)
    return found


def _find_by_sha(
    session: Session, project: Project, commits: Mapping[str, Sequence[Place]]
) -> dict[str, set[int]]:
    """Releases by the commit at their head; a commit that no release has is not found.

    One that has a name of its own goes before those that are named after the commit.
    """
    shas = {name: places[0][1] for name, places in commits.items()}
    if not shas:
        return {}
    of_sha: defaultdict[str, set[int]] = defaultdict(set)
    named_after: defaultdict[str, list[tuple[int, int]]] = defaultdict(list)
    for sha, release_id, version in session.execute(
        select(Head.sha, Head.release_id, Release.version)
        .join(Release, Release.id == Head.release_id)
        .join(ReleaseProject, ReleaseProject.release_id == Head.release_id)
        .where(
            Head.repository_id.in_(repositories_of(project)),
            Head.sha.in_(shas.values()),
            Head.is_superseded.is_(False),
            ReleaseProject.project_id == project.id,
        )
    ):
        if sha.startswith(version.lower()):
            named_after[sha].append((len(version), release_id))
        else:
            of_sha[sha].add(release_id)
    for sha, some in named_after.items():
        if not of_sha[sha]:
            of_sha[sha] = {max(some)[1]}
    return {name: of_sha[sha] for name, sha in shas.items() if of_sha[sha]}


def _have_heads_given(
    session: Session,
    project: Project,
    names: AbstractSet[str],
    commits: Mapping[str, Sequence[Place]],
    now: datetime,
) -> None:
    """Releases about to be made of a known commit get it as their head, as do those still waiting."""
    found = {name: places for name, places in commits.items() if name in names}
    waiting = _find_waiting(session, project, names - commits.keys())
    found |= find_commits(session, waiting, repositories_of(project))
    repository_ids = {id_ for places in found.values() for id_, _ in places}
    make_heads_due(session, project.organization_id, repository_ids, now=now)


def _find_waiting(session: Session, project: Project, names: Collection[str]) -> list[str]:
    """Those of *names* whose release is there, and has been waiting for its commit."""
    shas = [name for name in names if start_of_sha(name)]
    if not shas:
        return []
    query = select(Release.version).where(
        Release.organization_id == project.organization_id,
        Release.version.in_(shas),
        Release.sha_start.is_not(None),
    )
    return list(session.scalars(query))


def _make(
    session: Session,
    project: Project,
    names: Mapping[str, datetime],
    now: datetime,
    found: dict[str, int],
) -> set[int]:
    """Make releases of those names, unless another worker just did; adds to *found*."""
    if not names:
        return set()
    rows = [
        {
            "organization_id": project.organization_id,
            "version": name,
            "semver_key": semver_key_of(name),
            "sha_start": start_of_sha(name),
            "created_at": created_at,
            "commit_count": 0,
            "hidden_count": 0,
            "author_count": 0,
            "list_state": "incomplete",
        }
        for name, created_at in names.items()
    ]
    made = insert_missing(session, Release, rows, returning=(Release.id, Release.version))
    for id_, version in sorted(made, key=lambda row: str(row.version)):
        record_activity(
            session,
            Why(now, source="event"),
            "release_created",
            organization_id=project.organization_id,
            release_id=id_,
            rule=RULE,
            matched_text=version,
        )
    found |= {version: id_ for id_, version in made}
    found |= _find_exact(session, project, [name for name in names if name not in found])
    return {found[name] for name in names}
