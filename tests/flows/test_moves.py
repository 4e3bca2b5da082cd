"""One GitHub organization feeds several workspaces, split by repository; git is the judge."""

from __future__ import annotations

import threading

import pytest
from sqlalchemy import func, select

from demo.clone import Clone
from demo.expected import expected_lists
from demo.github import Repository as RepositoryThere
from domain.errors import InvalidError, NotFoundError
from domain.installations import find_shown, list_takers, share_installation, unshare_installation
from domain.installations_moves import move_repositories
from domain.organizations import create_organization, get_organization
from domain.provenance import Why
from jobs import drain
from models import (
    Activity,
    Commit,
    Delivery,
    Head,
    Installation,
    Release,
    ReleaseCommit,
    Repository,
    Tag,
    Work,
)
from tests.flows.rows import rows_of
from tests.flows.test_tenants import NOT_OWNED, forge, install_other
from tests.flows.world import World

NOT_TRACKED = "repository not tracked"


def why(world: World) -> Why:
    return Why(world.clock(), source="person", actor="ana")


def share(world: World, slug: str = "team", *, tracks: bool = True) -> None:
    """Make a further workspace, and let it take repositories of `acme`'s installation."""
    with world.runtime.db.transaction() as session:
        other = create_organization(session, slug, name=slug.capitalize(), now=world.clock())
        other.track_new_repositories = tracks
        home = get_organization(session, "acme")
        installation = session.scalars(
            select(Installation).where(Installation.organization_id == home.id)
        ).one()
        share_installation(session, installation, other.id, why=why(world))


def move(
    world: World, to: str, *, from_: str = "acme", there: RepositoryThere | None = None
) -> None:
    with world.runtime.db.transaction() as session:
        source, target = get_organization(session, from_), get_organization(session, to)
        repository_id = session.scalars(
            select(Repository.id).where(
                Repository.organization_id == source.id,
                Repository.github_id == (there or world.web).id,
            )
        ).one()
        move_repositories(
            session, [repository_id], from_id=source.id, to_id=target.id, why=why(world)
        )


def row(world: World, slug: str, there: RepositoryThere | None = None) -> Repository:
    with world.runtime.db.reading() as session:
        organization = get_organization(session, slug)
        return session.scalars(
            select(Repository).where(
                Repository.organization_id == organization.id,
                Repository.github_id == (there or world.web).id,
            )
        ).one()


def lists_in(world: World, slug: str) -> dict[str, tuple[str, frozenset[str]]]:
    """State and commits of the workspace's lists, by tag."""
    with world.runtime.db.reading() as session:
        organization = get_organization(session, slug)
        heads = session.execute(
            select(Head.id, Tag.name, Head.state)
            .join(Tag, Tag.id == Head.tag_id)
            .join(Release, Release.id == Head.release_id)
            .where(Release.organization_id == organization.id)
        ).all()
        return {
            head.name: (
                str(head.state),
                frozenset(
                    session.scalars(
                        select(Commit.sha)
                        .join(ReleaseCommit, ReleaseCommit.commit_id == Commit.id)
                        .where(ReleaseCommit.head_id == head.id)
                    )
                ),
            )
            for head in heads
        }


def expected(there: RepositoryThere) -> dict[str, tuple[str, frozenset[str]]]:
    found = expected_lists(Clone(there.git.path))
    return {name: ("complete", commits) for name, commits in found.items()}


def release(world: World, name: str, *, settles: bool = True) -> str:
    """A commit on what is there, pushed, and tagged with *name*."""
    refs = world.git.refs("refs/heads/main")
    sha = world.commit(f"For {name}", onto=[refs[0].sha] if refs else [])
    world.push(sha)
    world.tag(name, sha)
    if settles:
        world.settle()
    return sha


