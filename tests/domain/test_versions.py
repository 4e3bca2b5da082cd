"""Names of releases: sentry-api.md 3.1 and 3.2, interface.md, "Automatic behaviour", 3."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.tags import parse_tag
from domain.versions import (
    compare,
    is_valid_version,
    parse_version,
    release_version,
    version_problem,
)

VALID = [
    *(
        "1.0",
        "web@1.0",
        "my app@1.0",
        " 1.0 ",
        "latest-1",
        "...",
        "v" * 200,
        "a\x01b",
        "ä@1.0",
        "@",
    ),
]


@pytest.mark.parametrize("version", VALID, ids=repr)
def test_allowed_names(version: str) -> None:
    assert version_problem(version) is None
    assert is_valid_version(version)


INVALID = [
    *("", " ", "\u3000", ".", "..", " . ", "latest", "Latest", " LATEST ", "a/b", "a\\b"),
    *("a\nb", "a\rb", "a\tb", "a\fb", "1.0\n", "a\x00b", "a\ud800b"),
]


@pytest.mark.parametrize("version", INVALID, ids=repr)
def test_names_that_are_not_allowed(version: str) -> None:
    assert version_problem(version) == f"Release with name {version} is not allowed"
    assert not is_valid_version(version)


def test_a_name_that_is_too_long() -> None:
    assert version_problem("/" * 201) == "Ensure this field has no more than 200 characters."


HASH = "a86d127c4b2f0e8d9a6b5c4d3e2f1a0b9c8d8676"

# Name: package, numbers, pre-release, build, description, build hash.
PARSED = {
    "my-app@1.2.3-rc1+500": ("my-app", (1, 2, 3), "rc1", "500", "1.2.3-rc1 (500)", None),
    "@scope.pkg@1.0a+build-code": (
        "@scope.pkg",
        (1, 0),
        "a",
        "build-code",
        "1.0a (build-code)",
        None,
    ),
    "pkg@1.2.3.04": ("pkg", (1, 2, 3, 4), None, None, "1.2.3.04", None),
    HASH: (None, (), None, None, "a86d127c4b2f", HASH),
    f"pkg@{HASH}": ("pkg", (), None, None, "a86d127c4b2f", HASH),
    f"pkg@1.0a+{HASH}": ("pkg", (1, 0), "a", HASH, "1.0a (a86d127c4b2f)", HASH),
    "1.2.3": (None, (), None, None, "1.2.3", None),
    "anything": (None, (), None, None, "anything", None),
    "pkg@1": ("pkg", (1,), None, None, "1", None),
    "pkg@1-a1": ("pkg", (1,), "a1", None, "1-a1", None),
    "pkg@1a1": ("pkg", (), None, None, "1a1", None),
    "pkg@1.2A": ("pkg", (), None, None, "1.2A", None),
    "pkg@1.2-A.b-c": ("pkg", (1, 2), "A.b-c", None, "1.2-A.b-c", None),
    "pkg@1.2-": ("pkg", (), None, None, "1.2-", None),
    "pkg@1.2+": ("pkg", (), None, None, "1.2+", None),
    "pkg@1.2-a..b": ("pkg", (), None, None, "1.2-a..b", None),
    "pkg@1.2.3.4.5": ("pkg", (), None, None, "1.2.3.4.5", None),
    "pkg@v1.2": ("pkg", (), None, None, "v1.2", None),
    "pkg@1.2.post1": ("pkg", (), None, None, "1.2.post1", None),
    "pkg@202401011200": ("pkg", (), None, None, "202401011200", "202401011200"),
    "pkg@" + "1" * 19: ("pkg", (), None, None, "1" * 19, None),
    "pkg@" + "1" * 18: ("pkg", (int("1" * 18),), None, None, "1" * 18, None),
    "pkg@٣.٤": ("pkg", (), None, None, "٣.٤", None),
    "my app @1.0": ("my app ", (1, 0), None, None, "1.0", None),
    "a@b@1.0": ("a", (), None, None, "b@1.0", None),
    "pkg@": (None, (), None, None, "pkg@", None),
    "@1.0": (None, (), None, None, "@1.0", None),
    "@@1.0": (None, (), None, None, "@@1.0", None),
    "": (None, (), None, None, "", None),
}


@pytest.mark.parametrize(
    ("version", "expected"), PARSED.items(), ids=[name[:40] for name in PARSED]
)
def test_parse_version(version: str, expected: tuple[object, ...]) -> None:
    parsed = parse_version(version)
    fields = (parsed.package, parsed.numbers, parsed.pre, parsed.build, parsed.description)
    assert (*fields, parsed.build_hash) == expected
    assert parsed.is_semver == bool(parsed.numbers)


def test_missing_numbers_are_zero() -> None:
    assert parse_version("pkg@1.2").four_numbers == (1, 2, 0, 0)
    assert parse_version("pkg@1.2.3.4").four_numbers == (1, 2, 3, 4)


@pytest.mark.parametrize("length", [12, 16, 20, 32, 40, 64])
def test_lengths_of_build_hashes(length: int) -> None:
    assert parse_version("pkg@" + "A" * length).build_hash == "A" * length
    assert parse_version("pkg@" + "A" * (length + 1)).build_hash is None
    assert parse_version("pkg@" + "g" * length).build_hash is None


COMPARED = {
    "packages take no part": ("web@1.0", "api@1.0.0", 0),
    "lower": ("web@1.9", "web@1.10", -1),
    "higher": ("web@2", "web@1.0", 1),
    "numbers in pre-releases": ("web@1.0-rc2", "web@1.0-rc10", -1),
    "pre-release of a single number": ("web@2-rc1", "web@2", -1),
    "what only tags may look like": ("web@1.2", "web@1.2.post1", -1),
    "a release and a tag": ("web@1.2.0", "v1.2", 0),
    "tags": ("web-v1.2", "1.3", -1),
    "v behind the package": ("web@v1.2", "web@1.2", 0),
    "build codes": ("web@1.0+9", "web@1.0+10", -1),
    "a hash": (f"web@{HASH}", "web@1.0", None),
    "no version": ("web@1.0", "latest", None),
    "a marker": ("web@1.0", "web@1.0.x", None),
}


@pytest.mark.parametrize(("left", "right", "sign"), COMPARED.values(), ids=COMPARED.keys())
def test_compare(left: str, right: str, sign: int | None) -> None:
    assert compare(left, right) == sign
    assert compare(right, left) == (None if sign is None else -sign)


# A project with the slug `shop`.
NAMED = {
    "v1.2.0": "shop@1.2.0",
    "1.2.0": "shop@1.2.0",
    "release-1.2.0": "shop@1.2.0",
    "release@1.2.0": "shop@1.2.0",
    "REL-1.0.final": "shop@1.0.final",
    "v2.0.0+build.5": "shop@2.0.0+build.5",
    "web@1.2.0": "web@1.2.0",
    "web@v1.2.0": "web@1.2.0",
    "web@1.2.post1": "web@1.2.post1",
    "sub/v1.2.3": "sub@1.2.3",
    "a/b/v1.2.3": "a-b@1.2.3",
    "py-lib-1.0": "py-lib@1.0",
    "@scope/pkg@1.2.3": "@scope-pkg@1.2.3",
    "a@b/1.0": "a-b@1.0",
    "latest": "shop@latest",
    "v4": "shop@v4",
    "2.3.x": "shop@2.3.x",
    "2024-01-15": "shop@2024-01-15",
    "nightly/2024\\1": "shop@nightly-2024-1",
    "web@nightly": "web@nightly",
    "web/x@nightly": "web-x@nightly",
    "a\x00b\tc\ud800": "shop@ab-c",
}


@pytest.mark.parametrize(("tag", "version"), NAMED.items(), ids=map(repr, NAMED))
def test_the_name_of_a_tags_release(tag: str, version: str) -> None:
    assert release_version(tag, "shop") == version


TEMPLATES = {
    "all parts": ("sub/v1.2", "{project}+{prefix}+{version}+{tag}", "shop+sub+1.2+sub-v1.2"),
    "the tag": ("v1.2", "{tag}", "v1.2"),
    "a prefix that names nothing": ("release-1.2", "{prefix}{version}", "1.2"),
    "a tag of no line": ("nightly", "{project}@{version}", "shop@nightly"),
    "overrides a package": ("web@1.2", "{project}@{version}", "shop@1.2"),
    "other braces": ("v1.2", "{x}{version.__class__}{0}{", "{x}{version.__class__}{0}{"),
    "no placeholder inside a value": ("x-{project}-1.2", "{tag}", "x-{project}-1.2"),
    "empty result": ("v1.2", "{prefix}", "shop@1.2"),
    "empty template": ("v1.2", "", "shop@1.2"),
    "reserved result": ("latest", "{tag}", "shop@latest"),
    "white space around": ("v1.2", " {version}\n", "1.2"),
}


@pytest.mark.parametrize(("tag", "template", "version"), TEMPLATES.values(), ids=TEMPLATES.keys())
def test_a_template_decides_the_name(tag: str, template: str, version: str) -> None:
    assert release_version(tag, "shop", template) == version


def test_long_names_are_cut_and_stay_different() -> None:
    names = {release_version(f"v1.0-{'a' * 300}{number}", "shop") for number in range(10)}
    assert len(names) == 10
    assert all(len(name) == 200 and name.startswith("shop@1.0-aaa") for name in names)


ANY_TEXT = st.text(st.characters(exclude_categories=[]))
TEMPLATE = (
    st.none() | ANY_TEXT | st.sampled_from(["{tag}", "{prefix}", "{version}", "{project} {tag}"])
)


@given(ANY_TEXT, st.sampled_from(["shop", "a-b"]), TEMPLATE)
def test_every_tag_gets_an_allowed_name(tag: str, slug: str, template: str | None) -> None:
    version = release_version(tag, slug, template)
    assert is_valid_version(version)
    assert version.encode()
    assert version == release_version(tag, slug, template)


@given(
    st.lists(st.integers(0, 999), min_size=2, max_size=4),
    st.sampled_from(["", "-rc.1", "a2", ".post1"]),
)
def test_a_tag_and_its_release_have_the_same_place(numbers: list[int], suffix: str) -> None:
    tag = f"v{'.'.join(map(str, numbers))}{suffix}"
    parsed = parse_tag(tag)
    assert parsed is not None
    assert parse_version(release_version(tag, "shop")).order == parsed.order


@given(ANY_TEXT)
def test_any_name_can_be_parsed(version: str) -> None:
    parsed = parse_version(version)
    assert version.endswith(parsed.raw)
    assert len(parsed.description) <= len(version) + 3
