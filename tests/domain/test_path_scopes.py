"""Path globs: what they match, which are refused, and that hostile ones cost little."""

from __future__ import annotations

import time

import pytest
from pathspec import GitIgnoreSpec

from domain.errors import InvalidError
from domain.path_scopes import LONGEST_GLOB, MOST_GLOBS, PathScope, verify_globs

MATCHES = [
    (["web/"], "web/cart.py", True),
    (["web/"], "api/web/cart.py", True),
    (["/web/"], "api/web/cart.py", False),
    (["web/**", "!web/**/*.md"], "web/notes/today.md", False),
    (["*.py"], "deep/down/cart.py", True),
    (["/*.py"], "deep/cart.py", False),
    (["web/"], "webapp/cart.py", False),
    (["Web/"], "web/cart.py", False),
]


@pytest.mark.parametrize(("globs", "path", "counts"), MATCHES)
def test_globs_are_those_of_gitignore(globs: list[str], path: str, counts: bool) -> None:
    assert PathScope(verify_globs(globs)).touches([path]) is counts


def test_one_path_that_counts_is_enough() -> None:
    assert PathScope(["web/"]).touches(["api/pay.py", "web/cart.py"])
    assert not PathScope(["web/"]).touches([])


@pytest.mark.parametrize("path", ["docs/a.md", "web/cart.py"])
def test_what_one_project_excludes_another_takes(path: str) -> None:
    docs, web = ["docs/"], ["web/", "!docs/"]
    assert PathScope(docs, web).touches([path])
    assert PathScope(web, docs).touches([path])


def test_lines_are_trimmed_and_blank_ones_left_out() -> None:
    assert verify_globs(["  web/ ", "", " "]) == ["web/"]


@pytest.mark.parametrize(
    "lines",
    [
        [f"x{number}" for number in range(MOST_GLOBS + 1)],
        ["x" * (LONGEST_GLOB + 1)],
        ["we\\b"],
        ["we\0b"],
        ["we\tb/x\x7f"],
        ["!web/"],
        ["/"],
        ["!"],
    ],
)
def test_what_is_refused(lines: list[str]) -> None:
    with pytest.raises(InvalidError):
        verify_globs(lines)


@pytest.mark.parametrize("glob", ["a*" * 99 + "b", "**/a/" * 39 + "b", "[" * 200, "*/" * 99 + "b"])
def test_a_hostile_glob_on_hostile_paths_is_quick(glob: str) -> None:
    scope = PathScope(verify_globs([glob]))
    started = time.process_time()
    assert not scope.touches(["a" * 2500, "a/" * 1000 + "c", "[" * 2500])
    assert time.process_time() - started < 2


@pytest.mark.parametrize(
    "path", ["a", "a/b", "a/b/c", "b/a", "a.md", "x/a/b/c.md", "a/x/y/c", "ab"]
)
@pytest.mark.parametrize(
    "glob",
    ["a", "a/", "/a", "a/b", "*.md", "/*.md", "a/**", "**/b", "a/**/c", "a/*", "[ab]", "?", "a*"],
)
def test_single_globs_match_what_gitignore_matches(glob: str, path: str) -> None:
    expected = GitIgnoreSpec.from_lines([glob]).match_file(path)
    assert PathScope([glob]).touches([path]) is expected
