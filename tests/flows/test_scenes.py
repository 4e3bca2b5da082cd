"""The consequences that membership.md promises, one scene each."""

from __future__ import annotations

from models import Repository
from tests.flows.world import World


def start(world: World, *, tag: str = "v1.0.0") -> str:
    """An installed App, a first commit on main, and a first release; returns the commit."""
    world.install()
    first = world.commit("One")
    world.push(first)
    world.tag(tag, first)
    world.settle()
    return first


def test_a_maintenance_release_after_a_newer_major_holds_its_own_commits(world: World) -> None:
    first = start(world)
    second = world.commit("Two", onto=[first])
    world.push(second)
    world.tag("v2.0.0", second)
    world.push(first, "1.x")
    patch = world.commit("Patch", onto=[first])
    world.push(patch, "1.x")
    world.tag("v1.0.1", patch, annotated=True)
    world.settle()

    assert world.commits_of("web@1.0.1") == [patch]
    assert world.commits_of("web@2.0.0") == [second]
    assert world.head_of("v1.0.1").compared_with == "v1.0.0"


def test_a_back_filled_tag_takes_commits_from_the_releases_after_it(world: World) -> None:
    first = start(world)
    second = world.commit("Two", onto=[first])
    third = world.commit("Three", onto=[second])
    world.push(third)
    world.tag("v1.2.0", third)
    world.settle()
    assert set(world.commits_of("web@1.2.0")) == {second, third}

    world.tag("v1.1.0", second)
    world.settle()

    assert world.commits_of("web@1.1.0") == [second]
    assert world.commits_of("web@1.2.0") == [third]
    changes = [one for one in world.activities("web@1.2.0") if one.kind == "commits_changed"]
    assert [(one.data["before"], one.data["after"]) for one in changes] == [(2, 1)]


def test_a_moved_tag_is_shown_as_moved(world: World) -> None:
    first = start(world)
    second = world.commit("Two", onto=[first])
    third = world.commit("Three", onto=[second])
    world.push(second)
    world.tag("v1.1.0", second)
    world.push(third)
    world.tag("v1.1.0", third, force=True)
    world.settle()

    assert set(world.commits_of("web@1.1.0")) == {second, third}
    (move,) = [one for one in world.activities("web@1.1.0") if one.kind == "tag_moved"]
    assert (move.data["from"], move.data["to"]) == (second, third)


def test_a_deleted_tag_keeps_its_release_and_shortens_no_other(world: World) -> None:
    first = start(world)
    second = world.commit("Two", onto=[first])
    third = world.commit("Three", onto=[second])
    world.push(third)
    world.tag("v1.1.0", second)
    world.tag("v1.2.0", third)
    world.settle()
    world.drop_tag("v1.1.0")
    world.settle()

    assert world.head_of("v1.1.0").is_withdrawn
    assert world.commits_of("web@1.1.0") == [second]
    assert set(world.commits_of("web@1.2.0")) == {second, third}


def test_a_fix_and_its_revert_in_one_release_resolve_nothing(world: World) -> None:
    first = start(world)
    short_id = world.issue()
    fix = world.commit(f"Fixes {short_id}", onto=[first])
    revert = world.commit(f'Revert "Fixes {short_id}"\n\nThis reverts commit {fix}.', onto=[fix])
    world.push(revert)
    world.tag("v1.1.0", revert)
    world.settle()
    assert world.resolved_in(short_id) is None

    again = world.commit(f'Reapply "it"\n\nThis reverts commit {revert}.', onto=[revert])
    world.push(again)
    world.tag("v1.2.0", again)
    world.settle()
    assert world.resolved_in(short_id) == "web@1.2.0"


def test_a_released_fix_that_is_reverted_later_reopens_the_issue_with_the_reason(
    world: World,
) -> None:
    first = start(world)
    short_id = world.issue()
    fix = world.commit(f"Fixes {short_id}", onto=[first])
    world.push(fix)
    world.tag("v1.1.0", fix)
    world.settle()
    revert = world.commit(f"This reverts commit {fix}.", onto=[fix])
    world.push(revert)
    world.tag("v1.2.0", revert)
    world.settle()

    assert world.resolved_in(short_id) is None
    reopened = [one for one in world.issue_activities(short_id) if one.kind == "reopened"]
    assert [one.data["reason"] for one in reopened] == [
        f"the fix was reverted by {revert[:12]} in web@1.2.0"
    ]


