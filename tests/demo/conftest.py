"""A stand-in with one installed repository, and the real PyGithub to ask it."""

import json
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import jwt
import pytest
from github import Auth, Github, GithubIntegration

from demo.github import Account, BareRepository, Installation, Repository, StandIn


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    data: Any


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

    def fast_line(self, count: int, ref: str) -> None:
        """Write *count* empty commits in a row, and set *ref* to the last."""
        commit = b"commit %s\nmark :%d\ncommitter A <a@acme.example> %d +0000\ndata 1\nm\n"
        lines = (commit % (ref.encode(), number, number) for number in range(1, count + 1))
        self.git.fast_import(b"".join(lines))

    def ask(
        self,
        path: str,
        method: str = "GET",
        body: object = None,
        *,
        headers: Mapping[str, str] | None = None,
        token: str | None = None,
    ) -> Answer:
        """Send a request as the installation, or with any other *token*."""
        token = token or self.integration.get_access_token(self.installation.id).token
        sent = {"Authorization": f"Bearer {token}", "User-Agent": "test", **(headers or {})}
        data = None if body is None else json.dumps(body).encode()
        url = path if path.startswith("http") else self.github.url + path
        connection = HTTPConnection(urlsplit(self.github.url).netloc, timeout=10)
        try:
            connection.request(method, url.removeprefix(self.github.url), data, sent)
            answer = connection.getresponse()
            content = answer.read()
        finally:
            connection.close()
        found = {name.lower(): value for name, value in answer.getheaders()}
        return Answer(answer.status, found, json.loads(content) if content else None)

    def jwt(self, **claims: object) -> str:
        """Sign a good token for the App, or one with other *claims*."""
        now = int(time.time())
        app = self.github.app
        good = {"iat": now - 60, "exp": now + 300, "iss": str(app.app_id)}
        return jwt.encode({**good, **claims}, app.private_key_pem, "RS256")


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
