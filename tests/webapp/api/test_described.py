"""What watches the answers of all tests here has to notice when one is not as described."""

from __future__ import annotations

import json
from typing import Any

import pytest
from flask import Flask, Response

from tests.webapp.api.conftest import Api
from tests.webapp.api.described import find_problem
from tests.webapp.tenants import Tenant

LIST = "/api/0/organizations/{org}/repos/"
ONE = "/api/0/organizations/{org}/"


@pytest.fixture
def organization_told(api: Api) -> dict[str, Any]:
    told: dict[str, Any] = api.read("/organizations/acme/")
    return told


def test_real_answers_are_as_described(
    app: Flask, api: Api, own: Tenant, organization_told: dict[str, Any]
) -> None:
    with app.app_context():
        assert find_problem("GET", ONE, Response(json.dumps(organization_told), 200, JSON)) is None


JSON = {"Content-Type": "application/json"}
WRONG = {
    "a status": (ONE, 410, {"detail": "gone"}, JSON, "410 is not described"),
    "a key too many": (ONE, 404, {"detail": "gone", "more": 1}, JSON, "more"),
    "a type": (ONE, 404, {"detail": ["gone"]}, JSON, "string"),
    "no JSON": (ONE, 404, {"detail": "gone"}, {"Content-Type": "text/plain"}, "text/plain"),
    "no cursor": (LIST, 200, [], JSON, "200 without Link"),
    "no wait": (LIST, 429, {"detail": "wait"}, JSON, "429 without Retry-After"),
    "an item": (LIST, 200, [{"id": "1"}], JSON | {"Link": "<>"}, "required"),
}


@pytest.mark.parametrize(
    ("path", "status", "told", "headers", "problem"), WRONG.values(), ids=WRONG
)
def test_others_are_not(
    path: str, status: int, told: Any, headers: dict[str, str], problem: str
) -> None:
    found = find_problem("GET", path, Response(json.dumps(told), status, headers))

    assert found is not None
    assert problem in found


def test_a_key_of_an_answer_that_its_type_does_not_name(organization_told: dict[str, Any]) -> None:
    told = json.dumps({**organization_told, "isNew": True})

    assert "isNew" in (find_problem("GET", ONE, Response(told, 200, JSON)) or "")
