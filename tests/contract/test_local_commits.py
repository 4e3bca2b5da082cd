"""`releases set-commits --local`: what a clone tells, without GitHub (sentry-cli-contract.md 4)."""

from __future__ import annotations

import pytest

from tests.contract.clients import SentryCli, table
from tests.contract.shop import Shop
from tests.webapp.test_commands import document_of

pytestmark = pytest.mark.slow
VERSION = "shop@1.1.0"


def test_since_the_release_before(sentry_cli: SentryCli, shop: Shop) -> None:
    done = sentry_cli.works("releases", "set-commits", "-p", "shop", VERSION, "--local")
    assert f"Success! Set commits for release {VERSION}\n" in done.out

    listed = shop.commits(VERSION)
    assert set(listed) == shop.rev_list("v1.0.0..HEAD")
    release = shop.release(VERSION)
    assert release["lastCommit"]["id"] == listed[0] == shop.sha("HEAD")
    told = release["commitList"]
    assert (told["state"], told["basis"]) == ("complete", "explicit")
    assert [author["email"] for author in release["authors"]] == ["ana@acme.example"]


def test_twice_changes_nothing(sentry_cli: SentryCli, shop: Shop) -> None:
    sentry_cli.works("releases", "set-commits", "-p", "shop", VERSION, "--local")
    listed = shop.commits(VERSION)

    again = sentry_cli.works("releases", "set-commits", "-p", "shop", VERSION, "--local")

    assert "No commits found. Leaving release alone." in again.out
    assert shop.commits(VERSION) == listed


def test_what_the_app_made_is_left_alone(sentry_cli: SentryCli, shop: Shop) -> None:
    sentry_cli.works("releases", "set-commits", "-p", "shop", VERSION, "--auto")
    listed = shop.commits(VERSION)
    left = sentry_cli.works("releases", "set-commits", VERSION, "--local")

    assert "No commits found. Leaving release alone." in left.out
    assert shop.commits(VERSION) == listed
    assert shop.release(VERSION)["commitList"]["basis"] == "graph"


def test_commits_that_are_known_stay_where_they_are(sentry_cli: SentryCli, shop: Shop) -> None:
    """`sentry-cli` calls the repository by the name of the remote, which is no repository."""
    sentry_cli.works("releases", "set-commits", "-p", "shop", VERSION, "--local")

    _, told = shop.ask("GET", f"releases/{VERSION}/commits/")
    assert {commit["repository"]["name"] for commit in told} == {shop.name}
    listed = document_of(shop.place.app, "repo", "list", "--org", shop.org)
    assert [repository["name"] for repository in listed] == [shop.name]


def test_the_first_release_of_a_project(sentry_cli: SentryCli, shop: Shop) -> None:
    """Nothing feeds `web`: its commits lie in a repository that nobody matches with a remote."""
    depth = ("--initial-depth", "3")
    done = sentry_cli.works(
        *("releases", "set-commits", "-p", "web", "web@1.0.0", "--local", *depth)
    )

    assert "Creating a release with 3 commits." in done.out
    listed = shop.commits("web@1.0.0")
    assert listed == shop.git("rev-list", "--date-order", "-3", "HEAD").split()
    assert [row["Name"] for row in table(sentry_cli.works("repos", "list"))] == [shop.name]
    sentry_cli.works("releases", "set-commits", "-p", "shop", VERSION, "--auto")
    assert set(shop.commits(VERSION)) == shop.rev_list("v1.0.0..HEAD")


@pytest.mark.parametrize("how", ["--auto", "--clear"])
def test_where_no_repository_is_listed_all_is_local(
    sentry_cli: SentryCli, shop: Shop, how: str
) -> None:
    document_of(shop.place.app, "repo", "untrack", "--org", shop.org, shop.name)
    assert sentry_cli.works("repos", "list").told == "No repos found"
    sentry_cli.works("releases", "set-commits", "-p", "web", "web@1.0.0", how)

    assert set(shop.commits("web@1.0.0")) == shop.rev_list("HEAD")  # fewer than twenty


def test_another_remote_than_any_that_is_listed(sentry_cli: SentryCli, shop: Shop) -> None:
    shop.git("remote", "set-url", "origin", "git@github.com:acme/elsewhere.git")
    done = sentry_cli.works("releases", "set-commits", "-p", "shop", VERSION, "--auto")

    assert "Could not determine any commits to be associated with a repo-based" in done.out
    assert set(shop.commits(VERSION)) == shop.rev_list("v1.0.0..HEAD")
    assert shop.release(VERSION)["commitList"]["basis"] == "explicit"


def test_each_release_has_what_is_new_since_the_last(sentry_cli: SentryCli, shop: Shop) -> None:
    """Commits that GitHub has never seen, in three releases one after another."""
    for number in (1, 2, 3):
        before = shop.sha("HEAD")
        version = f"web@1.{number}.0"
        issue = shop.issue("Broken", project="web")
        shop.commit_unpushed(f"First of {number}\n\nFixes {issue}")
        shop.commit_unpushed(f"Second of {number} — ünïcode 🚢")
        sentry_cli.works("releases", "set-commits", "-p", "web", version, "--local")
        sentry_cli.works("releases", "finalize", version)

        expected = shop.rev_list(f"{before}..HEAD" if number > 1 else "HEAD")
        assert set(shop.commits(version)) == expected
        assert shop.status_of(issue) == ("resolved", version)
    _, told = shop.ask("GET", f"releases/{version}/commits/")
    assert [commit["message"].strip() for commit in told] == [
        "Second of 3 — ünïcode 🚢",
        f"First of 3\n\nFixes {issue}",
    ]
    _, files = shop.ask("GET", f"releases/{version}/commitfiles/")
    assert {(file["filename"], file["type"]) for file in files} == {("news.txt", "M")}


def test_a_clone_that_does_not_reach_back(sentry_cli: SentryCli, shop: Shop) -> None:
    """`sentry-cli` does not find the release before and says so; it may be told not to mind."""
    shallow = sentry_cli.at(shop.clone_shallow(depth=2))
    command = ("releases", "set-commits", "-p", "shop", VERSION, "--local")
    refused = shallow.fails(*command)
    assert "Could not find the SHA of the previous release in the git history" in refused.err
    assert shop.commits(VERSION) == []

    shallow.works(*command, "--ignore-missing")

    assert set(shop.commits(VERSION)) <= shop.rev_list("-5", "HEAD")
    assert shop.release(VERSION)["lastCommit"]["id"] == shop.sha("HEAD")
