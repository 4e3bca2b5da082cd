"""Ranges of commits by sha, remembered: they never change, and pages ask for them again and again."""

import re
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from threading import Lock
from typing import TypeVar

from demo.github.git import BareRepository, GitError, is_ref_name
from demo.github.objects import Commit, Tag, parse_commit, parse_tag

T = TypeVar("T")
_KEEP = 64  # ranges; 50,000 shas each would be some 300 MB in the worst case, in practice a few


@dataclass(frozen=True)
class Comparison:
    """`base...head`: newest first; `base_only` counts what base has and head has not."""

    merge_base: str
    commits: list[str]
    base_only: int


class History:
    """What the API asks of a repository's commits."""

    def __init__(self, git: BareRepository) -> None:
        self._git = git
        self._lock = Lock()
        self._memory: OrderedDict[tuple[object, ...], object] = OrderedDict()

    def commit_sha(self, name: str) -> str | None:
        """Resolve a branch, a tag, a full ref or a sha to a commit, as GitHub does; None if unknown."""
        if not is_ref_name(name):
            return None
        candidates = [f"refs/heads/{name}", f"refs/tags/{name}", f"refs/{name}"]
        if name == "HEAD" or name.startswith("refs/"):
            candidates.append(name)
        if re.fullmatch("[0-9a-f]{7,40}", name):
            candidates.append(name)
        shas = self._git.resolve([f"{candidate}^{{commit}}" for candidate in candidates])
        return next((sha for sha in shas if sha), None)

    def commits(self, shas: Sequence[str]) -> list[Commit]:
        """Read commits, in the order asked for; unknown ones are left out."""
        found = self._git.read(shas)
        return [parse_commit(o[0], o[2]) for o in found if o and o[1] == "commit"]

    def commit(self, sha: str) -> Commit:
        return self.commits([sha])[0]

    def tag(self, sha: str) -> Tag | None:
        """Read an annotated tag; None when the object is something else or missing."""
        found = self._git.read([sha])[0] if re.fullmatch("[0-9a-f]{40}", sha) else None
        return parse_tag(found[0], found[2]) if found and found[1] == "tag" else None

    def log(self, head: str, *options: str, paths: Sequence[str] = ()) -> list[str]:
        """List all commits that the commit *head* reaches, newest first."""

        def read() -> list[str]:
            extra = ["--", *paths] if paths else []
            return self._git.run("rev-list", *options, head, *extra).decode().split()

        return self._remember(("log", head, *options, "--", *paths), read)

    def compare(self, base: str, head: str) -> Comparison | None:
        """Compare two commits by sha; None when they have no common ancestor."""

        def read() -> Comparison | None:
            try:
                merge_base = self._git.run("merge-base", base, head).decode().strip()
            except GitError:
                return None
            commits, base_only = self.between(base, head)
            return Comparison(merge_base, commits, base_only)

        return self._remember(("compare", base, head), read)

    def between(self, base: str, head: str) -> tuple[list[str], int]:
        """Return what *head* adds to *base*, newest first, and how many commits it lacks of it."""
        marked = self._git.run("rev-list", "--left-right", f"{base}...{head}").decode().split()
        added = [sha[1:] for sha in marked if sha[0] == ">"]
        return added, len(marked) - len(added)

    def _remember(self, key: tuple[object, ...], read: Callable[[], T]) -> T:
        with self._lock:
            if key in self._memory:
                self._memory.move_to_end(key)
                return self._memory[key]  # type: ignore[return-value]  # the key says the type
            value = self._memory[key] = read()
            if len(self._memory) > _KEEP:
                self._memory.popitem(last=False)
            return value
