"""Who we are to GitHub when people sign in, and what their tokens are kept with: read here alone."""

from __future__ import annotations

from domain.secret_box import SecretBox
from integrations.github.auth import OAuthSettings
from jobs import Runtime


def oauth_settings(runtime: Runtime) -> OAuthSettings | None:
    """What signing in with GitHub takes; None where it is not set up."""
    app, github = runtime.app_settings(), runtime.settings.github
    if app is None or not app.client_id or not app.client_secret:
        return None
    return OAuthSettings(app.client_id, app.client_secret, github.url, github.api_url)


def app_page(runtime: Runtime) -> str | None:
    """The App's address on GitHub; None where no App is known."""
    app = runtime.app_settings()
    return f"{runtime.settings.github.url}/apps/{app.slug}" if app and app.slug else None


def secret_box(runtime: Runtime) -> SecretBox:
    return runtime.secret_box
