"""Undoing that a commit or a pull request names an issue, or that one no longer does."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.issue_links import NO_LONGER_NAMED
from domain.provenance import Why
from domain.resolution import sync_issues
from models import Activity, Issue, IssueLink, PullRequest

LINKING = ("referenced_in_commit", "referenced_in_pull_request", "pull_request_unlinked")
LOOKED_AT = 200  # acts and links, as many as a page shows, the newest

LinkKey = tuple[int, object]  # a repository's row id; a commit's sha, or a pull request's number


def list_undoable_links(session: Session, issue: Issue) -> set[int]:
    """Row ids of the acts in the issue's timeline whose link is as they left it."""
    acts = session.scalars(
        select(Activity)
        .where(Activity.issue_id == issue.id, Activity.kind.in_(LINKING))
        .order_by(Activity.id.desc())
        .limit(LOOKED_AT)
    ).all()
    return set(_standing(acts, _links(session, issue))) if acts else set()


def undo_link(session: Session, issue: Issue, act: Activity, reason: str, *, why: Why) -> None:
    """End the link, or let it hold as a person's word, which no edit of the text takes back.

    The issue's resolution follows.
    """
    link = _standing([act], _links(session, issue))[act.id]
    if link.ended_at is None:
        link.ended_at, link.ended_reason = why.now, reason
    else:
        link.ended_at, link.ended_reason, link.matched_text = None, None, ""
    session.flush()
    sync_issues(session, [issue.id], why=why)


def _links(session: Session, issue: Issue) -> dict[LinkKey, IssueLink]:
    rows = session.execute(
        select(IssueLink, PullRequest.number)
        .outerjoin(PullRequest, PullRequest.id == IssueLink.pull_request_id)
        .where(IssueLink.issue_id == issue.id)
        .order_by(IssueLink.id.desc())
        .limit(LOOKED_AT)
    )
    return {(link.repository_id, link.sha or number): link for link, number in rows}


def _standing(acts: Sequence[Activity], links: Mapping[LinkKey, IssueLink]) -> dict[int, IssueLink]:
    """By the row id of the newest act on each link, those that are as that act left them."""
    newest: dict[LinkKey, Activity] = {}
    for act in acts:
        key = (act.repository_id or 0, act.data.get("sha") or act.data.get("number"))
        newest.setdefault(key, act)
    return {
        act.id: link
        for key, act in newest.items()
        if (link := links.get(key)) is not None and _is_as_left(link, act)
    }


def _is_as_left(link: IssueLink, act: Activity) -> bool:
    if act.kind == "pull_request_unlinked":
        return link.ended_at is not None and link.ended_reason == NO_LONGER_NAMED
    return link.ended_at is None and bool(link.matched_text)
