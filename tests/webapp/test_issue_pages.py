from __future__ import annotations

import re
from datetime import timedelta
from html import unescape

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from domain.issues import short_id_of
from models import IssueStatus, Organization, PullRequest
from tests.factories import (
    NOW,
    make_activity,
    make_author,
    make_commit,
    make_issue,
    make_link,
    make_project,
    make_release,
    make_repository,
    make_resolution,
)
from tests.webapp.tenants import furnish


def test_an_issue_says_where_it_is_fixed_and_why(
    member: FlaskClient, session: Session, organization: Organization
) -> None:
    tenant = furnish(session, organization)
    pull = PullRequest(
        repository_id=tenant.repository.id, number=7, title="Cart", body="", updated_at=NOW
    )
    session.add(pull)
    session.flush()
    make_link(
        session,
        tenant.issue,
        make_commit(session, tenant.repository),
        sha=None,
        pull_request_id=pull.id,
        matched_text="closes WEB-1",
        ended_at=NOW,
        ended_reason="the text no longer names it",
    )
    make_resolution(
        session,
        tenant.issue,
        tenant.release,
        release_version="web@0.9.0",
        release_id=None,
        ended_at=NOW,
        ended_reason="the fix was reverted",
    )
    make_activity(
        session,
        organization,
        issue_id=tenant.issue.id,
        kind="resolved_in_release",
        rule="release-contains-fix",
        matched_text="Fixes WEB-1",
        delivery_id=tenant.delivery.id,
        data={"version": "web@1.0.0", "source": "delivery"},
    )
    make_activity(session, organization, issue_id=tenant.issue.id, kind="ignored", actor="Ana")
    session.commit()

    page = member.get("/o/acme/issues/WEB-1").text

    assert "resolved" in page
    assert 'href="/o/acme/releases/web@1.0.0"' in page
    assert "web@0.9.0</bdi> (a release that is gone)" in page
    assert "the fix was reverted" in page
    assert f'href="https://github.com/{tenant.repository.full_name}/pull/7"' in page
    assert "no longer counts" in page
    assert "No longer, since" in page
    assert "the text no longer names it" in page
    assert "Automatic: an issue is resolved in the first release that holds a commit" in page
    assert "Automatic: the rule a rule." in page  # one without words is shown by its name
    assert "<q><bdi>Fixes WEB-1</bdi></q>" in page
    assert f'href="/o/acme/deliveries/{tenant.delivery.guid}"' in page
    assert "By Ana." in page
    assert page.count('class="automatic"') == 2
    assert page.count('class="person"') == 1


def test_an_issue_says_in_which_series_its_fix_is_missing(
    member: FlaskClient, session: Session, organization: Organization
) -> None:
    project = make_project(session, organization, "web")
    repository = make_repository(session, organization)
    root = make_commit(session, repository, parents="", rank=0)
    fix = make_commit(session, repository, parents=root.sha, rank=1)
    other = make_commit(session, repository, parents=root.sha, rank=1)
    issue = make_issue(session, project, status=IssueStatus.resolved)
    make_link(session, issue, fix)
    fixed = make_release(session, repository, project, "web@3.0.0", commits=[fix], tag="v3.0.0")
    make_release(session, repository, project, "web@2.3.1", commits=[other], tag="v2.3.1")
    make_resolution(session, issue, fixed)
    session.commit()
    address = f"/o/acme/issues/{short_id_of(issue, project)}"

    words = " ".join(re.sub("<[^>]*>", "", member.get(address).text).split())
    assert "Missing in 2.3.x (up to web@2.3.1)." in words

    issue.status = IssueStatus.unresolved
    session.commit()
    assert "Missing in" not in member.get(address).text


@pytest.mark.parametrize("spelling", ["web-1", "WEB_1", "Web-01", "WEB%201", "WEB-I"])
def test_an_issue_is_found_in_any_spelling(
    member: FlaskClient, session: Session, organization: Organization, spelling: str
) -> None:
    furnish(session, organization)

    answer = member.get(f"/o/acme/issues/{spelling}")

    assert answer.status_code == 200
    assert "<title>WEB-1" in answer.text


@pytest.mark.parametrize("text", ["WEB-1", " web_1 "])
def test_a_search_for_a_short_id_leads_to_the_issue(
    member: FlaskClient, session: Session, organization: Organization, text: str
) -> None:
    furnish(session, organization)
    answer = member.get("/o/acme/issues/", query_string={"q": text})

    assert (answer.status_code, answer.location) == (302, "/o/acme/issues/WEB-1")
    assert member.get("/o/acme/issues/?q=WEB-9").status_code == 200


def test_a_search_that_can_find_nothing_is_kept_and_says_why(
    member: FlaskClient, session: Session, organization: Organization
) -> None:
    furnish(session, organization)

    answer = member.get("/o/acme/issues/?q=is:new&status=resolved")

    assert answer.status_code == 400
    assert (
        "“is:new” finds nothing: is: takes unresolved, resolved, ignored, inbox, bookmarked, muted."
        in answer.text
    )
    assert 'name="q" value="is:new"' in answer.text
    assert "WEB-1" not in answer.text


