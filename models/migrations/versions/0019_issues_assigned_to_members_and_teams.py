"""Issues assigned to members and teams; who takes those that their commits name.

Revision ID: 0019
Revises: 0018
"""

import warnings

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

REFERRED = {"assigned_member_id": "member", "assigned_team_id": "team"}


def upgrade() -> None:
    op.add_column(
        "user_account",
        sa.Column("takes_issues", sa.Boolean(), server_default=sa.false(), nullable=False),
    )
    with warnings.catch_warnings():
        # SQLite copies the table, and looks at those that it refers to. One of them has indexes
        # that it cannot describe, and need not: that table stays as it is.
        warnings.filterwarnings("ignore", "Skipped unsupported reflection", sa.exc.SAWarning)
        with op.batch_alter_table("issue", schema=None) as batch_op:
            for column, table in REFERRED.items():
                batch_op.add_column(sa.Column(column, sa.Integer(), nullable=True))
                batch_op.create_index(f"ix_issue_{column}", [column], unique=False)
                batch_op.create_foreign_key(
                    f"fk_issue_{column}_{table}", table, [column], ["id"], ondelete="SET NULL"
                )


def downgrade() -> None:
    with op.batch_alter_table("issue", schema=None) as batch_op:
        for column, table in REFERRED.items():
            batch_op.drop_constraint(f"fk_issue_{column}_{table}", type_="foreignkey")
            batch_op.drop_index(f"ix_issue_{column}")
            batch_op.drop_column(column)
    with op.batch_alter_table("user_account", schema=None) as batch_op:
        batch_op.drop_column("takes_issues")
