"""A stand-in with one installed repository, and the real PyGithub to ask it."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from github import Auth, Github, GithubIntegration

from demo.github import Account, BareRepository, Installation, Repository, StandIn


@dataclass
class Scene:
    """The organization `acme` with the private repository `web`."""

    github: StandIn
    acme: Account
    repo: Repository
    installation: Installation
    integration: GithubIntegration
    client: Github

    @property
    def git(self) -> BareRepository:
        return self.repo.git

    def line(self, count: int, start: str | None = None, name: str = "c") -> list[str]:
        """Write *count* commits in a row, oldest first; no ref moves."""
        made: list[str] = []
        for number in range(count):
            parents = [made[-1]] if made else [start] if start else []
            files = {f"{name}{number}.txt": f"{number}\n"}
            made.append(self.git.commit(files, parents=parents, message=f"{name} {number}"))
        return made


@pytest.fixture
def github(tmp_path: Path) -> Iterator[StandIn]:
    with StandIn(tmp_path) as stand_in:
        yield stand_in


@pytest.fixture
def scene(github: StandIn) -> Iterator[Scene]:
    acme = github.account("acme", type="Organization")
    repo = github.repository("acme", "web")
    installation = github.install(acme)
    auth = Auth.AppAuth(github.app.app_id, github.app.private_key_pem)
    with (
        GithubIntegration(
            auth=auth,
            base_url=github.url,
            seconds_between_requests=None,
            seconds_between_writes=None,
        ) as integration,
        Github(
            auth=auth.get_installation_auth(installation.id),
            base_url=github.url,
            retry=None,
            seconds_between_requests=None,
            seconds_between_writes=None,
        ) as client,
    ):
        yield Scene(github, acme, repo, installation, integration, client)
