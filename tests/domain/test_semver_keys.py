"""Releases that an older program made get their place in the order of versions."""

from __future__ import annotations

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from domain.releases import fill_semver_keys
from domain.version_keys import semver_key_of
from jobs import Runtime
from jobs.schedule import sweep
from models import Release
from models.session import Database
from tests.factories import make_organization, make_project, make_release, make_repository


def _make_without_keys(session: Session) -> None:
    organization = make_organization(session)
    project = make_project(session, organization)
    repository = make_repository(session, organization)
    for version in ("web@1.0", "web@nightly", "api@2.1-rc1"):
        make_release(session, repository, project, version)
    session.execute(update(Release).values(semver_key=None))


def _keys(session: Session) -> dict[str, bytes | None]:
    rows = session.execute(select(Release.version, Release.semver_key))
    return {row.version: row.semver_key for row in rows}


def test_the_sweep_fills_what_is_missing(runtime: Runtime, database: Database) -> None:
    with database.transaction() as session:
        _make_without_keys(session)

    assert not sweep(runtime)  # nothing is due

    with database.reading() as session:
        keys = _keys(session)
    assert keys == {version: semver_key_of(version) for version in keys}
    assert keys["web@nightly"] == b""


def test_a_few_at_a_time(session: Session) -> None:
    _make_without_keys(session)

    assert [fill_semver_keys(session, limit=2) for _ in range(3)] == [2, 1, 0]
    assert None not in _keys(session).values()
