"""The program of a process that reads events for a worker, so that the worker has time to write.

Batches come in and answers go out as pickles: standard input and output are pipes of the process
that started this one, and nobody else's. It ends when they are closed, however that comes about. A
batch that cannot be read is answered by None; the worker then finds out which event is to blame.
"""

from __future__ import annotations

import os
import pickle
import sys
from contextlib import suppress
from typing import BinaryIO

from domain.event_reading import read_kept


def main() -> None:
    answers = sys.stdout.buffer
    sys.stdout = sys.stderr  # whatever is printed must not get between the answers
    with suppress(BrokenPipeError):  # the worker is gone, or told to stop
        serve(sys.stdin.buffer, answers)
    os._exit(0)  # without another try to write what nobody reads


def serve(batches: BinaryIO, answers: BinaryIO) -> None:
    """Answer each batch, events and a moment, until there are no more."""
    while True:
        try:
            events, now = pickle.load(batches)  # noqa: S301 (of the process that started this one)
        except EOFError:
            return
        try:
            reads = read_kept(events, now=now)
        except Exception:  # noqa: BLE001 (the worker reads them again, and says why)
            reads = None
        pickle.dump(reads, answers, protocol=pickle.HIGHEST_PROTOCOL)
        answers.flush()


if __name__ == "__main__":
    main()
