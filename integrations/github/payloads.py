"""JSON of GitHub that we read, as frozen values; no I/O (github.md 1, 2 and 5)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from domain.commits import CommitData
from domain.identity import normalise_author
from domain.text import clean_text
from integrations.github.fields import ZERO_SHA, Fields

PUSH_CAP = 2048  # a list as long as this may have been cut
MAX_REF = 512
LARGEST_NUMBER = 2**31 - 1  # of a pull request


@dataclass(frozen=True, slots=True)
class AccountPayload:
    id: int
    login: str


@dataclass(frozen=True, slots=True)
class InstallationPayload:
    """An installation; `permissions` are as the account granted them, by name."""

    id: int
    account: AccountPayload
    account_type: str | None  # User or Organization
    permissions: dict[str, str]
    repository_selection: str | None  # all or selected


@dataclass(frozen=True, slots=True)
class RepositoryPayload:
    """A repository; `default_branch` and `owner` are None in the short form of a listing."""

    id: int
    full_name: str
    owner: AccountPayload | None
    default_branch: str | None
    is_archived: bool
    pushed_at: datetime | None


@dataclass(frozen=True, slots=True)
class PushPayload:
    """A push to one ref. Shas are None where GitHub writes zeros."""

    ref: str
    before: str | None
    after: str | None
    is_forced: bool
    commits: tuple[CommitData, ...]
    head: CommitData | None

    @property
    def branch(self) -> str | None:
        return self.ref.removeprefix("refs/heads/") if self.ref.startswith("refs/heads/") else None

    @property
    def tag(self) -> str | None:
        return self.ref.removeprefix("refs/tags/") if self.ref.startswith("refs/tags/") else None

    @property
    def is_capped(self) -> bool:
        return len(self.commits) >= PUSH_CAP


@dataclass(frozen=True, slots=True)
class ReleasePayload:
    id: int
    tag_name: str
    name: str | None
    body: str | None
    url: str | None
    is_draft: bool
    published_at: datetime | None
    updated_at: datetime | None


@dataclass(frozen=True, slots=True)
class PullRequestPayload:
    number: int
    title: str
    body: str
    author_login: str | None
    merge_sha: str | None  # only once merged; before that GitHub shows a test merge
    updated_at: datetime | None


def parse_account(fields: Fields) -> AccountPayload:
    return AccountPayload(fields.number("id"), fields.string("login", 128))


def parse_installation(fields: Fields) -> InstallationPayload:
    account = fields.object("account")
    granted = fields.optional_object("permissions")
    return InstallationPayload(
        id=fields.number("id"),
        account=parse_account(account),
        account_type=account.optional_string("type", 32),
        permissions={
            clean_text(name, 64): clean_text(level, 16)
            for name, level in (granted.value if granted else {}).items()
            if isinstance(level, str)
        },
        repository_selection=fields.optional_string("repository_selection", 16),
    )


def parse_repository(fields: Fields) -> RepositoryPayload:
    owner = fields.optional_object("owner")
    return RepositoryPayload(
        id=fields.number("id"),
        full_name=fields.name("full_name", 256),
        owner=parse_account(owner) if owner else None,
        default_branch=fields.optional_string("default_branch", 255),
        is_archived=fields.flag("archived"),
        pushed_at=fields.moment("pushed_at"),
    )


def parse_push(fields: Fields) -> PushPayload:
    before, after = fields.sha("before"), fields.sha("after")
    onto = None if _is_zero(before) else before
    head = fields.optional_object("head_commit")
    return PushPayload(
        ref=fields.name("ref", MAX_REF),
        before=onto,
        after=None if _is_zero(after) else after,
        is_forced=fields.flag("forced"),
        commits=tuple(_push_commit(commit, onto) for commit in fields.objects("commits")),
        head=_push_commit(head, None) if head else None,
    )


def _is_zero(sha: str) -> bool:
    return not sha.strip("0")


def _push_commit(fields: Fields, onto: str | None) -> CommitData:
    author = fields.object("author")
    return CommitData(
        sha=fields.sha("id"),
        message=fields.optional_string("message") or "",
        author=normalise_author(
            author.optional_string("name"),
            author.optional_string("email"),
            author.optional_string("username", 128),
        ),
        committed_at=fields.moment("timestamp"),
        files=_push_files(fields),
        pushed_onto=onto,
    )


def _push_files(fields: Fields) -> tuple[tuple[str, str], ...] | None:
    """Paths with what happened to each; None where the payload leaves the lists out."""
    if not any(fields.has(key) for key in ("added", "removed", "modified")):
        return None
    files: dict[str, str] = {}
    for key, kind in (("modified", "M"), ("added", "A"), ("removed", "D")):
        files.update(dict.fromkeys(fields.strings(key), kind))
    return tuple(files.items())


def parse_release(fields: Fields) -> ReleasePayload:
    return ReleasePayload(
        id=fields.number("id"),
        tag_name=fields.name("tag_name", MAX_REF),
        name=fields.optional_string("name", 1000),
        body=fields.optional_string("body"),
        url=fields.optional_string("html_url", 2000),
        is_draft=fields.flag("draft"),
        published_at=fields.moment("published_at"),
        updated_at=fields.moment("updated_at") or fields.moment("published_at"),
    )


def parse_pull_request(fields: Fields) -> PullRequestPayload:
    user = fields.optional_object("user")
    return PullRequestPayload(
        number=fields.number("number", LARGEST_NUMBER),
        title=fields.optional_string("title") or "",
        body=fields.optional_string("body") or "",
        author_login=user.optional_string("login", 128) if user else None,
        merge_sha=fields.optional_sha("merge_commit_sha") if fields.flag("merged") else None,
        updated_at=fields.moment("updated_at"),
    )


_KINDS = {"modified": "M", "changed": "M", "added": "A", "copied": "A", "removed": "D"}


def parse_api_files(fields: Fields) -> tuple[tuple[str, str], ...]:
    """Paths that one commit touched, with what happened to each; a rename is two (10.4)."""
    files: dict[str, str] = {}
    for item in fields.objects("files"):
        path, status = item.string("filename"), item.string("status")
        if status == "renamed":
            files[item.string("previous_filename")] = "D"
            files[path] = "A"
        elif status in _KINDS:
            files[path] = _KINDS[status]
    return tuple(files.items())


def parse_api_commit(fields: Fields) -> CommitData:
    """A commit of compare or of the commits list; these name parents, and no files."""
    git = fields.object("commit")
    author, committer = git.optional_object("author"), git.optional_object("committer")
    account = fields.optional_object("author")
    return CommitData(
        sha=fields.sha("sha"),
        message=git.optional_string("message") or "",
        author=normalise_author(
            author.optional_string("name") if author else None,
            author.optional_string("email") if author else None,
            account.optional_string("login", 128) if account else None,
        ),
        author_id=account.number("id") if account and account.has("id") else None,
        authored_at=author.moment("date") if author else None,
        committed_at=committer.moment("date") if committer else None,
        parents=tuple(parent.sha("sha") for parent in fields.objects("parents")),
    )


__all__ = [
    "PUSH_CAP",
    "ZERO_SHA",
    "AccountPayload",
    "InstallationPayload",
    "PullRequestPayload",
    "PushPayload",
    "ReleasePayload",
    "RepositoryPayload",
    "parse_account",
    "parse_api_commit",
    "parse_api_files",
    "parse_installation",
    "parse_pull_request",
    "parse_push",
    "parse_release",
    "parse_repository",
]
