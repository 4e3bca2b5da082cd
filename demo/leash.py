"""Run a command that does not outlive whoever started it: `python -m demo.leash PARENT COMMAND…`.

A demo that is killed outright cannot stop its server; on Linux the kernel does it then.
"""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1  # of prctl(2); it stays in force through execve


def main(parent: int, command: list[str]) -> None:
    """Become *command*, to be terminated when the process *parent* ends."""
    prctl = getattr(ctypes.CDLL(None), "prctl", None)
    if prctl is not None:  # elsewhere than on Linux the demo has to be ended by Ctrl-C
        prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != parent:  # it ended before
            sys.exit(1)
    os.execv(command[0], command)  # noqa: S606  # no shell is wanted


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2:])
