"""The GitHub App and its installations: what exists, what it may see, how both look as JSON."""

import re
import secrets
from dataclasses import dataclass
from datetime import datetime
from functools import cache

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from demo.github.accounts import Account
from demo.github.clock import utc
from demo.github.repositories import Repository
from demo.github.wire import Json, Roots

PERMISSIONS = {"metadata": "read", "contents": "read", "pull_requests": "read"}
EVENTS = ("push", "create", "delete", "release", "pull_request", "repository")
_LEVELS = ("", "read", "write", "admin")


class App:
    """The registered App with its secrets, all made up on the spot."""

    def __init__(self, app_id: int, owner: Account, now: datetime, slug: str = "shiplog") -> None:
        """Generate key and secrets."""
        self.app_id = app_id
        self.slug = slug
        self.name = slug.capitalize()
        self.owner = owner
        self.client_id = f"Iv23li{secrets.token_hex(7)}"
        self.client_secret = secrets.token_hex(20)
        self.webhook_secret = secrets.token_hex(20)
        self.hook_id = app_id + 400_000_000
        self.hook_url = "http://127.0.0.1/webhooks/github"
        self.setup_url = ""  # where browsers go after installing
        self.callback_urls: list[str] = []
        self.permissions = dict(PERMISSIONS)
        self.events = list(EVENTS)
        self.created_at = now
        key = _private_key()
        self.private_key_pem = _private_pem(key)
        self.public_keys = [_public_pem(key)]  # any of them proves that it is the App

    def add_key(self) -> str:
        """Make a further private key, as on the App's page; return its PEM."""
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self.public_keys.append(_public_pem(key))
        return _private_pem(key)

    def delete_first_key(self) -> None:
        """Let the oldest key prove nothing any more."""
        del self.public_keys[0]

    def configure(
        self,
        *,
        name: str,
        hook_url: str,
        permissions: dict[str, str],
        events: list[str],
        setup_url: str,
        callback_urls: list[str],
    ) -> None:
        """Become what a manifest says; the hook gets another secret."""
        self.name, self.slug = name, re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
        self.hook_url, self.events = hook_url, list(events)
        self.setup_url, self.callback_urls = setup_url, list(callback_urls)
        self.permissions = {"metadata": "read"} | permissions
        self.webhook_secret = secrets.token_hex(20)

    def json(self, roots: Roots, installations: int) -> Json:
        return {
            "id": self.app_id,
            "slug": self.slug,
            "client_id": self.client_id,
            "node_id": f"A_{self.app_id}",
            "owner": self.owner.json(roots),
            "name": self.name,
            "description": "",
            "external_url": "https://shiplog.example",
            "html_url": f"{roots.web}/apps/{self.slug}",
            "created_at": utc(self.created_at),
            "updated_at": utc(self.created_at),
            "permissions": self.permissions,
            "events": self.events,
            "installations_count": installations,
        }


def _private_pem(key: rsa.RSAPrivateKey) -> str:
    form = PrivateFormat.TraditionalOpenSSL
    return key.private_bytes(Encoding.PEM, form, NoEncryption()).decode()


def _public_pem(key: rsa.RSAPrivateKey) -> bytes:
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


@cache
def _private_key() -> rsa.RSAPrivateKey:
    """Make one key for all Apps of this process: it takes longer than most tests."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@dataclass(eq=False)
class Installation:
    """The App on one account; `selected` is None while it sees all repositories."""

    id: int
    app: App
    account: Account
    created_at: datetime
    permissions: dict[str, str]
    selected: set[int] | None = None
    installed_by: Account | None = None
    suspended_at: datetime | None = None
    suspended_by: Account | None = None

    @property
    def selection(self) -> str:
        return "all" if self.selected is None else "selected"

    def sees(self, repository: Repository) -> bool:
        """Say whether the repository belongs to the account and was chosen."""
        chosen = self.selected is None or repository.id in self.selected
        return repository.owner is self.account and chosen

    def may(self, needs: str) -> bool:
        """Compare with a need such as `contents=read`; reading metadata is always granted."""
        name, _, level = needs.partition("=")
        has = self.permissions.get(name, "read" if name == "metadata" else "")
        return _LEVELS.index(has) >= _LEVELS.index(level)

    def json(self, roots: Roots) -> Json:
        organization = self.account.type == "Organization"
        settings = f"/organizations/{self.account.login}" if organization else ""
        return {
            "id": self.id,
            "client_id": self.app.client_id,
            "account": self.account.json(roots),
            "repository_selection": self.selection,
            "access_tokens_url": f"{roots.api}/app/installations/{self.id}/access_tokens",
            "repositories_url": f"{roots.api}/installation/repositories",
            "html_url": f"{roots.web}{settings}/settings/installations/{self.id}",
            "app_id": self.app.app_id,
            "app_slug": self.app.slug,
            "target_id": self.account.id,
            "target_type": self.account.type,
            "permissions": self.permissions,
            "events": self.app.events,
            "created_at": utc(self.created_at),
            "updated_at": utc(self.created_at),
            "single_file_name": None,
            "has_multiple_single_files": False,
            "single_file_paths": [],
            "suspended_by": self.suspended_by.json(roots) if self.suspended_by else None,
            "suspended_at": utc(self.suspended_at) if self.suspended_at else None,
        }

    def brief(self) -> Json:
        """Render the `installation` member of repository events."""
        return {"id": self.id, "node_id": f"MDIzOkludGVncmF0aW9u{self.id}"}
