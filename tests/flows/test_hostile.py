"""Signed rubbish: real payloads, broken in every way, end done or ignored and break nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from demo.github import Delivery as DeliveryThere
from integrations.github.webhooks import handle_delivery
from models import Delivery, DeliveryState, Organization
from models.session import Database
from tests.examples import examples
from tests.flows.hostile import mutated, to_body
from tests.flows.rows import rows_of
from tests.flows.world import World


class UndoneError(Exception):
    """Ends a transaction of which nothing is to stay."""


@contextmanager
def undone(db: Database) -> Iterator[Session]:
    try:
        with db.transaction() as session:
            yield session
            raise UndoneError
    except UndoneError:
        pass


def live_a_little(world: World) -> list[DeliveryThere]:
    """A tenant beside ours, a history, and one delivery or more of each event that we handle."""
    github = world.github
    other = github.account("other", type="Organization")
    theirs = github.repository("other", "web")
    github.install(other)
    world.install()
    world.issue()
    one = world.commit("One")
    fork = github.repository("other", "tools")
    world.push(one)
    world.tag("v1.0.0", one)
    github.push(theirs, "refs/heads/main", theirs.git.commit({"a": "b"}, message="Theirs"))
    world.settle()
    for delivery in list(github.queued):
        github.lose(delivery)

    two = world.commit("Guard the cart\n\nFixes WEB-1", onto=[one])
    side = world.commit("Beside", onto=[one], files={"a/b.txt": "c"})
    world.push(side, "side")
    pull = github.open_pull_request(world.web, "side", title="Beside", body="Fixes WEB-1")
    world.push(two)
    merge = world.commit("Merge", onto=[two, side])
    github.merge_pull_request(world.web, pull, merge_commit_sha=merge, at=world.moment)
    world.tag("v1.1.0", two, annotated=True)
    world.tag("v1.0.1", side)
    world.tag("v1.0.1", one, force=True)
    release = github.publish_release(world.web, "v1.1.0", name="Out", at=world.moment)
    github.edit_release(world.web, release, body="Notes")
    github.delete_release(world.web, release)
    world.drop_tag("v1.0.1")
    github.archive(world.web)
    github.unarchive(world.web)
    github.rename(world.web, "shop")
    github.rename(world.web, "web")
    assert world.installation is not None
    github.remove_repositories(world.installation, [world.web])
    github.add_repositories(world.installation, [world.web])
    github.suspend(world.installation)
    github.unsuspend(world.installation)
    acme, tools = world.acme, world.github.repository("acme", "tools")
    github.transfer(tools, other)
    github.transfer(tools, acme)
    github.delete_repository(tools)
    github.delete_repository(fork)
    made = list(github.queued)
    github.queued.clear()
    return made


def known_values(session: Session, world: World) -> list[Any]:
    """Ids and commits of both tenants."""
    ids = [item.id for item in world.github.world.repositories.values()]
    ids += list(world.github.world.installations)
    ids += [account.id for account in (world.acme, world.github.account("other"))]
    shas = [ref.sha for ref in world.git.refs("refs/heads", "refs/tags")]
    return [*ids, *shas, "acme/web", "other/web", "main", "v1.0.0", "refs/heads/main"]


def apply(session: Session, world: World, event: str, body: bytes, guid: str) -> Delivery:
    """As a worker does, within *session*: every column is written."""
    now = world.clock()
    delivery = Delivery(
        guid=guid,
        event=event,
        content_type="application/json",
        body=body,
        received_at=now,
        due_at=now,
        attempts=1,
    )
    session.add(delivery)
    session.flush()
    outcome = handle_delivery(session, delivery, now=now, hosts=world.runtime.hosts)
    delivery.state, delivery.reason = DeliveryState(outcome.state), outcome.reason
    delivery.effects = outcome.effects or None
    session.flush()
    return delivery


def test_broken_payloads_break_nothing(world: World) -> None:
    deliveries = live_a_little(world)
    events = {delivery.event for delivery in deliveries}
    assert events >= {
        *("create", "delete", "installation", "installation_repositories"),
        *("pull_request", "push", "release", "repository"),
    }
    tip = world.commit("Afterwards", onto=[world.git.refs("refs/heads/main")[0].sha])
    world.push(tip)
    world.tag("v2.0.0", tip)
    world.clock.advance(hours=1)
    good = [one for one in world.github.queued if one.event == "push"]
    world.github.queued.clear()
    with world.runtime.db.reading() as session:
        theirs = rows_of(session, "other")
        known = known_values(session, world)

    @settings(
        max_examples=examples(300),
        deadline=timedelta(seconds=60),
        suppress_health_check=list(HealthCheck),
        phases=(Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink),
    )
    @given(st.data())
    def broken(data: st.DataObject) -> None:
        delivery = data.draw(st.sampled_from(deliveries))
        document = data.draw(mutated(delivery.payload, known))
        with undone(world.runtime.db) as session:
            ended = apply(session, world, delivery.event, to_body(document), "hostile-guid")
            assert ended.state == "done" or ended.reason
            if ended.organization_id is None or names_acme(session, ended):
                assert rows_of(session, "other") == theirs
            for number, push in enumerate(good):
                after = apply(session, world, push.event, push.body, f"good-guid-{number}")
                assert after.state == "done", after.reason

    broken()


def names_acme(session: Session, delivery: Delivery) -> bool:
    return session.get_one(Organization, delivery.organization_id).slug == "acme"
