"""Events read by a process of their own: the same comes out, and it never outlives its worker."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from domain.event_reading import KeptEvent, read_kept
from domain.event_storage import pack_body
from jobs.reader import LEAST, REST_SECONDS, ROOT, Reader
from tests.clock import Ticks
from tests.events import make_body
from tests.factories import NOW

if len(os.sched_getaffinity(0)) == 1:
    pytest.skip("with one processor no process is used", allow_module_level=True)


@pytest.fixture
def ticks() -> Ticks:
    return Ticks()


@pytest.fixture
def reader(ticks: Ticks) -> Iterator[Reader]:
    reader = Reader(ticks)
    reader.allow_process()
    yield reader
    reader.close()


def make_kept(count: int = LEAST, body: bytes | None = None) -> list[KeptEvent]:
    bodies = [
        body or json.dumps(make_body(message=f"é {number}")).encode() for number in range(count)
    ]
    return [
        KeptEvent(f"{number:032x}", NOW, "192.0.2.1", pack_body(one))
        for number, one in enumerate(bodies)
    ]


def is_running(process_id: int | None) -> bool:
    stat = Path(f"/proc/{process_id}/stat")
    return stat.exists() and stat.read_text().rpartition(")")[2].split()[0] != "Z"


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.01)


def test_the_process_reads_as_we_do(reader: Reader) -> None:
    kept = make_kept()
    first = reader.read(kept, now=NOW)
    process_id = reader.process_id
    assert first == read_kept(kept, now=NOW)
    assert reader.read(kept[:LEAST], now=NOW) == first
    assert reader.process_id == process_id != os.getpid()
    assert is_running(process_id)


def test_few_events_are_read_here(reader: Reader) -> None:
    kept = make_kept(LEAST - 1)
    assert reader.read(kept, now=NOW) == read_kept(kept, now=NOW)
    assert reader.process_id is None


def test_without_leave_all_are_read_here(ticks: Ticks) -> None:
    reader, kept = Reader(ticks), make_kept()
    assert reader.read(kept, now=NOW) == read_kept(kept, now=NOW)
    assert reader.process_id is None


def test_what_is_unreadable_is_said_here(reader: Reader) -> None:
    spoilt = [*make_kept(), *make_kept(1, b'{"a":')]
    with pytest.raises(ValueError, match="Expecting value"):
        reader.read(spoilt, now=NOW)
    process_id = reader.process_id
    assert reader.read(spoilt[:-1], now=NOW) == read_kept(spoilt[:-1], now=NOW)
    assert reader.process_id == process_id


def test_a_process_that_was_killed_is_replaced(reader: Reader) -> None:
    kept = make_kept()
    expected = reader.read(kept, now=NOW)
    killed = reader.process_id
    assert killed is not None
    os.kill(killed, signal.SIGKILL)
    wait_until(lambda: not is_running(killed))

    assert reader.read(kept, now=NOW) == expected
    assert reader.process_id is None
    assert reader.read(kept, now=NOW) == expected
    assert reader.process_id not in (None, killed)


def test_it_ends_when_there_is_nothing_to_do(reader: Reader, ticks: Ticks) -> None:
    reader.read(make_kept(), now=NOW)
    process_id = reader.process_id
    ticks.at += REST_SECONDS
    reader.rest()
    assert is_running(process_id)
    ticks.at += 1
    reader.rest()
    assert reader.process_id is None
    assert not is_running(process_id)


def test_it_ends_with_the_worker_however_that_dies(tmp_path: Path) -> None:
    program = (
        "import time\n"
        "from jobs.reader import Reader\n"
        "from tests.jobs.test_reader import make_kept, NOW\n"
        "reader = Reader(time.monotonic)\n"
        "reader.allow_process()\n"
        "reader.read(make_kept(), now=NOW)\n"
        "print(reader.process_id, flush=True)\n"
        "time.sleep(60)\n"
    )
    worker = subprocess.Popen(
        [sys.executable, "-c", program], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    assert worker.stdout is not None
    with worker.stdout as said:
        process_id = int(said.readline())
        assert is_running(process_id)
        worker.kill()
        worker.wait()
    wait_until(lambda: not is_running(process_id))


def test_it_is_told_no_secret(reader: Reader, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_KEY", "hush")
    reader.read(make_kept(), now=NOW)
    environ = Path(f"/proc/{reader.process_id}/environ").read_bytes()
    assert b"hush" not in environ
    assert b"SECRET" not in environ
