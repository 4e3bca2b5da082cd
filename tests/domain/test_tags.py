"""Lines and order of tags: membership.md, "Definitions", and sentry-api.md 3.3."""

import time
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.tags import TagVersion, parse_tag


def read(name: str) -> tuple[str, str, str] | None:
    tag = parse_tag(name)
    return (tag.line, tag.prefix, tag.text) if tag else None


def get_tag(name: str) -> TagVersion:
    tag = parse_tag(name)
    assert tag is not None, name
    return tag


LINES = {
    "1.2.3": ("", "", "1.2.3"),
    "v1.2.3": ("", "", "1.2.3"),
    "V1.2": ("", "", "1.2"),
    "v1.2.3-rc.1": ("", "", "1.2.3-rc.1"),
    "1.0a1": ("", "", "1.0a1"),
    "1.2.post1": ("", "", "1.2.post1"),
    "1.0.dev1": ("", "", "1.0.dev1"),
    "1.0-dev": ("", "", "1.0-dev"),
    "v2.0.0+build.5": ("", "", "2.0.0+build.5"),
    "v1.0+5.Branch.main": ("", "", "1.0+5.Branch.main"),
    "2026.01.15": ("", "", "2026.01.15"),
    "1.2.3.4.5.6": ("", "", "1.2.3.4.5.6"),
    "release-1.2.0": ("", "release", "1.2.0"),
    "Release/v1.2.0": ("", "Release", "1.2.0"),
    "releases/1.2.0": ("", "releases", "1.2.0"),
    "rel_1.0": ("", "rel", "1.0"),
    "rels_1.0": ("", "rels", "1.0"),
    "REL-1.0.final": ("", "REL", "1.0.final"),
    "version-1.0": ("", "version", "1.0"),
    "VERSIONS/1.0": ("", "VERSIONS", "1.0"),
    "tag@1.0": ("", "tag", "1.0"),
    "tags/1.0": ("", "tags", "1.0"),
    "v-1.0": ("", "v", "1.0"),
    "_1.0": ("", "", "1.0"),
    "@1.0": ("", "", "1.0"),
    "web@1.2.0": ("web", "web", "1.2.0"),
    "web-v1.2.0": ("web", "web", "1.2.0"),
    "web_1.2.0": ("web", "web", "1.2.0"),
    "web/V1.2.0": ("web", "web", "1.2.0"),
    "web--1.2.0": ("web", "web", "1.2.0"),
    "@scope/pkg@1.2.3": ("@scope/pkg", "@scope/pkg", "1.2.3"),
    "sub/v1.2.3": ("sub", "sub", "1.2.3"),
    "a/b/v1.2.3": ("a/b", "a/b", "1.2.3"),
    "py-lib-1.0": ("py-lib", "py-lib", "1.0"),
    "web-release-1.0": ("web-release", "web-release", "1.0"),
    "log4j-2.17.1": ("log4j", "log4j", "2.17.1"),
    "python3-3.11.2": ("python3", "python3", "3.11.2"),
    "3.11/lib-1.0": ("3.11/lib", "3.11/lib", "1.0"),
    "1.2.3-web-2.0": ("", "", "1.2.3-web-2.0"),
    "stable-1.2-rc1": ("stable", "stable", "1.2-rc1"),
    "jdk-11.0.2+9": ("jdk", "jdk", "11.0.2+9"),
    "größe-1.0": ("größe", "größe", "1.0"),
    "1.2-database": ("", "", "1.2-database"),
    "1.2-restart": ("", "", "1.2-restart"),
    "1.2.x86": ("", "", "1.2.x86"),
}


@pytest.mark.parametrize(("name", "expected"), LINES.items(), ids=LINES.keys())
def test_tags_of_a_line(name: str, expected: tuple[str, str, str]) -> None:
    assert read(name) == expected


NO_LINE = [
    *(
        "latest",
        "nightly",
        "stable",
        "v4",
        "v",
        "1",
        "4-lts",
        "",
        "-",
        "1.",
        ".1",
        "v.1.2",
        "release",
    ),
    *("2024-01-15", "2024-01-15.1", "20240115", "rel_1_0", "REL_15_2", "8u292-b10", "1-2-3"),
    *("2.3.x", "v2.3.X", "2.x", "1.x.2", "2.3.x-maintained", "1.0.dev", "1.0.DEV", "web@1.0.dev"),
    *(
        "stable-1.2-branch",
        "1.2-branchpoint",
        "1.2-eol",
        "1.2.EOL",
        "1.2eol",
        "1.2_base",
        "1.2-start",
    ),
    *("v1.2-deprecated", "web@1.0-deprecated.2", "1.2-rc1-base"),
    *(
        "go1.20.1",
        "n4.4.1",
        "web1.0",
        "release1.2",
        "1.2.3/sub",
        "1.2.3@web",
        "web v1.0",
        "1.0\n",
        "1.0 rc",
    ),
    *("٣.٤.٣", "\x00-1.0"),
]


@pytest.mark.parametrize("name", NO_LINE, ids=repr)
def test_tags_of_no_line(name: str) -> None:
    assert parse_tag(name) is None