def test_a_moved_repository_counts_in_the_new_workspace_alone(world: World) -> None:
    world.install()
    release(world, "v1.0.0")
    share(world)
    before = lists_in(world, "acme")

    move(world, "team")
    world.settle()
    release(world, "v1.1.0")

    old, new = row(world, "acme"), row(world, "team")
    assert (old.is_tracked, old.is_accessible, old.moved_to_id) == (
        False,
        False,
        new.organization_id,
    )
    assert old.lost_reason == "It was moved to the workspace Team."
    assert (new.is_tracked, new.is_accessible, new.moved_to_id) == (True, True, None)
    assert new.is_history_known
    assert lists_in(world, "acme") == before
    assert lists_in(world, "team") == expected(world.web)
    assert set(lists_in(world, "team")) == {"v1.0.0", "v1.1.0"}
    team = new.organization_id
    with world.runtime.db.reading() as session:
        pushed = session.scalars(
            select(Delivery.organization_id).where(Delivery.event == "push").order_by(Delivery.id)
        ).all()
        assert pushed[-2:] == [team, team]  # its log, and nobody else's
        kinds = dict(
            session.execute(
                select(Activity.organization_id, Activity.kind).where(
                    Activity.kind.in_(("repository_moved_away", "repository_moved_here"))
                )
            ).all()
        )
        assert kinds == {
            old.organization_id: "repository_moved_away",
            team: "repository_moved_here",
        }


def test_what_is_new_is_listed_at_home_and_a_listing_moves_nothing(world: World) -> None:
    world.install()
    share(world)
    move(world, "team")
    world.settle()
    shop = world.github.repository("acme", "shop")
    world.settle()
    listed = [one for one in world.work("repositories") if one.finished_at is not None]
    assert listed
    with world.runtime.db.transaction() as session:
        for work in session.scalars(select(Work).where(Work.kind == "repositories")):
            work.due_at = world.clock()
    world.settle()

    assert row(world, "acme", shop).is_tracked
    with pytest.raises(Exception, match="No row"):
        row(world, "team", shop)
    assert row(world, "acme").moved_to_id == row(world, "team").organization_id
    assert not row(world, "acme").is_accessible
    assert row(world, "team").is_accessible


def test_moving_back_finds_the_old_row_and_imports_what_it_missed(world: World) -> None:
    world.install()
    release(world, "v1.0.0")
    issue = world.issue()
    share(world)
    old = row(world, "acme")
    move(world, "team")
    world.settle()
    release(world, "v1.1.0")
    there = lists_in(world, "team")

    move(world, "acme", from_="team")
    world.settle()
    release(world, "v1.2.0")

    assert row(world, "acme").id == old.id
    assert row(world, "acme").is_tracked
    assert row(world, "acme").lost_reason is None
    assert lists_in(world, "acme") == expected(world.web)
    assert set(lists_in(world, "acme")) == {"v1.0.0", "v1.1.0", "v1.2.0"}
    assert lists_in(world, "team") == there
    assert row(world, "team").moved_to_id == old.organization_id
    assert world.resolved_in(issue) is None


def test_moving_twice_is_moving_once(world: World) -> None:
    world.install()
    release(world, "v1.0.0")
    share(world)
    move(world, "team")
    world.settle()
    with world.runtime.db.reading() as session:
        before = session.scalar(select(func.count()).select_from(Activity))
    move(world, "team")
    world.settle()
    with world.runtime.db.reading() as session:
        assert session.scalar(select(func.count()).select_from(Activity)) == before


def test_deliveries_on_their_way_find_where_it_is_now(world: World) -> None:
    world.install()
    release(world, "v1.0.0")
    share(world)
    release(world, "v1.1.0", settles=False)
    world.github.send_all(world.url)  # received, not worked off

    move(world, "team")
    world.work_off()

    assert set(lists_in(world, "acme")) == {"v1.0.0"}
    assert lists_in(world, "team") == expected(world.web)
    assert NOT_TRACKED not in {one.reason for one in world.deliveries()}


