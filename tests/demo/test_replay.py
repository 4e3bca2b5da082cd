"""A history turned into acts: what a person would have pushed, and when."""

from itertools import pairwise
from pathlib import Path

import pytest

from demo.replay import Act, acts, final_refs
from tests.demo.repositories import Drawing


@pytest.fixture
def drawing(tmp_path: Path) -> Drawing:
    return Drawing(tmp_path / "drawn")


def told(drawing: Drawing, found: list[Act]) -> list[str]:
    """Spell acts as `main=b` and `v1.0=b`."""
    names = {sha: letter for letter, sha in drawing.shas.items()}
    short = [act.ref.split("/", 2)[2] for act in found]
    return [f"{ref}={names.get(act.sha, '*')}" for ref, act in zip(short, found, strict=True)]


def test_the_main_line_grows_and_is_tagged(drawing: Drawing) -> None:
    drawing.chain("abcd")
    drawing.main("d")
    drawing.tag("v1.0.0", "b")
    drawing.tag("v1.1.0", "c")

    assert told(drawing, list(acts(drawing.clone()))) == [
        "main=b",
        "v1.0.0=b",
        "main=c",
        "v1.1.0=c",
        "main=d",
    ]


def test_a_release_beside_the_main_line_has_a_branch_of_its_own(drawing: Drawing) -> None:
    drawing.chain("abcd")
    drawing.main("d")
    drawing.tag("v1.0.0", "b")
    drawing.tag("v2.0.0", "d")
    drawing.chain("xyz", "b")
    drawing.tag("v1.0.1", "y")
    drawing.tag("v1.0.2", "z")

    assert told(drawing, list(acts(drawing.clone()))) == [
        "main=b",
        "v1.0.0=b",
        "main=d",
        "v2.0.0=d",
        "maintenance-2=b",
        "maintenance-2=y",
        "v1.0.1=y",
        "maintenance-2=z",
        "v1.0.2=z",
    ]


def test_the_branch_comes_first_when_it_is_released_before_the_main_line(drawing: Drawing) -> None:
    drawing.chain("ab")
    drawing.chain("xy", "a")
    drawing.tag("v0.9.0", "y")
    drawing.chain("cd", "b")
    drawing.tag("v1.0.0", "d")
    drawing.main("d")

    assert told(drawing, list(acts(drawing.clone()))) == [
        "main=a",
        "maintenance-2=a",
        "maintenance-2=y",
        "v0.9.0=y",
        "main=d",
        "v1.0.0=d",
    ]


def test_an_older_commit_that_is_there_already_is_only_tagged(drawing: Drawing) -> None:
    drawing.chain("abc")
    drawing.main("c")
    drawing.tag("v1.0.0", "c")
    drawing.tag("v0.9.0", "a", note=True)

    assert told(drawing, list(acts(drawing.clone()))) == ["main=c", "v1.0.0=c", "v0.9.0=*"]


def test_a_merged_side_is_part_of_the_push_of_its_merge(drawing: Drawing) -> None:
    drawing.chain("ab")
    drawing.chain("xy", "a")
    drawing.commit("m", "b", "y")
    drawing.main("m")
    drawing.tag("v1.0.0", "m")
    drawing.tag("v0.9.0", "x", note=True)

    assert told(drawing, list(acts(drawing.clone()))) == ["main=m", "v1.0.0=m", "v0.9.0=*"]


def test_another_root_starts_a_branch_that_stands_alone(drawing: Drawing) -> None:
    drawing.chain("ab")
    drawing.main("b")
    drawing.chain("xy")
    drawing.tag("v1.0.0", "b")
    drawing.tag("docs-1.0.0", "y")
    drawing.tag("tree", drawing.git("mktree"))

    assert told(drawing, list(acts(drawing.clone()))) == [
        "main=b",
        "v1.0.0=b",
        "maintenance-2=y",
        "docs-1.0.0=y",
    ]


def test_tags_of_one_moment_come_by_version_then_by_name(drawing: Drawing) -> None:
    drawing.commit("a")
    drawing.main("a")
    for name in ("zebra", "v1.10.0", "v1.9.0", "v1.9", "apple"):
        drawing.tag(name, "a")

    tags = told(drawing, [act for act in acts(drawing.clone()) if act.is_tag])

    assert tags == ["v1.9=a", "v1.9.0=a", "v1.10.0=a", "apple=a", "zebra=a"]


def test_time_never_goes_back(drawing: Drawing) -> None:
    drawing.commit("a", hour=50)
    drawing.commit("b", "a", hour=5000)  # a clock that was wrong
    drawing.commit("c", "b", hour=60)
    drawing.main("c")
    drawing.tag("v1.0.0", "c")
    drawing.tag("v1.1.0", "c", note=True, hour=70)

    found = list(acts(drawing.clone()))

    assert all(one.at <= two.at for one, two in pairwise(found))
    assert found[-1].at == 1_700_000_000 + 3600 * 70


def test_a_long_way_is_pushed_in_portions(drawing: Drawing) -> None:
    stream = [b"blob\nmark :1\ndata 0\n"]
    stream += [
        b"commit refs/heads/main\ncommitter A <a@acme.example> %d +0000\ndata 1\nx\n" % (9**9 + n)
        for n in range(1201)
    ]
    path = drawing.path.parent / "stream"
    path.write_bytes(b"\n".join(stream))
    drawing.git("config", "alias.load", f"!git fast-import --quiet < '{path}'")
    drawing.git("load")
    drawing.tag("v1.0.0", "main")
    clone = drawing.clone()

    found = list(acts(clone))

    counts = [int(clone.run("rev-list", "--count", act.sha)) for act in found]
    assert counts == [500, 1000, 1201, 1201]


def test_an_installation_that_comes_last_finds_every_ref(drawing: Drawing) -> None:
    drawing.chain("abc")
    drawing.main("c")
    drawing.tag("v1.0.0", "a")
    drawing.tag("ünï-côde", "b")

    refs = final_refs(drawing.clone())

    assert refs == {
        "refs/heads/main": drawing.shas["c"],
        "refs/tags/v1.0.0": drawing.shas["a"],
        "refs/tags/ünï-côde": drawing.shas["b"],
    }


def test_a_repository_without_anything_has_no_acts(drawing: Drawing) -> None:
    assert list(acts(drawing.clone())) == []
