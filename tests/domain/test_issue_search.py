"""What people type to find issues: everything that means something, and a reason for the rest."""

from __future__ import annotations

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.errors import InvalidError
from domain.issue_search import parse_search
from domain.people import write_down
from domain.people_identities import add_identity
from domain.provenance import Why
from models import Issue, IssueRelease, IssueStatus
from tests.factories import (
    NOW,
    make_author,
    make_issue,
    make_organization,
    make_project,
    make_release,
    make_repository,
)


@pytest.fixture
def issues(session: Session) -> int:
    """Ana's id as a member. Carts are open and of nobody, the shop is resolved and of Ana, seen in web@2.4.1 (v2.4.1)."""
    organization = make_organization(session)
    project = make_project(session, organization, "web")
    repository = make_repository(session, organization)
    member = write_down(session, organization.id, "Ana", why=Why(NOW, actor="root"))
    add_identity(session, member, "@ana", why=Why(NOW, actor="root"))
    ana = make_author(
        session,
        organization,
        email="ana@acme.example",
        login="Ana",
        member_id=member.id,
        matched_by="confirmed",
    )
    make_issue(session, project, title="cart")
    shop = make_issue(
        session, project, title="shop", status=IssueStatus.resolved, assigned_to=ana.email
    )
    make_issue(session, project, title="cart: x", status=IssueStatus.ignored, level="fatal")
    release = make_release(session, repository, project, "web@2.4.1", tag="v2.4.1")
    session.add(
        IssueRelease(
            issue_id=shop.id,
            release_id=release.id,
            first_seen=NOW,
            last_seen=NOW,
            event_count=1,
        )
    )
    session.flush()
    return member.id


SEARCHES = {
    "is:muted": ["cart: x"],
    "!is:resolved": ["cart", "cart: x"],
    "!is:resolved !is:ignored": ["cart"],
    "cart !level:fatal": ["cart"],
    "!cart": ["shop"],
    '!"cart: x"': ["cart", "shop"],
    "!assigned:ana": ["cart", "cart: x"],
    "!assigned:none": ["shop"],
    "assigned:me": ["shop"],
    "!assigned:me": ["cart", "cart: x"],
    "release:web@2.4.1": ["shop"],
    "release:v2.4.1": ["shop"],
    "!release:v2.4.1": ["cart", "cart: x"],
    "cart: x": ["cart: x"],
    "!": [],
    '"is:resolved"': [],
    "colour:red": [],
}


@pytest.mark.parametrize("text", SEARCHES)
def test_finds(session: Session, issues: int, text: str) -> None:
    search = parse_search(text, me=issues)
    found = session.scalars(select(Issue.title).where(*search.conditions()))
    assert sorted(found) == SEARCHES[text]


def test_me_is_nobody_where_nobody_is_known(session: Session, issues: int) -> None:
    found = session.scalars(select(Issue).where(*parse_search("assigned:me").conditions()))
    assert list(found) == []


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (
            "is:new",
            "“is:new” finds nothing: is: takes unresolved, resolved, ignored, inbox, bookmarked, muted",
        ),
        (
            "!is:x",
            "“is:x” finds nothing: is: takes unresolved, resolved, ignored, inbox, bookmarked, muted",
        ),
        ("level:bad", "“level:bad” finds nothing: level: takes fatal, error, warning, info, debug"),
        ("cart is:", "“is:” lacks what is looked for, as in is:unresolved"),
        ('release:""', '“release:""” lacks what is looked for, as in release:web@1.2.0'),
    ],
)
def test_what_can_find_nothing_is_refused(text: str, reason: str) -> None:
    with pytest.raises(InvalidError) as refused:
        parse_search(text)
    assert str(refused.value) == reason
