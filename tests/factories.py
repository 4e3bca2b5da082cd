"""Rows with valid defaults: a test states only what matters to it. Each flushes, none commits."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import count
from typing import Any, TypeVar

from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.event_data import parse_event
from domain.event_storage import Packer
from domain.version_keys import semver_key_of
from models import (
    Activity,
    ApiToken,
    Author,
    Base,
    Commit,
    Delivery,
    DeliveryState,
    Deploy,
    DeployProject,
    Environment,
    Event,
    Head,
    Issue,
    IssueLink,
    IssueStatus,
    ListState,
    Organization,
    Project,
    ProjectKey,
    PullRequest,
    Release,
    ReleaseAlias,
    ReleaseCommit,
    ReleaseProject,
    Repository,
    Resolution,
    Tag,
    TokenKind,
)

NOW = datetime(2026, 1, 5, 10, 0, tzinfo=UTC)
RowT = TypeVar("RowT", bound=Base)
_numbers = count(1)


def make_sha() -> str:
    """Forty hex digits, others at each call."""
    return f"{(number := next(_numbers)):010x}{number:030x}"


def _make(session: Session, table: type[RowT], given: dict[str, Any], /, **defaults: Any) -> RowT:
    row = table(**(defaults | given))
    session.add(row)
    session.flush()
    return row


def make_organization(session: Session, slug: str | None = None, **given: Any) -> Organization:
    slug = slug or f"org{next(_numbers)}"
    return _make(session, Organization, given, slug=slug, name=slug, created_at=NOW)


def make_project(
    session: Session, organization: Organization, slug: str | None = None, **given: Any
) -> Project:
    slug = slug or f"project{next(_numbers)}"
    return _make(
        session,
        Project,
        given,
        organization_id=organization.id,
        slug=slug,
        name=slug,
        created_at=NOW,
    )


def make_repository(
    session: Session, organization: Organization, full_name: str | None = None, **given: Any
) -> Repository:
    number = next(_numbers)
    return _make(
        session,
        Repository,
        given,
        organization_id=organization.id,
        github_id=number,
        full_name=full_name or f"acme/repository{number}",
        created_at=NOW,
    )


def make_author(session: Session, organization: Organization, **given: Any) -> Author:
    number = next(_numbers)
    return _make(
        session,
        Author,
        given,
        organization_id=organization.id,
        email=f"person{number}@acme.example",
        name=f"Person {number}",
    )


def make_commit(session: Session, repository: Repository, **given: Any) -> Commit:
    return _make(
        session,
        Commit,
        given,
        repository_id=repository.id,
        sha=make_sha(),
        message="Change something",
        authored_at=NOW,
        committed_at=NOW,
    )


def make_pull_request(session: Session, repository: Repository, **given: Any) -> PullRequest:
    return _make(
        session,
        PullRequest,
        given,
        repository_id=repository.id,
        number=next(_numbers),
        title="Change something",
        body="",
        updated_at=NOW,
    )


def make_key(session: Session, project: Project, **given: Any) -> ProjectKey:
    public_key = f"{next(_numbers):032x}"
    return _make(
        session,
        ProjectKey,
        given,
        project_id=project.id,
        name="Default",
        public_key=public_key,
        created_at=NOW,
    )


def make_token(session: Session, organization: Organization, **given: Any) -> ApiToken:
    """A token that nobody knows the text of."""
    return _make(
        session,
        ApiToken,
        given,
        organization_id=organization.id,
        kind=TokenKind.user,
        name="a script",
        scopes=["org:read"],
        token_sha256=f"{next(_numbers):064x}",
        last_characters="abcd",
        created_at=NOW,
    )


def make_tag(session: Session, repository: Repository, name: str, **given: Any) -> Tag:
    return _make(
        session, Tag, given, repository_id=repository.id, name=name, sha=make_sha(), made_at=NOW
    )


def make_release(
    session: Session,
    repository: Repository,
    project: Project,
    version: str,
    *,
    commits: Sequence[Commit] = (),
    tag: str | None = None,
    head: dict[str, Any] | None = None,
    **given: Any,
) -> Release:
    """A release with one head in *repository*, its *commits* newest first, made by *tag*."""
    hidden = sum(commit.is_hidden for commit in commits)
    counts = {"commit_count": len(commits) - hidden, "hidden_count": hidden}
    release = _make(
        session,
        Release,
        given,
        organization_id=project.organization_id,
        version=version,
        created_at=NOW,
        released_at=NOW,
        list_state=ListState.complete,
        semver_key=semver_key_of(version),
        **counts,
    )
    _make(session, ReleaseProject, {}, release_id=release.id, project_id=project.id)
    sha = commits[0].sha if commits else make_sha()
    tag_id = make_tag(session, repository, tag, sha=sha).id if tag is not None else None
    made = _make(
        session,
        Head,
        head or {},
        release_id=release.id,
        repository_id=repository.id,
        tag_id=tag_id,
        name=tag or version,
        line="",
        sha=sha,
        made_at=NOW,
        is_stale=False,
        state=release.list_state,
        **counts,
    )
    session.add_all(
        ReleaseCommit(
            head_id=made.id, commit_id=commit.id, release_id=release.id, position=position
        )
        for position, commit in enumerate(commits)
    )
    session.flush()
    return release


def make_alias(
    session: Session, project: Project, release: Release, name: str, **given: Any
) -> ReleaseAlias:
    """In *project*, *name* stands for *release*."""
    return _make(
        session,
        ReleaseAlias,
        given,
        organization_id=project.organization_id,
        project_id=project.id,
        name=name,
        release_id=release.id,
        created_at=NOW,
    )


def make_issue(session: Session, project: Project, **given: Any) -> Issue:
    """The project's next issue."""
    project.last_issue_number += 1
    return _make(
        session,
        Issue,
        given,
        organization_id=project.organization_id,
        project_id=project.id,
        number=project.last_issue_number,
        title="Something is broken",
        created_at=NOW,
    )


