"""What a message says: what is due, in the coach's language, and nothing that could lead it elsewhere."""

from __future__ import annotations

from coachsync.app.alarms import Alarm, Kind, Plan, alarm
from coachsync.app.language import language
from coachsync.app.letters import Written, trial, written
from coachsync.phrases import say

ENGLISH = language("en")
PLACES = frozenset({"accounts.cloud", "shares.office", "calendars.coaching"})
STALE = alarm(Kind.STALE, "shares.office", "share-stale", say("It is old."), say("Look at it."))
REFUSED = alarm(Kind.REFUSED, "accounts.cloud", "refused", "It is refused.")


def say_it(**parts: tuple[Alarm, ...] | tuple[str, ...]) -> Written:
    return written(Plan(**parts), ENGLISH, PLACES)  # type: ignore[arg-type]  # each part by its own name


def test_news() -> None:
    said = say_it(new=(STALE, REFUSED))
    assert said.subject == "coachsync: 2 things need you"
    assert said.text == (
        "This needs you:\n"
        "- shares.office: It is old. [share-stale]\n"
        "  Look at it.\n"
        "- accounts.cloud: It is refused. [refused]\n\n"
        "To see how everything stands, run: coachsync status\n\n"
        "coachsync sends this to you alone.\n"
    )
    assert said.notice == "shares.office: It is old.\naccounts.cloud: It is refused."
    assert said.urgent


def test_reminders_and_all_clear_stand_in_parts_of_their_own() -> None:
    said = say_it(new=(STALE,), reminders=(REFUSED,), cleared=("held/calendars.coaching",))
    assert said.subject == "coachsync: 2 things need you"
    heads = [part.splitlines()[0] for part in said.text.split("\n\n")][:3]
    assert heads == ["This needs you:", "This still needs you:", "In order again:"]
    assert "- calendars.coaching: Nothing waits for your decision any more." in said.text


def test_all_clear_alone_is_not_urgent() -> None:
    said = say_it(cleared=("refused/accounts.cloud",))
    assert (said.subject, said.urgent) == ("coachsync: one thing is in order again", False)
    assert said.notice == "accounts.cloud: The server accepts the password again."


def test_what_is_no_longer_configured_is_not_called_mended() -> None:
    for key in ("stale/shares.gone", "finding/shares.gone/people"):
        assert "- shares.gone: It is no longer in the configuration." in say_it(cleared=(key,)).text


def test_a_kind_that_nobody_knows_any_more_is_settled() -> None:
    assert "- shares.office: This is settled." in say_it(cleared=("older/shares.office",)).text
    assert say_it(cleared=("nonsense",)).text


def test_notice_is_short() -> None:
    many = tuple(alarm(Kind.STALE, f"shares.s{number}", "x", "Old.") for number in range(5))
    assert say_it(new=many).notice.splitlines()[3:] == ["And 2 more."]
    assert say_it(new=many[:4]).notice.splitlines()[3:] == ["And one more."]
    assert len(say_it(new=many[:3]).notice.splitlines()) == 3


def test_p12_a_line_cannot_pass_for_another() -> None:
    odd = Alarm("stale/shares.office", "x", "shares.office", "One\r\nTwo\x1b[2J\u202e", "Three\nFour")
    said = say_it(new=(odd,))
    assert "- shares.office: One Two[2J [x]\n  Three Four\n" in said.text
    assert "\n" not in said.notice


def test_trial_says_that_it_is_one() -> None:
    said = trial(ENGLISH)
    assert "trial" in said.subject
    assert "trial" in said.notice
    assert not said.urgent
