"""Projects that take a part of a repository: their releases list what touches their paths."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import select

from domain.path_scopes import set_path_globs
from domain.provenance import Why
from domain.upkeep import bring_up_to_date
from jobs import drain
from models import Project, Repository
from tests.flows.world import World

GLOBS = ["web/", "!web/**/*.md", "/shared.py"]


def set_paths(world: World, globs: Sequence[str]) -> None:
    """The setting of project `web`, changed as its page does; nothing is worked off."""
    with world.runtime.db.transaction() as session:
        repository = session.scalars(
            select(Repository).where(Repository.github_id == world.web.id)
        ).one()
        project = session.scalars(select(Project).where(Project.slug == "web")).one()
        set_path_globs(session, repository, project.id, globs)
        bring_up_to_date(session, repository, why=Why(world.clock(), source="person"))


def take_paths(world: World, globs: Sequence[str]) -> None:
    set_paths(world, globs)
    world.work_off()


def touched(world: World, *, after: str, until: str) -> list[str]:
    """What git says of the same paths, the judge: newest first."""
    paths = ["web", "shared.py", ":(exclude,glob)web/**/*.md"]
    command = ["git", "log", "--format=%H", f"{after}..{until}", "--", *paths]
    return subprocess.run(
        command, cwd=world.git.path, check=True, capture_output=True, text=True
    ).stdout.split()


def history(world: World) -> list[str]:
    """A commit that counts, one beside, a note, a rename out of the paths, and a shared file."""
    shas = [world.commit("Start", files={"README": "1", "web/cart.py": "1", "api/pay.py": "1"})]
    for files in (
        {"web/cart.py": "2"},
        {"api/pay.py": "2"},
        {"web/notes/today.md": "1"},
        {"shared.py": "1"},
        {"docs/shared.py": "1"},
    ):
        shas.append(world.commit(f"Change {len(shas)}", onto=[shas[-1]], files=files))
    return shas


def test_pushes_say_what_they_touch_so_that_no_call_is_needed(world: World) -> None:
    world.install()
    take_paths(world, GLOBS)
    shas = history(world)
    world.push(shas[0])
    world.tag("v1.0.0", shas[0])
    world.push(shas[-1])
    world.tag("v1.1.0", shas[-1])
    world.settle()
    world.github.reset_calls()

    assert world.commits_of("web@1.1.0") == touched(world, after=shas[0], until=shas[-1])
    release = world.release("web@1.1.0")
    assert (release.commit_count, release.outside_count) == (2, 3)
    assert world.head_of("v1.1.0").state == "complete"
    assert world.github.calls == []


def test_files_of_an_imported_history_are_asked_for_one_call_each(world: World) -> None:
    shas = history(world)
    world.push(shas[-1])
    world.tag("v1.0.0", shas[0])
    world.tag("v1.1.0", shas[-1])
    world.github.queued.clear()
    world.install()
    assert world.release("web@1.1.0").commit_count == 5  # without globs no file matters
    world.github.reset_calls()
    take_paths(world, GLOBS)

    assert world.commits_of("web@1.1.0") == touched(world, after=shas[0], until=shas[-1])
    assert world.release("web@1.1.0").outside_count == 3
    asked = [call for call in world.github.calls if "/commits/" in call.path]
    assert len(asked) == len(shas)  # v1.0.0 has the first
    assert {head[0] for head in world.lists().values()} == {"complete"}

    take_paths(world, [])
    assert world.release("web@1.1.0").commit_count == 5
    assert world.release("web@1.1.0").outside_count == 0


def test_while_github_does_not_answer_all_is_listed_and_the_list_says_why(world: World) -> None:
    shas = history(world)
    world.push(shas[-1])
    world.tag("v1.1.0", shas[-1])
    world.github.queued.clear()
    world.install()
    for _ in range(4):  # one call, with its retries
        world.github.fail_next(503, path="/commits/")
    set_paths(world, GLOBS)
    head = world.head_of("v1.1.0")
    assert (head.state, head.commit_count) == ("incomplete", 6)
    assert head.cause == "the files of 6 commits are not known yet; GitHub is being asked for them"

    world.clock.at += timedelta(minutes=1)
    drain(world.runtime)
    head = world.head_of("v1.1.0")
    assert (head.state, head.commit_count) == ("incomplete", 6)
    assert head.cause is not None
    assert "GitHub could not be asked" in head.cause

    world.work_off()
    head = world.head_of("v1.1.0")
    assert (head.state, head.commit_count, head.outside_count) == ("complete", 3, 3)


def test_a_fix_outside_of_the_paths_is_not_shipped_by_the_release(world: World) -> None:
    world.install()
    take_paths(world, GLOBS)
    issue = world.issue()
    first = world.commit("Start", files={"web/cart.py": "1"})
    world.push(first)
    world.tag("v1.0.0", first)
    beside = world.commit(f"Fixes {issue}", onto=[first], files={"api/pay.py": "1"})
    world.push(beside)
    world.tag("v1.1.0", beside)
    world.settle()
    assert world.resolved_in(issue) is None

    take_paths(world, [*GLOBS, "api/"])
    assert world.resolved_in(issue) == "web@1.1.0"
    take_paths(world, GLOBS)
    assert world.resolved_in(issue) is None


def test_a_skipped_commit_outside_is_not_counted_twice(world: World) -> None:
    world.install()
    take_paths(world, GLOBS)
    first = world.commit("Start", files={"web/cart.py": "1"})
    hidden = world.commit("Quiet #skipsentry", onto=[first], files={"api/pay.py": "1"})
    shown = world.commit("Quiet #skipsentry", onto=[hidden], files={"web/cart.py": "2"})
    world.push(shown)
    world.tag("v1.0.0", shown)
    world.settle()

    release = world.release("web@1.0.0")
    assert (release.commit_count, release.hidden_count, release.outside_count) == (1, 1, 1)
