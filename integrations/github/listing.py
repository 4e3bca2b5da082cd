"""The repositories that an installation shows us, made ours."""

from __future__ import annotations

from sqlalchemy import select

from domain.organizations import lock_organization
from domain.provenance import Why
from integrations.github.fields import Fields
from integrations.github.payloads import RepositoryPayload, parse_repository
from integrations.github.slices import Slice, WorkOutcome
from integrations.github.sync import lose_access, record_repository
from models import Installation, Repository


def list_repositories(some: Slice) -> WorkOutcome:
    """List all of them, track the new ones if the setting says so, and mark those gone."""
    listed: list[RepositoryPayload] = []
    for page in some.client.pages("/installation/repositories"):
        listed += [parse_repository(fields) for fields in Fields(page).objects("repositories")]
    with some.db.transaction() as session:
        installation = session.get_one(Installation, some.subject_id)
        organization = lock_organization(session, installation.organization_id)
        now = some.now()
        installation.deleted_at = installation.suspended_at = None  # else it gets no answer
        for payload in listed:
            record_repository(session, organization, installation, payload, now=now)
        shown = {payload.id for payload in listed}
        known = session.scalars(
            select(Repository)
            .where(Repository.installation_id == installation.id)
            .order_by(Repository.id)
        )
        for repository in list(known):
            if repository.github_id not in shown:
                why = Why(now=now, source="listing")
                lose_access(session, repository, why, reason="the installation does not show it")
    return WorkOutcome()