# Each is lower than the next.
ASCENDING = [
    "0.0", "0.0.0.1", "0.9", "0.10", "1.0-a", "1.0a1", "1.0-a2", "1.0-alpha", "1.0-beta.2",
    "1.0-beta.11", "1.0-beta.11.1", "1.0.dev1", "1.0.M1", "1.0-rc", "1.0-rc2", "1.0rc10", "1.0-rc10-1", "1.0-rc10-a",
    "1.0", "1.0+0", "1.0+2", "1.0+10", "1.0+10.1", "1.0+a",
    "1.0-1", "1.0-1.1", "1.0-2", "1.0-10", "1.0.final", "1.0-lts", "1.0-p1", "1.0-p2", "1.0.post1",
    "1.0-post2", "1.0-r3", "1.0.0.0.1", "1.0.1-rc1", "1.0.1", "1.1", "1.10", "2.0", f"{'9' * 5000}.0",
    f"1{'0' * 5000}.0",
]  # fmt: skip


@pytest.mark.parametrize(("lower", "higher"), list(pairwise(ASCENDING)), ids=lambda name: name[:20])
def test_order(lower: str, higher: str) -> None:
    assert get_tag(lower).order < get_tag(higher).order


def test_order_is_total() -> None:
    orders = [get_tag(name).order for name in ASCENDING]
    assert sorted(set(orders)) == orders


EQUAL = {
    "missing numbers are 0": ("1.2", "v1.2.0.0"),
    "zeros alone": ("0.0", "0.0.0"),
    "leading zeros": ("1.02", "1.2"),
    "separators and case of a suffix": ("1.0-RC.1", "1.0rc1"),
    "leading zeros in a suffix": ("1.0-rc01", "1.0-rc1"),
    "prefix": ("web@1.0", "api/v1.0"),
    "empty build": ("1.0+", "1.0"),
    "build's leading zeros": ("1.0+05", "1.0+5"),
}


@pytest.mark.parametrize(("left", "right"), EQUAL.values(), ids=EQUAL.keys())
def test_equal_versions(left: str, right: str) -> None:
    assert get_tag(left).order == get_tag(right).order
    assert hash(get_tag(left).order) == hash(get_tag(right).order)


NUMBERS = st.lists(st.integers(0, 10**6), min_size=2, max_size=6)
PREFIXES = st.from_regex(r"[a-z][a-z0-9]{0,5}([-/_@][a-z][a-z0-9]{0,5}){0,2}", fullmatch=True)


@given(NUMBERS, NUMBERS)
def test_final_versions_compare_as_lists_of_numbers(left: list[int], right: list[int]) -> None:
    length = max(len(left), len(right))
    padded = [numbers + [0] * (length - len(numbers)) for numbers in (left, right)]
    orders = [get_tag(".".join(map(str, numbers))).order for numbers in (left, right)]
    assert (orders[0] < orders[1]) == (padded[0] < padded[1])
    assert (orders[0] == orders[1]) == (padded[0] == padded[1])


@given(PREFIXES, NUMBERS, st.sampled_from("@/-_"), st.sampled_from(["", "v", "V"]))
def test_v_and_kind_of_separator_make_no_difference(
    prefix: str, numbers: list[int], separator: str, v: str
) -> None:
    text = ".".join(map(str, numbers))
    tag = get_tag(f"{prefix}{separator}{v}{text}")
    assert (tag.prefix, tag.text) == (prefix, text)
    assert tag == get_tag(f"{prefix}@{text}")


TAG_LIKE = st.text(st.sampled_from("v0129..--_@/+xabrc "), max_size=30)


@given(st.lists(st.one_of(st.text(), TAG_LIKE)))
def test_all_names_that_belong_to_a_line_can_be_sorted(names: list[str]) -> None:
    tags = [tag for name in names if (tag := parse_tag(name))]
    ascending = sorted(tags, key=lambda tag: tag.order)
    assert all(lower.order <= higher.order for lower, higher in pairwise(ascending))


@given(st.one_of(st.text(), TAG_LIKE))
def test_a_tag_is_its_prefix_and_its_text(name: str) -> None:
    if tag := parse_tag(name):
        assert name.startswith(tag.prefix)
        assert name.endswith(tag.text)
        assert set(name[len(tag.prefix) : -len(tag.text)]) <= set("@/-_vV")
        assert tag.line in ("", tag.prefix)


HOSTILE = {
    "digits": "1",
    "numbers": "1.",
    "dotted digits": "1.1",
    "versions": "1.1-",
    "versions, no line": "1.1/",
    "almost versions": "1-",
    "separators": "-",
    "vs": "-v",
    "words": "1.0-a1",
    "zeros": "0.",
}


@pytest.mark.parametrize("piece", HOSTILE.values(), ids=HOSTILE.keys())
@pytest.mark.parametrize("end", ["", "/", "@x", ".0", "\n", "+1"], ids=repr)
def test_a_long_tag_is_read_at_once(piece: str, end: str) -> None:
    started = time.process_time()
    parse_tag("1.0-" + piece * (200_000 // len(piece)) + end)
    parse_tag(piece * (200_000 // len(piece)) + end)
    assert time.process_time() - started < 1
