"""Commits, comparisons, refs and tags, asked for by PyGithub."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from github import GithubException, UnknownObjectException

from demo.github.git import EPOCH
from tests.demo.conftest import Scene


def test_a_push_can_be_compared_page_by_page(scene: Scene) -> None:
    shas = scene.line(142)
    scene.github.push(scene.repo, "refs/heads/main", shas[-1])
    repo = scene.client.get_repo("acme/web")
    scene.github.reset_calls()

    comparison = repo.compare(shas[0], "main", comparison_commits_per_page=100)

    assert [commit.sha for commit in comparison.commits] == shas[1:]
    assert (comparison.status, comparison.total_commits) == ("ahead", 141)
    assert comparison.merge_base_commit.sha == shas[0]
    assert comparison.merge_base_commit.parents == []
    assert len(comparison.files) == 141
    assert scene.github.count_calls("/compare/") == 2


def test_without_paging_the_newest_250_come(scene: Scene) -> None:
    shas = scene.line(301)
    path = f"/repos/acme/web/compare/{shas[0]}...{shas[-1]}"

    plain, first, second = (scene.ask(path + query) for query in ("", "?page=1", "?page=2"))

    assert [commit["sha"] for commit in plain.data["commits"]] == shas[-250:]
    assert [commit["sha"] for commit in first.data["commits"]] == shas[1:251]
    assert [commit["sha"] for commit in second.data["commits"]] == shas[251:]
    assert plain.data["total_commits"] == first.data["total_commits"] == 300
    assert "link" not in plain.headers
    assert f"/repositories/{scene.repo.id}/compare/" in first.headers["link"]
    assert len(first.data["files"]) == 300
    assert "files" not in second.data


def test_pages_of_a_comparison_lead_to_10000_commits_only(scene: Scene) -> None:
    count = 10_050
    scene.fast_line(count, "refs/heads/main")
    base = scene.git.rev_list(["main"])[-1]
    repo = scene.client.get_repo("acme/web")

    comparison = repo.compare(base, "main", comparison_commits_per_page=1000)

    assert comparison.total_commits == count - 1
    assert sum(1 for _ in comparison.commits) == 10_000


def test_statuses_of_comparisons(scene: Scene) -> None:
    base, left = scene.line(2)
    right = scene.git.commit({"r": "r"}, parents=[base], message="right")
    lone = scene.git.commit({"l": "l"}, message="lone")
    repo = scene.client.get_repo("acme/web")

    def status(old: str, new: str) -> tuple[str, int, int]:
        found = repo.compare(old, new)
        return found.status, found.ahead_by, found.behind_by

    assert status(base, left) == ("ahead", 1, 0)
    assert status(left, base) == ("behind", 0, 1)
    assert status(left, right) == ("diverged", 1, 1)
    assert status(left, left) == ("identical", 0, 0)
    for old, new in ((base, lone), (base, "nowhere"), ("0" * 40, base), (f"{left}~1", left)):
        # PyGithub has UnknownObjectException only for the message "Not Found".
        with pytest.raises(GithubException) as error:
            repo.compare(old, new)
        assert error.value.status == 404


def test_names_may_have_slashes_and_owners(scene: Scene) -> None:
    first, second = scene.line(2)
    scene.github.push(scene.repo, "refs/heads/feature/x", second)
    scene.github.push(scene.repo, "refs/heads/main", first)
    repo = scene.client.get_repo("ACME/Web")

    assert repo.compare("main", "feature/x").ahead_by == 1
    assert repo.compare("acme:main", "acme:feature/x").ahead_by == 1
    assert repo.get_commit("feature/x").sha == second
    assert repo.get_git_ref("heads/feature/x").object.sha == second
    assert repo.get_branch("feature/x").commit.sha == second


def test_names_may_be_odd(scene: Scene) -> None:
    shas = scene.line(5)
    scene.github.push(scene.repo, "refs/heads/größe/#1-100%", shas[-1])
    repo = scene.client.get_repo("acme/web")
    scene.github.rename(scene.repo, "site")

    comparison = repo.compare(shas[0], "größe/#1-100%", comparison_commits_per_page=2)

    assert [commit.sha for commit in comparison.commits] == shas[1:]


def test_commits_come_newest_first(scene: Scene) -> None:
    shas = scene.line(35)
    repo = scene.client.get_repo("acme/web")
    with pytest.raises(GithubException) as empty:
        repo.get_commits().get_page(0)
    scene.github.push(scene.repo, "refs/heads/main", shas[-1])

    assert empty.value.status == 409
    assert [commit.sha for commit in repo.get_commits()] == shas[::-1]
    assert [commit.sha for commit in repo.get_commits(sha=shas[3])] == shas[3::-1]
    assert [commit.sha for commit in repo.get_commits(path="c7.txt")] == [shas[7]]


def test_commits_by_time_go_by_the_committer(scene: Scene) -> None:
    day = timedelta(days=1)
    early = scene.git.commit({"a": "1"}, date=EPOCH)
    late = scene.git.commit({"a": "2"}, parents=[early], date=EPOCH, commit_date=EPOCH + 9 * day)
    skewed = scene.git.commit({"a": "3"}, parents=[late], date=EPOCH + 2 * day)
    scene.github.push(scene.repo, "refs/heads/main", skewed)
    repo = scene.client.get_repo("acme/web")

    assert [commit.sha for commit in repo.get_commits(until=EPOCH + day)] == [early]
    assert {commit.sha for commit in repo.get_commits()} == {early, late, skewed}


def test_many_may_ask_at_once(scene: Scene) -> None:
    shas = scene.line(120)
    scene.github.push(scene.repo, "refs/heads/main", shas[-1])
    token = scene.integration.get_access_token(scene.installation.id).token

    def ask(page: int) -> list[str]:
        path = f"/repos/acme/web/commits?per_page=10&page={page}"
        return [commit["sha"] for commit in scene.ask(path, token=token).data]

    with ThreadPoolExecutor(8) as pool:
        pages = list(pool.map(ask, range(1, 13)))

    assert [sha for page in pages for sha in page] == shas[::-1]


def test_a_commit_has_files_and_accounts(scene: Scene) -> None:
    first = scene.git.commit({"a": "1\n2\n3\n4\n", "b": "b\n"}, message="one\n\nmore\n")
    second = scene.git.commit({"a": None, "c": "1\n2\n3\n4\n", "b": None}, parents=[first])
    scene.github.user("ana", id=7, emails=["ana@acme.example"])
    repo = scene.client.get_repo("acme/web")

    root, commit = repo.get_commit(first), repo.get_commit(second)

    assert (root.commit.message, root.author.id) == ("one\n\nmore", 7)
    assert [file.status for file in root.files] == ["added", "added"]
    assert {file.filename: file.status for file in commit.files} == {"b": "removed", "c": "renamed"}
    assert [file.previous_filename for file in commit.files] == [None, "a"]
    assert commit.stats.deletions == 1
    assert repo.get_git_commit(second).parents[0].sha == first


def test_a_commit_with_many_files_is_paged(scene: Scene) -> None:
    many = scene.git.commit({f"{number:03}": "x" for number in range(650)})

    assert len(list(scene.client.get_repo("acme/web").get_commit(many).files)) == 650


@pytest.mark.parametrize("name", ["HEAD~2", "nothing", "0" * 40, "main^", "v1..v2"])
def test_unknown_commits(scene: Scene, name: str) -> None:
    scene.github.push(scene.repo, "refs/heads/main", scene.line(3)[-1])

    with pytest.raises(GithubException) as error:
        scene.client.get_repo("acme/web").get_commit(name)

    assert error.value.status == 422


def test_unknown_people_are_null(scene: Scene) -> None:
    [tip] = scene.line(1)

    assert scene.ask(f"/repos/acme/web/commits/{tip}").data["author"] is None


def test_tags(scene: Scene) -> None:
    [tip] = scene.line(1)
    inner = scene.git.tag("v1.10", tip, "Ten")
    scene.git.tag("v1.9", tip)
    nested = scene.git.tag_object("outer", inner, "Outer", type_="tag")
    scene.git.update_ref("refs/tags/outer", nested)
    repo = scene.client.get_repo("acme/web")

    assert [(tag.name, tag.commit.sha) for tag in repo.get_tags()] == [
        ("outer", tip),
        ("v1.10", tip),
        ("v1.9", tip),
    ]
    ref = repo.get_git_ref("tags/v1.10")
    assert (ref.object.type, ref.object.sha) == ("tag", inner)
    assert repo.get_git_tag(inner).object.sha == tip
    assert repo.get_git_tag(nested).object.type == "tag"
    assert repo.get_git_ref("tags/v1.9").object.type == "commit"
    assert repo.get_commit("outer").sha == tip
    assert [ref.ref for ref in repo.get_git_matching_refs("tags/v1.1")] == ["refs/tags/v1.10"]
    assert list(repo.get_git_matching_refs("tags/x")) == []
    with pytest.raises(UnknownObjectException):
        repo.get_git_ref("tags/v1")


def test_files_are_read_by_path(scene: Scene) -> None:
    tip = scene.git.commit({".github/CODEOWNERS": "* @ana\n"})
    scene.github.push(scene.repo, "refs/heads/main", tip)
    repo = scene.client.get_repo("acme/web")

    file = repo.get_contents(".github/CODEOWNERS")

    assert not isinstance(file, list)
    assert file.decoded_content == b"* @ana\n"
    with pytest.raises(UnknownObjectException):
        repo.get_contents("CODEOWNERS", ref=tip)


def test_releases_are_listed(scene: Scene) -> None:
    [tip] = scene.line(1)
    scene.github.push(scene.repo, "refs/heads/main", tip)
    one = scene.github.publish_release(scene.repo, "v1", name="One")
    early = scene.github.publish_release(scene.repo, "v2-rc", prerelease=True)
    repo = scene.client.get_repo("acme/web")

    assert [release.id for release in repo.get_releases()] == [early.id, one.id]
    assert repo.get_latest_release().id == one.id
    assert repo.get_release("v2-rc").prerelease
    assert repo.get_release(one.id).name == "One"
    scene.github.delete_release(scene.repo, one)
    with pytest.raises(UnknownObjectException):
        repo.get_release("v1")


def test_pulls_of_a_commit(scene: Scene) -> None:
    base, feature = scene.line(2)
    scene.github.push(scene.repo, "refs/heads/main", base)
    scene.github.push(scene.repo, "refs/heads/feature", feature)
    pull = scene.github.open_pull_request(scene.repo, "feature", title="Add")
    squash = scene.git.commit({"c1.txt": "1\n"}, parents=[base], message="Add (#1)")
    scene.github.merge_pull_request(scene.repo, pull, merge_commit_sha=squash)
    repo = scene.client.get_repo("acme/web")

    assert [found.number for found in repo.get_commit(squash).get_pulls()] == [1]
    assert [found.number for found in repo.get_commit(feature).get_pulls()] == [1]
    assert list(repo.get_commit(base).get_pulls()) == []
    assert repo.get_pull(1).merged


def test_borrowed_objects_need_no_copy(scene: Scene) -> None:
    shas = scene.line(3)
    other = scene.github.repository("acme", "fork")

    other.git.alternate(scene.git.path)
    scene.github.push(other, "refs/heads/main", shas[1])

    assert scene.client.get_repo("acme/fork").get_commit("main").sha == shas[1]
    assert scene.git.refs() == []
