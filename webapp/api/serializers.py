"""Rows as the JSON that clients of the API read, a function a shape.

Shapes: sentry-cli-contract.md 5 (what clients cannot do without, and what may be null there) and
sentry-api.md 4.2, 5.3, 5.6, 7.
"""

from __future__ import annotations

from typing import Any

from domain.assignees import Assignee
from domain.commit_records import CommitRecord, FileRecord
from domain.deploys import DeployRecord
from domain.doctor import Finding
from domain.people_queries import PersonRow
from domain.project_keys import make_dsn
from domain.project_records import ProjectRecord
from domain.release_neighbours import Neighbours
from domain.release_records import CommitListRecord, ReleaseRecord
from domain.versions import is_valid_version, parse_version
from models import (
    Author,
    IdentityKind,
    IdentityState,
    Organization,
    Project,
    ProjectKey,
    PullRequest,
    Repository,
    Team,
)
from webapp.moments import moment_text

Json = dict[str, Any]
UNKNOWN = {"id": "unknown", "name": "Unknown Provider"}
GITHUB = {"id": "integrations:github", "name": "GitHub"}


def render_organization(organization: Organization, *, url: str) -> Json:
    return {
        "id": str(organization.id),
        "slug": organization.slug,
        "name": organization.name,
        "dateCreated": moment_text(organization.created_at),
        "status": {"id": "active", "name": "active"},
        "isEarlyAdopter": False,
        "require2FA": False,
        "requireEmailVerification": False,
        "features": [],
        "links": {"organizationUrl": f"{url}/o/{organization.slug}/", "regionUrl": url},
    }


def render_project(record: ProjectRecord, organization: Organization) -> Json:
    """Everybody looks after it, and the teams that admins said."""
    project, everybody = record.project, render_team(organization)
    return {
        "id": str(project.id),
        "slug": project.slug,
        "name": project.name,
        "platform": project.platform,
        "dateCreated": moment_text(project.created_at),
        "status": "active",
        "isMember": True,
        "hasAccess": True,
        "features": [],
        "firstEvent": moment_text(record.first_event),
        "team": everybody,
        "teams": [everybody, *map(render_made_team, record.teams)],
        "organization": {
            "id": str(organization.id),
            "slug": organization.slug,
            "name": organization.name,
        },
    }


def render_key(key: ProjectKey, *, public_url: str) -> Json:
    return {
        "id": str(key.id),
        "name": key.name,
        "public": key.public_key,
        "isActive": key.is_active,
        "dateCreated": moment_text(key.created_at),
        "dsn": {"public": make_dsn(key, public_url=public_url)},
    }


def render_team(organization: Organization) -> Json:
    """The team of everybody in the organization, under its slug; no row has its id."""
    return {"id": "0", "slug": organization.slug, "name": organization.name}


def render_made_team(team: Team) -> Json:
    """A team that admins made."""
    return {"id": str(team.id), "slug": team.slug, "name": team.name}


def render_assignee(assignee: Assignee | None) -> Json | None:
    """A person or a team; `id` is what `user:<id>` or `team:<id>` takes."""
    if assignee is None:
        return None
    told = {"type": assignee.type, "id": assignee.id, "name": assignee.name}
    return told if assignee.team_id is not None else told | {"email": assignee.email or ""}


def render_member(row: PersonRow) -> Json:
    """A member; the address is the first that is verified or confirmed, as far as one is known."""
    emails = [
        identity.value
        for identity in row.identities
        if identity.kind == IdentityKind.email and identity.state != IdentityState.guessed
    ]
    email = emails[0] if emails else ""
    name = (row.user.name if row.user else "") or row.member.name
    user = None
    if row.user is not None:
        user = {
            "id": str(row.member.id),  # what `user:<id>` takes
            "name": name,
            "username": row.user.login,
            "email": email,
        }
    return {
        "id": str(row.member.id),
        "email": email,
        "name": name,
        "role": str(row.member.role),
        "user": user,
    }


def render_repository(repository: Repository, *, github_url: str) -> Json:
    """A repository of an installation: `sentry-cli` compares its `url` with a clone's remotes.

    One that arose from a client's list of commits has neither a known provider nor a `url`.
    """
    is_active = repository.is_tracked and repository.is_accessible
    installation = repository.installation_id
    is_known = repository.github_id is not None
    return {
        "id": str(repository.id),
        "name": repository.full_name,
        "url": f"{github_url}/{repository.full_name}" if is_known else None,
        "provider": GITHUB if is_known else UNKNOWN,
        "status": "active" if is_active else "hidden",
        "dateCreated": moment_text(repository.created_at),
        "integrationId": None if installation is None else str(installation),
        "externalSlug": repository.full_name if is_known else None,
        "externalId": str(repository.github_id) if is_known else None,
    }


def render_author(author: Author | None) -> Json:
    return {} if author is None else {"name": author.name, "email": author.email}


def render_commit(record: CommitRecord, *, github_url: str) -> Json:
    """The author's date, where it is known: that of a rebase or a merge says less."""
    commit = record.commit
    repository = render_repository(record.repository, github_url=github_url)
    pull = record.pull_request
    return {
        "id": commit.sha,
        "message": commit.message,
        "dateCreated": moment_text(commit.authored_at or commit.committed_at),
        "author": render_author(record.author),
        "repository": repository,
        "pullRequest": None if pull is None else render_pull_request(pull, repository),
        "suspectCommitType": "",
    }


