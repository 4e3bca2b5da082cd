"""Indexes for the issues in the inbox and for those that are bookmarked, in each order.

The previous version goes on reading and writing. On PostgreSQL their making keeps writers of
`issue` waiting, for a second or so with a million issues.

Revision ID: 0020
Revises: 0019
"""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

INDEXES = [
    (f"ix_issue_organization_id_{flag}_{order}_id", flag, order)
    for flag in ("is_inbox", "is_bookmarked")
    for order in ("last_seen", "first_seen", "event_count")
]


def upgrade() -> None:
    for name, flag, order in INDEXES:
        op.create_index(
            name,
            "issue",
            ["organization_id", flag, order, "id"],
            sqlite_where=sa.text(f"{flag} = 1"),
            postgresql_where=sa.text(flag),
        )


def downgrade() -> None:
    for name, _, _ in INDEXES:
        op.drop_index(name, "issue")
