"""Undoing what a machine did to an issue: the state as before, and the rule does not do it again.

A machine's act may be undone as long as it stands: the newest act that changed the status, and
each link that is as it was left. Undoing is a person's act. It decides over what is known by then;
what ships, is reported or is written afterwards counts as ever.
"""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.assigning import ASSIGNED, assign, find_undoable_assignment
from domain.decisions import BY_PERSON, end_records
from domain.errors import InvalidError, NotFoundError
from domain.fixes import Member, list_shipments, load_family
from domain.ignoring import set_condition
from domain.provenance import Why, record_activity
from domain.undoing_links import LINKING, list_undoable_links, undo_link
from models import (
    Activity,
    Issue,
    IssueLink,
    IssueStatus,
    PullRequest,
    Resolution,
    ResolutionKind,
)

RESOLVING = ("resolved_in_release", "regression_withdrawn")
REOPENING = ("regression", "reopened")
ENDING_OF_IGNORING = "ignoring_ended"
UNDONE, LINK_UNDONE = "undone", "link_undone"
# Whatever else is written in a timeline leaves the status as it is.
OF_STATUS = (
    *(*RESOLVING, *REOPENING, ENDING_OF_IGNORING, UNDONE),
    *("resolved", "unresolved", "ignored"),
)
STANDS_NO_MORE = "What you want to undo does not stand any more: the issue has changed since."
VERSIONS = ("resolved_in_version", "was_resolved_in", "version")  # the first that an act has


def list_undoable(session: Session, issue: Issue) -> set[int]:
    """Row ids of the acts in the issue's timeline that may be undone now."""
    found = list_undoable_links(session, issue)
    if (assigned := find_undoable_assignment(session, issue)) is not None:
        found.add(assigned.id)
    newest = session.scalar(
        select(Activity)
        .where(Activity.issue_id == issue.id, Activity.kind.in_(OF_STATUS))
        .order_by(Activity.id.desc())
        .limit(1)
    )
    if newest is not None and newest.rule is not None and _stands(session, issue, newest):
        found.add(newest.id)
    return found


def undo(session: Session, issue: Issue, activity_id: int, *, why: Why) -> None:
    """Undo that act. The issue is locked; flushes, does not commit.

    Raises NotFoundError for what is no act on this issue, InvalidError for one that does not stand.
    """
    act = session.get(Activity, activity_id)
    if act is None or act.issue_id != issue.id:
        raise NotFoundError("no such act")
    if act.id not in list_undoable(session, issue):
        raise InvalidError(STANDS_NO_MORE)
    if act.kind == ASSIGNED:  # a person's word on whose it is, like any other; the status stays
        assign(session, issue, None, why=why)
        session.flush()
        return
    _record(session, issue, act, why)
    reason = f"undone by {why.actor or 'a person'}"
    if act.kind in LINKING:
        undo_link(session, issue, act, reason, why=why)
    elif act.kind in RESOLVING:
        _open(session, issue, reason, why)
    elif act.kind in REOPENING:
        _resolve_again(session, issue, act, why)
    else:
        issue.status, issue.is_inbox = IssueStatus.ignored, False
        set_condition(session, issue, None, now=why.now)
    session.flush()


def _stands(session: Session, issue: Issue, act: Activity) -> bool:
    """Whether the issue is as *act* left it, and as it was before is known."""
    if act.kind in RESOLVING:
        return issue.is_resolved
    if issue.status != IssueStatus.unresolved:
        return False
    return act.kind == ENDING_OF_IGNORING or _find_ended(session, issue, act) is not None


def _find_ended(session: Session, issue: Issue, act: Activity) -> Resolution | None:
    """The record that *act* ended, which happened at the same moment."""
    return session.scalar(
        select(Resolution)
        .where(Resolution.issue_id == issue.id, Resolution.ended_at == act.created_at)
        .order_by(Resolution.id.desc())
        .limit(1)
    )


def _open(session: Session, issue: Issue, reason: str, why: Why) -> None:
    """It is not fixed, and no commit that has shipped by now fixes it."""
    family = load_family(session, issue)
    shipped = {one.member for one in list_shipments(session, issue, family.members)}
    for link, sha in _list_claims(session, issue):
        if sha and family.homes(Member(link.repository_id, sha)) & shipped:
            link.ended_at, link.ended_reason = why.now, reason
    end_records(session, issue, why, reason)
    issue.status, issue.substatus, issue.is_inbox = IssueStatus.unresolved, None, True


def _list_claims(session: Session, issue: Issue) -> list[tuple[IssueLink, str | None]]:
    """Links that hold, each with the commit that it means."""
    rows = session.execute(
        select(IssueLink, PullRequest.merge_sha)
        .outerjoin(PullRequest, PullRequest.id == IssueLink.pull_request_id)
        .where(IssueLink.issue_id == issue.id, IssueLink.ended_at.is_(None))
    )
    return [(link, link.sha or merge_sha) for link, merge_sha in rows]


def _resolve_again(session: Session, issue: Issue, act: Activity, why: Why) -> None:
    """As it was resolved, but by a person and from now on: only later events take it back."""
    ended = _find_ended(session, issue, act)
    if ended is None:
        raise InvalidError(STANDS_NO_MORE)
    by_rule = ended.decided_by != BY_PERSON and bool(ended.release_version)
    kept = ("release_id", "release_version", "heads", "named_at", "commit_id")
    bases = ("base_id", "base_version", "base_heads", "base_at")
    session.add(
        Resolution(
            issue_id=issue.id,
            kind=ResolutionKind.release if by_rule else ended.kind,
            **{name: getattr(ended, name) for name in (*kept, *bases)},
            decided_by=BY_PERSON,
            actor=why.actor,
            created_at=why.now,
        )
    )
    issue.status, issue.substatus, issue.is_inbox = IssueStatus.resolved, None, False


def _record(session: Session, issue: Issue, act: Activity, why: Why) -> None:
    told = {name: act.data[name] for name in ("sha", "number", "title") if act.data.get(name)}
    version = next((act.data[name] for name in VERSIONS if act.data.get(name)), None)
    record_activity(
        session,
        why,
        LINK_UNDONE if act.kind in LINKING else UNDONE,
        organization_id=issue.organization_id,
        issue_id=issue.id,
        repository_id=act.repository_id,
        data={"what": act.kind, **told, **({"version": version} if version else {})},
    )
