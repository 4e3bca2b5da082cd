"""People: who signs in with GitHub, what they are in an organization, and how commits name them."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import BigInteger, Enum, ForeignKey, String, Text, UniqueConstraint, false
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base


class User(Base):
    """A GitHub account whose owner has signed in, known by GitHub's id; the login may change.

    Tokens are encrypted (`domain/secret_box.py`). `memberships_at` is when GitHub was last asked
    which installations the account reaches, `checking_until` the end of the lease of whoever asks
    right now, `check_failed_at` when that was last in vain. An operator has redeemed the server's set-up link.
    `takes_issues`: wishes to be assigned the issues that their commits name.
    """

    __tablename__ = "user_account"

    id: Mapped[int] = mapped_column(primary_key=True)
    github_id: Mapped[int] = mapped_column(BigInteger, unique=True)
    login: Mapped[str] = mapped_column(String(128))
    name: Mapped[str] = mapped_column(String(128), default="")
    is_operator: Mapped[bool] = mapped_column(default=False, server_default=false())
    access_token: Mapped[str | None] = mapped_column(Text)
    access_expires_at: Mapped[datetime | None]
    refresh_token: Mapped[str | None] = mapped_column(Text)
    refresh_expires_at: Mapped[datetime | None]
    memberships_at: Mapped[datetime | None]
    checking_until: Mapped[datetime | None]
    check_failed_at: Mapped[datetime | None]
    takes_issues: Mapped[bool] = mapped_column(default=False, server_default=false())
    created_at: Mapped[datetime]


class UserSession(Base):
    """A browser that signed in with GitHub; only the SHA-256 of what its cookie holds is kept.

    When the row is gone, so is the session, whatever cookie a browser still has.
    """

    __tablename__ = "user_session"

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(
        ForeignKey("user_account.id", ondelete="CASCADE"), index=True
    )
    token_sha256: Mapped[str] = mapped_column(String(64), unique=True)
    user_agent: Mapped[str] = mapped_column(String(256), default="")
    created_at: Mapped[datetime]
    last_used_at: Mapped[datetime]  # exact to some minutes
    expires_at: Mapped[datetime]


class SetupLink(Base):
    """The server's own one-time link, of which only the SHA-256 is kept.

    The row of a used link stands for the session that it began, as with sign-in links.
    """

    __tablename__ = "setup_link"

    id: Mapped[int] = mapped_column(primary_key=True)
    token_sha256: Mapped[str] = mapped_column(String(64), unique=True)
    created_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class MemberRole(StrEnum):
    admin = "admin"
    member = "member"


class RoleSource(StrEnum):
    """Why a member has the role: what GitHub says, or who decided."""

    github = "github"  # reaches the installation, or is an owner where GitHub tells us
    account = "account"  # the installation is on this very account
    installer = "installer"  # installed the App
    operator = "operator"  # redeemed the server's set-up link
    appointed = "appointed"  # an admin said so; nothing automatic changes it
    written_down = "written down"  # made by an admin, for somebody who has never signed in


class Member(Base):
    """A person in an organization; `user_id` is None for one who has never signed in.

    `listed_since`: GitHub lists an installation of the organization for them; None: access rests
    on an admin's word alone. `ended_at`: GitHub no longer does, or an admin removed them. The row
    stays, because timelines and commits speak of it.
    """

    __tablename__ = "member"
    __table_args__ = (UniqueConstraint("organization_id", "user_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    organization_id: Mapped[int] = mapped_column(
        ForeignKey("organization.id", ondelete="CASCADE"), index=True
    )
    user_id: Mapped[int | None] = mapped_column(
        ForeignKey("user_account.id", ondelete="CASCADE"), index=True
    )
    name: Mapped[str] = mapped_column(String(128))
    role: Mapped[MemberRole] = mapped_column(
        Enum(MemberRole, native_enum=False, length=16), default=MemberRole.member
    )
    role_source: Mapped[RoleSource] = mapped_column(
        Enum(RoleSource, native_enum=False, length=16), default=RoleSource.github
    )
    created_at: Mapped[datetime]
    listed_since: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    ended_reason: Mapped[str | None] = mapped_column(Text)


class IdentityKind(StrEnum):
    email = "email"
    login = "login"


class IdentityState(StrEnum):
    """Verified by GitHub, confirmed by an admin, or no more than a guess."""

    verified = "verified"
    confirmed = "confirmed"
    guessed = "guessed"


class MemberIdentity(Base):
    """An e-mail address or GitHub login by which commits name a member; lower case."""

    __tablename__ = "member_identity"
    __table_args__ = (UniqueConstraint("organization_id", "kind", "value"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    organization_id: Mapped[int] = mapped_column(ForeignKey("organization.id", ondelete="CASCADE"))
    member_id: Mapped[int] = mapped_column(ForeignKey("member.id", ondelete="CASCADE"), index=True)
    kind: Mapped[IdentityKind] = mapped_column(Enum(IdentityKind, native_enum=False, length=16))
    value: Mapped[str] = mapped_column(String(256))
    state: Mapped[IdentityState] = mapped_column(Enum(IdentityState, native_enum=False, length=16))
    created_at: Mapped[datetime]


class Team(Base):
    """A named group of members, which may own projects."""

    __tablename__ = "team"
    __table_args__ = (UniqueConstraint("organization_id", "slug"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    organization_id: Mapped[int] = mapped_column(ForeignKey("organization.id", ondelete="CASCADE"))
    slug: Mapped[str] = mapped_column(String(64))
    name: Mapped[str] = mapped_column(String(128))
    created_at: Mapped[datetime]


class TeamMember(Base):
    __tablename__ = "team_member"

    team_id: Mapped[int] = mapped_column(
        ForeignKey("team.id", ondelete="CASCADE"), primary_key=True
    )
    member_id: Mapped[int] = mapped_column(
        ForeignKey("member.id", ondelete="CASCADE"), primary_key=True, index=True
    )


class TeamProject(Base):
    __tablename__ = "team_project"

    team_id: Mapped[int] = mapped_column(
        ForeignKey("team.id", ondelete="CASCADE"), primary_key=True
    )
    project_id: Mapped[int] = mapped_column(
        ForeignKey("project.id", ondelete="CASCADE"), primary_key=True, index=True
    )
