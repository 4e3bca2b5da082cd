"""A program's view of the application: a token, JSON, and the `Link` header."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from threading import Barrier, Thread
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from domain.tokens import SCOPES, create_token
from models import Organization, TokenKind
from tests.clock import Clock
from tests.factories import make_organization
from tests.webapp.tenants import Tenant, furnish


@dataclass(frozen=True)
class Api:
    """Asks as the holder of *token* does; None: without one."""

    client: FlaskClient
    token: str | None

    def get(self, path: str, **arguments: Any) -> TestResponse:
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        return self.client.get(f"/api/0{path}", headers=headers, query_string=arguments)

    def post(self, path: str, body: object) -> TestResponse:
        return self.send("POST", path, body)

    def read(self, path: str, **arguments: Any) -> Any:
        """What a successful answer holds."""
        answer = self.get(path, **arguments)
        assert answer.status_code == 200, answer.text
        assert answer.mimetype == "application/json"
        return answer.get_json()

    def send(self, method: str, path: str, body: Any = None) -> TestResponse:
        """Ask for a change; *body* is sent as JSON."""
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        return self.client.open(f"/api/0{path}", method=method, headers=headers, json=body)

    def refused(self, path: str, **arguments: Any) -> tuple[int, str]:
        """Status and text of an answer that is an error, in the one shape that clients print."""
        answer = self.get(path, **arguments)
        assert answer.mimetype == "application/json"
        document = answer.get_json()
        assert list(document) == ["detail"]
        assert isinstance(document["detail"], str)
        return answer.status_code, document["detail"]

    def pages(self, path: str, relation: str = "next", **arguments: Any) -> Iterator[Any]:
        """All pages in one direction, from `cursor` in *arguments* on."""
        while True:
            answer = self.get(path, **arguments)
            assert answer.status_code == 200, answer.text
            yield answer.get_json()
            link = links_of(answer)[relation]
            if link["results"] != "true":
                return
            arguments["cursor"] = link["cursor"]


def links_of(answer: TestResponse) -> dict[str, dict[str, str]]:
    """The attributes of each relation, in the header's order."""
    found = re.findall(
        r'<([^>]+)>; rel="([a-z]+)"; results="([a-z]+)"; cursor="([^"]+)"', answer.headers["Link"]
    )
    return {rel: {"url": url, "results": more, "cursor": place} for url, rel, more, place in found}


def run_together(what: Callable[[], object], times: int) -> None:
    """Call *what* in as many threads, all at once, and wait for the last."""
    together = Barrier(times)

    def run() -> None:
        together.wait()
        what()

    threads = [Thread(target=run) for _ in range(times)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


MakeApi = Callable[..., Api]


@pytest.fixture
def make_api(app: Flask, session: Session, organization: Organization, clock: Clock) -> MakeApi:
    """Makes a token with scopes, of `acme` unless told otherwise, and asks with it."""

    def make(
        *scopes: str, of: Organization = organization, kind: TokenKind = TokenKind.user
    ) -> Api:
        token = create_token(
            session, of, kind=kind, scopes=scopes, url="https://shiplog.example", now=clock()
        )
        session.commit()
        return Api(app.test_client(), token)

    return make


@pytest.fixture
def api(make_api: MakeApi) -> Api:
    """A program that may do everything in `acme`."""
    return make_api(*SCOPES)


@pytest.fixture
def own(session: Session, organization: Organization) -> Tenant:
    return furnish(session, organization)


@pytest.fixture
def other(session: Session) -> Tenant:
    return furnish(session, make_organization(session, "others"), mark="plugh")
