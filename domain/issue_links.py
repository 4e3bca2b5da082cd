"""Which commits and pull requests name an issue. Linking changes no status: releases resolve.

Who wrote them may get the issue (`domain/own_issues.py`).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from sqlalchemy import select, tuple_
from sqlalchemy.orm import Session

from domain.bulk import batches, insert_missing
from domain.commits import CommitData
from domain.own_issues import give_to_author, give_to_committers
from domain.provenance import Why, record_activity
from domain.references import Reference, find_references, list_candidates
from domain.resolution_policy import Policy, load_policy
from domain.short_ids import format_short_id, parse_short_id
from models import Issue, IssueLink, Project, PullRequest, Repository

NO_LONGER_NAMED = "the text of the pull request no longer names the issue"
NOT_READ = "titles and texts of pull requests do not count in this organization"
_NAMED, _LEFT_OUT = "pull-request-names-issue", "pull-requests-left-out"


class KnownIssues:
    """The issues of one organization that some texts might name, looked up in one statement.

    *policies* are those by which the texts may be read.
    """

    def __init__(
        self,
        session: Session,
        organization_id: int,
        texts: Iterable[str | None],
        *policies: Policy,
    ) -> None:
        self.session = session
        self.organization_id = organization_id
        words = {word for policy in policies for word in policy.keywords}
        keywords = tuple(sorted(words))
        candidates = {candidate for text in texts for candidate in list_candidates(text, keywords)}
        self.by_short_id = self._find(candidates) if candidates else {}

    def _find(self, candidates: Collection[str]) -> dict[str, int]:
        wanted = sorted(
            {
                (parsed[0].lower(), parsed[1])
                for candidate in candidates
                if (parsed := parse_short_id(candidate)) is not None and parsed[1] < 2**31
            }
        )
        found: dict[str, int] = {}
        for some in batches(wanted):
            query = (
                select(Project.slug, Issue.number, Issue.id)
                .join(Issue, Issue.project_id == Project.id)
                .where(
                    Project.organization_id == self.organization_id,
                    tuple_(Project.slug, Issue.number).in_(some),
                )
            )
            for row in self.session.execute(query):
                found[format_short_id(row.slug, row.number)] = row.id
        return found

    def references(
        self, text: str | None, policy: Policy, hosts: Collection[str]
    ) -> list[tuple[int, Reference]]:
        """The issues that *text* claims to fix, by row id, with the words that say so."""
        found = find_references(
            text,
            is_known=self.by_short_id.__contains__,
            hosts=hosts,
            keywords=policy.keywords,
        )
        return [
            (issue_id, reference)
            for reference in found
            if (issue_id := self._issue_id(reference)) is not None
        ]

    def _issue_id(self, reference: Reference) -> int | None:
        if reference.short_id is not None:
            return self.by_short_id.get(reference.short_id)
        number = reference.issue_number
        if number is None or number >= 2**31:
            return None
        return self.session.scalar(
            select(Issue.id).where(
                Issue.id == number, Issue.organization_id == self.organization_id
            )
        )


def link_commits(
    session: Session,
    repository: Repository,
    commits: Sequence[CommitData],
    *,
    hosts: Collection[str],
    why: Why,
) -> set[int]:
    """Link the issues that *commits* name; returns their row ids. Repeatable."""
    if not commits:
        return set()
    policy = load_policy(session, repository.organization_id)
    known = KnownIssues(session, repository.organization_id, (c.message for c in commits), policy)
    named = [
        (issue_id, commit, reference)
        for commit in commits
        for issue_id, reference in known.references(commit.message, policy, hosts)
    ]
    rows = [
        {
            "issue_id": issue_id,
            "repository_id": repository.id,
            "sha": commit.sha,
            "matched_text": reference.matched_text,
            "delivery_id": why.delivery_id,
            "created_at": why.now,
        }
        for issue_id, commit, reference in named
    ]
    added = insert_missing(session, IssueLink, rows, returning=(IssueLink.issue_id, IssueLink.sha))
    new = {(row.issue_id, row.sha) for row in added}
    for issue_id, commit, reference in named:
        if (issue_id, commit.sha) in new:
            record_activity(
                session,
                why,
                "referenced_in_commit",
                organization_id=repository.organization_id,
                issue_id=issue_id,
                repository_id=repository.id,
                rule="message-names-issue",
                matched_text=reference.matched_text,
                data={"sha": commit.sha},
            )
    linked = [(issue_id, commit) for issue_id, commit, _ in named if (issue_id, commit.sha) in new]
    give_to_committers(session, repository, linked, why=why)
    return {issue_id for issue_id, _, _ in named}


def link_pull_request(
    session: Session,
    repository: Repository,
    pull_request: PullRequest,
    *,
    hosts: Collection[str],
    why: Why,
) -> set[int]:
    """Make the links of *pull_request* agree with its title and body, each searched by itself.

    Returns the issues whose links changed or exist. A link whose text went away ends, as does one
    whose text does not count any more; one that ended that way and is named again holds again.
    """
    policy = load_policy(session, repository.organization_id)
    texts = (pull_request.body, pull_request.title) if policy.reads_pull_requests else ()
    known = KnownIssues(session, repository.organization_id, texts, policy)
    named = {
        issue_id: reference.matched_text
        for text in texts
        for issue_id, reference in known.references(text, policy, hosts)
    }
    links = {
        link.issue_id: link
        for link in session.scalars(
            select(IssueLink).where(IssueLink.pull_request_id == pull_request.id)
        )
    }
    for issue_id, link in links.items():
        kind = _update(link, named.get(issue_id), policy, why)
        if kind is not None:
            _record(session, repository, pull_request, link, kind, why)
    for issue_id in named.keys() - links.keys():
        link = IssueLink(
            issue_id=issue_id,
            repository_id=repository.id,
            pull_request_id=pull_request.id,
            matched_text=named[issue_id],
            delivery_id=why.delivery_id,
            created_at=why.now,
        )
        session.add(link)
        _record(session, repository, pull_request, link, "referenced_in_pull_request", why)
    session.flush()
    give_to_author(session, repository, pull_request, named.keys() - links.keys(), why=why)
    return named.keys() | links.keys()


def _update(link: IssueLink, matched_text: str | None, policy: Policy, why: Why) -> str | None:
    """Let a known link hold if the text names the issue, else end it; what happened, if anything.

    A link without words that were read is a person's word: no text takes it back.
    """
    if matched_text is None and link.ended_at is None and link.matched_text:
        reason = NO_LONGER_NAMED if policy.reads_pull_requests else NOT_READ
        link.ended_at, link.ended_reason = why.now, reason
        return "pull_request_unlinked"
    if matched_text is not None and link.ended_reason in (NO_LONGER_NAMED, NOT_READ):
        link.ended_at, link.ended_reason, link.matched_text = None, None, matched_text
        return "referenced_in_pull_request"
    return None


def _record(
    session: Session,
    repository: Repository,
    pull_request: PullRequest,
    link: IssueLink,
    kind: str,
    why: Why,
) -> None:
    record_activity(
        session,
        why,
        kind,
        organization_id=repository.organization_id,
        issue_id=link.issue_id,
        repository_id=repository.id,
        rule=_LEFT_OUT if link.ended_reason == NOT_READ else _NAMED,
        matched_text=link.matched_text,
        data={"number": pull_request.number, "title": pull_request.title},
    )
