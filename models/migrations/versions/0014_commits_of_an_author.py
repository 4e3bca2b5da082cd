"""An index for the commits of an author.

Revision ID: 0014
Revises: 0013
"""

from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_commit_author_id", "commit", ["author_id"], unique=False)


def downgrade() -> None:
    op.drop_index("ix_commit_author_id", table_name="commit")
