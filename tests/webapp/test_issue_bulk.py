"""What people decide of many issues at once, on their list, with a form that needs no JavaScript."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from models import Activity, IgnoreCondition, Issue, IssueStatus, Organization
from models.session import Database
from tests.clock import Clock
from tests.factories import make_issue, make_organization, make_project
from tests.webapp.conftest import SignIn, StatementCounter, csrf_token
from tests.webapp.tenants import Tenant, furnish
from webapp.bulk_decisions import MOST_TICKED, WORDS
from webapp.decisions import DECISIONS

LIST = "/o/acme/issues/"
Apply = Callable[..., TestResponse]


@pytest.fixture
def tenant(session: Session, organization: Organization) -> Tenant:
    return furnish(session, organization)


@pytest.fixture
def issues(session: Session, tenant: Tenant) -> list[Issue]:
    """`WEB-2`, `WEB-3` and `WEB-4`, unresolved; `WEB-1` counts as fixed."""
    issues = [make_issue(session, tenant.project, event_count=n) for n in range(3)]
    session.commit()
    return issues


@pytest.fixture
def apply(member: FlaskClient, session: Session) -> Apply:
    """Send the form of the list with these issues ticked."""

    def apply(decision: str, *issues: Issue, address: str = LIST) -> TestResponse:
        page = member.get(address).text
        form = {"csrf_token": csrf_token(page), "decision": decision}
        answer = member.post(address, data={**form, "id": [str(one.id) for one in issues]})
        for issue in issues:
            session.refresh(issue)
        session.commit()  # lets the application write again
        return answer

    return apply


def said(answer: TestResponse) -> str:
    """The text of the page's one notice."""
    [notice] = re.findall(r'<div class="notice \w+" role="\w+">(.*?)</div>', answer.text, re.DOTALL)
    return " ".join(re.sub(r"<[^>]*>", "", notice).split())


def test_the_form_offers_every_decision_for_each_issue(
    member: FlaskClient, issues: list[Issue]
) -> None:
    page = member.get(LIST).text

    offered = re.findall(r'<option value="([^"]*)"', page.partition('id="decision"')[2])
    assert sorted(offered[: len(DECISIONS) + 1]) == sorted(["", *DECISIONS])
    boxes = re.findall(r'name="id" value="(\d+)"><span class="unseen">(WEB-\w+)</span>', page)
    assert {(str(issue.id), f"WEB-{issue.number}") for issue in issues} < set(boxes)
    assert re.search(r"<label[^>]*data-tick-all[^>]* hidden>", page)  # until there is a script
    assert WORDS.keys() == DECISIONS.keys()


@pytest.mark.parametrize(
    ("decision", "status", "words"),
    [
        ("resolve", "resolved", "3 issues resolved."),
        ("resolve-in-newest", "resolved", "3 issues resolved in web@1.0.0."),
        ("resolve-in-next", "resolved", "3 issues resolved in the next release."),
        ("ignore-for-a-day", "ignored", "3 issues ignored for a day."),
        ("ignore-for-ten-people", "ignored", "3 issues ignored until 10 more people meet it."),
        ("ignore", "ignored", "3 issues ignored for good."),
    ],
)
def test_many_are_decided_of(
    apply: Apply,
    member: FlaskClient,
    session: Session,
    issues: list[Issue],
    decision: str,
    status: str,
    words: str,
) -> None:
    answer = apply(decision, *issues)

    assert (answer.status_code, answer.location) == (303, LIST)
    assert said(member.get(LIST)) == words
    assert {issue.status.value for issue in issues} == {status}
    assert not any(issue.is_inbox for issue in issues)
    lines = session.scalars(select(Activity).where(Activity.kind == status)).all()
    assert [line.actor for line in lines] == 3 * ["a member of the organization"]
    conditions = session.scalars(select(IgnoreCondition)).all()
    assert len(conditions) == (3 if decision.startswith("ignore-for") else 0)


def test_what_is_so_already_is_counted_apart(
    apply: Apply, member: FlaskClient, tenant: Tenant, issues: list[Issue]
) -> None:
    apply("resolve", issues[0], tenant.issue)
    assert said(member.get(LIST)) == "1 issue resolved. 1 was resolved already."
    apply("resolve", *issues)
    assert said(member.get(LIST)) == "2 issues resolved. 1 was resolved already."
    apply("resolve", *issues)
    assert said(member.get(LIST)) == "Nothing to do. All 3 issues were resolved already."
    apply("open", issues[0])
    assert said(member.get(LIST)) == "1 issue opened again."
    assert issues[0].is_inbox
    apply("open", issues[0])
    assert said(member.get(LIST)) == "Nothing to do. The issue was open already."


def test_bookmarks_and_the_inbox(apply: Apply, member: FlaskClient, issues: list[Issue]) -> None:
    apply("bookmark", issues[0])
    apply("bookmark", *issues)
    assert said(member.get(LIST)) == "2 issues bookmarked. 1 was bookmarked already."
    assert all(issue.is_bookmarked for issue in issues)
    apply("take-out", issues[0], issues[1])
    assert said(member.get(LIST)) == "2 issues taken out of the inbox."
    assert [issue.is_inbox for issue in issues] == [False, False, True]
    assert {issue.status for issue in issues} == {IssueStatus.unresolved}
    apply("remove-bookmark", issues[1])
    assert said(member.get(LIST)) == "1 issue no longer bookmarked."
    assert [issue.is_bookmarked for issue in issues] == [True, False, True]


