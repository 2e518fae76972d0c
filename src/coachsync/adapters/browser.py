"""The coach's web browser."""

from __future__ import annotations

import sys
import webbrowser
from collections.abc import Mapping

_WINDOWS = ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER")


def show(url: str, environ: Mapping[str, str]) -> bool:
    """Open a page in the browser; False when there is none to open it in.

    Without a desktop nothing is started: a browser made of text would take over the terminal of the dialogue.
    """
    if sys.platform != "darwin" and not any(environ.get(name) for name in _WINDOWS):
        return False
    try:
        return webbrowser.open(url)
    except (webbrowser.Error, OSError):
        return False
