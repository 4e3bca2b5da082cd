"""Commits that a release leaves out because its projects take other paths.

Revision ID: 0012
Revises: 0011
"""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for table in ("head", "release"):
        # Not in a batch: on SQLite that would copy the table without its indexes on expressions.
        op.add_column(
            table, sa.Column("outside_count", sa.Integer(), server_default="0", nullable=False)
        )


def downgrade() -> None:
    for table in ("head", "release"):
        op.drop_column(table, "outside_count")
