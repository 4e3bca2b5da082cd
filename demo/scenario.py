"""The two ways to fill a repository: the story made for the purpose, or the history of a clone."""

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from demo.calls import Heads
from demo.clone import Clone
from demo.github import Account, BareRepository, Repository, StandIn
from demo.play import Courier, progress, push
from demo.product import Product
from demo.replay import acts
from demo.story import ISSUES, SCENES, Scene, Story, play

ORGANIZATION = "acme"
Mode = Literal["live", "import"]


@dataclass
class Scenario:
    """What was played, for the judge: where git can be asked, and what was to happen."""

    clone: Clone
    heads: Heads
    imported: int = 0  # calls made until the import was done, mints included
    scenes: list[Scene] = field(default_factory=list)
    for_now: set[tuple[str, str]] = field(default_factory=set)  # what was resolved along the way


def play_story(github: StandIn, product: Product, courier: Courier, mode: Mode) -> Scenario:
    """Play the story: after the installation, or (*import*) before it and without issues."""
    account = _people(github)
    repository = github.repository(account, "web")
    scenario = Scenario(Clone(repository.git.path), Heads())
    issues = {name: f"WEB-{number}" for number, name in enumerate(ISSUES, 1)}
    if mode == "live":
        scenario.imported = _install(github, courier, account)
        issues = {name: _make_issue(product, title) for name, title in ISSUES.items()}
    story = Story(github, repository, issues, scenario.heads)
    for number, scene in enumerate(play(story), 1):
        courier.deliver()
        scenario.scenes.append(scene)
        if scene.resolves_for_now and mode == "live":
            courier.settle()
            scenario.for_now |= _resolved(product)
        progress(f"Scene {number} of {len(SCENES)}: {scene.title}")
    if mode == "import":
        scenario.scenes = [Scene(scene.title, scene.versions) for scene in scenario.scenes]
        scenario.imported = _install(github, courier, account)
    courier.settle()
    return scenario


def _resolved(product: Product) -> set[tuple[str, str]]:
    """Return which release resolves which issue at this moment."""
    releases = product.releases(ORGANIZATION)
    return {(release.version, short_id) for release in releases for short_id in release.resolves}


def play_history(
    github: StandIn, courier: Courier, path: Path, mode: Mode, directory: Path
) -> Scenario:
    """Replay the clone at *path*: act by act after the installation, or all of it before."""
    clone = Clone(path)
    account = _people(github)
    repository = _borrow(github, account, clone, path, directory)
    scenario = Scenario(clone, Heads())
    if mode == "live":
        scenario.imported = _install(github, courier, account)
        _replay(github, courier, repository, scenario)
    else:
        progress("Making the history")
        repository.git.update_refs({act.ref: act.sha for act in acts(clone)})
        scenario.imported = _install(github, courier, account)
    courier.settle()
    return scenario


def _replay(github: StandIn, courier: Courier, repository: Repository, scenario: Scenario) -> None:
    tags = {tag.name: tag for tag in scenario.clone.tags()}
    done = 0
    for act in acts(scenario.clone):
        if act.is_tag:
            tag = tags[act.ref.removeprefix("refs/tags/")]
            scenario.heads.tag(tag.name, tag.sha, tag.commit)
            done += 1
        else:
            scenario.heads.push(act.ref, act.sha)
        push(github, repository, act)
        courier.deliver()
        progress(f"{done} of {len(tags)} tags")


def _borrow(
    github: StandIn, account: Account, clone: Clone, path: Path, directory: Path
) -> Repository:
    """Make a repository that has all objects of the clone, and none of its refs."""
    name = re.sub(r"[^A-Za-z0-9._-]+", "-", path.resolve().name.removesuffix(".git")).strip("-.")
    git = BareRepository.init(directory / "borrowed.git")
    git.alternate(clone.git_dir)
    return github.repository(account, name or "repository", git.path)


def _people(github: StandIn) -> Account:
    github.user("ana", emails=["ana@acme.example"], name="Ana Lima")
    github.user("ben", emails=["ben@acme.example"], name="Ben Okafor")
    return github.account(ORGANIZATION, "Organization")


def _install(github: StandIn, courier: Courier, account: Account) -> int:
    """Install the App and wait for the import; return how many calls that took."""
    progress("Installing the App")
    github.install(account)
    courier.deliver()
    courier.settle()
    return len(github.calls)


def _make_issue(product: Product, title: str) -> str:
    return product.flask("issue", "create", "--org", ORGANIZATION, "--project", "web", title)
