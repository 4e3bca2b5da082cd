"""`push`: commits and spans of branches; tags made, moved and deleted (github.md 2, sentry-api.md 10.2)."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import exists, select

from domain.branch_rules import NOT_FOLLOWED, is_branch_tracked
from domain.commits import record_span
from domain.releases import sync_release_of
from domain.tag_rules import explain_no_release
from domain.tag_updates import Move, TagPosition, get_or_add_tag, record_deletion
from domain.upkeep import bring_up_to_date
from integrations.github.payloads import PushPayload, parse_push, parse_repository
from integrations.github.recording import record_branch, record_tag, record_with_links
from integrations.github.webhooks.context import Context, IgnoredError, find_tracked_repository
from models import Repository, Span

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def on_push(ctx: Context) -> None:
    """Record what the push says. Never calls GitHub: what is missing is left to the gaps job."""
    push = parse_push(ctx.body)
    ctx.delivery.ref = push.ref[:255]
    repository = find_tracked_repository(ctx)
    pushed_at = parse_repository(ctx.body.object("repository")).pushed_at
    if push.branch is not None:
        _on_branch(ctx, repository, push, push.branch, pushed_at or ctx.delivery.received_at)
    elif push.tag is not None:
        _on_tag(ctx, repository, push, push.tag, pushed_at or ctx.delivery.received_at)
    else:
        raise IgnoredError(f"{push.ref} is neither a branch nor a tag")


def _on_branch(
    ctx: Context, repository: Repository, push: PushPayload, branch: str, pushed_at: datetime
) -> None:
    if not is_branch_tracked(repository, branch):
        raise IgnoredError(NOT_FOLLOWED)
    record_branch(ctx.session, repository, branch, push.after, pushed_at)
    issue_ids = record_with_links(
        ctx.session, repository, push.commits, hosts=ctx.hosts, why=ctx.why
    )
    _record_span(ctx, repository, push, branch)
    learnt = {*filter(None, [push.after]), *(commit.sha for commit in push.commits)}
    bring_up_to_date(ctx.session, repository, why=ctx.why, issue_ids=issue_ids, learnt=learnt)
    ctx.effects.update(commits=len(push.commits), issues_named=len(issue_ids))


def _record_span(ctx: Context, repository: Repository, push: PushPayload, branch: str) -> None:
    """What the push says of reach(after), if it says anything (membership.md, *What we know*)."""
    if push.after is None:
        return
    listed = [commit.sha for commit in push.commits]
    if push.after not in listed:
        return  # a branch made at, or moved back to, a known commit
    if push.before is None and not _is_first_push(ctx, repository, branch):
        return  # a new branch lists only what no other branch had
    record_span(
        ctx.session,
        repository,
        before=push.before or "",
        after=push.after,
        listed=listed,
        is_complete=not push.is_forced and not push.is_capped,
    )


def _is_first_push(ctx: Context, repository: Repository, branch: str) -> bool:
    """Whether this push to a repository known to be empty is its whole history.

    GitHub makes the first branch pushed the default branch. Another one, pushed right after it,
    lists only what is not on the first; its delivery may come first, and must not be believed.
    """
    if not repository.was_empty or branch != repository.default_branch:
        return False
    other = exists().where(Span.repository_id == repository.id, Span.before == "")
    return not ctx.session.scalar(select(other))


def _on_tag(
    ctx: Context, repository: Repository, push: PushPayload, name: str, pushed_at: datetime
) -> None:
    if push.after is None:
        tag = get_or_add_tag(ctx.session, repository, name)
        record_deletion(tag, before_sha=push.before, deleted_at=pushed_at, now=ctx.now)
        sync_release_of(ctx.session, repository, tag, move=Move(), why=ctx.why)
        bring_up_to_date(ctx.session, repository, why=ctx.why)
        return
    if push.head is None:
        raise IgnoredError("the tag is on no commit")
    issue_ids = record_with_links(
        ctx.session, repository, [push.head], hosts=ctx.hosts, why=ctx.why
    )
    position = TagPosition(
        name=name,
        sha=push.head.sha,
        object_sha=push.after,
        made_at=push.head.committed_at or EPOCH,
        is_exact=push.after == push.head.sha,
        before_sha=push.before,
        pushed_at=pushed_at,
    )
    head = record_tag(ctx.session, repository, position, why=ctx.why)
    if head is None:
        bring_up_to_date(ctx.session, repository, why=ctx.why, issue_ids=issue_ids)
        raise IgnoredError(explain_no_release(name, repository.tag_pattern))
    bring_up_to_date(ctx.session, repository, why=ctx.why, issue_ids=issue_ids)
    ctx.effects.update(tag=name, release_id=head.release_id)
