"""Commits: how they look, their list, one of them, and what lies between two."""

from datetime import datetime

from demo.github import changes, paging
from demo.github.clock import utc
from demo.github.history import Comparison
from demo.github.objects import Commit, Signature
from demo.github.wire import ApiError, Json, Reply
from demo.github.world import Call

FILES_COMPARED = 300
UNPAGED = 250
REACHABLE = 10_000  # commits of one comparison that pages lead to
_UNSIGNED = {
    "verified": False,
    "reason": "unsigned",
    "signature": None,
    "payload": None,
    "verified_at": None,
}


def person(signature: Signature) -> Json:
    """Render who and when, in UTC."""
    return {"name": signature.name, "email": signature.email, "date": utc(signature.at)}


def commit_json(call: Call, commit: Commit) -> Json:
    """Render a commit as lists and comparisons hold it."""
    repository = call.repository
    api, web = repository.api(call.roots), repository.web(call.roots)
    return {
        "sha": commit.sha,
        "node_id": f"C_{repository.id}_{commit.sha}",
        "commit": {
            "author": person(commit.author),
            "committer": person(commit.committer),
            "message": commit.message,
            "tree": {"sha": commit.tree, "url": f"{api}/git/trees/{commit.tree}"},
            "url": f"{api}/git/commits/{commit.sha}",
            "comment_count": 0,
            "verification": _UNSIGNED,
        },
        "url": f"{api}/commits/{commit.sha}",
        "html_url": f"{web}/commit/{commit.sha}",
        "comments_url": f"{api}/commits/{commit.sha}/comments",
        "author": call.account_json(commit.author.email),
        "committer": call.account_json(commit.committer.email),
        "parents": [
            {"sha": sha, "url": f"{api}/commits/{sha}", "html_url": f"{web}/commit/{sha}"}
            for sha in commit.parents
        ],
    }


def list_commits(call: Call) -> Reply:
    """`GET /commits`: newest first."""
    query, history = call.request.query, call.repository.history
    name = query.get("sha") or f"refs/heads/{call.repository.default_branch}"
    head = history.commit_sha(name)
    if head is None:
        if not call.repository.git.refs("refs/heads/"):
            raise ApiError(409, "Git Repository is empty.")
        raise ApiError(404, "Not Found")
    options = [f"--{key}={_seconds(query[key])}" for key in ("since", "until") if key in query]
    if "author" in query:
        options += ["--regexp-ignore-case", "--fixed-strings", f"--author={query['author']}"]
    paths = [query["path"]] if query.get("path") else []
    shas, headers = paging.cut(call, history.log(head, *options, paths=paths))
    return Reply([commit_json(call, commit) for commit in history.commits(shas)], headers=headers)


def get_commit(call: Call, ref: str) -> Reply:
    """`GET /commits/{ref}`: with files, 300 a page."""
    history = call.repository.history
    sha = history.commit_sha(ref)
    if sha is None:
        raise ApiError(422, f"No commit found for SHA: {ref}")
    commit = history.commit(sha)
    old = commit.parents[0] if commit.parents else changes.EMPTY_TREE
    files = changes.diff(call.repository, old, sha, call.roots)
    added, removed = (sum(file[key] for file in files) for key in ("additions", "deletions"))
    page, headers = paging.cut(call, files, 300, 300)
    stats = {"total": added + removed, "additions": added, "deletions": removed}
    return Reply(commit_json(call, commit) | {"stats": stats, "files": page}, headers=headers)


def get_git_commit(call: Call, sha: str) -> Reply:
    """`GET /git/commits/{sha}`: the bare object; a full sha only."""
    found = call.repository.history.commits([sha]) if len(sha) == 40 and sha.isalnum() else []
    if not found:
        raise ApiError(404, "Not Found")
    whole = commit_json(call, found[0])
    kept = {key: whole[key] for key in ("sha", "node_id", "html_url", "parents")}
    inner = {key: value for key, value in whole["commit"].items() if key != "comment_count"}
    return Reply(kept | inner)


def compare(call: Call, basehead: str) -> Reply:
    """`GET /compare/{base}...{head}`, with all its modes.

    Without `page` and `per_page` the newest 250, with either of them pages from the oldest on, the
    files on the first page only.
    """
    base, _, head = basehead.partition("...")
    base_sha, head_sha = (_side(call, name) for name in (base, head))
    history = call.repository.history
    comparison = history.compare(base_sha, head_sha)
    if comparison is None:
        raise ApiError(404, f"No common ancestor between {base} and {head}.")
    ordered = comparison.commits[::-1]
    paged = {"page", "per_page"} & call.request.query.keys()
    shas = ordered[-UNPAGED:]
    headers: dict[str, str] = {}
    if paged:
        cut, headers = paging.cut(call, ordered[:REACHABLE], 250, 1000)
        shas = list(cut)
    ends = [commit_json(call, c) for c in history.commits([base_sha, comparison.merge_base])]
    answer = _summary(call, base, head, comparison) | {
        "base_commit": ends[0],
        "merge_base_commit": ends[-1],
        "commits": [commit_json(call, commit) for commit in history.commits(shas)],
    }
    if paging.number(call, "page", 1) == 1:
        files = changes.diff(call.repository, comparison.merge_base, head_sha, call.roots)
        answer["files"] = files[:FILES_COMPARED]
    return Reply(answer, headers=headers)


def _side(call: Call, name: str) -> str:
    owner, colon, branch = name.rpartition(":")
    if colon and owner.lower() != call.repository.owner.login.lower():
        raise ApiError(404, "Not Found")
    sha = call.repository.history.commit_sha(branch)
    if sha is None:
        raise ApiError(404, "Not Found")
    return sha


def _summary(call: Call, base: str, head: str, comparison: Comparison) -> Json:
    ahead, behind = len(comparison.commits), comparison.base_only
    status = {(False, False): "identical", (True, False): "ahead", (False, True): "behind"}
    web = f"{call.repository.web(call.roots)}/compare/{base}...{head}"
    return {
        "url": f"{call.repository.api(call.roots)}/compare/{base}...{head}",
        "html_url": web,
        "permalink_url": web,
        "diff_url": f"{web}.diff",
        "patch_url": f"{web}.patch",
        "status": status.get((bool(ahead), bool(behind)), "diverged"),
        "ahead_by": ahead,
        "behind_by": behind,
        "total_commits": ahead,
    }


def _seconds(text: str) -> int:
    try:
        return int(datetime.fromisoformat(text).timestamp())
    except ValueError:
        raise ApiError(422, "Invalid time") from None
