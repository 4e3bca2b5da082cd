"""Alembic's environment and the revisions. See `models.schema`."""
