"""What people do with installations and repositories at GitHub, and the events that it makes."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Literal

from demo.github import payloads
from demo.github.accounts import Account
from demo.github.app import Installation
from demo.github.deliveries import Delivery
from demo.github.repositories import Repository
from demo.github.wire import Json
from demo.github.world import World


class People:
    """Accounts, and what they do at the browser."""

    world: World

    def account(self, login: str, type: str = "User", id: int | None = None) -> Account:
        """Return the account, made if need be; *type* is `User`, `Organization` or `Bot`."""
        return self.world.accounts.add(login, id_=id, type_=type)

    def user(
        self,
        login: str,
        id: int | None = None,
        emails: Iterable[str] = (),
        name: str | None = None,
    ) -> Account:
        """Return the user, made if need be, to whom commits by *emails* belong from now on."""
        return self.world.accounts.add(login, id_=id, emails=emails, name=name)

    def join(self, organization: Account, user: Account, role: str = "member") -> None:
        """Make the user a `member` or `admin` of the organization."""
        self.world.grants.roles[organization.id, user.id] = role
        self.world.grants.invited.discard((organization.id, user.id))

    def invite(self, organization: Account, user: Account, role: str = "member") -> None:
        """Offer the user a role, which counts once they `join`."""
        self.world.grants.roles[organization.id, user.id] = role
        self.world.grants.invited.add((organization.id, user.id))

    def leave(self, organization: Account, user: Account) -> None:
        """Undo `join`."""
        self.world.grants.roles.pop((organization.id, user.id), None)

    def browse_as(self, user: Account | None) -> None:
        """Say who sits at the browser and agrees to sign in; None refuses."""
        self.world.grants.browser = user

    def pick_account(self, account: Account | None) -> None:
        """Say on which account the browser installs the App when it comes to do so."""
        self.world.grants.picked = account

    def revoke_authorization(self, user: Account) -> None:
        """Let the user take back the App's authorization: tokens die, and the App is told."""
        self.world.grants.revoke(user)
        payload = {"action": "revoked", "sender": user.json(self.world.roots)}
        self.world.deliveries.queue("github_app_authorization", payload, None)


class Installs:
    """Installations and what they see."""

    world: World

    def install(
        self,
        account: Account,
        repositories: Literal["all"] | Iterable[Repository] = "all",
        *,
        permissions: Mapping[str, str] | None = None,
        by: Account | None = None,
    ) -> Installation:
        """Install the App on an account, *by* its owner unless told; again makes a new id."""
        chosen = None if isinstance(repositories, str) else {item.id for item in repositories}
        return install_app(self.world, account, chosen, permissions, by)

    def add_repositories(self, installation: Installation, added: Iterable[Repository]) -> None:
        """Select more repositories."""
        chosen = list(added)
        installation.selected = (installation.selected or set()) | {item.id for item in chosen}
        self._tell_selection(installation, chosen, [])

    def remove_repositories(
        self, installation: Installation, removed: Iterable[Repository]
    ) -> None:
        """Select fewer repositories; "all" becomes a selection of the rest."""
        chosen = list(removed)
        seen = {item.id for item in self.world.visible(installation)}
        installation.selected = seen - {item.id for item in chosen}
        self._tell_selection(installation, [], chosen)

    def suspend(self, installation: Installation) -> None:
        """Suspend: tokens die, events stop."""
        installation.suspended_at = self.world.clock.now()
        installation.suspended_by = self.world.actor(installation.account)
        self.world.tokens.revoke(installation)
        self._tell_installation("suspend", installation)

    def unsuspend(self, installation: Installation) -> None:
        """Undo `suspend`; what happened meanwhile is never told."""
        installation.suspended_at = installation.suspended_by = None
        self._tell_installation("unsuspend", installation)

    def uninstall(self, installation: Installation) -> None:
        """Remove the installation; its id is gone for good."""
        self._tell_installation("deleted", installation)
        del self.world.installations[installation.id]
        self.world.tokens.revoke(installation)

    def accept_permissions(
        self, installation: Installation, permissions: Mapping[str, str]
    ) -> None:
        """Grant what the App asks for by now."""
        installation.permissions = dict(permissions)
        self._tell_installation("new_permissions_accepted", installation)

    def _tell_installation(self, action: str, installation: Installation) -> None:
        _tell_installation(self.world, action, installation)

    def _tell_selection(
        self, installation: Installation, added: list[Repository], removed: list[Repository]
    ) -> None:
        payload = payloads.selection(self.world, installation, added, removed)
        self.world.deliveries.queue("installation_repositories", payload, installation)


