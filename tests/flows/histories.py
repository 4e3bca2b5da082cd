"""Histories of any size, written as a stream for `git fast-import`: thousands of commits a second."""

from __future__ import annotations

from dataclasses import dataclass, field

from demo.github import BareRepository

EPOCH = 1_700_000_000
MAIN = "refs/heads/main"


@dataclass
class Stream:
    """Commits and tags, in the order in which they were made, a minute after each other."""

    lines: list[str] = field(default_factory=list)
    made: int = 0

    def commit(self, ref: str, *parents: int, message: str | None = None) -> int:
        """A commit at the tip of *ref*; its mark, which later ones name as parent."""
        self.made += 1
        mark, text = self.made, message or f"Change {self.made}"
        self.lines += [f"commit {ref}", f"mark :{mark}", *self._people(), *_data(text)]
        self.lines += [
            f"{'from' if number == 0 else 'merge'} :{parent}"
            for number, parent in enumerate(parents)
        ]
        self.lines += [f"M 644 inline src/f{mark % 50}.txt", *_data(f"{mark}")]
        return mark

    def tag(self, name: str, mark: int, *, annotated: bool = False) -> None:
        if annotated:
            self.lines += [f"tag {name}", f"from :{mark}"]
            self.lines += [f"tagger Ana <ana@acme.example> {self._now()} +0000", *_data(name)]
        else:
            self.lines += [f"reset refs/tags/{name}", f"from :{mark}", ""]

    def write_to(self, git: BareRepository) -> None:
        git.fast_import(("\n".join(self.lines) + "\n").encode())

    def _people(self) -> list[str]:
        number = self.made % 40
        who = f"Person {number} <person{number}@acme.example> {self._now()} +0000"
        return [f"author {who}", f"committer {who}"]

    def _now(self) -> int:
        return EPOCH + 60 * self.made


def straight(git: BareRepository, *, commits: int, tags: int) -> None:
    """A line of commits with a tag on every so many: v1.0.1, v1.0.2, …, v1.1.0, …"""
    stream, last = Stream(), 0
    for number in range(1, commits + 1):
        last = stream.commit(MAIN, *([last] if last else []))
        if number % (commits // tags) == 0:
            stream.tag(f"v1.{number // 100}.{number % 100}", last)
    stream.write_to(git)


def grown(git: BareRepository, *, commits: int) -> int:
    """As repositories grow: merged branches, maintenance lines, packages, tags of both kinds.

    Every 80 commits of the main branch there is a version; each fifth one gets a maintenance
    line with three patch releases, which is never merged. How many tags there are.
    """
    stream = Stream()
    tip, tags, minor = stream.commit(MAIN), 0, 0
    while stream.made < commits:
        for number in range(80):
            if number % 20 == 10:  # a branch of four commits, merged
                side = stream.commit("refs/heads/topic", tip)
                for _ in range(3):
                    side = stream.commit("refs/heads/topic", side)
                tip = stream.commit(MAIN, tip, side, message="Merge topic")
            else:
                tip = stream.commit(MAIN, tip)
        minor += 1
        stream.tag(f"v1.{minor}.0", tip, annotated=minor % 2 == 0)
        tags += 1
        if minor % 3 == 0:
            stream.tag(f"client@0.{minor}.0", tip)
            tags += 1
        if minor % 5 == 0:
            patch, branch = tip, f"refs/heads/maint-{minor}"
            for number in range(1, 4):
                for _ in range(30):
                    patch = stream.commit(branch, patch)
                stream.tag(f"v1.{minor}.{number}", patch, annotated=number == 2)
                tags += 1
    stream.write_to(git)
    return tags


def _data(text: str) -> list[str]:
    return [f"data {len(text.encode())}", text]
