"""Since when GitHub lists an organization for a member, and who asks it right now.

Revision ID: 0013
Revises: 0012
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("user_account", schema=None) as batch_op:
        batch_op.add_column(sa.Column("checking_until", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("check_failed_at", sa.DateTime(timezone=True), nullable=True))
    with op.batch_alter_table("member", schema=None) as batch_op:
        batch_op.add_column(sa.Column("listed_since", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("member", schema=None) as batch_op:
        batch_op.drop_column("listed_since")
    with op.batch_alter_table("user_account", schema=None) as batch_op:
        batch_op.drop_column("check_failed_at")
        batch_op.drop_column("checking_until")
