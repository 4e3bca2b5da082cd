"""What is read of a body: a long list of commits takes little more memory than its text."""

from __future__ import annotations

import json
import tracemalloc

from tests.factories import make_sha
from webapp.api.release_bodies import NewRelease
from webapp.api.validation import parse_json


def make_text(commits: int) -> bytes:
    files = [{"path": f"src/part/file{number}.py", "type": "M"} for number in range(5)]
    listed = [
        {"id": make_sha(), "message": f"Change {number}", "patch_set": files}
        for number in range(commits)
    ]
    return json.dumps({"version": "web@1.0.0", "projects": ["web"], "commits": listed}).encode()


def test_a_long_list_of_commits() -> None:
    text = make_text(1_000)
    NewRelease.model_validate(parse_json(make_text(1)))

    tracemalloc.start()
    body = NewRelease.model_validate(parse_json(text))
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert sum(len(commit.commit().files or ()) for commit in body.commits or ()) == 5_000
    assert held < 4 * len(text)
