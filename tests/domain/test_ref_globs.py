"""Globs for tags and branches: what they take, what is refused, and that time stays linear."""

from __future__ import annotations

import time
from fnmatch import fnmatchcase

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import InvalidError
from domain.ref_globs import read_globs, split_globs


def takes(text: str, name: str) -> bool:
    return read_globs(tuple(split_globs(text))).take(name)


@pytest.mark.parametrize(
    ("globs", "taken", "refused"),
    [
        ("main", ["main"], ["Main", "main2", "amain", ""]),
        ("release/*", ["release/1", "release/a/b", "release/"], ["release"]),
        ("v?.?", ["v1.2"], ["v1", "v10.2"]),
        ("*-rc*", ["1-rc", "1-rc-2"], ["1rc"]),
        ("main, dev\nrelease/*", ["main", "dev", "release/1"], ["feature"]),
        ("!renovate/*", ["main", "x"], ["renovate/y"]),
        ("* !wip/*", ["main"], ["wip/a"]),
        ("!v1.0 v*", ["v1.1"], ["v1.0"]),
        ("a.c", ["a.c"], ["abc"]),
        ("*a*b*c*", ["xaxbxcx", "abc"], ["acb", "ab"]),
    ],
)
def test_what_globs_take(globs: str, taken: list[str], refused: list[str]) -> None:
    assert [name for name in taken if not takes(globs, name)] == []
    assert [name for name in refused if takes(globs, name)] == []


@given(st.text("ab*?", min_size=1, max_size=8), st.text("ab", max_size=10))
def test_as_the_shell_reads_them(glob: str, name: str) -> None:
    assert takes(glob, name) == fnmatchcase(name, glob)


def test_a_glob_made_to_be_slow_takes_time_linear_in_the_name() -> None:
    glob, name = "*a" * 90 + "*b", "a" * 200_000
    began = time.process_time()
    assert not takes(glob, name)
    assert time.process_time() - began < 2


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("v[12]*", "holds ["),
        ("v{1}", "holds {"),
        ("a\\b", "holds \\"),
        ("a:b", "holds :"),
        ("a\x01b", "a control character"),
        ("!", "excludes nothing"),
        ("!!a", "excludes nothing"),
        ("a" * 201, "at most 200"),
        (",".join(f"b{n}" for n in range(51)), "at most 50"),
    ],
)
def test_what_is_refused_says_why(text: str, words: str) -> None:
    with pytest.raises(InvalidError) as caught:
        split_globs(text)
    assert words in str(caught.value)
