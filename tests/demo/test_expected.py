"""The judge against lists written by hand."""

from pathlib import Path

import pytest

from demo.clone import Clone, CloneError
from demo.expected import Difference, compare, expected_lists
from tests.demo.repositories import Drawing


@pytest.fixture
def drawing(tmp_path: Path) -> Drawing:
    return Drawing(tmp_path / "drawn here")


def judged(drawing: Drawing) -> dict[str, str]:
    """Return what the judge expects, spelled in letters."""
    return {
        name: drawing.letters(commits) for name, commits in expected_lists(drawing.clone()).items()
    }


def test_each_release_holds_what_came_since_the_one_before(drawing: Drawing) -> None:
    drawing.chain("abcde")
    drawing.tag("v1.0.0", "b")
    drawing.tag("v1.1.0", "e")

    assert judged(drawing) == {"v1.0.0": "ab", "v1.1.0": "cde"}


def test_a_maintenance_release_after_the_next_version(drawing: Drawing) -> None:
    drawing.chain("abcd")
    drawing.tag("v1.0.0", "b")
    drawing.tag("v2.0.0", "d")
    drawing.chain("xy", "b")
    drawing.tag("v1.0.1", "y")

    assert judged(drawing) == {"v1.0.0": "ab", "v2.0.0": "cd", "v1.0.1": "xy"}


def test_a_higher_version_made_earlier_is_left_out_only_as_an_ancestor(drawing: Drawing) -> None:
    drawing.chain("abc")
    drawing.tag("v2.0.0", "b")
    drawing.tag("v1.9.0", "c")  # numbered lower, though it stands on 2.0.0
    drawing.commit("x", "a")
    drawing.tag("v1.8.0", "x")  # beside both

    assert judged(drawing) == {"v2.0.0": "ab", "v1.9.0": "c", "v1.8.0": "ax"}


def test_several_lower_versions_are_left_out_together(drawing: Drawing) -> None:
    drawing.chain("ab")
    drawing.tag("v1.0.0", "b")
    drawing.chain("xy", "b")
    drawing.tag("v1.0.1", "y")
    drawing.chain("cd", "b")
    drawing.tag("v1.1.0", "d")
    drawing.commit("m", "d", "y")
    drawing.tag("v1.2.0", "m")

    assert judged(drawing)["v1.2.0"] == "m"


def test_a_tag_filled_in_late_counts_from_its_own_time(drawing: Drawing) -> None:
    drawing.chain("abc")
    drawing.tag("v1.2.0", "a")
    drawing.tag("v1.2.2", "c")
    drawing.tag("v1.2.1", "b", note=True)  # annotated now, after 1.2.2

    assert judged(drawing) == {"v1.2.0": "a", "v1.2.2": "bc", "v1.2.1": "b"}


def test_a_light_tag_was_made_when_its_commit_was(drawing: Drawing) -> None:
    drawing.chain("abc")
    drawing.tag("v1.2.0", "a")
    drawing.tag("v1.2.2", "c")
    drawing.tag("v1.2.1", "b")

    assert judged(drawing) == {"v1.2.0": "a", "v1.2.1": "b", "v1.2.2": "c"}


def test_prefixes_make_lines_of_their_own(drawing: Drawing) -> None:
    drawing.chain("abcd")
    drawing.tag("v1.0.0", "b")
    drawing.tag("api/v1.0.0", "c")
    drawing.tag("cli@1.0.0", "c")
    drawing.tag("api-1.1.0", "d")
    drawing.tag("latest", "d")
    drawing.tag("1.0.x", "d")

    assert judged(drawing) == {
        "v1.0.0": "ab",
        "api/v1.0.0": "abc",
        "cli@1.0.0": "abc",
        "api-1.1.0": "d",
    }


def test_the_same_commit_tagged_twice(drawing: Drawing) -> None:
    drawing.chain("abc")
    drawing.tag("v1.0.0-rc.1", "b")
    drawing.tag("v1.0.0", "b", note=True)

    assert judged(drawing) == {"v1.0.0-rc.1": "ab", "v1.0.0": ""}


def test_tags_of_other_things_and_tags_of_tags(drawing: Drawing) -> None:
    drawing.chain("abc")
    drawing.tag("v1.0.0", "a", note=True)
    drawing.tag("v1.1.0-inner", "c", note=True)
    drawing.tag("v1.1.0", "v1.1.0-inner", note=True)
    drawing.tag("v3.0.0", drawing.git("mktree"))
    drawing.tag("v3.1.0", drawing.git("hash-object", "-w", "/dev/null"), note=True)

    assert judged(drawing) == {"v1.0.0": "a", "v1.1.0-inner": "bc", "v1.1.0": ""}


def test_two_roots(drawing: Drawing) -> None:
    drawing.chain("ab")
    drawing.chain("xy")
    drawing.commit("m", "b", "y")
    drawing.tag("v1.0.0", "b")
    drawing.tag("v1.1.0", "m")

    assert judged(drawing) == {"v1.0.0": "ab", "v1.1.0": "mxy"}


def test_a_shallow_clone_is_refused(drawing: Drawing, tmp_path: Path) -> None:
    drawing.chain("ab")
    drawing.main("b")
    source, copy = f"file://{drawing.path}", tmp_path / "copy"
    drawing.git("clone", "-q", "--depth=1", source, str(copy), inside=False)

    with pytest.raises(CloneError, match="shallow"):
        Clone(copy)


EXPECTED = {"v1.0": frozenset({"a", "b"}), "1.0": frozenset(), "v1.1": frozenset({"c"})}


@pytest.mark.parametrize(
    ("releases", "differences"),
    [
        pytest.param(
            {"web@1.0": (["v1.0", "1.0"], ["b", "a"]), "web@1.1": (["v1.1"], ["c"])},
            [],
            id="as-it-should-be",
        ),
        pytest.param(
            {"web@1.0": (["v1.0", "1.0"], ["b"]), "web@1.1": (["v1.1"], ["c", "d"])},
            ["2 commits by git: 1 missing (a)", "1 commits by git: 1 too many (d)"],
            id="one-too-few-and-one-too-many",
        ),
        pytest.param(
            {"web@1.0": (["v1.0", "1.0"], ["b", "a", "a"]), "web@1.1": (["v1.1"], ["c"])},
            ["2 commits by git: 1 listed twice"],
            id="listed-twice",
        ),
        pytest.param(
            {"web@1.0": (["v1.0", "1.0"], ["b", "a"])},
            ["there is no release for this tag"],
            id="a-release-is-missing",
        ),
        pytest.param(
            {
                "web@1.0": (["v1.0", "1.0"], ["b", "a"]),
                "web@1.1": (["v1.1", "nightly"], ["c"]),
            },
            ["made by nightly, which names no version"],
            id="made-by-a-tag-without-a-version",
        ),
    ],
)
def test_differences_are_named(
    releases: dict[str, tuple[list[str], list[str]]], differences: list[str]
) -> None:
    found: list[Difference] = compare(EXPECTED, releases)

    assert [difference.text for difference in found] == differences
