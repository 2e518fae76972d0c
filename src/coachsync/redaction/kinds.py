"""The kinds of findings: each has a code of its own, by which a leak is named to people, in JSON and in the status."""

from __future__ import annotations

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


# What tells something that it should not, where it stands in an entry that we wrote.
_TELLING = frozenset(
    (
        *(Kind.PROPERTY, Kind.PARAMETER, Kind.COMPONENT, Kind.VALUE, Kind.WRONG_TIME, Kind.TIMESTAMP, Kind.UID),
        *(Kind.LABEL, Kind.IDENTIFIER, Kind.SOURCE_WORD, Kind.HREF, Kind.FOREIGN_OBJECT),
    )
)


def is_leak(finding: Finding) -> bool:
    """Whether a finding means that we ourselves have published what nobody should see."""
    return finding.own and finding.code in _TELLING
