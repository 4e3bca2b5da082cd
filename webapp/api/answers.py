"""What the API answers, as types: for its description, which tests hold against real answers.

The functions of `serializers` make these shapes; nothing is validated while serving.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

Id = Annotated[str, Field(description="A number, as text.")]
Sha = Annotated[str, Field(description="Id of a commit; 40 hex digits where Git is known.")]


class Answer(BaseModel):
    """Holds the keys that are named, all of them, and no others."""

    model_config = ConfigDict(
        alias_generator=to_camel, extra="forbid", use_attribute_docstrings=True
    )


class Empty(Answer):
    """An object without keys."""


class Auth(Answer):
    scopes: list[str]


class Root(Answer):
    version: Literal["0"]
    auth: Auth | None
    """Of the token; null without one."""
    user: None


class Status(Answer):
    id: str
    name: str


class OrganizationLinks(Answer):
    organization_url: str
    region_url: str


class Organization(Answer):
    id: Id
    slug: str
    name: str
    date_created: AwareDatetime
    status: Status
    is_early_adopter: bool
    require_2fa: bool = Field(alias="require2FA")
    require_email_verification: bool
    features: list[str]
    links: OrganizationLinks


class ProjectOrganization(Answer):
    id: Id
    slug: str
    name: str


class Team(Answer):
    id: Id
    slug: str
    name: str


class Assignee(Answer):
    """A member, somebody whom commits name, or a team; who is no member has the address as id."""

    type: Literal["user", "team"]
    id: str
    """What `user:<id>` or `team:<id>` takes."""
    name: str
    email: str = ""
    """Of a person."""


class Member(Answer):
    id: Id
    email: str
    name: str
    role: str
    user: dict[str, Any] | None


class Project(Answer):
    id: Id
    slug: str
    name: str
    platform: str | None
    date_created: AwareDatetime
    status: Literal["active"]
    is_member: bool
    has_access: bool
    features: list[str]
    first_event: AwareDatetime | None
    team: Team | None
    teams: list[Team]
    organization: ProjectOrganization


class KeyAddress(Answer):
    public: str


class Key(Answer):
    id: Id
    name: str
    public: str
    is_active: bool
    date_created: AwareDatetime
    dsn: KeyAddress


class Provider(Answer):
    id: Literal["integrations:github", "unknown"]
    name: str


class Repository(Answer):
    id: Id
    name: str
    url: str | None
    """Its page on GitHub; null if it is known from a client's list of commits alone."""
    provider: Provider
    status: Literal["active", "hidden"]
    """Active ones are tracked: their pushes and tags count."""
    date_created: AwareDatetime
    integration_id: Id | None
    external_slug: str | None
    external_id: Id | None
    """GitHub's number of it."""


class Detail(Answer):
    detail: str


class RefusedRepository(Answer):
    error_type: str = Field(alias="error_type")
    errors: dict[str, str] = {}
    """One sentence, under `__all__`."""


class Author(Answer):
    name: str
    email: str


class PullRequestAuthor(Answer):
    name: str


class PullRequest(Answer):
    id: Id
    title: str | None
    message: str | None
    date_created: None
    repository: Repository
    author: PullRequestAuthor | Empty
    external_url: str


class Commit(Answer):
    id: Sha
    message: str
    date_created: AwareDatetime | None
    author: Author | Empty
    repository: Repository
    pull_request: PullRequest | None
    """The one that this commit merged."""
    suspect_commit_type: str


class ReleaseOfCommit(Answer):
    version: str
    short_version: str
    ref: None
    url: str | None
    date_released: AwareDatetime | None
    date_created: AwareDatetime


class CommitOfRelease(Commit):
    releases: list[ReleaseOfCommit]
    """All that hold the commit."""


class CommitFile(Answer):
    id: Id
    org_id: int
    author: Author | Empty
    commit_message: str
    filename: str
    type: Literal["A", "M", "D"]
    """Added, modified or deleted."""
    repo_name: str


class SemanticVersion(Answer):
    raw: str
    major: int
    minor: int
    patch: int
    pre: str | None
    build_code: str | None
    components: int


class OtherVersion(Answer):
    raw: str


class VersionInfo(Answer):
    package: str | None
    version: SemanticVersion | OtherVersion
    description: str
    build_hash: str | None


class Deploy(Answer):
    id: Id
    environment: str
    date_started: AwareDatetime | None
    date_finished: AwareDatetime
    name: str | None
    url: str | None


class ProjectOfRelease(Answer):
    id: int
    slug: str
    name: str
    new_groups: int = Field(ge=0)
    platform: str | None
    platforms: list[str]
    has_health_data: bool


