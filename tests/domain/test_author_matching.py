"""Which member an author is: what says so, in which order, and what is only a guess."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from domain.author_matching import NOBODY, match_authors
from domain.commits import CommitData, record_commits
from domain.errors import AlreadyExistsError, InvalidError, NotFoundError
from domain.identity import AuthorKey
from domain.memberships import NO_LONGER_LISTED, Listed, apply_listing, list_user_memberships
from domain.people import (
    LAST_ADMIN,
    appoint,
    get_member,
    merge_members,
    remove,
    take_back,
    write_down,
)
from domain.people_identities import add_identity, confirm_author, drop_identity, open_author
from domain.provenance import Why
from models import (
    Activity,
    Author,
    IdentityState,
    Installation,
    Member,
    MemberIdentity,
    MemberRole,
    Organization,
    RoleSource,
    Team,
    TeamMember,
    User,
)
from models.session import Database
from tests.factories import (
    NOW,
    make_issue,
    make_organization,
    make_project,
    make_repository,
    make_sha,
)
from tests.webapp.conftest import StatementCounter

ADMIN = Why(NOW, source="person", actor="root")
_UNSEEN = {"synchronize_session": False}  # as if somebody else had done it


@pytest.fixture
def session(database: Database) -> Iterator[Session]:
    with Session(database.engine) as session:
        yield session


@pytest.fixture
def acme(session: Session) -> Organization:
    return make_organization(session, "acme")


def make_author(session: Session, acme: Organization, email: str, **given: object) -> Author:
    values = {"name": "", "is_bot": False} | given
    author = Author(organization_id=acme.id, email=email, **values)
    session.add(author)
    session.flush()
    return author


def make_member(
    session: Session, acme: Organization, name: str, *, github_id: int | None = None
) -> Member:
    user_id = None
    if github_id is not None:
        user = User(github_id=github_id, login=name, name=f"{name} Lima", created_at=NOW)
        session.add(user)
        session.flush()
        user_id = user.id
    member = Member(
        organization_id=acme.id,
        user_id=user_id,
        name=name,
        role=MemberRole.member,
        role_source=RoleSource.github,
        created_at=NOW,
    )
    session.add(member)
    session.flush()
    return member


def who(session: Session, author: Author) -> tuple[int | None, str | None]:
    session.refresh(author)
    return author.member_id, author.matched_by


@pytest.mark.parametrize(
    ("email", "given", "says"),
    [
        ("ana@acme.example", {}, "confirmed"),
        ("7+ana-old@users.noreply.github.com", {}, "verified"),
        ("ana@users.noreply.github.com", {}, "confirmed"),
        ("else@acme.example", {"login": "Ana"}, "confirmed"),
        ("else@acme.example", {"github_id": 7}, "verified"),
        ("else@acme.example", {"name": "ANA  lima"}, "guessed"),
        ("else@acme.example", {"name": "Bob"}, None),
        ("else@acme.example", {"name": "ana Lima", "is_bot": True}, None),
    ],
)
def test_what_says_who_an_author_is(
    session: Session, acme: Organization, email: str, given: dict[str, object], says: str | None
) -> None:
    ana = make_member(session, acme, "ana", github_id=7)
    add_identity(session, ana, "Ana@Acme.example", why=ADMIN)
    add_identity(session, ana, "@ana", why=ADMIN)
    author = make_author(session, acme, email, **given)

    match_authors(session, acme.id)

    assert who(session, author) == (ana.id if says else None, says)


def test_a_name_that_two_members_have_is_no_guess(session: Session, acme: Organization) -> None:
    make_member(session, acme, "ana", github_id=7)
    other = make_member(session, acme, "ana2", github_id=8)
    session.get_one(User, other.user_id).name = "ana Lima"
    author = make_author(session, acme, "x@y.example", name="Ana Lima")
    match_authors(session, acme.id)
    assert who(session, author) == (None, None)


def test_members_of_other_organizations_are_nobody_here(
    session: Session, acme: Organization
) -> None:
    other = make_organization(session, "other")
    ana = make_member(session, other, "ana", github_id=7)
    add_identity(session, ana, "ana@acme.example", why=ADMIN)
    author = make_author(session, acme, "ana@acme.example", github_id=7)
    match_authors(session, acme.id)
    assert who(session, author) == (None, None)


def test_authors_of_new_commits_are_matched_at_once(session: Session, acme: Organization) -> None:
    ana = write_down(session, acme.id, "Ana", why=ADMIN)
    add_identity(session, ana, "ana@acme.example", why=ADMIN)
    repository = make_repository(session, acme)
    commit = CommitData(make_sha(), "Change", author=AuthorKey("ana@acme.example", "A."))
    record_commits(session, repository, [commit])
    author = session.scalars(select(Author)).one()
    assert who(session, author) == (ana.id, "confirmed")


def test_what_an_admin_says_stays_and_can_be_taken_back(
    session: Session, acme: Organization
) -> None:
    ana = write_down(session, acme.id, "Ana Lima", why=ADMIN)
    author = make_author(session, acme, "a@old.example", name="Ana Lima")
    match_authors(session, acme.id)
    assert who(session, author) == (ana.id, "guessed")

    confirm_author(session, author, None, why=ADMIN)
    match_authors(session, acme.id)
    assert who(session, author) == (None, NOBODY)

    open_author(session, author, why=ADMIN)
    assert who(session, author) == (ana.id, "guessed")

    confirm_author(session, author, ana, why=ADMIN)
    assert who(session, author) == (ana.id, "confirmed")
    identity = session.scalars(select(MemberIdentity)).one()
    assert (identity.value, identity.state) == ("a@old.example", IdentityState.confirmed)

    drop_identity(session, ana, identity.id, why=ADMIN)
    assert who(session, author) == (ana.id, "guessed")
    said = [
        (line.data["subject"], line.data["before"], line.data["after"])
        for line in session.scalars(select(Activity).order_by(Activity.id))
    ]
    assert said == [
        ("Ana Lima", None, "written down"),
        ("a@old.example", "guessed", "nobody"),
        ("a@old.example", "nobody", None),
        ("a@old.example", None, "Ana Lima"),
        ("a@old.example", "Ana Lima", None),
    ]


def test_an_address_goes_from_one_member_to_another(session: Session, acme: Organization) -> None:
    ana = write_down(session, acme.id, "Ana", why=ADMIN)
    bob = write_down(session, acme.id, "Bob", why=ADMIN)
    author = make_author(session, acme, "dev@acme.example")
    add_identity(session, ana, "dev@acme.example", why=ADMIN)
    add_identity(session, bob, "dev@acme.example", why=ADMIN)
    assert who(session, author) == (bob.id, "confirmed")
    assert session.scalars(select(MemberIdentity.member_id)).all() == [bob.id]


@pytest.mark.parametrize("text", ["", "@", "a b", "a@", "@b.example", "-ana", "ana@x@y", "x" * 300])
def test_what_is_neither_an_address_nor_a_login_is_refused(
    session: Session, acme: Organization, text: str
) -> None:
    ana = write_down(session, acme.id, "Ana", why=ADMIN)
    with pytest.raises(InvalidError):
        add_identity(session, ana, text, why=ADMIN)
    assert session.scalars(select(MemberIdentity)).all() == []


def test_two_that_are_one_are_merged(session: Session, acme: Organization) -> None:
    ana = make_member(session, acme, "ana", github_id=7)
    old = write_down(session, acme.id, "Ana of old", why=ADMIN)
    add_identity(session, old, "a@old.example", why=ADMIN)
    author = make_author(session, acme, "a@old.example")
    teams = [
        Team(organization_id=acme.id, slug=slug, name=slug, created_at=NOW) for slug in ("x", "y")
    ]
    session.add_all(teams)
    session.flush()
    for team, members in zip(teams, ([ana, old], [old]), strict=True):
        session.add_all(TeamMember(team_id=team.id, member_id=one.id) for one in members)
    session.flush()
    match_authors(session, acme.id)
    project = make_project(session, acme, "web")
    issue = make_issue(session, project, assigned_member_id=old.id)

    merge_members(session, ana, old, why=ADMIN)

    session.refresh(issue)
    assert issue.assigned_member_id == ana.id
    assert who(session, author) == (ana.id, "confirmed")
    assert session.scalars(select(Member.id)).all() == [ana.id]
    assert sorted(session.scalars(select(TeamMember.team_id))) == [team.id for team in teams]


def test_merging_takes_over_the_account(session: Session, acme: Organization) -> None:
    written = write_down(session, acme.id, "Ana", why=ADMIN)
    signed_in = make_member(session, acme, "ana-l", github_id=7)
    merge_members(session, written, signed_in, why=ADMIN)
    assert written.user_id is not None
    other = make_member(session, acme, "bob", github_id=8)
    with pytest.raises(InvalidError, match="account of their own"):
        merge_members(session, written, other, why=ADMIN)
    with pytest.raises(InvalidError):
        merge_members(session, written, written, why=ADMIN)


def test_asking_github_again_looks_at_no_author_unless_something_is_new(
    session: Session, acme: Organization, database: Database
) -> None:
    """There may be fifty thousand of them, and everybody's memberships are asked for all day."""
    session.add(
        Installation(
            organization_id=acme.id,
            github_id=5,
            account_id=6,
            account_login="acme",
            created_at=NOW,
        )
    )
    user = User(github_id=7, login="ana", name="Ana Lima", created_at=NOW)
    session.add(user)
    author = make_author(session, acme, "else@acme.example", github_id=7)
    mailed = make_author(session, acme, "ana@acme.example")

    def look(**news: Any) -> int:
        with StatementCounter().on(database) as counter:
            given: dict[str, Any] = {"emails": [], "now": NOW, **news}
            apply_listing(session, user, [Listed(5)], **given)
        return sum("FROM author" in one for one in counter.statements)

    assert look() == 1
    assert who(session, author)[1] == "verified"
    assert look() == 0
    assert look(emails=["Ana@acme.example"]) == 1
    assert who(session, mailed)[1] == "verified"
    assert look(emails=["ana@acme.example"]) == 0
    user.login = "ana-l"
    assert look() == 1
    assert look(signs_in=True) == 1