def test_afterwards_the_same_part_of_the_list_is_shown(
    apply: Apply, member: FlaskClient, issues: list[Issue]
) -> None:
    place = f"1-{issues[2].id}"
    address = f"{LIST}?status=inbox&q=broken+is:unresolved&project=web&sort=freq&after={place}"

    answer = apply("ignore", issues[0], address=address)

    assert answer.status_code == 303
    asked, back = (member.get(one) for one in (address, answer.location))
    assert said(asked) == "1 issue ignored for good."
    assert asked.request.args.to_dict() == back.request.args.to_dict()


@pytest.mark.parametrize(
    ("decision", "ticked", "words"),
    [
        ("resolve", 0, "No issue is selected. Tick the boxes of those that are meant."),
        ("", 3, "Choose what to do with the selected issues."),
        ("assign", 3, "Choose what to do with the selected issues."),
    ],
)
def test_a_form_that_says_too_little(
    apply: Apply, issues: list[Issue], decision: str, ticked: int, words: str
) -> None:
    answer = apply(decision, *issues[:ticked], address=f"{LIST}?status=unresolved")

    assert answer.status_code == 400
    assert said(answer) == f"Nothing was changed. {words}"
    assert answer.text.count(" checked>") == ticked
    assert {issue.status for issue in issues} == {IssueStatus.unresolved}


@pytest.mark.parametrize("decision", ["resolve-in-newest", "resolve-in-next"])
def test_what_needs_the_release_of_one_project(
    apply: Apply,
    member: FlaskClient,
    session: Session,
    organization: Organization,
    issues: list[Issue],
    decision: str,
) -> None:
    elsewhere = make_issue(session, make_project(session, organization, "shop"))
    session.commit()

    answer = apply(decision, *issues, elsewhere)
    assert answer.status_code == 400
    assert "belong to several projects" in said(answer)
    assert answer.text.count(" checked>") == 4
    assert f'<option value="{decision}" selected>' in answer.text

    answer = apply(decision, elsewhere)
    assert answer.status_code == 400
    assert "Their project has no release yet" in said(answer)
    assert {issue.status for issue in (*issues, elsewhere)} == {IssueStatus.unresolved}
    assert 'class="notice' not in member.get(LIST).text


def test_at_most_a_thousand(
    member: FlaskClient, apply: Apply, session: Session, issues: list[Issue]
) -> None:
    answer = apply("resolve", *(issues * MOST_TICKED)[: MOST_TICKED + 1])

    assert answer.status_code == 400
    assert said(answer) == "Nothing was changed. At most 1000 issues can be decided of at once."
    assert issues[0].status == IssueStatus.unresolved


@pytest.mark.parametrize("name", ["theirs", "999999", "9" * 30, "-1", "x", ""])
def test_an_issue_of_others_among_those_named(
    member: FlaskClient, session: Session, issues: list[Issue], name: str
) -> None:
    others = make_organization(session, "others")
    theirs = make_issue(session, make_project(session, others, "web"))
    session.commit()
    token = csrf_token(member.get(LIST).text)
    ids = [str(issues[0].id), str(theirs.id) if name == "theirs" else name]

    for decision in ("resolve", "bookmark"):
        form = {"csrf_token": token, "decision": decision, "id": ids}
        assert member.post(LIST, data=form).status_code == 404
    for issue in (issues[0], theirs):
        session.refresh(issue)
        assert (issue.status, issue.is_bookmarked) == (IssueStatus.unresolved, False)


def test_forms_of_other_sites_and_of_other_organizations(
    member: FlaskClient, sign_in: SignIn, session: Session, issues: list[Issue]
) -> None:
    form = {"decision": "resolve", "id": str(issues[0].id)}
    assert member.post(LIST, data=form).status_code == 400

    stranger = sign_in(make_organization(session, "strangers"))
    form["csrf_token"] = csrf_token(stranger.get("/").text)
    for slug in ("acme", "strangers"):
        assert stranger.post(f"/o/{slug}/issues/", data=form).status_code == 404
    session.refresh(issues[0])
    assert issues[0].status == IssueStatus.unresolved


def test_ignored_for_a_day_ends_after_a_day(
    apply: Apply, session: Session, issues: list[Issue], clock: Clock
) -> None:
    apply("ignore-for-a-day", *issues)

    ends = {
        (each.until - clock()).days
        for each in session.scalars(select(IgnoreCondition))
        if each.until
    }
    assert ends == {1}


def test_looking_up_many_takes_no_more_statements_than_one(
    apply: Apply, database: Database, issues: list[Issue]
) -> None:
    counts = []
    for chosen in (issues[:1], issues):
        counter = StatementCounter()
        with counter.on(database):
            apply("take-out", *chosen)
        reading = [one for one in counter.statements if one.startswith("SELECT")]
        counts.append(len(reading) - len(chosen))  # each is read again by the test itself
    assert counts[0] == counts[1]
