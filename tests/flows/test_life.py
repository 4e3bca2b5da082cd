"""The life of an installation: whatever ends it, nothing is lost, and undone it works again.

What is pushed while we are not told is found by comparing refs; `git rev-list` is the judge.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest
from sqlalchemy import select

from demo.clone import Clone
from demo.expected import expected_lists
from demo.github import Installation as InstallationThere
from jobs import Runtime, drain
from models import Activity, Installation, Organization, Work
from tests.flows.serving import serving
from tests.flows.world import World


@contextmanager
def restarted(world: World, **github: object) -> Iterator[None]:
    """The server's jobs with other settings of the App."""
    before, settings = world.runtime, world.runtime.settings
    app = replace(settings.github, **github)  # type: ignore[arg-type]  # names are checked
    world.runtime = Runtime(replace(settings, github=app), before.db, now=world.clock)
    try:
        yield
    finally:
        world.runtime = before


def verify_exact(world: World, *tags: str) -> None:
    """Every list is what git says, and these tags are among them."""
    expected = expected_lists(Clone(world.git.path))
    assert set(tags) <= expected.keys()
    lists = world.lists()
    assert {name: lists.get(name) for name in expected} == {
        name: ("complete", commits) for name, commits in expected.items()
    }


def installation(world: World) -> Installation:
    with world.runtime.db.reading() as session:
        return session.scalars(select(Installation).order_by(Installation.id.desc())).first() or (
            pytest.fail("there is none")
        )


def release(world: World, name: str, branch: str = "main", *, annotated: bool = False) -> str:
    """Two commits on the branch, and a tag on the last; not settled."""
    refs = world.git.refs(f"refs/heads/{branch}") or world.git.refs("refs/heads/main")
    tip = refs[0].sha if refs else None
    for number in range(2):
        tip = world.commit(f"{number} for {name}", onto=[tip] if tip else [])
    assert tip is not None
    world.push(tip, branch)
    world.tag(name, tip, annotated=annotated)
    return tip


def kinds(world: World) -> list[str]:
    """What happened to repositories, oldest first."""
    with world.runtime.db.reading() as session:
        return list(
            session.scalars(
                select(Activity.kind)
                .where(Activity.kind.in_(("repository_lost", "repository_regained")))
                .order_by(Activity.id)
            )
        )


def selected(world: World) -> InstallationThere:
    assert world.installation is not None
    return world.installation


Act = Callable[[World], None]
ENDS: dict[str, tuple[Act, Act]] = {
    "suspended": (
        lambda world: world.github.suspend(selected(world)),
        lambda world: world.github.unsuspend(selected(world)),
    ),
    "uninstalled": (
        lambda world: world.github.uninstall(selected(world)),
        lambda world: world.install(),
    ),
    "removed": (
        lambda world: world.github.remove_repositories(selected(world), [world.web]),
        lambda world: world.github.add_repositories(selected(world), [world.web]),
    ),
}
REASONS = {
    "suspended": "the App was suspended",
    "uninstalled": "the App was uninstalled",
    "removed": "it was removed from the installation",
}


@pytest.mark.parametrize("how", ENDS)
def test_what_was_pushed_meanwhile_is_found_afterwards(world: World, how: str) -> None:
    end, undo = ENDS[how]
    world.install()
    issue = world.issue()
    release(world, "v1.0.0")
    world.settle()
    stale = world.git.refs("refs/heads/main")[0].sha
    world.push(stale, "stale")
    world.tag("v0.9.0", stale)
    world.settle()

    end(world)
    world.settle()
    lost = world.repository()
    assert (lost.is_accessible, lost.lost_reason) == (False, REASONS[how])
    release(world, "v1.1.0", annotated=True)
    release(world, "v2.0.0", "next")
    fix = world.commit("Fixes WEB-1", onto=[world.git.refs("refs/heads/next")[0].sha])
    world.push(fix, "next")
    world.tag("v2.0.1", fix)
    world.drop_tag("v0.9.0")
    world.github.push(world.web, "refs/heads/stale", None, at=world.moment)
    world.github.publish_release(world.web, "v1.1.0", name="Out at last", at=world.moment)
    assert not world.github.queued  # of all this nobody is told
    undo(world)
    world.settle()

    found = world.repository()
    assert (found.is_accessible, found.lost_reason) == (True, None)
    verify_exact(world, "v1.1.0", "v2.0.0", "v2.0.1")
    assert world.resolved_in(issue) == "web@2.0.1"
    assert world.release("web@1.1.0").name == "Out at last"
    assert world.head_of("v0.9.0").is_withdrawn
    assert kinds(world) == ["repository_lost", "repository_regained"]

    release(world, "v2.1.0", "next")  # and pushes go on where the tips were found
    world.github.reset_calls()
    world.settle()
    verify_exact(world, "v2.1.0")
    assert world.github.count_calls() == 0


