"""What `benchmarks.intake` compares: the real application, and a view that stores nothing."""

from __future__ import annotations

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
