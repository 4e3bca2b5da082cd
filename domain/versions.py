"""Names of releases: which are allowed, what they say, and which name a tag's release gets.

Sources: sentry-api.md 3 and interface.md, "Automatic behaviour", 3. Tags are in `domain.tags`.
"""

import hashlib
import re
from dataclasses import dataclass

from domain.tags import Order, make_order, parse_tag
from domain.text import clean_text

MAX_VERSION = 200

# NUL and halves of surrogate pairs are ours: PostgreSQL would refuse them.
_FORBIDDEN = re.compile("[\r\n\f\t/\\\\\x00\ud800-\udfff]")
_RESERVED = {"", ".", "..", "latest"}

_PACKAGE = re.compile(r"(@?[^@]+)@(.+)", re.DOTALL)
_HEX = re.compile(r"[0-9A-Fa-f]+")
_HASH_LENGTHS = {12, 16, 20, 32, 40, 64}
# At most 18 digits: clients read the numbers as 64-bit integers.
_VERSION = re.compile(
    r"(?P<numbers>[0-9]{1,18}(?:\.[0-9]{1,18}){0,3})"
    r"(?:(?P<dash>-)?(?(dash)|(?=[a-z]))(?P<pre>[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*))?"
    r"(?:\+(?P<build>[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*))?"
)
_PLACEHOLDER = re.compile(r"\{(project|version|tag|prefix)\}")


@dataclass(frozen=True, slots=True)
class ParsedVersion:
    """A release's name taken apart, with all that the API's `versionInfo` shows."""

    raw: str  # what follows `package@`; the whole name without a package
    package: str | None = None
    numbers: tuple[int, ...] = ()  # one to four, as many as were written; none: not a version
    pre: str | None = None
    build: str | None = None
    build_hash: str | None = None
    order: Order | None = None  # known as well for what only tags may look like, `1.2.post1`

    @property
    def is_semver(self) -> bool:
        """Whether this is a version by sentry-api.md 3.2."""
        return bool(self.numbers)

    @property
    def four_numbers(self) -> tuple[int, int, int, int]:
        """Major, minor, patch and revision; missing ones are 0."""
        major, minor, patch, revision = (*self.numbers, 0, 0, 0, 0)[:4]
        return major, minor, patch, revision

    @property
    def description(self) -> str:
        """The short form for people: `1.2.3-rc1 (500)`, or the first 12 digits of a hash."""
        short_hash = self.build_hash[:12] if self.build_hash else None
        if not self.is_semver:
            return short_hash or self.raw
        build = short_hash or self.build
        readable = self.raw.partition("+")[0]
        return f"{readable} ({build})" if build else readable


def version_problem(version: str) -> str | None:
    """Return why *version* may not name a release (sentry-api.md 3.1), None if it may."""
    if len(version) > MAX_VERSION:
        return f"Ensure this field has no more than {MAX_VERSION} characters."
    if _FORBIDDEN.search(version) or version.strip().lower() in _RESERVED:
        return f"Release with name {version} is not allowed"
    return None


def is_valid_version(version: str) -> bool:
    """Say whether *version* may name a release."""
    return version_problem(version) is None


def parse_version(version: str) -> ParsedVersion:
    """Take the name of a release apart (sentry-api.md 3.2); any text has an answer.

    Without a package nothing is read as a version: `1.2.3` alone stands for itself.
    """
    match = _PACKAGE.fullmatch(version)
    if match is None:
        return ParsedVersion(version, build_hash=_find_hash(version))
    package, raw = match[1], match[2]
    if _find_hash(raw):
        return ParsedVersion(raw, package, build_hash=raw)
    parts = _VERSION.fullmatch(raw)
    if parts is None or _is_lone_number_with_letters(parts):
        tag = parse_tag(raw)
        return ParsedVersion(raw, package, order=tag.order if tag and not tag.line else None)
    numbers = parts["numbers"]
    return ParsedVersion(
        raw,
        package,
        numbers=tuple(int(digits) for digits in numbers.split(".")),
        pre=parts["pre"],
        build=parts["build"],
        build_hash=_find_hash(parts["build"] or ""),
        order=make_order(numbers, raw[len(numbers) :]),
    )


def compare(left: str, right: str) -> int | None:
    """Compare two releases' names or tags: -1, 0 or 1; None if one of them has no place in the order."""
    left_order, right_order = find_order(left), find_order(right)
    if left_order is None or right_order is None:
        return None
    return (left_order > right_order) - (left_order < right_order)


def find_order(name: str) -> Order | None:
    """Return the sort key of a release's name or of a tag; packages and prefixes take no part."""
    order = parse_version(name).order
    if order is None and (tag := parse_tag(name)):
        order = tag.order
    return order


def release_version(tag: str, project_slug: str, template: str | None = None) -> str:
    """Return the name for the release that *tag* makes, always a valid one.

    `web@1.2.0` stays; `sub/v1.2.3` becomes `sub@1.2.3`; any other tag is put after the project's
    slug. A *template* replaces this rule; it may hold {project}, {version}, {tag} and {prefix}
    (empty where the prefix names nothing). If its result is not allowed, the rule applies.
    """
    parsed = parse_tag(tag)
    prefix, version = (parsed.line, parsed.text) if parsed else ("", tag)
    if template is not None:
        values = {"project": project_slug, "version": version, "tag": tag, "prefix": prefix}
        name = _make_allowed(_PLACEHOLDER.sub(lambda match: values[match[1]], template))
        if is_valid_version(name):
            return name
    if prefix:  # Only a leading `@` may be part of a package's name.
        return _make_allowed(f"{prefix[0]}{prefix[1:].replace('@', '-')}@{version}")
    if parsed is None and _PACKAGE.fullmatch(tag):
        return _make_allowed(tag)
    return _make_allowed(f"{project_slug}@{version}")


def _make_allowed(name: str) -> str:
    """Replace what a version may not hold; end one that is too long with a digest of all of it."""
    allowed = _FORBIDDEN.sub("-", clean_text(name).strip())
    if len(allowed) <= MAX_VERSION:
        return allowed
    digest = hashlib.sha256(allowed.encode()).hexdigest()[:12]
    return f"{allowed[: MAX_VERSION - len(digest) - 1]}-{digest}"


def _find_hash(text: str) -> str | None:
    return text if len(text) in _HASH_LENGTHS and _HEX.fullmatch(text) else None


def _is_lone_number_with_letters(parts: re.Match[str]) -> bool:
    return "." not in parts["numbers"] and parts["pre"] is not None and parts["dash"] is None
