"""Settings of an organization as a whole."""

from __future__ import annotations

from sqlalchemy.orm import Session

from domain.audit import record_setting
from domain.errors import InvalidError
from domain.organizations import NAME_LENGTH, lock_organization
from domain.provenance import Why
from domain.text import clean_text


def change_organization(
    session: Session,
    organization_id: int,
    *,
    name: str,
    track_new_repositories: bool,
    why: Why,
) -> None:
    """Set its name and what happens to repositories that GitHub shows anew; raises InvalidError."""
    name = clean_text(name).strip()
    if not name or len(name) > NAME_LENGTH:
        raise InvalidError(f"A name has 1 to {NAME_LENGTH} characters.")
    organization = lock_organization(session, organization_id)
    record_setting(
        session,
        why,
        "name",
        organization_id=organization_id,
        before=organization.name,
        after=name,
    )
    record_setting(
        session,
        why,
        "track new repositories",
        organization_id=organization_id,
        before=organization.track_new_repositories,
        after=track_new_repositories,
    )
    organization.name = name
    organization.track_new_repositories = track_new_repositories