def test_merging_opens_no_door_that_was_closed(session: Session, acme: Organization) -> None:
    """Commits of somebody who left are merged with who they were written down as: for names alone."""
    left, removed = (make_member(session, acme, name, github_id=i) for i, name in enumerate("lr"))
    left.ended_at, left.ended_reason = NOW, NO_LONGER_LISTED
    remove(session, removed, why=ADMIN)
    for gone in (left, removed):
        kept = write_down(session, acme.id, f"{gone.name} of old", why=ADMIN)
        ended = (gone.ended_at, gone.ended_reason)

        merge_members(session, kept, gone, why=ADMIN)

        assert (kept.ended_at, kept.ended_reason) == ended
        user_id = kept.user_id or 0
        assert list_user_memberships(session, user_id, login="x") == []


def test_merging_keeps_what_access_rests_on(session: Session, acme: Organization) -> None:
    """Who is listed by GitHub today is out once GitHub lists nothing; an admin stays one."""
    listed = make_member(session, acme, "ana", github_id=7)
    listed.role, listed.role_source = MemberRole.admin, RoleSource.account
    listed.listed_since = NOW
    kept = write_down(session, acme.id, "Ana Lima", why=ADMIN)
    merge_members(session, kept, listed, why=ADMIN)
    assert (kept.role, kept.role_source) == (MemberRole.admin, RoleSource.account)

    user = session.get_one(User, kept.user_id)
    apply_listing(session, user, [], emails=[], now=NOW)

    assert kept.ended_reason == NO_LONGER_LISTED


