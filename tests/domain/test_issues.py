from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy.orm import Session

from domain.errors import InvalidError, NotFoundError
from domain.issues import create_issue, find_issue, get_issue, short_id_of
from models import Project
from models.session import Database
from tests.factories import NOW, make_organization, make_project


def test_issues_are_numbered_in_their_project(session: Session) -> None:
    organization = make_organization(session)
    web, api = (
        make_project(session, organization, "web"),
        make_project(session, organization, "api"),
    )

    made = [create_issue(session, project, "Broken", now=NOW) for project in (web, web, api)]

    assert [issue.number for issue in made] == [1, 2, 1]
    assert short_id_of(made[1], web) == "WEB-2"
    assert not made[0].is_resolved


def test_titles_are_one_line_of_storable_text(session: Session) -> None:
    project = make_project(session, make_organization(session))

    assert create_issue(session, project, " a\n\0b \t c ", now=NOW).title == "a b c"
    with pytest.raises(InvalidError):
        create_issue(session, project, " \0 ", now=NOW)
    assert project.last_issue_number == 1


def test_an_issue_is_found_within_its_organization(session: Session) -> None:
    organization, other = make_organization(session), make_organization(session)
    project = make_project(session, organization, "my-web")
    issue = create_issue(session, project, "Broken", now=NOW)

    assert find_issue(session, organization.id, "my-WEB_l") == (issue, project)
    assert find_issue(session, other.id, "MY-WEB-1") is None
    assert find_issue(session, organization.id, "MY-WEB-2") is None
    assert find_issue(session, organization.id, "MY-WEB-ZZZZZZZZZZ") is None
    with pytest.raises(NotFoundError):
        get_issue(session, other.id, "MY-WEB-1")


def test_no_number_is_given_twice(database: Database) -> None:
    with database.transaction() as session:
        project_id = make_project(session, make_organization(session)).id

    def create(_: int) -> int:
        with database.transaction() as session:
            project = session.get_one(Project, project_id)
            return create_issue(session, project, "Broken", now=NOW).number

    with ThreadPoolExecutor(8) as threads:
        numbers = list(threads.map(create, range(40)))

    assert sorted(numbers) == list(range(1, 41))
