"""Settings from the environment: read once, checked at once, passed down from there.

A value that cannot be used ends the start with one line that names the variable and what is wrong.
"""

from __future__ import annotations

import errno
import os
import secrets
import socket
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

LogFormat = Literal["text", "json"]
SECRET_KEY_FILE = "secret_key"  # noqa: S105 (a file's name)


class SettingsError(Exception):
    """One line for the operator: the variable, and what is wrong with it."""


@dataclass(frozen=True)
class GitHubSettings:
    """Where GitHub is, and who we are there. Empty where the set-up page registers the App."""

    url: str = "https://github.com"
    api_url: str = "https://api.github.com"
    app_id: int | None = None
    app_slug: str | None = None
    private_key: str | None = field(default=None, repr=False)
    webhook_secrets: tuple[str, ...] = field(default=(), repr=False)
    client_id: str | None = None
    client_secret: str | None = field(default=None, repr=False)


@dataclass(frozen=True)
class Settings:
    """All that the environment decides."""

    data_dir: Path
    database_url: str = field(repr=False)  # may hold a password
    secret_keys: tuple[str, ...] = field(repr=False)  # the first writes, all of them read
    host: str = "127.0.0.1"
    port: int = 8000
    public_url: str = "http://127.0.0.1:8000"
    log_format: LogFormat = "json"
    github: GitHubSettings = field(default_factory=GitHubSettings)

    @classmethod
    def from_environ(cls, environ: Mapping[str, str] | None = None) -> Settings:
        """Settings out of *environ*, by default the process's. Makes the data directory and key.

        Raises SettingsError.
        """
        env = {k: v.strip() for k, v in (os.environ if environ is None else environ).items()}
        data_dir = _data_dir(env)
        host, port = _host(env), _port(env)
        return cls(
            data_dir=data_dir,
            database_url=_database_url(env, data_dir),
            secret_keys=_secret_keys(env, data_dir),
            host=host,
            port=port,
            public_url=_root(env, "PUBLIC_URL", f"http://{_in_url(host)}:{port}", host_only=True),
            log_format=_log_format(env),
            github=_github(env),
        )


def load_settings() -> Settings:
    """The process's settings, or the end of the process with one line on stderr."""
    with _one_line():
        return Settings.from_environ()


def load_bind() -> str:
    """`host:port` alone; everything else is checked by the process that upgrades the schema."""
    env = {name: value.strip() for name, value in os.environ.items()}
    with _one_line():
        return f"{_in_url(_host(env))}:{_port(env)}"


def require_free_address() -> None:
    """End the process with one line unless `HOST:PORT` can be listened on."""
    env = {name: value.strip() for name, value in os.environ.items()}
    with _one_line():
        _try_address(_host(env), _port(env))


@contextmanager
def _one_line() -> Iterator[None]:
    try:
        yield
    except SettingsError as error:
        sys.exit(f"shiplog: {error}")


def _github(env: Mapping[str, str]) -> GitHubSettings:
    url = _root(env, "GITHUB_URL", "https://github.com")
    default_api = "https://api.github.com" if url == "https://github.com" else f"{url}/api/v3"
    return GitHubSettings(
        url=url,
        api_url=_root(env, "GITHUB_API_URL", default_api),
        app_id=_app_id(env),
        app_slug=env.get("GITHUB_APP_SLUG") or None,
        private_key=_private_key(env),
        webhook_secrets=_listed(env, "GITHUB_WEBHOOK_SECRET"),
        client_id=env.get("GITHUB_CLIENT_ID") or None,
        client_secret=env.get("GITHUB_CLIENT_SECRET") or None,
    )


def _data_dir(env: Mapping[str, str]) -> Path:
    path = Path(env.get("DATA_DIR") or "data").absolute()
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise SettingsError(f"DATA_DIR: cannot make {path}: {error.strerror}") from None
    if not os.access(path, os.W_OK | os.X_OK):
        raise SettingsError(f"DATA_DIR: {path} cannot be written to")
    return path


def _database_url(env: Mapping[str, str], data_dir: Path) -> str:
    given = env.get("DATABASE_URL")
    if not given:
        return f"sqlite:///{data_dir / 'shiplog.db'}"
    # Imported here: gunicorn's own process reads the bind address only, and should stay small.
    from sqlalchemy.engine import make_url
    from sqlalchemy.exc import ArgumentError

    from models.session import normalise_url

    try:
        url = make_url(normalise_url(given))
    except (ArgumentError, ValueError):
        raise SettingsError("DATABASE_URL: not a database URL") from None
    if url.drivername not in ("sqlite", "sqlite+pysqlite", "postgresql+psycopg"):
        raise SettingsError(
            f"DATABASE_URL: {url.drivername} is not supported, use sqlite or postgresql"
        )
    if url.get_backend_name() == "sqlite" and url.database in (None, "", ":memory:"):
        raise SettingsError("DATABASE_URL: SQLite needs a file, as in sqlite:////path/shiplog.db")
    return url.render_as_string(hide_password=False)


