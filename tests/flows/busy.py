"""A busy time at GitHub: hundreds of deliveries of every kind, out of a real history."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from random import Random

from demo.github import Repository, StandIn
from tests.clock import Clock

PEOPLE = [f"Dev {number} <dev{number}@acme.example>" for number in range(40)]


@dataclass
class Busy:
    """Commits, branches, merges, tags, releases and pull requests of one repository."""

    github: StandIn
    repository: Repository
    random: Random
    issues: list[str] = field(default_factory=list)  # short ids that some commits fix
    clock: Clock = field(default_factory=Clock)
    tips: dict[str, str] = field(default_factory=dict)
    tagged: list[str] = field(default_factory=list)

    def work(self, deliveries: int) -> None:
        """Go on until that many deliveries wait to be sent."""
        self.commit("main")
        while len(self.github.queued) < deliveries:
            act = self.random.choice(
                [*(3 * ["commit", "tag"]), "branch", "merge", "pull", "publish"]
            )
            getattr(self, f"do_{act}")()

    def commit(self, branch: str, *more: str, start: str | None = None) -> None:
        """Push one to three commits, the first of them on top of the branch and *more*."""
        tip = start or self.tips.get(branch)
        parents = [sha for sha in (tip, *more) if sha]
        for _ in range(self.random.randint(1, 3)):
            at = self.clock.advance(minutes=1)
            fixes = self.issues and self.random.random() < 0.15
            message = f"Change at {at:%H:%M}"
            if fixes:
                message += f"\n\nFixes {self.random.choice(self.issues)}"
            content = {f"{branch}/{self.random.randint(0, 30)}.txt": message}
            author = self.random.choice(PEOPLE)
            sha = self.repository.git.commit(
                content, parents=parents, message=message, author=author, date=at
            )
            self.tips[branch], parents = sha, [sha]
        ref = f"refs/heads/{branch}"
        at = self.clock.advance(minutes=1)
        self.github.push(self.repository, ref, self.tips[branch], at=at)

    def do_commit(self) -> None:
        self.commit(self.random.choice(sorted(self.tips)))

    def do_branch(self) -> None:
        start = self.tips[self.random.choice(sorted(self.tips))]
        self.commit(f"branch-{len(self.tips)}", start=start)

    def do_merge(self) -> None:
        other = self.random.choice(sorted(self.tips))
        if other != "main":
            self.commit("main", self.tips[other])

    def do_tag(self) -> None:
        commit = self.tips[self.random.choice(sorted(self.tips))]
        number = len(self.tagged)
        name = f"v{1 + number // 20}.{number // 5 % 4}.{number % 5}"
        target, at = commit, self.clock.advance(minutes=1)
        if self.random.random() < 0.5:
            target = self.repository.git.tag_object(name, commit, date=at)
        self.github.push(self.repository, f"refs/tags/{name}", target, at=at)
        self.tagged.append(name)

    def do_publish(self) -> None:
        if self.tagged:
            tag = self.random.choice(self.tagged)
            self.github.publish_release(
                self.repository, tag, name="Out", at=self.clock.advance(minutes=1)
            )

    def do_pull(self) -> None:
        other = self.random.choice(sorted(self.tips))
        if other != "main":
            body = f"Fixes {self.random.choice(self.issues)}" if self.issues else None
            self.github.open_pull_request(
                self.repository, other, title="Merge me", body=body, at=self.clock() + timedelta()
            )
