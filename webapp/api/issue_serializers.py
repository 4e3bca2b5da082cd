"""Issues and what was changed of them, as the JSON that clients read.

Shapes: sentry-cli-contract.md 5 and sentry-api.md 8.1. Texts of an issue are never null.
"""

from __future__ import annotations

from domain.issue_changes import Applied, InCommit, InNextRelease
from domain.issue_records import IssueRecord
from domain.issues import short_id_of
from models import IgnoreCondition, Issue, IssueStatus, Project
from webapp.api.serializers import Json, render_assignee
from webapp.moments import moment_text


def render_issue(record: IssueRecord, *, permalink: str) -> Json:
    issue = record.issue
    return {
        "id": str(issue.id),
        "shortId": short_id_of(issue, record.project),
        "title": issue.title,
        "culprit": issue.culprit,
        "level": issue.level,
        "type": issue.type,
        "status": issue.status,
        "statusDetails": _status_details(record),
        "substatus": issue.substatus,
        "permalink": permalink,
        "firstSeen": moment_text(issue.first_seen),
        "lastSeen": moment_text(issue.last_seen),
        "count": str(issue.event_count),
        "userCount": issue.user_count,
        "numComments": 0,
        "assignedTo": render_assignee(record.assignee),
        "isBookmarked": issue.is_bookmarked,
        "isPublic": False,
        "isSubscribed": False,
        "hasSeen": True,
        "inbox": _render_inbox(issue),
        "logger": None,
        "annotations": [],
        "metadata": issue.details if issue.type == "error" else {"title": issue.title},
        "platform": record.project.platform,
        "project": render_project_of_issue(record.project),
    }


def render_project_of_issue(project: Project) -> Json:
    return {
        "id": str(project.id),
        "slug": project.slug,
        "name": project.name,
        "platform": project.platform,
    }


def _render_inbox(issue: Issue) -> Json | None:
    if not issue.is_inbox:
        return None
    return {"reason": 0, "reason_details": None, "date_added": moment_text(issue.created_at)}


def _status_details(record: IssueRecord) -> Json:
    if record.issue.status == IssueStatus.ignored:
        return _render_condition(record.condition)
    return record.resolution


def _render_condition(condition: IgnoreCondition | None) -> Json:
    if condition is None:
        return {}
    return {
        "ignoreUntil": moment_text(condition.until),
        "ignoreCount": condition.event_count,
        "ignoreWindow": condition.event_window,
        "ignoreUserCount": condition.user_count,
        "ignoreUserWindow": condition.user_window,
    }


def render_change(applied: Applied, *, actor: str | None) -> Json:
    """What a change of many issues came to: only what it changes."""
    change = applied.change
    told: Json = {}
    if change.status is not None:
        told["status"] = change.status
        told["statusDetails"] = _details_of_change(applied, actor)
        if change.status != IssueStatus.unresolved:
            told["inbox"] = None
    if change.assignment is not None:
        told["assignedTo"] = render_assignee(applied.assignee)
    if change.is_bookmarked is not None:
        told["isBookmarked"] = change.is_bookmarked
    if change.is_inbox is not None:
        told["inbox"] = change.is_inbox
    return told


def _details_of_change(applied: Applied, actor: str | None) -> Json:
    resolution, until = applied.change.resolution, applied.change.until
    by = {"actor": {"name": actor} if actor else None}
    if applied.release is not None:
        return {"inRelease": applied.release.version, **by}
    if isinstance(resolution, InNextRelease):
        return {"inNextRelease": True, **by}
    if isinstance(resolution, InCommit) and applied.repository is not None:
        return {"inCommit": {"commit": resolution.sha, "repository": applied.repository.full_name}}
    if until is not None:
        return {
            "ignoreUntil": moment_text(until.at),
            "ignoreCount": until.event_count,
            "ignoreWindow": until.event_window,
            "ignoreUserCount": until.user_count,
            "ignoreUserWindow": until.user_window,
        }
    return {}
