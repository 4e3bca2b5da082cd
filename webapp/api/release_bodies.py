"""What clients send of a release: to make it, to change it, with commits or refs (sentry-api.md 4.2)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, Field, field_validator

from domain.identity import normalise_stated_author
from domain.stated_commits import StatedCommit
from domain.stated_releases import Statement
from domain.text import clean_text
from domain.versions import version_problem
from models import ReleaseStatus
from webapp.api.fields import FilledText, Text, WebUrl, at_most

MOST_OF_REF = 64
MOST_OF_URL = 2000
FILE_KINDS = ("A", "M", "D")
MOST_OF_OWNER = 200
_FULL_SHA = re.compile(r"[0-9A-Fa-f]{40}")
_NO_COMMIT = re.compile(r"0{40}|0{64}")
_DATE = re.compile(r"\d{4}-\d", re.ASCII)


def _refuse_null(value: object) -> object:
    if value is None:
        raise ValueError("This field may not be null.")
    return value


def _read_moment(value: object) -> datetime | None:
    """Any offset, UTC without one; finer than microseconds is cut; null or blank is none."""
    if value is None or value == "":
        return None
    try:
        if not isinstance(value, str) or not _DATE.match(value):
            raise ValueError(value)
        moment = datetime.fromisoformat(value.strip())
        moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        raise ValueError("A moment is written as in 2026-01-05T11:00:00Z.") from None
    return moment


def _clean(value: object) -> object:
    """Text that people wrote is kept, but for what no database takes."""
    return clean_text(value) if isinstance(value, str) else value


def _read_sha(text: str) -> str:
    return text.lower() if _FULL_SHA.fullmatch(text) else text


def _read_begin(text: str | None) -> str | None:
    """Where a range begins; None as well for forty zeros, as a push has them that makes a branch."""
    return _read_sha(text) if text and not _NO_COMMIT.fullmatch(text) else None


def _verify_file_kind(kind: str) -> str:
    if kind not in FILE_KINDS:
        raise ValueError(f"Commit patch_set type {kind} is not supported.")
    return kind


def _verify_version(version: str) -> str:
    problem = version_problem(version)
    if problem is not None:
        raise ValueError(problem)
    return version


def _verify_revision(text: str) -> str:
    """A commit, or `from..to`."""
    if text.startswith("..") or text.endswith(".."):
        raise ValueError("Commit cannot begin or end with ..")
    if "..." in text or text.count("..") > 1:
        raise ValueError("A range of commits is written with one .. in it.")
    parts = text.split("..")
    if len(parts) == 2 and any(len(part) > MOST_OF_REF for part in parts):
        raise ValueError(f"Start or end commit too long - max is {MOST_OF_REF} chars each")
    if len(parts) == 1 and len(text) > MOST_OF_REF:
        raise ValueError(f"Commit too long - max is {MOST_OF_REF} chars")
    return text


def _name_projects(value: object) -> object:
    """Slugs or ids; ids come as digits or as numbers."""
    _refuse_null(value)
    if not isinstance(value, list):
        raise ValueError("Expected a list of items.")
    if any(isinstance(name, bool) or not isinstance(name, str | int) for name in value):
        raise ValueError("Invalid project ids or slugs")
    return [str(name) for name in value]


def _name_of_owner(value: object) -> object:
    """Ids come as numbers or digits, too; nothing is nobody."""
    if isinstance(value, int) and not isinstance(value, bool):
        return f"user:{value}"
    if isinstance(value, str) and value.isascii() and value.isdigit():
        return f"user:{value}"
    return value or None


Moment = Annotated[datetime | None, BeforeValidator(_read_moment)]
Prose = Annotated[str, BeforeValidator(_clean)]
Url = Annotated[WebUrl, at_most(MOST_OF_URL)]


@dataclass(slots=True)
class PatchBody:
    """A file that a commit touched.

    These and the commits are no models of pydantic's: those take 500 bytes each beyond what they
    say, and a request may hold 50,000 of them.
    """

    path: Annotated[Prose, at_most(510)]
    type: Annotated[str, AfterValidator(_verify_file_kind)]


@dataclass(slots=True)
class CommitBody:
    """One of a client's list of commits; null says nothing."""

    id: Annotated[FilledText, at_most(64), AfterValidator(_read_sha)]
    repository: Annotated[Text, at_most(64)] | None = None
    message: Prose | None = None
    author_name: Annotated[Prose, at_most(128)] | None = None
    author_email: Annotated[Prose, at_most(200)] | None = None
    timestamp: Moment = None
    patch_set: list[PatchBody] | None = None

    def commit(self) -> StatedCommit:
        files = self.patch_set
        return StatedCommit(
            sha=self.id,
            repository=self.repository or None,
            message=self.message,
            author=normalise_stated_author(self.author_name, self.author_email),
            authored_at=self.timestamp,
            files=None if files is None else tuple((one.path, one.type) for one in files),
        )