def test_a_cherry_pick_is_one_fix_with_two_homes(world: World) -> None:
    first = start(world)
    short_id = world.issue()
    fix = world.commit(f"Fixes {short_id}", onto=[first])
    world.push(fix)
    world.tag("v2.0.0", fix)
    world.settle()
    assert world.resolved_in(short_id) == "web@2.0.0"

    picked = world.commit(f"A fix\n\n(cherry picked from commit {fix})", onto=[first])
    world.push(first, "1.x")
    world.push(picked, "1.x")
    world.tag("v1.0.1", picked)
    world.settle()
    assert world.resolved_in(short_id) == "web@2.0.0"

    undone = world.commit(f"This reverts commit {picked}.", onto=[picked])
    world.push(undone, "1.x")
    world.tag("v1.0.2", undone)
    world.settle()
    assert world.resolved_in(short_id) is None, "1.0.2 took it back from those on 1.0"


def test_a_squashed_pull_request_resolves_by_its_own_text(world: World) -> None:
    first = start(world)
    named, dropped = world.issue(), world.issue()
    branch = world.commit(f"Try it, fixes {dropped}", onto=[first])
    world.push(branch, "idea")
    pull = world.github.open_pull_request(
        world.web, "idea", title="An idea", body=f"Closes {named}", at=world.moment
    )
    squash = world.commit("An idea (#1)", onto=[first])
    world.tick()
    world.github.merge_pull_request(world.web, pull, merge_commit_sha=squash, at=world.moment)
    world.tag("v1.1.0", squash)
    world.settle()

    assert world.resolved_in(named) == "web@1.1.0"
    assert world.resolved_in(dropped) is None


def test_skipped_commits_are_hidden_and_resolve_nothing(world: World) -> None:
    first = start(world)
    short_id = world.issue()
    hidden = world.commit(f"Fixes {short_id} #skipsentry", onto=[first])
    seen = world.commit("Two", onto=[hidden])
    world.push(seen)
    world.tag("v1.1.0", seen)
    world.settle()

    release = world.release("web@1.1.0")
    assert (release.commit_count, release.hidden_count) == (1, 1)
    assert set(world.commits_of("web@1.1.0")) == {hidden, seen}
    assert world.resolved_in(short_id) is None


def test_packages_in_one_repository_have_lines_of_their_own(world: World) -> None:
    first = start(world)
    second = world.commit("Two", onto=[first])
    world.push(second)
    world.tag("api/v1.0.0", second)
    world.tag("cli@0.9.0", second)
    third = world.commit("Three", onto=[second])
    world.push(third)
    world.tag("api/v1.1.0", third)
    world.settle()

    assert set(world.commits_of("api@1.0.0")) == {first, second}
    assert set(world.commits_of("cli@0.9.0")) == {first, second}
    assert world.commits_of("api@1.1.0") == [third]


def test_a_tag_that_names_no_version_makes_no_release(world: World) -> None:
    first = start(world)
    for name in ("latest", "v2", "2024-01-15", "1.0.x"):
        world.tag(name, first)
    world.settle()

    assert world.versions() == ["web@1.0.0"]
    ignored = [one.reason for one in world.deliveries() if one.ref == "refs/tags/latest"]
    assert set(ignored) == {"tag latest names no version"}


def test_a_release_published_on_github_describes_the_release_of_its_tag(world: World) -> None:
    first = start(world)
    second = world.commit("Two", onto=[first])
    world.push(second)
    world.tick()
    world.github.publish_release(
        world.web, "v1.1.0", name="Spring", body="Notes", target=second, at=world.moment
    )
    world.settle()

    release = world.release("web@1.1.0")
    assert (release.name, release.notes) == ("Spring", "Notes")
    assert world.commits_of("web@1.1.0") == [second]


def test_before_the_history_is_known_the_first_release_shows_its_latest_commits(
    world: World,
) -> None:
    world.install()
    with world.runtime.db.transaction() as session:  # as while the import is under way
        session.get_one(Repository, world.repository().id).history_known_at = None
    shas = [world.commit("One")]
    for number in range(14):
        shas.append(world.commit(f"Change {number}", onto=[shas[-1]]))
    world.push(shas[-1])
    world.tag("v1.0.0", shas[-1])
    follow = world.commit("After", onto=[shas[-1]])
    world.push(follow)
    world.tag("v1.1.0", follow)
    world.settle()

    first, second = world.head_of("v1.0.0"), world.head_of("v1.1.0")
    assert (first.state, second.state) == ("incomplete", "incomplete")
    assert first.cause == "first release: tags only until the import is complete"
    assert second.cause == "tags only until the import is complete"
    assert world.commits_of("web@1.0.0") == shas[:-11:-1]
