"""The list of repositories in the settings: found, narrowed, paged, changed one or several at once."""

from __future__ import annotations

import re

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.repositories import track_repository
from models import Activity, DeliveryState, Organization, Repository, Work
from models.session import Database
from tests.factories import NOW, make_delivery, make_organization, make_repository
from tests.webapp.conftest import SignIn, StatementCounter, csrf_token

PAGE = "/o/acme/settings/repositories/"


def names(page: str) -> list[str]:
    return re.findall(r'<th scope="row"><a[^>]*><bdi>([^<]+)</bdi>', page)


def post(client: FlaskClient, *chosen: Repository, action: str) -> int:
    form = {
        "csrf_token": csrf_token(client.get("/").text),
        "action": action,
        "repository": [str(one.id) for one in chosen],
    }
    return client.post(PAGE, data=form).status_code


def test_a_row_says_all_there_is_to_say(
    admin: FlaskClient, session: Session, organization: Organization
) -> None:
    web = make_repository(session, organization, "acme/web", default_branch="trunk")
    track_repository(session, web, now=NOW)
    work = session.scalars(select(Work)).one()
    work.progress = {
        "phase": "commits",
        "commits": 500,
        "expected_commits": 2_000,
        "tags": 100,
        "pace": {"since": NOW.isoformat(), "at": NOW.isoformat(), "from": 0, "done": 500},
    }
    make_delivery(session, organization, repository_id=web.id, event="push")
    newest = make_delivery(
        session,
        organization,
        repository_id=web.id,
        event="create",
        state=DeliveryState.ignored,
        reason="tag x names no version",
    )
    make_repository(
        session,
        organization,
        "acme/gone",
        is_accessible=False,
        lost_reason="the App was uninstalled",
        is_archived=True,
    )
    session.commit()

    page = admin.get(PAGE).text

    assert names(page) == ["acme/gone", "acme/web"]
    for words in (
        "trunk",
        'href="/o/acme/releases/?project=web"',
        f'href="/o/acme/deliveries/{newest.guid}">create</a>',
        "tag x names no version",
        "500 of about 2000 commits, 100 tags",
        'max="100" value="20"',
        "less than a minute left",
        "no longer accessible</strong>: the App was uninstalled",
        ", archived",
    ):
        assert words in page


def test_narrowed_and_searched(
    member: FlaskClient, session: Session, organization: Organization
) -> None:
    make_repository(session, organization, "acme/web", is_tracked=True)
    make_repository(session, organization, "acme/Webhooks")
    make_repository(session, organization, "acme/lost", is_tracked=True, is_accessible=False)
    make_repository(session, make_organization(session, "other"), "other/web", is_tracked=True)
    session.commit()

    assert names(member.get(PAGE).text) == ["acme/lost", "acme/web", "acme/Webhooks"]
    assert names(member.get(PAGE + "?show=tracked").text) == ["acme/lost", "acme/web"]
    assert names(member.get(PAGE + "?show=untracked").text) == ["acme/Webhooks"]
    assert names(member.get(PAGE + "?show=lost").text) == ["acme/lost"]
    assert names(member.get(PAGE + "?q=WEB&show=tracked").text) == ["acme/web"]
    assert "No repository is like that" in member.get(PAGE + "?q=100%25").text
    page = member.get(PAGE).text
    for label in ("All (3)", "Tracked (2)", "Not tracked (1)", "No longer accessible (1)"):
        assert label in page
    for wrong in ("?show=x", "?after=x", "?after=999999"):
        assert member.get(PAGE + wrong).status_code == 400


