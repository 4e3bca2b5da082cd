"""Tag a repository, get the release: each scene of membership.md through signed webhooks."""

from __future__ import annotations

from tests.flows.world import World


def test_the_first_release_of_a_new_repository_holds_everything(world: World) -> None:
    world.install()
    one = world.commit("One")
    two = world.commit("Two", onto=[one])
    world.push(two)
    world.settle()
    world.github.reset_calls()

    world.tag("v1.0.0", two)
    world.settle()

    assert world.commits_of("web@1.0.0") == [two, one]
    assert world.head_of("v1.0.0").state == "complete"
    assert world.github.count_calls() == 0


def test_the_release_not_the_push_resolves_a_named_issue(world: World) -> None:
    world.install()
    first = world.commit("One")
    world.push(first)
    world.tag("v1.0.0", first)
    world.settle()
    short_id = world.issue()

    fix = world.commit(f"Guard the cart\n\nFixes {short_id}", onto=[first])
    world.push(fix)
    world.settle()
    assert world.resolved_in(short_id) is None

    world.tag("v1.1.0", fix, annotated=True)
    world.settle()
    assert world.resolved_in(short_id) == "web@1.1.0"
    assert world.commits_of("web@1.1.0") == [fix]
    assert world.head_of("v1.1.0").compared_with == "v1.0.0"
