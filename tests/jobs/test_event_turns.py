"""Who digests, and when: one thread, at once after a quiet time, without a pause in a backlog."""

from __future__ import annotations

from jobs.event_turns import GATHER_SECONDS, EventTurns
from tests.clock import Ticks


def test_one_at_a_time() -> None:
    turns = EventTurns(Ticks())
    assert turns.take(at_once=False)
    assert not turns.take(at_once=False)
    assert not turns.take(at_once=True)
    turns.give_back(gather=False)
    assert turns.take(at_once=False)


def test_behind_a_batch_that_was_not_full_events_gather() -> None:
    ticks = Ticks()
    turns = EventTurns(ticks)
    assert turns.take(at_once=False)
    ticks.at += GATHER_SECONDS / 2
    turns.give_back(gather=True)
    assert not turns.take(at_once=False)
    ticks.at += GATHER_SECONDS / 2
    assert turns.take(at_once=False)
    turns.give_back(gather=True)


def test_behind_a_full_batch_the_next_follows() -> None:
    turns = EventTurns(Ticks())
    for _ in range(3):
        assert turns.take(at_once=False)
        turns.give_back(gather=False)


def test_a_command_does_not_wait() -> None:
    turns = EventTurns(Ticks())
    for _ in range(3):
        assert turns.take(at_once=True)
        turns.give_back(gather=True)
