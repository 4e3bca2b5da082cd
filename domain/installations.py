"""Which organization an installation belongs to, and linking it to another.

The webhook makes an organization of its own for an installation that comes unannounced. If an
admin began the installation from an organization that exists, that one shall have it. What the
first has by then is what the import can make again, as long as nobody has put anything into it: so
it is not moved but made anew, and the first organization goes.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ColumnElement, delete, exists, select, update
from sqlalchemy.orm import Session

from domain.errors import InvalidError, NotFoundError
from domain.memberships import CHECKED_EVERY
from domain.organizations import lock_organization
from domain.provenance import Why, record_activity
from domain.work import make_due
from models import (
    Activity,
    ApiToken,
    Deploy,
    Head,
    HeadOrigin,
    Installation,
    InstallationShare,
    Issue,
    LoginLink,
    Member,
    Organization,
    Project,
    ReceivedEvent,
    Release,
    Repository,
    RepositoryProject,
    RoleSource,
    Team,
    User,
    Work,
    WorkKind,
)

OF_REPOSITORIES = (WorkKind.history, WorkKind.gaps, WorkKind.heads)


def find_installation(session: Session, github_id: int) -> Installation | None:
    """The installation with GitHub's id, unless it was removed."""
    return session.scalar(
        select(Installation).where(
            Installation.github_id == github_id, Installation.deleted_at.is_(None)
        )
    )


def link_installation(
    session: Session, installation_id: int, organization_id: int, why: Why
) -> None:
    """Give the installation to the organization; its repositories are listed and imported there.

    That the person may administer both is the caller's to know. Raises NotFoundError, and
    InvalidError where the organization that has it holds more than the import can make again.
    Repeatable; flushes, does not commit.
    """
    installation = session.scalar(
        select(Installation)
        .where(Installation.id == installation_id, Installation.deleted_at.is_(None))
        .with_for_update()
    )
    if installation is None:
        raise NotFoundError("no such installation")
    if installation.organization_id == organization_id:
        return
    home_id = installation.organization_id
    for locked in sorted((home_id, organization_id)):  # one order, so that nobody waits in a circle
        lock_organization(session, locked)
    slug = session.get_one(Organization, home_id).slug
    found = list_blockers(session, home_id, but=installation.id)
    if found:
        raise InvalidError(
            f"{installation.account_login} belongs to the organization {slug}, which has "
            f"{_in_words(found)}. Nothing was changed: unlink it there first, or go on there."
        )
    installation.organization_id = organization_id
    session.flush()
    _dissolve(session, home_id, why.now)
    record_activity(
        session,
        why,
        "installation_linked",
        organization_id=organization_id,
        data={"account": installation.account_login, "from": slug},
    )
    make_due(
        session,
        WorkKind.repositories,
        subject_id=installation.id,
        organization_id=organization_id,
        at=why.now,
    )


def list_blockers(session: Session, organization_id: int, *, but: int) -> list[str]:
    """What people and programs have put into the organization, in words; empty: nothing.

    *but* is the installation that may leave it. Releases out of tags, and members whom GitHub
    lists, are made again wherever it goes.
    """
    of = Installation.organization_id == organization_id
    checks: list[tuple[str, ColumnElement[bool]]] = [
        ("another installation", exists().where(of, Installation.id != but)),
        ("repositories of others", _shares(organization_id, but)),
        ("issues", exists().where(Issue.organization_id == organization_id)),
        ("events", _events(organization_id)),
        ("projects made by hand", _unfed(organization_id)),
        ("releases that clients made", _stated(organization_id)),
        ("deploys", _deploys(organization_id)),
        ("API tokens", exists().where(ApiToken.organization_id == organization_id)),
        ("sign-in links", exists().where(LoginLink.organization_id == organization_id)),
        ("teams", exists().where(Team.organization_id == organization_id)),
        ("members whom an admin appointed", _appointed(organization_id)),
        ("settings that people changed", _decided(organization_id)),
    ]
    row = session.execute(select(*(check for _, check in checks))).one()
    return [words for (words, _), is_there in zip(checks, row, strict=True) if is_there]


def _shares(organization_id: int, but: int) -> ColumnElement[bool]:
    return exists().where(
        (InstallationShare.organization_id == organization_id)
        | (InstallationShare.installation_id == but)
    )


def _events(organization_id: int) -> ColumnElement[bool]:
    return exists().where(
        ReceivedEvent.project_id == Project.id, Project.organization_id == organization_id
    )


def _unfed(organization_id: int) -> ColumnElement[bool]:
    fed = exists().where(RepositoryProject.project_id == Project.id)
    return exists().where(Project.organization_id == organization_id, ~fed)


def _stated(organization_id: int) -> ColumnElement[bool]:
    """A release without any head out of a tag was made by a client, an event or a person."""
    tagged = exists().where(Head.release_id == Release.id, Head.origin == HeadOrigin.tag)
    stated = exists().where(Head.release_id == Release.id, Head.origin != HeadOrigin.tag)
    return exists().where(Release.organization_id == organization_id, ~tagged | stated)


def _deploys(organization_id: int) -> ColumnElement[bool]:
    return exists().where(
        Deploy.release_id == Release.id, Release.organization_id == organization_id
    )


def _appointed(organization_id: int) -> ColumnElement[bool]:
    return exists().where(
        Member.organization_id == organization_id,
        Member.role_source.in_((RoleSource.appointed, RoleSource.written_down)),
    )


def _decided(organization_id: int) -> ColumnElement[bool]:
    return exists().where(
        Activity.organization_id == organization_id,
        Activity.actor.is_not(None),
    )


def _dissolve(session: Session, organization_id: int, now: datetime) -> None:
    """Remove an organization that nobody has put anything into, and the work on its repositories.

    Its members are asked for again at their next page: they may be of the other one by now.
    """
    repositories = select(Repository.id).where(Repository.organization_id == organization_id)
    session.execute(
        delete(Work).where(Work.kind.in_(OF_REPOSITORIES), Work.subject_id.in_(repositories))
    )
    members = select(Member.user_id).where(Member.organization_id == organization_id)
    session.execute(
        update(User)
        .where(User.id.in_(members), User.memberships_at.is_not(None))
        .values(memberships_at=now - CHECKED_EVERY)
    )
    session.execute(delete(Organization).where(Organization.id == organization_id))
    session.expire_all()


def _in_words(things: list[str]) -> str:
    *most, last = things
    return f"{', '.join(most)} and {last}" if most else last