class Repositories:
    """Making, renaming and losing repositories."""

    world: World

    def repository(
        self,
        owner: str | Account,
        name: str,
        git_dir: Path | None = None,
        *,
        at: datetime | None = None,
    ) -> Repository:
        """Make a private repository out of an existing bare directory, or of a new one."""
        account = self.world.accounts.add(owner) if isinstance(owner, str) else owner
        made = self.world.make_repository(account, name, git_dir, self.world.when(at))
        self._tell("created", made)
        return made

    def rename(self, repository: Repository, name: str) -> list[Delivery]:
        """Rename; the old name leads on to the new one."""
        old = repository.name
        self.world.old_names[repository.full_name.lower()] = repository.id
        repository.name = name
        self.world.old_names.pop(repository.full_name.lower(), None)
        return self._tell("renamed", repository, {"repository": {"name": {"from": old}}})

    def transfer(self, repository: Repository, account: Account) -> list[Delivery]:
        """Give the repository to another account; whoever is installed there is told."""
        old = repository.owner
        self.world.old_names[repository.full_name.lower()] = repository.id
        for installation in self.world.installations.values():
            if installation.selected is not None and installation.account is account:
                # A selection does not grow by itself, whatever arrives from elsewhere.
                installation.selected.discard(repository.id)
        repository.owner = account
        if old.type == "Organization":
            giver = {"organization": old.organization_json(self.world.roots)}
        else:
            giver = {"user": old.json(self.world.roots)}
        return self._tell("transferred", repository, {"owner": {"from": giver}})

    def archive(self, repository: Repository) -> list[Delivery]:
        """Make the repository read-only."""
        repository.archived = True
        return self._tell("archived", repository)

    def unarchive(self, repository: Repository) -> list[Delivery]:
        """Undo `archive`."""
        repository.archived = False
        return self._tell("unarchived", repository)

    def set_default_branch(self, repository: Repository, branch: str) -> list[Delivery]:
        """Change the default branch."""
        old, repository.default_branch = repository.default_branch, branch
        return self._tell("edited", repository, {"default_branch": {"from": old}})

    def delete_repository(self, repository: Repository) -> list[Delivery]:
        """Delete the repository; its number is gone for good, its directory stays."""
        told = self._tell("deleted", repository)
        del self.world.repositories[repository.id]
        return told

    def _tell(
        self, action: str, repository: Repository, changes: Json | None = None
    ) -> list[Delivery]:
        world, sender = self.world, self.world.actor(repository.owner)
        return world.tell(
            "repository",
            repository,
            lambda: payloads.repository(world, action, repository, sender, changes),
        )


def install_app(
    world: World,
    account: Account,
    chosen: set[int] | None = None,
    permissions: Mapping[str, str] | None = None,
    by: Account | None = None,
) -> Installation:
    """Make an installation and tell the App; *chosen* repositories by id, None for all."""
    granted, now = dict(permissions or world.app.permissions), world.clock.now()
    by = by or world.actor(account)
    made = Installation(next(world.ids), world.app, account, now, granted, chosen, by)
    world.installations[made.id] = made
    _tell_installation(world, "created", made)
    return made


def _tell_installation(world: World, action: str, installation: Installation) -> None:
    seen = world.visible(installation)
    payload = payloads.installation(world, action, installation, seen)
    world.deliveries.queue("installation", payload, installation)
