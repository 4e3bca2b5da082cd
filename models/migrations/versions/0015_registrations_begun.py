"""Registrations of the App that were begun: what GitHub has to bring back to the browser.

Revision ID: 0015
Revises: 0014
"""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "app_manifest",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("setup_link_id", sa.Integer(), nullable=False),
        sa.Column("state_sha256", sa.String(length=64), nullable=False),
        sa.Column("replaces_id", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("claimed_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["replaces_id"],
            ["app_registration.id"],
            name=op.f("fk_app_manifest_replaces_id_app_registration"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["setup_link_id"],
            ["setup_link.id"],
            name=op.f("fk_app_manifest_setup_link_id_setup_link"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_app_manifest")),
        sa.UniqueConstraint("state_sha256", name=op.f("uq_app_manifest_state_sha256")),
    )
    op.create_index(
        op.f("ix_app_manifest_setup_link_id"), "app_manifest", ["setup_link_id"], unique=False
    )


def downgrade() -> None:
    op.drop_table("app_manifest")
