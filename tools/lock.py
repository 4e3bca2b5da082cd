"""Pin what the `.in` files ask for: `make lock`. Users need only pip; uv is for this alone."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
# Extras stay in the names: pip, when it checks hashes, otherwise looks past the pin.
OPTIONS = ["--universal", "--python-version", "3.11", "--generate-hashes", "--no-strip-extras"]
# Whoever locks may use a mirror; the file must not send everybody else there.
ANONYMOUS = ["--no-emit-index-url", "--no-emit-find-links"]


def main(arguments: list[str]) -> int:
    """Lock the run-time file first, for the next one is constrained by it."""
    uv = str(Path(sys.executable).parent / "uv")
    # uv would otherwise download an interpreter of its own.
    environment = {**os.environ, "UV_PYTHON_DOWNLOADS": "never", "UV_PYTHON": sys.executable}
    for name in ("requirements", "requirements-dev", "requirements-sentry-cli-2"):
        command = [uv, "pip", "compile", "--quiet", *OPTIONS, *ANONYMOUS, *arguments]
        files = [f"{name}.in", "-o", f"{name}.txt"]
        done = subprocess.run([*command, *files], cwd=ROOT, env=environment, check=False)
        if done.returncode:
            return done.returncode
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
