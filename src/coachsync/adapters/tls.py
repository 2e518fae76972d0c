"""Whom a connection of the standard library trusts: the system's certificate authorities, or a file in their place."""

from __future__ import annotations

import ssl
from pathlib import Path

from coachsync.errors import Misconfigured
from coachsync.phrases import say


def trusting(ca_file: Path | None) -> ssl.SSLContext:
    """A context that verifies certificates. Raises Misconfigured when the file cannot be used."""
    try:
        return ssl.create_default_context(cafile=ca_file)
    except ssl.SSLError:
        raise Misconfigured(
            "ca-file-unusable", say("The ca_file holds no certificate."), say("It must be a PEM file.")
        ) from None
    except OSError:
        raise Misconfigured(
            "ca-file-missing", say("The ca_file cannot be read."), say("Check the name of the file.")
        ) from None
