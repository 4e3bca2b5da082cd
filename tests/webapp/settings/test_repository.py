"""The settings of one repository: preview, then save; projects and paths; the import's buttons."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.repositories import track_repository
from domain.repository_settings import list_fed
from models import Activity, Organization, Project, Repository, Work, WorkKind
from tests.clock import Clock
from tests.factories import (
    NOW,
    make_delivery,
    make_project,
    make_release,
    make_repository,
    make_tag,
)
from tests.webapp.conftest import csrf_token

ROOT = "/o/acme/settings/repositories"


RENEWS = 'id="import" data-refresh="'  # by the script, until what comes has it no more


@pytest.fixture
def web(session: Session, organization: Organization, clock: Clock) -> Repository:
    """Two releases and a nightly tag of its own; `acme/api` has shop@1.1.0; two branches pushed."""
    web = make_repository(session, organization, "acme/web", is_tracked=True, history_known_at=NOW)
    api = make_repository(session, organization, "acme/api", is_tracked=True)
    track_repository(session, web, now=NOW)
    project = session.scalars(select(Project)).one()
    for number in range(2):
        make_release(session, web, project, f"web@1.{number}.0", tag=f"v1.{number}.0")
    make_tag(session, web, "nightly-1", made_at=NOW - timedelta(days=300))
    make_tag(session, web, "nightly-2")
    make_release(session, api, project, "shop@1.1.0")
    for ref in ("main", "main", "renovate/x"):
        make_delivery(
            session, organization, repository_id=web.id, ref=f"refs/heads/{ref}", received_at=NOW
        )
    clock.at = NOW + timedelta(days=3)
    session.commit()
    return web


def address(web: Repository, path: str = "") -> str:
    return f"{ROOT}/{web.id}/{path}"


def send(client: FlaskClient, where: str, **form: str | list[str]) -> tuple[int, str]:
    token = csrf_token(client.get("/").text)
    answer = client.post(where, data={"csrf_token": token, **form})
    return answer.status_code, answer.text


def previewed(page: str) -> str:
    found = re.search(r'name="previewed" value="(\w+)"', page)
    assert found is not None
    return found[1]


def as_text(page: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", "", page).split())


def lines(session: Session) -> list[tuple[str, object, object]]:
    query = select(Activity).where(Activity.kind == "setting_changed").order_by(Activity.id)
    return [
        (one.data["setting"], one.data["before"], one.data["after"])
        for one in session.scalars(query)
    ]


def test_a_preview_says_what_would_be_and_saves_nothing(
    admin: FlaskClient, session: Session, web: Repository
) -> None:
    status, page = send(
        admin,
        address(web, "rules"),
        action="preview",
        tag_pattern="nightly-*, v1.1*",
        version_template="shop@{version}",
        tracked_branches="main",
    )
    assert status == 200
    text = as_text(page)
    for words in (
        "1 tag would have made a release, and did not: nightly-2 → shop@nightly-2",
        "1 tag would have made no release: v1.0.0 (web@1.0.0)",
        "1 release would have another name: web@1.1.0 → shop@1.1.0",
        "1 more push would have been ignored: renovate/x (1)",
        "nightly, by date",
        "keeps the name web@1.1.0",
        "acme/api has a release of that name: the tag would join it",
        "tag v1.0.0 is not one that the repository",
        "its release stays, marked",
    ):
        assert words in text
    assert "nightly-1" in text  # among the newest thirty, but not of the last thirty days
    session.refresh(web)
    assert (web.tag_pattern, web.version_template, web.tracked_branches) == (None, None, None)
    assert lines(session) == []


def test_what_was_previewed_is_saved_with_a_line_for_each_setting(
    admin: FlaskClient, session: Session, web: Repository
) -> None:
    form = {
        "tag_pattern": "*\n!*-beta*",
        "version_template": "{project}-{version}",
        "tracked_branches": "main release/*",
    }
    _, page = send(admin, address(web, "rules"), action="preview", **form)
    status, _ = send(admin, address(web, "rules"), action="save", previewed=previewed(page), **form)
    assert status == 303
    session.refresh(web)
    assert web.tag_pattern == "*, !*-beta*"
    assert web.version_template == "{project}-{version}"
    assert web.tracked_branches == ["main", "release/*"]
    assert lines(session) == [
        ("tags that make releases", None, "*, !*-beta*"),
        ("version template", None, "{project}-{version}"),
        ("tracked branches", None, ["main", "release/*"]),
    ]
    [work] = session.scalars(select(Work).where(Work.kind == WorkKind.tags)).all()
    assert work.due_at is not None
    session.commit()
    page = admin.get(address(web)).text
    assert "Setting changed:" in page
    assert "main\nrelease/*</textarea>" in page


def test_what_was_not_previewed_is_not_saved_but_shown(
    admin: FlaskClient, session: Session, web: Repository
) -> None:
    _, page = send(admin, address(web, "rules"), action="preview", tracked_branches="main")
    status, page = send(
        admin,
        address(web, "rules"),
        action="save",
        previewed=previewed(page),
        tracked_branches="dev",
    )
    assert status == 200
    assert "Not saved yet" in page
    session.refresh(web)
    assert web.tracked_branches is None
    session.commit()
    status, _ = send(
        admin,
        address(web, "rules"),
        action="save",
        previewed=previewed(page),
        tracked_branches="dev",
    )
    assert status == 303


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ({"tag_pattern": "v[12]"}, "holds ["),
        ({"version_template": "web"}, "needs {version} or {tag}"),
        ({"tracked_branches": "!"}, "excludes nothing"),
    ],
)
def test_rules_that_cannot_be_are_refused_with_what_was_written(
    admin: FlaskClient, session: Session, web: Repository, form: dict[str, str], words: str
) -> None:
    for action in ("preview", "save"):
        status, page = send(admin, address(web, "rules"), action=action, **form)
        assert status == 400
        assert words in as_text(page)
        assert next(iter(form.values())) in page
    assert lines(session) == []


def test_projects_are_chosen_made_and_given_paths(
    admin: FlaskClient, session: Session, organization: Organization, web: Repository
) -> None:
    make_project(session, organization, "mobile")
    session.commit()
    status, _ = send(
        admin,
        address(web, "projects"),
        project=["web"],
        add="mobile",
        new="docs",
        **{"paths web": "web/\n/shared/*.py", "new_paths": "docs/"},
    )
    assert status == 303
    assert list_fed(session, web) == [
        ("docs", ["docs/"]),
        ("mobile", None),
        ("web", ["web/", "/shared/*.py"]),
    ]
    assert lines(session) == [
        ("projects", ["web"], ["docs", "mobile", "web"]),
        ("paths for web", None, ["web/", "/shared/*.py"]),
        ("paths for docs", None, ["docs/"]),
    ]
    page = admin.get(address(web)).text
    assert "web/\n/shared/*.py</textarea>" in page


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ({}, "at least one project"),
        ({"project": ["nothing"]}, "no project"),
        ({"project": ["web"], "new": "web"}, "exists already"),
        ({"project": ["web"], "new": "Not A Slug"}, "not a usable slug"),
        ({"project": ["web"], "paths web": "!x"}, "has to say what counts"),
    ],
)
def test_projects_that_cannot_be_change_nothing(
    admin: FlaskClient,
    session: Session,
    web: Repository,
    form: dict[str, str | list[str]],
    words: str,
) -> None:
    status, page = send(admin, address(web, "projects"), **form)
    assert status in (400, 409)
    assert words in as_text(page)
    assert list_fed(session, web) == [("web", None)]
    assert lines(session) == []


def test_the_import_s_buttons(admin: FlaskClient, session: Session, web: Repository) -> None:
    status, _ = send(admin, address(web, "import"), action="again")
    assert status == 303
    answer = admin.get(address(web, "import"))
    assert RENEWS in answer.text
    assert '<noscript><meta http-equiv="refresh"' in answer.text
    assert "being imported again" in as_text(answer.text)
    assert "web@1.1.0" in answer.text
    assert RENEWS not in admin.get(address(web, "import") + "?still=1").text

    send(admin, address(web, "import"), action="pause")
    answer = admin.get(address(web, "import"))
    assert RENEWS not in answer.text
    assert "import paused" in answer.text
    assert 'value="resume"' in answer.text
    send(admin, address(web, "import"), action="resume")

    work = session.scalars(select(Work).where(Work.kind == WorkKind.history)).one()
    work.failed_at, work.reason = NOW, "AccessDeniedError: no installation shows acme/web to us"
    session.commit()
    page = admin.get(address(web)).text
    assert "no installation shows acme/web to us" in page
    assert 'value="retry"' in page
    send(admin, address(web, "import"), action="retry")
    session.refresh(work)
    given_up_at: datetime | None = work.failed_at
    session.commit()
    assert given_up_at is None
    status, page = send(admin, address(web, "import"), action="resume")
    assert status == 400
    assert "not paused" in page


def test_waiting_for_the_rate_limit_is_said_with_its_end(
    admin: FlaskClient, session: Session, web: Repository
) -> None:
    send(admin, address(web, "import"), action="again")
    work = session.scalars(select(Work).where(Work.kind == WorkKind.history)).one()
    work.reason = "leaving the rest of the rate limit to live work"
    work.due_at = NOW + timedelta(hours=1)
    work.progress = {"phase": "commits", "commits": 300, "expected_commits": 600, "tags": 0}
    session.commit()
    page = admin.get(address(web, "import")).text
    wait = "leaving the rest of the rate limit to live work (goes on 5 Jan 2026, 11:00)"
    assert wait in as_text(page)
    assert '<progress max="100" value="50"' in page


def test_members_look_but_do_not_change(
    member: FlaskClient, session: Session, web: Repository
) -> None:
    page = member.get(address(web)).text
    assert "disabled" in page
    assert "<button" not in page.partition('<main id="main">')[2]
    for path in ("rules", "tracking", "projects", "import"):
        assert send(member, address(web, path), action="again")[0] == 403
    assert session.scalars(select(Activity)).all() == []
