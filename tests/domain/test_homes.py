from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from domain.homes import list_homes
from models import Commit, CommitRelation, ListState, PullRequest, Release, Repository
from tests.factories import (
    NOW,
    make_commit,
    make_issue,
    make_link,
    make_organization,
    make_project,
    make_release,
    make_repository,
)


class Shop:
    """A repository whose releases list what a test says."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.organization = make_organization(session)
        self.project = make_project(session, self.organization, "web")
        self.repository = make_repository(session, self.organization)
        self.issue = make_issue(session, self.project)
        self.hours = 0

    def commit(self, *, repository: Repository | None = None, is_hidden: bool = False) -> Commit:
        return make_commit(self.session, repository or self.repository, is_hidden=is_hidden)

    def release(
        self, version: str, *commits: Commit, line: str = "", state: str = "complete"
    ) -> Release:
        self.hours += 1
        head = {"line": line, "made_at": NOW + timedelta(hours=self.hours)}
        return make_release(
            self.session,
            self.repository,
            self.project,
            version,
            commits=commits,
            head=head,
            list_state=ListState(state),
        )

    def relate(self, commit: Commit, kind: str, target_sha: str) -> None:
        self.session.add(
            CommitRelation(
                repository_id=commit.repository_id, sha=commit.sha, kind=kind, target_sha=target_sha
            )
        )
        self.session.flush()

    def homes(self) -> list[str]:
        found = list_homes(self.session, [self.issue.id])
        return [home.version for home in found.get(self.issue.id, [])]


@pytest.fixture
def shop(session: Session) -> Shop:
    return Shop(session)


def test_the_first_release_of_each_line_is_a_home(shop: Shop) -> None:
    fix = shop.commit()
    make_link(shop.session, shop.issue, fix)
    shop.release("web@2.0", fix)
    shop.release("web@1.1", fix)
    shop.release("api@1.0", shop.commit(), fix, line="api")

    assert shop.homes() == ["web@2.0", "api@1.0"]


@pytest.mark.parametrize("length", [40, 10])
def test_a_cherry_pick_has_a_home_of_its_own(shop: Shop, length: int) -> None:
    fix, pick = shop.commit(), shop.commit()
    make_link(shop.session, shop.issue, fix)
    shop.relate(pick, "picked", fix.sha[:length])
    shop.release("web@3.0", fix)
    shop.release("web@2.4.1", pick)

    assert shop.homes() == ["web@3.0", "web@2.4.1"]


def test_a_fix_that_anything_reverts_is_left_to_others(shop: Shop) -> None:
    fix, revert = shop.commit(), shop.commit()
    make_link(shop.session, shop.issue, fix)
    shop.release("web@1.0", fix)
    shop.release("web@2.0", revert)
    shop.relate(revert, "reverts", fix.sha)

    assert shop.homes() == []


def test_a_merged_pull_request_names_its_merge_commit(shop: Shop) -> None:
    fix = shop.commit()
    pull = PullRequest(
        repository_id=shop.repository.id,
        number=1,
        title="",
        body="",
        merge_sha=fix.sha,
        updated_at=NOW,
    )
    shop.session.add(pull)
    shop.session.flush()
    make_link(shop.session, shop.issue, fix, sha=None, pull_request_id=pull.id)
    shop.release("web@1.0", fix)

    assert shop.homes() == ["web@1.0"]


def test_incomplete_lists_hidden_commits_ended_links_and_other_projects_say_nothing(
    shop: Shop,
) -> None:
    fixes = [shop.commit(is_hidden=number == 0) for number in range(3)]
    make_link(shop.session, shop.issue, fixes[0])
    make_link(shop.session, shop.issue, fixes[1], ended_at=NOW)
    make_link(shop.session, shop.issue, fixes[2])
    shop.release("web@1.0", *fixes[:2])
    shop.release("web@2.0", fixes[2], state="incomplete")
    other = make_project(shop.session, shop.organization, "other")
    make_release(shop.session, shop.repository, other, "other@1.0", commits=[fixes[2]])

    assert shop.homes() == []


def test_without_issues_there_are_no_homes(session: Session) -> None:
    assert list_homes(session, []) == {}
