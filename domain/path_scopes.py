"""Monorepos: a project may take a part of a repository, given by path globs (membership.md).

Its releases then list the commits of new(T) that touch such a path, and say how many were left out.
A commit whose files are not known stays in the list until they are: nothing is hidden by a guess.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from domain.bulk import batches
from domain.errors import InvalidError
from domain.path_globs import PathGlobs
from domain.release_lists import list_ids
from models import Commit, CommitFile, Head, ReleaseProject, Repository, RepositoryProject

MOST_GLOBS = 50
LONGEST_GLOB = 200


@dataclass
class Narrowed:
    """A list by its paths: what stays, how many were left out, and which may still leave."""

    kept: list[int]
    outside: int = 0
    unknown: list[int] = field(default_factory=list)  # among *kept*: their files are not known


class PathScope:
    """The paths that count: those that the globs of any project take.

    What one project's globs exclude, another's may take all the same.
    """

    def __init__(self, *projects: Iterable[str]) -> None:
        self._projects = [PathGlobs(globs) for globs in projects]

    def touches(self, paths: Iterable[str]) -> bool:
        """Whether any of *paths* counts."""
        return any(globs.matches(path) for path in paths for globs in self._projects)


def verify_globs(lines: Iterable[str]) -> list[str]:
    """The globs among *lines*, each once, trimmed, blank ones left out; raises InvalidError."""
    globs = list(dict.fromkeys(line.strip() for line in lines if line.strip()))
    if len(globs) > MOST_GLOBS:
        raise InvalidError(f"At most {MOST_GLOBS} path globs, one a line.")
    for glob in globs:
        if len(glob) > LONGEST_GLOB or not glob.isprintable() or "\\" in glob:
            raise InvalidError(
                f"{glob[:LONGEST_GLOB]!r}: a path glob has at most {LONGEST_GLOB} characters, "
                "no backslash among them."
            )
        if not glob.strip("!/"):
            raise InvalidError(f"{glob!r} names no path.")
    if globs and all(glob.startswith("!") for glob in globs):
        raise InvalidError("At least one path glob has to say what counts.")
    return globs


def set_path_globs(
    session: Session, repository: Repository, project_id: int, globs: Sequence[str]
) -> None:
    """Let *project_id* take only the paths that match *globs* (none: all) of *repository*.

    Marks its releases' lists stale; the caller has them computed (`domain/upkeep.py`).
    """
    link = session.get_one(RepositoryProject, (repository.id, project_id))
    link.path_globs = list(globs) or None
    session.execute(
        update(Head)
        .where(
            Head.repository_id == repository.id,
            Head.release_id.in_(
                select(ReleaseProject.release_id).where(ReleaseProject.project_id == project_id)
            ),
        )
        .values(is_stale=True)
    )
    session.flush()


def find_scope(session: Session, head: Head) -> PathScope | None:
    """What counts for the release of *head*: the paths of all its projects; None: all paths."""
    rows = session.execute(
        select(RepositoryProject.path_globs)
        .select_from(ReleaseProject)
        .outerjoin(
            RepositoryProject,
            (RepositoryProject.project_id == ReleaseProject.project_id)
            & (RepositoryProject.repository_id == head.repository_id),
        )
        .where(ReleaseProject.release_id == head.release_id)
        .order_by(ReleaseProject.project_id)
    ).all()
    if not rows or any(not globs for (globs,) in rows):
        return None
    return PathScope(*(globs for (globs,) in rows))


def narrow(session: Session, scope: PathScope, commit_ids: Sequence[int]) -> Narrowed:
    """Leave out the commits that touch nothing that counts; the order stays."""
    unknown: set[int] = set()
    inside: set[int] = set()
    for some in batches(commit_ids):
        unknown.update(
            session.scalars(
                select(Commit.id).where(Commit.id.in_(some), Commit.files_known.is_(False))
            )
        )
        paths: defaultdict[int, list[str]] = defaultdict(list)
        for commit_id, path in session.execute(
            select(CommitFile.commit_id, CommitFile.path).where(CommitFile.commit_id.in_(some))
        ):
            paths[commit_id].append(path)
        inside.update(one for one, touched in paths.items() if scope.touches(touched))
    kept = [one for one in commit_ids if one in inside or one in unknown]
    return Narrowed(
        kept=kept,
        outside=len(commit_ids) - len(kept),
        unknown=[one for one in kept if one not in inside],
    )


def list_without_files(session: Session, head: Head, limit: int) -> list[str]:
    """Shas of commits in the list of *head* whose files are not known, the newest first."""
    ids = list_ids(session, head)
    shas: dict[int, str] = {}
    for some in batches(ids):
        rows = session.execute(
            select(Commit.id, Commit.sha).where(Commit.id.in_(some), Commit.files_known.is_(False))
        )
        shas.update({row.id: row.sha for row in rows})
    return [shas[one] for one in ids if one in shas][:limit]
