"""What a process leaves behind when it crashes: nothing of its memory."""

from __future__ import annotations

import resource


def leave_none() -> None:
    """Let neither this process nor any that it starts, such as an editor, write its memory to the disk in a crash."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
