"""Tags and branches under a repository's settings, through the real server and the stand-in."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import select

from domain.provenance import Why
from domain.repositories import find_repository
from domain.repository_settings import change_rules, rules_of
from domain.work import make_tips_due
from models import Branch, Repository
from tests.flows.world import World


@pytest.fixture
def installed(world: World) -> World:
    """An empty repository whose first push brings the whole history."""
    world.install()
    return world


def change(world: World, **changes: object) -> None:
    """Save rules as an admin does, and work off what follows."""
    with world.runtime.db.transaction() as session:
        repository = session.scalars(
            select(Repository).where(Repository.github_id == world.web.id)
        ).one()
        rules = replace(rules_of(repository), **changes)  # type: ignore[arg-type]  # fields of it
        change_rules(session, repository, rules, why=Why(world.clock(), source="person"))
    world.work_off()


def nightlies(world: World, *, annotated: bool = False) -> list[str]:
    """Three commits with a nightly tag on each, and versions on the first and the last."""
    shas: list[str] = []
    for number in range(3):
        shas.append(world.commit(f"Change {number}", onto=shas[-1:]))
        world.push(shas[-1])
        world.tag(f"nightly-2026-01-1{number}", shas[-1], annotated=annotated)
    world.tag("v1.0.0", shas[0])
    world.tag("v1.1.0", shas[2])
    return shas


@pytest.mark.parametrize("annotated", [False, True])
def test_tags_by_date_list_what_is_new_since_the_one_before(
    installed: World, *, annotated: bool
) -> None:
    change(installed, tag_pattern="*")
    first, second, third = nightlies(installed, annotated=annotated)
    installed.settle()

    assert installed.commits_of("web@nightly-2026-01-10") == [first]
    assert installed.commits_of("web@nightly-2026-01-11") == [second]
    assert installed.commits_of("web@nightly-2026-01-12") == [third]
    assert installed.commits_of("web@1.1.0") == [third, second]  # another line
    assert installed.head_of("nightly-2026-01-11").compared_with == "nightly-2026-01-10"
    assert {state for state, _ in installed.lists().values()} == {"complete"}


def test_a_setting_takes_effect_on_tags_that_are_there_as_if_it_had_always_been_so(
    installed: World,
) -> None:
    nightlies(installed)
    installed.settle()
    assert installed.versions() == ["web@1.0.0", "web@1.1.0"]
    ignored = [one.reason for one in installed.deliveries() if one.state == "ignored"]
    assert "tag nightly-2026-01-10 names no version" in ignored

    change(installed, tag_pattern="*")
    late = installed.lists()
    assert len(late) == 5
    assert [len(shas) for name, (_, shas) in sorted(late.items())] == [1, 1, 1, 1, 2]
    made = installed.activities("web@nightly-2026-01-10")
    assert made[0].kind == "release_created"
    assert made[0].data["source"] == "settings"


def test_a_tag_no_longer_taken_keeps_its_release_and_shortens_no_other(installed: World) -> None:
    shas: list[str] = []
    for number, name in enumerate(("v1.0.0", "v1.1.0-beta.1", "v1.1.0")):
        shas.append(installed.commit(f"Change {number}", onto=shas[-1:]))
        installed.push(shas[-1])
        installed.tag(name, shas[-1])
    installed.settle()
    assert installed.commits_of("web@1.1.0") == [shas[2]]

    change(installed, tag_pattern="!*-beta*")
    assert installed.commits_of("web@1.1.0") == [shas[2], shas[1]]
    assert installed.commits_of("web@1.1.0-beta.1") == [shas[1]]
    assert installed.head_of("v1.1.0-beta.1").is_withdrawn
    assert installed.activities("web@1.1.0-beta.1")[-1].kind == "tag_excluded"

    change(installed, tag_pattern=None)
    assert installed.commits_of("web@1.1.0") == [shas[2]]
    assert installed.activities("web@1.1.0-beta.1")[-1].kind == "tag_admitted"
    assert not installed.head_of("v1.1.0-beta.1").is_withdrawn


def test_a_template_names_new_releases_and_the_old_ones_keep_theirs(installed: World) -> None:
    first = installed.commit("Begin")
    installed.push(first)
    installed.tag("v1.0.0", first)
    installed.settle()

    change(installed, version_template="shop@{version}")
    installed.tag("v1.1.0", first)
    installed.settle()
    assert installed.versions() == ["shop@1.1.0", "web@1.0.0"]


def test_pushes_to_other_branches_are_ignored_and_asked_for_when_a_tag_needs_them(
    installed: World,
) -> None:
    first = installed.commit("Begin")
    installed.push(first)
    installed.settle()
    change(installed, tracked_branches=["main", "release/*"])

    side = installed.commit("Patch", onto=[first])
    installed.push(side, "hotfix")
    following = installed.commit("Prepare", onto=[first])
    installed.push(following, "release/1")
    calls = installed.github.count_calls()
    installed.settle()
    outcomes = {
        one.ref: (str(one.state), one.reason)
        for one in installed.deliveries()
        if one.event == "push"
    }
    assert outcomes["refs/heads/hotfix"] == ("ignored", "branch not tracked")
    assert outcomes["refs/heads/release/1"] == ("done", None)
    assert installed.github.count_calls() == calls

    installed.tag("v1.0.1", side)
    installed.settle()
    assert installed.commits_of("web@1.0.1") == [side, first]
    assert installed.head_of("v1.0.1").state == "complete"
    assert installed.github.count_calls() > calls


def test_what_pushes_did_not_tell_is_found_on_branches_that_count(installed: World) -> None:
    """One rule says which branches those are, whoever asks: globs may exclude alone."""
    first = installed.commit("Begin")
    installed.push(first)
    installed.settle()
    change(installed, tracked_branches=["!hotfix"])
    for branch in ("feature", "hotfix"):
        installed.push(installed.commit(branch, onto=[first]), branch)
    installed.github.queued.clear()  # of these nobody is told

    with installed.runtime.db.transaction() as session:
        repository = session.get_one(Repository, installed.repository().id)
        make_tips_due(session, repository, at=installed.clock())
    installed.work_off()

    with installed.runtime.db.reading() as session:
        assert sorted(session.scalars(select(Branch.name))) == ["feature", "main"]


def test_a_setting_survives_an_import_from_the_start(installed: World) -> None:
    nightlies(installed)
    installed.settle()
    change(installed, tag_pattern="nightly-*")
    before = installed.lists()
    with installed.runtime.db.transaction() as session:
        repository = find_repository(session, installed.repository().organization_id, "acme/web")
        assert repository is not None
        assert repository.tag_pattern == "nightly-*"
        repository.history_known_at = None
        work = installed.work("history")[0]
        session.add(work)
        work.progress, work.due_at = {}, installed.clock()
    installed.work_off()
    assert installed.lists() == before
