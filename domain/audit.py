"""Who changed which setting, when, from what to what: the lines of the audit log.

Each is an activity of the organization itself, with the kind `setting_changed` or one of `EVENTS`;
never with a secret in it.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from domain.provenance import Why, record_activity
from models import Activity

CHANGED = "setting_changed"
PROJECT_CREATED = "project_created"
KEY_CREATED, KEY_DELETED = "key_created", "key_deleted"
TOKEN_CREATED, TOKEN_REVOKED = "token_created", "token_revoked"
DELIVERY_RETRIED, DELIVERIES_RETRIED = "delivery_retried", "deliveries_retried"
EVENTS = frozenset(
    {
        *(PROJECT_CREATED, KEY_CREATED, KEY_DELETED),
        *(TOKEN_CREATED, TOKEN_REVOKED),
        *(DELIVERY_RETRIED, DELIVERIES_RETRIED),
    }
)


def record_setting(
    session: Session,
    why: Why,
    name: str,
    *,
    organization_id: int,
    before: Any,
    after: Any,
    subject: str | None = None,
    repository_id: int | None = None,
) -> Activity | None:
    """Add a line if anything changed. *name* is the setting in words, as on its page.

    *subject* says of what it is a setting, such as a project's slug; *before* and *after* are JSON
    values: what people would read there.
    """
    if before == after:
        return None
    data = {"setting": name, "before": before, "after": after}
    return _record(session, why, CHANGED, organization_id, data, subject, repository_id)


def record_event(
    session: Session,
    why: Why,
    kind: str,
    *,
    organization_id: int,
    subject: str | None = None,
    data: dict[str, Any] | None = None,
    repository_id: int | None = None,
) -> Activity:
    """Add a line that something was done, such as a token made; *data* are JSON values."""
    return _record(session, why, kind, organization_id, data or {}, subject, repository_id)


def _record(
    session: Session,
    why: Why,
    kind: str,
    organization_id: int,
    data: dict[str, Any],
    subject: str | None,
    repository_id: int | None,
) -> Activity:
    if subject is not None:
        data = {**data, "subject": subject}
    return record_activity(
        session,
        why,
        kind,
        organization_id=organization_id,
        repository_id=repository_id,
        data=data,
    )
