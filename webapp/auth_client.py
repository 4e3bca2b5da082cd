"""Who we are to GitHub when people sign in, and what their tokens are kept with: read here alone."""

from __future__ import annotations

from domain.secret_box import SecretBox
from integrations.github.auth import OAuthSettings
from jobs import Runtime


def oauth_settings(runtime: Runtime) -> OAuthSettings | None:
    """What signing in with GitHub takes; None where it is not set up."""
    app = runtime.settings.github
    if not app.client_id or not app.client_secret:
        return None
    return OAuthSettings(app.client_id, app.client_secret, app.url, app.api_url)


def app_page(runtime: Runtime) -> str | None:
    """The App's address on GitHub; None where no App is known."""
    app = runtime.settings.github
    return f"{app.url}/apps/{app.app_slug}" if app.app_slug else None


def secret_box(runtime: Runtime) -> SecretBox:
    return SecretBox(runtime.settings.secret_keys)


def is_operator_browser() -> bool:
    """Whether this browser holds the session that the server's set-up link began."""
    return False
