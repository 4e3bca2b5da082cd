"""`releases set-commits` with refs: the graph decides, git agrees (sentry-cli-contract.md 4)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.contract.clients import SentryCli, table
from tests.contract.shop import Shop

pytestmark = pytest.mark.slow
VERSION = "shop@1.1.0"


def basis(shop: Shop, version: str = VERSION) -> tuple[str, str | None]:
    told = shop.release(version)["commitList"]
    return told["state"], told["basis"]


def head(shop: Shop, version: str = VERSION) -> Any:
    return shop.release(version)["lastCommit"]["id"]


@pytest.mark.parametrize("kind", ["user", "org"])
def test_automatically(sentry_cli: SentryCli, ci_cli: SentryCli, shop: Shop, kind: str) -> None:
    """The tag before it, of the same line, ends the list; the merged branch belongs to it."""
    cli = sentry_cli if kind == "user" else ci_cli
    for _ in range(2):
        done = cli.works("releases", "set-commits", "-p", "shop", VERSION, "--auto")

        assert table(done) == [{"Repository": shop.name, "Revision": shop.sha("HEAD")[:12]}]
        listed = shop.commits(VERSION)
        assert set(listed) == shop.rev_list("v1.0.0..HEAD")
        assert len(listed) == 5
        assert head(shop) == listed[0] == shop.sha("HEAD")
        assert basis(shop) == ("complete", "graph")
        assert shop.release(VERSION)["commitList"]["comparedWith"] == "shop@1.0.0"
    assert {release["slug"] for release in shop.release(VERSION)["projects"]} == {"shop"}


def test_the_address_of_the_remote_may_be_written_otherwise(
    sentry_cli: SentryCli, shop: Shop
) -> None:
    shop.git("remote", "set-url", "origin", f"https://u:p@github.com/{shop.name.upper()}")
    sentry_cli.works("releases", "set-commits", "-p", "shop", VERSION, "--auto")

    assert set(shop.commits(VERSION)) == shop.rev_list("v1.0.0..HEAD")


def test_automatically_for_a_name_that_is_no_version(sentry_cli: SentryCli, shop: Shop) -> None:
    """As in many a pipeline: the sha is the release's name."""
    name = sentry_cli.works("releases", "propose-version").told
    sentry_cli.works("releases", "new", "-p", "shop", name)
    sentry_cli.works("releases", "set-commits", "--auto", name)
    sentry_cli.works("releases", "finalize", name)

    assert set(shop.commits(name)) == shop.rev_list("v1.0.0..HEAD")
    assert basis(shop, name) == ("complete", "graph")


def test_automatically_for_a_release_of_a_tag(sentry_cli: SentryCli, shop: Shop) -> None:
    """The head that a client states counts; a tag on the same commit changes nothing."""
    before = shop.commits("shop@1.0.0")
    shop.git("checkout", "-q", "v1.0.0")
    sentry_cli.works("releases", "set-commits", "-p", "shop", "v1.0.0", "--auto")

    assert set(shop.commits("shop@1.0.0")) == set(before)
    assert shop.versions() == {"shop@1.0.0"}


def spellings() -> list[Any]:
    return [
        pytest.param("{name}@{from_}..{to}", id="full"),
        pytest.param("{NAME}@{from_}..{to}", id="other-case"),
        pytest.param("{name}@{from_:.7}..{to:.7}", id="abbreviated"),
        pytest.param("{name}@HEAD~2..HEAD", id="relative"),
        pytest.param("{name}@HEAD~2..main", id="branch"),
    ]


@pytest.mark.parametrize("spelling", spellings())
def test_a_range(sentry_cli: SentryCli, shop: Shop, spelling: str) -> None:
    from_, to = shop.sha("HEAD~2"), shop.sha("HEAD")
    spec = spelling.format(name=shop.name, NAME=shop.name.upper(), from_=from_, to=to)
    sentry_cli.works("releases", "set-commits", "-p", "shop", VERSION, "--commit", spec)

    listed = shop.commits(VERSION)
    assert set(listed) == shop.rev_list("HEAD~2..HEAD")
    assert len(listed) == 4
    assert head(shop) == to
    assert basis(shop) == ("complete", "explicit")


