"""What is published on GitHub under a tag: its title and notes, which the tag's release takes over."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.bulk import insert_missing
from integrations.github.payloads import ReleasePayload
from models import GitHubRelease, Head, Release, Repository, Tag


def record_published(
    session: Session, repository: Repository, payload: ReleasePayload, *, gone_at: datetime | None
) -> None:
    """The newest state by GitHub's own time; what is deleted stays deleted."""
    row = {
        "repository_id": repository.id,
        "github_id": payload.id,
        "tag_name": payload.tag_name,
    }
    insert_missing(session, GitHubRelease, [row])
    stored = session.scalars(
        select(GitHubRelease).where(
            GitHubRelease.repository_id == repository.id, GitHubRelease.github_id == payload.id
        )
    ).one()
    if gone_at is not None:
        stored.deleted_at = gone_at
    at = payload.updated_at
    if stored.updated_at is None or (at is not None and at >= stored.updated_at):
        stored.tag_name, stored.name, stored.body = payload.tag_name, payload.name, payload.body
        stored.url, stored.published_at, stored.updated_at = payload.url, payload.published_at, at
    session.flush()


def describe_release(session: Session, tag: Tag, payload: ReleasePayload) -> None:
    """Give the tag's release what is published under it."""
    release = session.scalar(
        select(Release).join(Head, Head.release_id == Release.id).where(Head.tag_id == tag.id)
    )
    stored = session.scalar(
        select(GitHubRelease).where(
            GitHubRelease.repository_id == tag.repository_id, GitHubRelease.github_id == payload.id
        )
    )
    if release is not None and stored is not None and stored.deleted_at is None:
        release.name, release.notes, release.url = stored.name, stored.body, stored.url
        session.flush()
