from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy.orm import Session

from models.session import Database


@pytest.fixture
def session(database: Database) -> Iterator[Session]:
    """A writing session, committed when the test ends."""
    with database.transaction() as session:
        yield session
