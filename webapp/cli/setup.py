"""`flask setup-link` and `flask secrets`."""

from __future__ import annotations

import click
from flask.cli import with_appcontext

from domain.secret_rotation import rotate_secrets
from domain.setup_links import SETUP_LINK_LIFETIME, create_setup_link
from jobs import Runtime
from webapp.cli.base import Noun, OneLineError, Verb, json_option, show
from webapp.context import shiplog
from webapp.moments import moment_text

secret_commands = Noun("secrets", help="Secrets at rest.")


@click.command("setup-link", cls=Verb)
@json_option
@with_appcontext
def setup_link_command(as_json: bool) -> None:
    """Make a one-time URL for whoever runs this server, good for a day."""
    runtime = shiplog().runtime
    now = runtime.now()
    url = _make_link(runtime)
    show({"url": url, "expires_at": moment_text(now + SETUP_LINK_LIFETIME)}, url, as_json=as_json)


@secret_commands.command("rotate", cls=Verb)
@json_option
def rotate_command(as_json: bool) -> None:
    """Encrypt everything stored anew, under the first SECRET_KEY; safe to repeat."""
    runtime = shiplog().runtime
    with runtime.db.transaction() as session:
        done = rotate_secrets(session, runtime.secret_box)
    document = {
        "app_secrets": done.app_secrets,
        "user_tokens": done.user_tokens,
        "unreadable": done.unreadable,
    }
    text = "\n".join(f"{name.replace('_', ' ')}: {count}" for name, count in document.items())
    show(document, text, as_json=as_json)
    if done.unreadable:
        raise OneLineError(
            f"{done.unreadable} stored secrets cannot be read with any SECRET_KEY and were left: "
            "put the key that wrote them back and repeat"
        )


def _make_link(runtime: Runtime) -> str:
    with runtime.db.transaction() as session:
        token = create_setup_link(session, now=runtime.now())
    return f"{runtime.settings.public_url}/setup/{token}"
