"""The published `sentry-cli` against the server as users start it, over a real socket."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from models import TokenKind
from tests.contract.clients import MAJORS, SentryCli
from tests.contract.places import Place, serving
from tests.contract.shop import Shop
from tests.databases import Databases


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Each version of `sentry-cli` on SQLite; what PostgreSQL makes of it, one version shows."""
    if "major" in metafunc.fixturenames:
        on_sqlite = metafunc.config.getoption("--database") == "sqlite"
        majors = MAJORS if on_sqlite else MAJORS[:1]
        metafunc.parametrize("major", majors, ids="cli{}".format, indirect=True)


@pytest.fixture(scope="session")
def place(databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """One server for all tests of a process; each test has an organization of its own there."""
    with serving(tmp_path_factory.mktemp("contract"), databases.empty()) as place:
        yield place


@pytest.fixture
def shop(place: Place, tmp_path: Path) -> Shop:
    return Shop(place, tmp_path)


@pytest.fixture(scope="module")
def shop_of_module(place: Place, tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """For a module whose tests leave everything as it was: they name it `shop`."""
    return Shop(place, tmp_path_factory.mktemp("shop"))


@pytest.fixture
def major(request: pytest.FixtureRequest) -> str:
    """Of `sentry-cli`."""
    return str(request.param)


@pytest.fixture
def sentry_cli(shop: Shop, major: str, tmp_path: Path) -> SentryCli:
    """With a user token for CI, as the set-up instructions have it: all in the environment."""
    home = tmp_path / "home"
    home.mkdir()
    environ = {
        "SENTRY_URL": shop.place.url,
        "SENTRY_ORG": shop.org,
        "SENTRY_AUTH_TOKEN": shop.token(),
        "SENTRY_DISABLE_UPDATE_CHECK": "1",
    }
    return SentryCli(major, home, shop.clone, environ)


@pytest.fixture
def ci_cli(sentry_cli: SentryCli, shop: Shop) -> SentryCli:
    """With an organization token and nothing else: it names the server and the organization."""
    environ = {"SENTRY_AUTH_TOKEN": shop.token(TokenKind.org), "SENTRY_DISABLE_UPDATE_CHECK": "1"}
    return SentryCli(sentry_cli.major, sentry_cli.home, shop.clone, environ)


@pytest.fixture(scope="session")
def node_modules(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`@sentry/node` in a directory of its own."""
    npm = shutil.which("npm")
    if npm is None or shutil.which("node") is None:
        pytest.skip("no node and npm here: the JavaScript SDK is not tried")
    directory = tmp_path_factory.mktemp("node")
    command = [npm, "install", "--no-audit", "--no-fund", "--ignore-scripts", "@sentry/node@11"]
    done = subprocess.run(
        command, cwd=directory, capture_output=True, text=True, timeout=240, check=False
    )
    if done.returncode:
        pytest.skip(f"npm could not install @sentry/node: {done.stderr[-200:]}")
    return directory
