"""Events that name a commit as their release: it gets a head, whichever comes first."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from sqlalchemy import select

from domain.doctor import find_problems
from domain.named_commits import AT_ONCE
from domain.organizations import get_organization, get_project
from models import Event, Head, Organization, Release, Repository
from tests.events import digest, make_event
from tests.factories import make_commit
from tests.flows.api import make_script, ref
from tests.flows.world import World


def send(world: World, *names: str) -> None:
    """Events of project `web` that name these releases; and all that follows of it."""
    with world.runtime.db.transaction() as session:
        project = get_project(session, get_organization(session, "acme").id, "web")
        events = [make_event(world.clock(), release=name) for name in names]
        digest(session, project.id, events, now=world.clock())
    world.work_off()


def heads(world: World, version: str) -> Sequence[Head]:
    with world.runtime.db.reading() as session:
        query = select(Head).join(Release, Release.id == Head.release_id)
        return session.scalars(query.where(Release.version == version)).all()


def waits(world: World, version: str) -> bool:
    return world.release(version).sha_start is not None


def releases_of_events(world: World) -> list[str]:
    with world.runtime.db.reading() as session:
        query = select(Release.version).join(Event, Event.release_id == Release.id)
        return list(session.scalars(query.order_by(Event.id)))


@pytest.fixture
def chain(world: World) -> list[str]:
    """Six commits on main, of which the second is v1.0.0; installed, imported."""
    shas: list[str] = []
    for number in range(6):
        shas.append(world.commit(f"Commit {number}", onto=shas[-1:]))
    world.push(shas[-1])
    world.tag("v1.0.0", shas[1])
    world.github.queued.clear()
    world.install()
    world.github.reset_calls()
    return shas


@pytest.mark.parametrize("digits", [7, 12, 40])
def test_a_known_commit_becomes_the_head(world: World, chain: list[str], digits: int) -> None:
    name = chain[4][:digits].upper()

    send(world, name, name)

    [head] = heads(world, name)
    assert (head.sha, head.stated, str(head.state)) == (chain[4], chain[4], "complete")
    assert world.commits_of(name) == chain[4:1:-1]
    assert not waits(world, name)
    rules = [(one.kind, one.rule) for one in world.activities(name)]
    assert rules[:2] == [
        ("release_created", "event-names-release"),
        ("refs_set", "event-names-commit"),
    ]
    assert not world.github.calls


def test_it_changes_no_list_of_a_line(world: World, chain: list[str]) -> None:
    send(world, chain[3])
    world.tag("v1.1.0", chain[5])
    world.settle()

    assert world.commits_of("web@1.1.0") == chain[5:1:-1]
    assert world.commits_of(chain[3]) == chain[3:1:-1]


def test_a_commit_that_comes_after_its_event(world: World, chain: list[str]) -> None:
    coming = world.commit("Later", onto=chain[-1:])
    send(world, coming[:8])
    assert heads(world, coming[:8]) == []
    assert waits(world, coming[:8])

    world.push(coming)
    world.settle()

    [head] = heads(world, coming[:8])
    assert head.sha == coming
    assert world.commits_of(coming[:8]) == [coming, *chain[:1:-1]]
    assert not waits(world, coming[:8])


def test_a_push_of_other_commits_makes_no_work(world: World, chain: list[str]) -> None:
    send(world, "abcdef0")
    before = [work.finished_at for work in world.work("heads")]

    world.push(world.commit("Later", onto=chain[-1:]))
    world.settle()

    assert waits(world, "abcdef0")
    assert [work.finished_at for work in world.work("heads")] == before


def test_commits_of_another_projects_repository_do_not_count(
    world: World, chain: list[str]
) -> None:
    late = world.github.repository("acme", "late")
    sha = late.git.commit({"a": "1"}, parents=[], message="First", date=world.moment)
    send(world, sha)
    with world.runtime.db.reading() as session:
        organization_id = session.scalars(select(Organization.id)).one()
    assert heads(world, sha) == []
    world.github.push(late, "refs/heads/main", sha, at=world.moment)
    world.settle()

    # of another project: the name stands as it was sent
    assert heads(world, sha) == []
    with world.runtime.db.reading() as session:
        assert find_problems(session, organization_id, now=world.clock()) == []


def test_a_later_tag_makes_a_release_beside_it_which_the_doctor_names(
    world: World, chain: list[str]
) -> None:
    send(world, chain[4])
    world.tag("v1.1.0", chain[4])
    world.settle()
    send(world, chain[4], chain[4][:10])

    assert world.commits_of("web@1.1.0") == world.commits_of(chain[4]) == chain[4:1:-1]
    with world.runtime.db.reading() as session:
        organization = get_organization(session, "acme")
        [finding] = find_problems(session, organization.id, now=world.clock())
    assert (finding.release, finding.candidates) == (chain[4], ["web@1.1.0"])
    assert not finding.can_be_accepted
    assert releases_of_events(world) == [chain[4], chain[4], "web@1.1.0"]


def test_what_a_client_says_of_it_counts(world: World, chain: list[str]) -> None:
    send(world, chain[4])
    make_script(world).state(chain[4], ref(chain[2]))
    send(world, chain[4])

    [head] = heads(world, chain[4])
    assert head.sha == chain[2]
    assert world.commits_of(chain[4]) == [chain[2]]


def test_a_client_that_is_faster_is_not_overruled(world: World, chain: list[str]) -> None:
    coming = world.commit("Later", onto=chain[-1:])
    send(world, coming)
    make_script(world).state(coming, ref(chain[2]))
    world.push(coming)
    world.settle()

    assert [head.sha for head in heads(world, coming)] == [chain[2]]


def test_the_beginning_of_several_commits_is_no_head(world: World, chain: list[str]) -> None:
    name = chain[4][:9]
    send(world, chain[4][:9] + "0")
    with world.runtime.db.transaction() as session:
        repository = session.scalars(select(Repository)).one()
        for digit in "ab":
            make_commit(session, repository, sha=(f"1234567{digit}" + 40 * "0")[:40])
    send(world, "1234567", "1234567a", "1234567a" + 32 * "0", name)

    assert heads(world, "1234567") == []
    assert [head.sha[:8] for head in heads(world, "1234567a")] == ["1234567a"]
    assert [head.sha for head in heads(world, name)] == [chain[4]]


def test_all_that_wait_get_theirs(world: World, chain: list[str]) -> None:
    coming = [world.commit("Later", onto=chain[-1:])]
    for _ in range(AT_ONCE + 3):
        coming.append(world.commit("Later", onto=coming[-1:]))
    send(world, *coming)

    world.push(coming[-1])
    world.settle()

    for sha in coming:
        assert [head.sha for head in heads(world, sha)] == [sha]
    for sha, before in zip(coming[1:], coming, strict=False):
        assert world.commits_of(sha) == [sha], before
