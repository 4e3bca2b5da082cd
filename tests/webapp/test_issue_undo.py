"""The button on an issue's page that undoes what a machine did."""

from __future__ import annotations

import re

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.provenance import Why
from domain.resolution import sync_issues
from models import Activity, Issue, IssueStatus, Organization, Project
from tests.clock import Clock
from tests.factories import (
    make_commit,
    make_issue,
    make_link,
    make_organization,
    make_release,
    make_repository,
)
from tests.webapp.conftest import SignIn, csrf_token
from tests.webapp.tenants import furnish

PAGE = "/o/acme/issues/WEB-2"


@pytest.fixture
def issue(session: Session, organization: Organization, clock: Clock) -> Issue:
    """`WEB-2`, which a rule found fixed in `web@2.0.0`."""
    project = session.get_one(Project, furnish(session, organization).project.id)
    issue = make_issue(session, project)
    commit = make_commit(session, make_repository(session, organization))
    make_link(session, issue, commit)
    repository = make_repository(session, organization)
    fix = make_commit(session, repository)
    make_link(session, issue, fix)
    make_release(session, repository, project, "web@2.0.0", tag="v2.0.0", commits=[fix])
    sync_issues(session, [issue.id], why=Why(clock()))
    session.commit()
    assert issue.is_resolved
    return issue


def press_undo(browser: FlaskClient, session: Session, issue: Issue) -> str:
    """Press the only button of that name; the page that follows."""
    page = browser.get(PAGE).text
    [activity] = re.findall(r'name="activity" value="(\d+)"', page)
    form = {"csrf_token": csrf_token(page), "activity": activity}
    answer = browser.post(f"{PAGE}/undo", data=form)
    assert (answer.status_code, answer.location) == (303, PAGE)
    session.refresh(issue)
    session.commit()  # lets the application write again
    again = browser.post(f"{PAGE}/undo", data=form)
    assert again.status_code == 400
    assert "does not stand any more" in again.text
    return browser.get(PAGE).text


def test_undone_by_a_button(member: FlaskClient, session: Session, issue: Issue) -> None:
    page = press_undo(member, session, issue)

    assert issue.status == IssueStatus.unresolved
    assert "<strong>Undone:</strong> it does not count as fixed in <bdi>web@2.0.0</bdi>." in page
    assert "By a member of the organization." in page
    assert 'name="activity"' not in page
    query = select(Activity.kind).where(Activity.issue_id == issue.id).order_by(Activity.id)
    assert list(session.scalars(query)) == ["resolved_in_release", "undone"]


def test_the_button_says_what_it_undoes(
    member: FlaskClient, session: Session, issue: Issue
) -> None:
    page = member.get(PAGE).text

    assert re.search(r'aria-label="Undo: Resolved\s+in\s+web@2.0.0, which holds commit', page)


def test_nonsense_is_refused(member: FlaskClient, issue: Issue) -> None:
    token = csrf_token(member.get(PAGE).text)
    for activity, status in (
        ("", 400),
        ("x", 400),
        ("0", 404),
        ("9" * 18, 400),
        ("9" * 9, 404),
        ("٣", 400),
    ):
        form = {"csrf_token": token, "activity": activity}
        assert member.post(f"{PAGE}/undo", data=form).status_code == status, activity
    assert member.post(f"{PAGE}/undo", data={"activity": "1"}).status_code == 400


def test_another_organization_cannot(
    member: FlaskClient, session: Session, issue: Issue, sign_in: SignIn
) -> None:
    stranger = sign_in(make_organization(session, "other"))
    activity = session.scalars(select(Activity.id).where(Activity.issue_id == issue.id)).one()
    own = furnish(session, session.scalars(select(Organization).filter_by(slug="other")).one())
    form = {"csrf_token": csrf_token(stranger.get("/o/other/issues/").text)}
    form["activity"] = str(activity)

    assert stranger.post(f"{PAGE}/undo", data=form).status_code == 404
    assert stranger.post("/o/other/issues/WEB-1/undo", data=form).status_code == 404
    session.refresh(issue)
    assert issue.is_resolved
    assert own.issue.is_resolved
