"""Lists of a hundred thousand rows: late pages cost what the first does, and no list costs by its length.

Times are compared with each other, the quickest of several: absolute ones say more of the machine.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from domain.windows import to_number
from models import Commit, CommitFile, Head, Release
from models.session import Database
from tests.large import Large, fill
from tests.webapp.api.conftest import Api, MakeApi
from tests.webapp.conftest import StatementCounter

ROWS, LATE, LISTED = 100_000, 90_000, 10_000
ATTEMPTS = 5
AT_MOST = 3  # times the first page


@dataclass(frozen=True)
class Listing:
    """A list, and a place in it that is far from its beginning."""

    path: str
    arguments: dict[str, str]
    late: str


def listings(session: Session, large: Large) -> list[Listing]:
    release = session.scalars(
        select(Release)
        .where(Release.organization_id == large.organization.id)
        .order_by(Release.id)
        .offset(LATE)
        .limit(1)
    ).one()
    commit = session.scalars(
        select(Commit)
        .where(Commit.repository_id == large.repository.id, Commit.committed_at.is_not(None))
        .order_by(Commit.id)
        .offset(LATE)
        .limit(1)
    ).one()
    file = session.scalars(
        select(CommitFile.id).order_by(CommitFile.path.desc(), CommitFile.id).offset(200).limit(1)
    ).one()
    head = session.scalars(select(Head.id).where(Head.release_id == large.release.id)).one()
    assert release.released_at is not None
    assert commit.committed_at is not None
    by_date = f"{to_number(release.released_at)}:{release.id}:0"
    releases = f"/organizations/{large.organization.slug}/releases/"
    return [
        Listing(releases, {}, by_date),
        Listing(releases, {"project": "web"}, by_date),
        Listing(releases, {"sort": "semver"}, f"{release.id}:0:0"),
        Listing(
            f"/organizations/{large.organization.slug}/repos/{large.repository.id}/commits/",
            {},
            f"{to_number(commit.committed_at)}:{commit.id}:0",
        ),
        Listing(f"{releases}web@0.0.1/commits/", {}, f"{LISTED - 200}:{head}:0"),
        Listing(f"{releases}web@0.0.1/commitfiles/", {}, f"{file}:0:0"),
    ]


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_late_pages_are_as_quick_as_the_first(
    make_api: MakeApi, session: Session, database: Database
) -> None:
    large = fill(session, releases=ROWS, list_size=LISTED)
    small = fill(session, releases=300, list_size=300, slug="small")
    assert session.scalar(select(func.count()).select_from(Release)) == ROWS + 302
    api = make_api("project:read", "org:read", of=large.organization)
    of_small = make_api("project:read", "org:read", of=small.organization)

    lists = listings(session, large)
    session.commit()  # what only reads here would keep the application from writing
    for here in lists:
        few, many, late = (StatementCounter() for _ in range(3))
        path = here.path.replace(f"/{large.repository.id}/", f"/{small.repository.id}/")
        path = path.replace("/large/", "/small/")
        for asks in (api, of_small):
            asks.get("/")  # notes the token's use
        with few.on(database):
            assert len(of_small.read(path, **here.arguments)) == 100
        with many.on(database):
            assert len(api.read(here.path, **here.arguments)) == 100
        with late.on(database):
            assert len(api.read(here.path, **here.arguments, cursor=here.late)) == 100
        assert len(few.statements) == len(many.statements)
        assert len(late.statements) <= len(many.statements) + 1  # a place may name a row

        first = quickest(api, here.path, **here.arguments)
        last = quickest(api, here.path, **here.arguments, cursor=here.late)
        assert last < AT_MOST * first, f"{here}: {first * 1000:.0f} ms, then {last * 1000:.0f} ms"


def quickest(api: Api, path: str, **arguments: str) -> float:
    seconds = []
    for _ in range(ATTEMPTS):
        began = time.perf_counter()
        api.read(path, **arguments)
        seconds.append(time.perf_counter() - began)
    return min(seconds)