def test_who_has_an_issue_is_said_at_its_top(
    member: FlaskClient, session: Session, organization: Organization
) -> None:
    tenant = furnish(session, organization)
    assert "· Assigned to nobody" in member.get("/o/acme/issues/WEB-1").text

    tenant.issue.assigned_to = make_author(session, organization, name="Ana Lima").email
    session.commit()
    page = member.get("/o/acme/issues/WEB-1").text
    assert page.index("Assigned to <bdi>Ana Lima</bdi>") < page.index("<h1>")


@pytest.mark.parametrize(
    "short_id", ["WEB-2", "WEB", "1", "WEB-U", "WEB-ZZZZZZZZZZZZ", "%00", "-1", "x" * 3000]
)
def test_no_such_issue(
    member: FlaskClient, session: Session, organization: Organization, short_id: str
) -> None:
    furnish(session, organization)

    assert member.get(f"/o/acme/issues/{short_id}").status_code in (400, 404)


def test_issues_are_listed_newest_first_in_pages_by_status(
    member: FlaskClient, session: Session, organization: Organization
) -> None:
    project = make_project(session, organization, "web")
    for number in range(70):
        status = IssueStatus.resolved if number % 7 == 0 else IssueStatus.unresolved
        created_at = NOW + timedelta(minutes=number)
        make_issue(
            session, project, title=f"Number {number}.", status=status, created_at=created_at
        )
    session.commit()

    first = member.get("/o/acme/issues/").text
    second = member.get(first.split('" rel="next"')[0].rpartition('href="')[2]).text
    resolved = member.get("/o/acme/issues/?status=resolved").text

    shown = [[n for n in range(70) if f"Number {n}.<" in p] for p in (first, second, resolved)]
    assert shown == [list(range(20, 70)), list(range(20)), list(range(0, 70, 7))]
    assert first.index("Number 69.") < first.index("Number 20.")
    assert member.get("/o/acme/issues/?status=nonsense").status_code == 400


def shown(page: str) -> list[str]:
    """Short ids in the list."""
    return re.findall(r'class="short-id" href="/o/acme/issues/([^"]+)"', page)


@pytest.mark.parametrize(
    ("address", "found", "tab"),
    [
        ("", ["WEB-1", "WEB-2", "WEB-3", "WEB-4"], "all"),
        ("?status=inbox", ["WEB-1", "WEB-2"], "inbox"),
        ("?q=is:inbox", ["WEB-1", "WEB-2"], "inbox"),
        ("?status=bookmarked", ["WEB-2", "WEB-3"], "bookmarked"),
        ("?status=inbox&q=IS:Bookmarked", ["WEB-2"], "inbox"),
        ("?status=inbox&q=is:resolved", ["WEB-1"], "resolved"),
        ("?status=unresolved&q=is:resolved", ["WEB-1"], "resolved"),
        ("?status=bookmarked&sort=freq", ["WEB-2", "WEB-3"], "bookmarked"),
        ("?status=bookmarked&q=is:resolved", [], "resolved"),
        ("?q=is:bookmark", [], "all"),  # no such value, so it is text
    ],
)
def test_the_inbox_and_bookmarks_are_lists_of_their_own(
    member: FlaskClient,
    session: Session,
    organization: Organization,
    address: str,
    found: list[str],
    tab: str,
) -> None:
    project = make_project(session, organization, "web")
    make_issue(session, project, status=IssueStatus.resolved)
    make_issue(session, project, is_bookmarked=True)
    make_issue(session, project, is_bookmarked=True, is_inbox=False)
    make_issue(session, project, is_inbox=False)
    session.commit()

    page = member.get(f"/o/acme/issues/{address}").text

    assert sorted(shown(page)) == found
    assert re.findall(r'aria-current="page">(\w+)<', page)[-1:] == [tab]
    assert page.count(">bookmarked</span>") == len({"WEB-2", "WEB-3"} & set(found))


def test_a_page_of_the_inbox_leads_to_the_next_one(
    member: FlaskClient, session: Session, organization: Organization
) -> None:
    project = make_project(session, organization, "web")
    for number in range(60):
        make_issue(session, project, status=IssueStatus.resolved, is_inbox=number % 12 > 0)
    session.commit()

    first = member.get("/o/acme/issues/?status=inbox&q=is:resolved&sort=new&project=web").text
    following = unescape(first.split('" rel="next"')[0].rpartition('href="')[2])
    second = member.get(following).text

    assert (len(shown(first)), len(shown(second))) == (50, 5)
    assert following.startswith("/o/acme/issues/?status=inbox&q=is:resolved&project=web&sort=new&")


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("?status=inbox", "The inbox is empty."),
        ("?q=is:bookmarked", "No issues to show here."),
        ("?status=bookmarked", "No issue is bookmarked."),
        ("?status=inbox&q=cart", "No issues to show here."),
        ("?status=resolved", "No issues to show here."),
        ("", "No issues yet."),
    ],
)
def test_an_empty_list_says_why(member: FlaskClient, address: str, words: str) -> None:
    page = member.get(f"/o/acme/issues/{address}").text

    assert words in page
    assert 'class="bulk"' not in page
