"""Turn the history of any clone into the acts in which it was made: pushes of branches, then tags.

Nobody recorded who pushed what when. So this does what a person would have done: the main line grows
on `main`; a release beside it is made on a branch of its own, started where it leaves what was there.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from demo.clone import Clone, Commit, Tag
from demo.versions import Order, parse_tag

MAIN = "refs/heads/main"
MOST_COMMITS = 500  # in one push, where history lets itself be cut that finely


@dataclass(frozen=True)
class Act:
    """A push of one ref; `at` is in epoch seconds and never goes back from act to act."""

    ref: str
    sha: str
    at: int

    @property
    def is_tag(self) -> bool:
        return self.ref.startswith("refs/tags/")


def acts(clone: Clone) -> Iterator[Act]:
    """Yield what was done, one push after another; a tag of no commit is left out."""
    tags = sorted(clone.tags(), key=_when)
    head = clone.head()
    tips = {tag.commit for tag in tags} | ({head} if head else set())
    replay = _Replay(clone.commits(tips), head)
    for tag in tags:
        yield from replay.lead_to(tag.commit, until=tag.made)
        yield replay.act(f"refs/tags/{tag.name}", tag.sha, tag.made)
    if head:
        yield from replay.lead_to(head, until=replay.commits[head].made)


def final_refs(clone: Clone) -> dict[str, str]:
    """Return every ref where the acts leave it: what an installation finds that comes last."""
    return {act.ref: act.sha for act in acts(clone)}


def _when(tag: Tag) -> tuple[int, bool, Order, str]:
    """Return the order in which tags were made; ties by version, names without one last."""
    name = parse_tag(tag.name)
    order = name.order if name else Order((), 0, (), (0, 0, ""))
    return (tag.made, name is None, order, tag.name)


@dataclass
class _Replay:
    """What is at GitHub so far."""

    commits: dict[str, Commit]
    head: str | None
    now: int = 0
    pushed: set[str] = field(default_factory=set)
    branches: dict[str, str] = field(default_factory=dict)  # ref → its tip

    def __post_init__(self) -> None:
        self.main_line = set(self._first_parents(self.head)) if self.head else set()

    def act(self, ref: str, sha: str, at: int) -> Act:
        self.now = max(self.now, at)
        return Act(ref, sha, self.now)

    def lead_to(self, commit: str, *, until: int) -> Iterator[Act]:
        """Push what it takes to have *commit* at GitHub, no later than the epoch second *until*."""
        if commit in self.pushed:
            return
        path: list[str] = []  # from the commit back to what is there, or to the main line
        for sha in self._first_parents(commit):
            if sha in self.pushed or sha in self.main_line:
                yield from self._push(MAIN, self._missing(sha), until)
                break
            path.append(sha)
        if path:
            yield from self._push_beside(path, until)

    def _missing(self, sha: str) -> list[str]:
        """Return the part of the main line up to *sha* that is not pushed yet, oldest first."""
        path = []
        for step in self._first_parents(sha):
            if step in self.pushed:
                break
            path.append(step)
        return path[::-1]

    def _push_beside(self, path: list[str], until: int) -> Iterator[Act]:
        """Push *path*, newest first, to the branch that it continues, or to a new one."""
        start = next(iter(self.commits[path[-1]].parents), None)
        ref = next((ref for ref, tip in self.branches.items() if tip == start), None)
        if ref is None or ref == MAIN:
            ref = f"refs/heads/maintenance-{len(self.branches) + 1}"
            if start is not None:
                self.branches[ref] = start
                yield self.act(ref, start, min(until, self.commits[start].made))
        yield from self._push(ref, path[::-1], until)

    def _push(self, ref: str, path: list[str], until: int) -> Iterator[Act]:
        """Push *path*, oldest first, to *ref* in portions."""
        brings = [self._add(sha) for sha in path]
        count = 0
        for index, sha in enumerate(path):
            count += brings[index]
            if index + 1 == len(path) or count + brings[index + 1] > MOST_COMMITS:
                self.branches[ref] = sha
                yield self.act(ref, sha, min(until, self.commits[sha].made))
                count = 0

    def _add(self, sha: str) -> int:
        """Mark everything that *sha* reaches as pushed; return how many commits that adds."""
        found = [sha] if sha not in self.pushed else []
        self.pushed.update(found)
        count = 0
        while found:
            count += 1
            for parent in self.commits[found.pop()].parents:
                if parent not in self.pushed:
                    self.pushed.add(parent)
                    found.append(parent)
        return count

    def _first_parents(self, sha: str) -> Iterator[str]:
        """Yield *sha* and its first parents, back to a root."""
        step: str | None = sha
        while step is not None:
            yield step
            step = next(iter(self.commits[step].parents), None)
