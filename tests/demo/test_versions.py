"""How the judge reads tags: lines and order, in tables."""

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from demo.versions import parse_tag
from domain.tags import parse_tag as product_reading


@pytest.mark.parametrize(
    ("tag", "line"),
    [
        ("v1.2.0", ""),
        ("1.2", ""),
        ("release-1.2.0", ""),
        ("releases/v1.2.0", ""),
        ("rel_1.2.0", ""),
        ("version-1.2.0", ""),
        ("tags/1.2.0", ""),
        ("web@1.2.0", "web"),
        ("web/v1.2.0", "web"),
        ("web-1.2.0", "web"),
        ("web_v1.2.0", "web"),
        ("@scope/pkg@1.2.0", "@scope/pkg"),
        ("py3.11-app-1.0.0", "py3.11-app"),
        ("1.2.3.4.5", ""),
        ("v1.2.0-rc.1", ""),
        ("v1.2a1", ""),
        ("1.2.post1", ""),
        ("1.2.dev1", ""),
        ("1.2+build.5", ""),
        ("1.2-database", ""),
        ("1.2+base", ""),
        ("V1.2", ""),
    ],
)
def test_tags_that_name_a_version(tag: str, line: str) -> None:
    name = parse_tag(tag)

    assert name is not None
    assert name.line == line


@pytest.mark.parametrize(
    "tag",
    [
        "v4", "latest", "nightly", "2024-01-15", "go1.21", "2.3.x", "v2.3.x", "2.3.dev", "1.2-branch",
        "1.2-eol", "v1.2-base", "1.2.start", "1.2-deprecated", "v1.2/docs", "wéb", "", "2024-01-15.1",
    ],
)  # fmt: skip
def test_tags_that_name_none(tag: str) -> None:
    assert parse_tag(tag) is None


ASCENDING = [
    "1.0a2", "1.0-beta.2", "1.0-beta.11", "1.0-rc2", "1.0-rc.10", "1.0", "1.0+5", "1.0+12", "1.0+x",
    "1.0-1", "1.0-p1", "1.0.post1", "1.0.0.1-rc1", "1.0.1", "1.1-2-3", "1.1.9", "1.10", "2.0.Final",
    "2.0.1",
]  # fmt: skip


@pytest.mark.parametrize(("lower", "higher"), list(itertools.combinations(ASCENDING, 2)))
def test_the_order(lower: str, higher: str) -> None:
    first, second = parse_tag(lower), parse_tag(higher)

    assert first is not None
    assert second is not None
    assert first.order < second.order


def test_zeros_at_the_end_make_no_difference() -> None:
    short, long = parse_tag("v1.2"), parse_tag("release-1.2.0.0")

    assert short == long


PIECES = st.sampled_from(
    [
        "1.2",
        "1.10",
        ".0",
        "-",
        "_",
        ".",
        "@",
        "/",
        "v",
        "V",
        "rc",
        "RC1",
        "post",
        "p",
        "final",
        "x",
        "dev",
        "branch",
        "base",
        "release",
        "Tags",
        "web",
        "+",
        "7",
        "007",
        "é",
        "1.2.3",
        "2024",
    ]
)
NAMES = st.lists(PIECES, min_size=1, max_size=7).map("".join)


@settings(max_examples=500)
@given(st.lists(NAMES, min_size=2, max_size=2))
def test_the_product_reads_tags_alike(names: list[str]) -> None:
    """Two readings of one definition: neither knows the other."""
    ours = [parse_tag(name) for name in names]
    theirs = [product_reading(name) for name in names]

    assert [name.line if name else None for name in ours] == [
        name.line if name else None for name in theirs
    ]
    if ours[0] and ours[1] and theirs[0] and theirs[1]:
        assert (ours[0].order < ours[1].order) == (theirs[0].order < theirs[1].order)
