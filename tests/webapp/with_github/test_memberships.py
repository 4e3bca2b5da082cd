"""Who sees which organization, as what, and until when: as GitHub says at the moment."""

from __future__ import annotations

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from demo.github import Account
from models import (
    IdentityKind,
    IdentityState,
    Installation,
    InstallationShare,
    Member,
    MemberIdentity,
    MemberRole,
    Organization,
    RoleSource,
    User,
)
from tests.clock import Clock
from tests.factories import make_author, make_issue, make_organization, make_project
from tests.webapp.with_github.conftest import Browser, OpenBrowser, Place


def test_everybody_sees_their_own_organizations_alone(
    browser: OpenBrowser, place: Place, acme: Account, ana: Account, bob: Account
) -> None:
    github = place.github
    others = github.account("others", type="Organization")
    github.join(acme, ana)
    github.join(others, bob)
    for account in (acme, others):
        place.install(account)

    first, second = browser(ana), browser(bob)

    assert (first.sees("acme"), first.sees("others")) == (200, 404)
    assert (second.sees("acme"), second.sees("others")) == (404, 200)
    assert "others" not in first.get("/").text
    assert place.standing(ana, "acme") == ("member", "github", True)
    assert place.audit("acme", "member_joined") == [("member_joined", "ana", "member")]


def test_members_find_the_issues_that_are_theirs(
    browser: OpenBrowser, session: Session, place: Place, acme: Account, ana: Account
) -> None:
    place.github.join(acme, ana)
    place.install(acme)
    organization = session.scalars(select(Organization).where(Organization.slug == "acme")).one()
    author = make_author(session, organization, email="ana@home.example", login="Ana")
    project = make_project(session, organization, "till")
    make_issue(session, project, title="Mine", assigned_to=author.email)
    make_issue(session, project, title="Of nobody")
    session.commit()

    page = browser(ana).get("/o/acme/issues/?q=assigned:me").text

    assert "Mine" in page
    assert "Of nobody" not in page


def test_members_do_not_administer(
    browser: OpenBrowser, place: Place, acme: Account, ana: Account
) -> None:
    place.github.join(acme, ana)
    place.install(acme)

    assert not browser(ana).may_administer()


def test_the_account_itself_is_an_admin(browser: OpenBrowser, place: Place, ana: Account) -> None:
    place.github.repository("ana", "web")
    place.install(ana)
    browser(ana)

    assert place.standing(ana, "ana") == ("admin", "account", True)


def test_whoever_installed_it_is_an_admin_and_others_are_not(
    browser: OpenBrowser, place: Place, acme: Account, ana: Account, bob: Account
) -> None:
    for user in (ana, bob):
        place.github.join(acme, user, "admin")
    place.install(acme, by=ana)

    assert browser(ana).may_administer()
    assert not browser(bob).may_administer()  # an owner, but nobody tells us
    assert place.standing(ana, "acme") == ("admin", "installer", True)


def test_owners_are_admins_where_github_tells_roles(
    browser: OpenBrowser, place: Place, acme: Account, ana: Account, bob: Account
) -> None:
    github = place.github
    github.join(acme, ana, "admin")
    github.join(acme, bob)
    asked = {**github.app.permissions, "members": "read"}
    place.install(acme, permissions=asked)

    assert browser(ana).may_administer()
    assert not browser(bob).may_administer()
    assert place.standing(ana, "acme") == ("admin", "github", True)


def test_an_invitation_makes_nobody_an_owner(
    browser: OpenBrowser, place: Place, acme: Account, ana: Account
) -> None:
    place.install(acme, permissions={**place.github.app.permissions, "members": "read"})
    place.github.invite(acme, ana, "admin")

    assert browser(ana).sees("acme") == 404


def test_a_role_follows_github(
    browser: OpenBrowser, place: Place, acme: Account, ana: Account, clock: Clock
) -> None:
    github = place.github
    github.join(acme, ana)
    place.install(acme, permissions={**github.app.permissions, "members": "read"})
    visitor = browser(ana)
    assert not visitor.may_administer()

    github.join(acme, ana, "admin")
    assert not visitor.may_administer()  # not asked again so soon
    clock.advance(minutes=15)
    assert visitor.may_administer()
    github.join(acme, ana)
    clock.advance(minutes=15)
    assert not visitor.may_administer()

    lines = place.audit("acme", "member_role_changed")
    assert [role for _, _, role in lines] == ["admin", "member"]


def test_who_left_the_organization_is_out_within_a_quarter_of_an_hour(
    visitor: Browser, place: Place, acme: Account, ana: Account, clock: Clock
) -> None:
    place.github.leave(acme, ana)
    assert visitor.sees("acme") == 200
    clock.advance(minutes=15)

    assert visitor.sees("acme") == 404
    assert place.standing(ana, "acme") == ("member", "github", False)

    place.github.join(acme, ana)
    clock.advance(minutes=15)
    assert visitor.sees("acme") == 200
    assert [kind for kind, _, _ in place.audit("acme", "member_joined", "member_left")] == [
        "member_joined",
        "member_left",
        "member_joined",
    ]


