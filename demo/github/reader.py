"""Reads git objects through one `git cat-file` that stays open: no process per question."""

import subprocess
import weakref
from collections.abc import Iterator, Mapping, Sequence
from threading import Lock

_AT_ONCE = 256  # names written before answers are read, so that neither pipe fills up


class ObjectReader:
    """Answers names (`refs/tags/v1^{commit}`, shas, `HEAD:path`) with objects; safe among threads."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        """Start nothing yet; *environment* names the repository."""
        self._environment = environment
        self._lock = Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._end: weakref.finalize[[subprocess.Popen[bytes]], ObjectReader] | None = None

    def read(self, names: Sequence[str]) -> list[tuple[str, str, bytes] | None]:
        """Return (sha, type, content) of each, None where there is none."""
        with self._lock:
            return list(self._read(names))

    def close(self) -> None:
        """End the process; the next `read` starts another."""
        with self._lock:
            if self._end:
                self._end()
            self._process = self._end = None

    def _read(self, names: Sequence[str]) -> Iterator[tuple[str, str, bytes] | None]:
        process = self._process or self._start()
        assert process.stdin  # noqa: S101 - it is a pipe
        for start in range(0, len(names), _AT_ONCE):
            some = names[start : start + _AT_ONCE]
            # A line break within a name would ask two questions, so such names become unknown ones.
            asked = "".join(("?" if "\n" in name else name) + "\n" for name in some)
            process.stdin.write(asked.encode(errors="surrogateescape"))
            process.stdin.flush()
            for _ in some:
                yield self._answer(process)

    def _answer(self, process: subprocess.Popen[bytes]) -> tuple[str, str, bytes] | None:
        assert process.stdout  # noqa: S101
        line = process.stdout.readline()
        if not line:
            raise OSError("git cat-file ended")
        if line.endswith((b" missing\n", b" ambiguous\n")):
            return None
        sha, kind, size = line.decode().split()
        content = process.stdout.read(int(size) + 1)
        return sha, kind, content[:-1]

    def _start(self) -> subprocess.Popen[bytes]:
        self._process = subprocess.Popen(
            ["git", "cat-file", "--batch"],
            env=self._environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        # Whoever forgets `close` leaves no process behind, nor a warning about one.
        self._end = weakref.finalize(self, _stop, self._process)
        return self._process


def _stop(process: subprocess.Popen[bytes]) -> None:
    for pipe in (process.stdin, process.stdout):
        if pipe:
            pipe.close()
    process.wait()
