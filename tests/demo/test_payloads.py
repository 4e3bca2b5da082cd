"""Every payload is what GitHub's own OpenAPI description says, and what real git holds."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone

import githubkit.webhooks
import pytest

from demo.github import Delivery, NonFastForward
from tests.demo.conftest import Scene

AT = datetime(2024, 5, 1, 12, tzinfo=UTC)
ZERO = "0" * 40


def check(deliveries: list[Delivery]) -> list[str]:
    """Validate all payloads and return `event` or `event.action` of each."""
    for delivery in deliveries:
        # The generated models refuse nothing but what is missing or has the wrong type.
        githubkit.webhooks.parse(delivery.event, delivery.body)
    return [
        f"{delivery.event}.{delivery.action}" if delivery.action else delivery.event
        for delivery in deliveries
    ]


def test_the_check_is_a_check(scene: Scene) -> None:
    payload = scene.github.queued[0].payload
    del payload["installation"]["account"]["login"]

    with pytest.raises(ValueError, match="login"):
        githubkit.webhooks.parse("installation", json.dumps(payload))


def test_the_first_push_brings_everything(scene: Scene) -> None:
    shas = scene.line(3)
    scene.github.user("ana", id=7, emails=["ana@acme.example"])

    told = scene.github.push(scene.repo, "refs/heads/main", shas[-1], at=AT)

    assert check(told) == ["push", "create"]
    push = told[0].payload
    assert [commit["id"] for commit in push["commits"]] == shas
    assert (push["before"], push["after"], push["created"]) == (ZERO, shas[-1], True)
    assert push["commits"][0]["added"] == ["c0.txt"]
    assert push["commits"][0]["author"]["username"] == "ana"
    assert push["head_commit"]["id"] == shas[-1]
    assert push["repository"]["pushed_at"] == int(AT.timestamp())
    assert push["repository"]["url"].endswith("/acme/web")
    assert push["installation"]["id"] == scene.installation.id


def test_a_create_has_no_sha(scene: Scene) -> None:
    [tip] = scene.line(1)
    scene.github.push(scene.repo, "refs/heads/main", tip)

    create = scene.github.push(scene.repo, "refs/tags/v1", tip)[1].payload

    assert (create["ref"], create["ref_type"]) == ("v1", "tag")
    assert tip not in str(create)


def test_a_merge_lists_commits_that_another_branch_had(scene: Scene) -> None:
    base, feature = scene.line(2)
    other = scene.git.commit({"o": "o"}, parents=[base], message="other")
    scene.github.push(scene.repo, "refs/heads/main", other)
    branch = scene.github.push(scene.repo, "refs/heads/feature", feature)[0].payload
    merge = scene.git.commit({"c1.txt": "1\n"}, parents=[other, feature], message="merge")

    push = scene.github.push(scene.repo, "refs/heads/main", merge)[0].payload

    assert [commit["id"] for commit in branch["commits"]] == [feature]
    assert {commit["id"]: commit["distinct"] for commit in push["commits"]} == {
        feature: False,
        merge: True,
    }
    assert push["commits"][-1]["added"] == ["c1.txt"]


def test_a_branch_made_of_known_commits_is_empty(scene: Scene) -> None:
    shas = scene.line(2)
    scene.github.push(scene.repo, "refs/heads/main", shas[-1])

    push = scene.github.push(scene.repo, "refs/heads/next", shas[-1])[0].payload

    assert (push["commits"], push["base_ref"]) == ([], "refs/heads/main")
    assert push["head_commit"]["id"] == shas[-1]


def test_force_is_needed_and_told(scene: Scene) -> None:
    first, second = scene.line(2)
    other = scene.git.commit({"o": "o"}, parents=[first], message="other")
    scene.github.push(scene.repo, "refs/heads/main", second)
    with pytest.raises(NonFastForward):
        scene.github.push(scene.repo, "refs/heads/main", other)

    told = scene.github.push(scene.repo, "refs/heads/main", other, force=True)

    assert check(told) == ["push"]
    push = told[0].payload
    assert (push["forced"], push["before"]) == (True, second)
    assert [commit["id"] for commit in push["commits"]] == [other]


def test_pushing_back_has_no_commits_but_a_head(scene: Scene) -> None:
    first, second = scene.line(2)
    scene.github.push(scene.repo, "refs/heads/main", second)

    push = scene.github.push(scene.repo, "refs/heads/main", first, force=True)[0].payload

    assert (push["commits"], push["head_commit"]["id"]) == ([], first)


def test_deleting_a_branch(scene: Scene) -> None:
    [tip] = scene.line(1)
    scene.github.push(scene.repo, "refs/heads/main", tip)

    told = scene.github.push(scene.repo, "refs/heads/main", None)

    assert check(told) == ["push", "delete"]
    push = told[0].payload
    assert (push["after"], push["deleted"], push["head_commit"]) == (ZERO, True, None)
    assert scene.git.refs() == []


def test_an_annotated_tag_is_pushed_by_its_own_sha(scene: Scene) -> None:
    [tip] = scene.line(1)
    scene.github.push(scene.repo, "refs/heads/main", tip)
    tag = scene.git.tag_object("v1", tip, "First")

    told = scene.github.push(scene.repo, "refs/tags/v1", tag)

    assert check(told) == ["push", "create"]
    push = told[0].payload
    assert (push["after"], push["head_commit"]["id"]) == (tag, tip)
    assert (push["commits"], push["base_ref"]) == ([], "refs/heads/main")


def test_a_moved_tag_is_forced(scene: Scene) -> None:
    first, second = scene.line(2)
    scene.github.push(scene.repo, "refs/heads/main", second)
    scene.github.push(scene.repo, "refs/tags/v1", first)

    told = scene.github.push(scene.repo, "refs/tags/v1", second, force=True)

    assert check(told) == ["push"]
    assert (told[0].payload["before"], told[0].payload["forced"]) == (first, True)


def test_four_tags_at_once_are_silent(scene: Scene) -> None:
    [tip] = scene.line(1)
    scene.github.push(scene.repo, "refs/heads/main", tip)

    assert len(scene.github.push_tags(scene.repo, dict.fromkeys("abc", tip))) == 6
    assert scene.github.push_tags(scene.repo, dict.fromkeys("defg", tip)) == []
    assert len(scene.git.refs("refs/tags/")) == 7


def test_a_push_holds_2048_commits_at_most(scene: Scene) -> None:
    scene.fast_line(2100, "refs/heads/x")
    tip = str(scene.git.resolve(["refs/heads/x"])[0])
    scene.git.update_ref("refs/heads/x", None)

    push = scene.github.push(scene.repo, "refs/heads/main", tip)[0].payload

    assert len(push["commits"]) == 2048
    assert push["commits"][-1]["id"] == tip


def test_odd_commits_survive(scene: Scene) -> None:
    zone = timezone(timedelta(hours=5, minutes=30))
    odd = scene.git.commit(
        {"ä b": "1"},
        message="Größe".encode("latin-1"),
        encoding="ISO-8859-1",
        author="Ana <>",
        committer=" <bo@acme.example>",
        date=datetime(2024, 5, 1, 12, tzinfo=zone),
    )
    broken = scene.git.commit(parents=[odd], message=b"\xff\xfe", author=b"\xe4 <x>")
    octopus = scene.git.commit(
        parents=[broken, *scene.line(2)], message="", author="49699333+dependabot[bot]"
    )

    told = scene.github.push(scene.repo, "refs/heads/main", octopus)

    assert check(told) == ["push", "create"]
    commits = {commit["id"]: commit for commit in told[0].payload["commits"]}
    assert commits[odd]["message"] == "Größe"
    assert commits[odd]["timestamp"] == "2024-05-01T12:00:00+05:30"
    assert commits[odd]["author"] == {"name": "Ana", "email": ""}
    assert commits[odd]["added"] == ["ä b"]
    assert commits[broken]["message"] == "\ufffd\ufffd"
    assert commits[octopus]["message"] == ""
    assert commits[octopus]["added"] == []


def test_noreply_addresses_belong_to_accounts(scene: Scene) -> None:
    bot = "dependabot[bot] <49699333+dependabot[bot]@users.noreply.github.com>"
    tip = scene.git.commit({"a": "a"}, author=bot, committer="GitHub <noreply@github.com>")

    push = scene.github.push(scene.repo, "refs/heads/main", tip)[0].payload

    assert push["commits"][0]["author"]["username"] == "dependabot[bot]"
    assert push["commits"][0]["committer"]["username"] == "web-flow"


def test_releases(scene: Scene) -> None:
    [tip] = scene.line(1)
    scene.github.push(scene.repo, "refs/heads/main", tip)
    scene.github.queued.clear()

    release = scene.github.publish_release(scene.repo, "v1", name="One", body=None, at=AT)
    scene.github.edit_release(scene.repo, release, body="Text")
    early = scene.github.publish_release(scene.repo, "v2-rc", prerelease=True)
    scene.github.edit_release(scene.repo, early, prerelease=False)
    scene.github.delete_release(scene.repo, release)

    assert check(scene.github.queued) == [
        "push",
        "create",
        "release.created",
        "release.published",
        "release.released",
        "release.edited",
        "push",
        "create",
        "release.created",
        "release.published",
        "release.prereleased",
        "release.edited",
        "release.released",
        "release.deleted",
    ]
    assert scene.github.queued[3].payload["release"]["published_at"] == "2024-05-01T12:00:00Z"


def test_pull_requests(scene: Scene) -> None:
    base, feature = scene.line(2)
    scene.github.push(scene.repo, "refs/heads/main", base)
    scene.github.push(scene.repo, "refs/heads/feature", feature)
    merge = scene.git.commit({"c1.txt": "1\n"}, parents=[base, feature], message="Merge")
    scene.github.queued.clear()

    pull = scene.github.open_pull_request(scene.repo, "feature", title="Add", body="Fixes WEB-1")
    scene.github.edit_pull_request(scene.repo, pull, title="Add one")
    scene.github.merge_pull_request(scene.repo, pull, merge_commit_sha=merge, at=AT)
    other = scene.github.open_pull_request(scene.repo, "feature", title="Again")
    scene.github.close_pull_request(scene.repo, other)

    assert check(scene.github.queued) == [
        "pull_request.opened",
        "pull_request.edited",
        "push",
        "pull_request.closed",
        "pull_request.opened",
        "pull_request.closed",
    ]
    merged, closed = (scene.github.queued[index].payload["pull_request"] for index in (3, 5))
    assert (merged["merged"], merged["merge_commit_sha"]) == (True, merge)
    assert (closed["merged"], closed["state"]) == (False, "closed")


def test_installations(scene: Scene) -> None:
    github, lone = scene.github, scene.github.user("lone", emails=["lone@acme.example"])
    github.queued.clear()
    one, two = (github.repository(lone, name) for name in ("one", "two"))

    installation = github.install(lone, [one])
    github.add_repositories(installation, [two])
    github.remove_repositories(installation, [one])
    github.suspend(installation)
    github.unsuspend(installation)
    github.uninstall(installation)
    github.ping()

    assert check(github.queued) == [
        "installation.created",
        "installation_repositories.added",
        "installation_repositories.removed",
        "installation.suspend",
        "installation.unsuspend",
        "installation.deleted",
        "ping",
    ]
    assert [item["name"] for item in github.queued[5].payload["repositories"]] == ["two"]


def test_repositories(scene: Scene) -> None:
    github, other = scene.github, scene.github.account("other", type="Organization")
    github.install(other)
    github.queued.clear()

    github.rename(scene.repo, "site")
    github.archive(scene.repo)
    github.unarchive(scene.repo)
    github.set_default_branch(scene.repo, "trunk")
    github.transfer(scene.repo, other)
    github.delete_repository(scene.repo)

    assert check(github.queued) == [
        "repository.renamed",
        "repository.archived",
        "repository.unarchived",
        "repository.edited",
        "repository.transferred",
        "repository.deleted",
    ]
    assert github.queued[0].payload["changes"] == {"repository": {"name": {"from": "web"}}}


SILENCE: dict[str, Callable[[Scene], object]] = {
    "suspended": lambda scene: scene.github.suspend(scene.installation),
    "not selected": lambda scene: scene.github.remove_repositories(
        scene.installation, [scene.repo]
    ),
    "uninstalled": lambda scene: scene.github.uninstall(scene.installation),
    "no permission": lambda scene: scene.github.accept_permissions(
        scene.installation, {"metadata": "read"}
    ),
    "not subscribed": lambda scene: scene.github.app.events.clear(),
}


@pytest.mark.parametrize("reason", SILENCE)
def test_nothing_is_told(scene: Scene, reason: str) -> None:
    [tip] = scene.line(1)
    SILENCE[reason](scene)

    assert scene.github.push(scene.repo, "refs/heads/main", tip) == []
