"""`create` and `delete`: a tag came or went. They carry no commit; the push beside them does.

GitHub sends both, in any order, within about a second. So these only note that the tag is to be
looked up unless the push arrives within a grace.
"""

from __future__ import annotations

from datetime import timedelta

from domain.tag_rules import explain_no_release, find_tag_line
from domain.tag_updates import find_tag, get_or_add_tag
from domain.upkeep import bring_up_to_date
from integrations.github.payloads import MAX_REF, parse_repository
from integrations.github.webhooks.context import Context, IgnoredError, find_tracked_repository
from models import Repository

GRACE = timedelta(seconds=3)


def on_create(ctx: Context) -> None:
    name = _tag_name(ctx)
    repository = find_tracked_repository(ctx)
    _verify_makes_release(repository, name)
    pushed_at = parse_repository(ctx.body.object("repository")).pushed_at
    tag = get_or_add_tag(ctx.session, repository, name)
    known = tag.sha is not None and (
        tag.pushed_at is None or pushed_at is None or tag.pushed_at >= pushed_at
    )
    if known and not tag.is_deleted:
        return
    deleted_at = tag.deleted_at if tag.is_deleted and tag.sha is not None else None
    if deleted_at is not None and pushed_at is not None and deleted_at >= pushed_at:
        return  # late news: it was deleted since
    tag.look_up_ref(ctx.now + GRACE)
    bring_up_to_date(ctx.session, repository, why=ctx.why)


def on_delete(ctx: Context) -> None:
    name = _tag_name(ctx)
    repository = find_tracked_repository(ctx)
    _verify_makes_release(repository, name)
    tag = find_tag(ctx.session, repository, name)
    if tag is not None and tag.is_deleted:
        return
    tag = get_or_add_tag(ctx.session, repository, name)
    tag.look_up_ref(ctx.now + GRACE)
    bring_up_to_date(ctx.session, repository, why=ctx.why)


def _tag_name(ctx: Context) -> str:
    name = ctx.body.name("ref", MAX_REF)
    kind = ctx.body.string("ref_type", 64)
    ctx.delivery.ref = f"refs/{'tags' if kind == 'tag' else 'heads'}/{name}"[:255]
    if kind != "tag":
        raise IgnoredError("branches are followed by their pushes")
    return name


def _verify_makes_release(repository: Repository, name: str) -> None:
    if find_tag_line(name, repository.tag_pattern) is None:
        raise IgnoredError(explain_no_release(name, repository.tag_pattern))
