"""Is it alive, is it ready, how much is waiting: for operators and their machines."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify
from flask.typing import ResponseReturnValue
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from sqlalchemy.exc import SQLAlchemyError

from jobs import Runtime
from jobs.status import Queue, count_deliveries, count_events, read_queue
from models.revisions import is_current
from webapp.context import shiplog

bp = Blueprint("health", __name__)


@bp.get("/healthz")
def healthz() -> ResponseReturnValue:
    return jsonify(status="ok")


@bp.get("/readyz")
def readyz() -> ResponseReturnValue:
    """200 when requests can be served; how busy the workers are makes no difference to that."""
    runtime = shiplog().runtime
    answer: dict[str, object] = {
        "status": "unavailable",
        "database": "unavailable",
        "migrations": "unknown",
        "pending_jobs": None,
        "oldest_pending_seconds": None,
        "failed_jobs": None,
    }
    try:
        is_migrated = is_current(runtime.db)
        answer |= {"database": "ok", "migrations": "ok" if is_migrated else "pending"}
        if is_migrated:
            with runtime.db.reading() as session:
                queue = read_queue(session, now=runtime.now())
            answer |= {"status": "ok"} | queue.as_json()
    except SQLAlchemyError as error:
        answer["database"] = f"unavailable: {type(error).__name__}"
    return jsonify(answer), 200 if answer["status"] == "ok" else 503


@bp.get("/metrics")
def metrics() -> ResponseReturnValue:
    return Response(generate_latest(shiplog().metrics.registry), content_type=CONTENT_TYPE_LATEST)


def find_queue(runtime: Runtime) -> tuple[Queue, dict[str, int], dict[str, int]] | None:
    """The queue, deliveries and events by state; None while the database does not answer."""
    try:
        with runtime.db.reading() as session:
            queue = read_queue(session, now=runtime.now())
            return queue, count_deliveries(session), count_events(session)
    except SQLAlchemyError:
        return None
