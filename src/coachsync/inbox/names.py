"""What the name of a dropped file tells: that it is still being written, whose it is, and what a person may read of it.

Names are bytes, as the system has them: they may hold anything but a slash and a zero.
"""

from __future__ import annotations

import re
from enum import StrEnum


class Sort(StrEnum):
    """What kind of file goes by such a name."""

    FILE = "file"
    PARTIAL = "partial"  # of an upload, a download or an editor that is at work: another name follows
    LITTER = "litter"  # what a file manager or a sync program keeps for itself
    ASIDE = "aside"  # sealed, and on its way out


CODE = re.compile(r"C-[0-9A-HJKMNP-TV-Z]{6}")
_CODE_WORD = re.compile(rf"(?<![^\W_])({CODE.pattern})(?![^\W_])", re.IGNORECASE)
_RECORD = 32  # hexadecimal signs
_ASIDE = b".coachsync-sealed-"
_IS_ASIDE = re.compile(re.escape(_ASIDE) + b"([0-9a-f]{%d})" % _RECORD)
_PARTIAL = re.compile(
    rb"""
    .* \. (?: part | partial | crdownload | download | opdownload | tmp | temp | filepart | !ut | !sync | aria2 )
    | \.~lock\. .* \#            # LibreOffice
    | ~\$ .*                     # Microsoft Office
    | \. .+ \. sw[a-z]           # vim
    | 4913                       # vim, trying whether it may write
    | \#.*\# | \.\# .*           # Emacs
    | \.syncthing\. .* \.tmp | ~syncthing~ .*
    | \. .+ \. ~[0-9a-f]+        # Nextcloud
    | \. .+ \. [A-Za-z0-9]{6}    # rsync
    | \.goutputstream-[A-Za-z0-9]{6}
    | \. .+ \.icloud             # a placeholder: the file itself is in the cloud
    | .+ \.(?: cloud | dropbox | owncloud | nextcloud )        # placeholders of other clients
    | \.coachsync-(?!sealed-) .*
    """,
    re.VERBOSE | re.DOTALL | re.IGNORECASE,
)
_LITTER = re.compile(
    rb"""
    \.ds_store | \._ .* | \.localized | thumbs\.db | desktop\.ini | ehthumbs\.db | icon\r | \.directory | \.hidden
    | \.stignore | \.sync_.*\.db(?:-wal|-shm)? | \._sync_.*\.db(?:-wal|-shm)? | \.owncloudsync\.log(?:\.\d+)?
    | \.nextcloudsync\.log(?:\.\d+)? | \.dropbox(?:\.attr)? | \.fuse_hidden .* | \.nfs[0-9a-f]+
    """,
    re.VERBOSE | re.DOTALL | re.IGNORECASE,
)


def sort_of(name: bytes) -> Sort:
    """What kind of file goes by this name. Conflict copies are files like any other."""
    if _IS_ASIDE.fullmatch(name):
        return Sort.ASIDE
    if _LITTER.fullmatch(name):
        return Sort.LITTER
    return Sort.PARTIAL if _PARTIAL.fullmatch(name) else Sort.FILE


def aside(record: bytes) -> bytes:
    """The name of a file that is sealed as this record, until it is gone; it tells nothing of the file."""
    return _ASIDE + record.hex().encode()


def set_aside_as(name: bytes) -> bytes | None:
    """The record that a file was sealed as before it got this name."""
    found = _IS_ASIDE.fullmatch(name)
    return bytes.fromhex(found[1].decode()) if found else None


def codes_in(name: bytes) -> frozenset[str]:
    """The codes of clients that stand in a name as words, as they are written."""
    return frozenset(found[1] for found in _CODE_WORD.finditer(readable(name)))


def readable(name: bytes) -> str:
    """The name as text; bytes that are none stand in it as \\xNN, so that no two names become one."""
    return name.decode("utf-8", "backslashreplace")
