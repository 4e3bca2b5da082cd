"""What every table shares: the declarative base, constraint names, and UTC time."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import DDL, JSON, DateTime, MetaData, TypeDecorator, event
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import DeclarativeBase

CONSTRAINT_NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


def utcnow() -> datetime:
    """The present moment, aware, in UTC. Called at the edges only; rules are given their *now*."""
    return datetime.now(UTC)


class UtcDateTime(TypeDecorator[datetime]):
    """An aware UTC moment; SQLite keeps no zone, so it is added again on the way out."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a moment without a time zone cannot be stored")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


_JSON = JSON(none_as_null=True)  # None is no value, so that SQL finds it


class Base(DeclarativeBase):
    """Base of all tables."""

    metadata = MetaData(naming_convention=CONSTRAINT_NAMES)
    type_annotation_map = {datetime: UtcDateTime, dict[str, Any]: _JSON, list[Any]: _JSON}  # noqa: RUF012 (SQLAlchemy's own form)


def keep_uncompressed(model: type[Base], column: str) -> None:
    """Have PostgreSQL store *column* as it is: its compression takes longer than a fast insert.

    For tables made from the models; those of a server are altered by a migration.
    """
    change = DDL(  # type: ignore[no-untyped-call]  # has no types
        f"ALTER TABLE %(table)s ALTER COLUMN {column} SET STORAGE EXTERNAL"
    )
    event.listen(model.__table__, "after_create", change.execute_if(dialect="postgresql"))
