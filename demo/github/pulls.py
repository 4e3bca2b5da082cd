"""Pull requests, as far as merges and their commits need them."""

from dataclasses import dataclass
from datetime import datetime

from demo.github.accounts import Account
from demo.github.clock import utc
from demo.github.repositories import Repository
from demo.github.wire import Json, Roots


@dataclass(eq=False)
class Pull:
    """One pull request within its repository."""

    id: int
    number: int
    title: str
    body: str | None
    user: Account
    head_ref: str
    head_sha: str
    base_ref: str
    base_sha: str
    created_at: datetime
    updated_at: datetime
    merge_commit_sha: str | None = None
    merged_at: datetime | None = None
    merged_by: Account | None = None
    closed_at: datetime | None = None
    commits: int = 1

    def json(self, repository: Repository, roots: Roots) -> Json:
        """Render in the short form of lists."""
        api, web = repository.api(roots), repository.web(roots)
        url, issue = f"{api}/pulls/{self.number}", f"{api}/issues/{self.number}"
        html = f"{web}/pull/{self.number}"
        links = {
            "self": url,
            "html": html,
            "issue": issue,
            "comments": f"{issue}/comments",
            "review_comments": f"{url}/comments",
            "review_comment": f"{api}/pulls/comments{{/number}}",
            "commits": f"{url}/commits",
            "statuses": f"{api}/statuses/{self.head_sha}",
        }
        named = {f"{name}_url": link for name, link in links.items() if name != "self"}
        return named | {
            "url": url,
            "id": self.id,
            "node_id": f"PR_{self.id}",
            "diff_url": f"{html}.diff",
            "patch_url": f"{html}.patch",
            "number": self.number,
            "state": "closed" if self.closed_at else "open",
            "locked": False,
            "title": self.title,
            "user": self.user.json(roots),
            "body": self.body,
            "labels": [],
            "milestone": None,
            "draft": False,
            "created_at": utc(self.created_at),
            "updated_at": utc(self.updated_at),
            "closed_at": utc(self.closed_at) if self.closed_at else None,
            "merged_at": utc(self.merged_at) if self.merged_at else None,
            "merge_commit_sha": self.merge_commit_sha,
            "assignee": None,
            "assignees": [],
            "requested_reviewers": [],
            "requested_teams": [],
            "head": _side(repository, self.head_ref, self.head_sha, roots),
            "base": _side(repository, self.base_ref, self.base_sha, roots),
            "_links": {name: {"href": link} for name, link in links.items()},
            "author_association": "MEMBER",
            "auto_merge": None,
            "active_lock_reason": None,
        }

    def full_json(self, repository: Repository, roots: Roots) -> Json:
        """Render as the answer about this one and the payloads do."""
        return self.json(repository, roots) | {
            "merged": self.merged_at is not None,
            "mergeable": None if self.closed_at else True,
            "rebaseable": None,
            "mergeable_state": "unknown" if self.closed_at else "clean",
            "merged_by": self.merged_by.json(roots) if self.merged_by else None,
            "comments": 0,
            "review_comments": 0,
            "maintainer_can_modify": False,
            "commits": self.commits,
            "additions": 1,
            "deletions": 0,
            "changed_files": 1,
        }


def _side(repository: Repository, ref: str, sha: str, roots: Roots) -> Json:
    return {
        "label": f"{repository.owner.login}:{ref}",
        "ref": ref,
        "sha": sha,
        "user": repository.owner.json(roots),
        "repo": repository.json(roots),
    }
