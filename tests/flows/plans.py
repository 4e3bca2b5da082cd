"""Generated histories as plans: what people do, by numbers, so that it can be done again elsewhere."""

from __future__ import annotations

from dataclasses import dataclass, field

from hypothesis import strategies as st

from tests.flows.world import World

VERSIONS = [f"v{major}.{minor}.{patch}" for major in (1, 2) for minor in (0, 1) for patch in (0, 1)]
NAMES = [*VERSIONS, "v1.1.0-rc.1", "1.1.0", "api/v1.0.0", "api/v1.1.0", "latest"]
ACTS = ("commit",) * 4 + ("tag",) * 4 + ("branch", "merge", "force", "move", "delete", "publish")


@dataclass(frozen=True)
class Commit:
    """Commit number *n* of the plan; `fixes` an issue, or `reverts` an earlier commit."""

    parents: tuple[int, ...]
    fixes: int | None = None
    reverts: int | None = None


@dataclass(frozen=True)
class Push:
    branch: str
    commit: int
    force: bool = False


@dataclass(frozen=True)
class PutTag:
    name: str
    commit: int
    annotated: bool
    force: bool = False


@dataclass(frozen=True)
class DropTag:
    name: str


@dataclass(frozen=True)
class Publish:
    name: str


Step = Commit | Push | PutTag | DropTag | Publish


@dataclass
class Planner:
    """Draws steps that make sense where they stand."""

    draw: st.DrawFn
    steps: list[Step] = field(default_factory=list)
    commits: int = 0
    tips: dict[str, int] = field(default_factory=dict)
    tags: list[str] = field(default_factory=list)
    used: set[str] = field(default_factory=set)

    def plan(self) -> list[Step]:
        self.commit()
        for act in self.draw(st.lists(st.sampled_from(ACTS), min_size=2, max_size=14)):
            getattr(self, act)()
        return self.steps

    def add(self, *parents: int) -> int:
        kind = self.draw(st.sampled_from(["plain", "plain", "fix", "fix", "revert"]))
        fixes = self.draw(st.integers(0, 1)) if kind == "fix" else None
        reverts = None
        if kind == "revert" and self.commits:
            reverts = self.draw(st.integers(0, self.commits - 1))
        self.steps.append(Commit(parents, fixes, reverts))
        self.commits += 1
        return self.commits - 1

    def push(self, branch: str, commit: int, *, force: bool = False) -> None:
        if self.tips.get(branch) != commit:
            self.tips[branch] = commit
            self.steps.append(Push(branch, commit, force))

    def a_branch(self) -> str:
        return self.draw(st.sampled_from(sorted(self.tips)))

    def a_commit(self) -> int:
        return self.draw(st.integers(0, self.commits - 1) | st.just(self.commits - 1))

    def commit(self) -> None:
        branch = self.a_branch() if self.tips else "main"
        tip = self.tips.get(branch)
        for _ in range(self.draw(st.integers(1, 3))):
            tip = self.add(*([] if tip is None else [tip]))
        if tip is not None:
            self.push(branch, tip)

    def branch(self) -> None:
        start = self.a_commit()
        commit = start if self.draw(st.booleans()) else self.add(start)
        self.push(f"branch-{len(self.tips)}", commit)

    def merge(self) -> None:
        one, other = self.a_branch(), self.a_branch()
        if self.tips[one] != self.tips[other]:
            self.push(one, self.add(self.tips[one], self.tips[other]))

    def force(self) -> None:
        branch = self.a_branch()
        self.push(branch, self.add(self.a_commit()), force=True)

    def tag(self) -> None:
        free = [name for name in NAMES if name not in self.used]
        if free:
            name = self.draw(st.sampled_from(free))
            commit = (
                self.draw(st.sampled_from(sorted(self.tips.values())))
                if self.draw(st.booleans())
                else self.a_commit()
            )
            self.steps.append(PutTag(name, commit, self.draw(st.booleans())))
            self.used.add(name)
            self.tags.append(name)

    def move(self) -> None:
        if self.tags:
            name = self.draw(st.sampled_from(self.tags))
            annotated = self.draw(st.booleans())
            self.steps.append(PutTag(name, self.a_commit(), annotated, force=True))

    def delete(self) -> None:
        if self.tags:
            name = self.draw(st.sampled_from(self.tags))
            self.tags.remove(name)
            self.steps.append(DropTag(name))

    def publish(self) -> None:
        if self.tags:
            self.steps.append(Publish(self.draw(st.sampled_from(self.tags))))


@st.composite
def plans(draw: st.DrawFn) -> list[Step]:
    return Planner(draw).plan()


def perform(world: World, step: Step, shas: list[str], issues: list[str]) -> None:
    """Do one step on GitHub. Commits come out alike wherever the plan is performed."""
    if isinstance(step, Commit):
        message = f"Change {len(shas)}"
        if step.fixes is not None:
            message = f"Mend it\n\nFixes {issues[step.fixes]}"
        if step.reverts is not None:
            message = f'Revert "it"\n\nThis reverts commit {shas[step.reverts]}.'
        shas.append(world.commit(message, onto=[shas[parent] for parent in step.parents]))
    elif isinstance(step, Push):
        world.push(shas[step.commit], step.branch, force=step.force)
    elif isinstance(step, PutTag):
        world.tag(step.name, shas[step.commit], annotated=step.annotated, force=step.force)
    elif isinstance(step, DropTag):
        world.drop_tag(step.name)
    else:
        world.tick()
        world.github.publish_release(world.web, step.name, name="Out", at=world.moment)
