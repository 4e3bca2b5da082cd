"""The document about the API, and the page made of it."""

from __future__ import annotations

import json
import re
from html import unescape
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.webapp.api.conftest import Api
from webapp.api.description import PATH_TEXTS
from webapp.api.openapi import describe_api
from webapp.api.routes import ROUTES, Route


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.fixture
def document(client: FlaskClient) -> Any:
    answer = client.get("/api/0/openapi.json")
    assert (answer.status_code, answer.mimetype) == (200, "application/json")
    return answer.get_json()


def operation(document: Any, method: str, path: str) -> Any:
    return document["paths"][f"/api/0{path}"][method]


def test_every_route_is_described(app: Flask, document: Any) -> None:
    described = {
        (method.upper(), path) for path, item in document["paths"].items() for method in item
    }
    served = {
        (method, re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule))
        for rule in app.url_map.iter_rules()
        if rule.endpoint.startswith("api.")
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }

    assert described == served
    names = [told["operationId"] for item in document["paths"].values() for told in item.values()]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.name)
def test_a_route_says_what_it_answers_and_what_it_is(route: Route) -> None:
    assert any(status < 300 for status in route.answers)
    assert route.text
    assert {name for name, _ in route.places} <= PATH_TEXTS.keys()


def test_a_list(document: Any) -> None:
    told = operation(document, "get", "/organizations/{org}/repos/")

    assert told["operationId"] == "list_repositories"
    assert told["tags"] == ["Repositories"]
    assert told["x-scopes"] == ["org:admin", "org:ci", "org:integrations", "org:read", "org:write"]
    assert [parameter["name"] for parameter in told["parameters"]] == [
        *("org", "query", "status", "integration_id", "cursor", "per_page")
    ]
    success = told["responses"]["200"]
    assert success["headers"] == {"Link": {"$ref": "#/components/headers/Link"}}
    assert success["content"]["application/json"]["schema"]["items"] == {
        "$ref": "#/components/schemas/Repository"
    }
    assert sorted(told["responses"]) == ["200", "400", "401", "403", "404", "429", "503"]


def test_a_write(document: Any) -> None:
    told = operation(document, "post", "/organizations/{org}/releases/")

    assert sorted(told["responses"]) == [
        *("201", "208", "400", "401", "403", "404", "409", "413", "415", "429", "503")
    ]
    body = told["requestBody"]["content"]["application/json"]["schema"]
    assert body == {"$ref": "#/components/schemas/NewRelease"}
    fields = document["components"]["schemas"]["NewRelease"]
    assert sorted(fields["required"]) == ["projects", "version"]
    assert fields["properties"]["dateReleased"]["anyOf"][0]["format"] == "date-time"
    assert told["responses"]["400"] == {"$ref": "#/components/responses/BadBody"}
    assert (
        "content"
        not in operation(document, "delete", "/organizations/{org}/releases/{version}/")[
            "responses"
        ]["204"]
    )


def test_what_needs_no_token(document: Any) -> None:
    public = {
        path
        for path, item in document["paths"].items()
        for told in item.values()
        if {} in told.get("security", document["security"])
    }

    assert public == {"/api/0/", "/api/0/openapi.json"}


def test_all_references_lead_somewhere(document: Any) -> None:
    references = set(re.findall(r'"#/([^"]+)"', json.dumps(document)))

    assert references
    for reference in references:
        place = document
        for part in reference.split("/"):
            place = place[part]


def test_a_token_that_came_is_judged(api: Api) -> None:
    assert Api(api.client, "sntryu_" + 64 * "0").refused("/openapi.json")[0] == 401


def test_it_is_made_once() -> None:
    assert describe_api("https://a.example") is describe_api("https://a.example")
    assert describe_api("https://a.example")["servers"] == [{"url": "https://a.example"}]


def test_the_page(client: FlaskClient, document: Any) -> None:
    answer = client.get("/api/docs")
    text = unescape(answer.text)

    assert answer.status_code == 200
    assert answer.text.count("<script") == 1  # our own file
    assert "style=" not in text
    assert set(re.findall(r'(?:href|src)="(https?:[^"]*)"', text)) == set()
    for path, item in document["paths"].items():
        for method, told in item.items():
            assert f'id="{told["operationId"]}"' in text
            assert f"<b>{method.upper()}</b> {path}" in text.replace("<wbr>", "")
    ids = re.findall(r'id="([^"]+)"', text)
    assert len(ids) == len(set(ids))
    assert set(re.findall(r'href="#([^"]+)"', text)) <= set(ids)


def example_of(client: FlaskClient, operation_id: str) -> str:
    """The request that the page shows for it."""
    text = unescape(client.get("/api/docs").text)
    article = text.split(f'id="{operation_id}"')[1].split("</article>")[0]
    example = re.search(r"curl .*?</code>", article, re.DOTALL)
    assert example is not None
    return example[0]


def test_an_example_of_the_page_is_accepted(client: FlaskClient, document: Any) -> None:
    example = example_of(client, "create_release")

    assert f"'{document['servers'][0]['url']}/api/0/organizations/acme/releases/'" in example


@pytest.mark.parametrize(
    ("operation_id", "body"),
    [
        ("create_release", {"version": "web@1.0.0", "projects": ["web"]}),
        ("change_issue", {"status": "resolved"}),
        (
            "add_repository",
            {"provider": "integrations:github", "installation": "1", "identifier": "acme/shop"},
        ),
        ("change_repository", {"status": "active"}),
    ],
)
def test_an_example_says_what_its_route_is_for(
    client: FlaskClient, operation_id: str, body: dict[str, Any]
) -> None:
    data = re.search(r"-d '(.*)'", example_of(client, operation_id))

    assert data is not None
    assert json.loads(data[1]) == body
