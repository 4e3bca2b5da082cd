"""Repositories: a number that stays, a name that may change, a bare directory."""

from dataclasses import dataclass, field
from datetime import datetime

from demo.github.accounts import Account
from demo.github.clock import utc
from demo.github.git import BareRepository
from demo.github.history import History
from demo.github.wire import Json, Roots

_URLS = {
    "archive": "/{archive_format}{/ref}",
    "assignees": "/assignees{/user}",
    "blobs": "/git/blobs{/sha}",
    "branches": "/branches{/branch}",
    "collaborators": "/collaborators{/collaborator}",
    "comments": "/comments{/number}",
    "commits": "/commits{/sha}",
    "compare": "/compare/{base}...{head}",
    "contents": "/contents/{+path}",
    "contributors": "/contributors",
    "deployments": "/deployments",
    "downloads": "/downloads",
    "events": "/events",
    "forks": "/forks",
    "git_commits": "/git/commits{/sha}",
    "git_refs": "/git/refs{/sha}",
    "git_tags": "/git/tags{/sha}",
    "hooks": "/hooks",
    "issue_comment": "/issues/comments{/number}",
    "issue_events": "/issues/events{/number}",
    "issues": "/issues{/number}",
    "keys": "/keys{/key_id}",
    "labels": "/labels{/name}",
    "languages": "/languages",
    "merges": "/merges",
    "milestones": "/milestones{/number}",
    "notifications": "/notifications{?since,all,participating}",
    "pulls": "/pulls{/number}",
    "releases": "/releases{/id}",
    "stargazers": "/stargazers",
    "statuses": "/statuses/{sha}",
    "subscribers": "/subscribers",
    "subscription": "/subscription",
    "tags": "/tags",
    "teams": "/teams",
    "trees": "/git/trees{/sha}",
}


@dataclass(eq=False)
class Repository:
    """A repository at GitHub; `git` is where its objects and refs are."""

    id: int
    owner: Account
    name: str
    git: BareRepository
    created_at: datetime
    pushed_at: datetime
    default_branch: str = "main"
    description: str | None = None
    private: bool = True
    archived: bool = False
    history: History = field(init=False)

    def __post_init__(self) -> None:
        self.history = History(self.git)

    @property
    def full_name(self) -> str:
        return f"{self.owner.login}/{self.name}"

    def api(self, roots: Roots) -> str:
        """Return the URL by name, as it stands in answers."""
        return f"{roots.api}/repos/{self.full_name}"

    def web(self, roots: Roots) -> str:
        return f"{roots.web}/{self.full_name}"

    def brief(self) -> Json:
        """Render the few fields that installation payloads carry."""
        return {
            "id": self.id,
            "node_id": f"R_{self.id}",
            "name": self.name,
            "full_name": self.full_name,
            "private": self.private,
        }

    def json(self, roots: Roots) -> Json:
        """Render in full, as the API and most payloads do."""
        api, web = self.api(roots), self.web(roots)
        git_host = f"{web.split('://', 1)[1]}.git"
        return {
            **self.brief(),
            "owner": self.owner.json(roots),
            "html_url": web,
            "description": self.description,
            "url": api,
            **{f"{name}_url": api + path for name, path in _URLS.items()},
            "git_url": f"git://{git_host}",
            "ssh_url": f"git@{git_host.replace('/', ':', 1)}",
            "clone_url": f"{web}.git",
            "svn_url": web,
            "mirror_url": None,
            **_TRAITS,
            "archived": self.archived,
            "visibility": "private" if self.private else "public",
            "default_branch": self.default_branch,
            "created_at": utc(self.created_at),
            "updated_at": utc(self.pushed_at),
            "pushed_at": utc(self.pushed_at),
        }

    def full_json(self, roots: Roots) -> Json:
        """Render with the counts that only the answer about this one repository has."""
        return self.json(roots) | {"subscribers_count": 0, "network_count": 0}

    def push_json(self, roots: Roots) -> Json:
        """Render the special flavour of push payloads: epoch numbers and the web's URL."""
        flavour = self.json(roots)
        owner = {"name": self.owner.login, "email": None} | flavour["owner"]
        return (
            flavour
            | {
                "owner": owner,
                "url": flavour["html_url"],
                "created_at": int(self.created_at.timestamp()),
                "pushed_at": int(self.pushed_at.timestamp()),
                "stargazers": 0,
                "master_branch": self.default_branch,
            }
            | ({"organization": self.owner.login} if self.owner.type == "Organization" else {})
        )


_TRAITS: Json = {
    "homepage": None,
    "language": "Python",
    "license": None,
    "topics": [],
    "size": 108,
    "fork": False,
    "is_template": False,
    "disabled": False,
    "allow_forking": True,
    "web_commit_signoff_required": False,
    "has_issues": True,
    "has_projects": True,
    "has_downloads": True,
    "has_wiki": True,
    "has_pages": False,
    "has_discussions": False,
    **dict.fromkeys(("forks", "forks_count", "stargazers_count", "watchers", "watchers_count"), 0),
    **dict.fromkeys(("open_issues", "open_issues_count"), 0),
}
