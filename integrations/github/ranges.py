"""Ranges of commits from GitHub, with parents, in as few calls as there are pages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from urllib.parse import quote

from domain.commits import CommitData
from domain.revisions import split_steps, walk
from integrations.github.client import InstallationClient
from integrations.github.errors import NotFoundOnGitHubError
from integrations.github.fields import Fields
from integrations.github.payloads import parse_api_commit, parse_api_files

MOST_PAGES_OF_STEPS = 10  # a client waits for them
MOST_PAGES = 100  # of one answer: 10,000 commits; beyond that the history import is the way


@dataclass(frozen=True)
class OpenEnd:
    """A commit whose parents must be learnt, and the nearest one whose reach is known."""

    sha: str
    base: str | None


@dataclass(frozen=True)
class Comparison:
    """reach(head) - reach(base), oldest first, and other commits that the answer told of."""

    listed: list[CommitData]
    beside: list[CommitData]
    is_cut: bool = False  # GitHub had more than we read


def fetch_missing(
    client: InstallationClient, repository_number: int, end: OpenEnd
) -> Sequence[CommitData]:
    """What *end* adds to its base, with parents, in ⌈N/100⌉ calls; without base, its history."""
    if end.base is not None:
        try:
            found = fetch_range(client, repository_number, end.base, end.sha)
        except NotFoundOnGitHubError:
            pass  # no common ancestor, or GitHub lost the base: the commit's own history says all
        else:
            return [*found.listed, *found.beside]
    return fetch_history(client, repository_number, end.sha)


def fetch_range(
    client: InstallationClient, repository_number: int, base: str, head: str
) -> Comparison:
    """The commits of *head* that *base* does not reach. Raises NotFoundOnGitHubError."""
    listed: list[CommitData] = []
    beside: list[CommitData] = []
    path = f"/repositories/{repository_number}/compare/{quote(base)}...{quote(head)}"
    total = 0
    for number, page in enumerate(client.pages(path)):
        answer = Fields(page)
        listed += [parse_api_commit(fields) for fields in answer.objects("commits")]
        if number == 0:  # both name their parents, which may close what pushes left open
            total = answer.count("total_commits")
            beside = [
                parse_api_commit(answer.object(key))
                for key in ("merge_base_commit", "base_commit")
                if answer.has(key)
            ]
        if number + 1 >= MOST_PAGES:
            break
    return Comparison(listed, beside, is_cut=len(listed) < total)


def fetch_history(client: InstallationClient, repository_number: int, sha: str) -> list[CommitData]:
    """Commits reached by *sha*, newest first, at most `MOST_PAGES` pages of them."""
    commits: list[CommitData] = []
    for number, page in enumerate(
        client.pages(f"/repositories/{repository_number}/commits", sha=sha)
    ):
        commits += [parse_api_commit(Fields(item)) for item in page]
        if number + 1 >= MOST_PAGES:
            break
    return commits


def fetch_commit(client: InstallationClient, repository_number: int, sha: str) -> CommitData:
    """One commit with all the files that it touched, 300 a page. Raises NotFoundOnGitHubError."""
    files: dict[str, str] = {}
    commit: CommitData | None = None
    for page in client.pages(f"/repositories/{repository_number}/commits/{quote(sha)}"):
        answer = Fields(page)
        commit = commit or parse_api_commit(answer)
        files.update(parse_api_files(answer))
    if commit is None:
        raise AssertionError("there is always a first page")
    return replace(commit, files=tuple(files.items()))


def fetch_latest(
    client: InstallationClient, repository_number: int, sha: str, *, count: int
) -> list[CommitData]:
    """The latest *count* commits reached by *sha*, newest first, in one call."""
    found = client.get(f"/repositories/{repository_number}/commits", sha=sha, per_page=count)
    return [parse_api_commit(Fields(item)) for item in found.data][:count]


def fetch_revision(client: InstallationClient, repository_number: int, revision: str) -> str | None:
    """The sha that *revision* means on GitHub, in one call; None if it certainly means none.

    GitHub names commits by sha, branch and tag; steps such as `~2` are taken in the history that
    it lists for the name: a page of them, and another one wherever the steps leave it.
    """
    base, steps = split_steps(revision)
    root = f"/repositories/{repository_number}/commits"
    try:
        if not steps:
            return parse_api_commit(
                Fields(client.get(f"{root}/{quote(base)}", per_page=1).data)
            ).sha
        history = _History(client, root)
        start = history.read(base)
    except NotFoundOnGitHubError:
        return None
    return walk(start, steps, history.parents_of) if start else None


class _History:
    """Parents of commits as GitHub lists them, a page at a time."""

    def __init__(self, client: InstallationClient, root: str) -> None:
        self._client, self._root = client, root
        self._parents: dict[str, Sequence[str]] = {}
        self._pages = 0

    def read(self, name: str) -> str | None:
        """Read a page of the history of *name*; the commit that it stands on."""
        self._pages += 1
        listed = self._client.get(self._root, sha=name, per_page=100)
        commits = [parse_api_commit(Fields(item)) for item in listed.data]
        self._parents |= {commit.sha: commit.parents or () for commit in commits}
        return commits[0].sha if commits else None

    def parents_of(self, sha: str) -> Sequence[str]:
        if sha not in self._parents and self._pages < MOST_PAGES_OF_STEPS:
            self.read(sha)
        return self._parents.get(sha, ())
