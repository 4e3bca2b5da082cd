"""What came of it, compared with what git and the story say."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from demo.calls import CallCount
from demo.expected import Difference, compare
from demo.product import Release
from demo.story import Scene

MOST_SHOWN = 20  # differences


@dataclass
class Summary:
    """The result of one demonstration."""

    releases: Sequence[Release]
    differences: list[Difference]
    scenes: list[tuple[Scene, list[str]]] = field(default_factory=list)  # with what went wrong
    failed_jobs: int = 0

    @property
    def exact(self) -> int:
        """How many releases hold exactly what git says."""
        wrong = {difference.release for difference in self.differences}
        return sum(release.version not in wrong for release in self.releases)

    @property
    def resolved(self) -> int:
        """How many issues count as resolved by some release."""
        return len({short_id for release in self.releases for short_id in release.resolves})

    @property
    def incomplete(self) -> int:
        return sum(bool(release.incomplete) for release in self.releases)

    @property
    def is_good(self) -> bool:
        problems = any(problems for _, problems in self.scenes)
        return not (self.differences or problems or self.failed_jobs)


def judge(
    expected: Mapping[str, frozenset[str]],
    releases: Sequence[Release],
    scenes: Sequence[Scene],
    failed_jobs: int,
    for_now: Collection[tuple[str, str]] = (),
) -> Summary:
    """Compare everything with everything; *for_now* are releases and what they resolved for a time."""
    lists = {release.version: (release.tags, release.commits) for release in releases}
    summary = Summary(releases, compare(expected, lists), failed_jobs=failed_jobs)
    wrong = {difference.release: difference.text for difference in summary.differences}
    resolves = {release.version: release.resolves for release in releases}
    for scene in scenes:
        problems = [f"{name}: no such release" for name in scene.versions if name not in resolves]
        problems += [f"{name}: {wrong[name]}" for name in scene.versions if name in wrong]
        problems += [
            f"{short_id} was not resolved in {scene.versions[0]}"
            for short_id in scene.resolves_for_now
            if (scene.versions[0], short_id) not in for_now
        ]
        summary.scenes.append((scene, problems + _issue_problems(scene, resolves)))
    return summary


def _issue_problems(scene: Scene, resolves: Mapping[str, Sequence[str]]) -> list[str]:
    problems = []
    for short_id in (*scene.resolves, *scene.leaves_open):
        found = [version for version, short_ids in resolves.items() if short_id in short_ids]
        wanted = [scene.versions[0]] if short_id in scene.resolves else []
        if found != wanted:
            state = f"resolved in {', '.join(found)}" if found else "open"
            problems.append(f"{short_id} is {state}, not {_wanted(wanted)}")
    return problems


def _wanted(versions: Sequence[str]) -> str:
    return f"resolved in {versions[0]}" if versions else "open"


def render(summary: Summary, calls: CallCount, *, deliveries: int, seconds: float) -> str:
    """Return the summary as lines for a terminal."""
    return "\n".join(
        [
            "",
            *_scene_lines(summary),
            *_difference_lines(summary),
            f"Releases made         {len(summary.releases)}",
            f"Exactly as git says   {summary.exact} of {len(summary.releases)}",
            f"Issues resolved       {summary.resolved}",
            f"GitHub API calls      {calls.total} (import {calls.imported}, "
            f"for tags at a branch's head {calls.heads}, otherwise {calls.otherwise})",
            f"Seconds               {seconds:.1f}, {deliveries} deliveries",
            *_warning_lines(summary),
        ]
    )


def _scene_lines(summary: Summary) -> list[str]:
    counts = {release.version: len(release.commits) for release in summary.releases}
    lines = []
    for scene, problems in summary.scenes:
        told = [f"{name}: {_commits(counts[name])}" for name in scene.versions if name in counts]
        told += [f"{short_id} resolved" for short_id in (*scene.resolves, *scene.resolves_for_now)]
        told += [f"{short_id} open" for short_id in scene.leaves_open]
        lines.append(f"  {'✗' if problems else '✓'} {scene.title}")
        lines += [f"      but {text}" for text in problems] or [f"      {', '.join(told)}"]
    return [*lines, ""] if lines else []


def _difference_lines(summary: Summary) -> list[str]:
    """Tell the differences that no scene has told yet."""
    told = {version for scene, _ in summary.scenes for version in scene.versions}
    others = [item for item in summary.differences if item.release not in told]
    lines = [f"  ✗ {item.release}: {item.text}" for item in others[:MOST_SHOWN]]
    return lines + ([f"  … and {len(others) - MOST_SHOWN} more"] if others[MOST_SHOWN:] else [])


def _warning_lines(summary: Summary) -> list[str]:
    lines = []
    if summary.incomplete:
        causes = sorted({release.incomplete for release in summary.releases if release.incomplete})
        lines.append(f"Marked incomplete     {summary.incomplete} ({'; '.join(causes[:3])})")
    if summary.failed_jobs:
        lines.append(f"Failed jobs           {summary.failed_jobs}")
    return lines


def _commits(count: int) -> str:
    return "1 commit" if count == 1 else f"{count} commits"
