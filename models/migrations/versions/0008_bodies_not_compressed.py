"""Bodies that PostgreSQL does not compress: that took it longer than all else about storing one.

Concerns what is stored from now on. The previous version goes on reading and writing; the tables
are locked for a moment, without being rewritten.

Revision ID: 0008
Revises: 0007
"""

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute("ALTER TABLE received_event ALTER COLUMN body SET STORAGE EXTERNAL")
        op.execute("ALTER TABLE event ALTER COLUMN data SET STORAGE EXTERNAL")


def downgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute("ALTER TABLE event ALTER COLUMN data SET STORAGE EXTENDED")
        op.execute("ALTER TABLE received_event ALTER COLUMN body SET STORAGE EXTENDED")
