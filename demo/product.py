"""The server under demonstration: started as a user starts it, and known only from outside."""

import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
SERVER = [sys.executable, "-m", "gunicorn", "-c", "gunicorn.conf.py", "wsgi:app"]
PATIENCE = 60.0  # seconds until a server that does not come up, or does not move, is given up


class ProductError(Exception):
    """The server or one of its commands failed, in words for the terminal."""


@dataclass(frozen=True)
class Release:
    """What the product says of one release; `resolves` are the short ids resolved by it now."""

    version: str
    tags: tuple[str, ...]
    commits: tuple[str, ...]
    resolves: tuple[str, ...] = ()
    incomplete: str = ""  # the cause, if the list is not complete


@dataclass(frozen=True)
class Backlog:
    """How much is still to be worked off."""

    pending: int
    failed: int


class Product:
    """One server with its data below *directory*; a context manager that stops it at the end."""

    def __init__(self, directory: Path, settings: Mapping[str, str]) -> None:
        """Prepare the environment; nothing runs before the context is entered."""
        self.host = os.environ.get("HOST") or "127.0.0.1"
        self.port = _port(self.host, os.environ.get("PORT"))
        self.url = f"http://{self.host}:{self.port}"
        self.log = directory / "server.log"
        inherited = {key: value for key, value in os.environ.items() if not _is_ours(key)}
        own = {"HOST": self.host, "PORT": str(self.port), "PUBLIC_URL": self.url}
        own |= {"DATA_DIR": str(directory / "data"), "LOG_FORMAT": "text"}
        self._environment = {**inherited, **own, **settings}
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> "Product":
        """Migrate and serve, by the command of `make run`; return when requests are answered."""
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "demo.leash", str(os.getpid()), *SERVER],
                cwd=ROOT,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,  # Ctrl-C is for the demo, which then stops the server
            )
        try:
            self._wait_for_an_answer()
        except ProductError:
            self._stop()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stop()

    def flask(self, *arguments: str) -> str:
        """Run a `flask` command and return what it prints."""
        done = subprocess.run(
            [sys.executable, "-m", "flask", "--app", "wsgi:app", *arguments],
            cwd=ROOT,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            reason = done.stderr.strip().splitlines() or ["no reason given"]
            raise ProductError(f"flask {' '.join(arguments[:2])}: {reason[-1]}")
        return done.stdout.strip()

    def backlog(self) -> Backlog:
        """Ask `/readyz`; raise ProductError when the process is gone."""
        self._check_alive()
        answer = _get_json(f"{self.url}/readyz")
        return Backlog(int(answer["pending_jobs"]), int(answer["failed_jobs"]))

    def releases(self, organization: str) -> list[Release]:
        """Read all releases with their commits."""
        text = self.flask("release", "list", "--org", organization, "--json", "--commits")
        return [_release(document) for document in json.loads(text)]

    def wait_closed(self) -> None:
        """Serve until the process ends."""
        if self._process is not None:
            self._process.wait()

    def _wait_for_an_answer(self) -> None:
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            self._check_alive()
            try:
                _get_json(f"{self.url}/healthz")
            except OSError:
                time.sleep(0.05)
            else:
                return
        raise ProductError(f"the server did not answer within {PATIENCE:.0f} s; see {self.log}")

    def _check_alive(self) -> None:
        if self._process is None or self._process.poll() is not None:
            last = self.log.read_text("utf-8", "replace").strip().splitlines()[-3:]
            raise ProductError("the server ended:\n" + "\n".join(last))

    def _stop(self) -> None:
        if self._process is None or self._process.poll() is not None:
            return
        self._process.terminate()
        try:
            self._process.wait(30)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def _release(document: Any) -> Release:
    """Parse one release as `flask release list --json` prints it."""
    stated = document["list"]
    complete = stated["state"] == "complete"
    return Release(
        document["version"],
        tuple(tag["name"] for tag in document["tags"]),
        tuple(document["commits"]),
        tuple(document["resolved_issues"]),
        "" if complete else str(stated["cause"] or stated["state"]),
    )


def _is_ours(name: str) -> bool:
    """Whether a variable would change what is demonstrated, such as somebody's real database."""
    return name.startswith("GITHUB_") or name in ("DATABASE_URL", "SECRET_KEY", "PUBLIC_URL")


def _port(host: str, wanted: str | None) -> int:
    """Return the port that is asked for; else 8000 if nobody listens there; else any free one."""
    if wanted and not (wanted.isascii() and wanted.isdigit() and 1 <= int(wanted) <= 65535):
        raise ProductError(f"PORT: {wanted!r} is not a port number from 1 to 65535")
    for port in (int(wanted),) if wanted else (8000, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host, port))
            except OSError as error:
                reason = error.strerror
                continue
            number: int = probe.getsockname()[1]
            return number
    raise ProductError(f"PORT: cannot listen on {host}:{wanted or 'any'}: {reason}")


def _get_json(url: str) -> Any:
    try:
        with urllib.request.urlopen(url, timeout=10) as answer:  # noqa: S310  # our own server
            return json.load(answer)
    except urllib.error.HTTPError as error:
        with error:
            return json.load(error)  # /readyz says the same with 503