@pytest.mark.parametrize("revision", ["HEAD", "HEAD~1", "HEAD~1^2"])
def test_one_commit(sentry_cli: SentryCli, shop: Shop, revision: str) -> None:
    """What is new in it since the tag; the last of these is on the branch that was merged."""
    sha = shop.sha(revision)
    spec = f"{shop.name}@{sha}"
    sentry_cli.works("releases", "set-commits", "-p", "shop", VERSION, "--commit", spec)

    assert head(shop) == sha
    assert set(shop.commits(VERSION)) == shop.rev_list(sha, "^v1.0.0")
    assert basis(shop) == ("complete", "graph")


def test_a_commit_before_every_tag(sentry_cli: SentryCli, shop: Shop) -> None:
    """A first release by a ref has the latest ten commits; the tag after it has the rest."""
    sha = shop.sha("v1.0.0~1")
    spec = f"{shop.name}@{sha}"
    sentry_cli.works("releases", "set-commits", "-p", "shop", "shop@0.9.0", "--commit", spec)

    assert set(shop.commits("shop@0.9.0")) == shop.rev_list("-10", sha)
    assert len(shop.rev_list(sha)) == 11
    assert basis(shop, "shop@0.9.0") == ("incomplete", "latest")
    assert set(shop.commits("shop@1.0.0")) == shop.rev_list("v1.0.0", f"^{sha}")


def test_a_repository_without_a_commit_means_its_head(sentry_cli: SentryCli, shop: Shop) -> None:
    sentry_cli.works("releases", "set-commits", "-p", "shop", VERSION, "--commit", shop.name)

    assert set(shop.commits(VERSION)) == shop.rev_list("v1.0.0..HEAD")


def test_a_commit_that_no_push_has_brought_yet(sentry_cli: SentryCli, shop: Shop) -> None:
    """Pipelines are quicker than webhooks: the list says what it lacks until the push arrives."""
    sha = shop.commit_unpushed("Too early")
    sentry_cli.works("releases", "set-commits", "-p", "shop", VERSION, "--auto")
    shop.place.settle()
    told = shop.release(VERSION)["commitList"]
    assert told["state"] == "incomplete"
    assert sha[:12] in told["cause"]
    assert "Push the commits" in told["remedy"]
    assert sha not in shop.commits(VERSION)

    shop.push_main()

    assert set(shop.commits(VERSION)) == shop.rev_list("v1.0.0..HEAD")
    assert head(shop) == sha
    assert basis(shop) == ("complete", "graph")


def test_a_repository_that_nobody_knows(sentry_cli: SentryCli, shop: Shop) -> None:
    sentry_cli.works("releases", "new", "-p", "shop", VERSION)
    spec = f"acme/nowhere@{shop.sha('HEAD')}"
    refused = sentry_cli.fails("releases", "set-commits", VERSION, "--commit", spec)

    assert "Unknown repo 'acme/nowhere'" in refused.err
    assert shop.commits(VERSION) == []


def test_a_name_that_is_no_commit(sentry_cli: SentryCli, shop: Shop) -> None:
    sentry_cli.works("releases", "new", "-p", "shop", VERSION)
    for spec in ("no-such-branch", "ffffffff", f"{'0' * 7}..HEAD"):
        refused = sentry_cli.fails(
            "releases", "set-commits", VERSION, "--commit", f"{shop.name}@{spec}"
        )
        assert "(http status: 400)" in refused.err
        assert '"refs"' in refused.err
    assert shop.commits(VERSION) == []
    assert basis(shop) == ("incomplete", None)


def test_cleared(sentry_cli: SentryCli, shop: Shop) -> None:
    sentry_cli.works("releases", "set-commits", "-p", "shop", VERSION, "--auto")
    cleared = sentry_cli.works("releases", "set-commits", VERSION, "--clear")

    assert "Clearing commits for release." in cleared.out
    assert shop.commits(VERSION) == []
    release = shop.release(VERSION)
    assert (release["lastCommit"], release["authors"]) == (None, [])

    sentry_cli.works("releases", "set-commits", VERSION, "--auto")
    assert set(shop.commits(VERSION)) == shop.rev_list("v1.0.0..HEAD")


