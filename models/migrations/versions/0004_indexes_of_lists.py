"""Lists of any length in pages: an index for each order.

The previous version goes on reading and writing: indexes are all that changes. On PostgreSQL their
making keeps writers of `release`, `commit` and `release_commit` waiting, for seconds with millions
of commits; webhooks are stored meanwhile, in a table of their own, and readers wait for nobody.
What only removes is done last, because it locks readers out until the commit.

`release.semver_key` is not filled here: the previous version may still add rows without one. The
workers fill what is missing.

Revision ID: 0004
Revises: 0003
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

MOMENT = sa.text("coalesce(released_at, created_at)")


def upgrade() -> None:
    op.create_index(
        "ix_release_organization_id_moment", "release", ["organization_id", MOMENT, "id"]
    )
    op.create_index(
        "ix_release_organization_id_status_moment",
        "release",
        ["organization_id", "status", MOMENT, "id"],
    )
    op.create_index(
        "ix_release_organization_id_status_semver_key",
        "release",
        ["organization_id", "status", sa.text("coalesce(semver_key, '')"), "id"],
    )
    op.create_index(
        "ix_release_organization_id_created_at", "release", ["organization_id", "created_at", "id"]
    )
    op.create_index(
        "ix_release_semver_key_missing",
        "release",
        ["id"],
        sqlite_where=sa.text("semver_key IS NULL"),
        postgresql_where=sa.text("semver_key IS NULL"),
    )
    op.create_index(
        "ix_commit_repository_id_moment",
        "commit",
        ["repository_id", sa.text("coalesce(committed_at, '-infinity')"), "id"],
    )
    op.create_index(
        "ix_release_commit_release_id_position_head_id",
        "release_commit",
        ["release_id", "position", "head_id"],
    )
    op.drop_index("ix_release_commit_release_id_position", "release_commit")
    op.drop_index("ix_release_organization_id_released_at", "release")


def downgrade() -> None:
    op.create_index(
        "ix_release_organization_id_released_at", "release", ["organization_id", "released_at"]
    )
    op.create_index(
        "ix_release_commit_release_id_position", "release_commit", ["release_id", "position"]
    )
    op.drop_index("ix_release_commit_release_id_position_head_id", "release_commit")
    op.drop_index("ix_commit_repository_id_moment", "commit")
    op.drop_index("ix_release_semver_key_missing", "release")
    op.drop_index("ix_release_organization_id_created_at", "release")
    op.drop_index("ix_release_organization_id_status_semver_key", "release")
    op.drop_index("ix_release_organization_id_status_moment", "release")
    op.drop_index("ix_release_organization_id_moment", "release")