def make_event_row(session: Session, issue: Issue, **given: Any) -> Event:
    """An event of *issue* as it is kept, another id at each call, told by nobody's counters."""
    event_id = f"{next(_numbers):032x}"
    body = {
        "event_id": event_id,
        "timestamp": NOW.isoformat(),
        "exception": {"values": [{"type": "KeyError", "value": issue.title}]},
        "tags": {"server": "a"},
        "user": {"id": "7", "username": "ana"},
    }
    return _make(
        session,
        Event,
        given,
        project_id=issue.project_id,
        issue_id=issue.id,
        event_id=event_id,
        received_at=NOW,
        happened_at=NOW,
        environment="production",
        level="error",
        title=f"KeyError: {issue.title}",
        hash=32 * "0",
        tags={"server": "a"},
        data=Packer().pack(parse_event(body, now=NOW, peer=None)),
    )


def make_activity(session: Session, organization: Organization, **given: Any) -> Activity:
    return _make(
        session,
        Activity,
        given,
        organization_id=organization.id,
        kind="linked",
        data={},
        created_at=NOW,
    )


def make_environment(session: Session, organization: Organization, name: str) -> Environment:
    """The organization's environment of that name, made if missing."""
    found = session.scalar(
        select(Environment).where(
            Environment.organization_id == organization.id, Environment.name == name
        )
    )
    given = {"organization_id": organization.id, "name": name, "created_at": NOW}
    return found or _make(session, Environment, given)


def make_deploy(
    session: Session, release: Release, *projects: Project, environment: Environment, **given: Any
) -> Deploy:
    deploy = _make(
        session,
        Deploy,
        given,
        release_id=release.id,
        environment_id=environment.id,
        finished_at=NOW,
        created_at=NOW,
    )
    session.add_all(DeployProject(deploy_id=deploy.id, project_id=one.id) for one in projects)
    release.deploy_count += 1
    release.last_deploy_id = deploy.id
    session.flush()
    return deploy


def make_delivery(
    session: Session, organization: Organization | None = None, **given: Any
) -> Delivery:
    return _make(
        session,
        Delivery,
        given,
        guid=f"00000000-0000-0000-0000-{next(_numbers):012}",
        event="push",
        content_type="application/json",
        body=b'{"ref": "refs/heads/main"}',
        received_at=NOW,
        state=DeliveryState.done,
        attempts=1,
        due_at=NOW,
        organization_id=organization.id if organization else None,
    )


def make_link(session: Session, issue: Issue, commit: Commit, **given: Any) -> IssueLink:
    """*commit* names *issue*."""
    return _make(
        session,
        IssueLink,
        given,
        issue_id=issue.id,
        repository_id=commit.repository_id,
        sha=commit.sha,
        matched_text="Fixes it",
        created_at=NOW,
    )


def make_resolution(
    session: Session, issue: Issue, release: Release, commit: Commit | None = None, **given: Any
) -> Resolution:
    """*issue* counts as fixed in *release*."""
    issue.status = IssueStatus.resolved
    return _make(
        session,
        Resolution,
        given,
        issue_id=issue.id,
        release_id=release.id,
        release_version=release.version,
        commit_id=commit.id if commit else None,
        decided_by="rule",
        created_at=NOW,
    )
