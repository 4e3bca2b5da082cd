"""The server on a real socket and the stand-in beside it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from config import Settings
from demo.github import StandIn
from models.session import Database
from tests.clock import Clock
from tests.flows.serving import serving
from tests.flows.world import World


@pytest.fixture
def github(tmp_path: Path) -> Iterator[StandIn]:
    with StandIn(tmp_path / "github") as github:
        yield github


@pytest.fixture
def world(github: StandIn, settings: Settings, database: Database, clock: Clock) -> Iterator[World]:
    with serving(github, settings, database, clock) as (runtime, url):
        yield World(github, runtime, clock, url)
