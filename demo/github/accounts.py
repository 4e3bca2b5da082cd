"""Users, organizations and bots, and which of them an e-mail address belongs to."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from demo.github.wire import Json, Roots

_NOREPLY = re.compile(r"(?:(\d+)\+)?([^@]+)@users\.noreply\.github\.com", re.IGNORECASE)


@dataclass
class Account:
    """Someone with an id; the login may change."""

    id: int
    login: str
    type: str = "User"
    name: str | None = None
    emails: set[str] = field(default_factory=set)

    def json(self, roots: Roots) -> Json:
        """Render as GitHub's "simple user"."""
        url = f"{roots.api}/users/{self.login}"
        return {
            "login": self.login,
            "id": self.id,
            "node_id": f"{self.type[0]}_{self.id}",
            "avatar_url": f"{roots.web}/avatars/u/{self.id}?v=4",
            "gravatar_id": "",
            "url": url,
            "html_url": f"{roots.web}/{self.login}",
            "followers_url": f"{url}/followers",
            "following_url": f"{url}/following{{/other_user}}",
            "gists_url": f"{url}/gists{{/gist_id}}",
            "starred_url": f"{url}/starred{{/owner}}{{/repo}}",
            "subscriptions_url": f"{url}/subscriptions",
            "organizations_url": f"{url}/orgs",
            "repos_url": f"{url}/repos",
            "events_url": f"{url}/events{{/privacy}}",
            "received_events_url": f"{url}/received_events",
            "type": self.type,
            "user_view_type": "public",
            "site_admin": False,
        }

    def organization_json(self, roots: Roots) -> Json:
        """Render as the `organization` member of payloads."""
        url = f"{roots.api}/orgs/{self.login}"
        urls = {f"{name}_url": f"{url}/{name}" for name in ("repos", "events", "hooks", "issues")}
        return {
            "login": self.login,
            "id": self.id,
            "node_id": f"O_{self.id}",
            "url": url,
            **urls,
            "members_url": f"{url}/members{{/member}}",
            "public_members_url": f"{url}/public_members{{/member}}",
            "avatar_url": f"{roots.web}/avatars/u/{self.id}?v=4",
            "description": "",
        }


class Accounts:
    """All accounts there are."""

    def __init__(self, ids: Iterator[int]) -> None:
        """Take numbers for accounts made without one from *ids*."""
        self._ids = ids
        self._by_login: dict[str, Account] = {}
        self._by_id: dict[int, Account] = {}
        self._by_email: dict[str, Account] = {}
        self.add("web-flow", id_=19864447, emails=["noreply@github.com"])

    def add(
        self,
        login: str,
        *,
        id_: int | None = None,
        type_: str = "User",
        name: str | None = None,
        emails: Iterable[str] = (),
    ) -> Account:
        """Return the account with this login, made if need be, knowing *emails* from now on."""
        account = self._by_login.get(login.lower())
        if account is None:
            account = Account(id_ or next(self._ids), login, type_)
            self._by_login[login.lower()] = self._by_id[account.id] = account
        account.name = name or account.name
        for email in emails:
            account.emails.add(email.lower())
            self._by_email[email.lower()] = account
        return account

    def rename(self, account: Account, login: str) -> None:
        """Give the account another login; the old one is free for others."""
        del self._by_login[account.login.lower()]
        account.login = login
        self._by_login[login.lower()] = account

    def by_login(self, login: str) -> Account | None:
        return self._by_login.get(login.lower())

    def by_email(self, email: str) -> Account | None:
        """Find whose address it is; one of the form `id+login@users.noreply...` always is somebody's."""
        found = self._by_email.get(email.lower())
        noreply = _NOREPLY.fullmatch(email)
        if found or not noreply:
            return found
        number, login = noreply.groups()
        if number is None:
            return self._by_login.get(login.lower())
        type_ = "Bot" if login.endswith("[bot]") else "User"
        return self._by_id.get(int(number)) or self.add(login, id_=int(number), type_=type_)
