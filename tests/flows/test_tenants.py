"""Two tenants on one server: what is told of one never touches a row of the other."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import select

from demo.github import Delivery as DeliveryThere
from demo.github import Repository as RepositoryThere
from demo.github.deliveries import sign
from domain.issues import create_issue
from domain.organizations import get_organization, get_project
from models import Delivery, Organization, Repository
from tests.flows.rows import rows_of
from tests.flows.world import World

NOT_OWNED = "the repository does not belong to the account of the installation"


def install_other(world: World) -> RepositoryThere:
    """Another organization with a repository of the same name, an issue of the same short id."""
    other = world.github.account("other", type="Organization")
    theirs = world.github.repository("other", "web")
    world.github.install(other)
    world.settle()
    with world.runtime.db.transaction() as session:
        organization = get_organization(session, "other")
        create_issue(
            session, get_project(session, organization.id, "web"), "Same", now=world.clock()
        )
    return theirs


def rows(world: World, slug: str) -> dict[str, list[Any]]:
    with world.runtime.db.reading() as session:
        return rows_of(session, slug)


def forge(world: World, delivery: DeliveryThere, **changes: Any) -> Delivery:
    """Send *delivery* anew, signed, with parts of another; what became of it."""
    body = json.dumps({**delivery.payload, **changes}).encode()
    guid = str(uuid4())
    signed = sign(body, world.github.app.webhook_secret)
    headers = {**delivery.headers, "X-GitHub-Delivery": guid, **signed}
    world.github.send(replace(delivery, guid=guid, body=body, headers=headers), world.url)
    world.work_off()
    return next(one for one in world.deliveries() if one.guid == guid)


def test_same_names_everywhere_and_nothing_crosses(world: World) -> None:
    world.install()
    world.issue()
    theirs = install_other(world)
    before = rows(world, "other")

    fix = world.commit("Mend\n\nFixes WEB-1")
    world.push(fix)
    world.tag("v1.0.0", fix)
    world.github.publish_release(world.web, "v1.0.0", name="Out", at=world.moment)
    world.settle()
    assert world.commits_of("web@1.0.0") == [fix]
    assert rows(world, "other") == before

    ours = rows(world, "acme")
    sha = theirs.git.commit({"a": "b"}, message="Mend\n\nFixes WEB-1", date=world.moment)
    world.github.push(theirs, "refs/heads/main", sha, at=world.moment)
    world.github.push(theirs, "refs/tags/v1.0.0", sha, at=world.moment)
    world.settle()
    assert rows(world, "acme") == ours
    theirs_now = rows(world, "other")
    assert len(theirs_now["release"]) == 1
    assert len(theirs_now["issue"]) == 1


@pytest.mark.parametrize("event", ["push", "create", "release", "pull_request", "repository"])
def test_an_installation_speaks_for_no_repository_of_another_account(
    world: World, event: str
) -> None:
    world.install()
    install_other(world)
    first = world.commit("One")
    world.push(first)
    world.push(world.commit("Two", onto=[first]), "side")
    world.tag("v1.0.0", first)
    world.github.open_pull_request(world.web, "side", title="Fixes WEB-1")
    world.github.publish_release(world.web, "v1.0.0", name="Out", at=world.moment)
    world.github.archive(world.web)
    made = list(world.github.queued)
    world.settle()
    with world.runtime.db.reading() as session:
        other = session.scalars(select(Organization).where(Organization.slug == "other")).one()
    installation = next(
        one.id for one in world.github.world.installations.values() if one.account.login == "other"
    )
    ours, theirs = rows(world, "acme"), rows(world, "other")
    delivery = [one for one in made if one.event == event][-1]
    ended = forge(world, delivery, installation={"id": installation})
    assert (ended.state, ended.reason) == ("ignored", NOT_OWNED)
    assert ended.organization_id == other.id
    assert (rows(world, "acme"), rows(world, "other")) == (ours, theirs)


def test_an_installation_id_is_not_taken_over_by_another_account(world: World) -> None:
    world.github.install(world.acme)
    created = world.github.queued[0]
    world.settle()
    install_other(world)
    before = rows(world, "acme")
    stranger = world.github.account("other")
    account = {"id": stranger.id, "login": stranger.login}
    installation = {**created.payload["installation"], "account": account}
    ended = forge(world, created, installation=installation)
    assert (ended.state, ended.reason) == ("ignored", "the installation belongs to another account")
    assert rows(world, "acme") == before


def test_a_transferred_repository_begins_anew_and_leaves_its_history(world: World) -> None:
    world.install()
    install_other(world)
    one = world.commit("One")
    world.push(one)
    world.tag("v1.0.0", one)
    world.settle()
    shop = world.web
    world.github.rename(shop, "shop")
    world.settle()
    releases = rows(world, "acme")["release"]
    world.github.transfer(shop, world.github.account("other"))
    world.settle()
    with world.runtime.db.reading() as session:
        held = session.scalars(select(Repository).where(Repository.github_id == shop.id)).all()
    assert len(held) == 2
    assert rows(world, "acme")["release"] == releases
    ours = rows(world, "acme")
    two = world.commit("Two", onto=[one])
    world.push(two)
    world.tag("v1.1.0", two)
    world.settle()
    assert rows(world, "acme") == ours
    assert "shop@1.1.0" in [row[2] for row in rows(world, "other")["release"]]


def test_the_giver_of_a_transferred_repository_loses_access(world: World) -> None:
    """GitHub may tell the installation of the account that gave it away."""
    world.install()
    assert world.installation is not None
    install_other(world)
    world.github.transfer(world.web, world.github.account("other"))
    told = next(one for one in world.github.queued if one.event == "repository")
    world.github.queued.clear()
    ended = forge(world, told, installation={"id": world.installation.id})
    assert ended.state == "done"
    assert not world.repository().is_accessible
