"""A replay at the stand-in: it takes every push, and ends with the refs of the original."""

from pathlib import Path

from demo.clone import Clone
from demo.github import BareRepository, StandIn
from demo.play import push
from demo.replay import acts, final_refs
from tests.demo.repositories import Drawing


def test_the_stand_in_takes_every_act(tmp_path: Path) -> None:
    drawing = Drawing(tmp_path / "drawn")
    drawing.chain("abcd")
    drawing.chain("xy", "b")
    drawing.commit("m", "d", "y")
    drawing.chain("z", "y")
    drawing.main("m")
    drawing.tag("v1.0.0", "b")
    drawing.tag("v1.0.1", "y", note=True)
    drawing.tag("v1.0.2", "z", note=True)
    drawing.tag("v2.0.0", "m")
    drawing.tag("v1.5.0", "c", note=True)
    clone = drawing.clone()
    git = BareRepository.init(tmp_path / "borrowed.git")
    git.alternate(clone.git_dir)

    with StandIn(tmp_path / "github") as github:
        account = github.account("acme", "Organization")
        repository = github.repository(account, "web", git.path)
        github.install(account)
        assert Clone(git.path).tags() == []
        for act in acts(clone):
            push(github, repository, act)
        events = [delivery.event for delivery in github.queued]

    assert {ref.name: ref.sha for ref in git.refs()} == final_refs(clone)
    assert events.count("create") == 5 + 2  # tags; main and one branch
    assert sorted(Clone(git.path).tags(), key=lambda tag: tag.name) == clone.tags()