@pytest.mark.parametrize("how", [("--auto",), ("--local",), ("--clear",)], ids=" ".join)
def test_without_a_project_the_release_must_exist(
    sentry_cli: SentryCli, shop: Shop, how: tuple[str, ...]
) -> None:
    refused = sentry_cli.fails("releases", "set-commits", VERSION, *how)

    assert "elease not found" in refused.err
    assert shop.versions() == {"shop@1.0.0"}


def test_what_a_release_names_is_resolved_in_it(sentry_cli: SentryCli, shop: Shop) -> None:
    issue = shop.issue("Cart is empty")
    shop.push(f"Keep the cart\n\nFixes {issue}")
    assert shop.status_of(issue) == "unresolved"
    sentry_cli.works("releases", "set-commits", "-p", "shop", VERSION, "--auto")
    shop.place.settle()

    assert shop.status_of(issue) == ("resolved", VERSION)


def test_two_repositories_in_one_release(sentry_cli: SentryCli, shop: Shop) -> None:
    name, library = shop.add_library()
    specs = (
        *("--commit", f"{shop.name}@{shop.sha('HEAD~1')}..{shop.sha('HEAD')}"),
        *("--commit", f"{name}@{library[0]}..{library[2]}"),
    )
    done = sentry_cli.works("releases", "set-commits", "-p", "shop", VERSION, *specs)

    assert {row["Repository"] for row in table(done)} == {shop.name, name}
    assert set(shop.commits(VERSION)) == {shop.sha("HEAD"), *library[1:]}
    _, told = shop.ask("GET", f"releases/{VERSION}/commits/")
    repositories = {commit["id"]: commit["repository"]["name"] for commit in told}
    assert repositories[library[2]] == name
    assert repositories[shop.sha("HEAD")] == shop.name

    sentry_cli.works("releases", "set-commits", VERSION, *specs[:2])
    assert shop.commits(VERSION) == [shop.sha("HEAD")]


def test_a_shallow_clone_is_enough(sentry_cli: SentryCli, shop: Shop) -> None:
    """As pipelines have it: the server knows the history, so one commit will do."""
    shallow = shop.clone_shallow()
    done = sentry_cli.at(shallow).works("releases", "set-commits", "-p", "shop", VERSION, "--auto")

    assert table(done)[0]["Repository"] == shop.name
    assert set(shop.commits(VERSION)) == shop.rev_list("v1.0.0..HEAD")


@pytest.mark.parametrize("how", ["--auto", "--local"])
def test_a_tag_that_comes_later_joins_the_release(
    sentry_cli: SentryCli, shop: Shop, how: str
) -> None:
    sentry_cli.works("releases", "set-commits", "-p", "shop", VERSION, how)
    listed, told = shop.commits(VERSION), basis(shop)
    shop.tag("v1.1.0")

    assert shop.versions() == {"shop@1.0.0", VERSION}
    assert set(shop.commits(VERSION)) == set(listed) == shop.rev_list("v1.0.0..v1.1.0")
    assert basis(shop) == told
    assert sentry_cli.works("releases", "info", "v1.1.0").out


def test_a_release_that_a_tag_has_made_gets_no_twin(sentry_cli: SentryCli, shop: Shop) -> None:
    shop.tag("v1.1.0")
    listed = shop.commits(VERSION)
    for name in ("v1.1.0", VERSION):
        sentry_cli.works("releases", "new", "-p", "shop", name)
        sentry_cli.works("releases", "set-commits", "-p", "shop", name, "--auto")
        sentry_cli.works("releases", "finalize", name)

    assert shop.versions() == {"shop@1.0.0", VERSION}
    assert set(shop.commits(VERSION)) == set(listed) == shop.rev_list("v1.0.0..v1.1.0")


def test_clearing_leaves_what_the_tag_says(sentry_cli: SentryCli, shop: Shop) -> None:
    shop.tag("v1.1.0")
    spec = f"{shop.name}@{shop.sha('HEAD~1')}..{shop.sha('HEAD')}"
    sentry_cli.works("releases", "set-commits", VERSION, "--commit", spec)
    assert shop.commits(VERSION) == [shop.sha("HEAD")]

    sentry_cli.works("releases", "set-commits", VERSION, "--clear")

    assert set(shop.commits(VERSION)) == shop.rev_list("v1.0.0..v1.1.0")
    assert basis(shop) == ("complete", "graph")
