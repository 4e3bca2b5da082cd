"""What the real application is compared with: the least that a Flask view can do."""

from __future__ import annotations

import os
import sqlite3
import threading

from flask import Flask, request
from flask.typing import ResponseReturnValue

from benchmarks.client import SECRET
from integrations.github.signature import verify_signature


def signature_only() -> Flask:
    """The least that a Flask view can do for a webhook: prove it, and forget it."""
    app = Flask(__name__)

    @app.post("/webhooks/github")
    def receive() -> ResponseReturnValue:
        signature = request.headers.get("X-Hub-Signature-256")
        verify_signature(request.get_data(), signature, secrets=(SECRET,))
        return {"delivery": request.headers["X-GitHub-Delivery"], "status": "stored"}, 202

    return app


def durable_only() -> Flask:
    """The least that a Flask view can do for an event: store the body as it came, durably."""
    app = Flask(__name__)
    mutex = threading.Lock()
    path = os.path.join(os.environ["DATA_DIR"], "bodies.db")
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("CREATE TABLE body (id INTEGER PRIMARY KEY, body BLOB NOT NULL)")

    @app.post("/api/<int:project_id>/envelope/")
    def receive(project_id: int) -> ResponseReturnValue:
        body = request.get_data()
        with mutex:
            connection.execute("INSERT INTO body (body) VALUES (?)", (body,))
        return {"id": "0" * 32}

    return app
