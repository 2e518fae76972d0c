"""Runs Radicale in this process and has the kernel end it with the process that asked for it.

`python -m coachsync.app.demo.leash PARENT-PID CONFIG`. A module of its own, because what is set between fork and exec
(preexec_fn) is unsafe in a process with threads.
"""

from __future__ import annotations

import ctypes
import os
import runpy
import signal
import sys

PR_SET_PDEATHSIG = 1  # linux/prctl.h; the signal also comes when the thread that started us ends


def main(parent: int, config: str) -> None:
    """Serve until told to stop, or until `parent` dies. Without Linux there is only the first."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != parent:  # it died before the kernel knew
            sys.exit(1)
    sys.argv = ["radicale", "--config", config]
    runpy.run_module("radicale", run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2])