def test_merging_keeps_what_an_admin_said_of_either(session: Session, acme: Organization) -> None:
    ana = make_member(session, acme, "ana", github_id=7)
    appointed = write_down(session, acme.id, "Ana Lima", why=ADMIN)
    appoint(session, appointed, "admin", why=ADMIN)
    merge_members(session, appointed, ana, why=ADMIN)
    assert (appointed.role, appointed.role_source) == (MemberRole.admin, RoleSource.appointed)

    bob = make_member(session, acme, "bob", github_id=8)
    removed = write_down(session, acme.id, "Bob Lima", why=ADMIN)
    remove(session, removed, why=ADMIN)
    merge_members(session, removed, bob, why=ADMIN)
    assert removed.ended_reason == "removed by root"

    gone = write_down(session, acme.id, "Ana who was removed", why=ADMIN)
    remove(session, gone, why=ADMIN)
    with pytest.raises(InvalidError, match=LAST_ADMIN):
        merge_members(session, gone, appointed, why=ADMIN)


def test_who_was_merged_meanwhile_is_not_found(database: Database) -> None:
    """Two admins have the same page open; what one of them does, the other does too late."""
    with database.transaction() as session:
        acme = make_organization(session, "acme")
        ana, old = (write_down(session, acme.id, name, why=ADMIN) for name in ("Ana", "A."))
    with database.transaction() as session:
        here = [session.get_one(Member, one.id) for one in (ana, old)]
        session.execute(delete(Member).where(Member.id == old.id), execution_options=_UNSEEN)
        with pytest.raises(NotFoundError):
            merge_members(session, *here, why=ADMIN)
        with pytest.raises(NotFoundError):
            appoint(session, here[1], "admin", why=ADMIN)
        with pytest.raises(NotFoundError):
            remove(session, here[1], why=ADMIN)
        with pytest.raises(NotFoundError):
            take_back(session, here[1], why=ADMIN)


def test_the_last_admin_stays(session: Session, acme: Organization) -> None:
    ana = make_member(session, acme, "ana", github_id=7)
    bob = make_member(session, acme, "bob", github_id=8)
    appoint(session, ana, "admin", why=ADMIN)
    with pytest.raises(InvalidError, match=LAST_ADMIN):
        appoint(session, ana, "member", why=ADMIN)
    with pytest.raises(InvalidError, match=LAST_ADMIN):
        remove(session, ana, why=ADMIN)
    appoint(session, bob, "admin", why=ADMIN)
    remove(session, ana, why=ADMIN)
    assert (ana.ended_at, ana.ended_reason) == (NOW, "removed by root")
    remove(session, ana, why=Why(NOW + timedelta(days=1), source="person"))
    assert ana.ended_at == NOW
    take_back(session, ana, why=ADMIN)
    session.refresh(ana)
    assert (ana.ended_at is None, ana.role_source) == (True, RoleSource.appointed)


def test_who_is_no_member_here_is_not_found(session: Session, acme: Organization) -> None:
    ana = make_member(session, make_organization(session, "other"), "ana")
    with pytest.raises(NotFoundError):
        get_member(session, acme.id, ana.id)
    with pytest.raises(InvalidError):
        appoint(session, ana, "owner", why=ADMIN)
    write_down(session, acme.id, "Ana", why=ADMIN)
    with pytest.raises(AlreadyExistsError):
        write_down(session, acme.id, "ana", why=ADMIN)
