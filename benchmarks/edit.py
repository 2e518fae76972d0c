"""The change of an event that every contestant sends in the task "push"."""

from __future__ import annotations

import re
import uuid

COUNT = 10  # events that are changed at once: the first ones by their names


def changed(text: str) -> str:
    """The event under a title that it never had."""
    return re.sub(r"SUMMARY:[^\r\n]*", f"SUMMARY:{uuid.uuid4().hex}", text, count=1)
