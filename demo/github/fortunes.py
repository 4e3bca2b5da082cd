"""What befalls accounts and the App itself: another login, another key, the end."""

from demo.github import payloads
from demo.github.accounts import Account
from demo.github.deliveries import Delivery
from demo.github.world import World


class Fortunes:
    """Acts on accounts and on the App."""

    world: World

    def rename_account(self, account: Account, login: str) -> list[Delivery]:
        """Give the account another login; the old names of its repositories lead on to the new ones."""
        world, old = self.world, account.login
        for repository in world.repositories.values():
            if repository.owner is account:
                world.old_names[repository.full_name.lower()] = repository.id
        world.accounts.rename(account, login)
        for repository in world.repositories.values():
            world.old_names.pop(repository.full_name.lower(), None)
        told = []
        for installation in world.installations.values():
            if installation.account is account:
                payload = payloads.target_renamed(world, installation, old)
                queued = world.deliveries.queue("installation_target", payload, installation)
                told += [queued] if queued else []
        return told

    def replace_private_key(self) -> str:
        """Make another key and delete the one of before; the new one's PEM."""
        self.world.app.make_key()
        return self.world.app.private_key_pem

    def delete_app(self) -> None:
        """Delete the App: its installations and tokens go with it, and nobody is told."""
        self.world.app.is_deleted = True
        self.world.installations.clear()
        self.world.tokens.revoke()