def test_thousands_in_pages_by_a_constant_number_of_statements(
    member: FlaskClient, session: Session, organization: Organization, database: Database
) -> None:
    def statements(address: str) -> tuple[int, str]:
        with StatementCounter().on(database) as counter:
            page = member.get(address).text
        return len(counter.statements), page

    make_repository(session, organization, "acme/aa")
    session.commit()
    few, _ = statements(PAGE)
    session.add_all(
        Repository(
            organization_id=organization.id,
            github_id=100_000 + number,
            full_name=f"acme/{'R' if number % 2 else 'r'}{number:04}",
            is_tracked=number % 3 == 0,
            created_at=NOW,
        )
        for number in range(2_000)
    )
    session.flush()
    for repository in session.scalars(select(Repository).limit(60)).all():
        make_delivery(session, organization, repository_id=repository.id)
    session.commit()

    many, page = statements(PAGE)
    assert many == few
    seen = names(page)
    while found := re.search(r'href="([^"]+)" rel="next"', page):
        number, page = statements(found[1].replace("&amp;", "&"))
        assert number <= few + 1  # where the last page ended
        seen += names(page)
    assert len(seen) == len(set(seen)) == 2_001
    assert seen == sorted(seen, key=str.lower)


def test_one_and_several_are_tracked_and_each_leaves_a_line(
    admin: FlaskClient, session: Session, organization: Organization
) -> None:
    web, api, docs = (
        make_repository(session, organization, f"acme/{n}") for n in ("web", "api", "docs")
    )
    session.commit()

    assert post(admin, action=f"track {web.id}") == 303
    assert post(admin, web, api, action="track") == 303
    session.expire_all()
    assert [one.is_tracked for one in (web, api, docs)] == [True, True, False]
    works = session.scalars(select(Work)).all()
    assert {work.subject_id for work in works} == {web.id, api.id}
    session.commit()
    assert post(admin, web, api, docs, action="untrack") == 303
    session.expire_all()
    assert not any(one.is_tracked for one in (web, api, docs))
    lines = session.scalars(select(Activity).order_by(Activity.id)).all()
    told = [
        (line.repository_id, line.data["setting"], line.data["before"], line.data["after"])
        for line in lines
    ]
    assert told == [
        (web.id, "tracked", False, True),
        (api.id, "tracked", False, True),
        (web.id, "tracked", True, False),
        (api.id, "tracked", True, False),
    ]


def test_what_cannot_be_is_refused_whole(
    admin: FlaskClient, session: Session, organization: Organization
) -> None:
    web = make_repository(session, organization, "acme/web")
    stated = make_repository(session, organization, "acme/stated", github_id=None)
    moved = make_repository(session, organization, "acme/moved", moved_to_id=organization.id)
    foreign = make_repository(session, make_organization(session, "other"), "other/web")
    session.commit()

    assert post(admin, web, stated, action="track") == 400
    assert post(admin, web, moved, action="track") == 400
    assert post(admin, web, foreign, action="track") == 404
    assert post(admin, action="track") == 400
    assert post(admin, web, action="burn") == 400
    assert post(admin, action="track 99999999999999999999") == 404
    session.expire_all()
    assert not any(one.is_tracked for one in (web, stated, moved, foreign))
    assert session.scalars(select(Activity)).all() == []


def test_members_look_but_do_not_change(
    member: FlaskClient, session: Session, organization: Organization
) -> None:
    web = make_repository(session, organization, "acme/web")
    session.commit()
    page = member.get(PAGE).text
    assert "acme/web" in page
    assert 'name="action"' not in page
    assert post(member, web, action="track") == 403
    session.refresh(web)
    assert not web.is_tracked


@pytest.mark.parametrize("path", ["", "rules", "import"])
def test_another_tenant_s_repository_is_not_there(
    sign_in: SignIn, session: Session, organization: Organization, path: str
) -> None:
    other = make_organization(session, "other")
    foreign = make_repository(session, other, "other/web")
    session.commit()
    admin = sign_in(organization, role="admin")
    for number in (foreign.id, 2**31, "x", "-1"):
        address = f"{PAGE}{number}/{path}"
        if path != "rules":
            assert admin.get(address).status_code == 404
        if path:
            token = csrf_token(admin.get("/").text)
            assert admin.post(address, data={"csrf_token": token}).status_code == 404
