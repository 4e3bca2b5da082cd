"""Which known release a name almost matches, and in which way.

All releases of a project are indexed once: a name is then looked up in each of the ways in which
SDKs are given a slightly wrong one, the most telling first.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import TypeVar

from domain.tags import parse_tag
from domain.versions import find_order

KeyT = TypeVar("KeyT")
_Precedence = tuple[object, ...]  # an order without the build code
MOST = 5  # candidates of one name
_PACKAGE = re.compile(r"(?P<package>@?[^@]+)@(?P<text>.+)", re.DOTALL)
_SHA = re.compile(r"[0-9a-f]{7,64}")

TAG = "is a tag, not the name of its release"
SEVERAL = "is the tag of several releases, so that none is meant"
COMMIT = "is the last commit of a release that has a name"
COMMITS = "begins the last commits of several releases"
CASE = "differs from the release's name or tag in upper and lower case alone"
PACKAGE_MISSING = "lacks the package before the version"
WITH_V = "has a “v” that the release's name has not"
WITHOUT_V = "lacks the “v” of the release's name"
OTHER_PACKAGE = "names another package than the release does"
PACKAGE_ADDED = "names a package, which the release's name does not"
SEPARATOR = "joins package and version otherwise than the release's name does"
SPELLING = "is the same version as a release, written in another way"
BUILD = "differs from the release's name in the build code after “+” alone"


@dataclass(frozen=True, slots=True)
class KnownRelease:
    """A release that has a commit: its version, tags and the commits at its heads; newest is highest."""

    id: int
    version: str
    tags: tuple[str, ...]
    shas: tuple[str, ...]
    newness: tuple[float, int]


@dataclass(frozen=True, slots=True)
class Match:
    """What is wrong with the name, after the words "the name", and the versions, best first."""

    problem: str
    candidates: list[str]


@dataclass(frozen=True, slots=True)
class _Parts:
    package: str | None  # as it is compared: in lower case
    text: str  # in lower case, without `v`
    has_v: bool


class KnownReleases:
    """The releases of one project by all that a name may have in common with theirs."""

    def __init__(self, releases: Iterable[KnownRelease]) -> None:
        self._releases = sorted(releases, key=lambda one: one.newness, reverse=True)

    @property
    def newest(self) -> str | None:
        return self._releases[0].version if self._releases else None

    def find(self, name: str) -> Match | None:
        """The releases that *name* almost matches; None if there are none."""
        for found in (
            self._find_tag(name),
            self._find_commit(name),
            self._find_case(name),
            self._find_text(name),
            self._find_spelling(name),
        ):
            if found is not None:
                return found
        return None

    def find_commit(self, shas: Iterable[str], *, beside: int) -> Match | None:
        """Releases other than that of the id *beside* which have one of these commits as head."""
        found = [one for sha in shas for one in self._by_sha[sha] if one.id != beside]
        return _match(COMMIT, found)

    @cached_property
    def _by_tag(self) -> dict[str, list[KnownRelease]]:
        return _index((tag, one) for one in self._releases for tag in one.tags)

    @cached_property
    def _by_sha(self) -> dict[str, list[KnownRelease]]:
        return _index((sha, one) for one in self._releases for sha in one.shas)

    @cached_property
    def _shas(self) -> dict[str, list[str]]:
        """Full shas by their first seven digits."""
        starts: defaultdict[str, list[str]] = defaultdict(list)
        for sha in self._by_sha:
            starts[sha[:7]].append(sha)
        return starts

    @cached_property
    def _by_case(self) -> dict[str, list[KnownRelease]]:
        return _index(
            (name.lower(), one) for one in self._releases for name in (one.version, *one.tags)
        )

    @cached_property
    def _by_text(self) -> dict[str, list[KnownRelease]]:
        return _index((_parts(one.version).text, one) for one in self._releases)

    @cached_property
    def _by_precedence(self) -> dict[_Precedence, list[KnownRelease]]:
        orders = ((find_order(one.version), one) for one in self._releases)
        return _index((order[:3], one) for order, one in orders if order is not None)

    def _find_tag(self, name: str) -> Match | None:
        found = self._by_tag.get(name, [])
        return _match(SEVERAL if len(found) > 1 else TAG, found)

    def _find_commit(self, name: str) -> Match | None:
        start = name.lower()
        if not _SHA.fullmatch(start):
            return None
        shas = [sha for sha in self._shas.get(start[:7], []) if sha.startswith(start)]
        found = [one for sha in shas for one in self._by_sha[sha]]
        return _match(COMMITS if len(shas) > 1 else COMMIT, found)

    def _find_case(self, name: str) -> Match | None:
        return _match(CASE, self._by_case.get(name.lower(), []))

    def _find_text(self, name: str) -> Match | None:
        said = _parts(name)
        found = self._by_text.get(said.text, [])
        return self._compare(said, found)

    def _find_spelling(self, name: str) -> Match | None:
        order = find_order(name)
        if order is None:
            return None
        beside = self._by_precedence.get(order[:3], [])
        equal = [one for one in beside if find_order(one.version) == order]
        if equal:
            return self._compare(_parts(name), equal, spelling=SPELLING)
        # Two build codes are two builds; one that only one of the names has is an addition.
        plain = [one for one in beside if ("+" in one.version) != ("+" in name)]
        return self._compare(_parts(name), plain, spelling=BUILD)

    @staticmethod
    def _compare(
        said: _Parts, found: list[KnownRelease], *, spelling: str | None = None
    ) -> Match | None:
        """Those of the same package before all others, which a name without package may mean."""
        same = [one for one in found if _parts(one.version).package == said.package]
        best = same or found
        if not best:
            return None
        return _match(
            spelling if same and spelling else _differ(said, _parts(best[0].version)), best
        )


def _differ(said: _Parts, meant: _Parts) -> str:
    """What is different, of two names with the same text."""
    if said.package != meant.package:
        if said.package is None:
            return PACKAGE_MISSING
        return OTHER_PACKAGE if meant.package else PACKAGE_ADDED
    if said.has_v != meant.has_v:
        return WITH_V if said.has_v else WITHOUT_V
    return SEPARATOR


def _index(pairs: Iterable[tuple[KeyT, KnownRelease]]) -> dict[KeyT, list[KnownRelease]]:
    found: defaultdict[KeyT, list[KnownRelease]] = defaultdict(list)
    for key, one in pairs:
        found[key].append(one)
    return found


def _match(problem: str, found: Iterable[KnownRelease]) -> Match | None:
    versions = list(dict.fromkeys(one.version for one in found))[:MOST]
    return Match(problem, versions) if versions else None


def _parts(name: str) -> _Parts:
    """Package, or the prefix of a tag, and what follows it without `v`."""
    packaged = _PACKAGE.fullmatch(name)
    tag = parse_tag(name) if packaged is None else None
    package, text = (packaged["package"], packaged["text"]) if packaged else (None, name)
    if tag is not None:
        package, text = tag.line or None, name[len(tag.prefix) :].lstrip("@/-_")
    plain = text.lower()
    has_v = len(plain) > 1 and plain[0] == "v" and plain[1].isdigit()
    return _Parts(package.lower() if package else None, plain[has_v:], has_v)
