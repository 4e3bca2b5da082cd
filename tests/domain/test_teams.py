"""Teams that two admins change at once."""

from __future__ import annotations

import pytest
from sqlalchemy import delete

from domain.errors import NotFoundError
from domain.provenance import Why
from domain.teams import change_team, create_team, delete_team
from models import Team
from models.session import Database
from tests.factories import NOW, make_organization

ADMIN = Why(NOW, source="person", actor="root")


def test_a_team_that_was_deleted_meanwhile_is_not_found(database: Database) -> None:
    with database.transaction() as session:
        team = create_team(session, make_organization(session).id, "Web", why=ADMIN)
        unseen = {"synchronize_session": False}  # as if somebody else had done it
        session.execute(delete(Team), execution_options=unseen)

        with pytest.raises(NotFoundError):
            change_team(session, team, name="Web", member_ids=[], project_ids=[], why=ADMIN)
        with pytest.raises(NotFoundError):
            delete_team(session, team, why=ADMIN)
