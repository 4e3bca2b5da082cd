"""The independent judge: which commits each release has to hold, by `git rev-list` alone.

For a tag T these are the commits that T reaches, without those reached by an earlier tag of its line
that has a lower version or that T descends from. No cleverness: one `rev-list` for each tag.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice

from demo.clone import Clone, Tag
from demo.versions import Order, parse_tag


@dataclass(frozen=True)
class Placed:
    """A tag in its line: `earlier` are the tags made before it, oldest first."""

    tag: Tag
    order: Order
    earlier: "Sequence[Placed]"

    @property
    def key(self) -> tuple[int, Order, str]:
        return (self.tag.made, self.order, self.tag.name)


def lines(tags: Iterable[Tag]) -> dict[str, list[Placed]]:
    """Group the tags that name a version into lines, each in the order in which it was made."""
    found: dict[str, list[Placed]] = defaultdict(list)
    for tag in tags:
        name = parse_tag(tag.name)
        if name is not None:
            found[name.line].append(Placed(tag, name.order, ()))
    for line, members in found.items():
        members.sort(key=lambda placed: placed.key)
        found[line] = [
            Placed(placed.tag, placed.order, members[:index])
            for index, placed in enumerate(members)
        ]
    return dict(found)


def descent(clone: Clone, tags: Iterable[Tag]) -> dict[str, set[str]]:
    """Return, for the commit of each tag, which of these commits it reaches, itself included.

    One walk for all of them, a bit for each: a call of `git tag --merged` for each takes minutes.
    """
    commits = sorted({tag.commit for tag in tags})
    bits = {sha: 1 << index for index, sha in enumerate(commits)}
    reached: dict[str, int] = {}
    for sha, commit in reversed(clone.commits(commits).items()):
        mask = bits.get(sha, 0)
        for parent in commit.parents:
            mask |= reached[parent]
        reached[sha] = mask
    return {sha: {other for other in commits if reached[sha] & bits[other]} for sha in commits}


def new_commits(clone: Clone, placed: Placed, reached: Collection[str]) -> frozenset[str]:
    """Return new(T), asked of git; *reached* are the commits of tags that T descends from."""
    excluded = {
        other.tag.commit
        for other in placed.earlier
        if other.order < placed.order or other.tag.commit in reached
    }
    revisions = [placed.tag.commit, *(f"^{sha}" for sha in sorted(excluded))]
    return frozenset(clone.run("rev-list", "--stdin", lines=revisions).split())


def expected_lists(clone: Clone, *, workers: int = 4) -> dict[str, frozenset[str]]:
    """Return the expected commits of every tag that makes a release, by the tag's name."""
    placed = [member for members in lines(clone.tags()).values() for member in members]
    reached = descent(clone, [member.tag for member in placed])
    with ThreadPoolExecutor(workers) as pool:
        found = pool.map(
            lambda member: new_commits(clone, member, reached[member.tag.commit]), placed
        )
        return {member.tag.name: commits for member, commits in zip(placed, found, strict=True)}


@dataclass(frozen=True)
class Difference:
    """A release that is not what git says, in words for the summary."""

    release: str
    text: str


def compare(
    expected: Mapping[str, frozenset[str]],
    releases: Mapping[str, tuple[Sequence[str], Sequence[str]]],
) -> list[Difference]:
    """Compare *releases*, version to (tags, commits), with the *expected* commits of each tag.

    Tags that share a release share its list. Every expected tag has to be in one release.
    """
    differences = []
    seen: dict[str, str] = {}
    for version, (tags, commits) in releases.items():
        unknown = [tag for tag in tags if tag not in expected]
        if unknown:
            differences.append(Difference(version, f"made by {unknown[0]}, which names no version"))
        wanted = frozenset().union(*(expected.get(tag, frozenset()) for tag in tags))
        difference = _difference(wanted, commits)
        if difference:
            differences.append(Difference(version, difference))
        for tag in tags:
            if tag in seen:
                differences.append(Difference(version, f"{tag} is in {seen[tag]} as well"))
            seen[tag] = version
    missing = [tag for tag in expected if tag not in seen]
    return differences + [Difference(tag, "there is no release for this tag") for tag in missing]


def _difference(wanted: frozenset[str], commits: Sequence[str]) -> str:
    have = frozenset(commits)
    if have == wanted and len(have) == len(commits):
        return ""
    counts = [
        (len(wanted - have), "missing", wanted - have),
        (len(have - wanted), "too many", have - wanted),
        (len(commits) - len(have), "listed twice", frozenset()),
    ]
    told = []
    for count, word, shas in counts:
        if count:
            some = ", ".join(sha[:10] for sha in islice(sorted(shas), 3))
            told.append(f"{count} {word}" + (f" ({some})" if some else ""))
    return f"{len(wanted)} commits by git: " + ", ".join(told)
