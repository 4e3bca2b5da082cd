from __future__ import annotations

import pytest

from domain import release_names as names
from domain.release_names import KnownRelease, KnownReleases

SHA = "abcdef1" + "2" * 33
OTHER = "abcdef1" + "3" * 33


def known(*releases: tuple[str, tuple[str, ...], tuple[str, ...]]) -> KnownReleases:
    """Releases from the oldest to the newest: version, tags, shas."""
    return KnownReleases(
        KnownRelease(number, version, tags, shas, (float(number), number))
        for number, (version, tags, shas) in enumerate(releases)
    )


ALL = known(
    ("web@1.1.0", ("v1.1.0",), (SHA,)),
    ("web@1.2.0", ("v1.2.0",), (OTHER,)),
    ("api@2.0.0", ("api/v2.0.0",), ("c" * 40,)),
    ("worker@2.0.0", (), ("d" * 40,)),
    ("1.5", (), ("e" * 40,)),
    ("v1.6.0", (), ("f" * 40,)),
    ("web@3.0.0+build7", (), ("9" * 40,)),
    ("Nightly", (), ("8" * 40,)),
    ("one@7.0", ("v7.0",), ("7" * 40,)),
    ("two@7.0", ("v7.0",), ("6" * 40,)),
)


@pytest.mark.parametrize(
    ("name", "problem", "candidates"),
    [
        ("v1.1.0", names.TAG, ["web@1.1.0"]),
        ("api/v2.0.0", names.TAG, ["api@2.0.0"]),
        ("v7.0", names.SEVERAL, ["two@7.0", "one@7.0"]),
        ("abcdef12", names.COMMIT, ["web@1.1.0"]),
        (SHA.upper(), names.COMMIT, ["web@1.1.0"]),
        ("abcdef1", names.COMMITS, ["web@1.2.0", "web@1.1.0"]),
        ("Web@1.2.0", names.CASE, ["web@1.2.0"]),
        ("V1.2.0", names.CASE, ["web@1.2.0"]),
        ("nightly", names.CASE, ["Nightly"]),
        ("1.2.0", names.PACKAGE_MISSING, ["web@1.2.0"]),
        ("web@v1.2.0", names.WITH_V, ["web@1.2.0"]),
        ("v1.5", names.WITH_V, ["1.5"]),
        ("1.6.0", names.WITHOUT_V, ["v1.6.0"]),
        ("shop@1.2.0", names.OTHER_PACKAGE, ["web@1.2.0"]),
        ("shop@1.5", names.PACKAGE_ADDED, ["1.5"]),
        ("frontend@v1.2.0", names.OTHER_PACKAGE, ["web@1.2.0"]),
        ("2.0.0", names.PACKAGE_MISSING, ["worker@2.0.0", "api@2.0.0"]),
        ("release-1.2.0", names.PACKAGE_MISSING, ["web@1.2.0"]),
        ("web/v1.2.0", names.WITH_V, ["web@1.2.0"]),
        ("web-1.2.0", names.SEPARATOR, ["web@1.2.0"]),
        ("web@1.2", names.SPELLING, ["web@1.2.0"]),
        ("web@1.02.0", names.SPELLING, ["web@1.2.0"]),
        ("v1.2", names.PACKAGE_MISSING, ["web@1.2.0"]),
        ("web@1.2.0+5", names.BUILD, ["web@1.2.0"]),
        ("web@3.0.0", names.BUILD, ["web@3.0.0+build7"]),
    ],
)
def test_how_a_name_almost_matches(name: str, problem: str, candidates: list[str]) -> None:
    found = ALL.find(name)

    assert found is not None
    assert (found.problem, found.candidates) == (problem, candidates)


@pytest.mark.parametrize(
    "name",
    [
        "web@1.3.0",
        "web@1.2.0-rc.1",
        "web@3.0.0+build8",
        "abcdef",
        "abcdef19",
        "main",
        "2024-01-15",
        "",
        "v",
        "@",
        "web@",
        "web@1.2.0.post1",
    ],
)
def test_what_is_another_release(name: str) -> None:
    assert ALL.find(name) is None
    assert known().find(name) is None


def test_another_release_on_the_same_commit() -> None:
    releases = known(("web@1.0.0", (), (SHA,)), ("api@1.0.0", (), (SHA,)), ("x@1", (), (OTHER,)))

    beside = releases.find_commit([SHA], beside=1)
    assert beside is not None
    assert beside.candidates == ["web@1.0.0"]
    assert releases.find_commit([OTHER], beside=2) is None
    assert releases.find_commit(["0" * 40], beside=9) is None


def test_few_candidates_of_many_the_newest_first() -> None:
    many = known(*((f"p{number}@1.0.0", (), ()) for number in range(20)))

    found = many.find("1.0.0")
    assert found is not None
    assert found.candidates == [f"p{number}@1.0.0" for number in range(19, 14, -1)]
    assert many.newest == "p19@1.0.0"
    assert known().newest is None
