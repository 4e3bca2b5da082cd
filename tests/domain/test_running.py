from __future__ import annotations

import random
from datetime import datetime, timedelta

import pytest
from sqlalchemy.orm import Session

from domain.running import Running, Stay, list_environments_of_releases, list_running, list_stays
from models import Deploy, Environment, Organization, Project
from tests.factories import (
    NOW,
    make_deploy,
    make_environment,
    make_organization,
    make_project,
    make_release,
    make_repository,
)


class Places:
    """Projects web and api, releases 1.0 to 3.0 in both, environments by name."""

    def __init__(self, session: Session, organization: Organization) -> None:
        self.session, self.organization = session, organization
        self.web = make_project(session, organization, "web")
        self.api = make_project(session, organization, "api")
        repository = make_repository(session, organization)
        self.releases = {
            version: make_release(session, repository, self.web, version)
            for version in ("1.0", "2.0", "3.0")
        }

    def environment(self, name: str) -> Environment:
        return make_environment(self.session, self.organization, name)

    def deploy(self, version: str, hour: int, *projects: Project, to: str = "production") -> Deploy:
        return make_deploy(
            self.session,
            self.releases[version],
            *(projects or (self.web, self.api)),
            environment=self.environment(to),
            finished_at=NOW + timedelta(hours=hour),
        )

    def stays(self, version: str) -> list[tuple[str, list[str], int, int | None]]:
        found: list[Stay] = list_stays(self.session, self.releases[version].id)
        return [
            (
                one.environment,
                one.projects,
                hours(one.since),
                None if one.until is None else hours(one.until),
            )
            for one in found
        ]

    def running(self) -> list[tuple[str, str, str, int]]:
        return [
            (one.project, one.environment, one.version, hours(one.deployed_at))
            for one in list_running(self.session, self.organization.id)
        ]


def hours(moment: datetime) -> int:
    return (moment - NOW) // timedelta(hours=1)


@pytest.fixture
def places(session: Session) -> Places:
    return Places(session, make_organization(session, "acme"))


def test_nothing_runs_before_the_first_deploy(places: Places, session: Session) -> None:
    assert places.running() == []
    assert places.stays("1.0") == []
    assert list_environments_of_releases(session, [places.releases["1.0"].id]) == {}


def test_the_last_deploy_says_what_runs(places: Places, session: Session) -> None:
    places.deploy("1.0", 1)
    places.deploy("2.0", 2)
    places.deploy("1.0", 3, places.api, to="staging")

    assert places.running() == [
        ("api", "production", "2.0", 2),
        ("api", "staging", "1.0", 3),
        ("web", "production", "2.0", 2),
    ]
    first, second, third = places.releases.values()
    named = list_environments_of_releases(session, [first.id, second.id, third.id])
    assert named == {first.id: ["staging"], second.id: ["production"]}
    of_web = list_running(session, places.organization.id, project_ids=[places.web.id])
    assert of_web == [
        Running("web", "production", "2.0", second.id, NOW + timedelta(hours=2)),
    ]


def test_a_release_stays_until_another_comes(places: Places) -> None:
    places.deploy("1.0", 1)
    places.deploy("1.0", 2)  # again: the same stay
    places.deploy("1.0", 3, to="staging")
    assert places.stays("1.0") == [
        ("staging", ["api", "web"], 3, None),
        ("production", ["api", "web"], 1, None),
    ]

    places.deploy("2.0", 5, places.web)
    assert places.stays("1.0") == [
        ("staging", ["api", "web"], 3, None),
        ("production", ["api"], 1, None),
        ("production", ["web"], 1, 5),
    ]
    places.deploy("1.0", 7, places.web)  # rolled back: a stay of its own
    assert places.stays("1.0")[0] == ("production", ["web"], 7, None)
    assert places.stays("2.0") == [("production", ["web"], 5, 7)]


def test_of_two_deploys_at_once_the_later_told_counts(places: Places) -> None:
    places.deploy("1.0", 1, places.web)
    places.deploy("2.0", 1, places.web)

    assert places.running() == [("web", "production", "2.0", 1)]
    assert places.stays("1.0") == [("production", ["web"], 1, 1)]


def test_other_organizations_do_not_count(places: Places, session: Session) -> None:
    other = Places(session, make_organization(session, "others"))
    places.deploy("1.0", 1)
    other.deploy("2.0", 2)

    assert {row[2] for row in places.running()} == {"1.0"}
    assert {row[2] for row in other.running()} == {"2.0"}


@pytest.mark.parametrize("seed", range(8))
def test_the_order_of_telling_makes_no_difference(session: Session, seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311
    told = [
        (chance.choice(["1.0", "2.0", "3.0"]), hour, chance.choice(["production", "staging"]))
        for hour in range(12)
    ]
    found = []
    for _ in range(2):
        places = Places(session, make_organization(session))
        for version, hour, environment in told:
            places.deploy(version, hour, places.web, to=environment)
        found.append((places.running(), [places.stays(version) for version in places.releases]))
        chance.shuffle(told)
    assert found[0] == found[1]
    told.sort(key=lambda one: one[1])
    last = {environment: (version, hour) for version, hour, environment in told}
    assert found[0][0] == [("web", name, *last[name]) for name in sorted(last)]
