"""The resolution policy: saved by admins, previewed without changing anything."""

from __future__ import annotations

import re

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from domain.keywords import STANDARD
from models import IssueLink, Organization
from models.session import Database
from tests.clock import Clock
from tests.factories import (
    make_commit,
    make_issue,
    make_project,
    make_pull_request,
    make_repository,
)
from tests.webapp.conftest import StatementCounter
from tests.webapp.settings.conftest import Lines, Post

PAGE = "/o/acme/settings/resolution/"
PREVIEW = f"{PAGE}preview"


def checked(page: str) -> list[str]:
    return re.findall(r'name="word" type="checkbox" value="(\w+)" checked', page)


def test_words_and_pull_requests_are_saved_with_a_line_each(
    admin: FlaskClient, session: Session, organization: Organization, post: Post, lines: Lines
) -> None:
    before = admin.get(PAGE).text
    assert checked(before) == list(STANDARD)
    assert "from now on" in before

    answer = post(admin, PAGE, word=["fix", "fixes"], own="Behebt, löst\nships")

    assert (answer.status_code, answer.location) == (303, PAGE)
    session.refresh(organization)
    assert organization.resolution_keywords == ["fix", "fixes", "behebt", "löst", "ships"]
    assert organization.reads_pull_requests is False
    assert [data["setting"] for _, data in lines()] == [
        "words that claim a fix",
        "pull requests count",
    ]
    after = admin.get(PAGE).text
    assert checked(after) == ["fix", "fixes"]
    assert "behebt löst ships</textarea>" in after
    assert "Saved." in after


def test_the_standard_words_are_no_setting_of_its_own(
    admin: FlaskClient, session: Session, organization: Organization, post: Post, lines: Lines
) -> None:
    organization.resolution_keywords = ["ships"]
    session.commit()

    post(admin, PAGE, word=list(STANDARD), pull_requests="1")

    session.refresh(organization)
    keywords: object = organization.resolution_keywords
    assert keywords is None
    assert len(lines()) == 1


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({}, "Choose or enter at least one word."),
        ({"own": "be_hebt"}, "“be_hebt” is no word"),
        ({"word": "fix", "own": "(a+)+"}, "is no word"),
        ({"own": "x" * 5000}, "at most 4000 characters"),
        ({"own": " ".join(f"w{n}" for n in range(31))}, "At most 30 words"),
    ],
    ids=["none", "underscore", "pattern", "long", "many"],
)
@pytest.mark.parametrize("address", [PAGE, PREVIEW])
def test_what_is_no_word_is_refused_and_stays_to_be_corrected(
    admin: FlaskClient,
    session: Session,
    organization: Organization,
    post: Post,
    lines: Lines,
    address: str,
    fields: dict[str, str],
    says: str,
) -> None:
    answer = post(admin, address, **fields)

    assert answer.status_code == 400
    assert says in answer.text
    assert checked(answer.text) == ([fields["word"]] if "word" in fields else [])
    session.refresh(organization)
    assert organization.resolution_keywords is None
    assert lines() == []


def test_a_preview_shows_what_would_differ_and_changes_nothing(
    admin: FlaskClient,
    session: Session,
    database: Database,
    organization: Organization,
    post: Post,
    lines: Lines,
    clock: Clock,
) -> None:
    repository = make_repository(session, organization, "acme/web")
    issue = make_issue(session, make_project(session, organization, "web"), title="<Cart>")
    now = clock.at
    gone = make_commit(session, repository, message="Closes WEB-1", committed_at=now)
    make_pull_request(session, repository, number=7, title="Behebt WEB-1", updated_at=now)
    session.commit()

    counter = StatementCounter()
    with counter.on(database):
        page = post(admin, PREVIEW, word="fix", own="behebt", pull_requests="1").text

    assert "Looked at 1 commit and 1 pull request" in page
    assert "<strong>1 link</strong> would appear, <strong>1 link</strong> would not" in page
    for part in ("&lt;Cart&gt;", "Behebt WEB-1", "Closes WEB-1", gone.sha[:10], "#7"):
        assert part in page
    assert checked(page) == ["fix"]
    assert len(counter.statements) <= 14
    assert session.scalar(select(func.count()).select_from(IssueLink)) == 0
    session.refresh(organization)
    assert organization.resolution_keywords is None
    assert lines() == []
    assert issue.id


def test_a_preview_of_what_holds_says_so(admin: FlaskClient, post: Post) -> None:
    page = post(admin, PREVIEW, word=list(STANDARD), pull_requests="1").text
    assert "This is what holds now" in page
    assert "Looked at 0 commits and 0 pull requests" in page


def test_members_look_but_do_not_change(
    member: FlaskClient, session: Session, organization: Organization, post: Post
) -> None:
    page = member.get(PAGE).text
    assert "disabled" in page
    assert "Preview" not in page
    for address in (PAGE, PREVIEW):
        assert post(member, address, word="fix").status_code == 403
    session.refresh(organization)
    assert organization.resolution_keywords is None
