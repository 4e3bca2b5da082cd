"""What rules for tags and branches would do, and would have done, on a repository's own history."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from domain.branch_rules import takes_branch
from domain.releases import list_projects_of
from domain.repository_settings import Rules, rules_of
from domain.tag_rules import explain_no_release, find_tag_line
from domain.versions import release_version
from models import Delivery, Head, Release, Repository, Tag

NEWEST = 30
RECENT = timedelta(days=30)
MOST = 200  # tags, if more were made in those days
HEADS = "refs/heads/"


@dataclass(frozen=True)
class TagPreview:
    """A tag under the rules. Names are None where it would make no release.

    `existing` is the release that it has made; `before` and `after` are what it would be called,
    were it made now, by the present rules and by the new ones.
    """

    name: str
    made_at: datetime | None
    is_recent: bool
    line: str | None
    existing: str | None
    before: str | None
    after: str | None
    why_none: str | None = None
    warning: str | None = None

    @property
    def change(self) -> str:
        """made, gone, renamed or same."""
        if self.before is None or self.after is None:
            return "same" if self.before is self.after else ("made" if self.after else "gone")
        return "same" if self.before == self.after else "renamed"


@dataclass(frozen=True)
class BranchPreview:
    """The pushes to a branch in the last 30 days."""

    name: str
    pushes: int
    newest_at: datetime
    counted: bool
    counts: bool


@dataclass(frozen=True)
class RulesPreview:
    """Tags, newest first, and branches, most pushed first, with what would change."""

    tags: list[TagPreview]
    branches: list[BranchPreview]

    def list_recent(self, change: str) -> list[TagPreview]:
        """Tags of the last 30 days with that change."""
        return [tag for tag in self.tags if tag.is_recent and tag.change == change]

    @property
    def now_ignored(self) -> list[BranchPreview]:
        return [branch for branch in self.branches if branch.counted and not branch.counts]

    @property
    def now_counted(self) -> list[BranchPreview]:
        return [branch for branch in self.branches if branch.counts and not branch.counted]


def preview_rules(
    session: Session, repository: Repository, rules: Rules, *, now: datetime
) -> RulesPreview:
    """The newest 30 tags, all of the last 30 days, and its pushes. Five statements; writes nothing."""
    tags = _preview_tags(session, repository, rules, now - RECENT)
    return RulesPreview(tags, _preview_branches(session, repository, rules, now - RECENT))


def _preview_tags(
    session: Session, repository: Repository, rules: Rules, since: datetime
) -> list[TagPreview]:
    present = rules_of(repository)
    projects = list_projects_of(session, repository)
    slug = projects[0].slug if projects else repository.full_name.rpartition("/")[2].lower()
    rows = session.execute(
        select(Tag, Release.version)
        .outerjoin(Head, Head.tag_id == Tag.id)
        .outerjoin(Release, Release.id == Head.release_id)
        .where(Tag.repository_id == repository.id, Tag.sha.is_not(None), Tag.made_at.is_not(None))
        .order_by(Tag.made_at.desc(), Tag.id.desc())
        .limit(MOST)
    ).all()
    shown: list[TagPreview] = []
    for number, (tag, version) in enumerate(rows):
        is_recent = any(at is not None and at >= since for at in (tag.made_at, tag.pushed_at))
        if number < NEWEST or is_recent:
            shown.append(_preview_tag(tag, version, slug, present, rules, is_recent=is_recent))
    return _warn(session, repository, shown)


def _preview_tag(
    tag: Tag,
    existing: str | None,
    slug: str,
    present: Rules,
    rules: Rules,
    *,
    is_recent: bool,
) -> TagPreview:
    line = find_tag_line(tag.name, rules.tag_pattern)
    return TagPreview(
        tag.name,
        tag.made_at,
        is_recent,
        line,
        existing,
        _name(tag.name, slug, present),
        _name(tag.name, slug, rules),
        None if line is not None else explain_no_release(tag.name, rules.tag_pattern),
    )


def _name(tag: str, slug: str, rules: Rules) -> str | None:
    if find_tag_line(tag, rules.tag_pattern) is None:
        return None
    return release_version(tag, slug, rules.version_template)


def _warn(session: Session, repository: Repository, tags: Sequence[TagPreview]) -> list[TagPreview]:
    """Say of each tag whose release it would join without being meant to."""
    elsewhere = _releases_elsewhere(session, repository, {tag.after for tag in tags if tag.after})
    lines: defaultdict[str, set[str]] = defaultdict(set)
    for tag in tags:
        if tag.after is not None and tag.line is not None:
            lines[tag.after].add(tag.line)
    return [_with_warning(tag, elsewhere, lines) for tag in tags]


def _with_warning(
    tag: TagPreview, elsewhere: dict[str, str], lines: dict[str, set[str]]
) -> TagPreview:
    warning = None
    if tag.after in elsewhere and tag.after != tag.existing:
        warning = f"{elsewhere[tag.after]} has a release of that name: the tag would join it"
    elif tag.after is not None and len(lines[tag.after]) > 1:
        warning = "a tag of another line makes the same name: both would be one release"
    return replace(tag, warning=warning)


def _releases_elsewhere(
    session: Session, repository: Repository, versions: set[str]
) -> dict[str, str]:
    """Of these versions, those that another repository's commits are in, with its name."""
    rows = session.execute(
        select(Release.version, Repository.full_name)
        .join(Head, Head.release_id == Release.id)
        .join(Repository, Repository.id == Head.repository_id)
        .where(
            Release.organization_id == repository.organization_id,
            Release.version.in_(versions),
            Head.repository_id != repository.id,
        )
        .order_by(Repository.full_name.desc())
    )
    return {row.version: row.full_name for row in rows}


def _preview_branches(
    session: Session, repository: Repository, rules: Rules, since: datetime
) -> list[BranchPreview]:
    rows = session.execute(
        select(Delivery.ref, func.count(), func.max(Delivery.received_at))
        .where(
            Delivery.repository_id == repository.id,
            Delivery.event == "push",
            Delivery.received_at >= since,
            Delivery.ref.startswith(HEADS, autoescape=True),
        )
        .group_by(Delivery.ref)
    ).all()
    pushed: Counter[str] = Counter()
    newest: dict[str, datetime] = {}
    for ref, number, at in rows:
        name = (ref or "").removeprefix(HEADS)
        pushed[name], newest[name] = number, at
    return [
        BranchPreview(
            name,
            number,
            newest[name],
            takes_branch(repository.tracked_branches, name),
            takes_branch(rules.tracked_branches, name),
        )
        for name, number in pushed.most_common()
    ]
