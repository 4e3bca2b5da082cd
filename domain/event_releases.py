"""Which release an event means, by the name that its SDK sent (sentry-api.md 4.8).

The exact version; else a tag within the event's project; else the commit, in full or as a unique
beginning of seven digits or more, that a release of the project has as its head. Where several
releases answer, none is chosen. Where none does, one is made.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Select, and_, bindparam, or_, select, update
from sqlalchemy.orm import Session

from domain.bulk import insert_missing, table_of
from domain.provenance import Why, record_activity
from domain.version_keys import semver_key_of
from domain.versions import is_valid_version
from models import Activity, Commit, Head, Project, Release, ReleaseProject, RepositoryProject, Tag

_SHA = re.compile(r"[0-9a-fA-F]{7,40}|[0-9a-fA-F]{64}")
_FULL = (40, 64)  # digits of SHA-1 and SHA-256
RULE = "event-names-release"
MOST_SHAS = 50  # names of one batch that are looked up as the beginning of a sha


def resolve_releases(
    session: Session, project: Project, names: Mapping[str, datetime], *, now: datetime
) -> dict[str, int]:
    """Ids of the releases that *names* mean; a name that means none, or several, is left out.

    *names* hold the time of the earliest event that carries them: a release that is made here
    is created then, unreleased. A release of that very version gets the project attached.
    """
    wanted = sorted(name for name in names if is_valid_version(name))
    found = _find_exact(session, project, wanted)
    others = {name for name in wanted if name not in found}
    several = _find_by_tag(session, project, others)
    several |= _find_by_sha(session, project, others - several.keys())
    exact = set(found.values())
    found |= {name: min(ids) for name, ids in several.items() if len(ids) == 1}
    missing = sorted(others - several.keys())
    exact |= _make(session, project, {name: names[name] for name in missing}, now, found)
    rows = [{"release_id": id_, "project_id": project.id} for id_ in sorted(exact)]
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


def _find_by_sha(session: Session, project: Project, names: Collection[str]) -> dict[str, set[int]]:
    """Releases by the commit at their head; a commit that no release has is not found."""
    shas = _find_commits(session, project, names)
    if not shas:
        return {}
    of_sha: defaultdict[str, set[int]] = defaultdict(set)
    for sha, release_id in session.execute(
        select(Head.sha, Head.release_id)
        .join(ReleaseProject, ReleaseProject.release_id == Head.release_id)
        .where(
            Head.repository_id.in_(_repositories(project)),
            Head.sha.in_(shas.values()),
            Head.is_superseded.is_(False),
            ReleaseProject.project_id == project.id,
        )
    ):
        of_sha[sha].add(release_id)
    return {name: of_sha[sha] for name, sha in shas.items() if sha in of_sha}


def _find_commits(session: Session, project: Project, names: Collection[str]) -> dict[str, str]:
    """Full shas by name, of those names that are a sha or the beginning of just one."""
    begins = {name: name.lower() for name in sorted(names) if _SHA.fullmatch(name)}
    begins = dict(list(begins.items())[:MOST_SHAS])
    if not begins:
        return {}
    # A range, unlike LIKE, uses the index on both databases: `g` follows the last hex digit.
    rows = session.scalars(
        select(Commit.sha).where(
            Commit.repository_id.in_(_repositories(project)),
            or_(
                *(and_(Commit.sha >= start, Commit.sha < start + "g") for start in begins.values())
            ),
        )
    ).all()
    shas = sorted(set(rows))
    found = {}
    for name, start in begins.items():
        matching = [sha for sha in shas if sha.startswith(start)]
        if len(matching) == 1 and (len(start) not in _FULL or matching[0] == start):
            found[name] = matching[0]
    return found


def _repositories(project: Project) -> Select[int]:
    return select(RepositoryProject.repository_id).where(RepositoryProject.project_id == project.id)


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