def test_moved_to_and_fro_while_deliveries_are_worked_off(world: World) -> None:
    """Each is recorded where the repository counts at that moment, and none is turned away."""
    world.install()
    release(world, "v1.0.0")
    share(world)
    for number in range(1, 13):
        release(world, f"v1.{number}.0", settles=False)
    world.github.send_all(world.url)
    over = threading.Event()

    def work() -> None:
        while not over.is_set():
            drain(world.runtime)

    worker = threading.Thread(target=work)
    worker.start()
    try:
        for _ in range(3):
            move(world, "team")
            move(world, "acme", from_="team")
        move(world, "team")
    finally:
        over.set()
        worker.join()
    world.work_off()

    assert {one.state for one in world.deliveries()} <= {"done", "ignored"}
    assert NOT_TRACKED not in {one.reason for one in world.deliveries()}
    assert lists_in(world, "team") == expected(world.web)
    assert [row(world, slug).is_tracked for slug in ("acme", "team")] == [False, True]


def test_moved_while_its_import_runs(world: World) -> None:
    release(world, "v1.0.0", settles=False)
    world.github.queued.clear()
    world.github.install(world.acme)
    world.github.send_all(world.url)
    world.github.fail_next(status=503, times=50, path="/commits")
    world.work_off_once()
    share(world)
    move(world, "team")
    world.github.world.faults.clear()
    world.work_off()

    assert lists_in(world, "team") == expected(world.web)
    [theirs] = [one for one in world.work("history") if one.subject_id == row(world, "acme").id]
    assert theirs.due_at is None
    assert row(world, "acme").is_history_known is False


def test_the_setting_of_the_new_workspace_decides_on_tracking(world: World) -> None:
    world.install()
    release(world, "v1.0.0")
    share(world, tracks=False)
    move(world, "team")
    world.settle()
    release(world, "v1.1.0")
    assert not row(world, "team").is_tracked
    assert lists_in(world, "team") == {}
    assert world.deliveries()[-1].reason == NOT_TRACKED
    move(world, "acme", from_="team")  # where it had been tracked
    world.settle()
    assert row(world, "acme").is_tracked
    assert lists_in(world, "acme") == expected(world.web)


def test_the_life_of_the_installation_reaches_all_its_workspaces(world: World) -> None:
    shop = world.github.repository("acme", "shop")
    world.install()
    assert world.installation is not None
    share(world)
    move(world, "team")
    world.settle()

    world.github.suspend(world.installation)
    world.settle()
    for slug, there in (("team", world.web), ("acme", shop)):
        lost = row(world, slug, there)
        assert (lost.is_accessible, lost.lost_reason) == (False, "the App was suspended")
    world.github.unsuspend(world.installation)
    world.settle()
    assert row(world, "team").is_accessible
    assert row(world, "acme", shop).is_accessible
    assert row(world, "acme").lost_reason == "It was moved to the workspace Team."

    world.github.uninstall(world.installation)
    world.settle()
    assert row(world, "team").lost_reason == "the App was uninstalled"
    world.install()  # another id, the same account: the sharing goes on
    release(world, "v2.0.0")
    assert row(world, "team").is_accessible
    assert lists_in(world, "team") == expected(world.web)
    assert not row(world, "acme").is_accessible

    world.github.remove_repositories(world.installation, [world.web])
    world.settle()
    assert row(world, "team").lost_reason == "it was removed from the installation"
    world.github.add_repositories(world.installation, [world.web])
    world.settle()
    assert row(world, "team").is_accessible
    world.github.delete_repository(world.web)
    world.settle()
    assert row(world, "team").lost_reason == "it was deleted on GitHub"


