"""Names of releases that have to be encoded on their way (sentry-cli-contract.md 1)."""

from __future__ import annotations

import pytest

from tests.contract.clients import SentryCli
from tests.contract.shop import Shop

pytestmark = pytest.mark.slow
NAMES = [
    "web@1.2.3+45",
    "50%",
    "x%2Fy",
    "a b",
    "ünï-1",
    "出荷@1.0",
    "a?b#c&d=e;f",
    "-1.0",
    "[x]:{y}|~!$'()*,^`",
    "v" * 200,
]


def test_names_survive_every_command(sentry_cli: SentryCli, shop: Shop) -> None:
    with_project = sentry_cli.on(SENTRY_PROJECT="web")
    for name in NAMES:
        made = with_project.works("releases", "new", "--", name)
        assert made.told == f"Created release {name}"
        assert shop.versions() == {"shop@1.0.0", name}

        with_project.works("releases", "set-commits", "--commit", f"{shop.name}@HEAD", "--", name)
        assert shop.commits(name)[0] == shop.sha("HEAD")
        with_project.works("releases", "finalize", "--", name)
        assert shop.release(name)["dateReleased"]
        told = with_project.works("deploys", "new", f"--release={name}", "-e", "production")
        assert told.told == "Created new deploy unnamed for 'production'"
        assert "production" in with_project.works("deploys", "list", f"--release={name}").out
        assert shop.sha("HEAD") in with_project.works("releases", "info", "-C", "--", name).out
        assert with_project.works("releases", "list", "--raw").out == f"{name}\n"
        with_project.works("releases", "archive", "--", name)
        assert shop.release(name)["status"] == "archived"

        with_project.works("releases", "delete", "--", name)
        assert shop.versions() == {"shop@1.0.0"}


def test_names_that_only_the_server_refuses(sentry_cli: SentryCli, shop: Shop) -> None:
    for name in ("latest", "a\\b", "v" * 201):
        refused = sentry_cli.fails("releases", "new", "-p", "web", "-p", "worker", name)

        assert "(http status: 400)" in refused.err, name
        assert '"version"' in refused.err
    assert shop.versions() == {"shop@1.0.0"}
