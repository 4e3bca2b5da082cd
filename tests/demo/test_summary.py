"""The summary says what is wrong, and where; calls are counted by their occasion."""

from dataclasses import dataclass, field

import pytest

from demo.calls import CallCount, Heads, count_calls
from demo.product import Issue, Release
from demo.story import Scene
from demo.summary import judge, render

EXPECTED = {"v1.0": frozenset({"a"}), "v1.1": frozenset({"b"})}
SCENES = [
    Scene("The first", ("web@1.0",)),
    Scene("A fix", ("web@1.1",), resolves=("WEB-1",), leaves_open=("WEB-2",)),
]
OPEN = Issue("WEB-2", "unresolved", None)
FIXED = Issue("WEB-1", "resolved", "web@1.1")
FIRST = Release("web@1.0", "web", ("v1.0",), ("a",), "complete")


def second(*commits: str) -> Release:
    return Release("web@1.1", "web", ("v1.1",), commits, "complete")


def test_all_is_well() -> None:
    issues = {"WEB-1": FIXED, "WEB-2": OPEN}

    summary = judge(EXPECTED, [FIRST, second("b")], issues, SCENES, 0)

    assert summary.is_good
    text = render(summary, CallCount(2, 0, 1), deliveries=9, seconds=1.5)
    assert "✗" not in text
    assert "Exactly as git says   2 of 2" in text
    assert "Issues resolved       1 of 2" in text
    assert "GitHub API calls      3 (import 2, for tags at a branch's head 0, otherwise 1)" in text


@pytest.mark.parametrize(
    ("releases", "issues", "failed", "complaint"),
    [
        ([FIRST, second("a", "b")], [FIXED, OPEN], 0, "web@1.1: 1 commits by git: 1 too many (a)"),
        ([FIRST], [FIXED, OPEN], 0, "web@1.1: no such release"),
        (
            [FIRST, second("b")],
            [Issue("WEB-1", "resolved", "web@1.0"), OPEN],
            0,
            "WEB-1 is resolved in web@1.0, not resolved in web@1.1",
        ),
        ([FIRST, second("b")], [OPEN], 0, "WEB-1 is not there, not resolved in web@1.1"),
        (
            [FIRST, second("b")],
            [FIXED, Issue("WEB-2", "resolved", "web@1.1")],
            0,
            "WEB-2 should be open",
        ),
        ([FIRST, second("b")], [FIXED, OPEN], 3, "Failed jobs           3"),
    ],
    ids=["too-many", "missing", "wrong-release", "no-issue", "resolved-in-error", "failed-job"],
)
def test_what_is_wrong_is_named(
    releases: list[Release], issues: list[Issue], failed: int, complaint: str
) -> None:
    by_id = {issue.short_id: issue for issue in issues}

    summary = judge(EXPECTED, releases, by_id, SCENES, failed)

    assert not summary.is_good
    assert complaint in render(summary, CallCount(0, 0, 0), deliveries=0, seconds=0)


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
