"""Every answer is what GitHub's own OpenAPI description says."""

from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from githubkit_schemas.latest import models
from pydantic import TypeAdapter

from tests.demo.conftest import Scene

REPOSITORY: dict[str, Any] = {
    "": models.FullRepository,
    "/compare/{first}...main": models.CommitComparison,
    "/commits": list[models.Commit],
    "/commits/main": models.Commit,
    "/commits/{second}/pulls": list[models.PullRequestSimple],
    "/git/ref/tags/v1": models.GitRef,
    "/git/matching-refs/tags/": list[models.GitRef],
    "/git/tags/{tag}": models.GitTag,
    "/git/commits/{first}": models.GitCommit,
    "/tags": list[models.Tag],
    "/branches": list[models.ShortBranch],
    "/branches/main": models.BranchWithProtection,
    "/releases": list[models.Release],
    "/releases/latest": models.Release,
    "/releases/tags/v1": models.Release,
    "/contents/c0.txt": models.ContentFile,
    "/pulls/1": models.PullRequest,
}
APP: dict[str, Any] = {
    "/app": models.Integration,
    # The schema's `account` is a user or an enterprise; ours is a user, which it takes.
    "/app/installations": list[models.Installation],
    "/app/installations/{installation}": models.Installation,
    "/repos/acme/web/installation": models.Installation,
    "/orgs/acme/installation": models.Installation,
    "/app/hook/config": models.WebhookConfig,
    "/app/hook/deliveries": list[models.HookDeliveryItem],
    "/app/hook/deliveries/{delivery}": models.HookDelivery,
}


@pytest.fixture
def fill(scene: Scene) -> Any:
    first, second, third = scene.line(3)
    github, repo = scene.github, scene.repo
    github.user("ana", emails=["ana@acme.example"])
    github.push(repo, "refs/heads/main", first)
    github.push(repo, "refs/heads/feature", second)
    pull = github.open_pull_request(repo, "feature", title="Add")
    github.merge_pull_request(repo, pull, merge_commit_sha=third)
    tag = scene.git.tag_object("v1", third, "One", date=repo.pushed_at + timedelta(days=1))
    github.push(repo, "refs/tags/v1", tag)
    github.publish_release(repo, "v1", name="One")
    github.lose(github.queued[0])
    ids = {"installation": str(scene.installation.id), "delivery": str(github.attempts[0].id)}
    return partial(str.format, first=first, second=second, tag=tag, **ids)


@pytest.mark.parametrize("path", REPOSITORY)
def test_answers_to_an_installation(scene: Scene, fill: Any, path: str) -> None:
    answer = scene.ask("/repos/acme/web" + fill(path))

    assert answer.status == 200
    assert answer.data
    TypeAdapter(REPOSITORY[path]).validate_python(answer.data)
    assert scene.ask(f"/repositories/{scene.repo.id}" + fill(path)).data == answer.data


@pytest.mark.parametrize("path", APP)
def test_answers_to_the_app(scene: Scene, fill: Any, path: str) -> None:
    answer = scene.ask(fill(path), token=scene.jwt())

    assert answer.status == 200
    assert answer.data
    TypeAdapter(APP[path]).validate_python(answer.data)


def test_other_answers(scene: Scene) -> None:
    listed = scene.ask("/installation/repositories").data
    path = f"/app/installations/{scene.installation.id}/access_tokens"
    token = scene.ask(path, "POST", {"repositories": ["web"]}, token=scene.jwt())

    models.InstallationRepositoriesGetResponse200.model_validate(listed)
    models.RateLimitOverview.model_validate(scene.ask("/rate_limit").data)
    models.InstallationToken.model_validate(token.data)
    assert token.status == 201
