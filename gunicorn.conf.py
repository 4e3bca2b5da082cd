"""The server: one process, request threads, and the worker embedded in it.

More web processes (`gunicorn -w 4`, on PostgreSQL) carry no worker: start `python -m jobs.worker`
next to them.
"""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Any

from config import load_bind, require_free_address
from thread_worker import HeadLimitedWorker

wsgi_app = "wsgi:app"
bind = load_bind()
workers = 1  # on SQLite more are slower: it has one writer
threads = 64  # most of them wait for the group commit; fewer leave the processors idle
worker_class = HeadLimitedWorker  # gthread, but for heads that never come
preload_app = False  # engines, threads and queues are made after the fork
keepalive = 65
limit_request_line = 8190  # bulk changes name up to 1000 issues in the address
timeout = 60
graceful_timeout = 25
control_socket_disable = True
SWITCH_SECONDS = 0.0005


def on_starting(server: Any) -> None:
    """Check address and settings, upgrade the schema, and print the set-up link where no App is set up.

    In a process that is gone afterwards, and once, however many workers there will be.
    """
    if not {"GUNICORN_FD", "LISTEN_FDS"} & os.environ.keys():  # else its socket is handed over
        require_free_address()
    if subprocess.run([sys.executable, "-m", "prepare"]).returncode:
        sys.exit(1)  # it has said why


def post_worker_init(worker: Any) -> None:
    """Open the queue and start the worker's threads, now that the process has forked."""
    from webapp.serving import start

    # A thread that comes back from the disk waits this long (the default is 5 ms) for one that
    # computes: whoever leads the group commit comes back three times, and the others wait for it.
    sys.setswitchinterval(SWITCH_SECONDS)
    worker.stop_shiplog = start(worker.wsgi, with_worker=worker.cfg.workers == 1)


def worker_exit(server: Any, worker: Any) -> None:
    """Let the workers finish the row they have."""
    if hasattr(worker, "stop_shiplog"):
        worker.stop_shiplog()
