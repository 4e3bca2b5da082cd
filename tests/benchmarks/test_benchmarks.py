"""Every benchmark runs, on sizes that say nothing about speed."""

from __future__ import annotations

import pytest

from benchmarks import bulk, events, graph, history, intake, latency, posting, reading
from benchmarks.__main__ import main
from benchmarks.figures import Figure, render_table

SQLITE = ("SQLite",)


def test_writing_in_bulk() -> None:
    figures = bulk.run(small=4, large=8, kinds=SQLITE)
    assert [figure.ratio is not None for figure in figures] == [True, True]


def test_growing() -> None:
    figures = graph.run(histories=(40, 80), lines=(4, 8), recomputed=(4, 8))
    assert len(figures) == 3
    assert all("statements" in figure.measured for figure in figures[:2])


def test_reading_lists() -> None:
    figures = reading.run(sizes=(120, 240), kinds=SQLITE)
    assert [figure.ratio is not None for figure in figures] == [True] * 4


@pytest.mark.slow
def test_posting_a_release() -> None:
    rate, memory = posting.run(small=4, large=8, requests=2, kinds=SQLITE)
    assert rate.ratio is not None
    assert memory.is_met is not None


@pytest.mark.slow
def test_intake() -> None:
    rate, p99 = intake.run(connections=(64,), rounds=1, seconds=0.3, kinds=SQLITE)
    assert rate.ratio is not None
    assert rate.ratio > 0
    assert p99.measured.endswith(" ms")


@pytest.mark.slow
def test_events() -> None:
    stored, backlog, digested = events.run(rounds=1, seconds=0.3, number=20, kinds=SQLITE)
    for figure in (stored, digested):
        assert figure.ratio is not None
        assert figure.ratio > 0
    assert backlog.is_met is not None


@pytest.mark.slow
def test_latency() -> None:
    assert len(latency.run(tags=2)) == 2


@pytest.mark.slow
def test_import_and_memory() -> None:
    figures = history.run(commits=130, tags=3, deliveries=16)
    assert len(figures) == 5
    assert all(figure.is_met is not None for figure in figures[1:])


def test_the_table() -> None:
    met = Figure("a", "1 s", "2 s", 0.5, "under 1x", True)
    lines = render_table([met, Figure("longer", "3 s", "4 s")]).splitlines()
    assert lines[2].split() == ["a", "1", "s", "2", "s", "0.50x", "under", "1x", "met"]
    assert lines[3].split() == ["longer", "3", "s", "4", "s"]


def test_a_subject_that_does_not_exist(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BENCH", "intake,nothing")
    with pytest.raises(SystemExit, match="nothing"):
        main()
