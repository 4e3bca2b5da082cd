"""Whom clients name as owners of releases.

Revision ID: 0021
Revises: 0020
"""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "release_owner",
        sa.Column("release_id", sa.Integer(), nullable=False),
        sa.Column("member_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["release_id"],
            ["release.id"],
            name="fk_release_owner_release_id_release",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["member_id"],
            ["member.id"],
            name="fk_release_owner_member_id_member",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("release_id", name="pk_release_owner"),
    )
    op.create_index("ix_release_owner_member_id", "release_owner", ["member_id"])


def downgrade() -> None:
    op.drop_table("release_owner")
