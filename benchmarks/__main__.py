"""`make bench`: every figure with its reference, measured in the same run; BENCH=a,b selects."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable

from benchmarks import bulk, graph, history, intake, latency, posting, reading
from benchmarks.figures import Figure, render_table

SUBJECTS: dict[str, Callable[[], list[Figure]]] = {
    "intake": intake.run,
    "latency": latency.run,
    "history": history.run,
    "graph": graph.run,
    "bulk": bulk.run,
    "posting": posting.run,
    "reading": reading.run,
}


def main() -> None:
    wanted = [name.strip() for name in os.environ.get("BENCH", "").split(",") if name.strip()]
    if unknown := set(wanted) - SUBJECTS.keys():
        sys.exit(f"BENCH: no {', '.join(sorted(unknown))}; there are {', '.join(SUBJECTS)}")
    figures: list[Figure] = []
    for name in wanted or SUBJECTS:
        began = time.perf_counter()
        print(f"{name} …", flush=True)
        found = SUBJECTS[name]()
        figures += found
        print(render_table(found), f"\n({time.perf_counter() - began:.0f} s)\n", flush=True)
    print(render_table(figures))


if __name__ == "__main__":
    main()
