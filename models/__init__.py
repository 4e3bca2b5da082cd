"""Tables and their constraints; importing this package makes every table known."""

from models.alias import ReleaseAlias
from models.app import AppManifest, AppRegistration
from models.base import Base, utcnow
from models.commit import Author, Commit, CommitCoAuthor, CommitFile, CommitRelation, Span
from models.delivery import Delivery, DeliveryState
from models.deploy import Deploy, DeployProject, Environment
from models.event import (
    Event,
    IssueEnvironment,
    IssueFingerprint,
    IssueHour,
    IssueRelease,
    IssueUser,
)
from models.installation import (
    Branch,
    Installation,
    InstallationShare,
    Repository,
    RepositoryProject,
)
from models.issue import (
    Activity,
    IgnoreCondition,
    Issue,
    IssueLink,
    IssueStatus,
    PullRequest,
    Resolution,
    ResolutionKind,
)
from models.organization import LoginLink, Organization, Project, ProjectKey
from models.person import (
    IdentityKind,
    IdentityState,
    Member,
    MemberIdentity,
    MemberRole,
    RoleSource,
    SetupLink,
    Team,
    TeamMember,
    TeamProject,
    User,
    UserSession,
)
from models.received_event import ReceivedEvent, ReceivedState
from models.recovery import AppCheck, LostDelivery
from models.release import (
    GitHubRelease,
    Head,
    HeadOrigin,
    ListState,
    Release,
    ReleaseCommit,
    ReleaseProject,
    ReleaseStatus,
    Tag,
)
from models.token import ApiToken, TokenKind
from models.work import Work, WorkKind

__all__ = [
    "Activity",
    "ApiToken",
    "AppCheck",
    "AppManifest",
    "AppRegistration",
    "Author",
    "Base",
    "Branch",
    "Commit",
    "CommitCoAuthor",
    "CommitFile",
    "CommitRelation",
    "Delivery",
    "DeliveryState",
    "Deploy",
    "DeployProject",
    "Environment",
    "Event",
    "GitHubRelease",
    "Head",
    "HeadOrigin",
    "IdentityKind",
    "IdentityState",
    "IgnoreCondition",
    "Installation",
    "InstallationShare",
    "Issue",
    "IssueEnvironment",
    "IssueFingerprint",
    "IssueHour",
    "IssueLink",
    "IssueRelease",
    "IssueStatus",
    "IssueUser",
    "ListState",
    "LoginLink",
    "LostDelivery",
    "Member",
    "MemberIdentity",
    "MemberRole",
    "Organization",
    "Project",
    "ProjectKey",
    "PullRequest",
    "ReceivedEvent",
    "ReceivedState",
    "Release",
    "ReleaseAlias",
    "ReleaseCommit",
    "ReleaseProject",
    "ReleaseStatus",
    "Repository",
    "RepositoryProject",
    "Resolution",
    "ResolutionKind",
    "RoleSource",
    "SetupLink",
    "Span",
    "Tag",
    "Team",
    "TeamMember",
    "TeamProject",
    "TokenKind",
    "User",
    "UserSession",
    "Work",
    "WorkKind",
    "utcnow",
]
