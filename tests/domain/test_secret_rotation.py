from __future__ import annotations

from sqlalchemy.orm import Session

from domain.app_registration import NewApp, open_secrets, store_registration
from domain.secret_box import SecretBox
from domain.secret_rotation import Rotated, rotate_secrets
from models import User
from tests.factories import NOW

OLD, NEW, LOST = SecretBox(["old"]), SecretBox(["new"]), SecretBox(["lost"])
BOTH = SecretBox(["new", "old"])


def app(number: int = 1) -> NewApp:
    return NewApp(number, "ship", "Ship", "acme", "Iv1", "client", "hook", "pem")


def make_user(session: Session, number: int, box: SecretBox, *, refreshes: bool = True) -> User:
    user = User(github_id=number, login=f"u{number}", name="", created_at=NOW)
    user.access_token = box.seal(f"access {number}")
    user.refresh_token = box.seal(f"refresh {number}") if refreshes else None
    session.add(user)
    return user


def test_everything_is_encrypted_under_the_first_key(session: Session) -> None:
    urls = {"github_url": "https://g.example", "api_url": "https://g.example/api"}
    first = store_registration(session, OLD, app(), **urls, replaces_id=None, now=NOW)
    second = store_registration(session, OLD, app(2), **urls, replaces_id=first.id, now=NOW)
    user, other = make_user(session, 1, OLD), make_user(session, 2, OLD, refreshes=False)
    session.add(User(github_id=3, login="u3", name="", created_at=NOW))
    session.flush()

    done = rotate_secrets(session, BOTH)
    again = rotate_secrets(session, BOTH)

    assert done == again == Rotated(app_secrets=3, user_tokens=3, unreadable=0)
    opened = open_secrets(second, NEW)
    assert (opened.client_secret, opened.webhook_secrets, opened.private_key) == (
        "client",
        ("hook",),
        "pem",
    )
    assert first.private_key == ""
    assert NEW.open(user.access_token or "") == "access 1"
    assert NEW.open(user.refresh_token or "") == "refresh 1"
    assert NEW.open(other.access_token or "") == "access 2"


def test_what_no_key_opens_is_left_and_counted(session: Session) -> None:
    kept = make_user(session, 1, LOST)
    before = kept.access_token
    make_user(session, 2, OLD)
    session.flush()

    done = rotate_secrets(session, BOTH)

    assert done == Rotated(user_tokens=2, unreadable=2)
    assert kept.access_token == before
