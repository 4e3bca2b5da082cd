"""New since the last final version: what git says with the final tags alone excluded."""

from __future__ import annotations

from domain.since_final import find_since_final, has_pre_releases
from models import Head
from tests.flows.world import World


def since_final(world: World, tag: str) -> tuple[bool, str | None, list[str]]:
    """Whether it is offered, the version it is compared with, and its commits."""
    head_id = world.head_of(tag).id
    with world.runtime.db.reading() as session:
        head = session.get_one(Head, head_id)
        found = find_since_final(session, head)
        base, shas = (found.base, found.shas) if found else (None, [])
        return has_pre_releases(head), base, shas


def test_pre_releases_are_passed_over(world: World) -> None:
    world.install()
    shas: list[str] = []
    for number in range(6):
        shas.append(world.commit(f"Number {number}", onto=shas[-1:]))
    world.push(shas[0])
    for name, sha in [
        ("v1.0.0", shas[0]),
        ("v1.1.0-rc.1", shas[2]),
        ("v1.1.0-rc.2", shas[3]),
        ("v1.1.0", shas[4]),
        ("v1.2.0", shas[5]),
    ]:
        world.push(sha)
        world.tag(name, sha)
        world.settle()

    assert world.commits_of("web@1.1.0") == [shas[4]]
    assert since_final(world, "v1.1.0") == (True, "v1.0.0", shas[4:0:-1])
    assert since_final(world, "v1.1.0-rc.2") == (True, "v1.0.0", shas[3:0:-1])
    assert since_final(world, "v1.1.0-rc.1") == (False, "v1.0.0", shas[2:0:-1])
    assert since_final(world, "v1.2.0") == (False, "v1.1.0", [shas[5]])
    assert since_final(world, "v1.0.0") == (False, None, [])


def test_without_a_final_version_there_is_nothing_to_compare_with(world: World) -> None:
    world.install()
    one = world.commit("One")
    two = world.commit("Two", onto=[one])
    for name, sha in [("v1.0.0-rc.1", one), ("v1.0.0", two)]:
        world.push(sha)
        world.tag(name, sha)
        world.settle()

    assert since_final(world, "v1.0.0") == (True, None, [])
