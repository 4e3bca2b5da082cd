"""Changing issues, one or many at once (sentry-api.md 8.1)."""

from __future__ import annotations

from flask import jsonify
from flask.typing import ResponseReturnValue

from domain.issue_changes import change_issues, lock_issues
from domain.issue_records import IssueFilter, get_issue_named
from webapp.api.answers import Issue, IssueChange
from webapp.api.blueprint import CHANGE_ISSUES, db, get_project, organization, posted, put, why
from webapp.api.changing import changing
from webapp.api.issue_bodies import IssueChangeBody
from webapp.api.issue_filters import (
    IDS,
    NARROWING,
    PROJECT,
    SEARCH,
    STATUS,
    change_asked_for,
    projects_asked_for,
)
from webapp.api.issue_serializers import render_change
from webapp.api.issues import render_one

BUSY = "The issues are being changed. Try again."
CHANGED = {200: IssueChange, 204: None}


@put(
    "/organizations/<org>/issues/",
    CHANGE_ISSUES,
    body=IssueChangeBody,
    answers=CHANGED,
    query=(IDS, STATUS, SEARCH, *NARROWING, PROJECT),
)
def change_issues_of_organization() -> ResponseReturnValue:
    """At most 1000 that match `id`, `status` and `query`, those seen last; all, without these.

    The answer is what the change came to; 204 if no issue matches.
    """
    return _change_many(projects_asked_for())


@put(
    "/projects/<org>/<project>/issues/",
    CHANGE_ISSUES,
    body=IssueChangeBody,
    answers=CHANGED,
    query=(IDS, STATUS, SEARCH, *NARROWING),
)
def change_issues_of_project(project: str) -> ResponseReturnValue:
    """The same in one project."""
    return _change_many([get_project(project).id])


@put(
    "/organizations/<org>/issues/<issue_id>/",
    CHANGE_ISSUES,
    body=IssueChangeBody,
    answers={200: Issue},
)
def change_issue_of_organization(issue_id: str) -> ResponseReturnValue:
    """One issue, by id or short id."""
    return _change_one(issue_id)


@put("/issues/<issue_id>/", CHANGE_ISSUES, body=IssueChangeBody, answers={200: Issue})
def change_issue(issue_id: str) -> ResponseReturnValue:
    """The same, in the token's organization."""
    return _change_one(issue_id)


def _change_many(project_ids: list[int] | None) -> ResponseReturnValue:
    acting = why()
    change, narrowed = posted(IssueChangeBody).change(acting.now), change_asked_for(project_ids)
    with changing(BUSY) as session:
        issues = lock_issues(session, organization().id, narrowed)
        applied = change_issues(session, issues, change, why=acting)
        told = render_change(applied, actor=acting.actor)
    return jsonify(told) if issues else ("", 204)


def _change_one(name: str) -> ResponseReturnValue:
    acting = why()
    change = posted(IssueChangeBody).change(acting.now)
    issue, _ = get_issue_named(db(), organization().id, name)
    with changing(BUSY) as session:
        issues = lock_issues(session, organization().id, IssueFilter(ids=[issue.id]))
        change_issues(session, issues, change, why=acting)
    return jsonify(render_one(*get_issue_named(db(), organization().id, str(issue.id))))