def render_pull_request(pull: PullRequest, repository: Json) -> Json:
    """When it was opened is not kept, hence no `dateCreated`."""
    return {
        "id": str(pull.number),
        "title": pull.title,
        "message": pull.body,
        "dateCreated": None,
        "repository": repository,
        "author": {"name": pull.author_login} if pull.author_login else {},
        "externalUrl": f"{repository['url']}/pull/{pull.number}",
    }


def render_commit_of_release(record: CommitRecord, *, github_url: str) -> Json:
    """A commit, and all releases that hold it."""
    releases = [
        {
            "version": release.version,
            "shortVersion": release.version,
            "ref": release.ref,
            "url": release.stated_url or release.url,
            "dateReleased": moment_text(release.released_at),
            "dateCreated": moment_text(release.created_at),
        }
        for release in record.releases
    ]
    return {**render_commit(record, github_url=github_url), "releases": releases}


def render_commit_file(record: FileRecord, organization: Organization) -> Json:
    return {
        "id": str(record.file.id),
        "orgId": organization.id,
        "author": render_author(record.author),
        "commitMessage": record.commit.message,
        "filename": record.file.path,
        "type": record.file.type,
        "repoName": record.repository.full_name,
    }


def render_version_info(version: str) -> Json | None:
    """A release's name taken apart (sentry-api.md 3.2); null for one that is not allowed today."""
    if not is_valid_version(version):
        return None
    parsed = parse_version(version)
    told: Json = {"raw": parsed.raw}
    if parsed.is_semver:
        major, minor, patch, _ = parsed.four_numbers
        told |= {"major": major, "minor": minor, "patch": patch, "pre": parsed.pre}
        told |= {"buildCode": parsed.build, "components": len(parsed.numbers)}
    return {
        "package": parsed.package,
        "version": told,
        "description": parsed.description,
        "buildHash": parsed.build_hash,
    }


def render_release(record: ReleaseRecord, *, github_url: str) -> Json:
    """What lists hold; `newGroups` and `projects` are never null, which clients rely on."""
    release, last = record.release, record.last_commit
    new_issues = {one.project_id: one.new_issues for one in record.reported}
    return {
        "id": release.id,
        "version": release.version,
        "status": release.status,
        "shortVersion": release.version,
        "versionInfo": render_version_info(release.version),
        "ref": release.ref,
        "url": release.stated_url or release.url,
        "dateReleased": moment_text(release.released_at),
        "dateCreated": moment_text(release.created_at),
        "data": {},
        "newGroups": sum(new_issues.values()),
        "owner": render_assignee(record.owner),
        "commitCount": release.commit_count,
        "lastCommit": render_commit(last, github_url=github_url) if last else None,
        "deployCount": release.deploy_count,
        "lastDeploy": render_deploy(record.last_deploy) if record.last_deploy else None,
        "authors": [render_author(author) for author in record.authors],
        "firstEvent": moment_text(min((one.first_event for one in record.reported), default=None)),
        "lastEvent": moment_text(max((one.last_event for one in record.reported), default=None)),
        "currentProjectMeta": {},
        "userAgent": release.user_agent,
        "projects": [
            _render_project_of_release(project, new_issues.get(project.id, 0))
            for project in record.projects
        ],
    }


def render_deploy(record: DeployRecord) -> Json:
    """`dateFinished` is never null: `sentry-cli` would crash (OURS 16)."""
    deploy = record.deploy
    return {
        "id": str(deploy.id),
        "environment": record.environment,
        "dateStarted": moment_text(deploy.started_at),
        "dateFinished": moment_text(deploy.finished_at),
        "name": deploy.name,
        "url": deploy.url,
    }


def _render_project_of_release(project: Project, new_issues: int) -> Json:
    return {
        "id": project.id,
        "slug": project.slug,
        "name": project.name,
        "newGroups": new_issues,
        "platform": project.platform,
        "platforms": [],
        "hasHealthData": False,
    }


def render_neighbours(neighbours: Neighbours) -> Json:
    return {
        "nextReleaseVersion": neighbours.next,
        "prevReleaseVersion": neighbours.previous,
        "firstReleaseVersion": neighbours.first,
        "lastReleaseVersion": neighbours.last,
    }


def render_commit_list(record: CommitListRecord) -> Json:
    """How a release's list came about; our own, clients ignore it (sentry-api.md 4.2, OURS 6)."""
    return {
        "state": record.state,
        "basis": record.basis,
        "cause": record.cause,
        "remedy": record.remedy,
        "comparedWith": record.compared_with,
        "alsoExcluded": record.also_excluded,
        "hidden": record.hidden,
        "outsidePaths": record.outside,
    }


def render_finding(finding: Finding) -> dict[str, Any]:
    """What the release doctor found."""
    return {
        "project": finding.project,
        "release": finding.release,
        "problem": finding.problem,
        "candidates": finding.candidates,
        "events": finding.events,
        "fix": finding.fix,
    }
