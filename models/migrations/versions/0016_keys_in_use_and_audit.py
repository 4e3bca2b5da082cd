"""When keys were last used; indexes of the audit log and of recent pull requests.

Revision ID: 0016
Revises: 0015
"""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    of_organization = sa.text("issue_id IS NULL AND release_id IS NULL")
    with op.batch_alter_table("project_key", schema=None) as batch_op:
        batch_op.add_column(sa.Column("last_used_at", sa.DateTime(timezone=True), nullable=True))
    op.create_index(
        "ix_activity_audit",
        "activity",
        ["organization_id", "issue_id", "release_id", "id"],
        unique=False,
        sqlite_where=of_organization,
        postgresql_where=of_organization,
    )
    op.create_index(
        "ix_pull_request_repository_id_updated_at",
        "pull_request",
        ["repository_id", "updated_at"],
        unique=False,
    )


def downgrade() -> None:
    op.drop_index("ix_pull_request_repository_id_updated_at", table_name="pull_request")
    op.drop_index("ix_activity_audit", table_name="activity")
    with op.batch_alter_table("project_key", schema=None) as batch_op:
        batch_op.drop_column("last_used_at")
