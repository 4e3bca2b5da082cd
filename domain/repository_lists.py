"""The organization's repositories in pages, for its settings: thousands of them, few statements."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import ColumnElement, and_, func, not_, or_, select
from sqlalchemy.orm import Session

from domain.errors import InvalidError
from domain.paging import Page, first_of, parse_id
from domain.repository_queries import Progress, find_repository_by_id, progress_of
from models import (
    Delivery,
    DeliveryState,
    Project,
    Repository,
    RepositoryProject,
    Work,
    WorkKind,
)

A_PAGE = 50


class Shown(StrEnum):
    """Which repositories a page is narrowed to."""

    all = "all"
    tracked = "tracked"
    untracked = "untracked"
    lost = "lost"


@dataclass(frozen=True)
class LastDelivery:
    """The newest delivery that concerned a repository."""

    guid: str
    event: str
    state: DeliveryState
    reason: str | None
    received_at: datetime


@dataclass(frozen=True)
class SettingsRow:
    """A repository, what it feeds, its newest delivery, and how far its import is."""

    repository: Repository
    projects: list[str]
    delivery: LastDelivery | None
    progress: Progress | None


def list_settings_rows(
    session: Session,
    organization_id: int,
    *,
    shown: Shown = Shown.all,
    text: str = "",
    after: str | None = None,
    size: int = A_PAGE,
) -> Page[SettingsRow]:
    """Repositories by name; *text* is part of the name. Five statements, however many there are.

    Raises InvalidError for a cursor that is none.
    """
    name = func.lower(Repository.full_name)
    query = (
        select(Repository)
        .where(Repository.organization_id == organization_id, _is_shown(shown))
        .order_by(name, Repository.id)
        .limit(size + 1)
    )
    if text:
        query = query.where(Repository.full_name.icontains(text, autoescape=True))
    if after:
        last = find_repository_by_id(session, organization_id, parse_id(after))
        if last is None:
            raise InvalidError("the address holds no usable place in the list")
        reached = select(func.lower(Repository.full_name)).where(Repository.id == last.id)
        begins = reached.scalar_subquery()
        query = query.where(or_(name > begins, and_(name == begins, Repository.id > last.id)))
    found, following = first_of(session.scalars(query).all(), size)
    return Page(_load_rows(session, found), str(following.id) if following else None)


def count_shown(session: Session, organization_id: int) -> dict[Shown, int]:
    """How many repositories each narrowing holds, in one statement."""
    counts = [func.count().filter(_is_shown(shown)) for shown in Shown]
    row = session.execute(
        select(*counts).select_from(Repository).where(Repository.organization_id == organization_id)
    ).one()
    return dict(zip(Shown, row, strict=True))


def _is_shown(shown: Shown) -> ColumnElement[bool]:
    is_tracked, is_lost = Repository.is_tracked.is_(True), Repository.is_accessible.is_(False)
    conditions = {
        Shown.all: Repository.id.is_not(None),
        Shown.tracked: is_tracked,
        Shown.untracked: not_(is_tracked),
        Shown.lost: is_lost,
    }
    return conditions[shown]


def _load_rows(session: Session, repositories: Sequence[Repository]) -> list[SettingsRow]:
    ids = [repository.id for repository in repositories]
    projects: defaultdict[int, list[str]] = defaultdict(list)
    for repository_id, slug in session.execute(
        select(RepositoryProject.repository_id, Project.slug)
        .join(Project, Project.id == RepositoryProject.project_id)
        .where(RepositoryProject.repository_id.in_(ids))
        .order_by(Project.slug)
    ):
        projects[repository_id].append(slug)
    deliveries = _last_deliveries(session, ids)
    works = {
        work.subject_id: work
        for work in session.scalars(
            select(Work).where(Work.kind == WorkKind.history, Work.subject_id.in_(ids))
        )
    }
    return [
        SettingsRow(
            repository,
            projects[repository.id],
            deliveries.get(repository.id),
            progress_of(works.get(repository.id)),
        )
        for repository in repositories
    ]


def _last_deliveries(session: Session, ids: Sequence[int]) -> dict[int, LastDelivery]:
    """One look into the index for each repository: its deliveries may be very many."""
    newest = (
        select(func.max(Delivery.id))
        .where(Delivery.repository_id == Repository.id)
        .correlate(Repository)
        .scalar_subquery()
    )
    rows = session.execute(
        select(
            Repository.id,
            Delivery.guid,
            Delivery.event,
            Delivery.state,
            Delivery.reason,
            Delivery.received_at,
        )
        .join(Delivery, Delivery.id == newest)
        .where(Repository.id.in_(ids))
    )
    return {row.id: LastDelivery(*row[1:]) for row in rows}
