from __future__ import annotations

import pytest
from sqlalchemy.orm import Session

from models import Organization
from tests.clock import Clock
from tests.events import digest, make_event
from tests.factories import NOW
from tests.webapp.api.conftest import Api, links_of
from tests.webapp.tenants import Tenant

PATH = "/organizations/acme/release-doctor/"


def test_nothing_to_put_right(api: Api, organization: Organization) -> None:
    assert api.read(PATH) == []


def test_findings_as_programs_read_them(
    api: Api, own: Tenant, session: Session, clock: Clock
) -> None:
    events = [make_event(release=name) for name in ("1.0.0", "1.0.0", None)]
    digest(session, own.project.id, events, now=clock())
    session.commit()

    assert api.read(PATH) == [
        {
            "project": "web",
            "release": "1.0.0",
            "problem": "“1.0.0” lacks the package before the version.",
            "candidates": ["web@1.0.0"],
            "events": 2,
            "fix": 'Set the SDK\'s option to release="web@1.0.0".',
        },
        {
            "project": "web",
            "release": None,
            "problem": "Events of the last 14 days say no release.",
            "candidates": [],
            "events": 1,
            "fix": 'Set the SDK\'s option “release” to what is deployed, such as release="web@1.0.0".',
        },
    ]


def test_the_list_is_paged(api: Api, own: Tenant, session: Session) -> None:
    names = ["1.0.0", "v1.0.0+5", "Web@1.0.0"]
    digest(session, own.project.id, [make_event(release=name) for name in names], now=NOW)
    session.commit()

    pages = list(api.pages(PATH, per_page=2))

    assert [[one["release"] for one in page] for page in pages] == [
        ["1.0.0", "Web@1.0.0"],
        ["v1.0.0+5"],
    ]
    assert links_of(api.get(PATH))["next"]["results"] == "false"


@pytest.mark.parametrize("name", ["v1.0.0", "xyzzy", "web@1.0.0"])
def test_a_name_that_was_accepted_finds_its_release(api: Api, own: Tenant, name: str) -> None:
    found = api.read(f"/organizations/acme/releases/{name}/")

    assert found["version"] == "web@1.0.0"
    assert api.read(f"/projects/acme/web/releases/{name}/")["version"] == "web@1.0.0"
