"""Who else can see the private calendar: told by number in what is kept, by name in what the coach asks to see."""

from __future__ import annotations

import pytest

from coachsync.errors import Temporary
from coachsync.model import Grant, Grantee, Software
from coachsync.redaction.visibility import Sight
from practice_house import OTHER, SOURCE, House, session

BOB, EVE = Grant("Bob Canary"), Grant("Eve Canary", writes=True)
GROUP = Grant("Canary staff", Grantee.GROUP)
LINK, ANYBODY = Grant("", Grantee.LINK), Grant("", Grantee.EVERYBODY)
BUSY = Grant("authenticated", Grantee.EVERYBODY, reads=False, times_only=True)
ADDING = Grant("Dan Canary", reads=False, writes=True)
DELEGATE = Grant("Bob Canary", Grantee.DELEGATE, writes=True)


@pytest.fixture
def house(house: House) -> House:
    """Three appointments on a Nextcloud, of which two are marked."""
    house.server.software = Software.NEXTCLOUD
    for number, extra in enumerate(("", "CLASS:CONFIDENTIAL\r\n", "CLASS:PRIVATE\r\n")):
        house.put(f"e{number}", session(house, number, extra=extra))
    house.sync()
    return house


CASES = {
    "nobody": ((), {}),
    "a person": ((BOB,), {"source-shared": "shared with 1 other", "source-visible-class": "1 appointment is"}),
    "people and a group": (
        (BOB, EVE, GROUP),
        {"source-shared": "with 3 others, of whom 1 may change it", "source-visible-class": "2 appointments are"},
    ),
    "who may only add": ((ADDING,), {"source-shared": "1 other, of whom 1 may change it"}),
    "a link": ((LINK,), {"source-public": "public link", "source-visible-class": "1 appointment is"}),
    "everybody": ((ANYBODY,), {"source-public": "open to everybody", "source-visible-class": "1 appointment is"}),
    "when the coach is busy": ((BUSY,), {}),
}


@pytest.mark.parametrize("case", CASES)
def test_p03_who_sees_the_source_is_a_finding_by_number(house: House, case: str) -> None:
    grants, expected = CASES[case]
    house.server.expose(SOURCE, *grants)
    found = {finding.code: finding for finding in house.verify()}
    assert found.keys() == expected.keys()
    assert all(words in found[code].detail for code, words in expected.items())
    assert {finding.where for finding in found.values()} <= {"calendars.coaching"}


def test_p03_delegates_of_the_whole_account_are_a_finding_of_their_own(house: House) -> None:
    house.server.delegates = (DELEGATE,)
    result = house.verification()
    assert [finding.code for _, finding in result.findings] == ["source-delegated", "source-visible-class"]
    assert "3 appointments" in result.findings[1][1].detail
    assert [one.grant for one in result.onlookers] == [DELEGATE]


def test_a_delegate_whom_the_calendar_names_too_is_one(house: House) -> None:
    house.server.delegates = (DELEGATE,)
    house.server.expose(SOURCE, BOB, EVE)
    result = house.verification()
    assert [one.grant for one in result.onlookers] == [EVE, DELEGATE]
    assert "shared with 1 other," in result.findings[0][1].detail


ASSISTANT = """[accounts.assistant]
url = "https://calendar.example/"
username = "bob"
"""
AUDIENCE = ('profile = "session"', 'profile = "session"\naudience = { account = "assistant" }')


def test_p03_an_audience_that_gets_the_private_calendar_is_found_where_the_server_tells_of_nobody(house: House) -> None:
    house.text = house.text.replace(*AUDIENCE) + ASSISTANT
    assert house.verify() == ()
    house.server.shut.clear()
    house.server.expose(SOURCE, BUSY)
    result = house.verification()
    assert [finding.code for _, finding in result.findings] == ["source-shared", "source-visible-class"]
    assert "shared with 1 other" in result.findings[0][1].detail
    assert [one.grant for one in result.onlookers] == [BUSY, Grant("bob")]
    house.server.expose(SOURCE, EVE)  # who is told of is not looked for
    assert [one.grant for one in house.verification().onlookers] == [EVE]


