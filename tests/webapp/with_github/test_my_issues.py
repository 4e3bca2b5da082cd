"""Whoever signed in with GitHub is somebody: issues can be theirs."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from models import Member, Organization, Project
from tests.factories import make_author, make_issue
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
