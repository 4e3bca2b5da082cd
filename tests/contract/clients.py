"""The published `sentry-cli`, in both versions, run as a CI job runs it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from tests.server import ROOT

MAJORS = ("3", "2")
# The newer one lies beside Python, the older one apart: tools/setup.py puts them there.
FOLDERS = {"3": "bin", "2": "sentry-cli-2/bin"}


@dataclass(frozen=True)
class Ran:
    """What a command printed; `told` is the last line of it."""

    status: int
    out: str
    err: str

    @property
    def told(self) -> str:
        return (self.out.strip().splitlines() or [""])[-1]


@dataclass(frozen=True)
class SentryCli:
    """Runs one version of `sentry-cli`, in a clone, with nothing but the settings given."""

    major: str
    home: Path
    place: Path
    environ: dict[str, str]

    def __call__(self, *arguments: str, typed: str = "", **settings: str) -> Ran:
        """Run it, whatever comes of it; *typed* is what it reads from the keyboard."""
        done = subprocess.run(
            [find_binary(self.major), *arguments],
            cwd=self.place,
            env={"HOME": str(self.home), "PATH": os.environ["PATH"], **self.environ, **settings},
            input=typed,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        return Ran(done.returncode, done.stdout, done.stderr)

    def works(self, *arguments: str, typed: str = "", **settings: str) -> Ran:
        """Run it; it has to succeed, and without a warning."""
        ran = self(*arguments, typed=typed, **settings)
        assert ran.status == 0, (arguments, ran)
        assert "WARN" not in ran.err, (arguments, ran)
        return ran

    def fails(self, *arguments: str, **settings: str) -> Ran:
        """Run it; it has to fail, and not by a crash or by bad arguments."""
        ran = self(*arguments, **settings)
        assert ran.status == 1, (arguments, ran)
        return ran

    def on(self, **settings: str) -> SentryCli:
        """The same with more settings."""
        return replace(self, environ=self.environ | settings)

    def at(self, place: Path) -> SentryCli:
        """The same in another folder."""
        return replace(self, place=place)


def find_binary(major: str) -> str:
    """Where `sentry-cli` of that major version is; a checkout's own goes before Python's."""
    places = [ROOT / ".venv" / FOLDERS[major], Path(sys.prefix) / FOLDERS[major]]
    found = shutil.which("sentry-cli", path=os.pathsep.join(map(str, places)))
    if found is None:
        pytest.fail(f"sentry-cli {major} is missing: `python3 tools/setup.py --dev` installs it")
    return found


def table(ran: Ran) -> list[dict[str, str]]:
    """The rows of a table that was printed, each cell by the head of its column."""
    lines = [line for line in ran.out.splitlines() if line.startswith("|")]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return [dict(zip(cells[0], row, strict=True)) for row in cells[1:]]