@pytest.mark.parametrize(
    "other",
    [
        ASSISTANT.replace("bob", "alice"),  # the coach's own login under another name
        ASSISTANT.replace("calendar.example", "elsewhere.example"),  # where nobody must be asked for the calendar
    ],
)
def test_p01_only_another_login_on_the_same_server_is_tried(house: House, other: str) -> None:
    house.text = house.text.replace(*AUDIENCE) + other
    house.server.shut.clear()
    assert [finding for finding in house.verify() if finding.code.startswith("source-")] == []


def test_an_audience_that_gets_an_empty_private_calendar_sees_nothing(house: House) -> None:
    house.text = house.text.replace(*AUDIENCE) + ASSISTANT
    house.server.shut.clear()
    for number in range(3):
        house.delete(f"e{number}")
    house.sync("coaching")
    assert [finding for finding in house.verify() if finding.code.startswith("source-")] == []


def test_two_of_one_name_are_two(house: House) -> None:
    house.server.expose(SOURCE, BOB, BOB)
    assert "shared with 2 others" in house.verify()[0].detail


def test_delegates_do_not_reach_a_calendar_outside_of_the_account(house: House) -> None:
    house.server.delegates = (DELEGATE,)
    house.server.add("https://calendar.example/bob/source/", "Team", "bob")
    house.text = house.text.replace('name = "Coaching"', 'url = "https://calendar.example/bob/source/"')
    house.sync()
    assert house.verification().onlookers == []


def test_the_delegates_of_an_account_are_asked_for_once(house: House) -> None:
    house.server.add(OTHER, "Other", "alice")
    house.text = house.text.replace('from = ["coaching"]', 'from = ["coaching", "other"]')
    house.text += '[calendars.other]\naccount = "cloud"\nname = "Other"\n'
    house.sync()
    house.server.delegates = (DELEGATE,)
    before = house.server.requests["delegates"]
    assert {one.calendar for one in house.verification().onlookers} == {"coaching", "other"}
    assert house.server.requests["delegates"] == before + 1


def test_what_each_sees_stands_beside_who_it_is(house: House) -> None:
    house.server.expose(SOURCE, BOB, EVE, BUSY)
    assert [(one.grant.who, one.sight) for one in house.verification().onlookers] == [
        ("Bob Canary", Sight(full=1, times_only=1, hidden=1, searchable=1)),
        ("Eve Canary", Sight(full=2, hidden=1)),
        ("authenticated", Sight(times_only=3)),
    ]


def test_no_marks_no_finding_about_them(house: House) -> None:
    house.delete("e1")
    house.delete("e2")
    house.sync("coaching")
    house.server.expose(SOURCE, BOB)
    assert [finding.code for finding in house.verify()] == ["source-shared"]


def test_where_marks_hide_everything_no_more_is_said(house: House) -> None:
    house.delete("e0")
    house.sync("coaching")
    house.server.expose(SOURCE, BOB)
    assert [finding.code for finding in house.verify()] == ["source-shared"]


def test_p12_no_finding_names_anybody(house: House) -> None:
    house.server.delegates = (DELEGATE,)
    house.server.expose(SOURCE, BOB, EVE, GROUP, LINK, ANYBODY, BUSY, ADDING)
    found = house.verify()
    assert {finding.code for finding in found} == {
        "source-public", "source-shared", "source-delegated", "source-visible-class",
    }  # fmt: skip
    assert "Canary" not in repr(found)


def test_p02_delegates_that_cannot_be_asked_for_are_told_and_hide_no_share(house: House) -> None:
    house.server.fail("delegates", Temporary("server-error", "The server failed."))
    result = house.verification()
    assert (result.findings, [where for where, _ in result.failures]) == ([], ["calendars.coaching"])
    assert result.onlookers == []
