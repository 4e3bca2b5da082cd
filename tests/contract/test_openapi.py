"""The API against its own description: Schemathesis asks what the document allows and forbids.

Every answer has to be one that the document names, in the shape that it names. What is asked is
derived from the document, hence from the routes: a new one is asked as soon as it exists.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
import schemathesis
from flask import Flask
from hypothesis import HealthCheck, settings
from schemathesis.checks import CheckFunction, not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from sqlalchemy.orm import Session

from domain.tokens import SCOPES, create_token
from jobs import Runtime
from models import TokenKind
from models.session import Database
from tests.clock import Clock
from tests.examples import examples
from tests.factories import make_event_row, make_organization
from tests.webapp.tenants import furnish
from webapp import api, create_app
from webapp.api.openapi import describe_api
from webapp.api.rate import Rate
from webapp.context import shiplog

EVENT_ID = 32 * "e"
EXAMPLES = 12  # of each operation, besides the edges of its parameters
CHECKS: list[CheckFunction] = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
# What exists in the seeded database; made-up values lead nowhere but to 404.
KNOWN = {
    "org": ["acme"],
    "project": ["web"],
    "version": ["web@1.0.0", "v1.0.0"],
    "short_id": ["WEB-1"],
    "issue_id": ["WEB-1"],
    "event_id": ["latest", EVENT_ID],
}


def seeded_document() -> dict[str, Any]:
    """The document, with path parameters that lead to things that exist."""
    document = copy.deepcopy(describe_api("http://localhost"))
    for item in document["paths"].values():
        for operation in item.values():
            for parameter in operation["parameters"]:
                if parameter["in"] == "path":
                    known = KNOWN.get(parameter["name"], ["1", "2"])
                    parameter["schema"] = {"enum": known}
    return document


assert api.bp.name == "api"  # importing it made the routes known
schema = schemathesis.openapi.from_dict(seeded_document())


@dataclass(frozen=True)
class Asked:
    app: Flask
    headers: dict[str, str]
    statuses: set[int] = field(default_factory=set)


@pytest.fixture
def asked(
    request: pytest.FixtureRequest, runtime: Runtime, database: Database, clock: Clock
) -> Iterator[Asked]:
    """The application with one of everything in it, and a token that may do all.

    Reading has to succeed at least once, or nothing was tested.
    """
    with Session(database.engine, expire_on_commit=False) as session:
        tenant = furnish(session, make_organization(session, "acme", name="Acme Inc"))
        make_event_row(session, tenant.issue, event_id=EVENT_ID)
        token = create_token(
            session,
            tenant.organization,
            kind=TokenKind.user,
            scopes=SCOPES,
            url="https://shiplog.example",
            now=clock(),
        )
        session.commit()
    app = create_app(runtime, api_rate=Rate(most=10**9))
    asked = Asked(app, {"Authorization": f"Bearer {token}"})
    yield asked
    shiplog(app).committer.close()
    assert 200 in asked.statuses or "[GET " not in request.node.name


@pytest.mark.slow
@schema.parametrize()
@settings(
    max_examples=examples(EXAMPLES),
    derandomize=True,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],  # an operation's requests add up
)
def test_every_answer_is_one_that_the_document_names(
    case: schemathesis.Case[Any], asked: Asked
) -> None:
    response = case.call(app=asked.app, headers=asked.headers)
    asked.statuses.add(response.status_code)
    case.validate_response(response, checks=CHECKS)