@pytest.mark.parametrize("event", ["push", "create", "repository"])
def test_an_installation_of_another_account_reaches_no_row_of_a_shared_workspace(
    world: World, event: str
) -> None:
    """Not even when it is shared with the same workspace."""
    world.install()
    install_other(world)
    share(world)
    move(world, "team")
    world.settle()
    release(world, "v1.0.0", settles=False)
    world.github.archive(world.web)
    made = list(world.github.queued)
    world.settle()
    with world.runtime.db.transaction() as session:
        other = session.scalars(
            select(Installation).where(Installation.account_login == "other")
        ).one()
        team = get_organization(session, "team")
        share_installation(session, other, team.id, why=why(world))
        assert find_shown(session, other, world.web.id) is None
    with world.runtime.db.reading() as session:
        before = rows_of(session, "team")
    delivery = [one for one in made if one.event == event][-1]

    ended = forge(world, delivery, installation={"id": other.github_id})
    deleted = forge(world, made[-1], action="deleted", installation={"id": other.github_id})

    assert (ended.state, ended.reason) == ("ignored", NOT_OWNED)
    assert ended.organization_id == other.organization_id
    assert deleted.reason == "the repository was never listed"
    with world.runtime.db.reading() as session:
        assert rows_of(session, "team") == before


def test_what_cannot_be_moved_says_why_and_stays(world: World) -> None:
    world.install()
    with world.runtime.db.transaction() as session:
        create_organization(session, "stranger", now=world.clock())
    with pytest.raises(InvalidError, match="Share the installation on acme"):
        move(world, "stranger")
    with pytest.raises(InvalidError, match="in that workspace already"):
        move(world, "acme")
    share(world)
    share(world, "third")
    move(world, "team")
    with pytest.raises(InvalidError, match="in another workspace by now"):
        move(world, "third")
    with world.runtime.db.transaction() as session:
        acme, team = get_organization(session, "acme"), get_organization(session, "team")
        with pytest.raises(NotFoundError):
            move_repositories(session, [99], from_id=team.id, to_id=acme.id, why=why(world))


def test_sharing_ends_when_nothing_of_it_is_left_there(world: World) -> None:
    world.install()
    share(world)
    move(world, "team")
    with world.runtime.db.transaction() as session:
        installation = session.scalars(select(Installation)).one()
        team = get_organization(session, "team")
        with pytest.raises(InvalidError, match="Move its repositories out"):
            unshare_installation(session, installation, team.id, why=why(world))
        with pytest.raises(InvalidError, match="already"):
            share_installation(session, installation, installation.organization_id, why=why(world))
    move(world, "acme", from_="team")
    with world.runtime.db.transaction() as session:
        unshare_installation(session, installation, team.id, why=why(world))
        unshare_installation(session, installation, team.id, why=why(world))
        assert list_takers(session, installation) == [installation.organization_id]
        lines = session.scalars(
            select(Activity).where(Activity.kind == "setting_changed").order_by(Activity.id)
        ).all()
        told = [(one.data["before"], one.data["after"]) for one in lines]
        assert told == [(None, "team"), (None, "acme"), ("team", None), ("acme", None)]


def test_two_installations_in_one_workspace(world: World) -> None:
    """Repositories of two accounts; one that goes from one to the other stays the same row."""
    world.install()
    other = world.github.account("other", type="Organization")
    theirs = world.github.repository("other", "api")
    world.github.install(other)
    world.settle()
    with world.runtime.db.transaction() as session:
        acme, second = get_organization(session, "acme"), get_organization(session, "other")
        installation = session.scalars(
            select(Installation).where(Installation.organization_id == second.id)
        ).one()
        installation.organization_id = acme.id
        listed = session.scalars(
            select(Repository).where(Repository.organization_id == second.id)
        ).all()
        for each in listed:
            session.delete(each)
    world.github.send(world.github.redeliver(world.github.attempts[-1].delivery.guid), world.url)
    sha = theirs.git.commit({"a": "b"}, message="One", date=world.moment)
    world.github.push(theirs, "refs/heads/main", sha, at=world.moment)
    release(world, "v1.0.0")
    assert row(world, "acme", theirs).is_tracked
    before = row(world, "acme", theirs)

    world.github.transfer(theirs, world.acme)
    world.settle()
    told = [one for one in world.deliveries() if one.action == "transferred"]
    assert [one.state for one in told] == ["done"]
    after = row(world, "acme", theirs)
    assert (after.id, after.full_name, after.is_accessible) == (before.id, "acme/api", True)
    assert after.installation_id != before.installation_id
