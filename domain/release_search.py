"""What people type to find releases: text, and keys such as `release.version:>=1.2` (sentry-api.md 4.4)."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, false, func, or_, select, true
from sqlalchemy.orm import aliased

from domain.release_facts import moment_of_release, version_of_release
from domain.tags import OrderPart
from domain.version_keys import NO_VERSION, encode_components, encode_order, encode_precedence
from domain.versions import find_order
from models import Project, Release, ReleaseProject, ReleaseStatus

_TERM = re.compile(
    r'(?<!\S)(release(?:\.(?:version|package|build|stage))?|finalized):(?:"([^"]*)"|(\S*))'
)
_WITH_BUILD = re.compile(r"(.*\S) \(([^()]+)\)")
_COMPARISON = re.compile(r"(>=|<=|>|<|)\s*(.*)", re.DOTALL)
_WILDCARD = re.compile(r"([0-9]{1,18}(?:\.[0-9]{1,18})*)\.\*", re.ASCII)
_AFTER_ALL = b"\xff"  # behind whatever may follow in a key


@dataclass(frozen=True)
class ReleaseSearch:
    """Terms as (key, value), and the text that is left; all of them have to hold."""

    terms: tuple[tuple[str, str], ...] = ()
    text: str = ""


EVERYTHING = ReleaseSearch()


def parse_search(query: str) -> ReleaseSearch:
    """Any text is a search: a key that is not known is part of the text."""
    terms = tuple((match[1], match[2] or match[3] or "") for match in _TERM.finditer(query))
    text = " ".join(_TERM.sub("", query).split())
    if len(text) > 1 and text[0] == text[-1] == '"':
        text = text[1:-1]
    return ReleaseSearch(tuple(term for term in terms if term[1]), text)


def conditions_of(
    search: ReleaseSearch, *, organization_id: int, project_ids: Sequence[int] | None
) -> list[ColumnElement[bool]]:
    """What must hold of a `Release`. *project_ids*: those that `release:latest` is about."""
    found = [
        _is_latest(organization_id, project_ids)
        if (key, value) == ("release", "latest")
        else _TERMS[key](value)
        for key, value in search.terms
    ]
    return found + ([_holds_text(search.text)] if search.text else [])


def _holds_text(text: str) -> ColumnElement[bool]:
    """A part of the version, as it is written or as `versionInfo.description` shows it."""
    forms = [text]
    if match := _WITH_BUILD.fullmatch(text):
        forms.append(f"{match[1]}+{match[2]}")
    return or_(*(Release.version.icontains(form, autoescape=True) for form in forms))


def _is_latest(organization_id: int, project_ids: Sequence[int] | None) -> ColumnElement[bool]:
    """The newest open release of one of the projects."""
    newest, moment = aliased(Release), moment_of_release
    ships = (
        select(ReleaseProject.release_id)
        .where(ReleaseProject.release_id == newest.id, ReleaseProject.project_id == Project.id)
        .correlate(newest, Project)
        .exists()
    )
    latest = (
        select(newest.id)
        .where(newest.organization_id == organization_id, newest.status == ReleaseStatus.open)
        .where(ships)
        .order_by(moment(newest).desc(), newest.id.desc())
        .limit(1)
        .correlate(Project)
        .scalar_subquery()
    )
    of_projects = select(latest).where(Project.organization_id == organization_id)
    if project_ids is not None:
        of_projects = of_projects.where(Project.id.in_(project_ids))
    return Release.id.in_(of_projects)


def _has_name(value: str) -> ColumnElement[bool]:
    if "*" not in value:
        return Release.version == value
    parts = (
        part.replace("/", "//").replace("%", "/%").replace("_", "/_") for part in value.split("*")
    )
    return Release.version.ilike("%".join(parts), escape="/")


def _has_version(value: str) -> ColumnElement[bool]:
    """By the order of versions, whatever the package; without a build code, all builds are one."""
    compared, wanted = _split_comparison(value)
    if not compared and (match := _WILDCARD.fullmatch(wanted)):
        return _begins_with([int(digits) for digits in match[1].split(".")])
    order = find_order(f"any@{wanted}")
    if order is None:
        return false()
    low = encode_order(order) if "+" in wanted else encode_precedence(order)
    return _in_bounds(compared, low, low + _AFTER_ALL)


def _split_comparison(value: str) -> tuple[str, str]:
    match = _COMPARISON.fullmatch(value)
    return (match[1], match[2]) if match else ("", value)


def _in_bounds(compared: str, low: bytes, high: bytes) -> ColumnElement[bool]:
    """*low* is the first key of what is compared with, *high* is behind its last."""
    key = version_of_release()
    if compared == ">":
        return key >= high
    if compared == ">=":
        return key >= low
    known = key > NO_VERSION
    if compared == "<":
        return known & (key < low)
    if compared == "<=":
        return known & (key < high)
    return (key >= low) & (key < high)


def _begins_with(numbers: Sequence[int]) -> ColumnElement[bool]:
    """Versions of these first components, pre-releases too. Trailing zeros are not in an order."""
    following = [*numbers[:-1], numbers[-1] + 1]
    while numbers and not numbers[-1]:
        numbers = numbers[:-1]
    low, high = (encode_components(list(map(_component, some))) for some in (numbers, following))
    key = version_of_release()
    return (key > NO_VERSION) & (key >= low) & (key < high)


def _component(number: int) -> OrderPart:
    digits = str(number) if number else ""
    return 0, len(digits), digits


def _has_package(value: str) -> ColumnElement[bool]:
    if "@" in value[1:]:
        return false()
    return func.substr(Release.version, 1, len(value) + 1) == f"{value}@"


def _has_build(value: str) -> ColumnElement[bool]:
    return (version_of_release() > NO_VERSION) & Release.version.iendswith(
        f"+{value}", autoescape=True
    )


def _is_in_stage(value: str) -> ColumnElement[bool]:
    """Nothing is known of adoption, so that no release is beyond the first stage."""
    return true() if value.startswith("low") else false()


def _is_finalized(value: str) -> ColumnElement[bool]:
    if value.lower() not in ("true", "false"):
        return false()
    is_dated = Release.released_at.is_not(None)
    return is_dated if value.lower() == "true" else ~is_dated


_TERMS: dict[str, Callable[[str], ColumnElement[bool]]] = {
    "release": _has_name,
    "release.version": _has_version,
    "release.package": _has_package,
    "release.build": _has_build,
    "release.stage": _is_in_stage,
    "finalized": _is_finalized,
}
