"""The kinds of findings: each has a code of its own, by which a leak is named to people, in JSON and in the status."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

from coachsync.model import Finding


class Kind(StrEnum):
    """What is wrong with something that is served."""

    # What an entry says beyond what was written.
    PROPERTY = "property"  # a property that no share has
    PARAMETER = "parameter"  # a parameter: nothing is written with any
    COMPONENT = "component"  # an alarm, a time zone, a task...
    VALUE = "value"  # a property of ours with another value
    WRONG_TIME = "wrong-time"  # another start or end
    TIMESTAMP = "timestamp"  # a moment other than the constant of every entry
    UID = "uid"  # not a random one of ours, or one of a source event
    LABEL = "label"  # the text of an entry names somebody

    # What it tells of private events, wherever it stands.
    IDENTIFIER = "identifier"  # of a client of the directory, or of a person named in an event
    SOURCE_WORD = "source-word"  # any other word of a source event

    # Places that hold a word or an identifier, or what nobody wrote there.
    HREF = "href"
    ETAG = "etag"
    DISPLAY_NAME = "display-name"
    DESCRIPTION = "description"
    COLOUR = "colour"
    PATH = "path"
    TARGET_NAME = "target-name"  # the coach called the target after somebody
    ANSWER = "answer"  # what the server says beside: a property of the collection, a header

    # Objects as a whole.
    FOREIGN_OBJECT = "foreign-object"  # not published here
    EDITED_OBJECT = "edited-object"  # published here, and changed by somebody since
    MISSING_OBJECT = "missing-object"  # published and not served
    UNSEEN_OBJECT = "unseen-object"  # one way to look shows it, another does not
    PUBLIC_OBJECT = "public-object"  # the public link serves something else than the account sees
    STALE_SLOT = "stale-slot"  # served, although it should no longer be
    UNREADABLE_OBJECT = "unreadable-object"
    PARSERS_DISAGREE = "parsers-disagree"
    TARGET_MISSING = "target-missing"


# What tells something by itself that it should not, in an entry that we wrote.
_TELLING = frozenset((Kind.IDENTIFIER, Kind.SOURCE_WORD, Kind.LABEL, Kind.UID, Kind.HREF))
# What an entry has beyond what we write: a server may add such a thing, but then to every one.
_BEYOND = frozenset(
    (Kind.PROPERTY, Kind.PARAMETER, Kind.COMPONENT, Kind.VALUE, Kind.TIMESTAMP, Kind.WRONG_TIME, Kind.FOREIGN_OBJECT)
)
_FILE = "file"  # where nobody stands between what is written and what is served


def tells(finding: Finding) -> bool:
    """Whether a finding in an entry of ours means a leak by itself, whatever the other entries hold."""
    return finding.code in _TELLING


def leaks(findings: Iterable[Finding], entries: int) -> list[Finding]:
    """What means that we ourselves have published what nobody should see, in a share of so many entries.

    A property that stands in every entry alike and holds no word of anybody is the server's: it is told, and the share
    goes on. One that some entries have and others not tells them apart.
    """
    own = [finding for finding in findings if finding.own]
    places: dict[str, set[str]] = {}
    for finding in own:
        places.setdefault(finding.code, set()).add(finding.where)
    some = {code for code, where in places.items() if code in _BEYOND and (_FILE in where or len(where) < entries)}
    return [finding for finding in own if tells(finding) or finding.code in some]
