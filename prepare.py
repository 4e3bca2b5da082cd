"""What a server does once before it serves: upgrade the schema, print a set-up link if need be.

In half of the time of a `flask` command: it loads neither pages nor clients.
"""

from __future__ import annotations

import sys

from sqlalchemy.exc import OperationalError

from config import Settings, load_settings
from domain.app_registration import find_registration
from domain.setup_links import create_setup_link
from logs import configure_logging
from models import utcnow
from models.schema import upgrade
from models.session import Database


def main() -> None:
    settings = load_settings()
    configure_logging(settings.log_format)
    db = Database(settings.database_url)
    try:
        said = [f"schema is at {upgrade(db, lock_file=settings.data_dir / 'upgrade.lock')}"]
        said += _offer_setup(db, settings)
    except OperationalError as error:
        why = str(error.orig).strip().splitlines()[0]
        sys.exit(f"Error: DATABASE_URL: the database cannot be used: {why}")
    finally:
        db.close()
    print("\n".join(said))  # noqa: T201 (what the command says)


def _offer_setup(db: Database, settings: Settings) -> list[str]:
    """A line with a link, while no App is set up, neither by the environment nor here."""
    if settings.github.app_id is not None:
        return []
    with db.reading() as session:
        if find_registration(session) is not None:
            return []
    with db.transaction() as session:
        token = create_setup_link(session, now=utcnow())
    return [f"Set this server up, once, within a day: {settings.public_url}/setup/{token}"]


if __name__ == "__main__":
    main()
