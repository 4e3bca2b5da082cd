"""The smaller endpoints: repositories, files, releases, pull requests, limits."""

import base64

from demo.github import paging
from demo.github.releases import Release
from demo.github.wire import ApiError, Reply
from demo.github.world import Call


def get_repository(call: Call) -> Reply:
    """`GET /repos/{owner}/{repo}` and `/repositories/{id}`."""
    return Reply(call.repository.full_json(call.roots))


def list_repositories(call: Call) -> Reply:
    """`GET /installation/repositories`: what the asking token covers."""
    installation = call.installation
    covered = [item for item in call.world.visible(installation) if call.sees(item)]
    page, headers = paging.cut(call, covered)
    answer = {
        "total_count": len(covered),
        "repository_selection": installation.selection,
        "repositories": [item.json(call.roots) for item in page],
    }
    return Reply(answer, headers=headers)


def get_contents(call: Call, path: str) -> Reply:
    """`GET /contents/{path}`: a file's text, base64; folders are not served."""
    repository, roots = call.repository, call.roots
    ref = call.request.query.get("ref") or f"refs/heads/{repository.default_branch}"
    commit = repository.history.commit_sha(ref)
    found = repository.git.read([f"{commit}:{path}"])[0] if commit and "\n" not in path else None
    if found is None or found[1] != "blob":
        raise ApiError(404, "Not Found")
    sha, _, content = found
    url = f"{repository.api(roots)}/contents/{path}?ref={ref}"
    git_url = f"{repository.api(roots)}/git/blobs/{sha}"
    html_url = f"{repository.web(roots)}/blob/{ref}/{path}"
    return Reply(
        {
            "type": "file",
            "encoding": "base64",
            "size": len(content),
            "name": path.rsplit("/", 1)[-1],
            "path": path,
            "content": base64.encodebytes(content).decode(),
            "sha": sha,
            "url": url,
            "git_url": git_url,
            "html_url": html_url,
            "download_url": f"{repository.web(roots)}/raw/{ref}/{path}",
            "_links": {"self": url, "git": git_url, "html": html_url},
        }
    )


def list_releases(call: Call) -> Reply:
    """`GET /releases`: newest first, no drafts, as our App cannot push."""
    page, headers = paging.cut(call, _published(call))
    return Reply([item.json(call.repository, call.roots) for item in page], headers=headers)


def get_release(call: Call, number: int) -> Reply:
    """`GET /releases/{id}`."""
    return _one(call, [item for item in _published(call) if item.id == number])


def get_release_of_tag(call: Call, tag: str) -> Reply:
    """`GET /releases/tags/{tag}`."""
    return _one(call, [item for item in _published(call) if item.tag == tag])


def get_latest_release(call: Call) -> Reply:
    """`GET /releases/latest`: no pre-releases."""
    return _one(call, [item for item in _published(call) if not item.prerelease])


def get_pull(call: Call, number: int) -> Reply:
    """`GET /pulls/{n}`."""
    pull = call.world.pulls[call.repository.id].get(number)
    if pull is None:
        raise ApiError(404, "Not Found")
    return Reply(pull.full_json(call.repository, call.roots))


def list_pulls_of_commit(call: Call, sha: str) -> Reply:
    """`GET /commits/{sha}/pulls`: those that brought the commit, by merging, squashing or rebasing."""
    history = call.repository.history
    commit = history.commit_sha(sha)
    if commit is None:
        raise ApiError(422, f"No commit found for SHA: {sha}")
    found = []
    for pull in call.world.pulls[call.repository.id].values():
        brought = history.compare(pull.base_sha, pull.head_sha)
        if commit == pull.merge_commit_sha or (brought and commit in brought.commits):
            found.append(pull.json(call.repository, call.roots))
    page, headers = paging.cut(call, found)
    return Reply(page, headers=headers)


def get_rate_limit(call: Call) -> Reply:
    """`GET /rate_limit`: free."""
    limits, caller = call.world.limits, str(call.caller)
    names = ("core", "graphql", "search")
    resources = {name: limits.budget(caller, name).json() for name in names}
    return Reply({"resources": resources, "rate": resources["core"]})


def _published(call: Call) -> list[Release]:
    releases = call.world.releases[call.repository.id]
    shown = [item for item in releases if item.published_at]
    return sorted(shown, key=lambda item: (item.published_at, item.id), reverse=True)


def _one(call: Call, found: list[Release]) -> Reply:
    if not found:
        raise ApiError(404, "Not Found")
    return Reply(found[0].json(call.repository, call.roots))
