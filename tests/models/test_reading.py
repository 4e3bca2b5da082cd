from __future__ import annotations

from sqlalchemy import func, select

from models import Organization
from models.session import Database
from tests.factories import make_organization


def test_reading_sees_one_moment(database: Database) -> None:
    how_many = select(func.count()).select_from(Organization)
    with database.reading() as reader:
        before = reader.scalar(how_many)
        with database.transaction() as writer:
            make_organization(writer)

        assert reader.scalar(how_many) == before == 0

    with database.reading() as reader:
        assert reader.scalar(how_many) == 1


def test_writers_are_not_held_to_the_readers_moment(database: Database) -> None:
    with database.reading() as reader:
        reader.scalar(select(1))
    for _ in range(2):
        with database.transaction() as writer:
            make_organization(writer)
