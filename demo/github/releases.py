"""Releases as GitHub knows them: a tag with a name, a text and a time."""

from dataclasses import dataclass
from datetime import datetime

from demo.github.accounts import Account
from demo.github.clock import utc
from demo.github.repositories import Repository
from demo.github.wire import Json, Roots


@dataclass(eq=False)
class Release:
    """One release; a draft has no `published_at`."""

    id: int
    tag: str
    target: str
    name: str | None
    body: str | None
    author: Account
    created_at: datetime
    published_at: datetime | None
    prerelease: bool = False
    draft: bool = False

    def json(self, repository: Repository, roots: Roots) -> Json:
        url = f"{repository.api(roots)}/releases/{self.id}"
        api, web = repository.api(roots), repository.web(roots)
        return {
            "url": url,
            "html_url": f"{web}/releases/tag/{self.tag}",
            "assets_url": f"{url}/assets",
            "upload_url": f"{url}/assets{{?name,label}}",
            "tarball_url": f"{api}/tarball/{self.tag}",
            "zipball_url": f"{api}/zipball/{self.tag}",
            "id": self.id,
            "node_id": f"RE_{self.id}",
            "tag_name": self.tag,
            "target_commitish": self.target,
            "name": self.name,
            "body": self.body,
            "draft": self.draft,
            "prerelease": self.prerelease,
            "immutable": False,
            "created_at": utc(self.created_at),
            "updated_at": utc(self.published_at or self.created_at),
            "published_at": utc(self.published_at) if self.published_at else None,
            "author": self.author.json(roots),
            "assets": [],
        }
