"""Who changed which setting, when, from what to what: the lines of the audit log.

Each is an activity with the kind `setting_changed` or one of `EVENTS`; never with a secret in it.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from domain.provenance import Why, record_activity
from models import Activity

CHANGED = "setting_changed"


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
    if subject is not None:
        data["subject"] = subject
    return record_activity(
        session,
        why,
        CHANGED,
        organization_id=organization_id,
        repository_id=repository_id,
        data=data,
    )
