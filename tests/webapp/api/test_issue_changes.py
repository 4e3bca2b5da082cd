"""Changing issues through the API: fields, messages, many at once, what is told of it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from models import Activity, IgnoreCondition, Issue, IssueStatus
from models.session import Database
from tests.clock import Clock
from tests.factories import make_author, make_issue, make_project, make_release
from tests.webapp.api.conftest import Api
from tests.webapp.conftest import StatementCounter
from tests.webapp.tenants import Tenant

OF_PROJECT = "/projects/acme/web/issues/"
OF_ORGANIZATION = "/organizations/acme/issues/"


@pytest.fixture
def issues(own: Tenant, session: Session) -> list[Issue]:
    """`WEB-2`, `WEB-3` and `WEB-4`, unresolved."""
    made = [make_issue(session, own.project) for _ in range(3)]
    session.commit()
    return made


def put(api: Api, path: str, **body: Any) -> TestResponse:
    return api.send("PUT", path, body)


def statuses(session: Session, issues: list[Issue]) -> list[str]:
    for issue in issues:
        session.refresh(issue)
    session.commit()
    return [issue.status.value for issue in issues]


def test_by_id(api: Api, session: Session, issues: list[Issue]) -> None:
    path = f"{OF_PROJECT}?id={issues[0].id}&id={issues[1].id}"
    answer = put(api, path, status="resolved", snoozeDuration=None)

    assert answer.status_code == 200
    assert answer.get_json() == {"status": "resolved", "statusDetails": {}, "inbox": None}
    assert statuses(session, issues) == ["resolved", "resolved", "unresolved"]
    [activity] = session.scalars(select(Activity).where(Activity.issue_id == issues[0].id))
    assert (activity.kind, activity.data["source"]) == ("resolved", "api")
    assert not issues[0].is_inbox


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ("", ["ignored", "ignored", "ignored"]),
        ("?status=unresolved", ["ignored", "ignored", "resolved"]),
        ("?status=resolved", ["unresolved", "unresolved", "ignored"]),
        ("?query=cart", ["ignored", "unresolved", "resolved"]),
        ("?query=cart&status=resolved", ["unresolved", "unresolved", "resolved"]),
    ],
)
def test_without_ids(
    api: Api, session: Session, issues: list[Issue], arguments: str, expected: list[str]
) -> None:
    issues[0].title, issues[2].status = "The cart", IssueStatus.resolved
    session.commit()
    put(api, OF_PROJECT + arguments, status="muted")

    assert statuses(session, issues) == expected


def test_nothing_matches(api: Api, issues: list[Issue], other: Tenant) -> None:
    for ids in ("999999", 30 * "9", str(other.issue.id)):
        answer = put(api, f"{OF_ORGANIZATION}?id={ids}", status="resolved")
        assert (answer.status_code, answer.data) == (204, b"")


def test_ids_that_cannot_be_used(
    api: Api, own: Tenant, session: Session, issues: list[Issue]
) -> None:
    several = "&".join(f"id={number}" for number in range(1001))
    for query, words in [
        ("id=WEB-1", "An id of an issue is a number."),
        ("id=", "An id of an issue is a number."),
        (f"id={issues[0].id}&id=", "An id of an issue is a number."),
        ("status=", "invalid value for status"),
        (several, "At most 1000 issues can be named."),
        ("status=lost", "invalid value for status"),
    ]:
        answer = put(api, f"{OF_ORGANIZATION}?{query}", status="resolved")
        assert (answer.status_code, answer.get_json()) == (400, {"detail": words})
    assert set(statuses(session, issues)) == {"unresolved"}


def test_in_a_release(api: Api, own: Tenant, session: Session, issues: list[Issue]) -> None:
    make_release(
        session,
        own.repository,
        own.project,
        "web@2.0.0",
        released_at=None,
        created_at=issues[0].created_at + timedelta(days=1),
    )
    session.commit()
    for issue, name, version in zip(
        issues,
        ("web@1.0.0", "v1.0.0", "latest"),
        ("web@1.0.0", "web@1.0.0", "web@2.0.0"),
        strict=True,
    ):
        details = {"inRelease": name}
        answer = put(api, f"{OF_PROJECT}?id={issue.id}", status="resolved", statusDetails=details)
        assert answer.get_json()["statusDetails"]["inRelease"] == version
        told = api.read(f"/issues/{issue.id}/")
        assert told["statusDetails"]["inRelease"] == version


@pytest.mark.parametrize(
    "body",
    [
        {"status": "resolvedInNextRelease"},
        {"status": "resolved", "statusDetails": {"inNextRelease": True}},
    ],
    ids=["status", "details"],
)
def test_in_the_next_release(api: Api, issues: list[Issue], body: dict[str, Any]) -> None:
    answer = put(api, f"{OF_PROJECT}?id={issues[0].id}", **body)

    assert answer.get_json()["status"] == "resolved"
    assert answer.get_json()["statusDetails"]["inNextRelease"] is True


def test_in_a_commit(api: Api, own: Tenant, session: Session, issues: list[Issue]) -> None:
    [sha] = [one["id"] for one in api.read("/organizations/acme/releases/web@1.0.0/commits/")][:1]
    details = {"inCommit": {"commit": sha.upper(), "repository": "ACME/xyzzy"}}
    answer = put(api, "/issues/WEB-2/", status="resolved", statusDetails=details)

    assert answer.status_code == 200
    assert statuses(session, issues[:1]) == ["resolved"]


def in_commit(commit: str = "x", repository: str = "acme/xyzzy") -> dict[str, Any]:
    return {"inCommit": {"commit": commit, "repository": repository}}


REFUSED: dict[str, tuple[dict[str, Any], Any]] = {
    "unknown release": (
        {"status": "resolved", "statusDetails": {"inRelease": "web@9"}},
        {"statusDetails": {"inRelease": ["Unable to find a release with the given version."]}},
    ),
    "unknown repository": (
        {"status": "resolved", "statusDetails": in_commit(repository="acme/x")},
        {"statusDetails": {"inCommit": {"repository": ["Unable to find the given repository."]}}},
    ),
    "unknown commit": (
        {"status": "resolved", "statusDetails": in_commit()},
        {"statusDetails": {"inCommit": {"commit": ["Unable to find the given commit."]}}},
    ),
    "half a commit": (
        {"status": "resolved", "statusDetails": {"inCommit": {"commit": "x"}}},
        {"statusDetails": {"inCommit": {"repository": ["This field is required."]}}},
    ),
    "a stranger": (
        {"assignedTo": "nobody@there.example"},
        {"assignedTo": ["Cannot assign to non-team member"]},
    ),
    "no team": ({"assignedTo": "team:99"}, {"assignedTo": ["Cannot assign to non-team member"]}),
    "the team of everybody": (
        {"assignedTo": "team:0"},
        {"assignedTo": ["Cannot assign to non-team member"]},
    ),
    "no time at all": (
        {"status": "ignored", "statusDetails": {"ignoreDuration": 0}},
        {"statusDetails": {"ignoreDuration": ["Ensure this value is greater than or equal to 1."]}},
    ),
}


@pytest.mark.parametrize(("body", "messages"), REFUSED.values(), ids=REFUSED)
def test_what_is_refused_changes_nothing(
    api: Api, session: Session, issues: list[Issue], body: dict[str, Any], messages: Any
) -> None:
    for path in (f"{OF_PROJECT}?id={issues[0].id}", "/issues/WEB-2/"):
        answer = put(api, path, **{"isBookmarked": True, **body})
        assert (answer.status_code, answer.get_json()) == (400, messages)
    assert statuses(session, issues) == 3 * ["unresolved"]
    assert not issues[0].is_bookmarked
    assert (
        session.scalar(select(func.count(Activity.id)).where(Activity.issue_id == issues[0].id))
        == 0
    )


@pytest.mark.parametrize("details", [{"inRelease": "web@1.0.0"}, {"inNextRelease": True}])
def test_several_projects_have_no_release_in_common(
    api: Api, own: Tenant, session: Session, issues: list[Issue], details: dict[str, Any]
) -> None:
    make_issue(session, make_project(session, own.organization, "shop"))
    session.commit()
    answer = put(api, OF_ORGANIZATION, status="resolved", statusDetails=details)

    words = {"detail": "Cannot set resolved for multiple projects."}
    assert (answer.status_code, answer.get_json()) == (400, words)
    assert statuses(session, issues) == 3 * ["unresolved"]
    assert put(api, OF_ORGANIZATION, status="resolved").status_code == 200


def test_a_project_without_releases_has_no_next_one(
    api: Api, own: Tenant, session: Session
) -> None:
    issue = make_issue(session, make_project(session, own.organization, "shop"))
    session.commit()
    answer = put(api, f"/issues/{issue.id}/", status="resolvedInNextRelease")

    words = "No release data present in the system to form a basis for 'Next Release'"
    assert answer.status_code == 400
    assert answer.get_json() == {"statusDetails": {"inNextRelease": [words]}}


def test_what_is_resolved_already_stays_as_it_is(api: Api, own: Tenant, session: Session) -> None:
    before = api.read("/issues/WEB-1/")["statusDetails"]
    put(api, "/issues/WEB-1/", status="resolved")

    assert api.read("/issues/WEB-1/")["statusDetails"] == before
    kinds = session.scalars(select(Activity.kind).where(Activity.issue_id == own.issue.id)).all()
    assert "resolved" not in kinds


def test_ignored_until(api: Api, session: Session, issues: list[Issue], clock: Clock) -> None:
    details = {"ignoreDuration": 30, "ignoreCount": 5, "ignoreWindow": 10}
    answer = put(api, f"{OF_PROJECT}?id={issues[0].id}", status="ignored", statusDetails=details)

    until = (clock() + timedelta(minutes=30)).isoformat().replace("+00:00", "Z")
    told = answer.get_json()["statusDetails"]
    assert (told["ignoreUntil"], told["ignoreCount"], told["ignoreWindow"]) == (until, 5, 10)
    assert api.read("/issues/WEB-2/")["statusDetails"] == told
    put(api, "/issues/WEB-2/", status="ignored")  # now for good
    assert api.read("/issues/WEB-2/")["statusDetails"] == {}
    put(api, "/issues/WEB-3/", status="muted", snoozeDuration=30)
    assert session.scalars(select(IgnoreCondition.issue_id)).all() == [issues[1].id]


def test_other_fields(api: Api, own: Tenant, session: Session, issues: list[Issue]) -> None:
    make_author(session, own.organization, email="bo@acme.example", login="Bo")
    session.commit()
    for name in ("bo@acme.example", "user:BO@acme.example", "bo", "user:bo"):
        put(api, "/issues/WEB-2/", assignedTo=None)
        told = put(api, "/issues/WEB-2/", assignedTo=name).get_json()
        assert told["assignedTo"]["email"] == told["assignedTo"]["id"] == "bo@acme.example"
    told = put(
        api,
        "/issues/WEB-2/",
        isBookmarked=True,
        inbox=False,
        hasSeen=True,
        isSubscribed=True,
        isPublic=False,
        priority="high",
        substatus="ongoing",
        unheardOf=1,
    ).get_json()
    assert (told["isBookmarked"], told["inbox"]) == (True, None)
    assert told["assignedTo"]["email"] == "bo@acme.example"  # what is not named stays
    told = put(api, f"{OF_PROJECT}?id={issues[0].id}", assignedTo="", hasSeen=True).get_json()
    assert told == {"assignedTo": None}


def test_an_issue_of_others_is_not_changed(
    api: Api, own: Tenant, other: Tenant, session: Session
) -> None:
    other.issue.status = IssueStatus.unresolved
    session.commit()
    put(api, OF_ORGANIZATION, status="ignored")
    assert put(api, f"/issues/{other.issue.id}/", status="ignored").status_code == 404

    assert statuses(session, [other.issue]) == ["unresolved"]


def test_an_issue_more_costs_a_few_statements(
    api: Api, own: Tenant, session: Session, database: Database
) -> None:
    def cost(number: int) -> int:
        made = [make_issue(session, own.project) for _ in range(number)]
        session.commit()
        path = OF_PROJECT + "?" + "&".join(f"id={issue.id}" for issue in made)
        counter = StatementCounter()
        with counter.on(database):
            assert put(api, path, status="resolved", assignedTo=None).status_code == 200
        assert statuses(session, made) == number * ["resolved"]
        return len(counter.statements)

    first, second, third = cost(1), cost(11), cost(21)
    assert third - second <= second - first + 1
    assert (third - second) / 10 <= 6
