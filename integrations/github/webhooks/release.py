"""`release`: what is published on GitHub joins the release of its tag."""

from __future__ import annotations

from domain.tag_rules import explain_no_release, find_tag_line
from domain.tag_updates import get_or_add_tag
from domain.upkeep import bring_up_to_date
from integrations.github.payloads import parse_release
from integrations.github.published import describe_release, record_published
from integrations.github.recording import find_known_tag
from integrations.github.webhooks.context import Context, IgnoredError, find_tracked_repository
from integrations.github.webhooks.tags import GRACE

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
    gone_at = ctx.now if ctx.action in GONE else None
    record_published(ctx.session, repository, payload, gone_at=gone_at)
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
    describe_release(ctx.session, tag, payload)
