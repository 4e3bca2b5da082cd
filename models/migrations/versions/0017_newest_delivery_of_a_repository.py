"""The newest deliveries of a repository are read off an index.

Revision ID: 0017
Revises: 0016
"""

from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("delivery", schema=None) as batch_op:
        batch_op.create_index("ix_delivery_repository_id_id", ["repository_id", "id"], unique=False)
        batch_op.drop_index("ix_delivery_repository_id")  # the new one serves for both


def downgrade() -> None:
    with op.batch_alter_table("delivery", schema=None) as batch_op:
        batch_op.create_index("ix_delivery_repository_id", ["repository_id"], unique=False)
        batch_op.drop_index("ix_delivery_repository_id_id")
