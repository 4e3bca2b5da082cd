"""Whoever signed in with GitHub is somebody: issues can be theirs."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.commits import CommitData, record_commits
from domain.identity import AuthorKey
from domain.issue_links import link_commits
from domain.provenance import Why
from models import Issue, Member, Organization, Project, Repository, User
from tests.factories import NOW, make_author, make_issue, make_sha
from tests.webapp.with_github.conftest import Browser

ISSUE = "/o/acme/issues/WEB-1"


def found(visitor: Browser, search: str) -> bool:
    page = visitor.client.get("/o/acme/issues/", query_string={"q": search})
    return f'href="{ISSUE}"' in page.text


def test_assigned_to_me(visitor: Browser, session: Session) -> None:
    make_issue(session, session.scalars(select(Project)).one())
    session.commit()
    assert ">Assign to me<" in visitor.get(ISSUE).text
    assert not found(visitor, "assigned:me")

    visitor.post(f"{ISSUE}/decide", decision="assign-to-me")

    page = visitor.get(ISSUE).text
    assert "· Assigned to <bdi>Ana Lima</bdi>" in page
    assert "By ana." in page
    assert "Assign to me" not in page
    for search in ("assigned:me", "assigned:ana", "assigned:ANA"):
        assert found(visitor, search), search
    assert not found(visitor, "assigned:none")


def test_what_authors_are_assigned_that_are_me(visitor: Browser, session: Session) -> None:
    """As was assigned before anybody had an account."""
    organization = session.scalars(select(Organization)).one()
    author = make_author(
        session,
        organization,
        email="ana@home.example",
        member_id=session.scalars(select(Member.id)).one(),
        matched_by="confirmed",
    )
    project = session.scalars(select(Project)).one()
    make_issue(session, project, assigned_to=author.email)
    session.commit()

    assert found(visitor, "assigned:me")
    assert found(visitor, "assigned:ana@home.example")


def push(session: Session, message: str, email: str) -> int | None:
    """A commit with that message becomes known; whose the newest issue is by then."""
    repository = session.scalars(select(Repository)).one()
    author = AuthorKey(email, "Somebody")
    commit = CommitData(make_sha(), message, author, None, NOW, NOW)
    record_commits(session, repository, [commit])
    link_commits(session, repository, [commit], hosts=(), why=Why(NOW))
    session.commit()
    newest = select(Issue.assigned_member_id).order_by(Issue.id.desc()).limit(1)
    whose = session.scalars(newest).one()
    session.commit()  # lets the application write again
    return whose


def test_issues_that_my_commits_name(visitor: Browser, session: Session) -> None:
    """Only if I wish so, and only what is nobody's."""
    project = session.scalars(select(Project)).one()
    mine = f"{session.scalars(select(User.github_id)).one()}+ana@users.noreply.github.com"
    make_issue(session, project)
    session.commit()
    assert push(session, "Fixes WEB-1", mine) is None

    visitor.post("/account/issues", takes_issues="1")
    assert "checked" in visitor.get("/account").text
    for _ in range(2):
        make_issue(session, project)
    session.commit()
    assert push(session, "Fixes WEB-2", "bo@acme.example") is None
    assert push(session, "Fixes WEB-3", mine) == session.scalars(select(Member.id)).one()
    session.commit()
    page = visitor.get("/o/acme/issues/WEB-3").text
    assert "<strong>Assigned</strong> to <bdi>Ana Lima</bdi>, who wrote commit" in page
    assert "if they wish so in their account" in page

    visitor.post("/account/issues")
    assert "checked" not in visitor.get("/account").text
    make_issue(session, project)
    session.commit()
    assert push(session, "Fixes WEB-4", mine) is None
