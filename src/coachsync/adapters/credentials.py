"""Credentials that systemd hands to a service: files that it alone can read, in the folder $CREDENTIALS_DIRECTORY.

See systemd.exec(5), LoadCredential= and LoadCredentialEncrypted=. The folder is in memory and goes with the service.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path

from coachsync.errors import Misconfigured
from coachsync.phrases import say

_FOLDER = "CREDENTIALS_DIRECTORY"
_MOST = 1 << 20  # bytes; systemd hands out no more
_OTHERS = 0o037  # systemd lets the service's user in by an access control list, which shows as readable by the group
_CHIPS = Path("/sys/class/tpm")


def credential(name: str) -> bytes | None:
    """The credential's content, None when this process was handed none of this name.

    The checks are made on the opened file itself. Raises Misconfigured when it cannot be read, is not a file, or can be
    read or changed by others.
    """
    folder = os.environ.get(_FOLDER, "")
    if not folder:
        return None
    try:
        handle = os.open(Path(folder) / name, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except FileNotFoundError:
        return None
    except (OSError, ValueError):
        raise _unreadable() from None
    try:
        _refuse_unsafe(os.fstat(handle))
        return _content(handle)
    except OSError:
        raise _unreadable() from None
    finally:
        os.close(handle)


def chip() -> bool:
    """Whether this machine has a security chip (TPM) that a credential can be sealed with."""
    return _CHIPS.is_dir() and any(_CHIPS.iterdir())


def _content(handle: int) -> bytes:
    content = b""
    while len(content) <= _MOST and (chunk := os.read(handle, 65536)):
        content += chunk
    return content


def _refuse_unsafe(status: os.stat_result) -> None:
    if not stat.S_ISREG(status.st_mode):
        raise _unreadable()
    if status.st_mode & _OTHERS or status.st_uid not in {os.geteuid(), 0}:
        raise Misconfigured(
            "credential-open",
            say("Others on this machine can read or change the credential."),
            say("Let systemd hand it out: LoadCredentialEncrypted= or LoadCredential= in the unit."),
        )


def _unreadable() -> Misconfigured:
    return Misconfigured(
        "credential-unreadable",
        say("The credential cannot be read."),
        say("Let systemd hand it out: LoadCredentialEncrypted= or LoadCredential= in the unit."),
    )
