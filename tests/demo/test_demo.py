"""`make demo` itself: the product started as a user starts it, and compared with git."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.demo.repositories import Drawing

ROOT = Path(__file__).parents[2]


def run_demo(directory: Path, **settings: str) -> subprocess.CompletedProcess[str]:
    inherited = {name: value for name, value in os.environ.items() if name != "HOST"}
    with socket.socket() as probe:  # other tests start servers as well
        probe.bind(("127.0.0.1", 0))
        port = str(probe.getsockname()[1])
    return subprocess.run(
        [sys.executable, "-m", "demo", str(directory / "demo")],
        cwd=ROOT,
        env={**inherited, "PORT": port, "DEMO_EXIT": "1", **settings},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.slow
@pytest.mark.parametrize("mode", ["live", "import"])
def test_the_story_ends_well(tmp_path: Path, mode: str) -> None:
    done = run_demo(tmp_path, DEMO_MODE=mode)

    assert done.returncode == 0, done.stdout + done.stderr
    assert "Exactly as git says   17 of 17" in done.stdout
    assert "✗" not in done.stdout


@pytest.mark.slow
@pytest.mark.parametrize("mode", ["live", "import"])
def test_a_clone_is_replayed(tmp_path: Path, mode: str) -> None:
    drawing = Drawing(tmp_path / "drawn")
    drawing.chain("abcd")
    drawing.chain("xy", "b")
    drawing.commit("m", "d", "y")
    drawing.main("m")
    drawing.tag("v1.0.0", "b")
    drawing.tag("v1.0.1", "y", note=True)
    drawing.tag("v2.0.0", "m")
    drawing.tag("nightly", "d")
    drawing.tag("v1.5.0", "c", note=True)

    done = run_demo(tmp_path, DEMO_MODE=mode, DEMO_REPO=str(drawing.path))

    assert done.returncode == 0, done.stdout + done.stderr
    assert "Exactly as git says   4 of 4" in done.stdout


@pytest.mark.parametrize(
    ("settings", "complaint"),
    [
        ({"DEMO_MODE": "sideways"}, "DEMO_MODE: 'sideways' is neither live nor import"),
        ({"DEMO_REPO": "/nowhere"}, "/nowhere is not a git repository"),
    ],
    ids=["mode", "repository"],
)
def test_what_cannot_be_used_is_named(
    tmp_path: Path, settings: dict[str, str], complaint: str
) -> None:
    done = run_demo(tmp_path, **settings)

    assert done.returncode == 1
    assert complaint in done.stderr


def test_a_directory_of_somebody_else_is_left_alone(tmp_path: Path) -> None:
    precious = tmp_path / "demo" / "thesis.txt"
    precious.parent.mkdir()
    precious.write_text("years of work", "utf-8")

    done = run_demo(tmp_path)

    assert done.returncode == 1
    assert "was not made by the demo" in done.stderr
    assert precious.exists()


def test_a_port_that_is_taken_is_named(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = str(other.getsockname()[1])
        done = run_demo(tmp_path, PORT=port, HOST="127.0.0.1")

    assert done.returncode == 1
    assert f"PORT: cannot listen on 127.0.0.1:{port}: Address already in use" in done.stderr


@pytest.mark.skipif(
    sys.platform != "linux", reason="only Linux tells a process of its parent's end"
)
def test_a_server_does_not_outlive_its_demo() -> None:
    command = [sys.executable, "-c", "import time; print('up', flush=True); time.sleep(600)"]
    keeper = (
        "import os, subprocess, sys, time\n"
        "command = [sys.executable, '-m', 'demo.leash', str(os.getpid()), *sys.argv[1:]]\n"
        "subprocess.Popen(command, start_new_session=True)\n"
        "time.sleep(600)\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", keeper, *command], cwd=ROOT, stdout=subprocess.PIPE
    ) as parent:
        assert parent.stdout is not None
        assert parent.stdout.readline() == b"up\n"
        parent.kill()
        assert parent.stdout.read() == b""  # ends when the last one that holds the pipe has ended
