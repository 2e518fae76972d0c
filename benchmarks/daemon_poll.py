"""What a poll without change costs inside a process that stays: `daemon_poll.py CONFIG PASSES`.

Each pass opens the state and the connection anew, as the daemon's passes do. Prints the seconds of processor time of
each pass but the first, and the peak memory in MiB after the second and after the last.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from datetime import UTC, datetime

from coachsync import config
from coachsync.app import jobs
from coachsync.app.wiring import open_wiring


def main() -> None:
    settings, passes = config.load(config.locate(sys.argv[1], {})), int(sys.argv[2])
    seconds, memory = [], []
    for _ in range(passes):
        begun = time.process_time()
        with open_wiring(settings, "benchmark", datetime.now(UTC)) as wiring:
            outcome = jobs.sync(wiring)
        seconds.append(time.process_time() - begun)
        memory.append(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
        if outcome.exit_code():
            sys.exit(f"a pass failed: {[problem.code for problem in outcome.problems()]}")
    print(json.dumps({"cpu": seconds[1:], "memory": [memory[1], memory[-1]]}))


if __name__ == "__main__":
    main()
