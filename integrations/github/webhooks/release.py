"""`release`: what is published on GitHub joins the release of its tag."""

from __future__ import annotations

from sqlalchemy import select

from domain.bulk import insert_missing
from domain.tag_rules import explain_no_release, find_tag_line
from domain.tag_updates import get_or_add_tag
from domain.upkeep import bring_up_to_date
from integrations.github.payloads import ReleasePayload, parse_release
from integrations.github.recording import find_known_tag
from integrations.github.webhooks.context import Context, IgnoredError, find_tracked_repository
from integrations.github.webhooks.tags import GRACE
from models import GitHubRelease, Head, Release, Repository, Tag

GONE = ("deleted", "unpublished")
PUBLISHED = ("published", "edited", "released", "prereleased", "created")


def on_release(ctx: Context) -> None:
    """Keep title and notes; a published release whose tag is not known has it looked up."""
    payload = parse_release(ctx.body.object("release"))
    ctx.delivery.ref = f"refs/tags/{payload.tag_name}"[:255]
    if ctx.action not in (*GONE, *PUBLISHED):
        raise IgnoredError(f"action {ctx.action} changes nothing here")
    repository = find_tracked_repository(ctx)
    if payload.is_draft and ctx.action not in GONE:
        raise IgnoredError("a draft is not published")
    _record(ctx, repository, payload)
    if ctx.action in GONE:
        return
    if find_tag_line(payload.tag_name, repository.tag_pattern) is None:
        raise IgnoredError(explain_no_release(payload.tag_name, repository.tag_pattern))
    tag = find_known_tag(ctx.session, repository, payload.tag_name)
    if tag is None:
        tag = get_or_add_tag(ctx.session, repository, payload.tag_name)
        if tag.deleted_at is None:
            tag.look_up_ref(ctx.now + GRACE)
            bring_up_to_date(ctx.session, repository, why=ctx.why)
        return
    _describe(ctx, tag, payload)


def _record(ctx: Context, repository: Repository, payload: ReleasePayload) -> None:
    """The newest state by GitHub's own time; what is deleted stays deleted."""
    row = {
        "repository_id": repository.id,
        "github_id": payload.id,
        "tag_name": payload.tag_name,
    }
    insert_missing(ctx.session, GitHubRelease, [row])
    stored = ctx.session.scalars(
        select(GitHubRelease).where(
            GitHubRelease.repository_id == repository.id, GitHubRelease.github_id == payload.id
        )
    ).one()
    if ctx.action in GONE:
        stored.deleted_at = ctx.now
    at = payload.updated_at
    if stored.updated_at is None or (at is not None and at >= stored.updated_at):
        stored.tag_name, stored.name, stored.body = payload.tag_name, payload.name, payload.body
        stored.url, stored.published_at, stored.updated_at = payload.url, payload.published_at, at
    ctx.session.flush()


def _describe(ctx: Context, tag: Tag, payload: ReleasePayload) -> None:
    release = ctx.session.scalar(
        select(Release).join(Head, Head.release_id == Release.id).where(Head.tag_id == tag.id)
    )
    stored = ctx.session.scalar(
        select(GitHubRelease).where(
            GitHubRelease.repository_id == tag.repository_id, GitHubRelease.github_id == payload.id
        )
    )
    if release is not None and stored is not None and stored.deleted_at is None:
        release.name, release.notes, release.url = stored.name, stored.body, stored.url
        ctx.session.flush()
