"""A server with something on every page: releases out of real webhooks, issues out of events."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from playwright.sync_api import Page
from sqlalchemy import select
from sqlalchemy.orm import Session

from config import GitHubSettings, Settings
from demo.github import StandIn
from domain.login_links import create_login_link
from domain.organizations import get_organization, get_project
from domain.people import write_down
from domain.people_identities import add_identity
from domain.provenance import Why
from domain.repositories import track_repository
from domain.teams import create_team
from models import DeliveryState, Repository, Work, WorkKind
from models.session import Database
from tests.clock import Clock
from tests.databases import SqliteDatabases
from tests.events import digest, make_event, make_exception, make_frame
from tests.factories import (
    make_delivery,
    make_deploy,
    make_environment,
    make_organization,
    make_repository,
)
from tests.flows.serving import serving
from tests.flows.world import World

FAILED = "0f7f1c2e-3a51-4a1e-9a0c-5d2f7a1b9c3d"


@dataclass
class Place:
    world: World
    url: str  # of the server

    def sign_in(self, page: Page, *, role: str = "admin") -> None:
        """With one-time links, to both organizations."""
        for slug in ("labs", "acme"):
            page.goto(f"/login/{self.link(slug, role=role)}")
            page.get_by_role("button", name="Sign in").click()
            page.wait_for_url(f"**/o/{slug}/releases/")

    def link(self, slug: str = "acme", *, role: str = "admin") -> str:
        """The token of a one-time link."""
        with self.world.runtime.db.transaction() as session:
            organization = get_organization(session, slug)
            return create_login_link(session, organization, role=role, now=self.world.clock())

    def set_import(self, name: str, *, commits: int, is_running: bool = True) -> None:
        """How far the import of that repository is."""
        now = self.world.clock()
        with self.world.runtime.db.transaction() as session:
            repository = session.scalars(
                select(Repository).where(Repository.full_name == name)
            ).one()
            work = session.scalars(
                select(Work).where(Work.kind == WorkKind.history, Work.subject_id == repository.id)
            ).one()
            work.started_at = now - timedelta(minutes=2)
            work.due_at = now + timedelta(days=1) if is_running else None
            work.progress = {
                "phase": "commits",
                "commits": commits,
                "expected_commits": 5000,
                "tags": 61,
                "pace": {
                    "since": work.started_at.isoformat(),
                    "from": 0,
                    "at": now.isoformat(),
                    "done": commits,
                },
            }
            repository.history_known_at = None if is_running else now


@contextmanager
def opened_place(directory: Path) -> Iterator[Place]:
    """The server while the block runs. It works off nothing by itself."""
    databases = SqliteDatabases(directory)
    database_url = databases.fresh()
    settings = Settings(
        data_dir=directory,
        database_url=database_url,
        secret_keys=("a key for tests",),
        github=GitHubSettings(),
    )
    database = Database(database_url)
    with (
        StandIn(directory / "github") as github,
        serving(github, settings, database, clock := Clock()) as (runtime, intake),
    ):
        place = Place(
            World(github, runtime, clock, intake), intake.removesuffix("/webhooks/github")
        )
        furnish(place)
        yield place
    database.close()
    databases.close()


def furnish(place: Place) -> None:
    world = place.world
    world.install()
    first = world.commit("Sell things\n\nA shop at last.", files={"shop/cart.py": "1"})
    world.push(first)
    world.tag("web@1.0.0", first, annotated=True)
    world.settle()
    world.issue("Cart is empty after signing in")
    fix = world.commit(
        "Fixes WEB-1: keep the cart", onto=[first], author="Bo Sen <bo@acme.example>"
    )
    last = world.commit("Show prices with taxes", onto=[fix])
    world.push(last)
    world.tag("web@1.1.0", last)
    world.tag("web@1.2.0-rc.1", world.commit("Try a new checkout", onto=[last]))
    world.settle()
    with world.runtime.db.transaction() as session:
        _add_events(session, world)
        _add_rest(session, world)
    place.set_import("acme/old-monolith", commits=1300)


def _add_events(session: Session, world: World) -> None:
    """Two issues over two weeks; one event names no release, one its release wrongly."""
    now = world.clock()
    project = get_project(session, get_organization(session, "acme").id, "web")
    local = make_frame("checkout", lineno=31, vars={"cart": "<Cart 7>", "user": "None"})
    parts = {
        "tags": {"browser": "Firefox 140", "region": "eu"},
        "user": {"id": "7", "email": "ana@acme.example"},
        "request": {"url": "https://shop.example/cart", "method": "POST", "headers": {"Host": "x"}},
        "breadcrumbs": {"values": [{"category": "query", "message": "SELECT 1", "timestamp": 1.0}]},
        "contexts": {"runtime": {"name": "CPython", "version": "3.12.1"}},
        "extra": {"attempt": 3},
        "transaction": "POST /cart",
        "server_name": "web-3",
    }
    for days, release in enumerate(["web@1.1.0", "web@1.0.0", "1.1.0", None, "web@1.1.0"] * 2):
        exception = make_exception("IndexError", local, make_frame())
        body = parts | {"exception": {"values": [exception]}, "release": release}
        event = make_event(now - timedelta(days=days, minutes=5), **body)
        digest(session, project.id, [event], now=now)
    words = {"message": "The mail server does not answer", "exception": None, "level": "warning"}
    event = make_event(now - timedelta(hours=3), release="web@1.1.0", **words)
    digest(session, project.id, [event], now=now)


def _add_rest(session: Session, world: World) -> None:
    now, acme = world.clock(), get_organization(session, "acme")
    make_organization(session, "labs", name="Acme Laboratories")
    why = Why(now, source="person", actor="ana")
    member = write_down(session, acme.id, "Bea Ross", why=why)
    add_identity(session, member, "bea@acme.example", why=why)
    create_team(session, acme.id, "Shop", why=why)
    old = make_repository(session, acme, "acme/old-monolith")
    track_repository(session, old, now=now)
    make_delivery(
        session,
        acme,
        guid=FAILED,
        state=DeliveryState.failed,
        reason="GitHub answered 502 five times. It can be tried again.",
        received_at=now,
        ref="refs/heads/main",
    )
    release = world.release("web@1.1.0")
    project = get_project(session, acme.id, "web")
    make_deploy(
        session,
        session.merge(release),
        project,
        environment=make_environment(session, acme, "production"),
    )
