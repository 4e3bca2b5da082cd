"""Every row of one tenant, to see that something left it alone."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from models import Base, Organization, Repository


def rows_of(session: Session, slug: str) -> dict[str, list[Any]]:
    """The rows by table; deliveries and those that hang on a release, commit or issue left out."""
    organization = session.scalars(select(Organization).where(Organization.slug == slug)).one()
    repositories = select(Repository.id).where(Repository.organization_id == organization.id)
    found: dict[str, list[Any]] = {}
    for table in Base.metadata.sorted_tables:
        if table.name == "delivery":
            continue
        if "organization_id" in table.c:
            condition = table.c.organization_id == organization.id
        elif "repository_id" in table.c:
            condition = table.c.repository_id.in_(repositories)
        elif table.name == "organization":
            condition = table.c.id == organization.id
        else:
            continue
        rows = session.execute(select(table).where(condition).order_by(*table.primary_key))
        found[table.name] = [tuple(row) for row in rows]
    return found
