"""A release told with nothing but `requests`, as a deployment script would.

python walk_through.py VERSION PROJECT REPOSITORY SHA [SHA…]     newest first

The environment holds SENTRY_URL, SENTRY_ORG and SENTRY_AUTH_TOKEN.
"""

import os
import sys
from datetime import UTC, datetime
from urllib.parse import quote

import requests  # noqa: TID251  # a client of ours, not a part

TIMEOUT_SECONDS = 30


def main(version: str, project: str, repository: str, *shas: str) -> None:
    api = f"{os.environ['SENTRY_URL']}/api/0/organizations/{os.environ['SENTRY_ORG']}"
    with requests.Session() as session:
        session.headers["Authorization"] = f"Bearer {os.environ['SENTRY_AUTH_TOKEN']}"
        made = session.post(
            f"{api}/releases/",
            json={
                "version": version,
                "projects": [project],
                "commits": [{"id": sha, "repository": repository} for sha in shas],
            },
            timeout=TIMEOUT_SECONDS,
        )
        made.raise_for_status()
        release = f"{api}/releases/{quote(version, safe='')}"
        finalized = session.put(
            f"{release}/",
            json={"dateReleased": datetime.now(UTC).isoformat()},
            timeout=TIMEOUT_SECONDS,
        )
        finalized.raise_for_status()
        deploy = session.post(
            f"{release}/deploys/", json={"environment": "production"}, timeout=TIMEOUT_SECONDS
        )
        deploy.raise_for_status()
    print(made.status_code, finalized.json()["commitCount"], deploy.json()["environment"])  # noqa: T201


if __name__ == "__main__":
    main(*sys.argv[1:])
