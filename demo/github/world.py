"""Everything the stand-in knows: accounts, repositories, installations, tokens, deliveries, budgets."""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

from demo.github.accounts import Account, Accounts
from demo.github.app import App, Installation
from demo.github.auth import Caller, Tokens
from demo.github.clock import Clock
from demo.github.deliveries import Deliveries, Delivery
from demo.github.faults import Faults, Gate, Limits
from demo.github.git import BareRepository
from demo.github.grants import Grants
from demo.github.pulls import Pull
from demo.github.releases import Release
from demo.github.repositories import Repository
from demo.github.wire import ApiError, Json, Request, Roots

_EVENT_NEEDS = {"pull_request": "pull_requests", "repository": "metadata"}
_EVENT_NEEDS |= dict.fromkeys(("push", "create", "delete", "release"), "contents")


@dataclass(frozen=True)
class LoggedCall:
    """One request to the API, as it was answered."""

    method: str
    path: str
    query: dict[str, str]
    status: int
    caller: str
    at: datetime

    @property
    def mints_token(self) -> bool:
        return self.method == "POST" and self.path.endswith("/access_tokens")


class World:
    """The state behind all answers and payloads."""

    def __init__(self, directory: Path) -> None:
        """Start with an App and nobody to use it; repositories are made below *directory*."""
        self.directory = directory
        self.clock = Clock()
        self.ids = count(1001)
        self.accounts = Accounts(self.ids)
        owner = self.accounts.add("shiplog-inc", type_="Organization")
        self.app = App(next(self.ids), owner, self.clock.now())
        self.tokens = Tokens(self.clock)
        self.grants = Grants(self.clock)
        self.deliveries = Deliveries(self.app, self.clock, count(10**11))
        self.faults = Faults()
        self.gates: list[Gate] = []
        self.limits = Limits(self.clock)
        self.installations: dict[int, Installation] = {}
        self.repositories: dict[int, Repository] = {}
        self.old_names: dict[str, int] = {}
        self.releases: dict[int, list[Release]] = defaultdict(list)
        self.pulls: dict[int, dict[int, Pull]] = defaultdict(dict)
        self.calls: list[LoggedCall] = []
        self.graphql_enabled = True
        self.ahead = 0.0  # seconds by which the machine's clock seems to be behind GitHub's
        self.roots = Roots("", "")

    def make_repository(
        self, owner: Account, name: str, git_dir: Path | None, at: datetime
    ) -> Repository:
        """Make a repository out of *git_dir*, or of a new empty directory."""
        number = next(self.ids)
        path = git_dir or self.directory / f"{number}.git"
        git = BareRepository(path) if (path / "HEAD").exists() else BareRepository.init(path)
        head = (path / "HEAD").read_text().strip()
        branch = head.removeprefix("ref: refs/heads/") if head.startswith("ref:") else "main"
        repository = Repository(number, owner, name, git, at, at, branch)
        self.repositories[number] = repository
        self.old_names.pop(repository.full_name.lower(), None)
        return repository

    def find_repository(self, owner: str, name: str) -> tuple[Repository | None, bool]:
        """Return the repository of that name, and whether the name is an old one of it."""
        wanted = f"{owner}/{name}".lower()
        for repository in list(self.repositories.values()):
            if repository.full_name.lower() == wanted:
                return repository, False
        return self.repositories.get(self.old_names.get(wanted, 0)), True

    def installation_for(self, repository: Repository) -> Installation | None:
        """Return the installation that sees the repository."""
        alive = (i for i in list(self.installations.values()) if i.sees(repository))
        return next(alive, None)

    def visible(self, installation: Installation) -> list[Repository]:
        return [r for r in list(self.repositories.values()) if installation.sees(r)]

    def actor(self, account: Account) -> Account:
        """Return who acts for an account: the user, or a user who owns the organization."""
        if account.type != "Organization":
            return account
        login = f"{account.login}-admin"
        return self.accounts.add(login, emails=[f"{login}@{account.login}.example"])

    def tell(
        self, event: str, repository: Repository, render: Callable[[], Json]
    ) -> list[Delivery]:
        """Queue an event of a repository; none when nobody is installed, subscribed and permitted."""
        installation = self.installation_for(repository)
        if installation is None or installation.suspended_at or event not in self.app.events:
            return []
        if not installation.may(f"{_EVENT_NEEDS[event]}=read"):
            return []
        payload = render() | {"installation": installation.brief()}
        queued = self.deliveries.queue(event, payload, installation, repository.id)
        return [queued] if queued else []

    def when(self, at: datetime | None) -> datetime:
        """Return the time of an act, now unless it was said."""
        return at.astimezone(UTC) if at else self.clock.now()


@dataclass(frozen=True)
class Call:
    """One request on its way: who asks what of which repository."""

    world: World
    request: Request
    caller: Caller
    found: Repository | None = None

    @property
    def roots(self) -> Roots:
        return self.request.roots

    @property
    def repository(self) -> Repository:
        """Return the repository of the URL; routes outside of one must not ask."""
        if self.found is None:
            raise ApiError(404, "Not Found")
        return self.found

    @property
    def installation(self) -> Installation:
        """Return the asking installation; raise 403 for everybody else."""
        if self.caller.token is None:
            raise ApiError(403, "Resource not accessible by integration")
        return self.caller.token.installation

    def account_json(self, email: str) -> Json | None:
        """Return whose address it is, None when nobody's."""
        account = self.world.accounts.by_email(email)
        return account.json(self.roots) if account else None

    def sees(self, repository: Repository) -> bool:
        """Say whether the asking installation's token covers the repository."""
        token = self.caller.token
        if token is None or not token.installation.sees(repository):
            return False
        return token.repositories is None or repository.id in token.repositories
