from __future__ import annotations

import re
from datetime import timedelta
from html import unescape
from urllib.parse import quote

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from models import (
    Commit,
    CommitCoAuthor,
    CommitFile,
    ListState,
    Organization,
    Project,
    ReleaseProject,
    Repository,
    Tag,
)
from tests.factories import (
    NOW,
    make_activity,
    make_author,
    make_commit,
    make_delivery,
    make_deploy,
    make_environment,
    make_issue,
    make_project,
    make_release,
    make_repository,
    make_resolution,
)


@pytest.fixture
def project(session: Session, organization: Organization) -> Project:
    return make_project(session, organization, "web")


@pytest.fixture
def repository(session: Session, organization: Organization) -> Repository:
    return make_repository(session, organization, "acme/web", is_tracked=True)


def test_an_organization_begins_with_its_releases(member: FlaskClient) -> None:
    answer = member.get("/o/acme/")

    assert (answer.status_code, answer.location) == (302, "/o/acme/releases/")
    assert "No releases yet" in member.get(answer.location).text


def test_releases_are_listed_newest_first_in_pages(
    member: FlaskClient, session: Session, repository: Repository, project: Project
) -> None:
    for number in range(120):
        at = NOW + timedelta(minutes=number // 3)  # several at once
        make_release(session, repository, project, f"web@0.{number}", released_at=at)
    session.commit()

    versions: list[str] = []
    address = "/o/acme/releases/"
    for _ in range(3):
        page = member.get(address).text
        versions += re.findall(r'<th scope="row"><a [^>]+><bdi>([^<]+)<', page)
        if 'rel="next"' in page:
            address = page.split('" rel="next"')[0].rpartition('href="')[2]

    assert versions == [f"web@0.{number}" for number in reversed(range(120))]


@pytest.mark.parametrize(
    ("query", "versions"),
    [
        ("", {"web@1.0.0", "api@2.0.0"}),
        ("?q=WEB", {"web@1.0.0"}),
        ("?q=v2.0", {"api@2.0.0"}),
        ("?q=%25", set()),
        ("?q=_", set()),
        ("?repository=acme/api", {"api@2.0.0"}),
        ("?project=web", {"web@1.0.0"}),
        ("?project=web&repository=acme/api", set()),
        ("?project=nonsense", set()),
    ],
)
def test_releases_are_narrowed(
    member: FlaskClient,
    session: Session,
    organization: Organization,
    repository: Repository,
    project: Project,
    query: str,
    versions: set[str],
) -> None:
    make_release(session, repository, project, "web@1.0.0", tag="v1.0.0")
    other = make_repository(session, organization, "acme/api")
    make_release(session, other, make_project(session, organization), "api@2.0.0", tag="v2.0.0")
    session.commit()

    page = member.get(f"/o/acme/releases/{query}").text

    assert {version for version in ("web@1.0.0", "api@2.0.0") if f"<bdi>{version}<" in page} == (
        versions
    )


@pytest.mark.parametrize(
    "after", ["x", "1", "1-", "--1-1", f"{10**18}-1", "1-99999999999", "\u0661-1"]
)
def test_a_place_that_is_none_is_refused(member: FlaskClient, after: str) -> None:
    assert member.get("/o/acme/releases/", query_string={"after": after}).status_code == 400


def test_a_release_shows_what_is_in_it(
    member: FlaskClient,
    session: Session,
    organization: Organization,
    repository: Repository,
    project: Project,
) -> None:
    ana = make_author(session, organization, name="Ana")
    bo = make_author(session, organization, name="Bo")
    newer = make_commit(
        session, repository, message="Newer\n\nWith details", author_id=ana.id, files_known=True
    )
    older = make_commit(session, repository, message="Older", author_id=bo.id)
    hidden = make_commit(session, repository, message="Quiet #skipsentry", is_hidden=True)
    session.add_all(
        [
            CommitCoAuthor(commit_id=newer.id, author_id=bo.id),
            CommitFile(commit_id=newer.id, path="shop/cart.py", type="A"),
            CommitFile(commit_id=older.id, path="shop/cart.py", type="M"),
            CommitFile(commit_id=hidden.id, path="quiet.txt", type="A"),
        ]
    )
    earlier = make_release(session, repository, project, "web@0.9.0", tag="v0.9.0")
    make_release(session, repository, project, "web@0.8.0", tag="v0.8.0")
    release = make_release(
        session,
        repository,
        project,
        "web@1.0.0",
        tag="v1.0.0",
        commits=[newer, hidden, older],
        head={"compared_with": "v0.9.0", "excluded": ["v0.8.0", "v0.8.1"]},
    )
    issue = make_issue(session, project)
    make_resolution(session, issue, release, newer)
    delivery = make_delivery(session, organization)
    make_activity(
        session,
        organization,
        kind="release_created",
        release_id=release.id,
        delivery_id=delivery.id,
        rule="tag-makes-release",
    )
    session.commit()

    page = member.get("/o/acme/releases/web@1.0.0").text

    assert page.index("Newer") < page.index("Older")
    assert "Quiet" not in page
    assert "2 commits in" in page
    assert "1 more is hidden by" in page
    assert re.search(r"<bdi>Bo</bdi> \(2\).*<bdi>Ana</bdi> \(1\)", page)
    assert "Ana, with Bo" in page
    assert f'href="https://github.com/acme/web/commit/{newer.sha}"' in page
    assert f"<code>{newer.sha[:10]}</code>" in page
    assert "shop/cart.py</bdi></code> changed by 2 commits" in page
    assert "quiet.txt" not in page
    assert re.search(r"<details><summary>1 file changed</summary>", page)
    assert "The files of 1 commit are not known" in page
    assert 'href="/o/acme/issues/WEB-1"' in page
    assert f'Compared with <a href="/o/acme/releases/{earlier.version}">' in page
    assert re.search(r"and 2 more\.\s+Read off the commit graph", page)
    assert 'href="/o/acme/releases/web@0.8.0"' in page
    assert "<bdi>v0.8.1</bdi>" in page
    assert "<strong>Release created</strong>" in page
    assert "Automatic: a tag with a version in its name makes a release." in page
    assert f'href="/o/acme/deliveries/{delivery.guid}"' in page


def test_an_incomplete_list_says_why_and_what_helps(
    member: FlaskClient, session: Session, repository: Repository, project: Project
) -> None:
    make_release(
        session,
        repository,
        project,
        "web@1.0.0",
        list_state=ListState.incomplete,
        head={"cause": "the history is not known", "remedy": "It is being imported."},
    )
    session.commit()

    assert "incomplete" in member.get("/o/acme/releases/").text
    page = member.get("/o/acme/releases/web@1.0.0").text
    assert "the history is not known" in page
    assert "It is being imported." in page


def test_moved_and_deleted_tags_are_shown(
    member: FlaskClient, session: Session, repository: Repository, project: Project
) -> None:

    make_release(session, repository, project, "web@1.0.0", tag="v1.0.0")
    tag = session.scalars(select(Tag)).one()
    tag.before_sha, tag.object_sha, tag.deleted_at = "b" * 40, "a" * 40, NOW
    session.commit()

    page = member.get("/o/acme/releases/web@1.0.0").text

    assert "Tag deleted" in page
    assert "Tag moved" in page
    assert "b" * 10 in page


def test_a_tag_is_an_alias_but_an_exact_version_wins(
    member: FlaskClient, session: Session, repository: Repository, project: Project
) -> None:
    make_release(session, repository, project, "web@1.0.0", tag="release/1.0")
    make_release(session, repository, project, "web@2.0.0", tag="v3")
    make_release(session, repository, project, "v3")
    session.commit()

    by_tag = member.get("/o/acme/releases/release%2F1.0")
    assert (by_tag.status_code, "<bdi>web@1.0.0</bdi>" in by_tag.text) == (200, True)
    exact = member.get("/o/acme/releases/v3").text
    assert "<h1><bdi>v3</bdi>" in exact
    assert member.get("/o/acme/releases/v4").status_code == 404


def test_a_tag_of_several_releases_names_them(
    member: FlaskClient, session: Session, organization: Organization, project: Project
) -> None:
    for name in ("web", "api"):
        repository = make_repository(session, organization, f"acme/{name}")
        make_release(session, repository, project, f"{name}@1.0.0", tag="v1.0.0")
    session.commit()

    answer = member.get("/o/acme/releases/v1.0.0")

    assert answer.status_code == 300
    assert 'href="/o/acme/releases/web@1.0.0"' in answer.text
    assert 'href="/o/acme/releases/api@1.0.0"' in answer.text


def test_long_lists_come_in_pages(
    member: FlaskClient, session: Session, repository: Repository, project: Project
) -> None:
    commits = [make_commit(session, repository, message=f"Number {i}.") for i in range(450)]
    make_release(session, repository, project, "web@1.0.0", commits=commits)
    session.commit()

    pages = [member.get(f"/o/acme/releases/web@1.0.0?page={n}").text for n in (1, 2, 3, 4)]

    shown = [i for page in pages for i in range(450) if f"Number {i}.</bdi>" in page]
    assert shown == list(range(450))
    assert ["page=2" in pages[0], "page=3" in pages[1], 'rel="next"' in pages[2]] == [
        True,
        True,
        False,
    ]
    assert all("450 commits" in page for page in pages)


def test_a_release_after_pre_releases_can_be_seen_since_the_last_final_version(
    member: FlaskClient, session: Session, repository: Repository, project: Project
) -> None:
    commits: list[Commit] = []
    for rank in range(1, 5):
        parent = commits[-1].sha if commits else ""
        subject = f"Number {rank}."
        commits.append(
            make_commit(session, repository, message=subject, parents=parent, rank=rank, floor=1)
        )
    for number, tag in enumerate(["v1.0.0", "v1.1.0-rc.1", "v1.1.0-rc.2", "v1.1.0"]):
        head = {
            "made_at": NOW + timedelta(hours=number),
            "compared_with": "v1.0.0" if number == 3 else None,
            "excluded": ["v1.1.0-rc.2"] if number == 3 else [],
        }
        one = [commits[number]]
        make_release(
            session, repository, project, f"web@{tag[1:]}", tag=tag, commits=one, head=head
        )
    session.commit()

    address = "/o/acme/releases/web@1.1.0"
    page = member.get(address).text
    assert f'href="{address}?since=final"' in page
    assert [n for n in range(1, 5) if f"Number {n}." in page] == [4]
    longer = member.get(f"{address}?since=final").text
    assert [n for n in range(1, 5) if f"Number {n}." in longer] == [2, 3, 4]
    assert longer.index("Number 4.") < longer.index("Number 2.")
    assert "3 commits in" in longer
    assert "Compared with <bdi>v1.0.0</bdi>" in longer
    first = member.get("/o/acme/releases/web@1.0.0")
    assert "since=final" not in first.text
    nothing = member.get("/o/acme/releases/web@1.0.0?since=final")
    assert (nothing.status_code, "No final version came before it" in nothing.text) == (200, True)


@pytest.mark.parametrize("page", ["0", "-1", "x", "1e9", "99999999999999999999"])
def test_a_page_that_is_none_is_refused(
    member: FlaskClient, session: Session, repository: Repository, project: Project, page: str
) -> None:
    make_release(session, repository, project, "web@1.0.0")
    session.commit()

    assert member.get(f"/o/acme/releases/web@1.0.0?page={page}").status_code == 400


HOSTILE = [
    pytest.param("<script>alert(1)</script>@1.0", id="markup"),
    pytest.param("\"'><img src=x onerror=alert(1)>", id="quotes"),
    pytest.param("web@1.0%2F2", id="percent-encoded slash"),
    pytest.param("web@1.0+build?x=1#y&z", id="address characters"),
    pytest.param("{{ 7*7 }}", id="template"),
    pytest.param("wéb@1.0-日本語", id="not ASCII"),
    pytest.param("\u202eweb@1.0", id="right to left"),
    pytest.param("x" * 200, id="long"),
    pytest.param(" web@1.0 ", id="spaces"),
    pytest.param("...", id="dots"),
]


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_versions_are_text_and_have_an_address(
    member: FlaskClient, session: Session, repository: Repository, project: Project, name: str
) -> None:
    commit = make_commit(session, repository, message=f"{name}\n\n{name}")
    release = make_release(
        session,
        repository,
        project,
        name,
        tag=f"{name}-tag",
        commits=[commit],
        url="javascript:alert(1)",
        notes=f"{name} <b>",
        head={"compared_with": name, "excluded": [name + "/2"]},
    )
    make_resolution(session, make_issue(session, project, title=name), release, commit)
    session.commit()

    for address in (
        f"/o/acme/releases/{quote(name, safe='')}",
        f"/o/acme/releases/{quote(name + '-tag', safe='')}",
        "/o/acme/releases/",
        "/o/acme/issues/",
        "/o/acme/issues/WEB-1",
    ):
        answer = member.get(address)
        assert answer.status_code == 200, address
        assert answer.text.count("<script") == 1  # our own file
        assert "<img" not in answer.text
        assert "<b>" not in answer.text
        assert "javascript:" not in answer.text
    linked = member.get("/o/acme/releases/").text.split('<th scope="row"><a href="')[1]
    found = member.get(unescape(linked.partition('"')[0]))
    assert found.status_code == 200
    assert commit.sha in found.text


@pytest.mark.parametrize("name", ["%00", "%ff%fe", "%", "x" * 10_000, "..%2f..%2fetc", "a/b/c"])
def test_addresses_of_nothing(member: FlaskClient, name: str) -> None:
    assert member.get(f"/o/acme/releases/{name}").status_code in (400, 404)


def test_a_release_shows_where_it_runs_and_where_it_was(
    member: FlaskClient,
    session: Session,
    organization: Organization,
    repository: Repository,
    project: Project,
) -> None:
    release = make_release(session, repository, project, "web@1.0.0")
    newer = make_release(session, repository, project, "web@2.0.0")
    api = make_project(session, organization, "api")
    session.add(ReleaseProject(release_id=release.id, project_id=api.id))
    session.commit()
    empty = text_of(member.get("/o/acme/releases/web@1.0.0").text)
    assert "Runs in no environment: no deploy was stated" in empty
    assert "Was in" not in empty
    assert "state environment" not in member.get("/o/acme/releases/").text

    production, staging, canary = (
        make_environment(session, organization, name)
        for name in ("production", "<staging>", "canary")
    )
    both = (api, project)
    make_deploy(session, release, *both, environment=production)
    make_deploy(session, release, api, environment=canary, finished_at=NOW + timedelta(hours=1))
    make_deploy(session, release, *both, environment=staging)
    later = NOW + timedelta(hours=5)
    make_deploy(session, newer, *both, environment=staging, finished_at=later)
    session.commit()

    page = member.get("/o/acme/releases/web@1.0.0").text
    assert "<staging>" not in page
    text = text_of(page)
    assert (
        "Runs in canary (api) since 5 Jan 2026, 11:00, production since 5 Jan 2026, 10:00 "
        "Was in <staging> until 5 Jan 2026, 15:00"
    ) in text
    rows = re.findall(r'<th scope="row">(.*?)</th>', member.get("/o/acme/releases/").text)
    assert [text_of(row) for row in rows] == ["web@2.0.0 <staging>", "web@1.0.0 canary production"]

    for name in (production, canary):
        make_deploy(session, newer, *both, environment=name, finished_at=later)
    session.commit()
    text = text_of(member.get("/o/acme/releases/web@1.0.0").text)
    assert "Runs in nothing any more Was in " in text


def text_of(page: str) -> str:
    """What a person reads, on one line."""
    words = re.sub(r"<[^>]+>", " ", re.sub(r"</?(?:bdi|time)\b[^>]*>", "", page))
    return unescape(" ".join(words.split()))
