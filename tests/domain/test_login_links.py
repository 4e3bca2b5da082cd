from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from domain.errors import InvalidError, NotFoundError
from domain.login_links import (
    LINK_LIFETIME,
    SESSION_LIFETIME,
    create_login_link,
    end_sessions,
    find_login_link,
    list_memberships,
    use_login_link,
)
from models.session import Database
from tests.factories import NOW, make_organization

LATER = NOW + timedelta(minutes=59)


def test_a_link_gives_its_role_in_its_organization(session: Session) -> None:
    organization = make_organization(session, "acme")
    token = create_login_link(session, organization, role="admin", now=NOW)

    offered = find_login_link(session, token, now=LATER)
    used = use_login_link(session, token, now=LATER)

    assert offered == used
    assert (used.slug, used.role) == ("acme", "admin")
    assert list_memberships(session, [used.link_id], now=LATER) == [used]


def test_only_known_roles_are_given(session: Session) -> None:
    with pytest.raises(InvalidError):
        create_login_link(session, make_organization(session), role="king", now=NOW)


@pytest.mark.parametrize("way", ["unknown", "used", "expired"])
def test_links_that_do_not_work(session: Session, way: str) -> None:
    token = create_login_link(session, make_organization(session), now=NOW)
    now = NOW + LINK_LIFETIME if way == "expired" else NOW
    if way == "used":
        use_login_link(session, token, now=now)
    token = "nonsense" if way == "unknown" else token

    assert find_login_link(session, token, now=now) is None
    with pytest.raises(NotFoundError):
        use_login_link(session, token, now=now)


def test_of_many_attempts_at_once_one_succeeds(database: Database) -> None:
    with database.transaction() as session:
        token = create_login_link(session, make_organization(session), now=NOW)

    def attempt(_: int) -> bool:
        try:
            with database.transaction() as session:
                use_login_link(session, token, now=LATER)
        except NotFoundError:
            return False
        return True

    with ThreadPoolExecutor(8) as threads:
        assert sum(threads.map(attempt, range(8))) == 1


def test_a_link_that_was_not_used_is_no_session(session: Session) -> None:
    organization = make_organization(session)
    token = create_login_link(session, organization, now=NOW)
    offered = find_login_link(session, token, now=NOW)
    assert offered is not None

    assert list_memberships(session, [offered.link_id], now=NOW) == []


def test_sessions_end(session: Session) -> None:
    organization = make_organization(session)
    first, second = (
        use_login_link(session, create_login_link(session, organization, now=NOW), now=NOW)
        for _ in range(2)
    )

    assert list_memberships(session, [first.link_id], now=NOW + SESSION_LIFETIME) == []
    assert len(list_memberships(session, [first.link_id, second.link_id], now=NOW)) == 1
    end_sessions(session, [first.link_id])
    assert list_memberships(session, [first.link_id], now=NOW) == []
    assert list_memberships(session, [second.link_id], now=NOW) == [second]
