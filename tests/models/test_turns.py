"""Writers take turns in the order in which they asked."""

from __future__ import annotations

from threading import Thread

from models.turns import Turns


def test_the_turn_is_handed_on_in_order() -> None:
    turns, order = Turns(), []
    assert turns.take(1)
    started = []

    def wait(number: int) -> None:
        started.append(number)
        assert turns.take(10)
        order.append(number)
        turns.pass_on()

    threads = []
    for number in range(5):
        threads.append(Thread(target=wait, args=(number,)))
        threads[-1].start()
        while len(turns._waiting) <= number:
            pass
    turns.pass_on()
    for thread in threads:
        thread.join()
    assert order == [0, 1, 2, 3, 4]
    assert turns.take(0)


def test_who_gives_up_leaves_the_queue() -> None:
    turns = Turns()
    assert turns.take(1)
    assert not turns.take(0.01)
    turns.pass_on()
    assert turns.take(0)
