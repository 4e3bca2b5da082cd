"""Make `.venv` what the requirement files say: `python3 tools/setup.py [--dev]`.

Runs on the standard library alone, before anything is installed, and does nothing when nothing has
changed, so that a second start needs no package index. Its syntax stays readable to older Pythons,
for they have to get as far as the line that turns them away.
"""

import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

OLDEST = (3, 11)
VERSION = ".".join(str(part) for part in sys.version_info[:2])
if sys.version_info < OLDEST:
    sys.exit(
        f"Shiplog needs Python 3.11 or newer, but python3 is {VERSION}. "
        "Name another one like this: make PYTHON=python3.12 …"
    )

ROOT = Path(__file__).resolve().parent.parent
RUN, DEV = "requirements.txt", "requirements-dev.txt"
# Two versions of one package, of which only one fits into an environment: the older one has a
# folder of its own, below `.venv/`, with the programs in its `bin`.
APART = {"requirements-sentry-cli-2.txt": "sentry-cli-2"}


class SetupError(Exception):
    """What is missing, in one line for the person at the terminal."""


def prepare(root: Path, *, dev: bool) -> list[str]:
    """Make or repair `root/.venv`; return the requirement files that had to be installed."""
    if shutil.which("git") is None:
        raise SetupError("git is missing: install it with your system's package manager.")
    venv = root / ".venv"
    stamp = read_stamp(venv)
    if not stamp:
        if not is_usable(venv):
            make_venv(venv)
        stamp = {"place": str(venv), "python": python_version(venv)}
    wanted = [RUN, DEV, *APART] if dev else [RUN]
    stale = [name for name in wanted if stamp.get(name) != digest(root / name)]
    for name in stale:
        print(f"Installing {name} …", flush=True)
        install(venv, root / name, apart=APART.get(name))
        stamp[name] = digest(root / name)
        write_stamp(venv, stamp)
    return stale


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def read_stamp(venv: Path) -> dict[str, str]:
    """What was installed, or nothing if the environment was moved or its Python has changed."""
    try:
        stamp = json.loads((venv / ".stamp").read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    if not isinstance(stamp, dict) or stamp.get("place") != str(venv):
        return {}
    return stamp if stamp.get("python") == python_version(venv) else {}


def write_stamp(venv: Path, stamp: dict[str, str]) -> None:
    """Replace the stamp in one step: a start that is killed here installs once more, no worse."""
    draft = venv / ".stamp.new"
    draft.write_text(json.dumps(stamp, indent=1) + "\n", "utf-8")
    draft.replace(venv / ".stamp")


def python_version(venv: Path) -> str:
    """Full version of the environment's Python; empty when it does not run."""
    try:
        return run_quietly([str(venv / "bin" / "python"), "-c", "import sys; print(sys.version)"])
    except (OSError, subprocess.CalledProcessError):
        return ""


def is_usable(venv: Path) -> bool:
    """Whether an environment that has no stamp may be kept.

    Its scripts hold its path and its Python's: asking one of them finds a copied, moved or
    half-made environment.
    """
    try:
        answer = run_quietly([str(venv / "bin" / "pip"), "--version"])
        new_enough = run_quietly(
            [str(venv / "bin" / "python"), "-c", f"import sys; print(sys.version_info >= {OLDEST})"]
        )
    except (OSError, subprocess.CalledProcessError):
        return False
    return f" from {venv}{os.sep}" in answer and new_enough == "True"


def run_quietly(command: list[str]) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def make_venv(venv: Path) -> None:
    """Make the environment anew, in place of a broken one."""
    try:
        import ensurepip  # noqa: F401  # Debian packs the two modules apart from Python
        import venv as _  # noqa: F401
    except ImportError:
        package = f"python{VERSION}-venv"
        raise SetupError(
            f"python3 has no venv module: install the package {package} "
            f"(Debian, Ubuntu: apt install {package})."
        ) from None
    print("Making .venv …", flush=True)
    command = [sys.executable, "-m", "venv", "--clear", str(venv)]
    made = subprocess.run(command, capture_output=True, text=True, check=False)
    if made.returncode:
        reason = (made.stderr or made.stdout).strip().splitlines() or ["no reason given"]
        raise SetupError(f".venv could not be made: {reason[-1]}")


def install(venv: Path, requirements: Path, *, apart: str | None = None) -> None:
    """Install exactly the pinned files; pip refuses any whose hash is not listed.

    With *apart* into that folder of the environment, made anew, which Python does not look into.
    """
    options = ["--require-hashes", "--quiet", "--disable-pip-version-check", "--no-input"]
    if apart:
        shutil.rmtree(venv / apart, ignore_errors=True)
        options += ["--prefix", str(venv / apart), "--ignore-installed"]
        options += ["--no-warn-script-location"]
    command = [str(venv / "bin" / "python"), "-m", "pip", "install", *options]
    environment = {**os.environ, "PIP_USER": "0"}  # a user's pip.conf must not divert it
    done = subprocess.run(
        [*command, "-r", str(requirements)], check=False, env=environment, stdin=subprocess.DEVNULL
    )
    if done.returncode:
        raise SetupError(f"{requirements.name} could not be installed: pip says why above.")


def main(arguments: list[str]) -> int:
    """Prepare under a lock, so that two commands started together do not install twice."""
    with Path(__file__).open("rb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        try:
            prepare(ROOT, dev="--dev" in arguments)
        except (SetupError, OSError) as error:
            print(f"Set-up stopped: {error}", file=sys.stderr)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
