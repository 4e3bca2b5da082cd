"""What people decide on an issue's page, with forms that need no JavaScript."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from domain.provenance import Why
from domain.teams import delete_team
from models import Activity, IgnoreCondition, Issue, IssueStatus, Organization, Team
from tests.clock import Clock
from tests.factories import NOW, make_author, make_issue, make_organization
from tests.webapp.conftest import SignIn, csrf_token
from tests.webapp.tenants import Tenant, furnish

Decide = Callable[..., TestResponse]


@pytest.fixture
def tenant(session: Session, organization: Organization) -> Tenant:
    return furnish(session, organization)


@pytest.fixture
def issue(session: Session, tenant: Tenant) -> Issue:
    issue = make_issue(session, tenant.project)
    session.commit()
    return issue


@pytest.fixture
def decide(member: FlaskClient, issue: Issue, session: Session) -> Decide:
    """Press a button of the page of `WEB-2`; the page that follows."""

    def decide(decision: str, **more: str) -> TestResponse:
        page = member.get("/o/acme/issues/WEB-2").text
        assert f'value="{decision}"' in page
        answer = member.post(
            "/o/acme/issues/WEB-2/decide",
            data={"csrf_token": csrf_token(page), "decision": decision, **more},
        )
        assert (answer.status_code, answer.location) == (303, "/o/acme/issues/WEB-2")
        session.refresh(issue)
        session.commit()  # lets the application write again
        return member.get("/o/acme/issues/WEB-2")

    return decide


def test_resolved_and_opened_again(decide: Decide, issue: Issue, session: Session) -> None:
    page = decide("resolve")
    assert (issue.status, issue.is_inbox) == (IssueStatus.resolved, False)
    assert 'value="resolve"' not in page.text
    assert "By a member of the organization." in page.text

    decide("open")
    assert issue.status == IssueStatus.unresolved
    kinds = session.scalars(select(Activity.kind).where(Activity.issue_id == issue.id))
    assert sorted(kinds) == ["resolved", "unresolved"]


@pytest.mark.parametrize("decision", ["resolve-in-newest", "resolve-in-next"])
def test_resolved_by_a_release(decide: Decide, issue: Issue, decision: str) -> None:
    page = decide(decision)

    assert issue.status == IssueStatus.resolved
    assert "/o/acme/releases/web@1.0.0" in page.text


def test_a_project_without_releases_offers_none(
    member: FlaskClient, session: Session, tenant: Tenant, issue: Issue
) -> None:
    session.delete(session.merge(tenant.release))
    session.commit()
    page = member.get("/o/acme/issues/WEB-2").text

    assert 'value="resolve"' in page
    assert "resolve-in" not in page
    for decision in ("resolve-in-newest", "resolve-in-next"):
        form = {"csrf_token": csrf_token(page), "decision": decision}
        assert member.post("/o/acme/issues/WEB-2/decide", data=form).status_code == 400


def test_ignored(decide: Decide, issue: Issue, session: Session, clock: Clock) -> None:
    assert "Ignored for good." in decide("ignore").text
    assert issue.status == IssueStatus.ignored

    decide("open")
    for decision, days in (("ignore-for-a-day", 1), ("ignore-for-a-week", 7)):
        assert "Ignored until" in decide(decision).text
        session.expire_all()
        [condition] = session.scalars(select(IgnoreCondition))
        assert condition.until == clock() + timedelta(days=days)
        session.commit()  # lets the application write again
        decide("open")


@pytest.mark.parametrize(
    ("decision", "words"),
    [
        ("ignore-for-ten-events", "Ignored until 10 more events."),
        ("ignore-for-hundred-in-a-day", "Ignored until 100 more events within a day."),
        ("ignore-for-ten-people", "Ignored until 10 more people."),
    ],
)
def test_ignored_until_something_happens(decide: Decide, decision: str, words: str) -> None:
    assert words in decide(decision).text


def test_taken_out_of_the_inbox(decide: Decide, issue: Issue) -> None:
    page = decide("take-out")
    assert (issue.status, issue.is_inbox) == (IssueStatus.unresolved, False)
    assert 'value="take-out"' not in page.text

    decide("ignore")
    assert 'value="take-out"' in decide("open").text


def test_bookmarked(decide: Decide, issue: Issue) -> None:
    page = decide("bookmark")
    assert issue.is_bookmarked
    assert "★ bookmarked" in page.text
    assert 'value="bookmark"' not in page.text

    assert issue.status == IssueStatus.unresolved
    assert "★" not in decide("remove-bookmark").text


def test_assigned(
    decide: Decide, issue: Issue, session: Session, organization: Organization
) -> None:
    author = make_author(session, organization, name="Bo <b>")
    session.commit()
    page = decide("assign", person=author.email)
    assert issue.assigned_to == author.email
    assert f'<option value="user:{author.email}" selected>Bo &lt;b&gt;' in page.text

    decide("assign", person="")
    assert issue.assigned_to is None


def test_assigned_to_a_member_or_a_team(decide: Decide, issue: Issue, tenant: Tenant) -> None:
    page = decide("assign", person=f"user:{tenant.member.id}").text
    assert (issue.assigned_member_id, issue.assigned_team_id) == (tenant.member.id, None)
    assert f"Assigned to <bdi>{tenant.member.name}</bdi>" in page
    assert f"<strong>Assigned</strong> to <bdi>{tenant.member.name}</bdi>." in page

    page = decide("assign", person=f"team:{tenant.team.id}").text
    assert (issue.assigned_member_id, issue.assigned_team_id) == (None, tenant.team.id)
    assert f"Assigned to the team <bdi>{tenant.team.name}</bdi>" in page
    assert f"<strong>Assigned</strong> to the team <bdi>{tenant.team.name}</bdi>." in page
    assert f'<option value="team:{tenant.team.id}" selected>' in page


def test_of_whom_a_link_lets_in_nobody_knows_who_it_is(decide: Decide, member: FlaskClient) -> None:
    assert "Assign to me" not in member.get("/o/acme/issues/WEB-2").text
    assert "/issues/WEB-2" not in member.get("/o/acme/issues/?q=assigned:me").text


def test_a_team_that_goes_says_so_in_its_issues(
    decide: Decide, issue: Issue, tenant: Tenant, session: Session, member: FlaskClient
) -> None:
    decide("assign", person=f"team:{tenant.team.id}")
    team = session.get_one(Team, tenant.team.id)
    delete_team(session, team, why=Why(NOW, source="person", actor="ana"))
    session.commit()

    page = member.get("/o/acme/issues/WEB-2").text
    assert "· Assigned to nobody" in page
    assert f"the team <bdi>{tenant.team.name}</bdi> was deleted." in page


@pytest.mark.parametrize(
    "form",
    [{}, {"decision": "x"}, {"decision": "assign", "person": "nobody@there.example"}],
    ids=["nothing", "no decision", "a stranger"],
)
def test_what_cannot_be_decided(
    member: FlaskClient, issue: Issue, session: Session, form: dict[str, str]
) -> None:
    token = csrf_token(member.get("/o/acme/issues/WEB-2").text)
    answer = member.post("/o/acme/issues/WEB-2/decide", data={"csrf_token": token, **form})

    assert answer.status_code == 400
    session.refresh(issue)
    assert (issue.status, issue.assigned_to) == (IssueStatus.unresolved, None)


def test_a_form_of_another_site_decides_nothing(
    member: FlaskClient, issue: Issue, session: Session
) -> None:
    answer = member.post("/o/acme/issues/WEB-2/decide", data={"decision": "resolve"})

    assert answer.status_code == 400
    session.refresh(issue)
    assert issue.status == IssueStatus.unresolved


def test_nobody_decides_for_another_organization(
    member: FlaskClient, sign_in: SignIn, session: Session, issue: Issue
) -> None:
    stranger = sign_in(make_organization(session, "strangers"))
    token = csrf_token(stranger.get("/").text)
    form = {"csrf_token": token, "decision": "resolve"}

    assert stranger.post("/o/acme/issues/WEB-2/decide", data=form).status_code == 404
    assert stranger.post("/o/strangers/issues/WEB-2/decide", data=form).status_code == 404
    session.refresh(issue)
    assert issue.status == IssueStatus.unresolved
