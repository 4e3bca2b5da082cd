"""The API without `sentry-cli`: with curl, and with a script (sentry-api.md 4.2)."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from models import TokenKind
from tests.contract.shop import Shop

pytestmark = pytest.mark.slow
VERSION = "shop@1.1.0"
SCRIPT = Path(__file__).parent / "walk_through.py"


@pytest.fixture(params=[TokenKind.user, TokenKind.org], ids=str)
def token(request: pytest.FixtureRequest, shop: Shop) -> str:
    return shop.token(request.param)


def curl(shop: Shop, token: str, method: str, path: str, body: object) -> tuple[int, Any]:
    """Status and JSON of a request by the real program."""
    if shutil.which("curl") is None:
        pytest.skip("curl is not installed: nobody tries what people type by hand")
    url = f"{shop.place.url}/api/0/organizations/{shop.org}/{path}"
    command = ["curl", "-sS", "-X", method, "-w", "\n%{http_code}", url]
    headers = ["-H", f"Authorization: Bearer {token}", "-H", "Content-Type: application/json"]
    done = subprocess.run(
        [*command, *headers, "-d", json.dumps(body)], capture_output=True, text=True, check=True
    )
    answer, status = done.stdout.rsplit("\n", 1)
    return int(status), json.loads(answer)


def test_curl_with_refs(shop: Shop, token: str) -> None:
    refs = [
        {
            "repository": shop.name,
            "commit": shop.sha("HEAD"),
            "previousCommit": shop.sha("HEAD~2"),
        }
    ]
    body = {"version": VERSION, "projects": ["shop", "web"], "refs": refs}

    status, made = curl(shop, token, "POST", "releases/", body)
    assert (status, made["version"]) == (201, VERSION)
    assert {project["slug"] for project in made["projects"]} == {"shop", "web"}
    listed = shop.commits(VERSION)
    assert set(listed) == shop.rev_list("HEAD~2..HEAD")
    assert shop.release(VERSION)["commitList"]["basis"] == "explicit"

    status, again = curl(shop, token, "POST", "releases/", body)
    assert (status, again["id"]) == (208, made["id"])
    assert shop.commits(VERSION) == listed


def test_curl_with_a_range_instead_of_a_previous_commit(shop: Shop, token: str) -> None:
    span = f"{shop.sha('HEAD~2')}..{shop.sha('HEAD')}"
    ref = {"repository": shop.name, "commit": span}
    body = {"version": VERSION, "projects": ["shop"], "refs": [ref]}
    assert curl(shop, token, "POST", "releases/", body)[0] == 201

    assert set(shop.commits(VERSION)) == shop.rev_list("HEAD~2..HEAD")


def test_curl_with_a_range_that_is_none(shop: Shop) -> None:
    from_, to, token = shop.sha("HEAD~2"), shop.sha("HEAD"), shop.token()
    for span in (f"{from_}...{to}", f"{from_}..{to}..{from_}", f"..{to}", f"{from_}.."):
        ref = {"repository": shop.name, "commit": span}
        body = {"version": VERSION, "projects": ["shop"], "refs": [ref]}
        status, told = curl(shop, token, "POST", "releases/", body)
        assert (status, list(told)) == (400, ["refs"]), span
    assert shop.versions() == {"shop@1.0.0"}


def test_curl_with_a_repository_that_nobody_knows(shop: Shop, token: str) -> None:
    refs = [{"repository": "not_a_repo", "commit": shop.sha("HEAD")}]
    body = {"version": VERSION, "projects": ["shop"], "refs": refs}

    assert curl(shop, token, "POST", "releases/", body) == (
        400,
        {"refs": ["Invalid repository names: not_a_repo"]},
    )
    assert shop.versions() == {"shop@1.0.0"}


def test_a_script_with_commits(shop: Shop, token: str) -> None:
    """The list is taken as it is, whatever the graph would say; a second run changes nothing."""
    shas = [shop.sha("HEAD"), shop.sha("HEAD~1^2"), shop.sha("v1.0.0~5")]
    environ = {
        "SENTRY_URL": shop.place.url,
        "SENTRY_ORG": shop.org,
        "SENTRY_AUTH_TOKEN": token,
    }
    for status in (201, 208):
        done = subprocess.run(
            [sys.executable, str(SCRIPT), VERSION, "shop", shop.name, *shas],
            env=environ,
            capture_output=True,
            text=True,
            check=False,
        )
        assert (done.stdout, done.stderr) == (f"{status} 3 production\n", "")

        assert shop.commits(VERSION) == shas
        release = shop.release(VERSION)
        assert release["commitList"]["basis"] == "explicit"
        assert release["lastCommit"]["id"] == shas[0]
        assert release["dateReleased"]
        assert release["lastDeploy"]["environment"] == "production"
    _, told = shop.ask("GET", f"releases/{VERSION}/commits/")
    assert {commit["repository"]["name"] for commit in told} == {shop.name}
