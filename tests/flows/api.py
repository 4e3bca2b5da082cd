"""A script's view of the server in a flow: a token, JSON out and in, over HTTP."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any
from urllib.error import HTTPError
from urllib.parse import quote, urlsplit
from urllib.request import Request, urlopen

from domain.organizations import get_organization
from domain.tokens import create_token
from models import TokenKind
from tests.flows.world import World


@dataclass
class Script:
    """Calls `/api/0/organizations/acme/…` with an organization token."""

    root: str
    token: str

    def send(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        """Status, and what the JSON of the answer holds."""
        request = Request(  # noqa: S310 (loopback)
            f"{self.root}/api/0/organizations/acme/{path}",
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Authorization": f"Bearer {self.token}"},
        )
        try:
            with urlopen(request, timeout=60) as answer:  # noqa: S310
                return answer.status, json.load(answer)
        except HTTPError as error:
            return error.code, json.load(error)

    def state(self, version: str, *refs: dict[str, str | None], **more: Any) -> Any:
        """Make the release in project `web` with these refs; its JSON."""
        body = {"version": version, "projects": ["web"], "refs": list(refs), **more}
        status, answer = self.send("POST", "releases/", body)
        assert status in (201, 208), answer
        return answer

    def read(self, version: str, part: str = "") -> Any:
        status, answer = self.send("GET", f"releases/{quote(version, safe='')}/{part}")
        assert status == 200, answer
        return answer

    def shas(self, version: str) -> list[str]:
        """The release's commits as the API lists them, newest first."""
        return [commit["id"] for commit in self.read(version, "commits/")]


def make_script(world: World) -> Script:
    with world.runtime.db.transaction() as session:
        organization = get_organization(session, "acme")
        token = create_token(
            session,
            organization,
            kind=TokenKind.org,
            scopes=[],
            name="ci",
            url="http://localhost",
            now=world.clock(),
        )
    parts = urlsplit(world.url)
    return Script(f"{parts.scheme}://{parts.netloc}", token)


def ref(commit: str, previous: str | None = None, repository: str = "acme/web") -> dict[str, Any]:
    said: dict[str, Any] = {"repository": repository, "commit": commit}
    return said if previous is None else {**said, "previousCommit": previous}
