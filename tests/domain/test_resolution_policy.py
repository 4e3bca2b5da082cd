"""An organization's policy: kept, told in the audit log, and what another would have changed."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.errors import InvalidError
from domain.keywords import STANDARD
from domain.policy_preview import MOST_SHOWN, Preview, preview_policy
from domain.provenance import Why
from domain.resolution_policy import Policy, change_policy, load_policy, make_policy
from models import Activity, Issue, Organization, Repository
from tests.factories import (
    NOW,
    make_commit,
    make_issue,
    make_organization,
    make_project,
    make_pull_request,
    make_repository,
)

WHY = Why(NOW, source="person", actor="Ana")
OWN = Policy(("behebt", "fixes"))


@pytest.fixture
def organization(session: Session) -> Organization:
    return make_organization(session, "acme")


@pytest.fixture
def repository(session: Session, organization: Organization) -> Repository:
    return make_repository(session, organization, "acme/web")


@pytest.fixture
def issues(session: Session, organization: Organization) -> list[Issue]:
    project = make_project(session, organization, "web")
    return [make_issue(session, project, title=f"Issue {number}") for number in (1, 2, 3)]


def test_a_policy_is_kept_and_told(session: Session, organization: Organization) -> None:
    assert load_policy(session, organization.id) == Policy(STANDARD, reads_pull_requests=True)

    changed = make_policy(["Behebt", "fixes"], reads_pull_requests=False)
    change_policy(session, organization.id, changed, why=WHY)

    assert load_policy(session, organization.id) == Policy(("behebt", "fixes"), False)
    lines = session.scalars(select(Activity).order_by(Activity.id)).all()
    assert [(line.actor, line.data["before"], line.data["after"]) for line in lines] == [
        ("Ana", list(STANDARD), ["behebt", "fixes"]),
        ("Ana", True, False),
    ]


def test_the_standard_words_in_any_order_are_none_of_its_own(
    session: Session, organization: Organization
) -> None:
    change_policy(session, organization.id, OWN, why=WHY)
    back = make_policy(reversed(STANDARD), reads_pull_requests=True)
    change_policy(session, organization.id, back, why=WHY)

    assert back.is_standard
    assert organization.resolution_keywords is None
    before = len(session.scalars(select(Activity)).all())
    change_policy(session, organization.id, back, why=WHY)
    assert len(session.scalars(select(Activity)).all()) == before


def test_words_that_cannot_be_make_no_policy() -> None:
    with pytest.raises(InvalidError):
        make_policy(["("], reads_pull_requests=True)


def preview(session: Session, organization: Organization, after: Policy, **limits: int) -> Preview:
    return preview_policy(
        session, organization.id, before=Policy(), after=after, hosts=(), now=NOW, **limits
    )


def told(found: Preview) -> Iterable[tuple[str, bool, str, str | int | None]]:
    return [
        (issue.short_id, one.appears, one.matched_text, one.text.sha or one.text.number)
        for issue in found.issues
        for one in issue.differences
    ]


@pytest.mark.usefixtures("issues")
def test_a_preview_names_what_would_differ_by_issue(
    session: Session, organization: Organization, repository: Repository
) -> None:
    kept = make_commit(session, repository, message="Fixes WEB-1")
    gone = make_commit(session, repository, message="Closes WEB-1: the cart\n\nA body")
    new = make_commit(session, repository, message="Behebt WEB-2")
    make_commit(session, repository, message="Behebt NOPE-1, closes nothing")
    pull = make_pull_request(session, repository, title="Resolve WEB-3", body="fixes WEB-2")

    found = preview(session, organization, OWN)

    assert told(found) == [
        ("WEB-2", True, "Behebt WEB-2", new.sha),
        ("WEB-1", False, "Closes WEB-1", gone.sha),
        ("WEB-3", False, "Resolve WEB-3", pull.number),
    ]
    assert (found.appearing, found.disappearing) == (1, 2)
    assert (found.commits, found.pull_requests, found.is_cut) == (4, 1, False)
    assert found.issues[0].title == "Issue 2"
    assert found.issues[1].differences[0].text.subject == "Closes WEB-1: the cart"
    assert kept.sha not in {row[-1] for row in told(found)}


@pytest.mark.usefixtures("issues")
def test_a_preview_without_pull_requests(
    session: Session, organization: Organization, repository: Repository
) -> None:
    make_commit(session, repository, message="Fixes WEB-1")
    pull = make_pull_request(session, repository, title="Fixes WEB-1", body="closes WEB-2")

    found = preview(session, organization, Policy(reads_pull_requests=False))

    assert sorted(told(found)) == [
        ("WEB-1", False, "Fixes WEB-1", pull.number),
        ("WEB-2", False, "closes WEB-2", pull.number),
    ]


@pytest.mark.usefixtures("issues")
def test_a_preview_looks_at_thirty_days_of_this_organization(
    session: Session, organization: Organization, repository: Repository
) -> None:
    def at(moment: datetime) -> None:
        make_commit(session, repository, message="Behebt WEB-1", committed_at=moment)
        make_pull_request(session, repository, title="Behebt WEB-1", updated_at=moment)

    for days in (29, 31):
        at(NOW - timedelta(days=days))
    make_commit(session, repository, message="Behebt WEB-1", committed_at=None)
    elsewhere = make_repository(session, make_organization(session, "others"))
    make_commit(session, elsewhere, message="Behebt WEB-1")
    make_pull_request(session, elsewhere, title="Behebt WEB-1")

    found = preview(session, organization, OWN)

    assert (found.commits, found.pull_requests, found.appearing) == (1, 1, 2)


@pytest.mark.usefixtures("issues")
@pytest.mark.parametrize(
    ("limits", "looked_at"),
    [
        ({"most_commits": 3}, (3, 2)),
        ({"most_pull_requests": 1}, (5, 1)),
        ({"most_characters": 26}, (2, 0)),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_a_preview_is_bounded_and_says_so(
    session: Session,
    organization: Organization,
    repository: Repository,
    limits: dict[str, int],
    looked_at: tuple[int, int],
) -> None:
    for number in range(5):
        moment = NOW - timedelta(hours=number)
        make_commit(session, repository, message="Behebt WEB-1", committed_at=moment)
    for _ in range(2):
        make_pull_request(session, repository, title="Nothing")

    found = preview(session, organization, OWN, **limits)

    assert (found.commits, found.pull_requests) == looked_at
    assert found.is_cut
    assert found.appearing == looked_at[0]
    assert not preview(session, organization, OWN).is_cut


@pytest.mark.usefixtures("issues")
def test_a_preview_lists_the_first_of_many_and_counts_all(
    session: Session, organization: Organization, repository: Repository
) -> None:
    for _ in range(MOST_SHOWN + 5):
        make_commit(session, repository, message="Behebt WEB-1 und WEB-2")

    found = preview(session, organization, OWN)

    assert found.appearing == 2 * (MOST_SHOWN + 5)
    assert len(list(told(found))) == MOST_SHOWN
    assert found.is_shortened
