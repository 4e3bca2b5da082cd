"""Commits, comparisons, refs and tags, asked for by PyGithub."""

from tests.demo.conftest import Scene


def test_a_push_can_be_compared_page_by_page(scene: Scene) -> None:
    shas = scene.line(142)
    scene.github.push(scene.repo, "refs/heads/main", shas[-1])
    repo = scene.client.get_repo("acme/web")

    comparison = repo.compare(shas[0], "main", comparison_commits_per_page=100)

    assert [commit.sha for commit in comparison.commits] == shas[1:]
    assert (comparison.status, comparison.total_commits) == ("ahead", 141)
    assert comparison.merge_base_commit.sha == shas[0]
    assert len(comparison.files) == 141
