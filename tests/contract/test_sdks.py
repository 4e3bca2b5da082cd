"""Events as the published SDKs and `sentry-cli` send them, into the inbox of a real server.

Its worker is held off, so that what was stored stays to be seen.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import select

from domain.event_storage import unpack_body
from models import ReceivedEvent
from models.session import Database
from tests.contract.clients import SentryCli
from tests.sdk import Sender, make_sender
from tests.server import Server

pytestmark = pytest.mark.slow

# Each script leaves when its client has sent what it has; the DSN is in the environment.
PLAIN = """
import sentry_sdk
sentry_sdk.init(traces_sample_rate=0, release="web@2.0", _experiments=OPTIONS)
def boom(amount):
    raise ValueError("bad amount")
try:
    boom(5)
except ValueError:
    sentry_sdk.capture_exception()
sentry_sdk.capture_message("cart is empty")
sentry_sdk.flush(10)
"""
LOGGING = """
import logging, sentry_sdk
sentry_sdk.init()
logging.getLogger("shop").warning("only a breadcrumb")
logging.getLogger("shop").error("order %s lost", 5)
sentry_sdk.flush(10)
"""
FLASK = """
import flask, sentry_sdk
sentry_sdk.init(traces_sample_rate=1.0, send_default_pii=True)
app = flask.Flask("shop")
@app.get("/cart")
def cart():
    return str(1 / 0)
assert app.test_client().get("/cart?q=1").status_code == 500
sentry_sdk.flush(10)
"""
NODE = """
const Sentry = require("@sentry/node");
Sentry.init({dsn: process.env.SENTRY_DSN, release: "web@2.0"});
Sentry.captureException(new Error("cart is empty"));
Sentry.captureMessage("x".repeat(200), {extra: {long: "y".repeat(60000)}});
Sentry.close(10000).then((sent) => process.exit(sent ? 0 : 3));
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """With two web processes, hence without a worker. One for all tests, each has a project."""
    directory = tmp_path_factory.mktemp("server")
    server = Server(directory, environ={"GUNICORN_CMD_ARGS": "--workers 2"})
    server.start()
    yield server
    assert server.stop() == 0


@pytest.fixture
def database(server: Server) -> Iterator[Database]:
    """The server's database, from outside."""
    db = Database(f"sqlite:///{server.data_dir}/shiplog.db")
    yield db
    db.close()


@pytest.fixture
def sender(database: Database) -> Sender:
    return make_sender(database, uuid4().hex)


@pytest.fixture
def dsn(server: Server, sender: Sender) -> str:
    return sender.dsn(f"127.0.0.1:{server.port}")


def run_python(script: str, dsn: str) -> None:
    environ = {"PATH": os.environ["PATH"], "SENTRY_DSN": dsn, "SENTRY_ENVIRONMENT": "staging"}
    command = [sys.executable, "-c", script]
    done = subprocess.run(
        command, env=environ, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done


def stored(database: Database, sender: Sender) -> Sequence[ReceivedEvent]:
    with database.reading() as session:
        return session.scalars(
            select(ReceivedEvent)
            .where(ReceivedEvent.project_id == sender.project_id)
            .order_by(ReceivedEvent.id)
        ).all()


def events(database: Database, sender: Sender) -> list[dict[str, Any]]:
    """What was stored, in order; each under the id that it says."""
    rows = stored(database, sender)
    assert {row.peer for row in rows} == {"127.0.0.1"}
    bodies: list[dict[str, Any]] = [json.loads(unpack_body(row.body)) for row in rows]
    assert [body["event_id"].replace("-", "") for body in bodies] == [row.event_id for row in rows]
    return bodies


def refusals(server: Server, sender: Sender) -> list[str]:
    lines = [json.loads(line) for line in server.log.read_text().splitlines() if "refused" in line]
    return [line["why"] for line in lines if line["project"] == str(sender.project_id)]


@pytest.mark.parametrize(
    "options",
    [
        pytest.param({}, id="as it comes"),
        pytest.param({"transport_compression_algo": "gzip"}, id="gzip"),
        pytest.param({"transport_compression_algo": "br"}, id="brotli"),
        pytest.param({"transport_compression_level": 0}, id="not compressed"),
    ],
)
def test_python(database: Database, sender: Sender, dsn: str, options: dict[str, Any]) -> None:
    run_python(PLAIN.replace("OPTIONS", repr(options)), dsn)
    error, message = events(database, sender)

    [raised] = error["exception"]["values"]
    assert (raised["type"], raised["value"]) == ("ValueError", "bad amount")
    assert [frame["function"] for frame in raised["stacktrace"]["frames"]] == ["<module>", "boom"]
    assert message["message"] == "cart is empty"
    assert {one["release"] for one in (error, message)} == {"web@2.0"}
    assert error["environment"] == "staging"


def test_logging(database: Database, sender: Sender, dsn: str) -> None:
    run_python(LOGGING, dsn)
    [event] = events(database, sender)
    assert event["logentry"]["message"] == "order %s lost"
    assert event["breadcrumbs"]["values"][0]["message"] == "only a breadcrumb"


def test_flask(server: Server, database: Database, sender: Sender, dsn: str) -> None:
    """Its transactions and sessions are accepted and dropped."""
    run_python(FLASK, dsn)
    [event] = events(database, sender)
    assert event["exception"]["values"][0]["mechanism"]["type"] == "flask"
    assert event["request"]["query_string"] == "q=1"
    assert refusals(server, sender) == []


def test_a_wrong_key(server: Server, database: Database, sender: Sender, dsn: str) -> None:
    run_python(LOGGING, dsn.replace(sender.key, "0" * 32))
    assert stored(database, sender) == []
    assert set(refusals(server, sender)) == {
        "no active key of this project: take the DSN from the project's settings"
    }


def test_sentry_cli(
    tmp_path: Path, database: Database, sender: Sender, dsn: str, major: str
) -> None:
    sentry_cli = SentryCli(major, tmp_path, tmp_path, {"SENTRY_DISABLE_UPDATE_CHECK": "1"})
    sent = sentry_cli(
        *("send-event", "-m", "Hello %s", "-a", "world", "-r", "web@2.0", "--no-environ"),
        *("-t", "team:core", "-E", "staging", "-u", "id:9"),
        SENTRY_DSN=dsn,
    )
    assert sent.status == 0, sent
    [event] = events(database, sender)
    assert event["logentry"] == {"message": "Hello %s", "params": ["world"]}
    assert (event["release"], event["tags"]["team"]) == ("web@2.0", "core")
    assert event["event_id"].replace("-", "") in sent.out.replace("-", "")

    refused = sentry_cli("send-event", "-m", "x", SENTRY_DSN=dsn.replace(sender.key, "0" * 32))
    assert refused.status == 1, refused


def test_node(database: Database, sender: Sender, dsn: str, node_modules: Path) -> None:
    environ = {"PATH": os.environ["PATH"], "SENTRY_DSN": dsn}
    done = subprocess.run(
        ["node", "-e", NODE],
        cwd=node_modules,
        env=environ,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done
    # They are sent at the same time, in either order.
    error, message = sorted(events(database, sender), key=lambda event: "extra" in event)
    assert error["exception"]["values"][0]["value"] == "cart is empty"
    assert len(message["extra"]["long"]) > 1000
