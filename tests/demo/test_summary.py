"""The summary says what is wrong, and where; calls are counted by their occasion."""

from dataclasses import dataclass, field, replace

import pytest

from demo.calls import CallCount, Heads, count_calls
from demo.product import Release
from demo.story import Scene
from demo.summary import judge, render

EXPECTED = {"v1.0": frozenset({"a"}), "v1.1": frozenset({"b"})}
SCENES = [
    Scene("The first", ("web@1.0",)),
    Scene("A fix", ("web@1.1",), resolves=("WEB-1",), leaves_open=("WEB-2",)),
]
FIRST = Release("web@1.0", ("v1.0",), ("a",))


def second(*commits: str, resolves: tuple[str, ...] = ("WEB-1",)) -> Release:
    return Release("web@1.1", ("v1.1",), commits, resolves)


def test_all_is_well() -> None:
    summary = judge(EXPECTED, [FIRST, second("b")], SCENES, 0)

    assert summary.is_good
    text = render(summary, CallCount(2, 0, 1), deliveries=9, seconds=1.5)
    assert "✗" not in text
    assert "Exactly as git says   2 of 2" in text
    assert "Issues resolved       1" in text
    assert "GitHub API calls      3 (import 2, for tags at a branch's head 0, otherwise 1)" in text


@pytest.mark.parametrize(
    ("releases", "failed", "complaint"),
    [
        ([FIRST, second("a", "b")], 0, "web@1.1: 1 commits by git: 1 too many (a)"),
        ([FIRST], 0, "web@1.1: no such release"),
        (
            [replace(FIRST, resolves=("WEB-1",)), second("b", resolves=())],
            0,
            "WEB-1 is resolved in web@1.0, not resolved in web@1.1",
        ),
        ([FIRST, second("b", resolves=())], 0, "WEB-1 is open, not resolved in web@1.1"),
        (
            [FIRST, second("b", resolves=("WEB-1", "WEB-2"))],
            0,
            "WEB-2 is resolved in web@1.1, not open",
        ),
        ([FIRST, second("b")], 3, "Failed jobs           3"),
    ],
    ids=["too-many", "missing", "wrong-release", "unresolved", "resolved-in-error", "failed-job"],
)
def test_what_is_wrong_is_named(releases: list[Release], failed: int, complaint: str) -> None:
    summary = judge(EXPECTED, releases, SCENES, failed)

    assert not summary.is_good
    assert complaint in render(summary, CallCount(0, 0, 0), deliveries=0, seconds=0)


def test_a_list_that_says_it_is_incomplete_is_named_though_it_is_right() -> None:
    first = replace(FIRST, incomplete="the history is not known")

    summary = judge(EXPECTED, [first, second("b")], SCENES, 0)

    assert summary.is_good
    text = render(summary, CallCount(0, 0, 0), deliveries=0, seconds=0)
    assert "Marked incomplete     1 (the history is not known)" in text


@pytest.mark.parametrize(
    ("for_now", "good"), [({("web@1.0", "WEB-3")}, True), ({("web@1.1", "WEB-3")}, False)]
)
def test_what_is_opened_again_must_have_been_resolved(
    for_now: set[tuple[str, str]], good: bool
) -> None:
    scenes = [Scene("A fix", ("web@1.0",), resolves_for_now=("WEB-3",))]

    summary = judge(EXPECTED, [FIRST, second("b")], scenes, 0, for_now)

    assert summary.is_good is good


@dataclass
class Asked:
    path: str
    query: dict[str, str] = field(default_factory=dict)
    mints_token: bool = False


def test_calls_are_counted_by_occasion() -> None:
    heads = Heads()
    at_head, beside, tag_object, base = "a" * 40, "b" * 40, "c" * 40, "d" * 40
    heads.push("refs/heads/main", at_head)
    heads.tag("sub/v1.0", tag_object, at_head)
    heads.tag("v1.1", beside, beside)
    api = "/repos/acme/web"
    calls = [
        Asked("/app/installations/1/access_tokens", mints_token=True),
        Asked("/installation/repositories"),
        Asked(f"{api}/git/tags/{tag_object}"),
        Asked(f"{api}/git/ref/tags/sub%2Fv1.0"),
        Asked(f"{api}/compare/{base}...{at_head}"),
        Asked(f"{api}/commits", {"sha": at_head}),
        Asked(f"{api}/compare/{at_head}...{beside}"),
        Asked("/app/installations/1/access_tokens", mints_token=True),
        Asked(f"{api}/git/ref/tags/v1.1"),
    ]

    assert count_calls(calls, heads, imported=2) == CallCount(imported=1, heads=4, otherwise=2)