class RefBody(BaseModel):
    """A commit of a repository; a range `from..to` says where it begins as well."""

    repository: Annotated[FilledText, at_most(200)]
    commit: Annotated[FilledText, AfterValidator(_verify_revision)]
    previous: Annotated[Text, at_most(MOST_OF_REF)] | None = Field(
        default=None, alias="previousCommit"
    )

    @property
    def revisions(self) -> tuple[str, str | None]:
        """The last commit, and the one that it begins after."""
        begin, dots, end = self.commit.partition("..")
        if dots:
            return _read_sha(end), _read_begin(begin)
        return _read_sha(self.commit), _read_begin(self.previous)


class HeadCommitBody(BaseModel):
    """What old clients send in place of a ref."""

    repository: Annotated[FilledText, at_most(64)]
    current: Annotated[FilledText, at_most(MOST_OF_REF)] = Field(alias="currentId")
    previous: Annotated[Text, at_most(MOST_OF_REF)] | None = Field(default=None, alias="previousId")


class _Said(BaseModel):
    """What may be said of a release at any time."""

    ref: Annotated[Text, at_most(200)] | None = None
    url: Url | None = None
    released_at: Moment = Field(default=None, alias="dateReleased")
    status: str | None = None
    commits: list[CommitBody] | None = None

    @field_validator("status")
    @classmethod
    def _verify_status(cls, status: str | None) -> str | None:
        if status and status not in list(ReleaseStatus):
            raise ValueError(f"Invalid status {clean_text(status, 200)}")
        return status

    def statement(self, **more: Any) -> Statement:
        return Statement(
            ref=self.ref or None,
            url=self.url or None,
            released_at=self.released_at,
            status=ReleaseStatus(self.status) if self.status else None,
            commits=[body.commit() for body in self.commits or ()],
            **more,
        )


class _WithRefs(BaseModel):
    refs: list[RefBody] | None = None
    head_commits: list[HeadCommitBody] | None = Field(default=None, alias="headCommits")

    def named_refs(self) -> list[tuple[str, str, str | None]]:
        """Repository, commit, and the one before it; the last word on a repository holds."""
        said: Iterable[tuple[str, str, str | None]]
        if self.refs:
            said = ((body.repository, *body.revisions) for body in self.refs)
        else:
            said = (
                (body.repository, _read_sha(body.current), _read_begin(body.previous))
                for body in self.head_commits or ()
            )
        return list(
            {name.lower(): (name, commit, before) for name, commit, before in said}.values()
        )

    @property
    def is_clearing(self) -> bool:
        """An empty list of refs, and nothing in its place."""
        return self.refs == [] and not self.head_commits


class _New(_Said):
    version: Annotated[str, AfterValidator(_verify_version)]
    owner: Annotated[
        Annotated[Text, at_most(MOST_OF_OWNER)] | None, BeforeValidator(_name_of_owner)
    ] = None

    @field_validator("commits", mode="before")
    @classmethod
    def _require_commits(cls, value: object) -> object:
        return _refuse_null(value)


class NewRelease(_New, _WithRefs):
    """The body that makes a release, or finds it again."""

    projects: Annotated[list[str], BeforeValidator(_name_projects)]

    @field_validator("refs", mode="before")
    @classmethod
    def _require_refs(cls, value: object) -> object:
        return _refuse_null(value)


class NewReleaseOfProject(_New):
    """The same on a project's route, which names the project; refs are not taken there."""


class ReleaseChange(_Said, _WithRefs):
    """The body that changes a release; what is null or blank changes nothing."""