def test_who_suspended_and_who_uninstalled_is_kept(world: World) -> None:
    world.install()
    known = installation(world)
    assert (known.account_type, known.repository_selection) == ("Organization", "all")
    assert known.permissions == world.github.app.permissions
    assert known.installed_by_login == "acme-admin"
    assert known.last_delivery_at is not None
    world.github.suspend(selected(world))
    world.settle()
    assert installation(world).suspended_by_login == "acme-admin"
    world.github.unsuspend(selected(world))
    world.settle()
    assert installation(world).suspended_at is None
    assert installation(world).suspended_by_login is None
    world.github.uninstall(selected(world))
    world.settle()
    assert installation(world).deleted_by_login == "acme-admin"


def test_a_narrower_selection_is_told_and_kept(world: World) -> None:
    shop = world.github.repository("acme", "shop")
    world.install()
    world.github.remove_repositories(selected(world), [shop])
    world.settle()
    assert installation(world).repository_selection == "selected"
    assert not world.repository(shop).is_accessible
    assert world.repository().is_accessible


def test_permissions_that_are_missing_stop_the_work_until_they_are_granted(world: World) -> None:
    release(world, "v1.0.0")
    world.github.queued.clear()
    world.installation = world.github.install(world.acme, permissions={"metadata": "read"})
    world.settle()
    [work] = world.work("history")
    assert work.failed_at is not None
    assert "HTTP 403" in str(work.reason)
    assert installation(world).permissions == {"metadata": "read"}

    world.github.accept_permissions(selected(world), world.github.app.permissions)
    world.settle()
    assert installation(world).permissions == world.github.app.permissions
    verify_exact(world, "v1.0.0")


def test_an_account_that_is_renamed_stays_the_same(world: World) -> None:
    world.install()
    release(world, "v1.0.0")
    world.settle()
    before = world.repository()
    world.github.rename_account(world.acme, "zenith")
    world.settle()
    assert installation(world).account_login == "zenith"
    after = world.repository()
    assert (after.id, after.full_name) == (before.id, "zenith/web")
    [told] = [one for one in world.deliveries() if one.event == "installation_target"]
    assert (told.state, told.effects) == ("done", {"from": "acme", "to": "zenith"})
    with world.runtime.db.reading() as session:
        assert session.scalars(select(Organization.slug)).all() == ["acme"]
    release(world, "v1.1.0")
    world.settle()
    verify_exact(world, "v1.1.0")


def test_a_repository_that_goes_and_comes_back(world: World) -> None:
    world.install()
    release(world, "v1.0.0")
    world.settle()
    world.github.transfer(world.web, world.github.account("ana"))
    world.settle()
    # Nobody is installed there, so nobody is told: the next listing sees it.
    with world.runtime.db.transaction() as session:
        for work in session.scalars(select(Work).where(Work.kind == "repositories")):
            work.due_at = world.clock()
    world.settle()
    assert world.repository().lost_reason == "the installation does not show it"
    release(world, "v1.1.0")
    world.github.transfer(world.web, world.acme)
    world.github.rename(world.web, "shop")
    world.settle()
    assert world.repository().full_name == "acme/shop"
    verify_exact(world, "v1.1.0")


@pytest.mark.parametrize("what", ["key", "app"])
def test_work_waits_while_github_does_not_know_us(world: World, what: str) -> None:
    """An old key, or an App that is gone: the cause is said, nothing is given up."""
    release(world, "v1.0.0")
    world.github.queued.clear()
    world.installation = world.github.install(world.acme)
    if what == "key":
        new_key = world.github.replace_private_key()
    else:
        new_key = world.github.app.private_key_pem
        installations = dict(world.github.world.installations)
        world.github.delete_app()
    world.github.send_all(world.url)
    for _ in range(12):
        drain(world.runtime)
        world.clock.advance(minutes=31)
    works = [*world.work("history"), *world.work("repositories")]
    assert len(works) == 2
    for work in works:
        assert (work.failed_at, work.due_at is None) == (None, False)
        said = "the private key of the App" if what == "key" else "does not know the App any more"
        assert said in str(work.reason)

    if what == "app":
        world.github.app.is_deleted = False
        world.github.world.installations.update(installations)
    with restarted(world, private_key=new_key):
        world.work_off()
        verify_exact(world, "v1.0.0")


def test_two_webhook_secrets_are_accepted_and_a_third_is_not(world: World) -> None:
    world.install()
    old = world.github.app.webhook_secret
    release(world, "v1.0.0")
    world.github.app.webhook_secret = "another"
    tip = world.commit("On it", onto=[world.git.refs("refs/heads/main")[0].sha])
    world.push(tip)
    sent = world.github.send_all(world.url)
    assert [one.status_code for one in sent] == [202, 202, 202, 202, 401]

    with rotating(world, old, "another") as url:
        again = [world.github.redeliver(one.delivery.guid) for one in sent[-1:]]
        assert [world.github.send(one, url).status_code for one in again] == [202]
    world.work_off()
    verify_exact(world, "v1.0.0")


@contextmanager
def rotating(world: World, *secrets: str) -> Iterator[str]:
    """Another process of the server, which has these secrets; the URL of its intake."""
    settings, db = world.runtime.settings, world.runtime.db
    with serving(world.github, settings, db, world.clock, webhook_secrets=secrets) as (_, url):
        yield url
