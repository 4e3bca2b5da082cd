"""Lists of releases: searched, ordered by version, narrowed to a time; neighbours (sentry-api.md 4.4, 4.5)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import delete, update
from sqlalchemy.orm import Session

from models import Release, ReleaseProject, ReleaseStatus
from tests.clock import Clock
from tests.factories import NOW, make_project, make_release
from tests.webapp.api.conftest import Api, MakeApi
from tests.webapp.tenants import Tenant

RELEASES = "/organizations/acme/releases/"
NEWEST_FIRST = [
    *("api@1.2.3+5", "web@1.10", "web@1.2.3-rc1+500", "web@1.2.3", "web@1.2.0", "a b@2.0.0.1"),
    *("web@nightly", "1.0+5", "web@1.2.3.post1", "web@1.0.0"),
]


@pytest.fixture
def listed(api: Api, own: Tenant, session: Session) -> Api:
    """`NEWEST_FIRST`; the last of them has been there before."""
    for number, version in enumerate(reversed(NEWEST_FIRST[:-1]), start=1):
        moment = NOW + timedelta(days=number)
        make_release(
            session,
            own.repository,
            own.project,
            version,
            created_at=moment,
            released_at=moment if number % 2 else None,
        )
    session.commit()
    return api


def versions(api: Api, path: str = RELEASES, **arguments: object) -> list[str]:
    return [release["version"] for release in api.read(path, **arguments)]


SEARCHES = {
    "": NEWEST_FIRST,
    "RC1": ["web@1.2.3-rc1+500"],
    "1.0 (5)": ["1.0+5"],
    '"a b"': ["a b@2.0.0.1"],
    "100%": [],
    "release:web@1.2.3": ["web@1.2.3"],
    'release:"a b@2.0.0.1"': ["a b@2.0.0.1"],
    "release:web@1.2.3*": ["web@1.2.3-rc1+500", "web@1.2.3", "web@1.2.3.post1"],
    "release:WEB@1.2.3": [],
    "release:latest": ["api@1.2.3+5"],
    "release.version:1.2.3": ["api@1.2.3+5", "web@1.2.3"],
    "release.version:1.2.3+5": ["api@1.2.3+5"],
    "release.version:1.2.3-RC1": ["web@1.2.3-rc1+500"],
    "release.version:>1.2.3": ["web@1.10", "a b@2.0.0.1", "web@1.2.3.post1"],
    "release.version:>=1.2.3": [
        *("api@1.2.3+5", "web@1.10", "web@1.2.3", "a b@2.0.0.1", "web@1.2.3.post1"),
    ],
    "release.version:<1.2.0": ["1.0+5", "web@1.0.0"],
    "release.version:<=1.2": ["web@1.2.0", "1.0+5", "web@1.0.0"],
    "release.version:<=1.2.3 release.version:>1.2": [
        *("api@1.2.3+5", "web@1.2.3-rc1+500", "web@1.2.3"),
    ],
    "release.version:1.2.*": [
        *("api@1.2.3+5", "web@1.2.3-rc1+500", "web@1.2.3", "web@1.2.0", "web@1.2.3.post1"),
    ],
    "release.version:1.0.*": ["1.0+5", "web@1.0.0"],
    "release.version:2.*": ["a b@2.0.0.1"],
    "release.version:2.0.0.*": ["a b@2.0.0.1"],
    "release.version:newest": [],
    "release.package:api": ["api@1.2.3+5"],
    'release.package:"a b"': ["a b@2.0.0.1"],
    "release.package:we": [],
    "release.package:web@1": [],
    "release.build:5": ["api@1.2.3+5", "1.0+5"],
    "release.build:00": [],
    "release.stage:adopted": [],
    "release.stage:low": NEWEST_FIRST,
    "finalized:false": NEWEST_FIRST[1:-1:2],
    "finalized:true release.version:1.2.3": ["api@1.2.3+5"],
    "finalized:perhaps": [],
    "release.package:web nightly": ["web@nightly"],
    "release.colour:red": [],
    "release:": NEWEST_FIRST,
}


@pytest.mark.parametrize("query", SEARCHES)
def test_searches(listed: Api, query: str) -> None:
    assert versions(listed, query=query) == SEARCHES[query]


def test_the_latest_of_each_project(listed: Api, own: Tenant, session: Session) -> None:
    other = make_project(session, own.organization, "api")
    make_project(session, own.organization, "empty")
    old = make_release(session, own.repository, other, "api@0.1", released_at=NOW)
    gone = make_release(session, own.repository, other, "api@0.2")
    gone.status = ReleaseStatus.archived
    session.commit()

    assert versions(listed, query="release:latest") == ["api@1.2.3+5", old.version]
    assert versions(listed, query="release:latest", project="api") == [old.version]
    assert versions(listed, query="release:latest", project="empty") == []
    assert versions(listed, query="release:latest", status="archived") == []


BY_VERSION = [
    *("a b@2.0.0.1", "web@1.10", "web@1.2.3.post1", "api@1.2.3+5", "web@1.2.3"),
    *("web@1.2.3-rc1+500", "web@1.2.0", "1.0+5", "web@1.0.0", "web@nightly"),
]


@pytest.mark.parametrize("sort", ["semver", "build"])
@pytest.mark.parametrize("is_ordered", [True, False], ids=["known", "not looked at yet"])
def test_by_version(listed: Api, session: Session, sort: str, is_ordered: bool) -> None:
    expected = BY_VERSION
    if not is_ordered:  # as little known as that `web@nightly` is no version
        session.execute(delete(Release).where(Release.version == "web@nightly"))
        behind = ["api@1.2.3+5", "web@1.2.0"]
        session.execute(update(Release).where(Release.version.in_(behind)).values(semver_key=None))
        session.commit()
        expected = [one for one in BY_VERSION[:-1] if one not in behind] + behind

    assert versions(listed, sort=sort) == expected
    pages = list(listed.pages(RELEASES, sort=sort, per_page=3))
    assert [release["version"] for page in pages for release in page] == expected
    assert [len(page) for page in pages[:3]] == [3, 3, 3]
    assert versions(listed, sort=sort, query="release.package:web")[0] == "web@1.10"


def test_names_that_are_no_version_come_in_pages_as_well(
    listed: Api, own: Tenant, session: Session
) -> None:
    names = [f"build-{number}" for number in range(7)]
    for name in names:
        make_release(session, own.repository, own.project, name)
    session.execute(update(Release).where(Release.version == "build-3").values(semver_key=None))
    session.commit()
    expected = versions(listed, sort="semver")
    assert {*expected[-8:]} == {*names, "web@nightly"}

    for size in (1, 2, 5):
        pages = list(listed.pages(RELEASES, sort="semver", per_page=size))
        assert [release["version"] for page in pages for release in page] == expected
    last = listed.read(RELEASES, sort="semver")[-1]["id"]
    back = listed.pages(RELEASES, "previous", sort="semver", per_page=5, cursor=f"{last}:0:1")
    assert [release["version"] for page in reversed([*back]) for release in page] == expected[:-1]


def test_pages_by_version_backwards(listed: Api) -> None:
    first = listed.read(RELEASES, sort="semver", per_page=4)
    last = first[-1]["id"]

    assert versions(listed, sort="semver", cursor=f"{last}:0:0", per_page=3) == BY_VERSION[4:7]
    assert versions(listed, sort="semver", cursor=f"{last}:0:1", per_page=2) == BY_VERSION[1:3]
    assert versions(listed, sort="semver", cursor="999999:0:0") == []
    assert listed.refused(RELEASES, sort="semver", cursor=f"{2**31}:0:0")[0] == 400


def test_a_place_of_another_organization_is_none(
    listed: Api, other: Tenant, make_api: MakeApi
) -> None:
    assert versions(listed, sort="semver", cursor=f"{other.release.id}:0:0") == []


def test_other_orders(listed: Api) -> None:
    assert versions(listed, sort="adoption") == versions(listed, sort="date") == NEWEST_FIRST
    assert versions(listed, sort="") == NEWEST_FIRST
    assert listed.refused(RELEASES, sort="sessions") == (400, "invalid sort")


def test_archived_releases_are_apart(listed: Api, own: Tenant, session: Session) -> None:
    own.release.status = ReleaseStatus.archived
    session.merge(own.release)
    session.commit()

    [archived] = listed.read(RELEASES, status="archived")
    assert (archived["version"], archived["status"]) == ("web@1.0.0", "archived")
    assert versions(listed, status="open") == versions(listed) == NEWEST_FIRST[:-1]
    assert listed.read(RELEASES + "web@1.0.0/")["status"] == "archived"
    assert listed.refused(RELEASES, status="Open") == (400, "invalid value for status")


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ({"statsPeriod": "2d"}, NEWEST_FIRST[:2]),
        ({"statsPeriod": "24h"}, NEWEST_FIRST[:1]),
        ({"statsPeriod": "1w"}, NEWEST_FIRST[:7]),
        ({"start": "2026-01-14T10:00:00Z"}, NEWEST_FIRST[:1]),
        ({"start": "2026-01-14T12:00:00+02:00"}, NEWEST_FIRST[:1]),
        ({"end": "2026-01-06T10:00:00"}, NEWEST_FIRST[-1:]),
        ({"start": "2026-01-06", "end": "2026-01-07"}, ["web@1.2.3.post1"]),
        ({"start": "", "end": "", "statsPeriod": ""}, NEWEST_FIRST),
    ],
    ids=str,
)
def test_by_date_of_creation(
    listed: Api, clock: Clock, arguments: dict[str, str], expected: list[str]
) -> None:
    clock.at = NOW + timedelta(days=10)  # a day after the newest
    assert versions(listed, **arguments) == expected


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ({"statsPeriod": "x"}, "Invalid statsPeriod parameter."),
        ({"statsPeriod": "14"}, "Invalid statsPeriod parameter."),
        ({"statsPeriod": "-1d"}, "Invalid statsPeriod parameter."),
        ({"statsPeriod": "999999w"}, "Invalid statsPeriod parameter."),
        ({"statsPeriod": "٣d"}, "Invalid statsPeriod parameter."),
        ({"start": "soon"}, "Invalid start parameter."),
        ({"end": "0001-01-01T00:00:00+14:00"}, "Invalid end parameter."),
        ({"end": "9" * 5000}, "Invalid end parameter."),
        ({"start": "2026-01-02", "end": "2026-01-01"}, "start must be before end"),
    ],
)
def test_times_that_are_none(api: Api, arguments: dict[str, str], text: str) -> None:
    assert api.refused(RELEASES, **arguments) == (400, text)


def test_what_is_not_known_here_is_ignored(listed: Api) -> None:
    ignored: dict[str, Any] = {
        "health": 1,
        "healthStat": "sessions",
        "adoptionStages": 1,
        "flatten": 0,
    }
    assert versions(listed, **ignored, summaryStatsPeriod="14d", field="x") == NEWEST_FIRST


def test_neighbours_are_of_one_project(listed: Api, own: Tenant, session: Session) -> None:
    def around(version: str, **arguments: Any) -> list[str | None]:
        meta = listed.read(f"{RELEASES}{version}/", **arguments)["currentProjectMeta"]
        keys = ("prevReleaseVersion", "nextReleaseVersion")
        return [meta[f"{key}ReleaseVersion"] for key in ("first", "last")] + [
            meta[key] for key in keys
        ]

    ends = ["web@1.0.0", "api@1.2.3+5"]
    other = make_project(session, own.organization, "api")
    between = make_release(
        session, own.repository, other, "api@9", created_at=NOW + timedelta(days=1)
    )
    session.commit()

    assert around("web@1.2.3", project="web") == [*ends, "web@1.2.0", "web@1.2.3-rc1+500"]
    assert around("web@1.0.0", project=own.project.id) == [*ends, None, "web@1.2.3.post1"]
    assert around("api@1.2.3+5", projectSlug="web") == [*ends, "web@1.10", None]
    assert around("api@9", project="api") == ["api@9", "api@9", None, None]
    session.add(ReleaseProject(release_id=between.id, project_id=own.project.id))
    session.commit()
    assert around("api@9", project="web") == [*ends, "web@1.2.3.post1", "1.0+5"]
    for arguments in ({}, {"project": "-1"}):
        assert listed.read(RELEASES + "web@1.2.3/", **arguments)["currentProjectMeta"] == {}
    assert listed.refused(RELEASES + "web@1.2.3/", project="none")[0] == 404


def test_each_address_is_one_author(listed: Api, own: Tenant) -> None:
    [author] = listed.read(RELEASES + "web@1.0.0/")["authors"]
    assert sorted(author) == ["email", "name"]


INFO: dict[str, tuple[str | None, str, str | None, list[Any] | None]] = {
    "my-app@1.2.3-rc1+500": ("my-app", "1.2.3-rc1 (500)", None, [1, 2, 3, "rc1", "500", 3]),
    "@scope.pkg@1.0a+build-code": ("@scope.pkg", "1.0a (build-code)", None, [1, 0, 0, "a", "build-code", 2]),
    "pkg@1.2.3.04": ("pkg", "1.2.3.04", None, [1, 2, 3, None, None, 4]),
    "a" * 40: (None, "a" * 12, "a" * 40, None),
    "pkg@" + "b" * 40: ("pkg", "b" * 12, "b" * 40, None),
    "pkg@1.0a+" + "c" * 40: ("pkg", "1.0a (cccccccccccc)", "c" * 40, [1, 0, 0, "a", "c" * 40, 2]),
    "1.2.3": (None, "1.2.3", None, None),
    "anything": (None, "anything", None, None),
}  # fmt: skip


@pytest.mark.parametrize("version", INFO)
def test_version_info(api: Api, own: Tenant, session: Session, version: str) -> None:
    package, description, build_hash, parts = INFO[version]
    make_release(session, own.repository, own.project, version)
    session.commit()

    info = api.read(f"{RELEASES}{version}/")["versionInfo"]
    told = info.pop("version")
    assert info == {"package": package, "description": description, "buildHash": build_hash}
    assert told.pop("raw") == version.removeprefix(f"{package}@")
    keys = ("major", "minor", "patch", "pre", "buildCode", "components")
    assert told == (dict(zip(keys, parts, strict=True)) if parts else {})
