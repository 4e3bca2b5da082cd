"""Settings from the environment, and the one line for each value that cannot be used."""

from __future__ import annotations

from pathlib import Path
from stat import S_IMODE

import pytest

from config import Settings, SettingsError

PEM = "-----BEGIN RSA PRIVATE KEY-----\nMIIB\n-----END RSA PRIVATE KEY-----\n"


@pytest.fixture
def given(tmp_path: Path) -> dict[str, str]:
    return {"DATA_DIR": str(tmp_path / "data"), "SECRET_KEY": "k" * 32}


def test_defaults(tmp_path: Path) -> None:
    settings = Settings.from_environ({"DATA_DIR": str(tmp_path / "data")})

    assert settings.database_url == f"sqlite:///{tmp_path}/data/shiplog.db"
    assert (settings.host, settings.port) == ("127.0.0.1", 8000)
    assert settings.public_url == "http://127.0.0.1:8000"
    assert settings.github.url == "https://github.com"
    assert settings.github.api_url == "https://api.github.com"
    assert settings.github.webhook_secrets == ()
    assert (settings.github.app_id, settings.github.private_key) == (None, None)


def test_a_secret_key_is_made_once_for_its_owner_alone(tmp_path: Path) -> None:
    environ = {"DATA_DIR": str(tmp_path / "data")}
    first, second = Settings.from_environ(environ), Settings.from_environ(environ)

    assert first.secret_keys == second.secret_keys
    assert len(first.secret_keys[0]) >= 43
    assert S_IMODE((tmp_path / "data" / "secret_key").stat().st_mode) == 0o600
    assert [path.name for path in (tmp_path / "data").iterdir()] == ["secret_key"]


def test_secrets_are_not_shown(given: dict[str, str]) -> None:
    given |= {"GITHUB_WEBHOOK_SECRET": "hush", "GITHUB_PRIVATE_KEY": PEM}
    given |= {"DATABASE_URL": "postgresql://u:hush@h/d", "GITHUB_CLIENT_SECRET": "hush"}
    shown = repr(Settings.from_environ(given))

    assert "hush" not in shown
    assert "MIIB" not in shown
    assert "kkk" not in shown


@pytest.mark.parametrize(
    ("variables", "name", "expected"),
    [
        ({"SECRET_KEY": " new , old "}, "secret_keys", ("new", "old")),
        ({"HOST": "::1", "PORT": "81"}, "public_url", "http://[::1]:81"),
        ({"PUBLIC_URL": "https://ship.example/"}, "public_url", "https://ship.example"),
        ({"LOG_FORMAT": "text"}, "log_format", "text"),
        (
            {"DATABASE_URL": "postgres://u:p@h/d"},
            "database_url",
            "postgresql+psycopg://u:p@h/d",
        ),
        ({"PORT": ""}, "port", 8000),
    ],
)
def test_values(
    given: dict[str, str], variables: dict[str, str], name: str, expected: object
) -> None:
    assert getattr(Settings.from_environ(given | variables), name) == expected


@pytest.mark.parametrize(
    ("variables", "name", "expected"),
    [
        ({"GITHUB_URL": "https://ghe.example/"}, "api_url", "https://ghe.example/api/v3"),
        ({"GITHUB_API_URL": "http://127.0.0.1:9/api"}, "api_url", "http://127.0.0.1:9/api"),
        ({"GITHUB_WEBHOOK_SECRET": "new,old"}, "webhook_secrets", ("new", "old")),
        ({"GITHUB_APP_ID": "12"}, "app_id", 12),
        ({"GITHUB_PRIVATE_KEY": PEM}, "private_key", PEM),
        ({"GITHUB_PRIVATE_KEY": PEM.strip().replace("\n", "\\n")}, "private_key", PEM),
    ],
)
def test_github(
    given: dict[str, str], variables: dict[str, str], name: str, expected: object
) -> None:
    assert getattr(Settings.from_environ(given | variables).github, name) == expected


def test_a_private_key_file(given: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "app.pem").write_text(PEM)
    given["GITHUB_PRIVATE_KEY_FILE"] = str(tmp_path / "app.pem")

    assert Settings.from_environ(given).github.private_key == PEM


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("DATA_DIR", "/proc/none"),
        ("DATABASE_URL", "mysql://u@h/d"),
        ("DATABASE_URL", "not a url"),
        ("DATABASE_URL", "sqlite://"),
        ("SECRET_KEY", ","),
        ("HOST", "a b"),
        ("PORT", "http"),
        ("PORT", "0"),
        ("PORT", "65536"),
        ("PORT", "\u0663"),
        ("PUBLIC_URL", "ship.example"),
        ("PUBLIC_URL", "ftp://ship.example"),
        ("PUBLIC_URL", "https://ship.example/app"),
        ("PUBLIC_URL", "https://ship.example?x=1"),
        ("PUBLIC_URL", "https://ship.example:port"),
        ("PUBLIC_URL", "https://u:p@ship.example"),
        ("GITHUB_URL", "github.example"),
        ("GITHUB_API_URL", "//api"),
        ("GITHUB_APP_ID", "my-app"),
        ("GITHUB_APP_ID", "-1"),
        ("GITHUB_PRIVATE_KEY", "not a key"),
        ("GITHUB_PRIVATE_KEY_FILE", "/nowhere/app.pem"),
        ("GITHUB_WEBHOOK_SECRET", " , "),
        ("LOG_FORMAT", "xml"),
    ],
)
def test_a_value_that_cannot_be_used_is_named_in_one_line(
    given: dict[str, str], variable: str, value: str
) -> None:
    with pytest.raises(SettingsError) as caught:
        Settings.from_environ(given | {variable: value})

    message = str(caught.value)
    assert message.startswith(f"{variable}: ")
    assert "\n" not in message
