"""A container's limit counts, in either form in which Linux tells it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from jobs.processors import count_processors

SHOWN = float(len(os.sched_getaffinity(0)))
OLDER = ("cpu/cpu.cfs_quota_us", "cpu/cpu.cfs_period_us")


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({}, SHOWN),
        ({"cpu.max": "max 100000\n"}, SHOWN),
        ({"cpu.max": "50000 100000\n"}, 0.5),
        ({"cpu.max": "100000 100000\n"}, 1.0),
        ({"cpu.max": "99900000 100000\n"}, SHOWN),
        ({"cpu.max": "nonsense"}, SHOWN),
        ({"cpu.max": "100000 0"}, SHOWN),
        (dict(zip(OLDER, ("-1\n", "100000\n"), strict=True)), SHOWN),
        (dict(zip(OLDER, ("80000\n", "100000\n"), strict=True)), 0.8),
        ({OLDER[0]: "80000"}, SHOWN),
    ],
)
def test_the_least_counts(tmp_path: Path, files: dict[str, str], expected: float) -> None:
    for name, text in files.items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    assert count_processors(tmp_path) == expected
