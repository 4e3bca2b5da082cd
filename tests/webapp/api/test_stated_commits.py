"""A client's list of commits: order, repositories, people, files, issues; replaced as a whole."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.provenance import Why
from domain.stray_commits import bring_home, is_told_elsewhere
from models import (
    Author,
    Commit,
    CommitFile,
    Head,
    HeadOrigin,
    IssueStatus,
    Organization,
    Project,
    ReleaseCommit,
    Repository,
    RepositoryProject,
    Resolution,
)
from models.session import Database
from tests.clock import Clock
from tests.factories import (
    NOW,
    make_commit,
    make_issue,
    make_project,
    make_release,
    make_repository,
    make_sha,
)
from tests.webapp.api.conftest import Api
from tests.webapp.api.test_release_writes import RELEASES, happened, post, put, rows
from tests.webapp.conftest import StatementCounter

FIRST, SECOND, THIRD, FOURTH = (letter * 40 for letter in "abcd")


@pytest.fixture
def web(session: Session, organization: Organization) -> Project:
    project = make_project(session, organization, "web")
    session.commit()
    return project


@pytest.fixture
def shop(session: Session, organization: Organization, web: Project) -> Repository:
    """A tracked repository that feeds `web`."""
    repository = make_repository(session, organization, "acme/shop", is_tracked=True)
    session.add(RepositoryProject(repository_id=repository.id, project_id=web.id))
    session.commit()
    return repository


def state(api: Api, commits: list[dict[str, Any]], version: str = "web@1.0.0") -> Any:
    answer = api.send(
        "POST", RELEASES, {"version": version, "projects": ["web"], "commits": commits}
    )
    assert answer.status_code in (201, 208), answer.text
    return answer.get_json()


def listed(api: Api, version: str = "web@1.0.0") -> list[str]:
    return [commit["id"] for commit in api.read(f"{RELEASES}{version}/commits/")]


def names(session: Session) -> list[str]:
    session.rollback()
    found = session.scalars(select(Repository.full_name).order_by(Repository.full_name)).all()
    session.rollback()
    return list(found)


def test_the_walk_through_with_commits(api: Api, web: Project, session: Session) -> None:
    body = [{"id": one, "repository": "acme/shop"} for one in (SECOND.upper(), FIRST)]
    release = state(api, body)

    assert (release["commitCount"], release["lastCommit"]["id"]) == (2, SECOND)
    assert release["commitList"] == {
        "state": "complete",
        "basis": "explicit",
        "cause": None,
        "remedy": None,
        "comparedWith": None,
        "alsoExcluded": [],
        "hidden": 0,
        "outsidePaths": 0,
    }
    [made] = api.read("/organizations/acme/repos/", status="hidden")
    assert (made["name"], made["provider"]["id"], made["url"]) == ("acme/shop", "unknown", None)
    assert api.read("/organizations/acme/repos/") == []
    assert happened(session) == [
        ("release_created", None),
        ("commits_stated", None),
        ("commits_set", None),
    ]
    before, told = rows(session), api.read(RELEASES + "web@1.0.0/")
    assert (state(api, body), put(api, "web@1.0.0", commits=body)) == (told, told)
    assert rows(session) == before


def test_the_newest_is_first_whatever_the_order(api: Api, web: Project) -> None:
    def at(sha: str, moment: str | None) -> dict[str, Any]:
        return {"id": sha, "timestamp": moment}

    for sent, order in [
        ([at(FIRST, None), at(SECOND, None)], [FIRST, SECOND]),
        (
            [at(FIRST, "2026-01-01T00:00:00Z"), at(SECOND, "2026-01-01T00:30:00+00:00")],
            [SECOND, FIRST],
        ),
        (
            [at(FIRST, "2026-01-01T00:00:00Z"), at(SECOND, "2026-01-01T00:30:00+01:00")],
            [FIRST, SECOND],
        ),
        (
            [at(FIRST, "2026-01-01T00:00:00Z"), at(SECOND, "2026-01-01T01:00:00+01:00")],
            [FIRST, SECOND],
        ),
        (
            [
                at(FIRST, "2026-01-01T00:00:00Z"),
                at(SECOND, None),
                at(THIRD, "2026-01-03T00:00:00.123456789Z"),
                at(FOURTH, "2026-01-02"),
                at(FIRST, "2026-01-09"),
            ],
            [FIRST, SECOND, THIRD, FOURTH],
        ),
    ]:
        release = state(api, sent)
        assert release["lastCommit"]["id"] == order[0]
        assert listed(api) == order, sent


def test_several_repositories_make_one_list(
    api: Api, web: Project, shop: Repository, session: Session
) -> None:
    """Positions count through all of them, and each has a head of its own."""
    sent = [
        {"id": sha, "repository": name, "timestamp": f"2026-01-0{9 - number}T00:00:00Z"}
        for number, (sha, name) in enumerate(
            [(FIRST, "b/b"), (SECOND, "a/a"), (THIRD, "b/b"), (FOURTH, "A/A")]
        )
    ]
    assert state(api, sent)["lastCommit"]["id"] == FIRST
    positions = session.execute(
        select(Commit.sha, ReleaseCommit.position)
        .join(Commit, Commit.id == ReleaseCommit.commit_id)
        .order_by(ReleaseCommit.position)
    ).all()
    assert [tuple(row) for row in positions] == [(FIRST, 0), (SECOND, 1), (THIRD, 2), (FOURTH, 3)]
    heads = session.execute(
        select(Repository.full_name, Head.sha, Head.commit_count, Head.origin)
        .join(Repository, Repository.id == Head.repository_id)
        .order_by(Repository.full_name)
    ).all()
    assert [tuple(row) for row in heads] == [
        ("a/a", SECOND, 2, HeadOrigin.commits),
        ("b/b", FIRST, 2, HeadOrigin.commits),
    ]


def test_the_list_is_replaced(api: Api, web: Project, session: Session) -> None:
    state(api, [{"id": FIRST, "repository": "a/a"}, {"id": SECOND, "repository": "b/b"}])
    release = state(api, [{"id": THIRD, "repository": "b/b"}])

    assert (release["commitCount"], listed(api)) == (1, [THIRD])
    assert session.scalars(select(Head.sha)).all() == [THIRD]
    assert sorted(session.scalars(select(Commit.sha))) == [FIRST, SECOND, THIRD]
    session.rollback()
    assert put(api, "web@1.0.0", commits=[])["commitCount"] == 1


def test_the_head_of_a_ref_stays(api: Api, shop: Repository, session: Session) -> None:
    body = {
        "version": "web@1.0.0",
        "projects": ["web"],
        "refs": [{"repository": "acme/shop", "commit": THIRD}],
        "commits": [{"id": FIRST, "repository": "acme/shop"}, {"id": SECOND, "repository": "a/a"}],
    }
    post(api, **body)
    heads = session.scalars(select(Head).order_by(Head.repository_id)).all()

    assert [(head.sha, head.stated, head.basis) for head in heads] == [
        (THIRD, THIRD, "explicit"),
        (SECOND, None, "explicit"),
    ]
    before = rows(session)
    post(api, 208, **body)
    assert rows(session) == before
    put(api, "web@1.0.0", **(body | {"refs": [{"repository": "A/A", "commit": FOURTH}]}))
    session.expire_all()
    moved = session.scalars(select(Head).order_by(Head.repository_id)).all()
    assert [(head.sha, head.stated) for head in moved] == [(FIRST, None), (FOURTH, FOURTH)]
    session.rollback()
    put(api, "web@1.0.0", **body)
    state(api, [{"id": FIRST, "repository": "a/a"}])
    session.expire_all()
    left = session.scalars(select(Head).order_by(Head.repository_id)).all()
    assert [(head.sha, head.origin, head.commit_count) for head in left] == [
        (THIRD, HeadOrigin.ref, 0),
        (FIRST, HeadOrigin.commits, 1),
    ]


def test_a_known_sha_is_that_commit_whatever_name_was_sent(
    api: Api, web: Project, shop: Repository, session: Session, organization: Organization
) -> None:
    fork = make_repository(session, organization, "acme/fork", is_tracked=True)
    session.add(RepositoryProject(repository_id=fork.id, project_id=web.id))
    make_repository(session, organization, "acme/idle")
    known = make_commit(session, shop, sha=FIRST, message="As pushed")
    for repository in (shop, fork):
        make_commit(session, repository, sha=SECOND)
    session.commit()
    state(api, [{"id": FIRST, "repository": "origin", "message": "Fake", "author_name": "Eve"}])

    assert names(session) == ["acme/fork", "acme/idle", "acme/shop"]
    [commit] = api.read(RELEASES + "web@1.0.0/commits/")
    assert (commit["message"], commit["repository"]["name"]) == ("As pushed", "acme/shop")
    assert commit["author"] == {}
    session.refresh(known)
    assert not known.is_stated
    session.rollback()
    # In two graphs, in the graph of no project of the release, by a name that GitHub shows.
    state(
        api, [{"id": SECOND, "repository": "Acme/Fork"}, {"id": THIRD, "repository": "ACME/idle"}]
    )
    assert names(session) == ["acme/fork", "acme/idle", "acme/shop"]
    state(
        api,
        [
            {"id": SECOND, "repository": "origin"},
            {"id": THIRD},
            {"id": FOURTH, "repository": "Origin"},
        ],
    )
    made = set(names(session)) - {"acme/fork", "acme/idle", "acme/shop"}
    assert made == {"origin", f"organization-{organization.id}"}


def test_authors_files_and_hidden_commits(api: Api, web: Project, session: Session) -> None:
    sent: list[dict[str, Any]] = [
        {
            "id": FIRST,
            "author_email": "Ana@Acme.example",
            "author_name": "Ana",
            "message": "One\n",
            "patch_set": [
                {"path": "näme with space.txt", "type": "A"},
                {"path": "b.py", "type": "D"},
            ],
        },
        {"id": SECOND, "author_email": "dependabot[bot]@x", "message": None, "patch_set": None},
        {
            "id": THIRD,
            "author_name": "Élan Vital!",
            "message": "Quiet #skipsentry",
            "patch_set": [],
        },
        {"id": FOURTH, "author_email": "ana@acme.example", "author_name": "Ana of old"},
    ]
    release = state(api, sent)

    assert (release["commitCount"], release["commitList"]["hidden"]) == (3, 1)
    assert [author["name"] for author in release["authors"]] == ["", "Ana"]
    assert listed(api) == [FIRST, SECOND, FOURTH]
    emails = session.scalars(select(Author.email).order_by(Author.email)).all()
    assert emails == ["ana@acme.example", "dependabot[bot]@x", "élanvital@localhost"]
    known = session.execute(select(Commit.sha, Commit.files_known, Commit.is_stated)).all()
    assert {tuple(row) for row in known} == {
        (FIRST, True, True),
        (SECOND, False, True),
        (THIRD, True, True),
        (FOURTH, False, True),
    }
    session.rollback()
    sent[0] |= {
        "author_name": "Ana Bell",
        "message": "One, reworded",
        "patch_set": [{"path": "c", "type": "M"}],
    }
    sent[1] |= {"author_email": None, "message": "Now #skipsentry"}
    del sent[3]
    again = state(api, sent)
    assert (again["commitCount"], again["commitList"]["hidden"]) == (1, 2)
    [commit] = api.read(RELEASES + "web@1.0.0/commits/")
    assert (commit["message"], commit["author"]["name"]) == ("One, reworded", "Ana Bell")
    paths = session.scalars(select(CommitFile.path).order_by(CommitFile.path)).all()
    assert paths == ["b.py", "näme with space.txt"]


def test_named_issues_are_resolved_and_opened_again(
    api: Api, web: Project, session: Session, organization: Organization, clock: Clock
) -> None:
    issue, kept = make_issue(session, web), make_issue(session, web)
    elsewhere = make_issue(session, make_project(session, organization, "api"))
    session.commit()
    fixing: list[dict[str, Any]] = [
        {"id": FIRST, "message": "Fixes WEB-1 and fixes API-1\n"},
        {"id": SECOND, "message": "Fixes WEB-2 #skipsentry"},
    ]
    for version in ("web@1.0.0", SECOND):
        clock.advance(hours=1)
        state(api, fixing, version)
        session.expire_all()
        assert issue.status == IssueStatus.resolved
        assert (kept.status, elsewhere.status) == (IssueStatus.unresolved,) * 2
        [record] = session.scalars(select(Resolution).where(Resolution.ended_at.is_(None)))
        assert record.release_version == "web@1.0.0"
        session.rollback()
    state(api, [{"id": THIRD}])
    session.expire_all()
    [record] = session.scalars(select(Resolution).where(Resolution.ended_at.is_(None)))
    assert (issue.status, record.release_version) == (IssueStatus.resolved, SECOND)
    session.rollback()
    state(api, [{"id": THIRD}], SECOND)
    session.expire_all()
    assert issue.status == IssueStatus.unresolved
    session.rollback()
    post(api, 201, version="web@3.0.0", projects=["api"], commits=fixing)
    post(api, 201, version="web@3.0.0", projects=["web"])  # from now on it ships there
    session.expire_all()
    assert (issue.status, elsewhere.status) == (IssueStatus.resolved,) * 2


def test_the_list_of_a_tag_gives_way(
    api: Api, web: Project, shop: Repository, session: Session
) -> None:
    commits = [make_commit(session, shop) for _ in range(3)]
    release = make_release(session, shop, web, "web@1.0.0", tag="v1.0.0", commits=commits)
    session.commit()
    told = state(api, [{"id": commits[2].sha, "repository": "origin"}])

    assert (told["commitCount"], listed(api)) == (1, [commits[2].sha])
    heads = session.scalars(select(Head).where(Head.release_id == release.id)).all()
    counts = {head.origin: (head.commit_count, head.has_list) for head in heads}
    assert counts == {HeadOrigin.tag: (0, False), HeadOrigin.commits: (1, True)}


def test_statements_do_not_grow_with_the_list(api: Api, web: Project, database: Database) -> None:
    def count(number: int) -> int:
        commits = [
            {
                "id": make_sha(),
                "author_email": f"{one}@acme.example",
                "message": f"Change {one}",
                "timestamp": (NOW + timedelta(seconds=one)).isoformat(),
                "patch_set": [{"path": f"{one}/{path}", "type": "M"} for path in range(3)],
            }
            for one in range(number)
        ]
        with StatementCounter().on(database) as counter:
            state(api, commits, f"web@{number}")
        return len(counter.statements)

    few, many = count(10), count(1000)
    assert few < 80
    assert many < few + 30


def test_hostile_texts(api: Api, web: Project, session: Session) -> None:
    huge = "Fixes " * 500_000 + "\n" + "Co-authored-by: x <y>\n" * 50_000
    body = (
        '{"version": "1", "projects": ["web"], "commits": [{"id": "a\\ud800", "message":'
        ' "x\\u0000\\ud800y", "author_name": "\\udc00\\u0000", "author_email": "\\ud83d\\ude00@x",'
        ' "patch_set": [{"path": "\\u0000\\ud800", "type": "A"}]}, {"id": "' + FIRST + '",'
        f' "message": "{huge.replace(chr(10), chr(92) + "n")}"' + "}]}"
    )
    headers = {"Authorization": f"Bearer {api.token}"}
    answer = api.client.post(f"/api/0{RELEASES}", headers=headers, data=body.encode())

    assert answer.status_code == 201, answer.text[:300]
    assert answer.get_json()["commitCount"] == 2
    [message] = session.scalars(select(Commit.message).where(Commit.sha != FIRST))
    assert message == "x\N{REPLACEMENT CHARACTER}y"
    session.rollback()
    for name in ("\0", "a\0b"):
        answer = api.send(
            "POST",
            RELEASES,
            {"version": "1", "projects": ["web"], "commits": [{"id": name, "repository": name}]},
        )
        assert answer.status_code == 400


@pytest.mark.parametrize("who", ["shop", "shop and fork", "shop, not tracked", "another's"])
def test_a_commit_that_is_known_later_comes_home_if_it_is_clear_where_that_is(
    api: Api,
    web: Project,
    shop: Repository,
    session: Session,
    organization: Organization,
    who: str,
) -> None:
    state(api, [{"id": FIRST, "repository": "origin", "message": "Said"}, {"id": SECOND}])
    place = make_repository(session, organization, "acme/fork", is_tracked=True)
    shop.is_tracked = who != "shop, not tracked"
    if who == "shop and fork":
        session.add(RepositoryProject(repository_id=place.id, project_id=web.id))
        make_commit(session, shop, sha=FIRST)
    home = place if who == "another's" else shop
    make_commit(session, place if who == "shop and fork" else home, sha=FIRST)
    session.commit()
    comes = who == "shop"

    assert is_told_elsewhere(session, home, [FIRST, THIRD])
    assert not is_told_elsewhere(session, home, [THIRD])
    assert bring_home(session, home.id, why=Why(NOW)) == comes
    session.commit()
    assert not bring_home(session, home.id, why=Why(NOW))
    places = [one["repository"]["name"] for one in api.read(RELEASES + "web@1.0.0/commits/")]
    assert places == ["acme/shop" if comes else "origin", f"organization-{organization.id}"]