def _secret_keys(env: Mapping[str, str], data_dir: Path) -> tuple[str, ...]:
    keys = _listed(env, "SECRET_KEY")
    if keys:
        return keys
    path = data_dir / SECRET_KEY_FILE
    try:
        if not path.exists():
            _write_once(path, secrets.token_urlsafe(48))
        stored = path.read_text().strip()
    except OSError as error:
        raise SettingsError(f"SECRET_KEY: cannot keep one in {path}: {error.strerror}") from None
    if not stored:
        raise SettingsError(f"SECRET_KEY: {path} is empty")
    return (stored,)


def _write_once(path: Path, text: str) -> None:
    """Create *path*, readable by its owner alone, unless another process was faster."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text + "\n")
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        draft.unlink()


def _host(env: Mapping[str, str]) -> str:
    host = env.get("HOST") or "127.0.0.1"
    if any(character.isspace() or character in "/[]@" for character in host):
        raise SettingsError(f"HOST: {host!r} is not a host name or address")
    return host


def _port(env: Mapping[str, str]) -> int:
    text = env.get("PORT") or "8000"
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= 65535):
        raise SettingsError(f"PORT: {text!r} is not a port number from 1 to 65535")
    return int(text)


def _try_address(host: str, port: int) -> None:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except OSError as error:
        raise SettingsError(f"HOST: {host!r} is not known: {error.strerror}") from None
    family, kind, protocol, _, address = found[0]
    with socket.socket(family, kind, protocol) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(address)
        except OSError as error:
            name = "HOST" if error.errno == errno.EADDRNOTAVAIL else "PORT"
            where = f"{_in_url(host)}:{port}"
            raise SettingsError(f"{name}: cannot listen on {where}: {error.strerror}") from None


def _in_url(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _root(env: Mapping[str, str], name: str, default: str, *, host_only: bool = False) -> str:
    """An http(s) URL without a slash at its end; with *host_only*, without any path."""
    text = (env.get(name) or default).rstrip("/")
    try:
        parts = urlsplit(text)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname)
        _ = parts.port  # raises when it is not a port number
    except ValueError:
        usable = False
    if not usable or any(character.isspace() for character in text):
        raise SettingsError(f"{name}: {text!r} is not an http or https URL")
    if parts.username is not None or parts.query or parts.fragment:
        raise SettingsError(f"{name}: must hold no user name, query or fragment")
    if host_only and parts.path:
        raise SettingsError(f"{name}: must be a host root without a path, not {text!r}")
    return text


def _app_id(env: Mapping[str, str]) -> int | None:
    text = env.get("GITHUB_APP_ID")
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and int(text) > 0):
        raise SettingsError(f"GITHUB_APP_ID: {text!r} is not a number")
    return int(text)


def _private_key(env: Mapping[str, str]) -> str | None:
    name, text, path = "GITHUB_PRIVATE_KEY", env.get("GITHUB_PRIVATE_KEY"), None
    if not text:
        name, path = "GITHUB_PRIVATE_KEY_FILE", env.get("GITHUB_PRIVATE_KEY_FILE")
        if not path:
            return None
        try:
            text = Path(path).read_text()
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "not text"
            raise SettingsError(f"{name}: cannot read {path}: {reason}") from None
    pem = text.replace("\\n", "\n").strip() + "\n"  # environment files hold it on one line
    if not (pem.startswith("-----BEGIN ") and "PRIVATE KEY-----" in pem):
        raise SettingsError(f"{name}: not a private key in PEM form")
    return pem


def _listed(env: Mapping[str, str], name: str) -> tuple[str, ...]:
    given = env.get(name)
    if not given:
        return ()
    values = tuple(part.strip() for part in given.split(",") if part.strip())
    if not values:
        raise SettingsError(f"{name}: holds only commas")
    return values


def _log_format(env: Mapping[str, str]) -> LogFormat:
    text = env.get("LOG_FORMAT") or ("text" if sys.stderr.isatty() else "json")
    if text == "text":
        return "text"
    if text == "json":
        return "json"
    raise SettingsError(f"LOG_FORMAT: {text!r} is neither text nor json")
