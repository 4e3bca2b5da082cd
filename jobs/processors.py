"""How many processors this process may use."""

from __future__ import annotations

import os
from pathlib import Path

CGROUP = Path("/sys/fs/cgroup")  # in a container its own limits stand at the top of it


def count_processors(cgroup: Path = CGROUP) -> float:
    """Those that the system lets us use, and no more than a container is given the time of.

    `docker run --cpus=1` shows all processors and stops whoever computes for longer: that limit is
    a quota of microseconds a period, in `cpu.max` or, on older systems, in two files below `cpu/`.
    """
    shown = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return min(float(shown or 1), _read_quota(cgroup) or float("inf"))


def _read_quota(cgroup: Path) -> float | None:
    """In processors; None without a limit, or where it cannot be read."""
    try:
        if (limit := cgroup / "cpu.max").exists():
            quota, period = limit.read_text().split()
        else:
            older = (cgroup / "cpu" / f"cpu.cfs_{name}_us" for name in ("quota", "period"))
            quota, period = (path.read_text() for path in older)
        return int(quota) / int(period) if int(quota) > 0 else None
    except (OSError, ValueError, ZeroDivisionError):  # "max" is no number: no limit
        return None
