"""What of an organization's commits and pull requests claims that an issue is fixed.

What was read before a change stays as it was read: a policy is for texts that come after it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.audit import record_setting
from domain.keywords import STANDARD, verify_keywords
from domain.organizations import lock_organization
from domain.provenance import Why
from models import Organization


@dataclass(frozen=True, slots=True)
class Policy:
    """Words that claim a fix before an id, and whether titles and texts of pull requests count."""

    keywords: tuple[str, ...] = STANDARD
    reads_pull_requests: bool = True

    @property
    def is_standard(self) -> bool:
        return self == Policy()


def make_policy(words: Iterable[str], *, reads_pull_requests: bool) -> Policy:
    """The policy of these words, the standard ones in their own order; raises InvalidError."""
    keywords = verify_keywords(words)
    if set(keywords) == set(STANDARD):
        keywords = STANDARD
    return Policy(keywords, reads_pull_requests)


def load_policy(session: Session, organization_id: int) -> Policy:
    """The organization's policy, as it is now."""
    row = session.execute(
        select(Organization.resolution_keywords, Organization.reads_pull_requests).where(
            Organization.id == organization_id
        )
    ).one()
    words = row.resolution_keywords
    return Policy(STANDARD if words is None else tuple(words), row.reads_pull_requests)


def change_policy(session: Session, organization_id: int, policy: Policy, *, why: Why) -> None:
    """Let *policy* hold from now on; nothing that was read before is read again."""
    organization = lock_organization(session, organization_id)
    before = load_policy(session, organization_id)
    for name, was, becomes in (
        ("words that claim a fix", list(before.keywords), list(policy.keywords)),
        ("pull requests count", before.reads_pull_requests, policy.reads_pull_requests),
    ):
        record_setting(
            session, why, name, organization_id=organization_id, before=was, after=becomes
        )
    is_standard = policy.keywords == STANDARD
    organization.resolution_keywords = None if is_standard else list(policy.keywords)
    organization.reads_pull_requests = policy.reads_pull_requests
    session.flush()
