"""Which files commits touch."""

from collections.abc import Iterable, Sequence

from demo.github.git import BareRepository
from demo.github.objects import Commit
from demo.github.repositories import Repository
from demo.github.wire import Json, Roots

EMPTY_TREE = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"
MOST = 3000  # files of one commit that GitHub names
_STATUS = {"A": "added", "D": "removed", "M": "modified", "T": "changed"}
_STATUS |= {"R": "renamed", "C": "copied"}
_LIST = {"A": "added", "D": "removed"}


def diff(repository: Repository, old: str, new: str, roots: Roots) -> list[Json]:
    """Render the files that differ between two commits, renames found; sorted by path, at most 3,000."""
    output = repository.git.run("diff-tree", "-r", "-M", "-z", "--raw", "--numstat", old, new)
    words = iter(output.decode(errors="replace").split("\0")[:-1])
    rows: dict[str, Json] = {}
    for word in words:
        if word.startswith(":"):
            _, _, old_sha, new_sha, letter = word.split(" ")
            path = next(words)
            before = path if letter[0] in "RC" else None
            path = next(words) if before else path
            sha = old_sha if letter == "D" else new_sha
            rows[path] = _entry(repository, roots, new, path, sha, _STATUS[letter[0]])
            rows[path] |= {"previous_filename": before} if before else {}
        else:
            added, removed, path = word.split("\t", 2)
            if not path:
                next(words)
                path = next(words)
            lines = {"additions": _count(added), "deletions": _count(removed)}
            rows[path] |= lines | {"changes": sum(lines.values())}
    return list(rows.values())[:MOST]


def touched(git: BareRepository, commits: Sequence[Commit]) -> dict[str, dict[str, list[str]]]:
    """Return sha -> added, removed, modified paths against the first parent, in one process."""
    lists: dict[str, dict[str, list[str]]] = {
        commit.sha: {"added": [], "removed": [], "modified": []} for commit in commits
    }
    if not commits:
        return lists
    stdin = "".join(f"{c.sha} {c.parents[0] if c.parents else ''}".rstrip() + "\n" for c in commits)
    options = ("--stdin", "-r", "--root", "-z", "--name-status", "--no-renames")
    output = git.run("diff-tree", *options, stdin=stdin.encode())
    _sort_in(output.decode(errors="replace").split("\0")[:-1], lists)
    return lists


def _sort_in(words: Iterable[str], lists: dict[str, dict[str, list[str]]]) -> None:
    current: dict[str, list[str]] = {}
    remaining = iter(words)
    for word in remaining:
        sha = word.strip()
        if len(sha) == 40:
            current = lists[sha]
        elif sum(map(len, current.values())) < MOST:
            current[_LIST.get(word.strip(), "modified")].append(next(remaining))
        else:
            next(remaining)


def _entry(
    repository: Repository, roots: Roots, commit: str, path: str, sha: str, status: str
) -> Json:
    web = repository.web(roots)
    return {
        "sha": sha,
        "filename": path,
        "status": status,
        "additions": 0,
        "deletions": 0,
        "changes": 0,
        "blob_url": f"{web}/blob/{commit}/{path}",
        "raw_url": f"{web}/raw/{commit}/{path}",
        "contents_url": f"{repository.api(roots)}/contents/{path}?ref={commit}",
    }


def _count(text: str) -> int:
    return int(text) if text.isdigit() else 0  # a binary file says "-"
