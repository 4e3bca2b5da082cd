"""The published `sentry-cli` against the server as users start it, over a real socket."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.tokens import create_token
from models import Commit, Organization, TokenKind, utcnow
from models.session import Database
from tests.factories import make_organization
from tests.server import Server
from tests.webapp.tenants import Tenant, furnish

CI_SCOPES = ("org:read", "project:read", "project:releases")


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    """On a database of its own, which it migrates at its start as an operator's does."""
    server = Server(tmp_path)
    server.environ["PUBLIC_URL"] = f"http://127.0.0.1:{server.port}"
    server.start()
    yield server
    assert server.stop() == 0


@pytest.fixture
def database(server: Server) -> Iterator[Database]:
    """The server's database, from outside."""
    db = Database(f"sqlite:///{server.data_dir}/shiplog.db")
    yield db
    db.close()


@pytest.fixture
def own(server: Server, database: Database) -> Tenant:
    """What `furnish` makes, in the organization `acme`, with a release whose last commit is known."""
    with Session(database.engine, expire_on_commit=False) as session:
        tenant = furnish(session, make_organization(session, "acme", name="Acme Inc"))
        furnish(session, make_organization(session, "others"), mark="plugh")
        tenant.release.last_commit_id = session.scalars(
            select(Commit.id).where(Commit.repository_id == tenant.repository.id).limit(1)
        ).one()
        session.commit()
    return tenant


@dataclass(frozen=True)
class Ran:
    status: int
    out: str
    err: str


@dataclass(frozen=True)
class SentryCli:
    """Runs `sentry-cli` with nothing but the settings given."""

    home: Path
    environ: dict[str, str] = field(default_factory=dict)

    def __call__(self, *arguments: str, **settings: str) -> Ran:
        environ = {"HOME": str(self.home), "PATH": os.environ["PATH"], **self.environ, **settings}
        done = subprocess.run(
            [_binary(), *arguments],
            cwd=self.home,
            env=environ,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        return Ran(done.returncode, done.stdout, done.stderr)


def _binary() -> str:
    found = shutil.which("sentry-cli", path=str(Path(sys.executable).parent))
    if found is None:
        pytest.skip("sentry-cli is not installed beside Python: make test installs it")
    return found


@pytest.fixture
def sentry_cli(tmp_path: Path, server: Server, own: Tenant, database: Database) -> SentryCli:
    """With a user token for CI, as the set-up instructions have it: all in the environment."""
    home = tmp_path / "home"
    home.mkdir()
    url = server.environ["PUBLIC_URL"]
    environ = {"SENTRY_URL": url, "SENTRY_ORG": "acme", "SENTRY_DISABLE_UPDATE_CHECK": "1"}
    token = make_token(database, own.organization, TokenKind.user, *CI_SCOPES, url=url)
    return SentryCli(home, environ | {"SENTRY_AUTH_TOKEN": token})


def make_token(
    database: Database, organization: Organization, kind: TokenKind, *scopes: str, url: str
) -> str:
    with database.transaction() as session:
        return create_token(session, organization, kind=kind, scopes=scopes, url=url, now=utcnow())