class ListedRelease(Answer):
    id: int
    version: str
    status: Literal["open", "archived"]
    short_version: str
    version_info: VersionInfo | None
    """The version taken apart; null if such a name is no longer allowed."""
    ref: str | None
    url: str | None
    date_released: AwareDatetime | None
    date_created: AwareDatetime
    data: dict[str, Any]
    new_groups: int = Field(ge=0)
    owner: Assignee | None
    """A member, named by the client that made it."""
    commit_count: int = Field(ge=0)
    last_commit: Commit | None
    deploy_count: int = Field(ge=0)
    last_deploy: Deploy | None
    authors: list[Author | Empty]
    first_event: AwareDatetime | None
    last_event: AwareDatetime | None
    current_project_meta: dict[str, Any]
    user_agent: str | None
    projects: list[ProjectOfRelease]


class CommitList(Answer):
    state: Literal["complete", "incomplete"]
    basis: Literal["graph", "explicit", "previous-release", "latest"] | None
    """What the list was made from; null while nothing is associated."""
    cause: str | None
    """Why the list is incomplete."""
    remedy: str | None
    compared_with: str | None
    """The version whose commits are left out."""
    also_excluded: list[str]
    hidden: int = Field(ge=0)
    """Commits that are part of the release, but asked not to be shown."""
    outside_paths: int = Field(ge=0)


class Release(ListedRelease):
    commit_list: CommitList
    """How its list of commits came about."""


class ProjectOfIssue(Answer):
    id: Id
    slug: str
    name: str
    platform: str | None


class Inbox(Answer):
    reason: int
    reason_details: None = Field(alias="reason_details")
    date_added: AwareDatetime = Field(alias="date_added")


IssueStatus = Literal["unresolved", "resolved", "ignored"]


class Issue(Answer):
    id: Id
    short_id: str
    title: str
    culprit: str
    level: str
    type: str
    status: IssueStatus
    status_details: dict[str, Any]
    """How a resolved issue counts as fixed; until when an ignored one is."""
    substatus: str | None
    permalink: str
    first_seen: AwareDatetime
    last_seen: AwareDatetime
    count: Id
    """Of events."""
    user_count: int = Field(ge=0)
    num_comments: int
    assigned_to: Assignee | None
    is_bookmarked: bool
    is_public: bool
    is_subscribed: bool
    has_seen: bool
    inbox: Inbox | None
    """Null once somebody decided about it."""
    logger: None
    annotations: list[str]
    metadata: dict[str, Any]
    platform: str | None
    project: ProjectOfIssue


class IssueChange(Answer):
    """Only what was asked for is there."""

    status: IssueStatus = "unresolved"
    status_details: dict[str, Any] = {}
    inbox: bool | None = None
    assigned_to: Assignee | None = None
    is_bookmarked: bool = False


class Tag(Answer):
    key: str
    value: str


class EventUser(Answer):
    id: str | None
    email: str | None
    username: str | None
    ip_address: str | None = Field(alias="ip_address")
    name: str | None


class ListedEvent(Answer):
    id: str
    event_id: str = Field(alias="eventID")
    group_id: Id = Field(alias="groupID")
    project_id: Id = Field(alias="projectID")
    project: int
    """Its id, as a number."""
    type: str
    title: str
    message: str
    culprit: str
    location: str | None
    platform: str | None
    level: str
    environment: str
    date_created: AwareDatetime
    date_received: AwareDatetime
    tags: list[Tag]
    user: EventUser | None


class ReleaseOfEvent(Answer):
    version: str


class EventEntry(Answer):
    type: str
    data: dict[str, Any]


class Sdk(Answer):
    name: str | None
    version: str | None


class Event(ListedEvent):
    release: ReleaseOfEvent | None
    """The release that it means; null if it means none that is known."""
    dist: str | None
    entries: list[EventEntry]
    """Exception, threads, message, breadcrumbs and request, as far as they came."""
    contexts: dict[str, Any]
    context: dict[str, Any]
    """What the program added on its own."""
    packages: dict[str, Any]
    sdk: Sdk | None
    errors: list[str]
    fingerprints: list[str]
    metadata: dict[str, Any]
    next_event_id: str | None = Field(alias="nextEventID")
    """The next newer one of the issue."""
    previous_event_id: str | None = Field(alias="previousEventID")


class ShortId(Answer):
    organization_slug: str
    project_slug: str
    group_id: Id
    group: Issue
    short_id: str


class ReleaseProblem(Answer):
    project: str
    """Its slug."""
    release: str | None
    """The name in the events; null for events that say none."""
    problem: str
    candidates: list[str]
    """Versions of releases that may be meant, the best first."""
    events: int
    fix: str
    """What to change, in one sentence."""
