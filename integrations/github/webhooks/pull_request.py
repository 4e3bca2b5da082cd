"""`pull_request`: its text links issues; once merged, its merge commit stands for it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select

from domain.bulk import insert_missing
from domain.issue_links import link_pull_request
from domain.resolution import sync_issues
from integrations.github.payloads import PullRequestPayload, parse_pull_request
from integrations.github.webhooks.context import Context, find_tracked_repository
from models import PullRequest, Repository


def on_pull_request(ctx: Context) -> None:
    """Keep the newest state by GitHub's own time; links and resolutions follow."""
    payload = parse_pull_request(ctx.body.object("pull_request"))
    repository = find_tracked_repository(ctx)
    at = payload.updated_at or ctx.delivery.received_at
    pull_request = _record(ctx, repository, payload, at)
    issue_ids = link_pull_request(
        ctx.session, repository, pull_request, hosts=ctx.hosts, why=ctx.why
    )
    sync_issues(ctx.session, issue_ids, why=ctx.why)
    ctx.effects.update(number=payload.number, issues_named=len(issue_ids))


def _record(
    ctx: Context, repository: Repository, payload: PullRequestPayload, at: datetime
) -> PullRequest:
    row = {
        "repository_id": repository.id,
        "number": payload.number,
        "title": payload.title,
        "body": payload.body,
        "author_login": payload.author_login,
        "merge_sha": payload.merge_sha,
        "updated_at": at,
    }
    insert_missing(ctx.session, PullRequest, [row])
    stored = ctx.session.scalars(
        select(PullRequest).where(
            PullRequest.repository_id == repository.id, PullRequest.number == payload.number
        )
    ).one()
    stored.merge_sha = stored.merge_sha or payload.merge_sha  # merged once, merged for good
    if at >= stored.updated_at:
        stored.title, stored.body, stored.updated_at = payload.title, payload.body, at
        stored.author_login = payload.author_login
    ctx.session.flush()
    return stored