def test_who_comes_to_a_closed_door_is_asked_for_at_once(
    browser: OpenBrowser, place: Place, acme: Account, ana: Account, clock: Clock
) -> None:
    place.install(acme)
    visitor = browser(ana)
    assert visitor.sees("acme") == 404
    place.github.join(acme, ana)
    place.github.reset_calls()
    assert visitor.sees("acme") == 404  # not twice within a minute
    assert place.github.count_calls("/user") == 0
    clock.advance(minutes=1)

    assert visitor.sees("acme") == 200


def test_asking_on_request(browser: OpenBrowser, place: Place, acme: Account, ana: Account) -> None:
    place.install(acme)
    visitor = browser(ana)
    place.github.join(acme, ana)

    assert visitor.post("/account/check").status_code == 303

    assert "acme" in visitor.get("/account").text


def test_an_uninstalled_app_shows_nothing_any_more(
    browser: OpenBrowser, place: Place, acme: Account, ana: Account, clock: Clock
) -> None:
    place.github.join(acme, ana)
    installed = place.install(acme)
    visitor = browser(ana)
    place.github.uninstall(installed)
    place.settle()
    clock.advance(minutes=15)

    assert visitor.sees("acme") == 404


def test_sharing_an_installation_shows_nobody_anything(
    browser: OpenBrowser, place: Place, acme: Account, ana: Account, session: Session
) -> None:
    place.github.join(acme, ana)
    place.install(acme)
    labs = make_organization(session, "labs")
    installation = session.scalars(select(Installation)).one()
    session.add(
        InstallationShare(
            installation_id=installation.id,
            organization_id=labs.id,
            created_at=installation.created_at,
        )
    )
    session.commit()
    visitor = browser(ana)

    assert (visitor.sees("acme"), visitor.sees("labs")) == (200, 404)


def member_of(session: Session, who: Account) -> Member:
    return session.scalars(
        select(Member).join(User, User.id == Member.user_id).where(User.github_id == who.id)
    ).one()


def test_an_appointed_role_is_never_changed(
    visitor: Browser, place: Place, acme: Account, ana: Account, clock: Clock, session: Session
) -> None:
    member = member_of(session, ana)
    member.role, member.role_source = MemberRole.admin, RoleSource.appointed
    session.commit()
    clock.advance(minutes=15)
    assert visitor.may_administer()

    place.github.leave(acme, ana)
    clock.advance(minutes=15)
    assert visitor.sees("acme") == 404  # access was GitHub's to give

    place.github.join(acme, ana)
    clock.advance(minutes=15)
    assert visitor.may_administer()


def test_an_appointed_outsider_stays_until_an_admin_says_otherwise(
    browser: OpenBrowser,
    place: Place,
    acme: Account,
    bob: Account,
    clock: Clock,
    session: Session,
) -> None:
    place.install(acme)
    visitor = browser(bob)
    organization = session.scalars(select(Organization)).one()
    session.add(
        Member(
            organization_id=organization.id,
            user_id=session.scalars(select(User.id)).one(),
            name="bob",
            role_source=RoleSource.appointed,
            created_at=clock(),
        )
    )
    session.commit()
    for _ in range(2):
        clock.advance(minutes=15)
        assert visitor.sees("acme") == 200

    session.execute(update(Member).values(ended_at=clock(), ended_reason="removed by an admin"))
    session.commit()
    place.github.join(acme, bob)
    clock.advance(minutes=15)
    assert visitor.sees("acme") == 404  # a removal by an admin holds


def test_somebody_written_down_before_is_the_same_member(
    browser: OpenBrowser,
    place: Place,
    acme: Account,
    ana: Account,
    clock: Clock,
    session: Session,
) -> None:
    place.install(acme)
    organization = session.scalars(select(Organization)).one()
    member = Member(
        organization_id=organization.id,
        name="Ana",
        role_source=RoleSource.written_down,
        created_at=clock(),
    )
    session.add(member)
    session.flush()
    session.add(
        MemberIdentity(
            organization_id=organization.id,
            member_id=member.id,
            kind=IdentityKind.login,
            value="ana",
            state=IdentityState.confirmed,
            created_at=clock(),
        )
    )
    session.commit()
    place.github.join(acme, ana)
    place.github.app.permissions["email_addresses"] = "read"
    browser(ana)

    session.expire_all()
    assert member_of(session, ana).id == member.id
    rows = session.scalars(select(MemberIdentity).order_by(MemberIdentity.value))
    assert [(row.value, str(row.state), row.member_id) for row in rows] == [
        ("ana", "verified", member.id),
        ("ana@acme.example", "verified", member.id),
    ]


def test_many_installations_come_in_pages(
    browser: OpenBrowser, place: Place, ana: Account, session: Session
) -> None:
    github = place.github
    for number in range(101):
        account = github.account(f"org{number}", type="Organization")
        github.join(account, ana)
        github.install(account)
    github.queued[:] = github.queued[-1:]  # we know of the last one only
    place.settle()

    assert browser(ana).sees("org100") == 200
    assert github.count_calls("/user/installations") == 2
