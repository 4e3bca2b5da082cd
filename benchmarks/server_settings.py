"""The real server's settings, for either application; jobs wait, unless BENCH_WORKER is set."""

from __future__ import annotations

import os
import runpy
import sys
from typing import Any

globals().update(
    {
        name: value
        for name, value in runpy.run_path("gunicorn.conf.py").items()
        if isinstance(value, int | float | str) and not name.startswith("_")
    }
)
wsgi_app = os.environ["BENCH_APP"]
threads = int(os.environ.get("BENCH_THREADS") or globals()["threads"])


def post_worker_init(worker: Any) -> None:
    sys.setswitchinterval(globals()["SWITCH_SECONDS"])
    if wsgi_app == "wsgi:app":
        from webapp.serving import start

        start(worker.wsgi, with_worker=bool(os.environ.get("BENCH_WORKER")))
