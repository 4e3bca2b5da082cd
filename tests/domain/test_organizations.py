from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from domain.errors import AlreadyExistsError, InvalidError, NotFoundError
from domain.organizations import (
    create_organization,
    create_project,
    get_organization,
    get_project,
    is_slug,
    make_slug,
)
from tests.factories import NOW, make_organization


@pytest.mark.parametrize(
    ("text", "slug"),
    [
        ("web", "web"),
        ("Web.Shop", "web-shop"),
        ("a  b", "a-b"),
        ("_private_", "private"),
        (".github", "github"),
        ("Zürich", "z-rich"),
        ("123", None),
        ("---", None),
        ("", None),
        ("a" * 60, "a" * 50),
        ("a" * 49 + "-b", "a" * 49),
    ],
)
def test_making_slugs(text: str, slug: str | None) -> None:
    assert make_slug(text) == slug


@given(st.text(max_size=80))
def test_what_is_made_is_a_slug_and_stays_itself(text: str) -> None:
    slug = make_slug(text)

    assert slug is None or (is_slug(slug) and make_slug(slug) == slug)


@pytest.mark.parametrize("slug", ["", "Web", "a b", "a/b", "-a", "a-", "12", "a" * 51, "a\n", "é"])
def test_what_is_no_slug_is_refused(session: Session, slug: str) -> None:
    with pytest.raises(InvalidError, match="slug"):
        create_organization(session, slug, now=NOW)
    with pytest.raises(InvalidError, match="slug"):
        create_project(session, make_organization(session).id, slug, now=NOW)


def test_names_are_taken_once(session: Session) -> None:
    organization = create_organization(session, "acme", now=NOW)
    create_project(session, organization.id, "web", now=NOW)

    with pytest.raises(AlreadyExistsError):
        create_organization(session, "acme", now=NOW)
    with pytest.raises(AlreadyExistsError):
        create_project(session, organization.id, "web", now=NOW)
    other = create_organization(session, "labs", now=NOW)
    assert create_project(session, other.id, "web", now=NOW).organization_id == other.id


def test_getting_raises_for_what_is_not_there(session: Session) -> None:
    organization = make_organization(session, "acme")

    assert get_organization(session, "acme") is organization
    with pytest.raises(NotFoundError):
        get_organization(session, "nobody")
    with pytest.raises(NotFoundError):
        get_project(session, organization.id, "web")
